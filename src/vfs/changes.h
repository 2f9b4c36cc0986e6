/*
 * What is not in the volume yet: the names, whiteouts and removals since the last cut.
 * Later changes of the same name replace earlier ones, so a temporary file that came
 * and went between two cuts costs nothing. Nodes with dirty rows, content or xattrs are
 * in the view's dirty list.
 *
 * Recording wants the view's exclusive lock.
 */
#ifndef AGENTFS_VFS_CHANGES_H
#define AGENTFS_VFS_CHANGES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "store/store.h"

struct name;
struct view;

struct dentry_change {
	UT_hash_handle hh;
	int64_t row; /* 0: delete */
	bool stored; /* the volume has such a dentry, before this change */
	size_t key_len;
	struct {
		int64_t dir;
		char name[];
	} key;
};

struct whiteout_change {
	UT_hash_handle hh;
	bool put;
	struct whiteout_row row; /* path points at `path` */
	char path[];
};

struct changes {
	struct dentry_change *dentries;
	struct whiteout_change *whiteouts;
	int64_t *removed; /* rows to delete */
	size_t n_removed, removed_capacity;
	atomic_int_fast64_t n_changes;
};

void changes_release(struct changes *c);
/* `to` gets everything, `from` is empty then. The counts may be read meanwhile. */
void changes_move(struct changes *from, struct changes *to);

/* The name's present state (its row) is to be stored; its directory has a row. */
int changes_put_name(struct view *v, struct name *name);
/* The stored dentry of the name is to go. */
int changes_delete_name(struct view *v, struct name *name);
int changes_put_whiteout(struct view *v, const struct whiteout_row *row);
int changes_delete_whiteout(struct view *v, const char *path, size_t len);
int changes_remove_row(struct view *v, int64_t row);

#endif
