/*
 * What the methods work on: one open volume with its views. The same service stands
 * behind an idle volume (this process opened the file) and a live one (the server did);
 * the server adds methods of its own.
 *
 * Views are opened when they are first asked for and stay open: at most SERVICE_VIEWS,
 * beyond that one that nobody uses is closed.
 */
#ifndef AGENTFS_CTL_SERVICE_H
#define AGENTFS_CTL_SERVICE_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "store/store.h"
#include "vfs/view.h"

#define SERVICE_VIEWS	   64
#define SERVICE_FDS	   4
#define SERVICE_RESULT_MAX (2u << 20) /* bytes of entries in one answer of a server */

struct service;

struct service_view {
	char name[STORE_BRANCH_NAME_MAX + 1];
	struct view *view; /* NULL: the slot is free */
	int n_users;
};

/* One call of a method, on its way through the layers. */
struct method_call {
	struct service *service;
	const char *method;
	const json_t *params; /* an object, checked against the schema */
	/* Of the caller; new files belong to it. */
	pid_t pid;
	uid_t uid;
	gid_t gid;
	uint64_t client; /* of the server's clients; 0: this process itself */
	/* Came with the call. A method takes one by setting it to -1. */
	int fds[SERVICE_FDS];
	int n_fds;
	json_t *result;		     /* a method sets it, or leaves NULL for {} */
	int result_fds[SERVICE_FDS]; /* handed over with the answer, then closed */
	int n_result_fds;
	/* The method will answer later, through server_answer. */
	bool deferred;
};

typedef int (*method_fn)(struct method_call *call);

struct method {
	const char *name;
	method_fn run;
};

struct service {
	struct store *store;
	char *id;
	int base_fd;	/* -1: no base, or not opened yet */
	bool read_only; /* the store was opened for reading */
	bool live;	/* answers are bounded, methods of the server exist */
	const struct method *more; /* the server's, ended by a NULL name */
	void *server;		   /* for those */
	/* Adds the server's members to `info`. NULL: none. */
	int (*add_info)(struct service *s, json_t *info);
	/*
	 * Outermost of all locks (a view is opened and closed under it), so it is a
	 * plain mutex without a rank.
	 */
	pthread_mutex_t mutex;
	struct service_view views[SERVICE_VIEWS];
};

/* The store becomes the service's. */
int service_init(struct service *s, struct store *store, const char *id);

/*
 * Flushes and closes the views, the base and the store. Returns the first error: what
 * could not be written. A service that was never initialised (all zero) is fine.
 */
int service_release(struct service *s);

/* Opens the base directory, if the volume has one and it is not open yet. */
int service_open_base(struct service *s);

/* The view of a branch (NULL: main), given back with service_view_put. */
int service_view_get(struct service *s, const char *branch, struct service_view **ret);
void service_view_put(struct service *s, struct service_view *view);

/* Calls `each` for every open view, with no lock held. */
void service_views_walk(struct service *s,
			void (*each)(void *arg, struct service_view *view), void *arg);

/*
 * Checks the parameters and runs the method of that name. `call->service`, `params` and
 * the caller's members are set by the caller; what `call` holds afterwards is released
 * with method_call_release. -ENOSYS: no such method (here).
 */
int service_call(struct method_call *call);
void method_call_release(struct method_call *call);

#endif
