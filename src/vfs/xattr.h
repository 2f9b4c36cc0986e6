/*
 * Extended attributes of a node. As long as nobody changes them they are the base's;
 * the first change takes all of them over.
 */
#ifndef AGENTFS_VFS_XATTR_H
#define AGENTFS_VFS_XATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct store_branch;
struct view;

struct xattr {
	char *name;
	void *value;
	size_t len;
	bool dirty;
	bool removed; /* the stored one is to go */
};

struct xattrs {
	struct xattr *list;
	size_t n, capacity;
	bool dirty;
};

void xattrs_free(struct xattrs *x);

/* What a cut takes along: a copy of the dirty ones, which then count as taken. */
int xattrs_cut(const struct xattrs *x, struct xattrs **ret_cut);
void xattrs_cut_taken(struct xattrs *x);
/* Writes a cut's list. */
int xattrs_store(struct store_branch *b, int64_t row, const struct xattrs *x);

/* Drops security.capability, as every write and chown does. Node lock not held. */
int xattr_drop_capability(struct view *v, struct node *n);

#endif
