/*
 * Steps of making a view. Each returns 0 or a negative errno whose text names the step
 * and what to do, as error_set records it. All of it runs in single-threaded processes.
 */
#ifndef AGENTFS_RUN_STEP_H
#define AGENTFS_RUN_STEP_H

#include <stdbool.h>
#include <sys/types.h>

#include "agentfs/run.h"

/* ---- namespace.c ---- */

/*
 * Leaves for a new user and mount namespace (and, as root, a pid namespace for what is
 * forked next). Root keeps all ids, others their own. `sync_fd`: a socket to the
 * launcher, which writes the maps when it reads one byte and answers with one.
 * -EPERM, -ENOSPC, -EUSERS: user namespaces are forbidden here.
 */
int namespace_enter_new(int sync_fd, bool root);
/* The launcher's half: writes the maps of the process. */
int namespace_write_maps(pid_t pid, bool root);
/* Joins a session's namespaces. As root a mount and pid namespace of its own follows.
 */
int namespace_join(const struct agentfs_namespaces *ns, bool root);
/*
 * A second user namespace: the same ids, but no power over the mounts made so far.
 * Root's map must be written by another process in the first one.
 */
int namespace_lock(bool root);

/* ---- mounts.c ---- */

/* A mounted tree, detached: to be put somewhere later. */
int mounts_clone(const char *path, int *ret_fd);
int mounts_put(int tree_fd, const char *path);
/* Makes the path as a directory, or as a file (`directory` false), with its parents. */
int mounts_make_place(const char *path, bool directory);
int mounts_private(void);
int mounts_tmpfs(const char *path, const char *options);
int mounts_all_read_only(void);
/* Makes one mount writable again. */
int mounts_writable(const char *path);
/* Calls `each` with every mount point that is still writable and of no `allowed` kind.
 */
int mounts_find_writable(void (*each)(void *arg, const char *mount_point), void *arg);

/* ---- fusemount.c ---- */

struct fuse_mount {
	const char *source;	/* "agentfs:ID" */
	const char *mountpoint; /* NULL: detached */
	bool allow_other, allow_root, read_only;
};
/* Opens /dev/fuse and mounts it (root, or in an own user namespace). */
int fusemount_direct(const struct fuse_mount *m, int *ret_fuse_fd, int *ret_tree_fd);
/* The same through fusermount3, at m->mountpoint. */
int fusemount_helper(const struct fuse_mount *m, int *ret_fuse_fd);
int fusemount_unmount(const char *mountpoint, bool lazy);

/* ---- allows.c ---- */

struct paths {
	char **list;
	int n;
};
void paths_release(struct paths *p);
/* Explicit paths must exist (-ENOENT); default ones that exist are added. Canonical. */
int allows_collect(const struct agentfs_run_options *options, struct paths *ret);

/* ---- sandbox.c ---- */

/*
 * In a process of its own: makes the namespaces and mounts, hands the FUSE descriptor
 * and the namespaces to the launcher over `sync_fd`, and waits for its "go".
 */
int sandbox_build(const struct agentfs_run_options *options, const struct paths *allows,
		  int sync_fd);
/* Root's own /proc, for the pid namespace that this process is the first of. */
int sandbox_fresh_proc(void);

/* ---- launch.c ---- */

/* Replaces the process by the command; returns an exit status if that fails. */
int launch_exec(const struct agentfs_run_options *options);
/*
 * Waits for the child, passing signals on and stopping with it. Returns its status as a
 * shell gives it. `reap`: also collects orphans (the first process of a pid namespace).
 */
int launch_wait(pid_t child, bool reap);
/* Ignores what the terminal sends to the whole group; the child undoes it. */
void launch_ignore_terminal(void);

/* ---- fallback.c ---- */

/* Without namespaces: a mount, and the command in it. */
int fallback_run(const struct agentfs_run_options *options);

#endif
