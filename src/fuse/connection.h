/*
 * One FUSE connection: the kernel's side of one mounted superblock, served from one
 * view. The descriptor comes from whoever mounted it (a namespace's own mount(2),
 * root's mount(2) or fusermount3); nobody else may keep a copy, so that a dead server
 * means errors for its clients and never a hang.
 */
#ifndef AGENTFS_FUSE_CONNECTION_H
#define AGENTFS_FUSE_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct view;
struct fuse_connection;

/*
 * How owners appear in the mount's user namespace. `all`: as they are. Else only
 * [`uid`] and [`gid`s] are mapped: any other owner is presented as `uid` (`gid`), with
 * the owner's mode bits reduced to what the real caller may do (true ids stay in the
 * volume); changing mode, owner or explicit times of such a file is -EPERM, as on ext4.
 */
struct fuse_ids {
	bool all;
	uid_t uid; /* real, seen as itself inside */
	gid_t gid;
	const gid_t *groups; /* real supplementary groups of the caller; copied */
	int n_groups;
};

struct fuse_connection_options {
	int fd; /* /dev/fuse, consumed also on failure */
	struct fuse_ids ids;
	bool read_only;
	int n_threads; /* 0: one per CPU of sched_getaffinity, at most 4 */
	/* Called once by a thread of the connection when the kernel has ended it. */
	void (*ended)(void *arg);
	void *arg;
};

/* Starts the threads and returns; INIT is answered by them. */
int fuse_connection_start(struct view *view,
			  const struct fuse_connection_options *options,
			  struct fuse_connection **ret_connection);

/*
 * Waits until the kernel's INIT was answered (0), or for at most `timeout_ms`
 * (-ETIMEDOUT), or -EPROTO if kernel and server have no common protocol.
 */
int fuse_connection_ready(struct fuse_connection *c, int timeout_ms);

/* True once the kernel has ended the connection (unmounted, namespace gone). */
bool fuse_connection_ended(struct fuse_connection *c);

/*
 * Stops the threads, closes the descriptor (a mount that is still there then answers
 * ENOTCONN), gives all references back to the view, frees. NULL is fine.
 */
void fuse_connection_stop(struct fuse_connection *c);

/*
 * Requests served since the start by their kind, for `info` and tests: calls `each`
 * with the kernel's name ("LOOKUP") and the count, for every kind that came at least
 * once.
 */
void fuse_connection_counters(struct fuse_connection *c,
			      void (*each)(void *arg, const char *name, int64_t count),
			      void *arg);

#endif
