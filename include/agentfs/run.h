/*
 * AgentFS, public C interface: process views (Linux). Runs a command that sees a branch
 * at the project's own path, with the rest of the machine read-only.
 */
#ifndef AGENTFS_RUN_H
#define AGENTFS_RUN_H

#include "agentfs/serve.h"

#ifdef __cplusplus
extern "C" {
#endif

struct agentfs_run_options {
	size_t size;
	const char *volume;    /* path of the volume */
	const char *branch;    /* NULL: main */
	const char *session;   /* ID, for the environment and the banner */
	const char *project;   /* directory that the view covers (the base) */
	const char *directory; /* where the command starts, within the project */
	char *const *argv;
	const char *const *allow; /* NULL-terminated: writable real paths */
	bool no_default_allows;
	bool system; /* other users may enter too */
	/* Told before the command starts: what could not be protected, a line each. */
	void (*notice)(void *arg, const char *line);
	void *arg;
};

/*
 * Runs the command and waits for it, forwarding signals. Returns the command's exit
 * status as a shell gives it (0..255; 128 + signal; 126 not executable, 127 not found)
 * or a negative errno if the view could not be made. Single-threaded callers only.
 */
AGENTFS_API int agentfs_run(const struct agentfs_run_options *options);

/*
 * Mounts a branch at `mountpoint` for everybody who may see it there (root: mount(2);
 * else fusermount3) and attaches it to the volume's server, which is left running.
 */
struct agentfs_mount_options {
	size_t size;
	const char *volume, *branch;
	const char *mountpoint;
	const char *id;	  /* for the mount's source "agentfs:ID" */
	const char *kind; /* "mount" or "exec" */
	bool allow_root, allow_other, auto_unmount, read_only;
	int n_threads;
};
AGENTFS_API int agentfs_mount(const struct agentfs_mount_options *options,
			      struct agentfs_server **ret_server);

/*
 * Unmounts. -EBUSY: in use. Who wants to know that everything is written opens the
 * volume's server before, calls "wait_detached" with the mount point, and closes it.
 */
AGENTFS_API int agentfs_unmount(const char *mountpoint, bool lazy);

#ifdef __cplusplus
}
#endif

#endif
