/*
 * The volume file as a file: what it looks like from outside, and who may write it. The
 * lock is flock(2) on the file itself, so it needs no other file and ends with its
 * owner. Its descriptor must outlive SQLite's: closing any descriptor of a file drops
 * all POSIX locks that the process has on it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "store/store.h"
#include "store/volume.h"

#define HEADER_BYTES 100
#define LOCK_TRIES   20 /* readers hold the lock for moments */
#define LOCK_WAIT_NS 25000000

static int not_a_volume(const char *path, const char *why)
{
	return error_set(-EINVAL, "%s is not an AgentFS volume (%s)", path, why);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static bool has_wal(const char *path)
{
	char wal[4096];
	struct stat st;

	snprintf(wal, sizeof(wal), "%s-wal", path);
	return stat(wal, &st) == 0 && st.st_size > 0;
}

static int check_header(const char *path, int fd, const struct stat *st)
{
	uint8_t header[HEADER_BYTES];
	ssize_t n = pread(fd, header, sizeof(header), 0);
	int64_t page_size, n_pages;

	if (n < 0)
		return error_set(-errno, "reading %s: %s", path, strerror(errno));
	if (n == 0)
		return not_a_volume(path, "it is empty");
	if (n < 16 || memcmp(header, "SQLite format 3", 16) != 0)
		return not_a_volume(path, "it is no SQLite file");
	if (n < HEADER_BYTES)
		return error_set(-EUCLEAN, "%s is damaged: it ends within its header",
				 path);
	page_size = header[16] << 8 | header[17];
	if (page_size == 1)
		page_size = 65536;
	n_pages = be32(header + 28);
	/* With a write-ahead log the last checkpoint may have been cut short: that log
	 * has all pages still. */
	if (st->st_size < n_pages * page_size && !has_wal(path))
		return error_set(
			-EUCLEAN,
			"%s is damaged: it has %lld bytes of %lld (truncated?)", path,
			(long long)st->st_size, (long long)(n_pages * page_size));
	return 0;
}

int volume_open_file(const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0)
		return error_set(-errno, "opening volume %s: %s", path,
				 strerror(errno));
	if (fstat(fd, &st) < 0)
		return error_set(-errno, "looking at %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return not_a_volume(path, "it is no regular file");
	r = check_header(path, fd, &st);
	if (r < 0)
		return r;
	*ret_fd = take_fd(fd);
	return 0;
}

static int find_owner(const struct stat *st, int *ret_pid)
{
	FILE *f = fopen("/proc/locks", "re");
	char line[256];

	if (!f)
		return -errno;
	*ret_pid = 0;
	while (fgets(line, sizeof(line), f)) {
		unsigned major, minor;
		uint64_t ino;
		int pid;

		if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %d %x:%x:%" SCNu64, &pid,
			   &major, &minor, &ino) == 4 &&
		    ino == st->st_ino && makedev(major, minor) == st->st_dev)
			*ret_pid = pid;
	}
	fclose(f);
	return 0;
}

int store_owner_pid(const char *path, int *ret_pid)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return error_set(-errno, "looking at %s: %s", path, strerror(errno));
	return find_owner(&st, ret_pid);
}

int volume_lock(const char *path, int fd)
{
	const struct timespec wait = {0, LOCK_WAIT_NS};
	int pid = 0;

	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return 0;
		if (errno != EWOULDBLOCK)
			return error_set(-errno, "locking %s: %s", path,
					 strerror(errno));
		nanosleep(&wait, NULL);
	}
	if (store_owner_pid(path, &pid) == 0 && pid)
		return error_set(-EBUSY,
				 "%s is in use by process %d; end it first, or wait "
				 "until it has finished",
				 path, pid);
	return error_set(-EBUSY, "%s is in use by another process", path);
}
