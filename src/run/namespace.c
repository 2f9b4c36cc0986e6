/* User, mount and pid namespaces, and who is who in them. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "run/step.h"

#define ALL_IDS "0 0 4294967295"

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return error_set(-errno, "opening %s: %s", path, strerror(errno));
	if (write(fd, text, strlen(text)) < 0)
		r = error_set(-errno, "writing %s: %s", path, strerror(errno));
	close(fd);
	return r;
}

static int write_maps(const char *proc, bool root)
{
	char path[64], uids[64], gids[64];
	int r = 0;

	snprintf(uids, sizeof(uids), "%u %u 1", geteuid(), geteuid());
	snprintf(gids, sizeof(gids), "%u %u 1", getegid(), getegid());
	if (!root) {
		snprintf(path, sizeof(path), "%s/setgroups", proc);
		r = write_text(path, "deny");
	}
	snprintf(path, sizeof(path), "%s/uid_map", proc);
	if (r == 0)
		r = write_text(path, root ? ALL_IDS : uids);
	snprintf(path, sizeof(path), "%s/gid_map", proc);
	if (r == 0)
		r = write_text(path, root ? ALL_IDS : gids);
	return r;
}

int namespace_write_maps(pid_t pid, bool root)
{
	char proc[32];

	snprintf(proc, sizeof(proc), "/proc/%d", (int)pid);
	return write_maps(proc, root);
}

int namespace_enter_new(int sync_fd, bool root)
{
	int flags = CLONE_NEWUSER | CLONE_NEWNS | (root ? CLONE_NEWPID : 0);
	char byte = 'm';

	if (unshare(flags) < 0)
		return error_set(-errno, "making a user namespace: %s",
				 strerror(errno));
	if (write(sync_fd, &byte, 1) != 1 || read(sync_fd, &byte, 1) != 1)
		return error_set(-EPIPE, "the launcher has gone");
	return byte == 'm' ? 0 : error_set(-EPERM, "mapping ids failed");
}

int namespace_join(const struct agentfs_namespaces *ns, bool root)
{
	if (ns->user_fd >= 0 && setns(ns->user_fd, CLONE_NEWUSER) < 0)
		return error_set(-errno, "joining the session's user namespace: %s",
				 strerror(errno));
	if (setns(ns->mount_fd, CLONE_NEWNS) < 0)
		return error_set(-errno, "joining the session's mount namespace: %s",
				 strerror(errno));
	if (root && unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
		return error_set(-errno, "making a pid namespace: %s", strerror(errno));
	return 0;
}

/* Root's second map comes from a child that stayed in the first namespace. */
static int lock_as_root(void)
{
	int to_child[2], status = 0;
	pid_t self = getpid(), child;
	char byte = 'm';

	if (pipe2(to_child, O_CLOEXEC) < 0)
		return error_set(-errno, "making a pipe: %s", strerror(errno));
	child = fork();
	if (child < 0)
		return error_set(-errno, "forking: %s", strerror(errno));
	if (child == 0) {
		close(to_child[1]);
		if (read(to_child[0], &byte, 1) != 1)
			_exit(1);
		_exit(namespace_write_maps(self, true) < 0);
	}
	close(to_child[0]);
	if (unshare(CLONE_NEWUSER) < 0)
		return error_set(-errno, "locking the view: %s", strerror(errno));
	if (write(to_child[1], &byte, 1) != 1)
		return error_set(-EPIPE, "locking the view failed");
	close(to_child[1]);
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (status != 0)
		return error_set(-EPERM, "locking the view: mapping ids failed");
	return 0;
}

int namespace_lock(bool root)
{
	char uids[64], gids[64];
	int r;

	if (root)
		return lock_as_root();
	snprintf(uids, sizeof(uids), "%u %u 1", geteuid(), geteuid());
	snprintf(gids, sizeof(gids), "%u %u 1", getegid(), getegid());
	if (unshare(CLONE_NEWUSER) < 0)
		return error_set(-errno, "locking the view: %s", strerror(errno));
	r = write_text("/proc/self/setgroups", "deny");
	if (r == 0)
		r = write_text("/proc/self/uid_map", uids);
	if (r == 0)
		r = write_text("/proc/self/gid_map", gids);
	return r;
}
