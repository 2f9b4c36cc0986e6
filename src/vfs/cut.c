#include "vfs/cut.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "vfs/content.h"
#include "vfs/dir.h"
#include "vfs/view_state.h"
#include "vfs/xattr.h"

/* One node's state at the moment of the cut. */
struct image {
	struct node *node;
	struct inode_row row;
	char *path;	    /* the row's base path */
	const char *target; /* of a new symlink; borrowed from the pinned node */
	size_t target_len;
	struct content *content; /* borrowed from the pinned node; NULL: not dirty */
	struct xattrs *xattrs;
};

struct cut {
	struct image *images;
	size_t n_images;
	struct changes changes;
};

static void image_release(struct image *image)
{
	free(image->path);
	xattrs_free(image->xattrs);
}

/* Everything that can fail for one node, without touching it yet. */
static int image_prepare(struct view *v, struct node *n, struct image *image)
{
	struct buf path = BUF_INIT;
	int r;

	image->node = n;
	r = node_to_row(v, n, &image->row, &path);
	if (r < 0) {
		buf_release(&path);
		return r;
	}
	image->path = buf_take(&path);
	image->row.base_path = image->row.base_path_len ? image->path : NULL;
	if (n->xattrs && n->xattrs->dirty)
		r = xattrs_cut(n->xattrs, &image->xattrs);
	return r;
}

/* The node's dirty state becomes the image's. */
static void image_take(struct node *n, struct image *image)
{
	if (n->flags & NODE_TARGET_DIRTY) {
		image->target = n->target;
		image->target_len = n->target_len;
	}
	if (n->content && content_is_dirty(n->content)) {
		content_cut(n->content);
		image->content = n->content;
	}
	if (image->xattrs)
		xattrs_cut_taken(n->xattrs);
	n->flags &= ~(uint32_t)(NODE_DIRTY | NODE_ROW_DIRTY | NODE_TARGET_DIRTY);
	n->flags |= NODE_STORED;
	n->n_pins++;
}

static void mark_stored(const struct changes *changes, struct view *v)
{
	struct dentry_change *d, *next;

	HASH_ITER (hh, changes->dentries, d, next) {
		struct node *dir = node_by_row(v, d->key.dir);
		struct name *name;

		if (!dir || !dir->dir)
			continue;
		name = dir_find(dir->dir, d->key.name, d->key_len - sizeof(d->key));
		if (name && d->row)
			name->stored = true;
	}
}

int cut_take(struct view *v, struct cut **ret_cut)
{
	struct cut *cut;
	size_t i = 0;
	int r = 0;

	if (v->n_dirty == 0 && v->changes.n_changes == 0) {
		*ret_cut = NULL;
		return 0;
	}
	cut = calloc(1, sizeof(*cut));
	if (!cut)
		return -ENOMEM;
	cut->images = calloc((size_t)v->n_dirty + 1, sizeof(*cut->images));
	if (!cut->images)
		r = -ENOMEM;
	for (struct node *n = v->dirty.dirty_next; r == 0 && n != &v->dirty;
	     n = n->dirty_next) {
		r = image_prepare(v, n, &cut->images[i]);
		cut->n_images = ++i;
	}
	if (r < 0) {
		for (i = 0; cut->images && i < cut->n_images; i++)
			image_release(&cut->images[i]);
		free(cut->images);
		free(cut);
		return r;
	}
	for (i = 0; i < cut->n_images; i++)
		image_take(cut->images[i].node, &cut->images[i]);
	v->dirty.dirty_next = v->dirty.dirty_prev = &v->dirty;
	v->n_dirty = 0;
	changes_move(&v->changes, &cut->changes);
	mark_stored(&cut->changes, v);
	*ret_cut = cut;
	return 0;
}

static int store_image(struct store_branch *b, const struct image *image)
{
	int64_t row = image->row.ino;
	int r = store_inode_put(b, &image->row);

	if (r == 0 && image->target)
		r = store_symlink_put(b, row, image->target, image->target_len);
	if (r == 0 && image->content)
		r = content_store(b, row, image->content);
	if (r == 0 && image->xattrs)
		r = xattrs_store(b, row, image->xattrs);
	return r;
}

static int store_names(struct store_branch *b, const struct changes *c)
{
	struct dentry_change *d, *next;
	int r = 0;

	HASH_ITER (hh, c->dentries, d, next) {
		size_t len = d->key_len - sizeof(d->key);

		r = d->row ? store_dentry_put(b, d->key.dir, d->key.name, len, d->row)
			   : store_dentry_delete(b, d->key.dir, d->key.name, len);
		if (r < 0)
			return r;
	}
	return 0;
}

static int store_whiteouts(struct store_branch *b, const struct changes *c)
{
	struct whiteout_change *w, *next;
	int r = 0;

	HASH_ITER (hh, c->whiteouts, w, next) {
		r = w->put ? store_whiteout_put(b, &w->row)
			   : store_whiteout_delete(b, w->path, w->row.path_len);
		if (r < 0)
			return r;
	}
	return 0;
}

int cut_store(struct view *v, const struct cut *cut)
{
	struct store_branch *b = v->branch;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cut->n_images; i++)
		r = store_image(b, &cut->images[i]);
	if (r == 0)
		r = store_names(b, &cut->changes);
	if (r == 0)
		r = store_whiteouts(b, &cut->changes);
	for (size_t i = 0; r == 0 && i < cut->changes.n_removed; i++)
		r = store_inode_delete(b, cut->changes.removed[i]);
	return r;
}

void cut_done(struct view *v, struct cut *cut)
{
	for (size_t i = 0; i < cut->n_images; i++) {
		struct node *n = cut->images[i].node;

		if (cut->images[i].content)
			content_cut_done(v, n->content);
		image_release(&cut->images[i]);
		n->n_pins--;
		if (n->n_refs == 0 && n->n_pins == 0 && n->flags & NODE_ORPHAN)
			node_reap(v, n);
	}
	free(cut->images);
	changes_release(&cut->changes);
	free(cut);
}
