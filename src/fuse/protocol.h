/*
 * The FUSE protocol: <linux/fuse.h>, and what later kernels added to it (with the
 * version of the protocol that brought it), so that we build against Debian 12's
 * header.
 */
#ifndef AGENTFS_FUSE_PROTOCOL_H
#define AGENTFS_FUSE_PROTOCOL_H

#include <linux/fuse.h>

#define PROTOCOL_MINOR 45 /* what we speak; the kernel takes the lower of both */

/* 7.39 */
#define PROTOCOL_STATX 52

struct protocol_sx_time {
	int64_t tv_sec;
	uint32_t tv_nsec;
	int32_t reserved;
};

struct protocol_statx {
	uint32_t mask, blksize;
	uint64_t attributes;
	uint32_t nlink, uid, gid;
	uint16_t mode, spare0;
	uint64_t ino, size, blocks, attributes_mask;
	struct protocol_sx_time atime, btime, ctime, mtime;
	uint32_t rdev_major, rdev_minor, dev_major, dev_minor;
	uint64_t spare2[14];
};

struct protocol_statx_in {
	uint32_t getattr_flags, reserved;
	uint64_t fh;
	uint32_t sx_flags, sx_mask;
};

struct protocol_statx_out {
	uint64_t attr_valid;
	uint32_t attr_valid_nsec, flags;
	uint64_t spare[2];
	struct protocol_statx stat;
};

/* 7.44, 7.45 */
#define PROTOCOL_NOTIFY_INC_EPOCH   8
#define PROTOCOL_NOTIFY_PRUNE	    9
#define PROTOCOL_COPY_FILE_RANGE_64 53

struct protocol_prune_out { /* the node ids follow */
	uint32_t count, padding;
	uint64_t spare;
};

struct protocol_copy_out {
	uint64_t bytes_copied;
};

#define PROTOCOL_OPCODES 64 /* beyond all that are known */

#endif
