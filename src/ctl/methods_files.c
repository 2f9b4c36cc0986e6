/* Methods that look at, read and write single objects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"
#include "ctl/place.h"
#include "vfs/notify.h"

static unsigned follow_flag(const struct method_call *call)
{
	return method_flag(call, "follow") ? PLACE_FOLLOW : 0;
}

int method_stat(struct method_call *call)
{
	struct place p;
	int r = place_find_existing(call, "path", follow_flag(call), &p);

	if (r < 0)
		return r;
	call->result = json_object();
	r = call->result ? method_add_attr(call->result, &p.entry.attr) : -ENOMEM;
	place_release(call, &p);
	return r;
}

int method_readlink(struct method_call *call)
{
	struct buf target = BUF_INIT;
	struct place p;
	int r = place_find_existing(call, "path", 0, &p);

	if (r < 0)
		return r;
	r = S_ISLNK(p.entry.attr.mode)
		    ? view_readlink(p.view, p.entry.id, &target)
		    : error_set(-EINVAL, "%s is no symbolic link", p.name);
	if (r == 0)
		call->result = json_pack("{s:o}", "target",
					 bytes_to_json(target.data, target.len));
	buf_release(&target);
	place_release(call, &p);
	return r;
}

static int want_file(const struct place *p)
{
	uint32_t mode = p->entry.attr.mode;

	if (S_ISREG(mode))
		return 0;
	if (S_ISDIR(mode))
		return error_set(-EISDIR, "/%s is a directory", p->name);
	return error_set(-EINVAL, "%s is no regular file", p->name);
}

int method_read(struct method_call *call)
{
	size_t len = (size_t)method_integer(call, "len", METHOD_READ_MAX);
	char *data = malloc(len ? len : 1);
	struct place p;
	int64_t n;
	int r;

	if (!data)
		return -ENOMEM;
	r = place_find_existing(call, "path", follow_flag(call), &p);
	if (r < 0) {
		free(data);
		return r;
	}
	n = want_file(&p);
	if (n == 0)
		n = view_read(p.view, p.entry.id, method_integer(call, "off", 0), data,
			      len);
	if (n >= 0)
		call->result = json_pack(
			"{s:o, s:I, s:I}", "data", bytes_to_json(data, (size_t)n), "n",
			(json_int_t)n, "size", (json_int_t)p.entry.attr.size);
	place_release(call, &p);
	free(data);
	return n < 0 ? (int)n : 0;
}

/* Makes the file if it is not there. */
static int make_file(struct method_call *call, struct place *p)
{
	uint32_t mode = (uint32_t)method_integer(call, "mode", 0644);

	if (p->len == 0 || p->entry.id)
		return want_file(p);
	return view_mknod(p->view, p->dir, p->name, p->len,
			  &(struct new_object){S_IFREG | (mode & 07777), 0, p->owner},
			  &p->entry);
}

static int write_file(struct method_call *call, struct place *p, const struct buf *data)
{
	int64_t off = method_integer(call, "off", 0);
	struct attr attr = {.size = off + (int64_t)data->len};
	int64_t n = 0;
	int r = make_file(call, p);

	if (r < 0)
		return r;
	if (data->len > 0)
		n = view_write(p->view, p->entry.id, off, data->data, data->len, true);
	if (n >= 0 && method_flag(call, "truncate"))
		n = view_setattr(p->view, p->entry.id, ATTR_SIZE, &attr, &attr);
	place_told(p, p->entry.id);
	view_tell_wait(p->view);
	return n < 0 ? (int)n : 0;
}

int method_write(struct method_call *call)
{
	struct buf data = BUF_INIT;
	struct place p;
	int r = bytes_from_json(json_object_get(call->params, "data"), &data);

	if (r == 0 && data.len > METHOD_READ_MAX)
		r = error_set(-EMSGSIZE, "more than %u bytes in one write",
			      METHOD_READ_MAX);
	if (r == 0)
		r = place_find(call, "path", PLACE_PARENTS | PLACE_FOLLOW, &p);
	if (r == 0) {
		r = write_file(call, &p, &data);
		place_release(call, &p);
	}
	buf_release(&data);
	return r;
}

/* ---- listing ---- */

struct names {
	char **names;
	size_t n, capacity;
};

static int add_name(void *arg, const struct dir_entry *e)
{
	struct names *l = arg;

	if (e->name[0] == '.' && (e->len == 1 || (e->len == 2 && e->name[1] == '.')))
		return 0;
	if (l->n == l->capacity) {
		size_t capacity = l->capacity ? l->capacity * 2 : 64;
		char **names = realloc(l->names, capacity * sizeof(*names));

		if (!names)
			return -ENOMEM;
		l->names = names;
		l->capacity = capacity;
	}
	l->names[l->n] = strndup(e->name, e->len);
	return l->names[l->n] ? (int)(l->n++, 0) : -ENOMEM;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void release_names(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
}

static int add_entry(json_t *entries, const char *name, const struct attr *attr)
{
	json_t *object = json_pack("{s:o}", "name", bytes_to_json(name, strlen(name)));

	if (!object)
		return -ENOMEM;
	if (method_add_attr(object, attr) < 0) {
		json_decref(object);
		return -ENOMEM;
	}
	return json_array_append_new(entries, object) < 0 ? -ENOMEM : 0;
}

/* Adds a bounded number of entries behind `after`; `*ret_more` if some are left. */
static int add_page(struct method_call *call, const struct place *p,
		    const struct names *l, const char *after, bool *ret_more)
{
	json_t *entries = json_object_get(call->result, "entries");
	size_t limit = (size_t)method_integer(call, "limit", INT64_MAX), bytes = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		const char *name = l->names[i];
		struct entry e;

		if (after && strcmp(name, after) <= 0)
			continue;
		*ret_more = limit == 0 ||
			    (call->service->live && bytes > SERVICE_RESULT_MAX);
		if (*ret_more)
			return json_object_set_new(call->result, "next",
						   bytes_to_json(after, strlen(after)));
		limit--;
		r = view_lookup(p->view, p->entry.id, name, strlen(name), &e);
		if (r < 0)
			break;
		after = name;
		if (e.id == 0)
			continue; /* it went meanwhile */
		r = add_entry(entries, name, &e.attr);
		view_forget(p->view, e.id, 1);
		bytes += 300 + strlen(name);
	}
	return r;
}

static int list_dir(struct method_call *call, const struct place *p)
{
	struct names l = {NULL, 0, 0};
	struct buf after = BUF_INIT;
	const json_t *from = json_object_get(call->params, "after");
	bool more = false;
	int r = from ? bytes_from_json(from, &after) : 0;

	call->result = json_pack("{s:[]}", "entries");
	if (r == 0 && !call->result)
		r = -ENOMEM;
	if (r == 0)
		r = view_readdir(p->view, p->entry.id, 0, false, add_name, &l);
	if (r == 0) {
		qsort(l.names, l.n, sizeof(*l.names), by_bytes);
		r = add_page(call, p, &l, after.data, &more);
	}
	release_names(&l);
	buf_release(&after);
	return r;
}

int method_list(struct method_call *call)
{
	struct place p;
	int r = place_find_existing(call, "path", follow_flag(call), &p);

	if (r < 0)
		return r;
	if (S_ISDIR(p.entry.attr.mode))
		r = list_dir(call, &p);
	else
		r = error_set(-ENOTDIR, "%s is no directory", p.name);
	place_release(call, &p);
	return r;
}
