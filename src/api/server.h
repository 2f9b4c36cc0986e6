/*
 * The server of one live volume: a process of its own.
 *
 *      start -> volume opened, base opened, socket bound -> greeting -> serving
 *      serving -> nothing left (no client, mount, session), `stop`, or a signal -> end
 *      end: socket removed, mounts taken away, views flushed, volume closed
 *
 * Threads: the main one runs the listener's loop; workers run calls; each FUSE
 * connection has its own; the reaper takes connections down that the kernel has ended.
 * `mutex` guards the lists; it has no rank, and nothing that blocks is called under it.
 */
#ifndef AGENTFS_API_SERVER_H
#define AGENTFS_API_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ctl/listener.h"
#include "ctl/service.h"
#include "fuse/connection.h"

#define SERVER_MOUNTS	64
#define SERVER_SESSIONS 64

enum attachment_state {
	ATTACHMENT_STARTING, /* a worker starts it */
	ATTACHMENT_SERVING,
	ATTACHMENT_ENDING, /* the reaper takes it down */
};

struct attachment {
	struct attachment *next;
	struct server *server;
	enum attachment_state state;
	atomic_bool ended; /* said by the connection */
	char branch[STORE_BRANCH_NAME_MAX + 1];
	char kind[16];
	char *mountpoint;
	bool unmount_at_end;
	uint64_t client; /* that attached it */
	pid_t pid;
	uid_t uid;
	int64_t started_ns;
	struct service_view *slot;
	struct fuse_connection *connection;
};

struct lease {
	struct lease *next;
	uint64_t client;
	char kind[17];
	char *command;
	pid_t pid;
	uid_t uid;
	int64_t started_ns;
};

struct session {
	struct session *next;
	char branch[STORE_BRANCH_NAME_MAX + 1];
	int mount_fd, user_fd, root_fd; /* the last two may be -1 */
};

struct waiter {
	struct waiter *next;
	uint64_t client;
	char *mountpoint; /* NULL: what the client attached */
};

struct server {
	const char *path;
	int n_threads;
	int64_t started_ns;
	struct service service;
	struct listener *listener;
	int signal_fd;
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* an attachment's state, or `stopping` */
	struct attachment *attachments;
	struct lease *leases;
	struct session *sessions;
	struct waiter *waiters;
	/* Clients that only wait for the end: they do not keep the server alive. */
	uint64_t leaving[LISTENER_CLIENTS];
	int n_leaving;
	json_t *counters; /* requests of connections that ended */
	pthread_t reaper;
	bool has_reaper, stopping;
	int64_t scanned_ns; /* when sessions were last looked at */
};

/* Serves until the end. `client_fd`: the starter's connection, which is greeted. */
int server_main(const char *path, int client_fd, int n_threads);

/* ---- attach.c ---- */

int server_attach(struct method_call *call);
int server_wait_detached(struct method_call *call);
int attach_start_reaper(struct server *s);
/* Unmounts what is to be, ends all connections and the reaper. */
void attach_stop(struct server *s);
/* Answers those whose mounts are gone; loop's thread. */
void attach_answer_waiters(struct server *s);
void attach_client_gone(struct server *s, uint64_t client);
/* Adds "mounts" and "requests". */
int attach_add_info(struct server *s, json_t *info);
/* Writes the registry's entry anew. */
void attach_register(struct server *s);

/* ---- session.c ---- */

int server_lease(struct method_call *call);
/* The client needs nothing any more; tells whether the server ends now. */
int server_leave(struct method_call *call);
int server_namespace_put(struct method_call *call);
int server_namespace_get(struct method_call *call);
void session_client_gone(struct server *s, uint64_t client);
void session_client_left(struct server *s, uint64_t client);
/* Clients that are connected and do not merely wait for the end. */
int session_n_clients(struct server *s);
int session_add_info(struct server *s, json_t *info);
/* Gives up sessions without lease and process. ms until it wants to look again, -1. */
int session_round(struct server *s);
void session_release(struct server *s);

#endif
