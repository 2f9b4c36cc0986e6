/* The method `copy`: files, links, special files and whole trees within one view. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/error.h"
#include "ctl/methods.h"
#include "ctl/place.h"
#include "vfs/notify.h"

#define COPY_STEP (INT64_C(8) << 20)

/* A directory that is still to be copied: both sides held. */
struct job {
	struct job *next;
	uint64_t from, to;
};

struct copy {
	struct view *v;
	struct owner owner;
	struct job *jobs;
	uint64_t top; /* the new tree itself, which is not copied into itself */
};

static int copy_content(struct view *v, const struct entry *from, uint64_t to)
{
	int64_t off = 0, n = 1;

	while (off < from->attr.size && n > 0) {
		int64_t left = from->attr.size - off;

		n = view_copy_range(v, from->id, off, to, off,
				    left < COPY_STEP ? left : COPY_STEP);
		off += n > 0 ? n : 0;
	}
	return n < 0 ? (int)n : 0;
}

static int copy_xattrs(struct view *v, uint64_t from, uint64_t to)
{
	struct buf names = BUF_INIT, value = BUF_INIT;
	int r = view_listxattr(v, from, &names);

	for (size_t i = 0; r == 0 && i < names.len; i += strlen(names.data + i) + 1) {
		buf_clear(&value);
		r = view_getxattr(v, from, names.data + i, &value);
		if (r == 0)
			r = view_setxattr(v, to, names.data + i,
					  value.data ? value.data : "", value.len, 0);
	}
	buf_release(&names);
	buf_release(&value);
	return r == -EOPNOTSUPP ? 0 : r;
}

static int copy_link(struct copy *c, const struct entry *from, uint64_t dir,
		     const char *name, struct entry *ret)
{
	struct buf target = BUF_INIT;
	int r = view_readlink(c->v, from->id, &target);

	if (r == 0)
		r = view_symlink(c->v, dir, name, strlen(name), target.data, c->owner,
				 ret);
	buf_release(&target);
	return r;
}

static int add_job(struct copy *c, uint64_t from, uint64_t to)
{
	struct job *job = malloc(sizeof(*job));
	struct entry a, b;

	if (!job)
		return -ENOMEM;
	if (view_get(c->v, from, 0, &a) < 0 || view_get(c->v, to, 0, &b) < 0) {
		free(job);
		return -ESTALE;
	}
	*job = (struct job){c->jobs, from, to};
	c->jobs = job;
	return 0;
}

/* Copies one object; a directory's entries become a job. */
static int copy_one(struct copy *c, const struct entry *from, uint64_t dir,
		    const char *name, struct entry *ret)
{
	uint32_t mode = from->attr.mode;
	size_t len = strlen(name);
	int r;

	if (S_ISLNK(mode))
		return copy_link(c, from, dir, name, ret);
	if (S_ISDIR(mode))
		r = view_mkdir(c->v, dir, name, len, mode & 07777, c->owner, ret);
	else
		r = view_mknod(c->v, dir, name, len,
			       &(struct new_object){mode & (S_IFMT | 0777),
						    from->attr.rdev, c->owner},
			       ret);
	if (r < 0)
		return r;
	if (S_ISREG(mode))
		r = copy_content(c->v, from, ret->id);
	if (r == 0 && S_ISDIR(mode))
		r = add_job(c, from->id, ret->id);
	if (r == 0)
		r = copy_xattrs(c->v, from->id, ret->id);
	if (r < 0)
		view_forget(c->v, ret->id, 1);
	return r;
}

struct names {
	char **names;
	size_t n;
};

static int add_name(void *arg, const struct dir_entry *e)
{
	struct names *l = arg;
	char **names;

	if (e->name[0] == '.' && (e->len == 1 || (e->len == 2 && e->name[1] == '.')))
		return 0;
	names = realloc(l->names, (l->n + 1) * sizeof(*names));
	if (!names)
		return -ENOMEM;
	l->names = names;
	l->names[l->n] = strndup(e->name, e->len);
	return l->names[l->n] ? (int)(l->n++, 0) : -ENOMEM;
}

static int copy_entries(struct copy *c, const struct job *job, const struct names *l)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < l->n; i++) {
		const char *name = l->names[i];
		struct entry from, made;

		r = view_lookup(c->v, job->from, name, strlen(name), &from);
		if (r < 0 || from.id == 0)
			continue;
		if (from.id != c->top) {
			r = copy_one(c, &from, job->to, name, &made);
			if (r == 0)
				view_forget(c->v, made.id, 1);
		}
		view_forget(c->v, from.id, 1);
	}
	return r;
}

static int run_job(struct copy *c, const struct job *job)
{
	struct names l = {NULL, 0};
	int r = view_readdir(c->v, job->from, 0, false, add_name, &l);

	if (r == 0)
		r = copy_entries(c, job, &l);
	for (size_t i = 0; i < l.n; i++)
		free(l.names[i]);
	free(l.names);
	view_tell_node(c->v, job->to);
	return r;
}

int copy_tree(struct view *v, const struct entry *from, struct place *to)
{
	struct copy c = {.v = v, .owner = to->owner};
	int r = copy_one(&c, from, to->dir, to->name, &to->entry);

	if (r < 0)
		to->entry.id = 0;
	c.top = to->entry.id;
	while (c.jobs) {
		struct job *job = c.jobs;

		c.jobs = job->next;
		if (r == 0)
			r = run_job(&c, job);
		view_forget(v, job->from, 1);
		view_forget(v, job->to, 1);
		free(job);
	}
	return r;
}

/* A target that exists: copied into if it is a directory, overwritten if a file. */
static int prepare_target(struct method_call *call, const struct place *from,
			  struct place *to)
{
	struct entry e;
	int r;

	if (to->entry.id && S_ISDIR(to->entry.attr.mode)) {
		if (from->len == 0)
			return error_set(-EINVAL, "the root cannot be copied into the "
						  "view itself");
		r = view_lookup(to->view, to->entry.id, from->name, from->len, &e);
		if (r < 0)
			return r;
		view_forget(to->view, to->dir, 1);
		to->dir = to->entry.id;
		to->entry = e;
		memcpy(to->name, from->name, from->len + 1);
		to->len = from->len;
	}
	if (to->entry.id == 0)
		return 0;
	if (to->entry.id == from->entry.id)
		return error_set(-EINVAL, "%s and %s are the same", from->name,
				 to->name);
	if (S_ISDIR(to->entry.attr.mode) || S_ISDIR(from->entry.attr.mode) ||
	    method_flag(call, "no_replace"))
		return error_set(-EEXIST, "%s exists already", to->name);
	return 0;
}

/* Over an existing file: its content is replaced, its mode and inode stay. */
static int copy_over(const struct place *from, struct place *to)
{
	struct attr attr = {.size = 0};
	int r;

	if (!S_ISREG(from->entry.attr.mode) || !S_ISREG(to->entry.attr.mode)) {
		r = view_unlink(to->view, to->dir, to->name, to->len);
		if (r < 0)
			return r;
		view_forget(to->view, to->entry.id, 1);
		to->entry.id = 0;
		return copy_tree(to->view, &from->entry, to);
	}
	r = view_setattr(to->view, to->entry.id, ATTR_SIZE | ATTR_KILL_PRIV, &attr,
			 &attr);
	return r < 0 ? r : copy_content(to->view, &from->entry, to->entry.id);
}

int method_copy(struct method_call *call)
{
	struct place from, to = {.slot = NULL};
	int r = place_find_existing(call, "from", 0, &from);

	if (r < 0)
		return r;
	r = place_find(call, "to", 0, &to);
	if (r == 0 && S_ISDIR(from.entry.attr.mode) && !method_flag(call, "recursive"))
		r = error_set(-EISDIR, "%s is a directory: it is copied with -r",
			      from.name);
	if (r == 0)
		r = prepare_target(call, &from, &to);
	if (r == 0) {
		r = to.entry.id ? copy_over(&from, &to)
				: copy_tree(from.view, &from.entry, &to);
		place_told(&to, to.entry.id);
		view_tell_wait(to.view);
	}
	place_release(call, &to);
	place_release(call, &from);
	return r;
}
