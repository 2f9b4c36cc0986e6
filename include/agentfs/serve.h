/*
 * AgentFS, public C interface: live volumes.
 *
 * A live volume has one server process. It is started on demand by the first client
 * that needs it, holds the volume's write lock and every FUSE descriptor, and ends by
 * itself when the last mount is gone and the last lease was given back. Mounting is the
 * client's work (in its own namespace, as root, or through fusermount3); the server is
 * handed the descriptor and never mounts, forks or enters a namespace.
 *
 *   client                          server (one per volume)
 *   agentfs_serve_open ------------> answers, or is forked and then answers
 *   open /dev/fuse, mount(2)
 *   agentfs_serve_attach(fd) ------> serves it from the branch's view
 *   agentfs_serve_lease -----------> lives at least as long as this connection
 *   agentfs_serve_namespace_put ---> keeps the session's namespaces for who joins
 *
 * The control socket lies beside the volume (ID.sock, mode 0600) and checks the peer's
 * uid; a process inside a sandbox cannot reach it.
 */
#ifndef AGENTFS_SERVE_H
#define AGENTFS_SERVE_H

#include <sys/types.h>

#include "agentfs/agentfs.h"

#ifdef __cplusplus
extern "C" {
#endif

struct agentfs_server;

enum {
	AGENTFS_SERVE_START = 1 << 0, /* start a server if none answers; else -ENOENT */
	AGENTFS_SERVE_STAY = 1 << 1,  /* do not become a daemon's parent: `mount -f` */
};

struct agentfs_serve_options {
	size_t size;
	unsigned flags;
	int n_threads; /* of each connection; 0: default */
};

/*
 * Connects to the volume's server. With AGENTFS_SERVE_START one is started if none
 * answers: it is forked from the calling process (which must have a single thread),
 * runs in a session of its own with the caller's credentials and mount namespace, and
 * has opened the base directory when this returns. A dead server's socket and mounts
 * are cleaned up. -EBUSY: held by a process that does not answer (text names its pid).
 */
AGENTFS_API int agentfs_serve_open(const char *volume_path,
				   const struct agentfs_serve_options *options,
				   struct agentfs_server **ret_server);

/* Gives leases and connection back; the server goes on if others need it. */
AGENTFS_API void agentfs_serve_close(struct agentfs_server *server);

AGENTFS_API pid_t agentfs_serve_pid(const struct agentfs_server *server);

struct agentfs_attach_options {
	size_t size;
	const char *branch;	/* NULL: main */
	const char *mountpoint; /* as shown in lists */
	const char *kind;	/* "run", "mount", "exec" */
	bool read_only;
	/* True: all ids are mapped as they are. Else only the ids of the calling
	 * process (uid, gid, supplementary groups) are, as in an ordinary user's
	 * namespace. */
	bool all_ids;
	/* The server unmounts it when it is told to end (mounts outside namespaces). */
	bool unmount_at_end;
};

/*
 * Hands over a mounted /dev/fuse descriptor (consumed, also on failure) and waits until
 * the kernel's INIT was answered. -EBUSY: the branch is mounted elsewhere (named).
 */
AGENTFS_API int agentfs_serve_attach(struct agentfs_server *server, int fuse_fd,
				     const struct agentfs_attach_options *options);

/* Waits until what this client attached is no longer mounted. */
AGENTFS_API int agentfs_serve_wait_detached(struct agentfs_server *server);

/*
 * Registers the calling process and its command for `ps`; the server lives at least
 * until this connection ends.
 */
AGENTFS_API int agentfs_serve_lease(struct agentfs_server *server, const char *kind,
				    pid_t pid, const char *command);

/*
 * The namespaces of the branch's running session. put: the server duplicates them and
 * keeps them while a lease exists or a process lives in them. get: -ENOENT if there is
 * none. The descriptors are the caller's (close()).
 */
struct agentfs_namespaces {
	int user_fd, mount_fd; /* /proc/PID/ns/user, mnt; user_fd -1: none */
	int root_fd;	       /* the view's root directory inside, O_PATH; -1: none */
};
AGENTFS_API int agentfs_serve_namespace_put(struct agentfs_server *server,
					    const char *branch,
					    const struct agentfs_namespaces *ns);
AGENTFS_API int agentfs_serve_namespace_get(struct agentfs_server *server,
					    const char *branch,
					    struct agentfs_namespaces *ret_ns);

/* As agentfs_call, on this connection. */
AGENTFS_API int agentfs_serve_call(struct agentfs_server *server, const char *method,
				   const char *params, char **ret_result);

/* Flush, unmount what can be, end. Waits until the volume is closed. */
AGENTFS_API int agentfs_serve_stop(struct agentfs_server *server);

/* ---- what lives on this machine ---- */

struct agentfs_live {
	const char *id, *volume, *base, *mountpoint, *kind, *command;
	pid_t server_pid, pid; /* pid: the client's, 0 if it is a mount */
	uid_t uid;
	int64_t started_ns;
};
/*
 * Calls `each` for every mount and lease of every live volume that this user may see
 * (the registry of sockets below $XDG_RUNTIME_DIR/agentfs or /tmp/agentfs-UID).
 */
AGENTFS_API int
agentfs_live_walk(int (*each)(void *arg, const struct agentfs_live *live), void *arg);

/*
 * Removes what a power cut or kill -9 left: dead agentfs mounts, sockets without
 * server, registry entries, temporary mount points. Calls `done` with one line for
 * each.
 */
AGENTFS_API int agentfs_prune(bool force, void (*done)(void *arg, const char *line),
			      void *arg);

#ifdef __cplusplus
}
#endif

#endif
