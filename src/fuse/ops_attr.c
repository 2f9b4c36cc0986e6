/* Requests about attributes. */
#include <errno.h>
#include <linux/stat.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/clock.h"
#include "fuse/session.h"

/* For how many seconds the kernel may believe the attributes. */
static uint64_t valid_s(const struct request *r, bool cacheable)
{
	if (r->in.header.nodeid == FUSE_ROOT_ID && !r->connection->root_entered)
		return 0;
	return cacheable ? FOREVER_S : 1;
}

static void reply_attr(struct request *r, const struct attr *attr, bool cacheable)
{
	struct fuse_attr_out out = {.attr_valid = valid_s(r, cacheable)};

	fill_attr(r->connection, attr, &out.attr);
	reply_data(r, &out, sizeof(out));
}

void op_getattr(struct request *r)
{
	struct attr attr;
	bool cacheable;
	int error = view_getattr(r->view, r->in.header.nodeid, &attr, &cacheable);

	if (error < 0)
		reply_error(r, error);
	else
		reply_attr(r, &attr, cacheable);
}

static struct protocol_sx_time sx_time(int64_t ns)
{
	struct timespec ts = clock_to_timespec(ns);

	return (struct protocol_sx_time){.tv_sec = ts.tv_sec,
					 .tv_nsec = (uint32_t)ts.tv_nsec};
}

void op_statx(struct request *r)
{
	struct protocol_statx_out out = {0};
	struct attr a;
	bool cacheable;
	int error = view_getattr(r->view, r->in.header.nodeid, &a, &cacheable);

	if (error < 0) {
		reply_error(r, error);
		return;
	}
	a = ids_present(&r->connection->ids, &a);
	out.attr_valid = valid_s(r, cacheable);
	out.stat = (struct protocol_statx){
		.mask = STATX_BASIC_STATS | STATX_BTIME,
		.blksize = 4096,
		.nlink = a.nlink,
		.uid = a.uid,
		.gid = a.gid,
		.mode = (uint16_t)a.mode,
		.ino = a.ino,
		.size = (uint64_t)a.size,
		.blocks = (uint64_t)a.blocks,
		.atime = sx_time(a.atime_ns),
		.btime = sx_time(a.btime_ns),
		.ctime = sx_time(a.ctime_ns),
		.mtime = sx_time(a.mtime_ns),
		.rdev_major = major(a.rdev),
		.rdev_minor = minor(a.rdev),
	};
	reply_data(r, &out, sizeof(out));
}

static const struct {
	uint32_t wire, view;
} attr_flags[] = {
	{FATTR_MODE, ATTR_MODE},
	{FATTR_UID, ATTR_UID},
	{FATTR_GID, ATTR_GID},
	{FATTR_SIZE, ATTR_SIZE},
	{FATTR_ATIME, ATTR_ATIME},
	{FATTR_MTIME, ATTR_MTIME},
	{FATTR_ATIME_NOW, ATTR_ATIME_NOW},
	{FATTR_MTIME_NOW, ATTR_MTIME_NOW},
	{FATTR_CTIME, ATTR_CTIME},
	{FATTR_KILL_SUIDGID, ATTR_KILL_PRIV},
};

static uint32_t view_flags(uint32_t valid)
{
	uint32_t set = 0;

	for (size_t i = 0; i < sizeof(attr_flags) / sizeof(attr_flags[0]); i++)
		if (valid & attr_flags[i].wire)
			set |= attr_flags[i].view;
	if (set & ATTR_ATIME_NOW)
		set &= ~(uint32_t)ATTR_ATIME;
	if (set & ATTR_MTIME_NOW)
		set &= ~(uint32_t)ATTR_MTIME;
	return set;
}

/*
 * The kernel takes the caller for the owner of what we present as its own. What only
 * the true owner may do is refused here, as ext4 would have refused it.
 */
static int check_foreign(struct request *r, uint32_t set)
{
	struct attr a, shown;
	bool cacheable;
	int error;

	if (r->connection->ids.all)
		return 0;
	error = view_getattr(r->view, r->in.header.nodeid, &a, &cacheable);
	if (error < 0 || !ids_is_foreign(&r->connection->ids, &a))
		return error;
	if (set & (ATTR_MODE | ATTR_UID | ATTR_GID | ATTR_ATIME | ATTR_MTIME))
		return -EPERM;
	shown = ids_present(&r->connection->ids, &a);
	if (set & (ATTR_ATIME_NOW | ATTR_MTIME_NOW) && !(shown.mode & S_IWUSR))
		return -EACCES;
	return 0;
}

/* Seconds beyond what nanoseconds in 64 bits hold (1677 to 2262) are cut. */
static int64_t time_ns(uint64_t seconds, uint32_t ns)
{
	const int64_t most = INT64_MAX / NS_PER_S - 1;
	int64_t s = (int64_t)seconds;

	if (s > most)
		s = most;
	if (s < -most)
		s = -most;
	return s * NS_PER_S + (ns < NS_PER_S ? ns : NS_PER_S - 1);
}

void op_setattr(struct request *r)
{
	const struct fuse_setattr_in *in = wire_take(&r->in, sizeof(*in));
	struct attr values, after;
	uint32_t set;
	int error;

	if (!in) {
		reply_error(r, -EINVAL);
		return;
	}
	set = view_flags(in->valid);
	values = (struct attr){
		.mode = in->mode,
		.uid = in->uid,
		.gid = in->gid,
		.size = (int64_t)in->size,
		.atime_ns = time_ns(in->atime, in->atimensec),
		.mtime_ns = time_ns(in->mtime, in->mtimensec),
		.ctime_ns = time_ns(in->ctime, in->ctimensec),
	};
	error = check_foreign(r, set);
	if (error == 0)
		error = view_setattr(r->view, r->in.header.nodeid, set, &values,
				     &after);
	if (error == 0 && set & ATTR_MODE)
		acl_follow_mode(r->view, r->in.header.nodeid, after.mode);
	if (error < 0)
		reply_error(r, error);
	else
		reply_attr(r, &after, true);
}

void op_readlink(struct request *r)
{
	struct buf target = BUF_INIT;
	int error = view_readlink(r->view, r->in.header.nodeid, &target);

	if (error < 0)
		reply_error(r, error);
	else
		reply_data(r, target.data, target.len);
	buf_release(&target);
}

void op_statfs(struct request *r)
{
	struct fuse_statfs_out out = {0};
	struct view_space space;
	int error = view_statfs(r->view, &space);

	if (error < 0) {
		reply_error(r, error);
		return;
	}
	out.st = (struct fuse_kstatfs){
		.blocks = space.blocks,
		.bfree = space.free,
		.bavail = space.available,
		.files = space.files,
		.ffree = space.files_free,
		.bsize = (uint32_t)space.block_size,
		.frsize = (uint32_t)space.block_size,
		.namelen = 255,
	};
	reply_data(r, &out, sizeof(out));
}
