/*
 * Nodes: the objects of a view in memory. A node is known by its id (what clients
 * name), by its row (delta inode number) once it has one, and by the names that lead to
 * it.
 *
 *   base only                 copied up                       born in the delta
 *   row 0, base_dir/name      row, base_dir/name, base_len    row, no base
 *        |  ensure_row             |  last chunk written          |
 *        +------------------------>+  or truncated: base_len 0    |
 *                                  v                              v
 *                          names gone, referenced: ORPHAN (nlink 0), reaped at forget
 *
 * Numbers. A node id is slot | generation of the slot in the table; the kernel's FORGET
 * frees it. st_ino is another thing: a base file on the root's device below 2^40 keeps
 * its own, over copy-up and remount (the row stores it); all others get 2^40 + a row
 * number, which is never given out twice.
 *
 * Locks. Tree structure (names, slots, rows, refs to zero) changes under the view's
 * exclusive lock. Under the shared lock a node's attributes and content are guarded by
 * its own lock; whoever holds the view exclusively needs no node lock.
 *
 * Invariants:
 *   NODE-1  a node with references, names of its own, pins or dirty state is not freed
 *   NODE-2  a node with a row is in the view's table of rows, and only once
 *   NODE-3  every ancestor of a node with a row and a delta name has a row
 */
#ifndef AGENTFS_VFS_NODE_H
#define AGENTFS_VFS_NODE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/lock.h"
#include "store/store.h"
#include "vfs/base.h"
#include "vfs/view.h"

struct content;
struct dir;
struct name;
struct view;
struct xattrs;

enum {
	NODE_STORED = 1 << 0,	  /* the row is in the volume, or in a cut on its way */
	NODE_DIRTY = 1 << 1,	  /* in the view's dirty list */
	NODE_ROW_DIRTY = 1 << 2,  /* attributes differ from the stored row */
	NODE_ORPHAN = 1 << 3,	  /* no names left */
	NODE_XATTRS_OWN = 1 << 4, /* as INODE_XATTRS_OWN */
	NODE_BASE_LINKED = 1 << 5,   /* base file with several names */
	NODE_OPAQUE = 1 << 6,	     /* as INODE_OPAQUE */
	NODE_UNWATCHED = 1 << 7,     /* host edits may come unnoticed */
	NODE_TARGET_DIRTY = 1 << 8,  /* the link's target is not stored yet */
	NODE_NO_CAPABILITY = 1 << 9, /* known to have no security.capability */
	NODE_GONE = 1 << 10, /* the base object behind it was replaced or deleted */
	NODE_NO_DEFAULT_ACL = 1 << 12, /* known, as NODE_NO_CAPABILITY */
	NODE_NO_ACCESS_ACL = 1 << 13,
	NODE_FOLLOWS_BASE = 1 << 11, /* the root, until it is changed */
};

struct node {
	uint64_t id;
	uint32_t type; /* of the mode; never changes, so it needs no lock */
	_Atomic uint32_t flags;
	atomic_int_fast64_t n_refs; /* references held by clients */
	int n_pins;		    /* cuts that still point here; exclusive lock */
	struct lock lock;

	struct attr attr; /* blocks and ino as shown */
	int64_t row;	  /* 0: only in the base */
	int32_t nlink_diff;

	/* A directory's own base directory; for others the one that holds base_name. */
	struct base_dir *base_dir;
	char *base_name; /* NULL for directories */
	size_t base_name_len;
	struct fingerprint base;
	int64_t base_len;
	int64_t checked_ns; /* when an unwatched base object was last looked at */

	struct name *names;	 /* that lead here, chained by next_same */
	struct dir *dir;	 /* directories, once touched */
	struct content *content; /* regular files, once written */
	char *target;		 /* symlinks, once read or made */
	size_t target_len;
	struct xattrs *xattrs; /* once loaded */

	struct node *dirty_next, *dirty_prev;
	UT_hash_handle hh_row;
	UT_hash_handle hh_base; /* by base, if NODE_BASE_LINKED or a directory */
	struct {
		uint64_t dev, ino;
	} base_key;
};

/* The table of ids: two levels, so that growing moves nothing. */
#define NODE_PAGE  1024
#define NODE_PAGES 65536

struct node_slot {
	struct node *node;
	uint32_t generation;
	uint32_t next_free;
};

struct node_table {
	struct node_slot **pages;
	uint32_t n_slots;    /* slots ever used, slot 0 is never given out */
	uint32_t first_free; /* 0: none */
	int64_t n_nodes;
};

int node_table_init(struct node_table *t);
void node_table_release(struct node_table *t);

/* A new node with an id and no references. -ENOMEM; -ENFILE when the table is full. */
int node_new(struct view *v, uint32_t mode, struct node **ret_node);

/* The node of an id, NULL if there is none. View lock held (shared is enough). */
struct node *node_find(struct view *v, uint64_t id);
uint32_t node_generation(struct view *v, const struct node *n);

/* Frees a node that nothing points to (NODE-1). Exclusive lock. */
void node_free(struct view *v, struct node *n);

/* True if the node can go without losing anything. */
bool node_is_idle(const struct node *n);

/*
 * Called when a reference, pin or name of the node went: an orphan that nobody holds is
 * removed from the volume and freed. Exclusive lock.
 */
void node_reap(struct view *v, struct node *n);

void node_set_row(struct view *v, struct node *n, int64_t row);
struct node *node_by_row(struct view *v, int64_t row);

/*
 * The node for a base object just looked at: the same node for all names of a linked
 * file (also if a former session copied it up). Exclusive lock.
 */
int node_from_base(struct view *v, struct base_dir *dir, const char *name, size_t len,
		   const struct base_stat *st, struct node **ret_node);

/* The node of a stored row. Exclusive lock. */
int node_from_row(struct view *v, const struct inode_row *row, struct node **ret_node);

/* Takes over what a fresh look at the base says. True if anything differed. */
bool node_refresh(struct view *v, struct node *n, const struct base_stat *st);

/*
 * Gives the node, its names and all their directories rows, so that it can be changed
 * (copy-up without data). Exclusive lock.
 */
int node_ensure_row(struct view *v, struct node *n);

/* Marks the row to be written. Node lock or exclusive lock held. */
void node_touch(struct view *v, struct node *n);

/* Stamps: what changed now. Node lock or exclusive lock held; marks the row. */
void node_stamp_ctime(struct view *v, struct node *n);
void node_stamp_mtime(struct view *v, struct node *n); /* and ctime */

/* Fills the row as it is to be stored; the path is put in `path` (cleared first). */
int node_to_row(struct view *v, struct node *n, struct inode_row *ret_row,
		struct buf *path);

/* Fills the client's entry and takes a reference. Node lock or exclusive lock held. */
void node_entry(struct view *v, struct node *n, struct entry *ret);

/* What is known of xattrs: to be forgotten when they may have changed. */
#define NODE_XATTR_HINTS                                                               \
	((uint32_t)(NODE_NO_CAPABILITY | NODE_NO_DEFAULT_ACL | NODE_NO_ACCESS_ACL))

static inline bool node_is_dir(const struct node *n)
{
	return n->type == 0040000;
}

static inline bool node_is_file(const struct node *n)
{
	return n->type == 0100000;
}

/* True while clients may keep what they know of it until they are told. */
static inline bool node_is_cacheable(const struct node *n)
{
	return n->row != 0 || !(n->flags & (NODE_UNWATCHED | NODE_BASE_LINKED));
}

#endif
