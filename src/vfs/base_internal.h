/* Shared by the files of the base directory; see base.h. All guarded by b->lock. */
#ifndef AGENTFS_VFS_BASE_INTERNAL_H
#define AGENTFS_VFS_BASE_INTERNAL_H

#include "base/hash.h"
#include "base/lock.h"
#include "base/path.h"
#include "vfs/base.h"

struct statx;

struct base_dir {
	struct base *base;
	struct base_dir *parent; /* NULL: the root */
	int refs;
	int fd;				/* O_PATH, -1: not open */
	int watch;			/* inotify's number, -1: none */
	bool unwatched;			/* a watch was refused */
	bool own_mount;			/* an agentfs mount: shown as empty */
	struct base_dir *newer, *older; /* cache of descriptors, by last use */
	struct base_dir *first_child, *next_sibling, *prev_sibling;
	UT_hash_handle hh; /* by (parent, name) */
	UT_hash_handle hh_watch;
	size_t key_len;
	struct {
		struct base_dir *parent;
		char name[];
	} key;
};

/* An open file of the base. */
struct base_file {
	int fd;
	int users;	/* reading right now: not to be closed */
	bool forgotten; /* close after the last user */
	struct base_file *newer, *older;
	UT_hash_handle hh;
	size_t key_len;
	struct {
		struct base_dir *dir; /* counted */
		char name[];
	} key;
};

struct base {
	struct lock lock;
	struct base_dir *root;
	char *hidden_name;
	uint64_t dev;
	uint64_t mount_id;	   /* of the root, 0: unknown */
	bool is_remote;		   /* a network filesystem: nothing tells of edits */
	int inotify;		   /* -1: not watching */
	struct base_dir *dirs;	   /* hash of hh */
	struct base_dir *by_watch; /* hash of hh_watch */
	struct base_dir *newest_dir, *oldest_dir;
	int n_dir_fds;
	struct base_file *files; /* hash of hh */
	struct base_file *newest_file, *oldest_file;
	int n_files;
};

/*
 * A descriptor of the directory, good while the lock is held. -EXDEV: an agentfs mount
 * lies there now, which is to look like an empty directory (no descriptor of it is
 * kept, or it could not be unmounted).
 */
int base_dir_fd_locked(struct base_dir *d, int *ret_fd);
void base_dir_close_fd_locked(struct base_dir *d);
/* The same without taking the lock. */
void base_dir_unref_locked(struct base_dir *d);

/*
 * The host put something else at this directory's name, or may have: whatever is cached
 * of it and of all below is opened again by name. Watches stay where the name leads to
 * the same directory as before, so that no event is lost.
 */
void base_reopen_locked(struct base_dir *top);

/* The object of a name, if there is one. */
struct base_dir *base_dir_find_locked(struct base_dir *d, const char *name, size_t len);

/* True for a directory behind whose statx(2) lies an agentfs mount. */
bool base_is_own(const struct base *b, const struct statx *st);

/* Starts watching, if that is possible and was not done. */
void base_watch_locked(struct base_dir *d, int fd);
void base_unwatch_locked(struct base_dir *d);
/* Moves the watch to the directory that the name leads to now, if it is another. */
void base_rewatch_locked(struct base_dir *d);

/* True if the name is to look as if it were not there. */
bool base_is_hidden(const struct base_dir *d, const char *name, size_t len);

/* True if the mount with this id was made by agentfs. */
bool base_is_own_mount(uint64_t mount_id);

/* Opens an object: beneath the directory, no links followed, 0 or a negative errno. */
int base_open_at(int dir_fd, const char *name, uint64_t flags, int *ret_fd);

/* A NUL-terminated copy of a name (or of none); -ENOENT if it cannot be one. */
int base_name_copy(const char *name, size_t len, char ret[NAME_BYTES_MAX + 1]);

/* Closes what no longer fits. */
void base_files_drop_locked(struct base *b, struct base_dir *dir, const char *name,
			    size_t len);
/* The same for all files in `top` and below. */
void base_files_drop_below_locked(struct base_dir *top);

#endif
