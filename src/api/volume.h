/* What the files of the public interface share. Internal. */
#ifndef AGENTFS_API_VOLUME_H
#define AGENTFS_API_VOLUME_H

#include <jansson.h>
#include <sys/types.h>

#include "agentfs/agentfs.h"
#include "agentfs/serve.h"
#include "base/buf.h"
#include "ctl/rpc.h"
#include "ctl/service.h"

struct agentfs_server {
	struct rpc_client client;
	pid_t pid;
};

struct agentfs_volume {
	char *path, *id;
	char *base;		       /* NULL: none */
	struct agentfs_server *server; /* live, or NULL */
	struct service service;	       /* idle */
};

/* Calls a method, live or idle. `params` is taken (NULL: none). */
int volume_call(struct agentfs_volume *volume, const char *method, json_t *params,
		json_t **ret_result);

/* {"path": PATH} with the bytes as they are. */
json_t *volume_path_params(const char *path);

/* The text of a result for the public interface (free()); takes the result. */
int volume_result_text(json_t *result, char **ret_text);
int volume_params_parse(const char *text, json_t **ret_params);

/* ---- names of files beside a volume (names.c) ---- */

/* ".../ID.db" -> ".../ID.sock" (or another ending); free(). */
char *volume_beside(const char *path, const char *ending);
/* "ID" of ".../ID.db"; free(). */
char *volume_id_of(const char *path);

/*
 * Removes what a volume that was deleted by hand left (-wal, -shm, socket), unless a
 * server still answers. A volume that is there is left alone.
 */
void volume_remove_leftovers(const char *path);
/*
 * Removes the socket of a server that was killed. Not for a process that has the volume
 * open: closing any descriptor of it would drop SQLite's locks.
 */
void volume_remove_dead_socket(const char *path);
/* Removes what lies beside a volume, without a look at the volume itself. */
void volume_remove_beside(const char *path);

/* ---- the control connection (connect.c) ---- */

/*
 * Connects to the volume's server and sees that it answers. -ENOENT: nobody serves it;
 * -ETIMEDOUT: somebody holds it who does not answer (text names the pid).
 */
int server_connect(const char *path, struct agentfs_server **ret_server);
/* Closes without the good-bye for which one that hangs would be waited for. */
void server_drop(struct agentfs_server *server);
/* A server over a connected descriptor (taken). */
int server_new(int fd, pid_t pid, struct agentfs_server **ret_server);

/* Before it is opened for writing: SQLite would leave files beside it. */
int volume_check_writable(const char *path);

/* Sleeps for a moment between two tries. */
void volume_pause(void);
#define VOLUME_TRIES_NS (INT64_C(5) * 1000000000)

#endif
