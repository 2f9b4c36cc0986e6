/*
 * Renaming. The moved object gets a row (its content stays where it is), so a renamed
 * directory of the base is one row that names its base path, whatever it contains.
 */
#include <errno.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include "base/path.h"
#include "vfs/dir.h"
#include "vfs/names.h"
#include "vfs/remove.h"
#include "vfs/view_state.h"

/* True if `dir` is `top` or lies below it. */
static bool is_below(const struct view *v, struct node *dir, const struct node *top)
{
	while (dir != top && dir != v->root)
		dir = dir->names ? dir->names->dir : v->root;
	return dir == top;
}

static bool is_visible(const struct name *e)
{
	return e && e->kind != NAME_WHITEOUT;
}

static int check_replaced(struct view *v, const struct node *moved, struct node *old)
{
	if (node_is_dir(moved))
		return node_is_dir(old) ? remove_check_empty(v, old) : -ENOTDIR;
	return node_is_dir(old) ? -EISDIR : 0;
}

static int ensure_rows(struct view *v, struct node *a, struct node *b, struct node *c)
{
	int r = node_ensure_row(v, a);

	if (r == 0)
		r = node_ensure_row(v, b);
	if (r == 0)
		r = node_ensure_row(v, c);
	return r;
}

struct move {
	struct node *from_dir, *to_dir;
	struct name *from, *to; /* to: NULL, a whiteout, or what is replaced */
};

static int move(struct view *v, const struct move *m, const struct rename *rename)
{
	struct node *n = m->from->node, *old = is_visible(m->to) ? m->to->node : NULL;
	bool is_dir = node_is_dir(n);
	int r = 0;

	if (old)
		r = check_replaced(v, n, old);
	if (r == 0)
		r = ensure_rows(v, n, m->from_dir, m->to_dir);
	if (r < 0)
		return r;
	if (old)
		name_set_node(m->to, NULL);
	r = names_detach(v, m->from);
	if (r == 0)
		r = names_attach(v, m->to_dir, rename->to_name, rename->to_len, m->to,
				 n);
	if (old && r == 0)
		r = names_lost_one(v, old);
	if (r < 0)
		return r;
	if (is_dir && (old || m->from_dir != m->to_dir))
		names_count_subdir(v, m->from_dir, -1);
	if (is_dir && !old && m->from_dir != m->to_dir)
		names_count_subdir(v, m->to_dir, 1);
	node_stamp_ctime(v, n);
	node_stamp_mtime(v, m->from_dir);
	node_stamp_mtime(v, m->to_dir);
	return 0;
}

static int exchange(struct view *v, const struct move *m)
{
	struct node *a = m->from->node, *b = m->to->node;
	int r = ensure_rows(v, a, b, m->from_dir);

	if (r == 0)
		r = node_ensure_row(v, m->to_dir);
	if (r < 0)
		return r;
	name_set_node(m->from, NULL);
	name_set_node(m->to, NULL);
	r = names_attach(v, m->from_dir, NULL, 0, m->from, b);
	if (r == 0)
		r = names_attach(v, m->to_dir, NULL, 0, m->to, a);
	if (r < 0)
		return r;
	if (node_is_dir(a) != node_is_dir(b) && m->from_dir != m->to_dir) {
		names_count_subdir(v, m->from_dir, node_is_dir(b) ? 1 : -1);
		names_count_subdir(v, m->to_dir, node_is_dir(a) ? 1 : -1);
	}
	node_stamp_ctime(v, a);
	node_stamp_ctime(v, b);
	node_stamp_mtime(v, m->from_dir);
	node_stamp_mtime(v, m->to_dir);
	return 0;
}

static int rename_in(struct view *v, struct move *m, const struct rename *rename)
{
	struct node *n;
	int r = names_check_dir(m->from_dir);

	if (r == 0)
		r = names_check_dir(m->to_dir);
	if (r == 0)
		r = dir_resolve(v, m->from_dir, rename->from_name, rename->from_len,
				&m->from);
	if (r == 0 && !is_visible(m->from))
		r = -ENOENT;
	if (r == 0)
		r = dir_resolve(v, m->to_dir, rename->to_name, rename->to_len, &m->to);
	if (r < 0)
		return r;
	n = m->from->node;
	if (rename->flags & RENAME_NOREPLACE && is_visible(m->to))
		return -EEXIST;
	if (rename->flags & RENAME_EXCHANGE && !is_visible(m->to))
		return -ENOENT;
	if (is_visible(m->to) && m->to->node == n)
		return 0; /* two names of one file: nothing to do, says POSIX */
	if (node_is_dir(n) && is_below(v, m->to_dir, n))
		return -EINVAL;
	if (rename->flags & RENAME_EXCHANGE) {
		if (node_is_dir(m->to->node) && is_below(v, m->from_dir, m->to->node))
			return -EINVAL;
		return exchange(v, m);
	}
	return move(v, m, rename);
}

int view_rename(struct view *v, const struct rename *rename)
{
	struct move m = {0};
	int r = path_check_name(rename->from_name, rename->from_len);

	if (r == 0)
		r = path_check_name(rename->to_name, rename->to_len);
	if (r < 0)
		return r;
	if (rename->flags & ~(uint32_t)(RENAME_NOREPLACE | RENAME_EXCHANGE) ||
	    rename->flags == (RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	if (v->read_only)
		return -EROFS;
	m.from_dir = view_hold_all(v, rename->from_dir);
	if (!m.from_dir)
		return -ESTALE;
	m.to_dir = node_find(v, rename->to_dir);
	r = m.to_dir ? rename_in(v, &m, rename) : -ESTALE;
	view_drop(v);
	flush_if_much(v);
	return r;
}
