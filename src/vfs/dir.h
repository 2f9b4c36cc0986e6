/*
 * The names of one directory, in memory. The directory is the unit of caching: its
 * delta names and whiteouts are loaded at once at the first touch; names of the base
 * join one by one, and all of them at the first listing ("complete").
 *
 * Every name has a cookie, given in order of arrival and never again; a listing goes by
 * cookies, so it meets each name that stays exactly once, whatever comes and goes.
 *
 * All functions want the view's exclusive lock, but for dir_find and dir_next, which
 * want any.
 */
#ifndef AGENTFS_VFS_DIR_H
#define AGENTFS_VFS_DIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct node;
struct view;

enum name_kind {
	NAME_DELTA = 1, /* stored, or to be: leads to `row` */
	NAME_BASE,	/* shows the base's entry */
	NAME_WHITEOUT,	/* hides the base's entry */
};

struct name {
	struct name *next_hash;
	struct name *next_same; /* next name of the same node */
	struct node *dir;
	struct node *node; /* NULL: not looked at yet, or dropped */
	int64_t row;	   /* NAME_DELTA */
	uint64_t base_ino; /* NAME_BASE without node: for listings */
	uint64_t cookie;
	uint32_t hash;
	uint32_t mode; /* type bits, where node is NULL */
	uint8_t kind;
	uint8_t len;
	bool stored; /* the dentry is in the volume, or in a cut on its way */
	char bytes[];
};

struct dir_slot {
	uint64_t cookie;
	struct name *name; /* NULL: gone */
};

struct dir {
	struct node *parent; /* itself for the root */
	struct name **buckets;
	uint32_t n_buckets, n_names;
	int64_t n_visible;	/* names that are no whiteouts */
	struct dir_slot *order; /* ascending by cookie */
	size_t n_order, order_capacity, n_dead;
	uint64_t next_cookie;
	bool loaded;   /* delta names and whiteouts are here */
	bool complete; /* the base's names too */
};

#define DIR_COOKIE_FIRST 3 /* 1 and 2 are "." and ".." */

int dir_new(struct node *parent, struct dir **ret_dir);
/* Frees the names too; none may have a node. */
struct dir *dir_free(struct view *v, struct dir *d);

struct name *dir_find(const struct dir *d, const char *name, size_t len);
/* The first name with a cookie over `cookie` that is no whiteout. */
struct name *dir_next(const struct dir *d, uint64_t cookie);

/* Adds a name that is not there yet. */
int dir_add(struct view *v, struct node *dir, const char *name, size_t len,
	    enum name_kind kind, struct name **ret_name);
void dir_remove(struct view *v, struct name *name);
void name_set_kind(struct name *name, enum name_kind kind);
/* Binds the name to a node, or (NULL) lets it go. */
void name_set_node(struct name *name, struct node *node);

/* Brings delta names and whiteouts in, if that was not done. */
int dir_load(struct view *v, struct node *dir);
/* Brings all names in. */
int dir_complete(struct view *v, struct node *dir);

/*
 * Finds the name in the merged directory and makes sure that it has its node.
 * `*ret_name` NULL: there is no such name in delta and base, and no whiteout; a
 * whiteout is returned as a name of that kind.
 */
int dir_resolve(struct view *v, struct node *dir, const char *name, size_t len,
		struct name **ret_name);
/* Gives a visible name its node. -ENOENT: the host took it away (the name is gone). */
int name_instantiate(struct view *v, struct name *name);

#endif
