/* Listing directories, by cookies (see dir.h). */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "vfs/dir.h"
#include "vfs/view_state.h"

struct listing {
	struct view *v;
	struct node *dir;
	bool plus;
	view_dir_fn each;
	void *arg;
};

/* "." (1) or ".." (2). */
static int list_dot(const struct listing *l, uint64_t cookie)
{
	const struct node *n = cookie == 1 ? l->dir : l->dir->dir->parent;
	struct dir_entry e = {
		.name = "..",
		.len = (size_t)cookie,
		.ino = n->attr.ino,
		.mode = S_IFDIR,
		.cookie = cookie,
	};

	return l->each(l->arg, &e);
}

/* The number a base entry will have once it is looked at: its own, where that is sure.
 */
static uint64_t listed_ino(const struct name *name)
{
	return name->node ? name->node->attr.ino : name->base_ino;
}

static int list_name(const struct listing *l, struct name *name)
{
	struct node *n;
	struct dir_entry e = {
		.name = name->bytes,
		.len = name->len,
		.cookie = name->cookie,
	};
	int r = 0;

	/* Without a node the number is known only of base entries of the root's device
	 * (a mount point's entry has another): look at all others. */
	if (l->plus || (!name->node && name->kind == NAME_DELTA))
		r = name_instantiate(l->v, name);
	if (r == -ENOENT)
		return 0; /* the host took it away meanwhile */
	if (r < 0)
		return r;
	n = name->node;
	e.ino = listed_ino(name);
	e.mode = (n ? n->attr.mode : name->mode) & S_IFMT;
	if (l->plus)
		node_entry(l->v, n, &e.entry);
	r = l->each(l->arg, &e);
	if (l->plus && r != 0)
		n->n_refs--;
	return r;
}

static int list(const struct listing *l, uint64_t cookie)
{
	struct name *name;
	int r = 0;

	for (; r == 0 && cookie < DIR_COOKIE_FIRST - 1; cookie++)
		r = list_dot(l, cookie + 1);
	while (r == 0 && (name = dir_next(l->dir->dir, cookie))) {
		cookie = name->cookie;
		r = list_name(l, name);
	}
	return r < 0 ? r : 0;
}

int view_readdir(struct view *v, uint64_t dir_id, uint64_t cookie, bool plus,
		 view_dir_fn each, void *arg)
{
	struct listing l = {v, view_hold_all(v, dir_id), plus, each, arg};
	int r;

	if (!l.dir)
		return -ESTALE;
	r = node_is_dir(l.dir) ? dir_complete(v, l.dir) : -ENOTDIR;
	if (r == 0)
		r = list(&l, cookie);
	view_drop(v);
	return r;
}
