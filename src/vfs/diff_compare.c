#include "vfs/diff_compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/path.h"
#include "vfs/diff.h"

int diff_look(struct base *base, const char *path, struct diff_object *ret)
{
	const char *name = path_basename(path);
	int r;

	*ret = (struct diff_object){.base = base};
	ret->len = strlen(name);
	if (ret->len >= sizeof(ret->name))
		return -ENOENT;
	memcpy(ret->name, name, ret->len + 1);
	r = base_dir_at(base, path, path_parent_len(path), &ret->dir);
	if (r == 0)
		r = base_stat(ret->dir, ret->name, ret->len, &ret->st);
	if (r < 0)
		diff_forget(ret);
	return r == -ENOTDIR || r == -EUCLEAN ? -ENOENT : r;
}

void diff_forget(struct diff_object *o)
{
	base_dir_unref(o->dir);
	o->dir = NULL;
}

/* ---- content ---- */

struct content {
	struct store_branch *branch;
	const struct inode_row *row;
	const struct diff_object *base;
	/* The file whose bytes the uncovered ranges below base_len are. */
	const struct diff_object *origin;
	uint8_t *data;	/* a chunk of the base's */
	uint8_t *moved; /* a chunk of the origin's */
	uint32_t chunk_size;
	int64_t next;	  /* the first chunk that was not compared yet */
	bool same_object; /* the origin is what is compared with */
	bool differs;
};

/* What went away or may not be read cannot be told to be equal. */
static int not_readable(struct content *c, int r)
{
	if (r != -ESTALE && r != -EACCES)
		return r;
	c->differs = true;
	return 0;
}

/* Compares one range of the base with bytes that may be shorter (zeros follow). */
static int compare_range(struct content *c, int64_t off, const uint8_t *data,
			 size_t len)
{
	int64_t want = c->row->size - off, got;

	if (want > c->chunk_size)
		want = c->chunk_size;
	if (want <= 0)
		return 0;
	got = base_read(c->base->dir, c->base->name, c->base->len, NULL, off, c->data,
			(size_t)want);
	if (got < 0)
		return not_readable(c, (int)got);
	if (len > (size_t)want)
		len = (size_t)want;
	c->differs = got != want || (len && memcmp(c->data, data, len) != 0);
	for (int64_t i = (int64_t)len; !c->differs && i < want; i++)
		c->differs = c->data[i] != 0;
	return 0;
}

/* One chunk that is not stored: the origin's bytes up to base_len, then zeros. */
static int compare_uncovered(struct content *c, int64_t off)
{
	int64_t end = off + c->chunk_size, kept = c->row->base_len - off, got = 0;

	if (end > c->row->size)
		end = c->row->size;
	if (c->same_object && end <= c->row->base_len)
		return 0;
	if (kept > c->chunk_size)
		kept = c->chunk_size;
	if (kept > 0)
		got = base_read(c->origin->dir, c->origin->name, c->origin->len, NULL,
				off, c->moved, (size_t)kept);
	if (got < 0)
		return not_readable(c, (int)got);
	return compare_range(c, off, c->moved, (size_t)got);
}

static int compare_gap(struct content *c, int64_t until)
{
	int r = 0;

	if (c->same_object) {
		int64_t first = c->row->base_len / c->chunk_size;

		if (c->next < first)
			c->next = first < until ? first : until;
	}
	for (; r == 0 && !c->differs && c->next < until; c->next++) {
		int64_t off = c->next * c->chunk_size;

		if (off >= c->row->size)
			break;
		r = compare_uncovered(c, off);
	}
	return r;
}

static int compare_chunk(void *arg, int64_t index, const void *data, size_t len)
{
	struct content *c = arg;
	int r = compare_gap(c, index);

	if (r == 0 && !c->differs)
		r = compare_range(c, index * c->chunk_size, data, len);
	c->next = index + 1;
	return r < 0 ? r : c->differs ? -ECANCELED : 0;
}

/* The base file that a row continues; -ENOENT also if the host changed it since. */
static int find_origin(struct base *base, const struct inode_row *row,
		       struct diff_object *ret)
{
	char *path;
	int r;

	if (!row->base_path)
		return -ENOENT;
	path = strndup(row->base_path, row->base_path_len);
	r = path ? diff_look(base, path, ret) : -ENOMEM;
	free(path);
	if (r == 0 && !fingerprint_matches(&row->base, &ret->st, false)) {
		diff_forget(ret);
		r = -ENOENT;
	}
	return r;
}

static int compare_content(struct store_branch *b, const struct inode_row *row,
			   const struct diff_object *base, bool same_object,
			   bool *ret_differs)
{
	struct content c = {
		.branch = b,
		.row = row,
		.base = base,
		.origin = base,
		.chunk_size = store_chunk_size(store_branch_store(b)),
		.same_object = same_object,
	};
	struct diff_object origin = {0};
	int r = 0;

	*ret_differs = true;
	if (row->size != base->st.size)
		return 0;
	if (row->base_len > 0 && !same_object) {
		/* Content that is left in the base under another path. */
		r = find_origin(base->base, row, &origin);
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		c.origin = &origin;
		c.same_object =
			origin.st.ino == base->st.ino && origin.st.dev == base->st.dev;
	}
	c.data = malloc(2 * (size_t)c.chunk_size);
	if (!c.data) {
		diff_forget(&origin);
		return -ENOMEM;
	}
	c.moved = c.data + c.chunk_size;
	r = store_chunks_read(b, row->ino, 0, INT64_MAX / c.chunk_size, compare_chunk,
			      &c);
	if (r == -ECANCELED)
		r = 0;
	if (r == 0 && !c.differs)
		r = compare_gap(&c, row->size / c.chunk_size + 1);
	free(c.data);
	diff_forget(&origin);
	*ret_differs = c.differs;
	return r;
}

static int compare_target(struct store_branch *b, const struct inode_row *row,
			  const struct diff_object *base, bool same_object,
			  bool *ret_differs)
{
	struct buf ours = BUF_INIT, theirs = BUF_INIT;
	int r = 0;

	*ret_differs = false;
	if (same_object)
		return 0; /* a link's target never changes */
	if (row->base_path) {
		struct diff_object moved; /* here from another place of the base */

		r = diff_look(base->base, row->base_path, &moved);
		if (r == 0)
			r = base_readlink(moved.dir, moved.name, moved.len, &ours);
		diff_forget(&moved);
	} else {
		r = store_symlink_get(b, row->ino, &ours);
	}
	if (r == 0)
		r = base_readlink(base->dir, base->name, base->len, &theirs);
	if (r == 0)
		*ret_differs = ours.len != theirs.len ||
			       memcmp(ours.data, theirs.data, ours.len) != 0;
	buf_release(&ours);
	buf_release(&theirs);
	return r;
}

/* ---- extended attributes ---- */

struct xattr_check {
	const struct diff_object *base;
	int n;
	bool differs;
};

static int check_xattr(void *arg, const char *name, size_t name_len, const void *value,
		       size_t value_len)
{
	struct xattr_check *c = arg;
	struct buf theirs = BUF_INIT;
	char text[256];
	int r;

	c->n++;
	if (name_len >= sizeof(text))
		return 0;
	memcpy(text, name, name_len);
	text[name_len] = '\0';
	r = base_getxattr(c->base->dir, c->base->name, c->base->len, text, &theirs);
	if (r < 0 || theirs.len != value_len ||
	    (value_len && memcmp(theirs.data, value, value_len) != 0))
		c->differs = true;
	buf_release(&theirs);
	return 0;
}

static int compare_xattrs(struct store_branch *b, const struct inode_row *row,
			  const struct diff_object *base, bool *ret_differs)
{
	struct xattr_check c = {.base = base};
	struct buf names = BUF_INIT;
	int n = 0, r;

	*ret_differs = false;
	if (!(row->flags & INODE_XATTRS_OWN) && row->base_path)
		return 0;
	if (row->flags & INODE_XATTRS_OWN) {
		r = store_xattrs_load(b, row->ino, check_xattr, &c);
		if (r < 0)
			return r;
	}
	r = base_listxattr(base->dir, base->name, base->len, &names);
	for (size_t i = 0; r == 0 && i < names.len; i++)
		n += names.data[i] == '\0';
	buf_release(&names);
	*ret_differs = c.differs || n != c.n;
	return 0;
}

/* ---- the whole ---- */

static uint32_t compare_attributes(const struct inode_row *row,
				   const struct base_stat *st, bool times)
{
	uint32_t what = 0;

	if (!S_ISLNK(row->mode) && (row->mode & 07777) != (st->mode & 07777))
		what |= DIFF_MODE;
	if (row->uid != st->uid || row->gid != st->gid)
		what |= DIFF_OWNER;
	if (times && row->mtime_ns != st->mtime_ns)
		what |= DIFF_TIMES;
	if ((S_ISCHR(row->mode) || S_ISBLK(row->mode)) && row->rdev != st->rdev)
		what |= DIFF_CONTENT;
	return what;
}

/* True if the row continues just this object of the base, unchanged since. */
static bool is_same_object(const struct inode_row *row, const struct diff_object *base,
			   bool *ret_conflict)
{
	struct buf path = BUF_INIT;
	bool same_path;

	if (!row->base_path ||
	    base_path_of(base->dir, base->name, base->len, &path) < 0)
		return false;
	same_path = path.len == row->base_path_len &&
		    memcmp(path.data, row->base_path, path.len) == 0;
	buf_release(&path);
	if (!same_path)
		return false;
	*ret_conflict = S_ISREG(row->mode) &&
			!fingerprint_matches(&row->base, &base->st, false);
	return !*ret_conflict;
}

int diff_compare(struct store_branch *b, const struct inode_row *row,
		 const struct diff_object *base, bool times, uint32_t *ret_what,
		 bool *ret_conflict)
{
	bool conflict = false, differs = false, same;
	uint32_t what = 0;
	int r = 0;

	if ((row->mode & S_IFMT) != (base->st.mode & S_IFMT)) {
		*ret_what = DIFF_TYPE;
		return 0;
	}
	same = is_same_object(row, base, &conflict);
	what = compare_attributes(row, &base->st, times);
	if (S_ISREG(row->mode) && conflict)
		what |= DIFF_CONTENT;
	else if (S_ISREG(row->mode))
		r = compare_content(b, row, base, same, &differs);
	if (differs)
		what |= DIFF_CONTENT;
	differs = false;
	if (r == 0 && S_ISLNK(row->mode))
		r = compare_target(b, row, base, same, &differs);
	if (differs)
		what |= DIFF_TARGET;
	if (r == 0)
		r = compare_xattrs(b, row, base, &differs);
	if (differs)
		what |= DIFF_XATTRS;
	if (r < 0)
		return r;
	*ret_what = what;
	*ret_conflict = conflict;
	return 0;
}
