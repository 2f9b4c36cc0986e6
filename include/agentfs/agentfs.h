/*
 * AgentFS, public C interface: volumes and what is in them.
 *
 * A volume is one SQLite file that holds the changes made to a base directory. The same
 * functions work on an idle volume (this process opens the file) and on a live one (a
 * server has it mounted; the functions talk to its control socket).
 *
 * Every function returns 0 or a negative errno; agentfs_error_text() gives the message
 * for a person. What comes through `T **ret_x` is the caller's and is freed by the
 * function named there. A handle is used by one thread at a time.
 */
#ifndef AGENTFS_AGENTFS_H
#define AGENTFS_AGENTFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AGENTFS_API __attribute__((visibility("default")))

struct agentfs_volume;

AGENTFS_API const char *agentfs_version(void);

/* Text for a negative errno that a function of this thread just returned. Borrowed. */
AGENTFS_API const char *agentfs_error_text(int code);

/* ---- finding, making, removing volumes ---- */

/*
 * Finds the volume that `id` means: `DIR/.agentfs/ID.db` for the nearest DIR upwards
 * from `start` (NULL: the current directory), else the state directory's volume whose
 * base holds `start`, else `id` as a path to an existing volume. -ENOENT: the text says
 * what was looked for and where. `*ret_path` is absolute (free()).
 */
AGENTFS_API int agentfs_volume_find(const char *id, const char *start, char **ret_path);

/*
 * Calls `each` with the path of every volume of `start` (NULL: the current directory)
 * and the directories above it, and of the state directory's folders for them. A
 * negative return ends the walk and is passed on.
 */
AGENTFS_API int agentfs_volumes_walk(const char *start,
				     int (*each)(void *arg, const char *path),
				     void *arg);

/* True for 1 to 64 letters, digits, '-', '_'. */
AGENTFS_API bool agentfs_id_valid(const char *id);

/* "prefix-xxxxxx", unused in `dir`'s .agentfs (free()). */
AGENTFS_API int agentfs_id_generate(const char *prefix, const char *dir, char **ret_id);

/*
 * The path where a new volume `id` of the project directory belongs:
 * `DIR/.agentfs/ID.db`, or below $XDG_STATE_HOME/agentfs where the project cannot be
 * written. Makes the folder (0700, with a .gitignore of "*") and puts the project
 * directory's mtime back.
 */
AGENTFS_API int agentfs_volume_place(const char *dir, const char *id, char **ret_path);

struct agentfs_create_options {
	size_t size;	  /* sizeof(struct agentfs_create_options) */
	const char *base; /* directory; NULL: none */
	bool force;	  /* remove exactly this volume first, if it is not live */
};
AGENTFS_API int agentfs_volume_create(const char *path,
				      const struct agentfs_create_options *options);

/* Removes the volume file and what lies beside it. -EBUSY if it is live. */
AGENTFS_API int agentfs_volume_remove(const char *path);

/* ---- a volume ---- */

enum {
	AGENTFS_OPEN_READ =
		1 << 0, /* an idle volume is opened without the write lock */
};

/*
 * Connects to the volume's server if it has one, opens the file else. -EINVAL no
 * volume, -EUCLEAN damaged, -EPROTONOSUPPORT newer format, -EBUSY written by somebody
 * who is no server of ours.
 */
AGENTFS_API int agentfs_volume_open(const char *path, unsigned flags,
				    struct agentfs_volume **ret_volume);
AGENTFS_API void agentfs_volume_close(struct agentfs_volume *volume);

AGENTFS_API bool agentfs_volume_is_live(const struct agentfs_volume *volume);
AGENTFS_API const char *agentfs_volume_path(const struct agentfs_volume *volume);
AGENTFS_API const char *agentfs_volume_id(const struct agentfs_volume *volume);
/* NULL if it has none. Borrowed. */
AGENTFS_API const char *agentfs_volume_base(const struct agentfs_volume *volume);

/*
 * Calls a method of docs/methods.json with a JSON object of parameters (NULL: none).
 * `*ret_result` is JSON text (free()); binary strings are {"base64": "..."} where they
 * are not UTF-8. This is the whole of what a volume can do; the functions below are
 * conveniences over it.
 */
AGENTFS_API int agentfs_call(struct agentfs_volume *volume, const char *method,
			     const char *params, char **ret_result);

/* ---- files of the merged view ---- */

struct agentfs_stat {
	uint64_t ino;
	uint32_t mode, nlink, uid, gid;
	uint64_t rdev;
	int64_t size, blocks;
	int64_t atime_ns, mtime_ns, ctime_ns, btime_ns;
};

/* Paths are absolute within the view; the last component is never followed. */
AGENTFS_API int agentfs_stat(struct agentfs_volume *volume, const char *path,
			     struct agentfs_stat *ret_stat);

/* Bytes read, 0 at the end. */
AGENTFS_API int64_t agentfs_read(struct agentfs_volume *volume, const char *path,
				 int64_t off, void *data, size_t len);

/*
 * Writes at `off` (makes the file and its parents if they are missing, keeps mode and
 * inode of an existing file); `truncate` cuts the file to what was written.
 */
AGENTFS_API int agentfs_write(struct agentfs_volume *volume, const char *path,
			      int64_t off, const void *data, size_t len, bool truncate);

/* Calls `each` for every name of a directory, sorted by bytes. */
typedef int (*agentfs_dir_fn)(void *arg, const char *name, size_t len,
			      const struct agentfs_stat *stat);
AGENTFS_API int agentfs_list(struct agentfs_volume *volume, const char *path,
			     agentfs_dir_fn each, void *arg);
AGENTFS_API int agentfs_readlink(struct agentfs_volume *volume, const char *path,
				 char **ret_target);

/* ---- changes ---- */

struct agentfs_change {
	char kind;	     /* 'A', 'M', 'D' */
	char type, old_type; /* f d l p c b s; old_type 0 for 'A' */
	const char *path;
	size_t path_len;
	const char *from; /* base path of a renamed directory; NULL */
	int64_t size;
	unsigned what; /* AGENTFS_CHANGED_* */
	bool conflict; /* the base changed since */
};
enum {
	AGENTFS_CHANGED_TYPE = 1 << 0,
	AGENTFS_CHANGED_MODE = 1 << 1,
	AGENTFS_CHANGED_OWNER = 1 << 2,
	AGENTFS_CHANGED_CONTENT = 1 << 3,
	AGENTFS_CHANGED_TARGET = 1 << 4,
	AGENTFS_CHANGED_XATTRS = 1 << 5,
	AGENTFS_CHANGED_TIMES = 1 << 6,
};
enum {
	AGENTFS_DIFF_TIMES = 1 << 0, /* report differing mtimes too */
};
/* Sorted by path bytes. -ENOTSUP: the volume has no base. */
typedef int (*agentfs_change_fn)(void *arg, const struct agentfs_change *change);
AGENTFS_API int agentfs_diff(struct agentfs_volume *volume, unsigned flags,
			     agentfs_change_fn each, void *arg);

#ifdef __cplusplus
}
#endif

#endif
