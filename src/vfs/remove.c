/* Removing names. */
#include <errno.h>
#include <sys/stat.h>

#include "base/path.h"
#include "vfs/dir.h"
#include "vfs/names.h"
#include "vfs/remove.h"
#include "vfs/view_state.h"

int remove_check_empty(struct view *v, struct node *dir)
{
	int r = dir_complete(v, dir);

	if (r < 0)
		return r;
	return dir->dir->n_visible ? -ENOTEMPTY : 0;
}

static int remove_in(struct view *v, struct node *dir, const char *name, size_t len,
		     bool want_dir)
{
	struct name *e;
	struct node *n;
	int r = names_check_dir(dir);

	if (r == 0)
		r = dir_resolve(v, dir, name, len, &e);
	if (r == 0 && (!e || e->kind == NAME_WHITEOUT))
		r = -ENOENT;
	if (r < 0)
		return r;
	n = e->node;
	if (want_dir && !node_is_dir(n))
		return -ENOTDIR;
	if (!want_dir && node_is_dir(n))
		return -EISDIR;
	if (want_dir)
		r = remove_check_empty(v, n);
	if (r == 0)
		r = node_ensure_row(v, dir);
	if (r == 0)
		r = names_detach(v, e);
	if (r == 0)
		r = names_lost_one(v, n);
	if (r < 0)
		return r;
	if (want_dir)
		names_count_subdir(v, dir, -1);
	node_stamp_mtime(v, dir);
	return 0;
}

static int remove_name(struct view *v, uint64_t dir_id, const char *name, size_t len,
		       bool want_dir)
{
	struct node *dir;
	int r = path_check_name(name, len);

	if (r < 0)
		return r;
	if (v->read_only)
		return -EROFS;
	dir = view_hold_all(v, dir_id);
	if (!dir)
		return -ESTALE;
	r = remove_in(v, dir, name, len, want_dir);
	view_drop(v);
	flush_if_much(v);
	return r;
}

int view_unlink(struct view *v, uint64_t dir, const char *name, size_t len)
{
	return remove_name(v, dir, name, len, false);
}

int view_rmdir(struct view *v, uint64_t dir, const char *name, size_t len)
{
	return remove_name(v, dir, name, len, true);
}
