/* Requests about extended attributes. */
#include <errno.h>
#include <string.h>

#include "fuse/session.h"

static bool is_acl(const char *name)
{
	return strcmp(name, ACL_ACCESS) == 0 || strcmp(name, ACL_DEFAULT) == 0;
}

/* "system." belongs to filesystems; of it we know the ACLs. */
static int check_namespace(const char *name)
{
	if (strncmp(name, "system.", 7) == 0 && !is_acl(name))
		return -EOPNOTSUPP;
	return 0;
}

/* ACLs are the true owner's to set, whom the kernel cannot see (ids.c). */
static int check_change(struct request *r, const char *name)
{
	struct attr a;
	bool cacheable;
	int error = check_namespace(name);

	if (error < 0 || r->connection->ids.all || !is_acl(name))
		return error;
	error = view_getattr(r->view, r->in.header.nodeid, &a, &cacheable);
	if (error == 0 && ids_is_foreign(&r->connection->ids, &a))
		error = -EPERM;
	return error;
}

/* A size of 0 asks how long the answer is. */
static void reply_sized(struct request *r, uint32_t size, const struct buf *value)
{
	struct fuse_getxattr_out out = {.size = (uint32_t)value->len};

	if (size == 0)
		reply_data(r, &out, sizeof(out));
	else if (size < value->len)
		reply_error(r, -ERANGE);
	else
		reply_data(r, value->data, value->len);
}

void op_getxattr(struct request *r)
{
	const struct fuse_getxattr_in *in = wire_take(&r->in, sizeof(*in));
	struct buf value = BUF_INIT;
	size_t len;
	const char *name = in ? wire_take_text(&r->in, &len) : NULL;
	int error = name ? check_namespace(name) : -EINVAL;

	if (error == 0)
		error = view_getxattr(r->view, r->in.header.nodeid, name, &value);
	if (error < 0)
		reply_error(r, error);
	else
		reply_sized(r, in->size, &value);
	buf_release(&value);
}

/* trusted.* is nothing for ordinary users, not even as a name. */
static void hide_trusted(struct buf *names)
{
	size_t kept = 0;

	for (size_t i = 0; i < names->len;) {
		size_t len = strlen(names->data + i) + 1;

		if (strncmp(names->data + i, "trusted.", 8) != 0) {
			memmove(names->data + kept, names->data + i, len);
			kept += len;
		}
		i += len;
	}
	names->len = kept;
}

void op_listxattr(struct request *r)
{
	const struct fuse_getxattr_in *in = wire_take(&r->in, sizeof(*in));
	struct buf names = BUF_INIT;
	int error = -EINVAL;

	if (in)
		error = view_listxattr(r->view, r->in.header.nodeid, &names);
	if (error == 0 && r->in.header.uid != 0)
		hide_trusted(&names);
	if (error < 0)
		reply_error(r, error);
	else
		reply_sized(r, in->size, &names);
	buf_release(&names);
}

void op_setxattr(struct request *r)
{
	const struct fuse_setxattr_in *in = wire_take(&r->in, sizeof(*in));
	uint64_t id = r->in.header.nodeid;
	size_t len;
	const char *name = in ? wire_take_text(&r->in, &len) : NULL;
	const void *value = name ? wire_take(&r->in, in->size) : NULL;
	bool needed = true;
	int error = value ? check_change(r, name) : -EINVAL;

	if (error == 0 && strcmp(name, ACL_ACCESS) == 0)
		error = acl_apply_access(
			r->view, id, value, in->size,
			in->setxattr_flags & FUSE_SETXATTR_ACL_KILL_SGID, &needed);
	if (error == 0 && needed)
		error = view_setxattr(r->view, id, name, value, in->size,
				      (int)in->flags);
	if (error == 0 && !needed) {
		error = view_removexattr(r->view, id, name);
		error = error == -ENODATA ? 0 : error;
	}
	reply_error(r, error);
}

void op_removexattr(struct request *r)
{
	size_t len;
	const char *name = wire_take_text(&r->in, &len);
	int error = name ? check_change(r, name) : -EINVAL;

	if (error == 0)
		error = view_removexattr(r->view, r->in.header.nodeid, name);
	/* Removing an ACL that is not there succeeds, as on ext4. */
	reply_error(r, error == -ENODATA && is_acl(name) ? 0 : error);
}
