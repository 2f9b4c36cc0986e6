/* The content operations of a view; the work is done in content.c. */
#include <errno.h>
#include <linux/falloc.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "vfs/content.h"
#include "vfs/view_state.h"
#include "vfs/xattr.h"

#define RELATIME_NS (24 * 3600 * NS_PER_S)

/* Times of access as "relatime" moves them; only of what has a row, or reading would
 * copy up. */
static void note_access(struct view *v, struct node *n)
{
	int64_t now = clock_real_ns();

	if (n->row == 0 || v->read_only)
		return;
	lock_take(&n->lock);
	if (n->attr.atime_ns <= n->attr.mtime_ns ||
	    n->attr.atime_ns <= n->attr.ctime_ns ||
	    now - n->attr.atime_ns > RELATIME_NS) {
		n->attr.atime_ns = now;
		node_touch(v, n);
	}
	lock_drop(&n->lock);
}

static int check_file(const struct node *n)
{
	if (node_is_dir(n))
		return -EISDIR;
	return node_is_file(n) ? 0 : -EINVAL;
}

int64_t view_read(struct view *v, uint64_t id, int64_t off, void *data, size_t len)
{
	struct node *n = view_hold(v, id);
	int64_t r;

	if (!n)
		return -ESTALE;
	r = off < 0 ? -EINVAL : check_file(n);
	if (r == 0)
		r = content_read(v, n, off, data, len);
	if (r > 0)
		note_access(v, n);
	view_drop(v);
	return r;
}

static void stamp_written(struct view *v, struct node *n, bool kill_priv)
{
	uint32_t mode = n->attr.mode;

	node_stamp_mtime(v, n);
	if (!kill_priv)
		return;
	mode &= ~(uint32_t)S_ISUID;
	if (mode & S_IXGRP)
		mode &= ~(uint32_t)S_ISGID;
	n->attr.mode = mode;
}

/* Admission, then the node with a row: what every change of content begins with. */
static int hold_to_write(struct view *v, uint64_t id, int64_t off, int64_t len,
			 struct node **ret_node)
{
	int r;

	if (off < 0 || len < 0)
		return -EINVAL;
	if (off > FILE_SIZE_MAX || len > FILE_SIZE_MAX - off)
		return -EFBIG;
	r = flush_admit(v, len);
	if (r == 0)
		r = view_hold_to_change(v, id, ret_node);
	if (r < 0)
		return r;
	r = check_file(*ret_node);
	if (r < 0)
		view_drop(v);
	return r;
}

static void written(struct view *v, struct node *n, bool kill_priv)
{
	lock_take(&n->lock);
	stamp_written(v, n, kill_priv);
	lock_drop(&n->lock);
}

int64_t view_write(struct view *v, uint64_t id, int64_t off, const void *data,
		   size_t len, bool kill_priv)
{
	struct node *n;
	int r = hold_to_write(v, id, off, (int64_t)len, &n);

	if (r < 0)
		return r;
	r = xattr_drop_capability(v, n);
	if (r == 0)
		r = content_write(v, n, off, data, len);
	if (r == 0)
		written(v, n, kill_priv);
	view_drop(v);
	return r < 0 ? r : (int64_t)len;
}

/* Grows the file to `size` if it is shorter. */
static int grow(struct view *v, struct node *n, int64_t size)
{
	bool shorter;

	lock_take(&n->lock);
	shorter = n->attr.size < size;
	lock_drop(&n->lock);
	return shorter ? content_truncate(v, n, size) : 0;
}

int view_fallocate(struct view *v, uint64_t id, int mode, int64_t off, int64_t len)
{
	bool keep = mode & FALLOC_FL_KEEP_SIZE;
	int what = mode & ~FALLOC_FL_KEEP_SIZE;
	bool allocates = what == 0;
	struct node *n;
	int r;

	if (what != 0 && what != FALLOC_FL_PUNCH_HOLE && what != FALLOC_FL_ZERO_RANGE)
		return -EOPNOTSUPP;
	if (what == FALLOC_FL_PUNCH_HOLE && !keep)
		return -EOPNOTSUPP;
	if (off < 0 || len <= 0)
		return -EINVAL;
	if (len > FILE_SIZE_MAX || off > FILE_SIZE_MAX - len)
		return -EFBIG;
	/* Only what is to be written later needs room on the disk. */
	if (allocates && flush_has_room(v, len) < 0)
		return -ENOSPC;
	r = hold_to_write(v, id, off, 0, &n);
	if (r < 0)
		return r;
	if (!allocates)
		r = content_zero(v, n, off, len);
	if (r == 0 && !keep)
		r = grow(v, n, off + len);
	if (r == 0)
		written(v, n, true);
	view_drop(v);
	return r;
}

int64_t view_lseek(struct view *v, uint64_t id, int64_t off, int whence)
{
	struct node *n = view_hold(v, id);
	int64_t r;

	if (!n)
		return -ESTALE;
	r = check_file(n);
	if (r == 0 && whence != SEEK_DATA && whence != SEEK_HOLE)
		r = -EINVAL;
	if (r == 0)
		r = content_seek(v, n, off, whence);
	view_drop(v);
	return r;
}

#define COPY_PART ((int64_t)1024 * 1024)

int64_t view_copy_range(struct view *v, uint64_t from, int64_t from_off, uint64_t to,
			int64_t to_off, int64_t len)
{
	int64_t done = 0, r = 0;
	void *part;

	if (from_off < 0 || to_off < 0 || len < 0)
		return -EINVAL;
	part = malloc((size_t)COPY_PART);
	if (!part)
		return -ENOMEM;
	while (done < len) {
		int64_t want = len - done < COPY_PART ? len - done : COPY_PART;

		r = view_read(v, from, from_off + done, part, (size_t)want);
		if (r > 0)
			r = view_write(v, to, to_off + done, part, (size_t)r, true);
		if (r <= 0)
			break;
		done += r;
	}
	free(part);
	return done ? done : r;
}
