/* Requests about names: look-ups, making, removing, renaming. */
#include <errno.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fuse/session.h"

void op_lookup(struct request *r)
{
	uint64_t dir = r->in.header.nodeid;
	struct entry e;
	size_t len;
	const char *name = wire_take_text(&r->in, &len);
	int error;

	if (!name)
		error = -EINVAL;
	else if (strcmp(name, ".") == 0) /* file handles */
		error = view_get(r->view, dir, 0, &e);
	else if (strcmp(name, "..") == 0)
		error = view_lookup_parent(r->view, dir, &e);
	else
		error = view_lookup(r->view, dir, name, len, &e);
	if (error < 0)
		reply_error(r, error);
	else
		reply_entry(r, &e);
}

/* A count is never more than what a node can have. */
static void forget(struct request *r, uint64_t id, uint64_t count)
{
	view_forget(r->view, id, count < INT64_MAX ? count : INT64_MAX);
}

void op_forget(struct request *r)
{
	const struct fuse_forget_in *in = wire_take(&r->in, sizeof(*in));

	if (in)
		forget(r, r->in.header.nodeid, in->nlookup);
}

void op_batch_forget(struct request *r)
{
	const struct fuse_batch_forget_in *in = wire_take(&r->in, sizeof(*in));

	for (uint32_t i = 0; in && i < in->count; i++) {
		const struct fuse_forget_one *one = wire_take(&r->in, sizeof(*one));

		if (!one)
			break;
		forget(r, one->nodeid, one->nlookup);
	}
}

struct making {
	const char *name;
	size_t len;
	uint32_t mode, umask;
	uint64_t rdev;
	const char *target; /* symlinks */
};

static int make_object(struct request *r, const struct making *m, uint32_t mode,
		       struct entry *ret)
{
	uint64_t dir = r->in.header.nodeid;
	struct owner owner = ids_owner(&r->connection->ids, &r->in.header);

	if (m->target)
		return view_symlink(r->view, dir, m->name, m->len, m->target, owner,
				    ret);
	if (S_ISDIR(mode))
		return view_mkdir(r->view, dir, m->name, m->len, mode, owner, ret);
	return view_mknod(r->view, dir, m->name, m->len,
			  &(struct new_object){mode, m->rdev, owner}, ret);
}

/* Better no object than one that more people may open than its directory says. */
static void unmake(struct request *r, const struct making *m, const struct entry *e)
{
	uint64_t dir = r->in.header.nodeid;

	if (S_ISDIR(e->attr.mode))
		view_rmdir(r->view, dir, m->name, m->len);
	else
		view_unlink(r->view, dir, m->name, m->len);
	view_forget(r->view, e->id, 1);
}

static void make(struct request *r, const struct making *m)
{
	struct buf access = BUF_INIT, dflt = BUF_INIT;
	uint32_t mode = m->mode;
	struct entry e;
	int error = 0;

	if (!m->target)
		error = acl_inherit(r->view, r->in.header.nodeid, m->umask, &mode,
				    &access, &dflt);
	if (error == 0)
		error = make_object(r, m, mode, &e);
	if (error == 0 && (access.len || (dflt.len && S_ISDIR(mode)))) {
		error = acl_store(r->view, e.id, &access, S_ISDIR(mode) ? &dflt : NULL);
		if (error < 0)
			unmake(r, m, &e);
	}
	buf_release(&access);
	buf_release(&dflt);
	if (error < 0)
		reply_error(r, error);
	else
		reply_entry(r, &e);
}

void op_mknod(struct request *r)
{
	const struct fuse_mknod_in *in = wire_take(&r->in, sizeof(*in));
	struct making m = {0};

	m.name = in ? wire_take_text(&r->in, &m.len) : NULL;
	if (!m.name) {
		reply_error(r, -EINVAL);
		return;
	}
	m.mode = in->mode;
	m.umask = in->umask;
	m.rdev = makedev(in->rdev >> 8 & 0xfff,
			 (in->rdev & 0xff) | (in->rdev >> 12 & 0xfff00));
	make(r, &m);
}

void op_mkdir(struct request *r)
{
	const struct fuse_mkdir_in *in = wire_take(&r->in, sizeof(*in));
	struct making m = {0};

	m.name = in ? wire_take_text(&r->in, &m.len) : NULL;
	if (!m.name) {
		reply_error(r, -EINVAL);
		return;
	}
	m.mode = S_IFDIR | (in->mode & 07777);
	m.umask = in->umask;
	make(r, &m);
}

void op_symlink(struct request *r)
{
	struct making m = {0};
	size_t target_len;

	m.name = wire_take_text(&r->in, &m.len);
	m.target = m.name ? wire_take_text(&r->in, &target_len) : NULL;
	if (!m.target)
		reply_error(r, -EINVAL);
	else
		make(r, &m);
}

void op_link(struct request *r)
{
	const struct fuse_link_in *in = wire_take(&r->in, sizeof(*in));
	struct entry e;
	size_t len;
	const char *name = in ? wire_take_text(&r->in, &len) : NULL;
	int error = -EINVAL;

	if (name)
		error = view_link(r->view, in->oldnodeid, r->in.header.nodeid, name,
				  len, &e);
	if (error < 0)
		reply_error(r, error);
	else
		reply_entry(r, &e);
}

void op_tmpfile(struct request *r)
{
	const struct fuse_create_in *in = wire_take(&r->in, sizeof(*in));
	struct buf access = BUF_INIT, dflt = BUF_INIT;
	struct fuse_entry_out out;
	struct fuse_open_out opened = {.open_flags = FOPEN_KEEP_CACHE};
	struct owner owner = ids_owner(&r->connection->ids, &r->in.header);
	struct entry e;
	uint32_t mode = in ? in->mode : 0;
	int error = -EINVAL;

	if (in)
		error = acl_inherit(r->view, r->in.header.nodeid, in->umask, &mode,
				    &access, &dflt);
	if (error == 0)
		error = view_tmpfile(r->view, r->in.header.nodeid, mode, owner, &e);
	if (error == 0 && access.len) {
		error = acl_store(r->view, e.id, &access, NULL);
		if (error < 0)
			view_forget(r->view, e.id, 1);
	}
	buf_release(&access);
	buf_release(&dflt);
	if (error < 0) {
		reply_error(r, error);
		return;
	}
	fill_entry(r->connection, &e, &out);
	if (reply_two(r, &out, sizeof(out), &opened, sizeof(opened)) < 0)
		view_forget(r->view, e.id, 1);
}

static void remove_name(struct request *r,
			int (*remove)(struct view *, uint64_t, const char *, size_t))
{
	size_t len;
	const char *name = wire_take_text(&r->in, &len);

	reply_error(r,
		    name ? remove(r->view, r->in.header.nodeid, name, len) : -EINVAL);
}

void op_unlink(struct request *r)
{
	remove_name(r, view_unlink);
}

void op_rmdir(struct request *r)
{
	remove_name(r, view_rmdir);
}

static void rename_names(struct request *r, uint64_t to_dir, uint32_t flags)
{
	struct rename rename = {
		.from_dir = r->in.header.nodeid, .to_dir = to_dir, .flags = flags};

	rename.from_name = wire_take_text(&r->in, &rename.from_len);
	rename.to_name =
		rename.from_name ? wire_take_text(&r->in, &rename.to_len) : NULL;
	reply_error(r, rename.to_name ? view_rename(r->view, &rename) : -EINVAL);
}

void op_rename(struct request *r)
{
	const struct fuse_rename_in *in = wire_take(&r->in, sizeof(*in));

	if (in)
		rename_names(r, in->newdir, 0);
	else
		reply_error(r, -EINVAL);
}

void op_rename2(struct request *r)
{
	const struct fuse_rename2_in *in = wire_take(&r->in, sizeof(*in));

	if (in)
		rename_names(r, in->newdir, in->flags);
	else
		reply_error(r, -EINVAL);
}
