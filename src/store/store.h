/*
 * A volume: one SQLite file that holds the delta of every branch. The tables of SPEC
 * 0.4 hold the head of branch `main`, in full and in place; what SPEC lacks lives in
 * extra columns with defaults and in extra tables (schema.sql is the format,
 * docs/FORMAT.md explains it). This folder is the only one that speaks SQL.
 *
 * Threads: reads (functions that take a `struct store_branch *` and read) may be called
 * by any thread at any time; they see the last committed state. Writes are made by one
 * thread at a time between store_begin and store_commit/store_rollback and go through
 * the writer's own connection.
 *
 * Every function returns 0 or a negative errno. From SQLite's codes: FULL -> -ENOSPC,
 * IOERR -> -EIO, CORRUPT and NOTADB -> -EUCLEAN, BUSY and LOCKED -> -EBUSY, NOMEM ->
 * -ENOMEM, READONLY -> -EROFS, TOOBIG -> -EFBIG; the text names the volume's path.
 *
 * Names and paths are bytes with a length; they are stored as TEXT where they are valid
 * UTF-8 and as BLOB else (decided in one function, bind_bytes).
 */
#ifndef AGENTFS_STORE_STORE_H
#define AGENTFS_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct store;
struct store_branch;

#define STORE_ROOT_INO	      1
#define STORE_CHUNK_SIZE      65536 /* of new volumes; a foreign file keeps its own */
#define STORE_BRANCH_NAME_MAX 64
#define STORE_FORMAT	      1 /* our own additions; kept in fs_config agentfs.format */

/* ---- volume ---- */

struct store_create_options {
	const char *base_path; /* absolute canonical path, NULL: no base (empty root) */
	uint32_t root_mode;    /* permission bits of the root without a base */
	uint32_t root_uid, root_gid;
	uint32_t chunk_size; /* 0: STORE_CHUNK_SIZE */
};

/*
 * Makes a new volume at `path` (mode 0600). Never overwrites: -EEXIST if anything is
 * there. What an earlier volume of that name left beside it (-wal, -shm) is removed
 * first. A crash in the middle leaves no file under that name (made aside, renamed).
 */
int store_create(const char *path, const struct store_create_options *options);

enum store_mode {
	STORE_READ,  /* nothing is written, no lock is taken */
	STORE_WRITE, /* the only writer: flock(2) on the file, held until store_close */
};

/*
 * Opens a volume. Checks before anything is written: a regular file (-EINVAL: "not a
 * volume" for anything else, including text, other SQLite databases and empty files),
 * whole (-EUCLEAN: truncated or damaged), of a format that we know (-EPROTONOSUPPORT:
 * made by a newer version, or SPEC below 0.4: names `agentfs migrate`), not open for
 * writing elsewhere (-EBUSY: names the owner's pid where /proc/locks tells it). A
 * SPEC 0.4 file that others made (no extra columns, 4096-byte chunks, DELETE or WAL
 * journal) is accepted; opening it for writing adds our columns and tables in one
 * transaction. In STORE_WRITE mode orphans (inodes without names that a crash left) are
 * removed. A read-only file or directory can be opened with STORE_READ.
 */
int store_open(const char *path, enum store_mode mode, struct store **ret_store);

/* Checkpoints (writer), closes, leaves no -wal and -shm behind. NULL is fine. */
void store_close(struct store *s);

/* The pid that holds the volume for writing, 0 if nobody does. */
int store_owner_pid(const char *path, int *ret_pid);

const char *store_path(const struct store *s);
uint32_t store_chunk_size(const struct store *s);

/* Base path as recorded; NULL if the volume has none. Borrowed until store_close. */
const char *store_base_path(const struct store *s);

/* Our settings in fs_config. get: -ENOENT if unset. set: inside a transaction. */
int store_config_get(struct store *s, const char *key, struct buf *ret_value);
int store_config_set(struct store *s, const char *key, const char *value);

struct store_stats {
	int64_t n_inodes, n_dentries, n_chunks, n_whiteouts;
	int64_t data_bytes; /* of stored chunks, main's head */
	int64_t file_bytes; /* of the volume file and its -wal */
	int64_t n_branches, n_snapshots;
	bool plain; /* a plain SPEC file, open to other programs' writes (DESIGN.md) */
};
int store_stats(struct store *s, struct store_stats *ret_stats);

/*
 * Verifies SQLite's own integrity and every invariant of docs/FORMAT.md; calls
 * `problem` with one line for each violation. Returns the number of problems or a
 * negative errno.
 */
int64_t store_check(struct store *s, void (*problem)(void *arg, const char *line),
		    void *arg);

/* ---- branches, snapshots ---- */

/*
 * Opens a branch (NULL: "main") or, with `snapshot` true, a sealed snapshot, for reads
 * and (branches) writes. -ENOENT with the name in the text.
 */
int store_branch_open(struct store *s, const char *name, bool snapshot,
		      struct store_branch **ret_branch);
void store_branch_close(struct store_branch *b);
struct store *store_branch_store(struct store_branch *b);

/* ---- rows ---- */

enum {
	/* The xattrs are the delta's own; without it they are the base file's. */
	INODE_XATTRS_OWN = 1 << 0,
	/* The base file had several names: base_dev/base_ino is a look-up key. */
	INODE_BASE_LINKED = 1 << 1,
	/* A directory without base_path whose name hides a base directory. */
	INODE_OPAQUE = 1 << 2,
	/* The root's attributes are its own; before that they are the base root's. */
	INODE_ROOT_OWN = 1 << 3,
};

/* Identity and state of a base file when it was copied up. */
struct fingerprint {
	int64_t size;
	int64_t mtime_ns, ctime_ns;
	uint64_t ino, dev;
};

struct inode_row {
	int64_t ino; /* row number, > 0 */
	uint32_t mode, uid, gid;
	uint32_t nlink;	    /* 0: orphan, still open somewhere */
	int32_t nlink_diff; /* what the view adds to the base's own link count */
	uint64_t rdev;	    /* as makedev(3) */
	int64_t size;
	int64_t blocks; /* what stat shows, 512 bytes each */
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
	uint64_t st_ino; /* what stat shows, kept over copy-up; 0: 2^40 + ino */
	uint32_t flags;
	/*
	 * The base object this inode continues, by its path below the base ("/a/b"),
	 * NULL: none. A directory merges with it. A file's bytes [0, base_len) that no
	 * stored chunk covers come from it, if `base` still matches.
	 */
	const char *base_path;
	size_t base_path_len;
	int64_t base_len;
	struct fingerprint base;
};

struct whiteout_row {
	const char *path; /* base path of what is hidden, "/a/b" */
	size_t path_len;
	uint32_t mode;
	struct fingerprint base; /* of what was deleted */
};

/* ---- reads ---- */

/* The row's pointers are borrowed: copied into `ret_path` (cleared first). -ENOENT. */
int store_inode_get(struct store_branch *b, int64_t ino, struct inode_row *ret_row,
		    struct buf *ret_path);

/* The row of a copied-up base file with several names. -ENOENT. */
int store_inode_by_base(struct store_branch *b, uint64_t dev, uint64_t base_ino,
			struct inode_row *ret_row, struct buf *ret_path);

/* Row number of one name. -ENOENT. */
int store_dentry_get(struct store_branch *b, int64_t dir, const char *name, size_t len,
		     int64_t *ret_ino);

/*
 * Calls `each` for every name of the directory with its inode's row, in one read
 * transaction. A negative return of `each` ends the walk and is passed on. `each` must
 * not call the store.
 */
typedef int (*store_dentry_fn)(void *arg, const char *name, size_t len,
			       const struct inode_row *row);
int store_dir_load(struct store_branch *b, int64_t dir, store_dentry_fn each,
		   void *arg);

/* The same for the whiteouts of a base directory ("/", "/a"); `name` is the last part.
 */
typedef int (*store_whiteout_fn)(void *arg, const char *name, size_t len,
				 const struct whiteout_row *row);
int store_whiteouts_load(struct store_branch *b, const char *parent, size_t len,
			 store_whiteout_fn each, void *arg);

/* All whiteouts of the branch, in byte order of their paths. */
int store_whiteouts_walk(struct store_branch *b, store_whiteout_fn each, void *arg);

/* Appends the link's target. -ENOENT. */
int store_symlink_get(struct store_branch *b, int64_t ino, struct buf *ret_target);

typedef int (*store_xattr_fn)(void *arg, const char *name, size_t name_len,
			      const void *value, size_t value_len);
int store_xattrs_load(struct store_branch *b, int64_t ino, store_xattr_fn each,
		      void *arg);

/*
 * Calls `each` for the stored chunks of [first, first + n), ascending. `data` has 1 to
 * chunk_size bytes (a short chunk is followed by zeros) and is borrowed for the call.
 */
typedef int (*store_chunk_fn)(void *arg, int64_t index, const void *data, size_t len);
int store_chunks_read(struct store_branch *b, int64_t ino, int64_t first, int64_t n,
		      store_chunk_fn each, void *arg);

/* Calls `each` (data NULL, len 0) for the index of each stored chunk, ascending. */
int store_chunks_list(struct store_branch *b, int64_t ino, store_chunk_fn each,
		      void *arg);

/* ---- writes, between store_begin and store_commit ---- */

int store_begin(struct store *s);

/*
 * Commits; with `durable` the commit is on disk when it returns (synchronous=FULL). On
 * failure everything since store_begin is rolled back and the first error returned.
 */
int store_commit(struct store *s, bool durable);
void store_rollback(struct store *s);

/* Makes what was committed so far durable (a sync of the WAL). */
int store_sync(struct store *s);

/* Bytes of free pages inside the file, which new rows take before the file grows. */
int64_t store_free_bytes(struct store *s);

/*
 * Brings the write-ahead log into the file and gives its room on the disk back. Waits
 * for a running transaction: not between begin and commit.
 */
int store_checkpoint(struct store *s);

/*
 * Reserves `n` row numbers, never given out before and never after, also over crashes
 * (through sqlite_sequence; a transaction of its own: not between begin and commit).
 */
int store_reserve_inos(struct store *s, int64_t n, int64_t *ret_first);

int store_inode_put(struct store_branch *b, const struct inode_row *row);
/* With its chunks, xattrs and link target. Absent: 0. */
int store_inode_delete(struct store_branch *b, int64_t ino);
int store_dentry_put(struct store_branch *b, int64_t dir, const char *name, size_t len,
		     int64_t ino);
int store_dentry_delete(struct store_branch *b, int64_t dir, const char *name,
			size_t len);
int store_symlink_put(struct store_branch *b, int64_t ino, const char *target,
		      size_t len);
int store_chunk_put(struct store_branch *b, int64_t ino, int64_t index,
		    const void *data, size_t len);
/* Removes the chunks [first, last]. */
int store_chunks_delete(struct store_branch *b, int64_t ino, int64_t first,
			int64_t last);
int store_xattr_put(struct store_branch *b, int64_t ino, const char *name,
		    size_t name_len, const void *value, size_t value_len);
int store_xattr_delete(struct store_branch *b, int64_t ino, const char *name,
		       size_t name_len);
int store_whiteout_put(struct store_branch *b, const struct whiteout_row *row);
int store_whiteout_delete(struct store_branch *b, const char *path, size_t len);

#endif
