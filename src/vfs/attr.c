/* Attributes of nodes, and the targets of links. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "vfs/content.h"
#include "vfs/dir.h"
#include "vfs/view_state.h"
#include "vfs/xattr.h"

/* A base object of which nobody tells us anything is looked at again now and then. */
static void recheck(struct view *v, uint64_t id)
{
	struct node *n = view_hold_all(v, id);
	struct base_stat st;
	int r;

	if (!n)
		return;
	if (n->row == 0 && n->base_dir && !(n->flags & NODE_GONE) &&
	    clock_monotonic_ns() - n->checked_ns >= UNWATCHED_NS) {
		r = base_stat(n->base_dir, n->base_name ? n->base_name : "",
			      n->base_name_len, &st);
		if (r == 0 && st.ino == n->base.ino && st.dev == n->base.dev)
			node_refresh(v, n, &st);
	}
	view_drop(v);
}

int view_getattr(struct view *v, uint64_t id, struct attr *ret, bool *ret_cacheable)
{
	struct node *n = view_hold(v, id);

	if (!n)
		return -ESTALE;
	if (!node_is_cacheable(n)) {
		view_drop(v);
		recheck(v, id);
		n = view_hold(v, id);
		if (!n)
			return -ESTALE;
	}
	lock_take(&n->lock);
	*ret = n->attr;
	*ret_cacheable = node_is_cacheable(n);
	lock_drop(&n->lock);
	view_drop(v);
	return 0;
}

static uint32_t without_set_id(uint32_t mode)
{
	mode &= ~(uint32_t)S_ISUID;
	if (mode & S_IXGRP)
		mode &= ~(uint32_t)S_ISGID;
	return mode;
}

static void apply(struct view *v, struct node *n, uint32_t set,
		  const struct attr *values)
{
	struct attr *a = &n->attr;
	int64_t now = clock_real_ns();

	/* The kernel leaves it to us on every chown, whoever calls. */
	if (set & (ATTR_KILL_PRIV | ATTR_UID | ATTR_GID) && !node_is_dir(n))
		a->mode = without_set_id(a->mode);
	if (set & ATTR_MODE)
		a->mode = (a->mode & S_IFMT) | (values->mode & 07777);
	if (set & ATTR_UID)
		a->uid = values->uid;
	if (set & ATTR_GID)
		a->gid = values->gid;
	if (set & ATTR_SIZE)
		a->mtime_ns = now;
	if (set & ATTR_ATIME)
		a->atime_ns = values->atime_ns;
	if (set & ATTR_ATIME_NOW)
		a->atime_ns = now;
	if (set & ATTR_MTIME)
		a->mtime_ns = values->mtime_ns;
	if (set & ATTR_MTIME_NOW)
		a->mtime_ns = now;
	a->ctime_ns = set & ATTR_CTIME ? values->ctime_ns : now;
	node_touch(v, n);
}

static int check_size(const struct node *n, int64_t size)
{
	if (node_is_dir(n))
		return -EISDIR;
	if (!node_is_file(n) || size < 0)
		return -EINVAL;
	return size > FILE_SIZE_MAX ? -EFBIG : 0;
}

int view_setattr(struct view *v, uint64_t id, uint32_t set, const struct attr *values,
		 struct attr *ret)
{
	struct node *n;
	int r = view_hold_to_change(v, id, &n);

	if (r < 0)
		return r;
	if (set & ATTR_SIZE) {
		r = check_size(n, values->size);
		if (r == 0)
			r = content_truncate(v, n, values->size);
	}
	if (r == 0 && set & (ATTR_SIZE | ATTR_UID | ATTR_GID) && node_is_file(n))
		r = xattr_drop_capability(v, n);
	if (r == 0) {
		lock_take(&n->lock);
		apply(v, n, set, values);
		*ret = n->attr;
		lock_drop(&n->lock);
	}
	view_drop(v);
	flush_if_much(v);
	return r;
}

/* Brings the target into memory. View lock held, node lock not. */
static int load_target(struct view *v, struct node *n)
{
	struct buf target = BUF_INIT;
	size_t len;
	int r;

	if (n->row && !n->base_name)
		r = store_symlink_get(v->branch, n->row, &target);
	else
		r = base_readlink(n->base_dir, n->base_name, n->base_name_len, &target);
	if (r < 0) {
		buf_release(&target);
		return r;
	}
	len = target.len;
	lock_take(&n->lock);
	if (!n->target) {
		n->target = buf_take(&target);
		n->target_len = len;
	}
	lock_drop(&n->lock);
	buf_release(&target);
	return 0;
}

int view_readlink(struct view *v, uint64_t id, struct buf *ret_target)
{
	struct node *n = view_hold(v, id);
	int r = 0;
	bool have;

	if (!n)
		return -ESTALE;
	if (n->type != S_IFLNK) {
		view_drop(v);
		return -EINVAL;
	}
	lock_take(&n->lock);
	have = n->target != NULL;
	lock_drop(&n->lock);
	if (!have)
		r = load_target(v, n);
	lock_take(&n->lock);
	if (r == 0)
		r = buf_add(ret_target, n->target, n->target_len);
	lock_drop(&n->lock);
	view_drop(v);
	return r;
}
