/* Methods that make, move and remove names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "ctl/methods.h"
#include "ctl/place.h"
#include "vfs/notify.h"

int method_mkdir(struct method_call *call)
{
	unsigned flags = method_flag(call, "parents") ? PLACE_PARENTS : 0;
	uint32_t mode = (uint32_t)method_integer(call, "mode", 0755);
	struct place p;
	int r = place_find(call, "path", flags, &p);

	if (r < 0)
		return r;
	if (p.entry.id == 0) {
		r = view_mkdir(p.view, p.dir, p.name, p.len, mode & 07777, p.owner,
			       &p.entry);
		place_told(&p, 0);
		view_tell_wait(p.view);
	} else if (!flags || !S_ISDIR(p.entry.attr.mode)) {
		r = error_set(-EEXIST, "/%s exists already", p.name);
	}
	place_release(call, &p);
	return r;
}

/* ---- removal ---- */

#define BATCH 512

/* A directory on the way down, with the names of it that are still to go. */
struct level {
	struct level *up;
	uint64_t id; /* a reference is held */
	char *name;  /* in the directory above */
	char *names[BATCH];
	size_t n, next;
};

static int add_name(void *arg, const struct dir_entry *e)
{
	struct level *l = arg;

	if (e->name[0] == '.' && (e->len == 1 || (e->len == 2 && e->name[1] == '.')))
		return 0;
	if (l->n == BATCH)
		return 1;
	l->names[l->n] = strndup(e->name, e->len);
	return l->names[l->n] ? (int)(l->n++, 0) : -ENOMEM;
}

static int push(struct level **top, uint64_t id, const char *name)
{
	struct level *l = calloc(1, sizeof(*l));

	if (l)
		l->name = strdup(name);
	if (!l || !l->name) {
		free(l);
		return -ENOMEM;
	}
	l->id = id;
	l->up = *top;
	*top = l;
	return 0;
}

static void pop(struct view *v, struct level **top)
{
	struct level *l = *top;

	*top = l->up;
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->name);
	view_forget(v, l->id, 1);
	free(l);
}

static int remove_one(struct view *v, struct level **top, const char *name)
{
	uint64_t dir = (*top)->id;
	size_t len = strlen(name);
	struct entry e;
	int r = view_lookup(v, dir, name, len, &e);

	if (r < 0 || e.id == 0)
		return r;
	if (!S_ISDIR(e.attr.mode)) {
		r = view_unlink(v, dir, name, len);
	} else {
		r = view_rmdir(v, dir, name, len);
		if (r == -ENOTEMPTY) {
			r = push(top, e.id, name);
			if (r == 0)
				return 0;
		}
	}
	view_forget(v, e.id, 1);
	view_tell_entry(v, dir, name, len);
	return r == -ENOENT ? 0 : r;
}

/* The next batch of names of the top directory; without any it is removed itself. */
static int refill(struct view *v, struct level **top)
{
	struct level *l = *top;
	int r;

	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	l->n = l->next = 0;
	r = view_readdir(v, l->id, 0, false, add_name, l);
	if (r < 0 || l->n > 0 || !l->up)
		return r;
	r = view_rmdir(v, l->up->id, l->name, strlen(l->name));
	view_tell_entry(v, l->up->id, l->name, strlen(l->name));
	view_tell_node(v, l->up->id);
	if (r == -ENOTEMPTY)
		return 0; /* somebody adds names to it: once more */
	if (r == 0)
		pop(v, top);
	return r;
}

static int empty(struct view *v, uint64_t id)
{
	struct level *top = NULL;
	struct entry e;
	int r = view_get(v, id, 0, &e);

	if (r == 0)
		r = push(&top, id, "");
	while (r == 0) {
		if (top->next < top->n) {
			const char *name = top->names[top->next++];

			r = remove_one(v, &top, name);
			continue;
		}
		r = refill(v, &top);
		if (r == 0 && !top->up && top->n == 0)
			break;
	}
	while (top)
		pop(v, &top);
	return r;
}

int remove_tree(struct view *v, uint64_t dir, const char *name, size_t len,
		const struct entry *entry)
{
	int r;

	if (!S_ISDIR(entry->attr.mode))
		return view_unlink(v, dir, name, len);
	do {
		r = empty(v, entry->id);
		if (r == 0)
			r = view_rmdir(v, dir, name, len);
	} while (r == -ENOTEMPTY);
	return r;
}

static int remove_place(struct method_call *call, const struct place *p)
{
	if (p->len == 0)
		return error_set(-EBUSY, "the root of a view cannot be removed");
	if (!S_ISDIR(p->entry.attr.mode))
		return view_unlink(p->view, p->dir, p->name, p->len);
	if (method_flag(call, "recursive"))
		return remove_tree(p->view, p->dir, p->name, p->len, &p->entry);
	if (!method_flag(call, "directory"))
		return error_set(-EISDIR, "%s is a directory: it goes with -r",
				 p->name);
	return view_rmdir(p->view, p->dir, p->name, p->len);
}

int method_remove(struct method_call *call)
{
	struct place p;
	int r = place_find_existing(call, "path", 0, &p);

	if (r < 0)
		return r == -ENOENT && method_flag(call, "force") ? 0 : r;
	r = remove_place(call, &p);
	place_told(&p, p.entry.id);
	view_tell_wait(p.view);
	place_release(call, &p);
	return r;
}

/* ---- move ---- */

/* Where the target is a directory, the place inside it. */
static int into_directory(const struct place *from, struct place *to)
{
	struct entry e;
	int r;

	if (to->entry.id == 0 || !S_ISDIR(to->entry.attr.mode))
		return 0;
	r = view_lookup(to->view, to->entry.id, from->name, from->len, &e);
	if (r < 0)
		return r;
	view_forget(to->view, to->dir, 1);
	to->dir = to->entry.id;
	to->entry = e;
	memcpy(to->name, from->name, from->len + 1);
	to->len = from->len;
	return 0;
}

int method_move(struct method_call *call)
{
	struct place from, to = {.slot = NULL};
	int r = place_find_existing(call, "from", 0, &from);

	if (r < 0)
		return r;
	r = place_find(call, "to", 0, &to);
	if (r == 0)
		r = into_directory(&from, &to);
	if (r == 0 && from.len == 0)
		r = error_set(-EBUSY, "the root of a view cannot be moved");
	if (r == 0)
		r = view_rename(from.view, &(struct rename){
						   .from_dir = from.dir,
						   .to_dir = to.dir,
						   .from_name = from.name,
						   .to_name = to.name,
						   .from_len = from.len,
						   .to_len = to.len,
					   });
	if (r == 0) {
		place_told(&from, from.entry.id);
		place_told(&to, to.entry.id);
		view_tell_wait(from.view);
	}
	place_release(call, &to);
	place_release(call, &from);
	return r;
}
