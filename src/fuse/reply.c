/* Building and sending replies. */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "base/log.h"
#include "fuse/session.h"
#include "fuse/transport.h"

int reply_two(struct request *r, const void *a, size_t a_len, const void *b,
	      size_t b_len)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + a_len + b_len),
		.unique = r->in.header.unique,
	};
	struct iovec parts[3] = {
		{&header, sizeof(header)}, {(void *)a, a_len}, {(void *)b, b_len}};
	int error = transport_send(r->connection->fd, parts, 3);

	if (error < 0 && error != -ENOENT && error != -ENODEV)
		log_debug("fuse: reply to %u: %s", r->in.header.opcode,
			  strerror(-error));
	return error;
}

int reply_data(struct request *r, const void *data, size_t len)
{
	return reply_two(r, data, len, NULL, 0);
}

int reply_error(struct request *r, int error)
{
	/* The kernel refuses other codes, and the client would wait for ever. */
	bool known = error <= 0 && error > -512;
	struct fuse_out_header header = {
		.len = sizeof(header),
		.error = known ? error : -EIO,
		.unique = r->in.header.unique,
	};
	struct iovec part = {&header, sizeof(header)};

	return transport_send(r->connection->fd, &part, 1);
}

static uint32_t device(uint64_t rdev)
{
	unsigned major = major(rdev), minor = minor(rdev);

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

void fill_attr(const struct fuse_connection *c, const struct attr *attr,
	       struct fuse_attr *ret)
{
	struct attr a = ids_present(&c->ids, attr);
	struct timespec at = clock_to_timespec(a.atime_ns);
	struct timespec mt = clock_to_timespec(a.mtime_ns);
	struct timespec ct = clock_to_timespec(a.ctime_ns);

	*ret = (struct fuse_attr){
		.ino = a.ino,
		.size = (uint64_t)a.size,
		.blocks = (uint64_t)a.blocks,
		.atime = (uint64_t)at.tv_sec,
		.mtime = (uint64_t)mt.tv_sec,
		.ctime = (uint64_t)ct.tv_sec,
		.atimensec = (uint32_t)at.tv_nsec,
		.mtimensec = (uint32_t)mt.tv_nsec,
		.ctimensec = (uint32_t)ct.tv_nsec,
		.mode = a.mode,
		.nlink = a.nlink,
		.uid = a.uid,
		.gid = a.gid,
		.rdev = device(a.rdev),
		.blksize = 4096,
	};
}

void fill_entry(const struct fuse_connection *c, const struct entry *e,
		struct fuse_entry_out *ret)
{
	uint64_t valid = e->cacheable ? FOREVER_S : 1;

	memset(ret, 0, sizeof(*ret));
	ret->nodeid = e->id;
	ret->generation = e->generation;
	ret->entry_valid = valid;
	ret->attr_valid = valid;
	if (e->id)
		fill_attr(c, &e->attr, &ret->attr);
}

int reply_entry(struct request *r, const struct entry *e)
{
	struct fuse_entry_out out;
	int error;

	fill_entry(r->connection, e, &out);
	error = reply_data(r, &out, sizeof(out));
	if (error < 0 && e->id)
		view_forget(r->view, e->id, 1);
	return error;
}
