/*
 * The kernel's INIT: what is agreed on. No-open mode is the point of most of it: OPEN,
 * OPENDIR, FLUSH and CREATE are answered ENOSYS once and never asked again, which is
 * sound only with default_permissions, and never together with ATOMIC_O_TRUNC (nobody
 * would be told to truncate). The writeback cache stays off, because a write that has
 * returned must be in the next snapshot.
 */
#include <errno.h>
#include <string.h>

#include "fuse/session.h"

static const uint32_t wanted = FUSE_ASYNC_READ | FUSE_BIG_WRITES | FUSE_DONT_MASK |
			       FUSE_DO_READDIRPLUS | FUSE_READDIRPLUS_AUTO |
			       FUSE_ASYNC_DIO | FUSE_NO_OPEN_SUPPORT |
			       FUSE_PARALLEL_DIROPS | FUSE_HANDLE_KILLPRIV_V2 |
			       FUSE_POSIX_ACL | FUSE_MAX_PAGES | FUSE_CACHE_SYMLINKS |
			       FUSE_NO_OPENDIR_SUPPORT | FUSE_EXPLICIT_INVAL_DATA |
			       FUSE_EXPORT_SUPPORT | FUSE_SETXATTR_EXT | FUSE_INIT_EXT;

/* Without these the promises of no-open mode or of sizes would not hold. */
static const uint32_t needed = FUSE_NO_OPEN_SUPPORT | FUSE_BIG_WRITES | FUSE_MAX_PAGES;

static void now_ready(struct fuse_connection *c, int error)
{
	lock_take(&c->lock);
	c->ready = error == 0;
	c->failed = error;
	pthread_cond_broadcast(&c->changed);
	lock_drop(&c->lock);
}

void op_init(struct request *r)
{
	struct fuse_init_out out = {0};
	const uint32_t *in = wire_take(&r->in, 4 * sizeof(uint32_t));
	struct fuse_connection *c = r->connection;

	if (!in || in[0] != FUSE_KERNEL_VERSION || (in[3] & needed) != needed) {
		reply_error(r, -EPROTO);
		now_ready(c, -EPROTO);
		return;
	}
	c->minor = in[1];
	out.major = FUSE_KERNEL_VERSION;
	out.minor = in[1] < PROTOCOL_MINOR ? in[1] : PROTOCOL_MINOR;
	out.max_readahead = in[2];
	out.flags = in[3] & wanted;
	out.max_background = 65535;
	out.congestion_threshold = 49151;
	out.max_write = 1024 * 1024;
	out.max_pages = 256;
	out.time_gran = 1;
	reply_data(r, &out, sizeof(out));
	now_ready(c, 0);
}
