/* Requests about content. */
#include <errno.h>

#include "fuse/session.h"
#include "fuse/transport.h"

void op_read(struct request *r)
{
	const struct fuse_read_in *in = wire_take(&r->in, sizeof(*in));
	int64_t n;

	if (!in || in->size > TRANSPORT_MESSAGE_MAX) {
		reply_error(r, -EINVAL);
		return;
	}
	n = view_read(r->view, r->in.header.nodeid, (int64_t)in->offset, r->out,
		      in->size);
	if (n < 0)
		reply_error(r, (int)n);
	else
		reply_data(r, r->out, (size_t)n);
}

void op_write(struct request *r)
{
	const struct fuse_write_in *in = wire_take(&r->in, sizeof(*in));
	const void *data = in ? wire_take(&r->in, in->size) : NULL;
	struct fuse_write_out out = {0};
	int64_t n;

	if (!data) {
		reply_error(r, -EINVAL);
		return;
	}
	n = view_write(r->view, r->in.header.nodeid, (int64_t)in->offset, data,
		       in->size, in->write_flags & FUSE_WRITE_KILL_SUIDGID);
	if (n < 0) {
		reply_error(r, (int)n);
		return;
	}
	out.size = (uint32_t)n;
	reply_data(r, &out, sizeof(out));
}

void op_fsync(struct request *r)
{
	const struct fuse_fsync_in *in = wire_take(&r->in, sizeof(*in));

	reply_error(r, in ? view_fsync(r->view, r->in.header.nodeid,
				       in->fsync_flags & FUSE_FSYNC_FDATASYNC)
			  : -EINVAL);
}

void op_syncfs(struct request *r)
{
	reply_error(r, view_flush(r->view, true));
}

void op_fallocate(struct request *r)
{
	const struct fuse_fallocate_in *in = wire_take(&r->in, sizeof(*in));

	reply_error(r, in ? view_fallocate(r->view, r->in.header.nodeid, (int)in->mode,
					   (int64_t)in->offset, (int64_t)in->length)
			  : -EINVAL);
}

void op_lseek(struct request *r)
{
	const struct fuse_lseek_in *in = wire_take(&r->in, sizeof(*in));
	struct fuse_lseek_out out = {0};
	int64_t off = -EINVAL;

	if (in)
		off = view_lseek(r->view, r->in.header.nodeid, (int64_t)in->offset,
				 (int)in->whence);
	if (off < 0) {
		reply_error(r, (int)off);
		return;
	}
	out.offset = (uint64_t)off;
	reply_data(r, &out, sizeof(out));
}

/*
 * A thread that copies serves nobody else, and what is asked of it cannot be
 * interrupted; so the caller comes back for the rest.
 */
#define COPY_MAX (INT64_C(16) << 20)

static int64_t copy_range(struct request *r)
{
	const struct fuse_copy_file_range_in *in = wire_take(&r->in, sizeof(*in));
	int64_t len;

	if (!in || in->flags || in->len > INT64_MAX)
		return -EINVAL;
	len = (int64_t)in->len < COPY_MAX ? (int64_t)in->len : COPY_MAX;
	return view_copy_range(r->view, r->in.header.nodeid, (int64_t)in->off_in,
			       in->nodeid_out, (int64_t)in->off_out, len);
}

void op_copy_file_range(struct request *r)
{
	int64_t n = copy_range(r);
	struct fuse_write_out out = {.size = (uint32_t)(n < 0 ? 0 : n)};

	if (n < 0)
		reply_error(r, (int)n);
	else
		reply_data(r, &out, sizeof(out));
}

void op_copy_file_range_64(struct request *r)
{
	int64_t n = copy_range(r);
	struct protocol_copy_out out = {.bytes_copied = (uint64_t)(n < 0 ? 0 : n)};

	if (n < 0)
		reply_error(r, (int)n);
	else
		reply_data(r, &out, sizeof(out));
}
