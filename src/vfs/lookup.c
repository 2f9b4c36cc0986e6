/* Finding nodes by name, path and handle, and giving them back. */
#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "vfs/dir.h"
#include "vfs/view_state.h"

static int check_dir(const struct node *dir)
{
	return node_is_dir(dir) ? 0 : -ENOTDIR;
}

static bool missing_is_cacheable(const struct node *dir)
{
	return !dir->base_dir || base_dir_is_watched(dir->base_dir);
}

static void missing_entry(const struct node *dir, struct entry *ret)
{
	*ret = (struct entry){.cacheable = missing_is_cacheable(dir)};
}

/*
 * Answers from memory alone, with the shared lock. False: it takes more than that.
 */
static bool lookup_in_memory(struct view *v, struct node *dir, const char *name,
			     size_t len, struct entry *ret)
{
	const struct name *e;

	if (!dir->dir || !dir->dir->loaded)
		return false;
	e = dir_find(dir->dir, name, len);
	if (!e && !dir->dir->complete && dir->base_dir)
		return false;
	if (!e || e->kind == NAME_WHITEOUT) {
		missing_entry(dir, ret);
		return true;
	}
	if (!e->node || !node_is_cacheable(e->node))
		return false;
	lock_take(&e->node->lock);
	node_entry(v, e->node, ret);
	lock_drop(&e->node->lock);
	return true;
}

static int lookup_anywhere(struct view *v, uint64_t dir_id, const char *name,
			   size_t len, struct entry *ret)
{
	struct node *dir = view_hold_all(v, dir_id);
	struct name *e;
	int r;

	if (!dir)
		return -ESTALE;
	r = check_dir(dir);
	if (r == 0)
		r = dir_resolve(v, dir, name, len, &e);
	if (r == 0) {
		if (e && e->kind != NAME_WHITEOUT)
			node_entry(v, e->node, ret);
		else
			missing_entry(dir, ret);
	}
	view_drop(v);
	return r;
}

int view_lookup(struct view *v, uint64_t dir_id, const char *name, size_t len,
		struct entry *ret)
{
	struct node *dir;
	int r = path_check_name(name, len);
	bool found;

	if (r < 0)
		return r;
	dir = view_hold(v, dir_id);
	if (!dir)
		return -ESTALE;
	r = check_dir(dir);
	found = r == 0 && lookup_in_memory(v, dir, name, len, ret);
	view_drop(v);
	if (r < 0 || found)
		return r;
	return lookup_anywhere(v, dir_id, name, len, ret);
}

int view_lookup_parent(struct view *v, uint64_t dir_id, struct entry *ret)
{
	struct node *dir = view_hold_all(v, dir_id);
	int r;

	if (!dir)
		return -ESTALE;
	r = check_dir(dir);
	if (r == 0)
		r = dir_load(v, dir);
	if (r == 0)
		node_entry(v, dir->dir->parent, ret);
	view_drop(v);
	return r;
}

int view_get(struct view *v, uint64_t id, uint64_t generation, struct entry *ret)
{
	struct node *n = view_hold(v, id);
	int r = 0;

	if (!n)
		return -ESTALE;
	lock_take(&n->lock);
	if (generation && generation != node_generation(v, n))
		r = -ESTALE;
	else
		node_entry(v, n, ret);
	lock_drop(&n->lock);
	view_drop(v);
	return r;
}

void view_forget(struct view *v, uint64_t id, uint64_t count)
{
	struct node *n = view_hold(v, id);
	int_fast64_t have, take;
	bool last;

	if (!n)
		return;
	/* The kernel's counts are floors: never below zero. */
	have = n->n_refs;
	do
		take = count < (uint64_t)have ? (int64_t)count : have;
	while (!atomic_compare_exchange_weak(&n->n_refs, &have, have - take));
	last = have - take == 0 && n->flags & (NODE_ORPHAN | NODE_GONE) && n != v->root;
	view_drop(v);
	if (!last)
		return;
	n = view_hold_all(v, id);
	if (!n)
		return;
	if (n->flags & (NODE_ORPHAN | NODE_GONE))
		node_reap(v, n);
	view_drop(v);
}

int view_walk(struct view *v, const char *path, struct entry *ret)
{
	struct entry at;
	const char *name;
	size_t len;
	int r = view_get(v, VIEW_ROOT, 0, &at);

	while (r == 0 && (len = path_next(&path, &name)) > 0) {
		struct entry next;

		r = view_lookup(v, at.id, name, len, &next);
		view_forget(v, at.id, 1);
		if (r == 0 && next.id == 0)
			r = -ENOENT;
		at = next;
	}
	if (r == 0)
		*ret = at;
	return r;
}
