/* Making names: files, directories, links, nodes of all kinds. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/path.h"
#include "vfs/dir.h"
#include "vfs/names.h"
#include "vfs/view_state.h"

#define DIR_SIZE   4096
#define NLINK_MAX  65000
#define TARGET_MAX 4095

struct creation {
	uint32_t mode;
	uint64_t rdev;
	struct owner owner;
	const char *target; /* symlinks */
};

static int new_node(struct view *v, const struct node *dir, const struct creation *c,
		    struct node **ret_node)
{
	int64_t row, now = clock_real_ns();
	bool is_dir = S_ISDIR(c->mode);
	struct node *n;
	int r = view_new_row(v, &row);

	if (r == 0)
		r = node_new(v, c->mode, &n);
	if (r < 0)
		return r;
	if (c->target) {
		n->target = strdup(c->target);
		n->target_len = strlen(c->target);
		n->flags |= NODE_TARGET_DIRTY;
		if (!n->target) {
			node_free(v, n);
			return -ENOMEM;
		}
	}
	n->attr = (struct attr){
		.ino = INO_DELTA_FIRST + (uint64_t)row,
		.mode = c->mode,
		.nlink = is_dir ? 2 : 1,
		.uid = c->owner.uid,
		.gid = c->owner.gid,
		.rdev = c->rdev,
		.size = is_dir ? DIR_SIZE : (int64_t)n->target_len,
		.blocks = is_dir ? DIR_SIZE / 512 : 0,
		.atime_ns = now,
		.mtime_ns = now,
		.ctime_ns = now,
		.btime_ns = now,
	};
	if (dir->attr.mode & S_ISGID) {
		n->attr.gid = dir->attr.gid;
		if (is_dir)
			n->attr.mode |= S_ISGID;
	}
	n->flags |= NODE_XATTR_HINTS;
	node_set_row(v, n, row);
	node_touch(v, n);
	*ret_node = n;
	return 0;
}

/* Undoes new_node after a failure: nothing of it is known to anybody yet. */
static void abandon(struct view *v, struct node *n)
{
	n->flags |= NODE_ORPHAN;
	while (n->names)
		name_set_node(n->names, NULL);
	node_reap(v, n);
}

static int create_in(struct view *v, struct node *dir, const char *name, size_t len,
		     const struct creation *c, struct entry *ret)
{
	struct name *e;
	struct node *n;
	int r = names_check_dir(dir);

	if (r == 0)
		r = dir_resolve(v, dir, name, len, &e);
	if (r == 0 && e && e->kind != NAME_WHITEOUT)
		r = -EEXIST;
	if (r == 0)
		r = node_ensure_row(v, dir);
	if (r == 0)
		r = new_node(v, dir, c, &n);
	if (r < 0)
		return r;
	if (S_ISDIR(c->mode) && e)
		n->flags |= NODE_OPAQUE;
	r = names_attach(v, dir, name, len, e, n);
	if (r < 0) {
		abandon(v, n);
		return r;
	}
	if (S_ISDIR(c->mode))
		names_count_subdir(v, dir, 1);
	node_stamp_mtime(v, dir);
	node_entry(v, n, ret);
	return 0;
}

static int create(struct view *v, uint64_t dir_id, const char *name, size_t len,
		  const struct creation *c, struct entry *ret)
{
	struct node *dir;
	int r = path_check_name(name, len);

	if (r == -EINVAL && len > 0 && name[0] == '.')
		return -EEXIST; /* "." and ".." are always there */
	if (r == 0)
		r = flush_admit(v, 0);
	if (r < 0)
		return r;
	dir = view_hold_all(v, dir_id);
	if (!dir)
		return -ESTALE;
	r = create_in(v, dir, name, len, c, ret);
	view_drop(v);
	return r;
}

int view_mknod(struct view *v, uint64_t dir, const char *name, size_t len,
	       const struct new_object *o, struct entry *ret)
{
	bool device = S_ISCHR(o->mode) || S_ISBLK(o->mode);
	struct creation c = {o->mode, device ? o->rdev : 0, o->owner, NULL};

	if (!device && !S_ISREG(o->mode) && !S_ISFIFO(o->mode) && !S_ISSOCK(o->mode))
		return -EINVAL;
	return create(v, dir, name, len, &c, ret);
}

int view_mkdir(struct view *v, uint64_t dir, const char *name, size_t len,
	       uint32_t mode, struct owner owner, struct entry *ret)
{
	struct creation c = {S_IFDIR | (mode & 07777), 0, owner, NULL};

	return create(v, dir, name, len, &c, ret);
}

int view_symlink(struct view *v, uint64_t dir, const char *name, size_t len,
		 const char *target, struct owner owner, struct entry *ret)
{
	struct creation c = {S_IFLNK | 0777, 0, owner, target};

	if (target[0] == '\0')
		return -ENOENT;
	if (strlen(target) > TARGET_MAX)
		return -ENAMETOOLONG;
	return create(v, dir, name, len, &c, ret);
}

static int link_in(struct view *v, struct node *n, struct node *dir, const char *name,
		   size_t len)
{
	bool nameless = n->flags & NODE_ORPHAN;
	struct name *e;
	int r = names_check_dir(dir);

	if (r == 0 && node_is_dir(n))
		r = -EPERM;
	if (r == 0 && n->attr.nlink >= NLINK_MAX)
		r = -EMLINK;
	if (r == 0)
		r = dir_resolve(v, dir, name, len, &e);
	if (r == 0 && e && e->kind != NAME_WHITEOUT)
		r = -EEXIST;
	if (r == 0)
		r = node_ensure_row(v, dir);
	if (r == 0)
		r = node_ensure_row(v, n);
	if (r == 0)
		r = names_attach(v, dir, name, len, e, n);
	if (r < 0)
		return r;
	n->flags &= ~(uint32_t)NODE_ORPHAN;
	n->attr.nlink = nameless ? 1 : n->attr.nlink + 1;
	n->nlink_diff++;
	node_stamp_ctime(v, n);
	node_stamp_mtime(v, dir);
	return 0;
}

int view_link(struct view *v, uint64_t id, uint64_t dir_id, const char *name,
	      size_t len, struct entry *ret)
{
	struct node *n, *dir;
	int r = path_check_name(name, len);

	if (r == 0)
		r = flush_admit(v, 0);
	if (r < 0)
		return r;
	dir = view_hold_all(v, dir_id);
	if (!dir)
		return -ESTALE;
	n = node_find(v, id);
	r = n ? link_in(v, n, dir, name, len) : -ESTALE;
	if (r == 0)
		node_entry(v, n, ret);
	view_drop(v);
	return r;
}

int view_tmpfile(struct view *v, uint64_t dir_id, uint32_t mode, struct owner owner,
		 struct entry *ret)
{
	struct creation c = {S_IFREG | (mode & 07777), 0, owner, NULL};
	struct node *dir, *n;
	int r = flush_admit(v, 0);

	if (r < 0)
		return r;
	dir = view_hold_all(v, dir_id);
	if (!dir)
		return -ESTALE;
	r = names_check_dir(dir);
	if (r == 0)
		r = new_node(v, dir, &c, &n);
	if (r == 0) {
		n->attr.nlink = 0;
		n->flags |= NODE_ORPHAN;
		node_entry(v, n, ret);
	}
	view_drop(v);
	return r;
}
