/*
 * The name tables of directories: hash for look-ups, an array in cookie order for
 * listings. Removed names leave empty places in the array, which is packed when half of
 * it is empty; the order, and so every cookie, stays.
 */
#include "vfs/dir.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "base/clock.h"
#include "base/error.h"
#include "vfs/view_state.h"

static uint32_t hash_name(const char *name, size_t len)
{
	return (uint32_t)XXH3_64bits(name, len);
}

int dir_new(struct node *parent, struct dir **ret_dir)
{
	struct dir *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->parent = parent;
	d->next_cookie = DIR_COOKIE_FIRST;
	*ret_dir = d;
	return 0;
}

static int64_t name_bytes(const struct name *name)
{
	return (int64_t)(sizeof(*name) + name->len + 3 * sizeof(void *));
}

struct dir *dir_free(struct view *v, struct dir *d)
{
	if (!d)
		return NULL;
	for (size_t i = 0; i < d->n_order; i++) {
		struct name *name = d->order[i].name;

		if (!name)
			continue;
		invariant(!name->node);
		v->cache_bytes -= name_bytes(name);
		free(name);
	}
	free(d->order);
	free(d->buckets);
	free(d);
	return NULL;
}

struct name *dir_find(const struct dir *d, const char *name, size_t len)
{
	uint32_t hash;
	struct name *e;

	if (!d->n_buckets)
		return NULL;
	hash = hash_name(name, len);
	for (e = d->buckets[hash & (d->n_buckets - 1)]; e; e = e->next_hash)
		if (e->hash == hash && e->len == len &&
		    memcmp(e->bytes, name, len) == 0)
			return e;
	return NULL;
}

struct name *dir_next(const struct dir *d, uint64_t cookie)
{
	size_t low = 0, high = d->n_order;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (d->order[mid].cookie > cookie)
			high = mid;
		else
			low = mid + 1;
	}
	for (; low < d->n_order; low++) {
		struct name *name = d->order[low].name;

		if (name && name->kind != NAME_WHITEOUT)
			return name;
	}
	return NULL;
}

static int grow_buckets(struct dir *d)
{
	uint32_t n = d->n_buckets ? d->n_buckets * 2 : 8;
	struct name **buckets;

	if (d->n_names < d->n_buckets)
		return 0;
	buckets = calloc(n, sizeof(*buckets));
	if (!buckets)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->n_buckets; i++) {
		struct name *next, *e;

		for (e = d->buckets[i]; e; e = next) {
			next = e->next_hash;
			e->next_hash = buckets[e->hash & (n - 1)];
			buckets[e->hash & (n - 1)] = e;
		}
	}
	free(d->buckets);
	d->buckets = buckets;
	d->n_buckets = n;
	return 0;
}

static int grow_order(struct dir *d)
{
	size_t capacity = d->order_capacity ? d->order_capacity * 2 : 8;
	struct dir_slot *order;

	if (d->n_order < d->order_capacity)
		return 0;
	order = realloc(d->order, capacity * sizeof(*order));
	if (!order)
		return -ENOMEM;
	d->order = order;
	d->order_capacity = capacity;
	return 0;
}

static void pack_order(struct dir *d)
{
	size_t n = 0;

	if (d->n_dead < 16 || d->n_dead * 2 < d->n_order)
		return;
	for (size_t i = 0; i < d->n_order; i++)
		if (d->order[i].name)
			d->order[n++] = d->order[i];
	d->n_order = n;
	d->n_dead = 0;
}

int dir_add(struct view *v, struct node *dir, const char *name, size_t len,
	    enum name_kind kind, struct name **ret_name)
{
	struct dir *d = dir->dir;
	struct name *e;
	int r;

	r = grow_buckets(d);
	if (r == 0)
		r = grow_order(d);
	if (r < 0)
		return r;
	e = calloc(1, sizeof(*e) + len);
	if (!e)
		return -ENOMEM;
	e->dir = dir;
	e->kind = (uint8_t)kind;
	e->len = (uint8_t)len;
	memcpy(e->bytes, name, len);
	e->hash = hash_name(name, len);
	e->cookie = d->next_cookie++;
	e->next_hash = d->buckets[e->hash & (d->n_buckets - 1)];
	d->buckets[e->hash & (d->n_buckets - 1)] = e;
	d->order[d->n_order++] = (struct dir_slot){e->cookie, e};
	d->n_names++;
	if (kind != NAME_WHITEOUT)
		d->n_visible++;
	v->cache_bytes += name_bytes(e);
	*ret_name = e;
	return 0;
}

static struct dir_slot *find_slot(struct dir *d, uint64_t cookie)
{
	size_t low = 0, high = d->n_order;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (d->order[mid].cookie < cookie)
			low = mid + 1;
		else
			high = mid;
	}
	invariant(low < d->n_order && d->order[low].cookie == cookie);
	return &d->order[low];
}

void dir_remove(struct view *v, struct name *name)
{
	struct dir *d = name->dir->dir;
	struct name **link = &d->buckets[name->hash & (d->n_buckets - 1)];

	name_set_node(name, NULL);
	while (*link != name)
		link = &(*link)->next_hash;
	*link = name->next_hash;
	find_slot(d, name->cookie)->name = NULL;
	d->n_dead++;
	d->n_names--;
	if (name->kind != NAME_WHITEOUT)
		d->n_visible--;
	pack_order(d);
	v->cache_bytes -= name_bytes(name);
	free(name);
}

void name_set_kind(struct name *name, enum name_kind kind)
{
	struct dir *d = name->dir->dir;

	if (name->kind == NAME_WHITEOUT && kind != NAME_WHITEOUT)
		d->n_visible++;
	if (name->kind != NAME_WHITEOUT && kind == NAME_WHITEOUT)
		d->n_visible--;
	name->kind = (uint8_t)kind;
}

void name_set_node(struct name *name, struct node *node)
{
	struct node *old = name->node;
	struct name **link;

	if (old == node)
		return;
	if (old) {
		for (link = &old->names; *link != name;)
			link = &(*link)->next_same;
		*link = name->next_same;
		name->next_same = NULL;
		name->mode = old->attr.mode & S_IFMT;
		name->base_ino = old->attr.ino;
	}
	name->node = node;
	if (node) {
		name->next_same = node->names;
		node->names = name;
		if (node->dir)
			node->dir->parent = name->dir;
	}
}

/* ---- loading ---- */

struct load {
	struct view *v;
	struct node *dir;
};

static int load_dentry(void *arg, const char *name, size_t len,
		       const struct inode_row *row)
{
	struct load *load = arg;
	struct name *e = dir_find(load->dir->dir, name, len);
	struct node *n;
	int r = 0;

	if (!e)
		r = dir_add(load->v, load->dir, name, len, NAME_DELTA, &e);
	if (r < 0)
		return r;
	e->row = row->ino;
	e->stored = true;
	r = node_from_row(load->v, row, &n);
	if (r == 0)
		name_set_node(e, n);
	return r;
}

static int load_whiteout(void *arg, const char *name, size_t len,
			 const struct whiteout_row *row)
{
	struct load *load = arg;
	struct name *e;

	(void)row;
	/* A name that was made again covers the base's by itself. */
	if (dir_find(load->dir->dir, name, len))
		return 0;
	return dir_add(load->v, load->dir, name, len, NAME_WHITEOUT, &e);
}

int dir_load(struct view *v, struct node *dir)
{
	struct load load = {v, dir};
	struct buf path = BUF_INIT;
	int r = 0;

	if (!dir->dir) {
		struct node *parent = dir->names ? dir->names->dir : dir;

		r = dir_new(parent, &dir->dir);
		if (r < 0)
			return r;
	}
	if (dir->dir->loaded)
		return 0;
	if (dir->flags & NODE_STORED) {
		v->n_store_loads++;
		r = store_dir_load(v->branch, dir->row, load_dentry, &load);
	}
	if (r == 0 && dir->base_dir && v->has_whiteouts) {
		r = base_dir_path(dir->base_dir, &path);
		if (r == 0)
			r = store_whiteouts_load(v->branch, path.data, path.len,
						 load_whiteout, &load);
		buf_release(&path);
	}
	if (r == 0)
		dir->dir->loaded = true;
	return r;
}

static int complete_entry(void *arg, const char *name, size_t len, uint64_t ino,
			  unsigned char type)
{
	struct load *load = arg;
	struct name *e;
	int r;

	if (dir_find(load->dir->dir, name, len))
		return 0;
	r = dir_add(load->v, load->dir, name, len, NAME_BASE, &e);
	if (r < 0)
		return r;
	e->base_ino = ino;
	e->mode = DTTOIF(type);
	return 0;
}

int dir_complete(struct view *v, struct node *dir)
{
	struct load load = {v, dir};
	int r = dir_load(v, dir);

	if (r < 0 || dir->dir->complete)
		return r;
	if (dir->base_dir) {
		r = base_list(dir->base_dir, complete_entry, &load);
		if (r == -ENOENT || r == -ENOTDIR)
			r = 0; /* the host took the directory: nothing left in it */
	}
	if (r == 0)
		dir->dir->complete =
			!dir->base_dir || base_dir_is_watched(dir->base_dir);
	return r;
}

/* ---- look-up ---- */

static int instantiate_delta(struct view *v, struct name *name)
{
	struct buf path = BUF_INIT;
	struct inode_row row;
	struct node *n = node_by_row(v, name->row);
	int r = 0;

	if (!n) {
		v->n_store_loads++;
		r = store_inode_get(v->branch, name->row, &row, &path);
		if (r == 0)
			r = node_from_row(v, &row, &n);
		buf_release(&path);
	}
	if (r == 0)
		name_set_node(name, n);
	return r;
}

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENOTDIR;
}

static int instantiate_base(struct view *v, struct name *name)
{
	struct base_dir *dir = name->dir->base_dir;
	struct base_stat st;
	struct node *n;
	int r;

	v->n_base_lookups++;
	r = base_stat(dir, name->bytes, name->len, &st);
	if (is_gone(r)) {
		dir_remove(v, name);
		return -ENOENT;
	}
	if (r == 0)
		r = node_from_base(v, dir, name->bytes, name->len, &st, &n);
	if (r == 0)
		name_set_node(name, n);
	return r;
}

/* An object whose host edits nobody tells is looked at again when it is asked for. */
static int recheck_base(struct view *v, struct name *name)
{
	struct node *n = name->node;
	struct base_stat st;
	int r;

	r = base_stat(name->dir->base_dir, name->bytes, name->len, &st);
	if (r == 0 && st.ino == n->base.ino && st.dev == n->base.dev &&
	    (st.mode & S_IFMT) == (n->attr.mode & S_IFMT)) {
		node_refresh(v, n, &st);
		return 0;
	}
	if (r < 0 && !is_gone(r))
		return r;
	name_set_node(name, NULL);
	n->flags |= NODE_GONE;
	node_reap(v, n);
	if (is_gone(r)) {
		dir_remove(v, name);
		return -ENOENT;
	}
	return instantiate_base(v, name);
}

int name_instantiate(struct view *v, struct name *name)
{
	struct node *n = name->node;

	if (n && (node_is_cacheable(n) || name->kind != NAME_BASE ||
		  clock_monotonic_ns() - n->checked_ns < UNWATCHED_NS))
		return 0;
	if (n)
		return recheck_base(v, name);
	return name->kind == NAME_DELTA ? instantiate_delta(v, name)
					: instantiate_base(v, name);
}

static int resolve_in_base(struct view *v, struct node *dir, const char *name,
			   size_t len, struct name **ret_name)
{
	struct base_stat st;
	struct name *e;
	struct node *n;
	int r;

	*ret_name = NULL;
	if (!dir->base_dir || dir->dir->complete)
		return 0;
	v->n_base_lookups++;
	r = base_stat(dir->base_dir, name, len, &st);
	if (is_gone(r))
		return 0;
	if (r == 0)
		r = node_from_base(v, dir->base_dir, name, len, &st, &n);
	if (r == 0)
		r = dir_add(v, dir, name, len, NAME_BASE, &e);
	if (r < 0)
		return r;
	name_set_node(e, n);
	*ret_name = e;
	return 0;
}

int dir_resolve(struct view *v, struct node *dir, const char *name, size_t len,
		struct name **ret_name)
{
	struct name *e;
	int r = dir_load(v, dir);

	if (r < 0)
		return r;
	e = dir_find(dir->dir, name, len);
	if (e && e->kind != NAME_WHITEOUT) {
		r = name_instantiate(v, e);
		if (r == -ENOENT) {
			e = NULL;
			r = 0;
		}
		if (r < 0)
			return r;
	} else if (!e) {
		return resolve_in_base(v, dir, name, len, ret_name);
	}
	*ret_name = e;
	return 0;
}
