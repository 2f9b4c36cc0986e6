#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buf.h"
#include "base/path.h"
#include "cli/fs.h"

char *fs_path(const char *typed)
{
	struct buf path = BUF_INIT;
	int r = path_normalize(typed, &path);

	if (r == 0)
		return buf_take(&path);
	complain("%s: %s", typed, strerror(-r));
	buf_release(&path);
	return NULL;
}

static char type_letter(uint32_t mode)
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

/* ---- ls ---- */

struct queue {
	struct place {
		char *path;
		int64_t depth;
	} * list;
	size_t n, next, capacity;
};

struct ls {
	struct fs *fs;
	struct queue queue;
	const char *dir; /* being listed */
	int64_t depth;
	size_t top_len; /* what is left out of the printed paths */
	json_t *list;
};

static int enqueue(struct queue *q, char *path, int64_t depth)
{
	if (q->n == q->capacity) {
		size_t capacity = q->capacity ? q->capacity * 2 : 64;
		struct place *list = realloc(q->list, capacity * sizeof(*list));

		if (!list)
			return -ENOMEM;
		q->list = list;
		q->capacity = capacity;
	}
	q->list[q->n++] = (struct place){path, depth};
	return 0;
}

static int list_one(void *arg, const char *name, size_t len,
		    const struct agentfs_stat *stat)
{
	struct ls *ls = arg;
	struct buf path = BUF_INIT;
	int r = buf_add_str(&path, strcmp(ls->dir, "/") == 0 ? "" : ls->dir);

	if (r == 0)
		r = path_add(&path, name, len);
	if (r < 0)
		return r;
	if (ls->fs->cli->json) {
		char type[2] = {type_letter(stat->mode), 0};
		json_t *o = json_pack("{s:s, s:I}", "type", type, "size",
				      (json_int_t)stat->size);

		json_object_set_new(o, "path",
				    json_from_bytes(path.data + 1, path.len - 1));
		json_array_append_new(ls->list, o);
	} else {
		printf("%c ", type_letter(stat->mode));
		print_name(ls->fs->cli, path.data + 1, path.len - 1, '\n');
	}
	if (S_ISDIR(stat->mode) && (ls->fs->depth < 0 || ls->depth + 1 < ls->fs->depth))
		return enqueue(&ls->queue, buf_take(&path), ls->depth + 1);
	buf_release(&path);
	return 0;
}

int fs_ls(struct fs *fs, int argc, char **argv)
{
	struct ls ls = {.fs = fs};
	char *top = fs_path(argc ? argv[0] : "/");
	int r = top ? enqueue(&ls.queue, top, 0) : EXIT_FAILED;

	if (r)
		return EXIT_FAILED;
	ls.list = json_array();
	while (r == 0 && ls.queue.next < ls.queue.n) {
		struct place at = ls.queue.list[ls.queue.next++];

		ls.dir = at.path;
		ls.depth = at.depth;
		r = agentfs_list(fs->volume, at.path, list_one, &ls);
	}
	if (r == 0 && fs->cli->json)
		print_json(ls.list);
	json_decref(ls.list);
	for (size_t i = 0; i < ls.queue.n; i++)
		free(ls.queue.list[i].path);
	free(ls.queue.list);
	return r < 0 ? fail(r) : EXIT_OK;
}

/* ---- tree ---- */

struct branch {
	char *path, *name;
	size_t len;
	uint32_t mode;
	int64_t depth;
	bool last;
};

struct tree {
	struct fs *fs;
	struct branch *stack;
	size_t n, capacity, first; /* first: of the directory being listed */
	const char *dir;
	int64_t depth;
};

static int push_branch(void *arg, const char *name, size_t len,
		       const struct agentfs_stat *stat)
{
	struct tree *t = arg;
	struct buf path = BUF_INIT;
	int r;

	if (t->n == t->capacity) {
		size_t capacity = t->capacity ? t->capacity * 2 : 64;
		struct branch *stack = realloc(t->stack, capacity * sizeof(*stack));

		if (!stack)
			return -ENOMEM;
		t->stack = stack;
		t->capacity = capacity;
	}
	r = buf_add_str(&path, strcmp(t->dir, "/") == 0 ? "" : t->dir);
	if (r == 0)
		r = path_add(&path, name, len);
	if (r < 0)
		return r;
	t->stack[t->n++] = (struct branch){.len = len,
					   .mode = stat->mode,
					   .depth = t->depth,
					   .path = buf_take(&path)};
	return 0;
}

/* The names of a directory come sorted; on the stack the first must be on top. */
static void reverse(struct tree *t)
{
	if (t->n == t->first)
		return;
	t->stack[t->n - 1].last = true;
	for (size_t i = t->first, j = t->n - 1; i < j; i++, j--) {
		struct branch swap = t->stack[i];

		t->stack[i] = t->stack[j];
		t->stack[j] = swap;
	}
}

static void draw(const struct tree *t, const struct branch *b, const bool *ended)
{
	for (int64_t i = 0; i < b->depth && i < 256; i++)
		printf("%s", ended[i] ? "    " : "│   ");
	printf("%s", b->last ? "└── " : "├── ");
	print_name(t->fs->cli, path_basename(b->path), b->len,
		   S_ISDIR(b->mode) ? '/' : '\n');
	if (S_ISDIR(b->mode) && !t->fs->cli->zero)
		putchar('\n');
}

int fs_tree(struct fs *fs, int argc, char **argv)
{
	struct tree t = {.fs = fs};
	bool ended[256] = {false};
	char *top = fs_path(argc ? argv[0] : "/");
	int r;

	if (!top)
		return EXIT_FAILED;
	print_name(fs->cli, top, strlen(top), '\n');
	t.dir = top;
	r = agentfs_list(fs->volume, top, push_branch, &t);
	reverse(&t);
	while (r == 0 && t.n > 0) {
		struct branch b = t.stack[--t.n];

		if (b.depth < 256)
			ended[b.depth] = b.last;
		draw(&t, &b, ended);
		if (S_ISDIR(b.mode) && (fs->depth < 0 || b.depth + 1 < fs->depth)) {
			t.first = t.n;
			t.dir = b.path;
			t.depth = b.depth + 1;
			r = agentfs_list(fs->volume, b.path, push_branch, &t);
			reverse(&t);
		}
		free(b.path);
	}
	while (t.n > 0)
		free(t.stack[--t.n].path);
	free(t.stack);
	free(top);
	return r < 0 ? fail(r) : EXIT_OK;
}

/* ---- cat, stat ---- */

/* 0 at the end, 1 if there may be more, or EXIT_FAILED as a negative number. */
static int cat_part(struct fs *fs, const char *path, int64_t *off)
{
	json_t *params = json_pack("{s:o, s:I, s:b}", "path",
				   json_from_bytes(path, strlen(path)), "off",
				   (json_int_t)*off, "follow", 1);
	json_t *result;
	size_t len = 0;
	char *data;
	bool written;

	if (call(fs->volume, "read", params, &result))
		return -EXIT_FAILED;
	data = json_bytes(json_object_get(result, "data"), &len);
	json_decref(result);
	written = len == 0 || fwrite(data, 1, len, stdout) == len;
	free(data);
	*off += (int64_t)len;
	return !written ? -EXIT_FAILED : len > 0;
}

static int cat_one(struct fs *fs, const char *path)
{
	int64_t off = 0;
	int r;

	do
		r = cat_part(fs, path, &off);
	while (r > 0);
	return -r;
}

int fs_cat(struct fs *fs, int argc, char **argv)
{
	int r = 0;

	for (int i = 0; r == 0 && i < argc; i++) {
		char *path = fs_path(argv[i]);

		r = path ? cat_one(fs, path) : EXIT_FAILED;
		free(path);
	}
	return r;
}

static void format_time(int64_t ns, char *text, size_t size)
{
	time_t seconds = (time_t)(ns / 1000000000);
	struct tm tm;
	char whole[32] = "?";

	if (gmtime_r(&seconds, &tm))
		strftime(whole, sizeof(whole), "%Y-%m-%d %H:%M:%S", &tm);
	snprintf(text, size, "%s.%09lld UTC", whole,
		 (long long)(ns % 1000000000 < 0 ? 0 : ns % 1000000000));
}

static json_t *stat_json(const char *path, const struct agentfs_stat *st)
{
	char type[2] = {type_letter(st->mode), 0};
	json_t *o = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "type", type,
			      "ino", (json_int_t)st->ino, "mode", (json_int_t)st->mode,
			      "nlink", (json_int_t)st->nlink, "uid",
			      (json_int_t)st->uid, "gid", (json_int_t)st->gid, "size",
			      (json_int_t)st->size, "blocks", (json_int_t)st->blocks);

	json_object_set_new(o, "path", json_from_bytes(path, strlen(path)));
	json_object_set_new(o, "atime_ns", json_integer(st->atime_ns));
	json_object_set_new(o, "mtime_ns", json_integer(st->mtime_ns));
	json_object_set_new(o, "ctime_ns", json_integer(st->ctime_ns));
	json_object_set_new(o, "btime_ns", json_integer(st->btime_ns));
	return o;
}

static void print_stat(const struct cli *cli, const char *path,
		       const struct agentfs_stat *st)
{
	char text[64];

	printf("Path: ");
	print_name(cli, path, strlen(path), '\n');
	printf("Type: %c\nMode: %04o\nSize: %" PRId64 "\nBlocks: %" PRId64
	       "\nInode: %" PRIu64 "\nLinks: %u\nUid: %u\nGid: %u\n",
	       type_letter(st->mode), st->mode & 07777, st->size, st->blocks, st->ino,
	       st->nlink, st->uid, st->gid);
	format_time(st->atime_ns, text, sizeof(text));
	printf("Access: %s\n", text);
	format_time(st->mtime_ns, text, sizeof(text));
	printf("Modify: %s\n", text);
	format_time(st->ctime_ns, text, sizeof(text));
	printf("Change: %s\n", text);
	format_time(st->btime_ns, text, sizeof(text));
	printf("Birth: %s\n", text);
}

int fs_stat(struct fs *fs, int argc, char **argv)
{
	json_t *list = json_array();
	int r = 0;

	for (int i = 0; r == 0 && i < argc; i++) {
		char *path = fs_path(argv[i]);
		struct agentfs_stat st;

		if (!path) {
			r = EXIT_FAILED;
			break;
		}
		r = agentfs_stat(fs->volume, path, &st);
		if (r < 0)
			r = fail(r);
		else if (fs->cli->json)
			json_array_append_new(list, stat_json(path, &st));
		else
			print_stat(fs->cli, path, &st);
		free(path);
	}
	if (r == 0 && fs->cli->json)
		print_json(argc == 1 ? json_array_get(list, 0) : list);
	json_decref(list);
	return r;
}
