#include "vfs/names.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "vfs/dir.h"
#include "vfs/view_state.h"

int names_check_dir(const struct node *dir)
{
	if (!node_is_dir(dir))
		return -ENOTDIR;
	return dir->flags & NODE_ORPHAN ? -ENOENT : 0;
}

static int remove_whiteout(struct view *v, const struct name *e)
{
	struct buf path = BUF_INIT;
	int r = base_path_of(e->dir->base_dir, e->bytes, e->len, &path);

	if (r == 0)
		r = changes_delete_whiteout(v, path.data, path.len);
	buf_release(&path);
	return r;
}

int names_attach(struct view *v, struct node *dir, const char *name, size_t len,
		 struct name *e, struct node *n)
{
	int r = 0;

	if (!e)
		r = dir_add(v, dir, name, len, NAME_DELTA, &e);
	else if (e->kind == NAME_WHITEOUT)
		r = remove_whiteout(v, e);
	if (r < 0)
		return r;
	name_set_kind(e, NAME_DELTA);
	e->row = n->row;
	name_set_node(e, n);
	return changes_put_name(v, e);
}

/* What the base has under the name. -ENOENT: nothing. */
static int base_entry(const struct name *e, struct whiteout_row *row)
{
	struct base_stat st;
	int r;

	if (!e->dir->base_dir)
		return -ENOENT;
	r = base_stat(e->dir->base_dir, e->bytes, e->len, &st);
	if (r < 0)
		return r == -ENOTDIR ? -ENOENT : r;
	row->mode = st.mode;
	fingerprint_from(&row->base, &st);
	return 0;
}

static int put_whiteout(struct view *v, const struct name *e, struct whiteout_row *row)
{
	struct buf path = BUF_INIT;
	int r = base_path_of(e->dir->base_dir, e->bytes, e->len, &path);

	if (r == 0) {
		row->path = path.data;
		row->path_len = path.len;
		r = changes_put_whiteout(v, row);
	}
	buf_release(&path);
	return r;
}

int names_detach(struct view *v, struct name *e)
{
	struct whiteout_row row = {0};
	int r = base_entry(e, &row);
	bool in_base = r == 0;

	if (r < 0 && r != -ENOENT)
		return r;
	if (in_base) {
		r = put_whiteout(v, e, &row);
		if (r < 0)
			return r;
	}
	if (e->kind == NAME_DELTA) {
		r = changes_delete_name(v, e);
		if (r < 0)
			return r;
	}
	name_set_node(e, NULL);
	if (!in_base) {
		dir_remove(v, e);
		return 0;
	}
	name_set_kind(e, NAME_WHITEOUT);
	e->row = 0;
	e->stored = false;
	return 0;
}

int names_lost_one(struct view *v, struct node *n)
{
	int r = 0;

	if (node_is_dir(n) || n->attr.nlink <= 1) {
		n->attr.nlink = 0;
		n->flags |= NODE_ORPHAN;
		if (n->dir)
			n->dir->parent = v->root;
	} else {
		n->attr.nlink--;
		n->nlink_diff--;
		r = node_ensure_row(v, n); /* to remember that */
	}
	if (n->row && r == 0)
		node_stamp_ctime(v, n);
	node_reap(v, n);
	return r;
}

void names_count_subdir(struct view *v, struct node *dir, int difference)
{
	dir->nlink_diff += difference;
	if (dir->attr.nlink > 1)
		dir->attr.nlink += (uint32_t)difference;
	node_touch(v, dir);
}
