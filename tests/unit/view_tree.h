/* A view over a temporary volume and base directory, for unit tests. */
#ifndef AGENTFS_TESTS_VIEW_TREE_H
#define AGENTFS_TESTS_VIEW_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "store/store.h"
#include "vfs/view.h"

struct tree {
	char top[64];	 /* temporary directory */
	char base[96];	 /* top/base */
	char volume[96]; /* top/volume.db */
	struct store *store;
	struct view *view;
};

/* Makes the directories and an empty base; the volume is not opened yet. */
void tree_make(struct tree *t);
/* Makes the volume, if it is not there, and opens the view. */
void tree_open(struct tree *t);
void tree_close(struct tree *t);
void tree_remove(struct tree *t);

/* Runs a shell command in the base directory. */
void tree_base(struct tree *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Operations by path, as a program would do them. Each returns 0 (or bytes) or a
 * negative errno and leaves no references behind.
 */
int tree_entry(struct tree *t, const char *path, struct entry *ret);
int tree_stat(struct tree *t, const char *path, struct attr *ret);
int tree_mkdir(struct tree *t, const char *path, uint32_t mode);
int tree_create(struct tree *t, const char *path, uint32_t mode);
int tree_symlink(struct tree *t, const char *target, const char *path);
int tree_link(struct tree *t, const char *from, const char *to);
int tree_unlink(struct tree *t, const char *path);
int tree_rmdir(struct tree *t, const char *path);
int tree_rename(struct tree *t, const char *from, const char *to, uint32_t flags);
int64_t tree_write(struct tree *t, const char *path, int64_t off, const void *data,
		   size_t len);
int64_t tree_read(struct tree *t, const char *path, int64_t off, void *data,
		  size_t len);
int tree_truncate(struct tree *t, const char *path, int64_t size);
int tree_chmod(struct tree *t, const char *path, uint32_t mode);
int tree_fallocate(struct tree *t, const char *path, int mode, int64_t off,
		   int64_t len);

/* The whole content; fails the test on an error. Appended. */
void tree_cat(struct tree *t, const char *path, struct buf *ret);

/*
 * Appends a line for every object, sorted by path: type, mode, link count, size, hash
 * of content or link target. tree_dump_dir does the same for a directory of the host.
 */
void tree_dump(struct tree *t, struct buf *ret);
void tree_dump_dir(const char *dir, struct buf *ret);

#endif
