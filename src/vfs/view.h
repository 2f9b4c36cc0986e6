/*
 * A view: one branch, live. Inode operations on the merge of a base directory and the
 * branch's delta, with everything recent in memory and a writer thread that brings
 * consistent cuts of it to the volume. Knows no protocol and no SQL.
 *
 * Callers (the FUSE adapter, the control methods) name objects by node id and own a
 * reference for every entry that they were given (view_lookup, view_mknod, ...), to be
 * given back with view_forget. The root is VIEW_ROOT, always there. An id that the view
 * does not know gives -ESTALE.
 *
 * Permission checks are the caller's (the kernel's default_permissions); the view
 * checks what depends on its own state: types, emptiness, existence, sizes, name
 * lengths. Every function may be called by any thread.
 *
 * Times: a change stamps mtime/ctime by clock_real_ns as POSIX asks. A write clears
 * set-id bits only where the caller says so (kill_priv).
 */
#ifndef AGENTFS_VFS_VIEW_H
#define AGENTFS_VFS_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct view;
struct store;

#define VIEW_ROOT UINT64_C(1)

struct attr {
	uint64_t ino; /* st_ino */
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev;	      /* as makedev(3) */
	int64_t size, blocks; /* blocks of 512 bytes */
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
};

struct entry {
	uint64_t id; /* node id; 0: there is no such name (only view_lookup) */
	uint64_t generation;
	struct attr attr;
	/*
	 * False: attributes and data may change without notice (base file with several
	 * names, base on a network filesystem): cache them for a second at most.
	 */
	bool cacheable;
};

/*
 * What a view tells its client's cache. Called by the view's own housekeeping thread
 * only, with no lock held; may block. Any member may be NULL.
 */
struct view_notifier {
	void *arg;
	/* The name in the directory changed or went; look it up again. */
	void (*entry_changed)(void *arg, uint64_t dir, const char *name, size_t len);
	/* Attributes and cached data (or listing) of the node changed. */
	void (*node_changed)(void *arg, uint64_t id);
	/* Memory is short: please forget the name and with it, if you can, the node. */
	void (*please_forget)(void *arg, uint64_t dir, const char *name, size_t len,
			      uint64_t id);
	/* Everything may have changed (an overflow, a restore). */
	void (*all_changed)(void *arg);
};

struct view_options {
	const char *branch; /* NULL: main */
	bool snapshot;	    /* `branch` names a snapshot: read-only */
	bool read_only;
	/*
	 * Base directory, opened with O_PATH|O_DIRECTORY before anything is mounted
	 * over it; -1: none. Not consumed (duplicated).
	 */
	int base_fd;
	/* Name in the base's root that is hidden (".agentfs"), NULL: none. */
	const char *hidden_name;
	int64_t dirty_bytes_max;   /* writers wait beyond; 0: 64 MiB */
	int64_t cache_bytes_max;   /* nodes and names in memory; 0: 512 MiB */
	int64_t flush_interval_ns; /* 0: 100 ms */
};

/*
 * Opens a view of the store's branch and starts its threads. The store stays the
 * caller's and must outlive the view. -ENOENT: no such branch.
 */
int view_open(struct store *store, const struct view_options *options,
	      struct view **ret_view);

/*
 * Flushes and ends the view. Returns the first error of the last flush (what could not
 * be written is lost then: its text says how much). NULL is fine.
 */
int view_close(struct view *v);

/* At most one notifier; NULL takes it away, and returns only when no call is under way.
 */
void view_set_notifier(struct view *v, const struct view_notifier *notifier);

/* ---- look-up ---- */

/* A missing name is success with ret->id 0 (cacheable says for how long it is so). */
int view_lookup(struct view *v, uint64_t dir, const char *name, size_t len,
		struct entry *ret);
/* ".." of a directory (the root's is itself). Takes a reference. */
int view_lookup_parent(struct view *v, uint64_t dir, struct entry *ret);
/* A reference to a known id (file handles). -ESTALE. */
int view_get(struct view *v, uint64_t id, uint64_t generation, struct entry *ret);
void view_forget(struct view *v, uint64_t id, uint64_t count);

/*
 * Walks a normalised absolute path without following symlinks (the last component
 * included) and takes a reference. -ENOENT, -ENOTDIR.
 */
int view_walk(struct view *v, const char *path, struct entry *ret);

/* ---- attributes ---- */

int view_getattr(struct view *v, uint64_t id, struct attr *ret, bool *ret_cacheable);

enum {
	ATTR_MODE = 1 << 0,
	ATTR_UID = 1 << 1,
	ATTR_GID = 1 << 2,
	ATTR_SIZE = 1 << 3,
	ATTR_ATIME = 1 << 4,
	ATTR_MTIME = 1 << 5,
	ATTR_CTIME = 1 << 6,
	ATTR_ATIME_NOW = 1 << 7,
	ATTR_MTIME_NOW = 1 << 8,
	ATTR_KILL_PRIV = 1 << 9, /* clear set-id as a write or chown does */
};

/* Applies the members that `set` names; -EISDIR, -EINVAL for a size of a non-file. */
int view_setattr(struct view *v, uint64_t id, uint32_t set, const struct attr *values,
		 struct attr *ret);

int view_readlink(struct view *v, uint64_t id, struct buf *ret_target);

/* ---- names ---- */

struct owner {
	uint32_t uid, gid;
};

/* A regular file, FIFO, socket or device. */
struct new_object {
	uint32_t mode; /* with the type */
	uint64_t rdev; /* of devices, as makedev(3) */
	struct owner owner;
};

/*
 * Each makes one name and returns an entry (reference taken). A directory with the
 * set-group-id bit hands its group (and, to directories, the bit) on. -EEXIST,
 * -ENOTDIR, -ENOENT (the directory itself was removed), -ENAMETOOLONG, -EINVAL (name),
 * -ENOSPC, -EMLINK, -EROFS.
 */
int view_mknod(struct view *v, uint64_t dir, const char *name, size_t len,
	       const struct new_object *o, struct entry *ret);
int view_mkdir(struct view *v, uint64_t dir, const char *name, size_t len,
	       uint32_t mode, struct owner owner, struct entry *ret);
int view_symlink(struct view *v, uint64_t dir, const char *name, size_t len,
		 const char *target, struct owner owner, struct entry *ret);
int view_link(struct view *v, uint64_t id, uint64_t dir, const char *name, size_t len,
	      struct entry *ret);
/* A regular file without a name; view_link gives it one (from nlink 0). */
int view_tmpfile(struct view *v, uint64_t dir, uint32_t mode, struct owner owner,
		 struct entry *ret);

int view_unlink(struct view *v, uint64_t dir, const char *name, size_t len);
int view_rmdir(struct view *v, uint64_t dir, const char *name, size_t len);

struct rename {
	uint64_t from_dir, to_dir;
	const char *from_name, *to_name;
	size_t from_len, to_len;
	uint32_t flags; /* RENAME_NOREPLACE, RENAME_EXCHANGE; else -EINVAL */
};
int view_rename(struct view *v, const struct rename *rename);

/* ---- directories ---- */

struct dir_entry {
	const char *name;
	size_t len;
	uint64_t ino;
	uint32_t mode;	 /* type bits */
	uint64_t cookie; /* continue behind this entry */
	/* With `plus`: a reference was taken for it if id is not 0 (not for . and ..).
	 */
	struct entry entry;
};

/*
 * Lists from behind `cookie` (0: from the start, with "." and ".." first). `each`
 * returns 0 to go on, 1 if the entry did not fit (not consumed: its reference is given
 * back by the view) or a negative errno. Cookies stay valid while entries come and go:
 * an entry that is there all the time is listed exactly once. `each` must not call the
 * view.
 */
typedef int (*view_dir_fn)(void *arg, const struct dir_entry *e);
int view_readdir(struct view *v, uint64_t dir, uint64_t cookie, bool plus,
		 view_dir_fn each, void *arg);

/* ---- content ---- */

/* Bytes read; less than len only at the end of the file. */
int64_t view_read(struct view *v, uint64_t id, int64_t off, void *data, size_t len);

/*
 * Bytes written (all, or an error and none). -EFBIG, -ENOSPC (no reservation on disk),
 * -EIO (the base of a partly copied file changed). May wait while too much is dirty.
 */
int64_t view_write(struct view *v, uint64_t id, int64_t off, const void *data,
		   size_t len, bool kill_priv);

/* mode as fallocate(2): KEEP_SIZE, PUNCH_HOLE, ZERO_RANGE; else -EOPNOTSUPP. */
int view_fallocate(struct view *v, uint64_t id, int mode, int64_t off, int64_t len);
/* whence SEEK_DATA or SEEK_HOLE; -ENXIO behind the end. */
int64_t view_lseek(struct view *v, uint64_t id, int64_t off, int whence);
int64_t view_copy_range(struct view *v, uint64_t from, int64_t from_off, uint64_t to,
			int64_t to_off, int64_t len);

/* Durable when it returns (together with everything flushed before it). */
int view_fsync(struct view *v, uint64_t id, bool data_only);
/* Brings all that is dirty to the volume; with `durable` to the disk. */
int view_flush(struct view *v, bool durable);

/* ---- extended attributes ---- */

/* Appends value / NUL-separated names. -ENODATA, -EOPNOTSUPP (base cannot say). */
int view_getxattr(struct view *v, uint64_t id, const char *name, struct buf *ret_value);
int view_listxattr(struct view *v, uint64_t id, struct buf *ret_names);
/* flags: XATTR_CREATE, XATTR_REPLACE. -E2BIG over 64 KiB, -ERANGE for the name. */
int view_setxattr(struct view *v, uint64_t id, const char *name, const void *value,
		  size_t len, int flags);
int view_removexattr(struct view *v, uint64_t id, const char *name);

/* ---- the whole ---- */

struct view_space {
	uint64_t block_size, blocks, free, available, files, files_free;
};
/* Free space of the disk that holds the volume, less what is reserved. */
int view_statfs(struct view *v, struct view_space *ret);

struct view_counters {
	int64_t n_nodes, cache_bytes;
	int64_t dirty_bytes, n_dirty;
	int64_t n_flushes, n_base_reads, n_base_lookups, n_store_loads;
};
void view_counters(struct view *v, struct view_counters *ret);

#endif
