#include "view_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/path.h"

#define ok(call)                                                                       \
	do {                                                                           \
		long long r_ = (long long)(call);                                      \
		if (r_ < 0)                                                            \
			fail_msg("%s: %s", #call, error_text((int)r_));                \
	} while (0)

void tree_make(struct tree *t)
{
	*t = (struct tree){.top = "/var/tmp/agentfs-view-XXXXXX"};
	assert_non_null(mkdtemp(t->top));
	snprintf(t->base, sizeof(t->base), "%s/base", t->top);
	snprintf(t->volume, sizeof(t->volume), "%s/volume.db", t->top);
	assert_return_code(mkdir(t->base, 0755), errno);
}

void tree_open(struct tree *t)
{
	struct view_options options = {.flush_interval_ns = 5 * 1000 * 1000};

	if (access(t->volume, F_OK) != 0) {
		struct store_create_options create = {.base_path = t->base};

		ok(store_create(t->volume, &create));
	}
	ok(store_open(t->volume, STORE_WRITE, &t->store));
	options.base_fd = open(t->base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_return_code(options.base_fd, errno);
	ok(view_open(t->store, &options, &t->view));
	close(options.base_fd);
}

void tree_close(struct tree *t)
{
	ok(view_close(t->view));
	store_close(t->store);
	t->view = NULL;
	t->store = NULL;
}

static void shell(const char *command)
{
	int status = system(command); /* NOLINT: a test's own command */

	if (status != 0)
		fail_msg("%s: status %d", command, status);
}

void tree_remove(struct tree *t)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", t->top);
	shell(command);
}

void tree_base(struct tree *t, const char *format, ...)
{
	char command[1024], whole[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof(command), format, args);
	va_end(args);
	snprintf(whole, sizeof(whole), "cd %s && { %s ; }", t->base, command);
	shell(whole);
}

int tree_entry(struct tree *t, const char *path, struct entry *ret)
{
	return view_walk(t->view, path, ret);
}

/* The directory of a path, with the last name. */
static int parent(struct tree *t, const char *path, struct entry *ret,
		  const char **ret_name)
{
	char dir[8192];
	size_t len = path_parent_len(path);

	memcpy(dir, path, len);
	dir[len] = '\0';
	*ret_name = path_basename(path);
	return view_walk(t->view, dir, ret);
}

int tree_stat(struct tree *t, const char *path, struct attr *ret)
{
	struct entry e;
	bool cacheable;
	int r = view_walk(t->view, path, &e);

	if (r < 0)
		return r;
	r = view_getattr(t->view, e.id, ret, &cacheable);
	view_forget(t->view, e.id, 1);
	return r;
}

enum make {
	MAKE_DIR,
	MAKE_FILE,
	MAKE_LINK,
};

static int make(struct tree *t, enum make what, const char *path, uint32_t mode,
		const char *target)
{
	struct owner owner = {getuid(), getgid()};
	struct entry dir, e;
	const char *name;
	int r = parent(t, path, &dir, &name);

	if (r < 0)
		return r;
	if (what == MAKE_DIR)
		r = view_mkdir(t->view, dir.id, name, strlen(name), mode, owner, &e);
	else if (what == MAKE_FILE)
		r = view_mknod(t->view, dir.id, name, strlen(name),
			       &(struct new_object){S_IFREG | mode, 0, owner}, &e);
	else
		r = view_symlink(t->view, dir.id, name, strlen(name), target, owner,
				 &e);
	if (r == 0)
		view_forget(t->view, e.id, 1);
	view_forget(t->view, dir.id, 1);
	return r;
}

int tree_mkdir(struct tree *t, const char *path, uint32_t mode)
{
	return make(t, MAKE_DIR, path, mode, NULL);
}

int tree_create(struct tree *t, const char *path, uint32_t mode)
{
	return make(t, MAKE_FILE, path, mode, NULL);
}

int tree_symlink(struct tree *t, const char *target, const char *path)
{
	return make(t, MAKE_LINK, path, 0, target);
}

int tree_link(struct tree *t, const char *from, const char *to)
{
	struct entry dir, e, made;
	const char *name;
	int r = view_walk(t->view, from, &e);

	if (r < 0)
		return r;
	r = parent(t, to, &dir, &name);
	if (r == 0) {
		r = view_link(t->view, e.id, dir.id, name, strlen(name), &made);
		if (r == 0)
			view_forget(t->view, made.id, 1);
		view_forget(t->view, dir.id, 1);
	}
	view_forget(t->view, e.id, 1);
	return r;
}

static int take_away(struct tree *t, const char *path, bool dir_wanted)
{
	struct entry dir;
	const char *name;
	int r = parent(t, path, &dir, &name);

	if (r < 0)
		return r;
	r = dir_wanted ? view_rmdir(t->view, dir.id, name, strlen(name))
		       : view_unlink(t->view, dir.id, name, strlen(name));
	view_forget(t->view, dir.id, 1);
	return r;
}

int tree_unlink(struct tree *t, const char *path)
{
	return take_away(t, path, false);
}

int tree_rmdir(struct tree *t, const char *path)
{
	return take_away(t, path, true);
}

int tree_rename(struct tree *t, const char *from, const char *to, uint32_t flags)
{
	struct rename rename = {.flags = flags};
	struct entry from_dir, to_dir;
	int r = parent(t, from, &from_dir, &rename.from_name);

	if (r < 0)
		return r;
	r = parent(t, to, &to_dir, &rename.to_name);
	if (r == 0) {
		rename.from_dir = from_dir.id;
		rename.to_dir = to_dir.id;
		rename.from_len = strlen(rename.from_name);
		rename.to_len = strlen(rename.to_name);
		r = view_rename(t->view, &rename);
		view_forget(t->view, to_dir.id, 1);
	}
	view_forget(t->view, from_dir.id, 1);
	return r;
}

int64_t tree_write(struct tree *t, const char *path, int64_t off, const void *data,
		   size_t len)
{
	struct entry e;
	int64_t r = view_walk(t->view, path, &e);

	if (r < 0)
		return r;
	r = view_write(t->view, e.id, off, data, len, true);
	view_forget(t->view, e.id, 1);
	return r;
}

int64_t tree_read(struct tree *t, const char *path, int64_t off, void *data, size_t len)
{
	struct entry e;
	int64_t r = view_walk(t->view, path, &e);

	if (r < 0)
		return r;
	r = view_read(t->view, e.id, off, data, len);
	view_forget(t->view, e.id, 1);
	return r;
}

static int set(struct tree *t, const char *path, uint32_t what,
	       const struct attr *values)
{
	struct entry e;
	struct attr after;
	int r = view_walk(t->view, path, &e);

	if (r < 0)
		return r;
	r = view_setattr(t->view, e.id, what, values, &after);
	view_forget(t->view, e.id, 1);
	return r;
}

int tree_truncate(struct tree *t, const char *path, int64_t size)
{
	return set(t, path, ATTR_SIZE, &(struct attr){.size = size});
}

int tree_chmod(struct tree *t, const char *path, uint32_t mode)
{
	return set(t, path, ATTR_MODE, &(struct attr){.mode = mode});
}

int tree_fallocate(struct tree *t, const char *path, int mode, int64_t off, int64_t len)
{
	struct entry e;
	int r = view_walk(t->view, path, &e);

	if (r < 0)
		return r;
	r = view_fallocate(t->view, e.id, mode, off, len);
	view_forget(t->view, e.id, 1);
	return r;
}

static void read_all(struct tree *t, uint64_t id, int64_t size, struct buf *ret)
{
	ok(buf_reserve(ret, (size_t)size + 16));
	for (;;) {
		int64_t got =
			view_read(t->view, id, (int64_t)ret->len, ret->data + ret->len,
				  ret->capacity - ret->len - 1);

		ok(got);
		if (got == 0)
			break;
		ret->len += (size_t)got;
	}
	ret->data[ret->len] = '\0';
}

void tree_cat(struct tree *t, const char *path, struct buf *ret)
{
	struct buf content = BUF_INIT;
	struct entry e;

	ok(view_walk(t->view, path, &e));
	read_all(t, e.id, e.attr.size, &content);
	ok(buf_add(ret, content.data, content.len));
	view_forget(t->view, e.id, 1);
	buf_release(&content);
}

/* ---- dumps ---- */

struct lines {
	char **list;
	size_t n, capacity;
};

static void lines_add(struct lines *l, char *line)
{
	if (l->n == l->capacity) {
		l->capacity = l->capacity ? l->capacity * 2 : 64;
		l->list = realloc(l->list, l->capacity * sizeof(char *));
		assert_non_null(l->list);
	}
	l->list[l->n++] = line;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void lines_flush(struct lines *l, struct buf *ret)
{
	if (l->n)
		qsort(l->list, l->n, sizeof(char *), compare_lines);
	for (size_t i = 0; i < l->n; i++) {
		ok(buf_printf(ret, "%s\n", l->list[i]));
		free(l->list[i]);
	}
	free(l->list);
}

static char *describe(const char *path, uint32_t mode, uint32_t nlink, int64_t size,
		      const struct buf *content)
{
	struct buf line = BUF_INIT;

	ok(buf_printf(&line, "%s mode=%o nlink=%u", path, mode, nlink));
	if (!S_ISDIR(mode))
		ok(buf_printf(
			&line, " size=%lld hash=%016llx", (long long)size,
			(unsigned long long)XXH3_64bits(content->data, content->len)));
	return buf_take(&line);
}

struct names {
	struct lines *todo;
	const char *dir;
};

static int collect_name(void *arg, const struct dir_entry *e)
{
	struct names *names = arg;
	struct buf path = BUF_INIT;

	if ((e->len == 1 && e->name[0] == '.') ||
	    (e->len == 2 && memcmp(e->name, "..", 2) == 0))
		return 0;
	ok(buf_add_str(&path, strcmp(names->dir, "/") == 0 ? "" : names->dir));
	ok(path_add(&path, e->name, e->len));
	lines_add(names->todo, buf_take(&path));
	return 0;
}

void tree_dump(struct tree *t, struct buf *ret)
{
	struct lines todo = {0}, lines = {0};

	lines_add(&todo, strdup("/"));
	for (size_t i = 0; i < todo.n; i++) {
		struct buf content = BUF_INIT;
		struct names names = {&todo, todo.list[i]};
		struct entry e;

		ok(view_walk(t->view, todo.list[i], &e));
		if (S_ISDIR(e.attr.mode))
			ok(view_readdir(t->view, e.id, 0, false, collect_name, &names));
		else if (S_ISLNK(e.attr.mode))
			ok(view_readlink(t->view, e.id, &content));
		else
			read_all(t, e.id, e.attr.size, &content);
		lines_add(&lines, describe(todo.list[i], e.attr.mode, e.attr.nlink,
					   e.attr.size, &content));
		view_forget(t->view, e.id, 1);
		buf_release(&content);
	}
	for (size_t i = 0; i < todo.n; i++)
		free(todo.list[i]);
	free(todo.list);
	lines_flush(&lines, ret);
}

static void read_host(const char *path, const struct stat *st, struct buf *content)
{
	ok(buf_reserve(content, (size_t)st->st_size + 1));
	if (S_ISLNK(st->st_mode)) {
		ssize_t n = readlink(path, content->data, (size_t)st->st_size + 1);

		assert_return_code(n, errno);
		content->len = (size_t)n;
	} else {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n;

		assert_return_code(fd, errno);
		n = read(fd, content->data, (size_t)st->st_size);
		assert_int_equal(n, st->st_size);
		content->len = (size_t)n;
		close(fd);
	}
}

static void list_host(const char *dir, const char *path, struct lines *todo)
{
	char whole[8192];
	struct dirent *e;
	DIR *d;

	snprintf(whole, sizeof(whole), "%s%s", dir, path);
	d = opendir(whole);
	assert_non_null(d);
	while ((e = readdir(d))) {
		struct buf next = BUF_INIT;

		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		ok(buf_add_str(&next, strcmp(path, "/") == 0 ? "" : path));
		ok(path_add(&next, e->d_name, strlen(e->d_name)));
		lines_add(todo, buf_take(&next));
	}
	closedir(d);
}

void tree_dump_dir(const char *dir, struct buf *ret)
{
	struct lines todo = {0}, lines = {0};

	lines_add(&todo, strdup("/"));
	for (size_t i = 0; i < todo.n; i++) {
		struct buf content = BUF_INIT;
		char whole[8192];
		struct stat st;

		snprintf(whole, sizeof(whole), "%s%s", dir, todo.list[i]);
		assert_return_code(lstat(whole, &st), errno);
		if (S_ISDIR(st.st_mode))
			list_host(dir, todo.list[i], &todo);
		else
			read_host(whole, &st, &content);
		lines_add(&lines,
			  describe(todo.list[i], st.st_mode, (uint32_t)st.st_nlink,
				   st.st_size, &content));
		buf_release(&content);
	}
	for (size_t i = 0; i < todo.n; i++)
		free(todo.list[i]);
	free(todo.list);
	lines_flush(&lines, ret);
}
