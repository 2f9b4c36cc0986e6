#include "ctl/place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "ctl/bytes.h"
#include "vfs/notify.h"

#define LINKS_MAX 40

struct walk {
	struct place *place;
	const char *base;  /* base path of the volume or NULL */
	const char *shown; /* for messages */
	unsigned flags;
	struct buf rest; /* what is still to be walked */
	const char *next;
	struct entry at; /* the directory reached, held */
	int n_links;
};

static int move_to(struct walk *w, const struct entry *e)
{
	view_forget(w->place->view, w->at.id, 1);
	w->at = *e;
	return 0;
}

static int move_to_root(struct walk *w)
{
	struct entry root;
	int r = view_get(w->place->view, VIEW_ROOT, 0, &root);

	return r < 0 ? r : move_to(w, &root);
}

/* Puts a link's target in front of the rest of the path. */
static int follow(struct walk *w, uint64_t link)
{
	struct buf target = BUF_INIT;
	const char *from;
	int r = 0;

	if (++w->n_links > LINKS_MAX)
		return error_set(-ELOOP, "%s: too many symbolic links", w->shown);
	r = view_readlink(w->place->view, link, &target);
	from = target.data ? target.data : "";
	if (r == 0 && from[0] == '/') {
		if (!w->base || !path_is_below(from, w->base))
			r = error_set(-EXDEV, "%s: a link leads outside, to %s",
				      w->shown, from);
		else
			from += strlen(w->base);
		if (r == 0)
			r = move_to_root(w);
	}
	if (r == 0) {
		struct buf joined = BUF_INIT;

		r = buf_printf(&joined, "%s/%s", from, w->next);
		buf_release(&w->rest);
		w->rest = joined;
		w->next = joined.data;
	}
	buf_release(&target);
	return r;
}

static bool is_last(const char *rest)
{
	return rest[strspn(rest, "/")] == '\0';
}

static int make_parent(struct walk *w, const char *name, size_t len)
{
	struct place *p = w->place;
	struct entry e;
	int r = view_mkdir(p->view, w->at.id, name, len, 0755, p->owner, &e);

	if (r < 0)
		return r;
	view_tell_entry(p->view, w->at.id, name, len);
	view_tell_node(p->view, w->at.id);
	return move_to(w, &e);
}

/* 1: the place is reached. */
static int end_at(struct walk *w, const char *name, size_t len, const struct entry *e)
{
	struct place *p = w->place;

	p->dir = w->at.id;
	w->at.id = 0;
	memcpy(p->name, name, len);
	p->name[len] = '\0';
	p->len = len;
	p->entry = *e;
	return 1;
}

static int missing_on_the_way(struct walk *w, const char *name, size_t len)
{
	if (w->flags & PLACE_PARENTS)
		return make_parent(w, name, len);
	return error_set(-ENOENT, "%s: the directory %.*s is missing", w->shown,
			 (int)len, name);
}

/* One component. 0: go on, 1: the place is reached. */
static int step(struct walk *w)
{
	struct view *v = w->place->view;
	struct entry e;
	const char *name;
	size_t len = path_next(&w->next, &name);
	bool last = is_last(w->next);
	int r;

	if (len == 0) {
		r = view_get(v, w->at.id, 0, &e);
		return r < 0 ? r : end_at(w, "", 0, &e);
	}
	if (len == 1 && name[0] == '.')
		return 0;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		r = view_lookup_parent(v, w->at.id, &e);
		return r < 0 ? r : move_to(w, &e);
	}
	r = view_lookup(v, w->at.id, name, len, &e);
	if (r < 0)
		return r;
	if (e.id == 0)
		return last ? end_at(w, name, len, &e)
			    : missing_on_the_way(w, name, len);
	if (S_ISLNK(e.attr.mode) && (!last || (w->flags & PLACE_FOLLOW))) {
		r = follow(w, e.id);
		view_forget(v, e.id, 1);
		return r;
	}
	if (last)
		return end_at(w, name, len, &e);
	if (!S_ISDIR(e.attr.mode)) {
		view_forget(v, e.id, 1);
		return error_set(-ENOTDIR, "%s: %.*s is no directory", w->shown,
				 (int)len, name);
	}
	return move_to(w, &e);
}

static int walk(struct method_call *call, const char *path, unsigned flags,
		struct place *p)
{
	struct walk w = {.place = p,
			 .base = store_base_path(call->service->store),
			 .shown = path,
			 .flags = flags};
	int r = buf_add_str(&w.rest, path);

	if (r == 0)
		r = view_get(p->view, VIEW_ROOT, 0, &w.at);
	w.next = w.rest.data;
	while (r == 0)
		r = step(&w);
	if (w.at.id)
		view_forget(p->view, w.at.id, 1);
	buf_release(&w.rest);
	if (r == -ENAMETOOLONG)
		error_set(r, "%s: a name has more than %d bytes", path, NAME_BYTES_MAX);
	return r < 0 ? r : 0;
}

int place_find(struct method_call *call, const char *key, unsigned flags,
	       struct place *ret)
{
	struct place p = {.owner = {call->uid, call->gid}};
	const char *branch = json_string_value(json_object_get(call->params, "branch"));
	struct buf path = BUF_INIT;
	int r = bytes_from_json(json_object_get(call->params, key), &path);

	if (r == 0 && path.data && strlen(path.data) != path.len)
		r = error_set(-EINVAL, "a path cannot hold a NUL byte");
	if (r == 0)
		r = service_view_get(call->service, branch, &p.slot);
	if (r == 0) {
		p.view = p.slot->view;
		r = walk(call, path.data ? path.data : "/", flags, &p);
		if (r < 0)
			service_view_put(call->service, p.slot);
	}
	buf_release(&path);
	if (r == 0)
		*ret = p;
	return r;
}

void place_release(struct method_call *call, struct place *p)
{
	if (!p->slot)
		return;
	if (p->entry.id)
		view_forget(p->view, p->entry.id, 1);
	view_forget(p->view, p->dir ? p->dir : VIEW_ROOT, p->dir ? 1 : 0);
	service_view_put(call->service, p->slot);
	p->slot = NULL;
}

int place_find_existing(struct method_call *call, const char *key, unsigned flags,
			struct place *ret)
{
	struct place p;
	int r = place_find(call, key, flags, &p);

	if (r < 0)
		return r;
	if (p.entry.id == 0) {
		r = error_set(-ENOENT, "there is no %s in its directory", p.name);
		place_release(call, &p);
		return r;
	}
	*ret = p;
	return 0;
}

void place_told(const struct place *p, uint64_t id)
{
	if (p->len > 0)
		view_tell_entry(p->view, p->dir, p->name, p->len);
	view_tell_node(p->view, p->dir);
	if (id)
		view_tell_node(p->view, id);
}

int place_refresh(struct place *p)
{
	struct entry e;
	int r = view_lookup(p->view, p->dir, p->name, p->len, &e);

	if (r < 0)
		return r;
	if (p->entry.id)
		view_forget(p->view, p->entry.id, 1);
	p->entry = e;
	return 0;
}
