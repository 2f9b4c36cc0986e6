/* One object of the delta against one of the base. */
#ifndef AGENTFS_VFS_DIFF_COMPARE_H
#define AGENTFS_VFS_DIFF_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"
#include "vfs/base.h"

struct diff_object {
	struct base *base;
	struct base_dir *dir; /* counted */
	char name[256];	      /* "" for the root */
	size_t len;
	struct base_stat st;
};

/* Looks at a path of the base. -ENOENT. Release with diff_forget. */
int diff_look(struct base *base, const char *path, struct diff_object *ret);
void diff_forget(struct diff_object *o);

/* What differs (DIFF_*), and whether the base changed under a copied-up object. */
int diff_compare(struct store_branch *b, const struct inode_row *row,
		 const struct diff_object *base, bool times, uint32_t *ret_what,
		 bool *ret_conflict);

#endif
