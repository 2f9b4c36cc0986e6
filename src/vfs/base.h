/*
 * The base: the original directory, read only. Objects in it are named by a base
 * directory (counted, one object per directory, kept as a tree that mirrors the base
 * and never changes with renames in the view) and a name. Nothing here follows a
 * symlink, leaves the base, writes, or keeps a descriptor per object: directory and
 * file descriptors live in bounded caches.
 *
 * Invariants:
 *   BASE-1  no call resolves "..", a symlink, or a path outside the base root
 *   BASE-2  at most BASE_DIR_FDS + BASE_FILE_FDS descriptors are open
 *   BASE-3  a directory is watched before its entries are reported to a caller, so no
 *           host edit behind that moment goes unnoticed
 *
 * An agentfs mount met below the base appears as an empty directory (the server would
 * wait for itself), other mounts are crossed. Files are opened with O_NOATIME where
 * that is permitted. Thread-safe; locks of rank LOCK_LEAF inside.
 */
#ifndef AGENTFS_VFS_BASE_H
#define AGENTFS_VFS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"

struct base;
struct base_dir;

#define BASE_DIR_FDS  512
#define BASE_FILE_FDS 256

struct base_stat {
	uint32_t mode, uid, gid, nlink;
	uint64_t rdev;
	int64_t size, blocks;
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
	uint64_t ino, dev; /* dev as makedev(3) */
};

/* ---- the whole ---- */

struct base_options {
	int root_fd; /* O_PATH|O_DIRECTORY; duplicated */
	const char
		*hidden_name; /* in the root: looks as if it were not there; or NULL */
	bool watch; /* inotify; false: only time-outs protect (tests, snapshots) */
};
int base_open(const struct base_options *options, struct base **ret_base);
void base_close(struct base *b);

/* Borrowed until base_close. */
struct base_dir *base_root(struct base *b);
uint64_t base_dev(const struct base *b);

/* False where the host's edits are not told: network filesystems, watch limit hit. */
bool base_dir_is_watched(struct base_dir *d);

/* ---- directories ---- */

/*
 * The directory `name` in `d` (which need not exist; nothing is looked up). The same
 * object for the same (d, name) while a reference lives. 0 or -ENOMEM.
 */
int base_dir_child(struct base_dir *d, const char *name, size_t len,
		   struct base_dir **ret_child);
struct base_dir *base_dir_ref(struct base_dir *d);
void base_dir_unref(struct base_dir *d); /* NULL is fine */

/* The directory at a base path ("/a/b"), for rows read from a volume. */
int base_dir_at(struct base *b, const char *path, size_t len,
		struct base_dir **ret_dir);

/* Appends the base path of the directory, or of `name` in it ("/", "/a/b"). */
int base_dir_path(struct base_dir *d, struct buf *ret_path);
int base_path_of(struct base_dir *d, const char *name, size_t len,
		 struct buf *ret_path);

/*
 * Attributes of `name` in `d` (len 0: of `d` itself). Starts watching `d`. -ENOENT,
 * -ENOTDIR (a component is no longer a directory: callers treat it as ENOENT), -EACCES.
 */
int base_stat(struct base_dir *d, const char *name, size_t len, struct base_stat *ret);

/*
 * Calls `each` for every entry (no "." and "..", the hidden name left out), watching
 * `d` first. type: DT_*. A negative return ends it and is passed on.
 */
typedef int (*base_entry_fn)(void *arg, const char *name, size_t len, uint64_t ino,
			     unsigned char type);
int base_list(struct base_dir *d, base_entry_fn each, void *arg);

/* ---- objects ---- */

/*
 * Reads from a regular file; the open descriptor is kept in the cache under (d, name)
 * and its fingerprint compared with `expected` (NULL: any) at each call, before and
 * after the read: -ESTALE if the file is another one or was changed. Short only at the
 * end of the file. Reading by the device and inode last seen continues to work while
 * the descriptor is cached, even if the host unlinked the name.
 */
int64_t base_read(struct base_dir *d, const char *name, size_t len,
		  const struct fingerprint *expected, int64_t off, void *data,
		  size_t n);

/* SEEK_DATA or SEEK_HOLE in the base file, as lseek(2). */
int64_t base_seek(struct base_dir *d, const char *name, size_t len, int64_t off,
		  int whence);

int base_readlink(struct base_dir *d, const char *name, size_t len,
		  struct buf *ret_target);

/* Of any object, links included (never through them). len 0: the directory itself. */
int base_getxattr(struct base_dir *d, const char *name, size_t len, const char *xattr,
		  struct buf *ret_value);
int base_listxattr(struct base_dir *d, const char *name, size_t len,
		   struct buf *ret_names);

/*
 * Compares identity and state. `same_boot` false leaves out the device number and inode
 * (they may change over boots), as does a zero in `expected` for that member; ctime is
 * never compared (a mere hard link or chmod).
 */
bool fingerprint_matches(const struct fingerprint *expected,
			 const struct base_stat *now, bool same_boot);
void fingerprint_from(struct fingerprint *ret, const struct base_stat *st);

/* ---- the host's edits ---- */

enum base_event_kind {
	BASE_NAME_CHANGED, /* created, deleted, renamed: look it up again */
	BASE_FILE_CHANGED, /* content or attributes of the name */
	BASE_DIR_CHANGED, /* the watched directory itself: attributes, moved, deleted */
	BASE_OVERFLOW,	  /* events were lost: anything may have changed; dir NULL */
};

struct base_event {
	enum base_event_kind kind;
	struct base_dir *dir; /* borrowed for the call */
	const char *name;
	size_t len;
};

/* Readable when events wait; -1 if nothing is watched. */
int base_event_fd(struct base *b);

/* Calls `each` for what waits, without blocking. No lock is held during the call. */
int base_events_read(struct base *b,
		     void (*each)(void *arg, const struct base_event *e), void *arg);

/* Drops cached descriptors of one name (its file was replaced) or of all (name NULL).
 */
void base_forget_fd(struct base_dir *d, const char *name, size_t len);

#endif
