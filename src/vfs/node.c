/*
 * The table of nodes, their life, and how they come from the base and from rows. See
 * node.h for the states and the invariants.
 */
#include "vfs/node.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "vfs/content.h"
#include "vfs/dir.h"
#include "vfs/view_state.h"
#include "vfs/xattr.h"

/* ---- table ---- */

int node_table_init(struct node_table *t)
{
	t->pages = calloc(NODE_PAGES, sizeof(*t->pages));
	if (!t->pages)
		return -ENOMEM;
	t->n_slots = 1;
	t->first_free = 0;
	t->n_nodes = 0;
	return 0;
}

void node_table_release(struct node_table *t)
{
	for (size_t i = 0; t->pages && i < NODE_PAGES; i++)
		free(t->pages[i]);
	free(t->pages);
	t->pages = NULL;
}

static struct node_slot *slot_at(const struct node_table *t, uint64_t id)
{
	if (id == 0 || id >= t->n_slots)
		return NULL;
	return &t->pages[id / NODE_PAGE][id % NODE_PAGE];
}

static int slot_new(struct node_table *t, uint64_t *ret_id)
{
	uint32_t id = t->first_free;

	if (id) {
		t->first_free = slot_at(t, id)->next_free;
	} else {
		struct node_slot **page;

		if (t->n_slots == NODE_PAGES * NODE_PAGE)
			return -ENFILE;
		page = &t->pages[t->n_slots / NODE_PAGE];
		if (!*page)
			*page = calloc(NODE_PAGE, sizeof(**page));
		if (!*page)
			return -ENOMEM;
		id = t->n_slots++;
	}
	slot_at(t, id)->generation++;
	*ret_id = id;
	return 0;
}

int node_new(struct view *v, uint32_t mode, struct node **ret_node)
{
	struct node *n = calloc(1, sizeof(*n));
	int r;

	if (!n)
		return -ENOMEM;
	r = slot_new(&v->nodes, &n->id);
	if (r < 0) {
		free(n);
		return r;
	}
	slot_at(&v->nodes, n->id)->node = n;
	v->nodes.n_nodes++;
	lock_init(&n->lock, LOCK_NODE);
	n->attr.mode = mode;
	n->type = mode & S_IFMT;
	v->cache_bytes += (int64_t)sizeof(*n);
	*ret_node = n;
	return 0;
}

struct node *node_find(struct view *v, uint64_t id)
{
	struct node_slot *slot = slot_at(&v->nodes, id);

	return slot ? slot->node : NULL;
}

uint32_t node_generation(struct view *v, const struct node *n)
{
	return slot_at(&v->nodes, n->id)->generation;
}

static void base_key_drop(struct view *v, struct node *n)
{
	if (n->hh_base.tbl)
		HASH_DELETE(hh_base, v->by_base, n);
	memset(&n->hh_base, 0, sizeof(n->hh_base));
}

static void base_key_set(struct view *v, struct node *n, uint64_t dev, uint64_t ino)
{
	n->base_key.dev = dev;
	n->base_key.ino = ino;
	HASH_ADD(hh_base, v->by_base, base_key, sizeof(n->base_key), n);
}

void node_free(struct view *v, struct node *n)
{
	struct node_slot *slot = slot_at(&v->nodes, n->id);

	invariant(n->n_refs == 0 && n->n_pins == 0 && !n->names);
	invariant(!(n->flags & NODE_DIRTY));
	if (n->row)
		HASH_DELETE(hh_row, v->by_row, n);
	base_key_drop(v, n);
	if (n->dir)
		dir_free(v, n->dir);
	content_free(v, n);
	xattrs_free(n->xattrs);
	base_dir_unref(n->base_dir);
	free(n->base_name);
	free(n->target);
	lock_release(&n->lock);
	slot->node = NULL;
	slot->next_free = v->nodes.first_free;
	v->nodes.first_free = (uint32_t)n->id;
	v->nodes.n_nodes--;
	v->cache_bytes -= (int64_t)sizeof(*n);
	free(n);
}

bool node_is_idle(const struct node *n)
{
	return n->n_refs == 0 && n->n_pins == 0 && !(n->flags & NODE_DIRTY) &&
	       !(n->dir && n->dir->n_names);
}

static void dirty_list_remove(struct view *v, struct node *n)
{
	lock_take(&v->changes_lock);
	if (n->flags & NODE_DIRTY) {
		n->dirty_prev->dirty_next = n->dirty_next;
		n->dirty_next->dirty_prev = n->dirty_prev;
		n->flags &= ~(uint32_t)(NODE_DIRTY | NODE_ROW_DIRTY);
		v->n_dirty--;
	}
	lock_drop(&v->changes_lock);
}

void node_reap(struct view *v, struct node *n)
{
	if (n->n_refs || n->n_pins || n->names || n == v->root)
		return;
	if (n->flags & NODE_ORPHAN) {
		dirty_list_remove(v, n);
		if (n->flags & NODE_STORED)
			changes_remove_row(v, n->row);
	} else if (n->flags & NODE_DIRTY) {
		return;
	}
	/* A directory whose names still have nodes waits for those. */
	if (n->dir && n->dir->n_names) {
		for (size_t i = 0; i < n->dir->n_order; i++)
			if (n->dir->order[i].name && n->dir->order[i].name->node)
				return;
	}
	node_free(v, n);
}

/* ---- rows ---- */

void node_set_row(struct view *v, struct node *n, int64_t row)
{
	invariant(n->row == 0 && row > 0);
	n->row = row;
	HASH_ADD(hh_row, v->by_row, row, sizeof(n->row), n);
}

struct node *node_by_row(struct view *v, int64_t row)
{
	struct node *n;

	HASH_FIND(hh_row, v->by_row, &row, sizeof(row), n);
	return n;
}

static void attr_from_row(struct attr *attr, const struct inode_row *row)
{
	*attr = (struct attr){
		.ino = row->st_ino ? row->st_ino : INO_DELTA_FIRST + (uint64_t)row->ino,
		.mode = row->mode,
		.nlink = row->nlink,
		.uid = row->uid,
		.gid = row->gid,
		.rdev = row->rdev,
		.size = row->size,
		.blocks = row->blocks,
		.atime_ns = row->atime_ns,
		.mtime_ns = row->mtime_ns,
		.ctime_ns = row->ctime_ns,
		.btime_ns = row->btime_ns,
	};
}

/* Binds the node to the base object that its row names. */
static int node_bind_base(struct view *v, struct node *n, const struct inode_row *row)
{
	const char *path = row->base_path;
	size_t len = row->base_path_len, parent;
	int r;

	if (!path || !v->base)
		return 0;
	if (S_ISDIR(row->mode)) {
		r = base_dir_at(v->base, path, len, &n->base_dir);
		if (r == 0)
			base_key_set(v, n, 0, (uintptr_t)n->base_dir);
		return r;
	}
	for (parent = len; parent > 0 && path[parent - 1] != '/';)
		parent--;
	if (parent == 0 || parent == len)
		return error_set(-EUCLEAN, "inode %lld has a bad base path",
				 (long long)row->ino);
	n->base_name = strndup(path + parent, len - parent);
	if (!n->base_name)
		return -ENOMEM;
	n->base_name_len = len - parent;
	return base_dir_at(v->base, path, parent > 1 ? parent - 1 : 1, &n->base_dir);
}

/*
 * A merged directory's link count is the base's own plus what the view added, so that
 * it stays right when the host makes subdirectories. Where the base says 1, it stays 1.
 */
static void dir_nlink_from_base(struct node *n)
{
	struct base_stat st;

	if (base_stat(n->base_dir, "", 0, &st) < 0 || !S_ISDIR(st.mode))
		return;
	n->attr.nlink = st.nlink == 1 ? 1 : st.nlink + (uint32_t)n->nlink_diff;
}

int node_from_row(struct view *v, const struct inode_row *row, struct node **ret_node)
{
	struct node *n = node_by_row(v, row->ino);
	int r;

	if (n) {
		*ret_node = n;
		return 0;
	}
	r = node_new(v, row->mode, &n);
	if (r < 0)
		return r;
	attr_from_row(&n->attr, row);
	node_set_row(v, n, row->ino);
	n->flags |= NODE_STORED;
	n->nlink_diff = row->nlink_diff;
	n->base_len = row->base_len;
	n->base = row->base;
	if (!v->same_boot)
		n->base.dev = n->base.ino = 0;
	if (row->flags & INODE_XATTRS_OWN)
		n->flags |= NODE_XATTRS_OWN;
	if (row->flags & INODE_OPAQUE)
		n->flags |= NODE_OPAQUE;
	r = node_bind_base(v, n, row);
	if (r < 0) {
		node_free(v, n);
		return r;
	}
	if (row->flags & INODE_BASE_LINKED) {
		n->flags |= NODE_BASE_LINKED;
		base_key_set(v, n, row->base.dev, row->base.ino);
		n->base = row->base;
	}
	if (node_is_dir(n) && n->base_dir)
		dir_nlink_from_base(n);
	*ret_node = n;
	return 0;
}

static int64_t rounded_blocks(int64_t bytes)
{
	return (bytes + 4095) / 4096 * 8;
}

int node_to_row(struct view *v, struct node *n, struct inode_row *ret_row,
		struct buf *path)
{
	const struct attr *a = &n->attr;
	uint64_t born = INO_DELTA_FIRST + (uint64_t)n->row;
	int r = 0;

	buf_clear(path);
	if (n->base_dir && !n->base_name)
		r = base_dir_path(n->base_dir, path);
	else if (n->base_dir)
		r = base_path_of(n->base_dir, n->base_name, n->base_name_len, path);
	if (r < 0)
		return r;
	*ret_row = (struct inode_row){
		.ino = n->row,
		.mode = a->mode,
		.uid = a->uid,
		.gid = a->gid,
		.nlink = n->flags & NODE_ORPHAN ? 0 : a->nlink,
		.nlink_diff = n->nlink_diff,
		.rdev = a->rdev,
		.size = a->size,
		.blocks = node_is_file(n) ? a->blocks : rounded_blocks(a->size),
		.atime_ns = a->atime_ns,
		.mtime_ns = a->mtime_ns,
		.ctime_ns = a->ctime_ns,
		.btime_ns = a->btime_ns,
		.st_ino = a->ino == born ? 0 : a->ino,
		.flags = (n->flags & NODE_XATTRS_OWN ? INODE_XATTRS_OWN : 0u) |
			 (n->flags & NODE_BASE_LINKED ? INODE_BASE_LINKED : 0u) |
			 (n->flags & NODE_OPAQUE ? INODE_OPAQUE : 0u) |
			 (n == v->root ? INODE_ROOT_OWN : 0u),
		.base_path = path->len ? path->data : NULL,
		.base_path_len = path->len,
		.base_len = n->base_len,
		.base = n->base,
	};
	return 0;
}

void node_touch(struct view *v, struct node *n)
{
	invariant(n->row != 0);
	n->flags |= NODE_ROW_DIRTY;
	n->flags &= ~(uint32_t)NODE_FOLLOWS_BASE;
	if (n->flags & NODE_DIRTY)
		return;
	lock_take(&v->changes_lock);
	n->flags |= NODE_DIRTY;
	n->dirty_next = &v->dirty;
	n->dirty_prev = v->dirty.dirty_prev;
	n->dirty_prev->dirty_next = n;
	v->dirty.dirty_prev = n;
	v->n_dirty++;
	lock_drop(&v->changes_lock);
	flush_poke(v);
}

void node_stamp_ctime(struct view *v, struct node *n)
{
	n->attr.ctime_ns = clock_real_ns();
	node_touch(v, n);
}

void node_stamp_mtime(struct view *v, struct node *n)
{
	node_stamp_ctime(v, n);
	n->attr.mtime_ns = n->attr.ctime_ns;
}

/* Gives one node, whose directory has a row, its own row and dentries. */
static int node_copy_up(struct view *v, struct node *n)
{
	int64_t row;
	int r;

	r = view_new_row(v, &row);
	if (r < 0)
		return r;
	node_set_row(v, n, row);
	node_touch(v, n);
	if (n->flags & NODE_BASE_LINKED)
		v->has_linked = true;
	for (struct name *name = n->names; name; name = name->next_same) {
		if (!name->dir->row)
			continue; /* another name of a linked file: found by its key */
		name_set_kind(name, NAME_DELTA);
		name->row = row;
		/* Its names must stay in memory until the dentry is stored. */
		node_touch(v, name->dir);
		r = changes_put_name(v, name);
		if (r < 0)
			return r;
	}
	return 0;
}

int node_ensure_row(struct view *v, struct node *n)
{
	int r;

	if (v->read_only)
		return -EROFS;
	/* Bottom up to find the highest ancestor without a row; a deep tree takes
	 * several rounds, but each round is for good. */
	while (!n->row) {
		struct node *top = n;

		while (top->names && !top->names->dir->row)
			top = top->names->dir;
		r = node_copy_up(v, top);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the base ---- */

static uint64_t ino_from_base(struct view *v, const struct base_stat *st, uint64_t kept)
{
	int64_t row;

	if (st->dev == base_dev(v->base) && st->ino < INO_DELTA_FIRST)
		return st->ino;
	if (kept)
		return kept;
	return view_new_row(v, &row) == 0 ? INO_DELTA_FIRST + (uint64_t)row : st->ino;
}

static void attr_from_base(struct view *v, struct node *n, const struct base_stat *st)
{
	struct attr *a = &n->attr;

	*a = (struct attr){
		.ino = ino_from_base(v, st, a->ino),
		.mode = st->mode,
		.nlink = st->nlink,
		.uid = st->uid,
		.gid = st->gid,
		.rdev = st->rdev,
		.size = st->size,
		.blocks = st->blocks,
		.atime_ns = st->atime_ns,
		.mtime_ns = st->mtime_ns,
		.ctime_ns = st->ctime_ns,
		.btime_ns = st->btime_ns,
	};
	fingerprint_from(&n->base, st);
	n->base_len = S_ISREG(st->mode) ? st->size : 0;
	n->checked_ns = clock_monotonic_ns();
}

bool node_refresh(struct view *v, struct node *n, const struct base_stat *st)
{
	struct attr before = n->attr;

	invariant(n->row == 0 || n->flags & NODE_FOLLOWS_BASE);
	attr_from_base(v, n, st);
	before.atime_ns = n->attr.atime_ns;
	if (memcmp(&before, &n->attr, sizeof(before)) == 0)
		return false;
	free(n->target);
	n->target = NULL;
	n->flags &= ~NODE_XATTR_HINTS;
	if (n->base_name)
		base_forget_fd(n->base_dir, n->base_name, n->base_name_len);
	return true;
}

/* A linked base file that a name of it already led to, in memory or in the volume. */
static int find_linked(struct view *v, const struct base_stat *st,
		       struct node **ret_node)
{
	struct {
		uint64_t dev, ino;
	} key = {st->dev, st->ino};
	struct inode_row row;
	struct buf path = BUF_INIT;
	struct node *n;
	int r;

	HASH_FIND(hh_base, v->by_base, &key, sizeof(key), n);
	if (n) {
		*ret_node = n;
		return 0;
	}
	if (!v->has_linked)
		return -ENOENT;
	r = store_inode_by_base(v->branch, st->dev, st->ino, &row, &path);
	if (r == 0)
		r = node_from_row(v, &row, ret_node);
	buf_release(&path);
	return r;
}

int node_from_base(struct view *v, struct base_dir *dir, const char *name, size_t len,
		   const struct base_stat *st, struct node **ret_node)
{
	bool linked = st->nlink > 1 && !S_ISDIR(st->mode);
	struct node *n;
	int r;

	if (linked) {
		r = find_linked(v, st, ret_node);
		if (r != -ENOENT)
			return r;
	}
	r = node_new(v, st->mode, &n);
	if (r < 0)
		return r;
	if (S_ISDIR(st->mode)) {
		r = base_dir_child(dir, name, len, &n->base_dir);
		if (r == 0)
			base_key_set(v, n, 0, (uintptr_t)n->base_dir);
	} else {
		n->base_name = strndup(name, len);
		n->base_name_len = len;
		n->base_dir = base_dir_ref(dir);
		r = n->base_name ? 0 : -ENOMEM;
	}
	if (r < 0) {
		node_free(v, n);
		return r;
	}
	attr_from_base(v, n, st);
	if (linked) {
		n->flags |= NODE_BASE_LINKED;
		base_key_set(v, n, st->dev, st->ino);
	}
	if (!base_dir_is_watched(dir))
		n->flags |= NODE_UNWATCHED;
	*ret_node = n;
	return 0;
}

void node_entry(struct view *v, struct node *n, struct entry *ret)
{
	n->n_refs++;
	*ret = (struct entry){
		.id = n->id,
		.generation = node_generation(v, n),
		.attr = n->attr,
		.cacheable = node_is_cacheable(n),
	};
}
