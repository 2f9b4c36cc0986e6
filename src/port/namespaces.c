#include "port/namespaces.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NESTING_MAX 32 /* the kernel's own limit of user namespaces */

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

bool port_process_in_namespace(const char *pid, const char *kind, int ns_fd)
{
	struct stat a, b;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%.20s/ns/%.20s", pid, kind);
	return fstat(ns_fd, &a) == 0 && stat(path, &b) == 0 && same(&a, &b);
}

bool port_process_in_user(const char *pid, int user_ns_fd)
{
	struct stat wanted, at;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(user_ns_fd, &wanted) < 0) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	for (int i = 0; i < NESTING_MAX; i++) {
		int parent;

		if (fstat(fd, &at) == 0 && same(&wanted, &at)) {
			close(fd);
			return true;
		}
		parent = ioctl(fd, NS_GET_PARENT);
		close(fd);
		if (parent < 0)
			return false; /* the parent is outside of our own */
		fd = parent;
	}
	close(fd);
	return false;
}

bool port_process_shares_user(pid_t pid)
{
	char path[64];
	struct stat own, other;

	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return pid > 0 && stat("/proc/self/ns/user", &own) == 0 &&
	       stat(path, &other) == 0 && own.st_dev == other.st_dev &&
	       own.st_ino == other.st_ino;
}
