/*
 * The delta's directories are walked breadth first; each name is compared with what the
 * base has at the same path. Whiteouts are the deletions. Everything found is sorted at
 * the end, so memory follows the delta.
 */
#include "vfs/diff.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "vfs/base.h"
#include "vfs/diff_compare.h"

/* Not reported, but it covers a whiteout of the same path. */
#define KIND_EQUAL '='

struct found {
	struct diff_entry entry; /* path and from are owned */
};

struct pending {
	char *path;
	int64_t ino;
};

struct walk {
	struct store_branch *branch;
	struct base *base;
	bool times;
	struct found *list;
	size_t n, capacity;
	struct pending *dirs; /* to be walked */
	size_t n_dirs, dirs_capacity;
	/* the directory being loaded */
	const char *dir_path;
	struct names *names;
};

/* One name of the directory being walked, copied out of the volume's callback. */
struct names {
	struct delta_name {
		char *path, *base_path;
		struct inode_row row;
	} * list;
	size_t n, capacity;
};

char diff_type_letter(uint32_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return 'd';
	case S_IFLNK:
		return 'l';
	case S_IFIFO:
		return 'p';
	case S_IFCHR:
		return 'c';
	case S_IFBLK:
		return 'b';
	case S_IFSOCK:
		return 's';
	default:
		return 'f';
	}
}

/* Room for one more in a growing array. NULL without memory; the array stays. */
static void *grown(void *list, size_t n, size_t *capacity, size_t size)
{
	size_t more = *capacity ? *capacity * 2 : 32;

	if (n < *capacity)
		return list;
	list = realloc(list, more * size);
	if (list)
		*capacity = more;
	return list;
}

static int add_found(struct walk *w, const struct diff_entry *e)
{
	struct found *list = grown(w->list, w->n, &w->capacity, sizeof(*list));
	struct found *f;

	if (!list)
		return -ENOMEM;
	w->list = list;
	f = &list[w->n];
	f->entry = *e;
	f->entry.path = strndup(e->path, e->path_len);
	f->entry.from = e->from ? strndup(e->from, e->from_len) : NULL;
	if (!f->entry.path || (e->from && !f->entry.from)) {
		free((char *)f->entry.path);
		return -ENOMEM;
	}
	w->n++;
	return 0;
}

static int add_dir(struct walk *w, const char *path, int64_t ino)
{
	struct pending *dirs =
		grown(w->dirs, w->n_dirs, &w->dirs_capacity, sizeof(*dirs));

	if (!dirs)
		return -ENOMEM;
	w->dirs = dirs;
	dirs[w->n_dirs].path = strdup(path);
	if (!dirs[w->n_dirs].path)
		return -ENOMEM;
	dirs[w->n_dirs++].ino = ino;
	return 0;
}

static int take_name(void *arg, const char *name, size_t len,
		     const struct inode_row *row)
{
	struct walk *w = arg;
	struct names *names = w->names;
	struct delta_name *list =
		grown(names->list, names->n, &names->capacity, sizeof(*list));
	struct delta_name *d;
	struct buf path = BUF_INIT;
	int r;

	if (!list)
		return -ENOMEM;
	names->list = list;
	d = &list[names->n];
	r = buf_add_str(&path, strcmp(w->dir_path, "/") == 0 ? "" : w->dir_path);
	if (r == 0)
		r = buf_add_char(&path, '/');
	if (r == 0)
		r = buf_add(&path, name, len);
	if (r < 0) {
		buf_release(&path);
		return r;
	}
	d->path = buf_take(&path);
	d->row = *row;
	d->base_path = NULL;
	if (row->base_path) {
		d->base_path = strndup(row->base_path, row->base_path_len);
		if (!d->base_path) {
			free(d->path);
			return -ENOMEM;
		}
		d->row.base_path = d->base_path;
	}
	names->n++;
	return 0;
}

static void names_release(struct names *names)
{
	for (size_t i = 0; i < names->n; i++) {
		free(names->list[i].path);
		free(names->list[i].base_path);
	}
	free(names->list);
}

/* A directory from elsewhere in the base: what was renamed. */
static bool is_moved_dir(const struct delta_name *d)
{
	return S_ISDIR(d->row.mode) && d->base_path &&
	       strcmp(d->base_path, d->path) != 0;
}

static int compare_name(struct walk *w, const struct delta_name *d)
{
	struct diff_entry e = {
		.path = d->path,
		.path_len = strlen(d->path),
		.type = diff_type_letter(d->row.mode),
		.size = d->row.size,
	};
	struct diff_object base = {0};
	int r = diff_look(w->base, d->path, &base);

	if (r < 0 && r != -ENOENT)
		return r;
	if (is_moved_dir(d)) {
		e.from = d->base_path;
		e.from_len = strlen(d->base_path);
	}
	if (r == -ENOENT) {
		e.kind = 'A';
		return add_found(w, &e);
	}
	e.kind = 'M';
	e.old_type = diff_type_letter(base.st.mode);
	r = diff_compare(w->branch, &d->row, &base, w->times, &e.what, &e.conflict);
	if (r == 0 && is_moved_dir(d))
		e.what |= DIFF_CONTENT;
	if (e.what == 0 && !e.conflict)
		e.kind = KIND_EQUAL;
	if (r == 0)
		r = add_found(w, &e);
	diff_forget(&base);
	return r;
}

static int walk_dir(struct walk *w, const struct pending *dir)
{
	struct names names = {0};
	int r;

	w->dir_path = dir->path;
	w->names = &names;
	r = store_dir_load(w->branch, dir->ino, take_name, w);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		r = compare_name(w, &names.list[i]);
		if (r == 0 && S_ISDIR(names.list[i].row.mode))
			r = add_dir(w, names.list[i].path, names.list[i].row.ino);
	}
	names_release(&names);
	return r;
}

/* The root is a row from the start; it is compared once it has attributes of its own.
 */
static int compare_root(struct walk *w)
{
	struct delta_name root = {.path = (char *)"/"};
	struct buf path = BUF_INIT;
	int r = store_inode_get(w->branch, STORE_ROOT_INO, &root.row, &path);

	root.base_path = root.row.base_path ? (char *)"/" : NULL;
	if (r == 0 && root.row.flags & INODE_ROOT_OWN)
		r = compare_name(w, &root);
	buf_release(&path);
	return r;
}

static int take_whiteout(void *arg, const char *name, size_t len,
			 const struct whiteout_row *row)
{
	struct walk *w = arg;
	struct diff_entry e = {
		.kind = 'D',
		.type = diff_type_letter(row->mode),
		.old_type = diff_type_letter(row->mode),
		.path = row->path,
		.path_len = row->path_len,
		.size = row->base.size,
	};

	(void)name;
	(void)len;
	return add_found(w, &e);
}

static int by_path(const void *a, const void *b)
{
	const struct diff_entry *x = &((const struct found *)a)->entry;
	const struct diff_entry *y = &((const struct found *)b)->entry;
	size_t n = x->path_len < y->path_len ? x->path_len : y->path_len;
	int order = memcmp(x->path, y->path, n);

	return order ? order
		     : (x->path_len > y->path_len) - (x->path_len < y->path_len);
}

/*
 * A whiteout below a recreated directory may be covered by a name that was made again;
 * then the comparison has the say.
 */
static bool is_covered(const struct walk *w, size_t i)
{
	return w->list[i].entry.kind == 'D' &&
	       ((i > 0 && by_path(&w->list[i - 1], &w->list[i]) == 0) ||
		(i + 1 < w->n && by_path(&w->list[i], &w->list[i + 1]) == 0));
}

static int report(struct walk *w, diff_fn each, void *arg)
{
	int r = 0;

	if (w->n)
		qsort(w->list, w->n, sizeof(*w->list), by_path);
	for (size_t i = 0; r == 0 && i < w->n; i++)
		if (!is_covered(w, i) && w->list[i].entry.kind != KIND_EQUAL)
			r = each(arg, &w->list[i].entry);
	return r;
}

int diff_walk(struct store_branch *b, struct base *base, bool times, diff_fn each,
	      void *arg)
{
	struct walk w = {.branch = b, .base = base, .times = times};
	int r = compare_root(&w);

	if (r == 0)
		r = add_dir(&w, "/", STORE_ROOT_INO);
	for (size_t i = 0; r == 0 && i < w.n_dirs; i++) {
		struct pending dir = w.dirs[i]; /* the array may move */

		r = walk_dir(&w, &dir);
	}
	if (r == 0)
		r = store_whiteouts_walk(b, take_whiteout, &w);
	if (r == 0)
		r = report(&w, each, arg);
	for (size_t i = 0; i < w.n; i++) {
		free((char *)w.list[i].entry.path);
		free((char *)w.list[i].entry.from);
	}
	for (size_t i = 0; i < w.n_dirs; i++)
		free(w.dirs[i].path);
	free(w.list);
	free(w.dirs);
	return r;
}
