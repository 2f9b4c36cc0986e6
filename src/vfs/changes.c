#include "vfs/changes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vfs/dir.h"
#include "vfs/view_state.h"

void changes_release(struct changes *c)
{
	struct dentry_change *d, *next_d;
	struct whiteout_change *w, *next_w;

	HASH_ITER (hh, c->dentries, d, next_d) {
		HASH_DEL(c->dentries, d);
		free(d);
	}
	HASH_ITER (hh, c->whiteouts, w, next_w) {
		HASH_DEL(c->whiteouts, w);
		free(w);
	}
	free(c->removed);
	*c = (struct changes){0};
}

void changes_move(struct changes *from, struct changes *to)
{
	to->dentries = from->dentries;
	to->whiteouts = from->whiteouts;
	to->removed = from->removed;
	to->n_removed = from->n_removed;
	to->removed_capacity = from->removed_capacity;
	to->n_changes = from->n_changes;
	from->dentries = NULL;
	from->whiteouts = NULL;
	from->removed = NULL;
	from->n_removed = from->removed_capacity = 0;
	from->n_changes = 0;
}

static struct dentry_change *dentry_change_new(int64_t dir, const char *name,
					       size_t len)
{
	struct dentry_change *d = calloc(1, sizeof(*d) + len);

	if (!d)
		return NULL;
	d->key.dir = dir;
	memcpy(d->key.name, name, len);
	d->key_len = sizeof(d->key) + len;
	return d;
}

/* The change recorded for a name, made if there is none. */
static struct dentry_change *dentry_change_at(struct changes *c,
					      const struct name *name)
{
	struct dentry_change *d =
		dentry_change_new(name->dir->row, name->bytes, name->len);
	struct dentry_change *found;

	if (!d)
		return NULL;
	HASH_FIND(hh, c->dentries, &d->key, d->key_len, found);
	if (found) {
		free(d);
		return found;
	}
	d->stored = name->stored;
	HASH_ADD(hh, c->dentries, key, d->key_len, d);
	c->n_changes++;
	return d;
}

int changes_put_name(struct view *v, struct name *name)
{
	struct dentry_change *d = dentry_change_at(&v->changes, name);

	if (!d)
		return -ENOMEM;
	d->row = name->row;
	flush_poke(v);
	return 0;
}

int changes_delete_name(struct view *v, struct name *name)
{
	struct dentry_change *d = dentry_change_at(&v->changes, name);

	if (!d)
		return -ENOMEM;
	d->row = 0;
	if (!d->stored) {
		/* It came since the last cut: nothing to delete. */
		HASH_DEL(v->changes.dentries, d);
		free(d);
	}
	flush_poke(v);
	return 0;
}

static struct whiteout_change *whiteout_change_at(struct changes *c, const char *path,
						  size_t len)
{
	struct whiteout_change *w;

	HASH_FIND(hh, c->whiteouts, path, len, w);
	if (w)
		return w;
	w = calloc(1, sizeof(*w) + len + 1);
	if (!w)
		return NULL;
	memcpy(w->path, path, len);
	w->row.path = w->path;
	w->row.path_len = len;
	HASH_ADD_KEYPTR(hh, c->whiteouts, w->path, len, w);
	c->n_changes++;
	return w;
}

int changes_put_whiteout(struct view *v, const struct whiteout_row *row)
{
	struct whiteout_change *w;

	w = whiteout_change_at(&v->changes, row->path, row->path_len);
	if (!w)
		return -ENOMEM;
	w->put = true;
	w->row.mode = row->mode;
	w->row.base = row->base;
	v->has_whiteouts = true;
	flush_poke(v);
	return 0;
}

int changes_delete_whiteout(struct view *v, const char *path, size_t len)
{
	struct whiteout_change *w = whiteout_change_at(&v->changes, path, len);

	if (!w)
		return -ENOMEM;
	w->put = false;
	flush_poke(v);
	return 0;
}

int changes_remove_row(struct view *v, int64_t row)
{
	struct changes *c = &v->changes;

	if (c->n_removed == c->removed_capacity) {
		size_t capacity = c->removed_capacity ? c->removed_capacity * 2 : 64;
		int64_t *removed = realloc(c->removed, capacity * sizeof(*removed));

		if (!removed)
			return -ENOMEM;
		c->removed = removed;
		c->removed_capacity = capacity;
	}
	c->removed[c->n_removed++] = row;
	c->n_changes++;
	flush_poke(v);
	return 0;
}
