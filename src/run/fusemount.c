/* Mounting /dev/fuse, by ourselves or through fusermount3. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "port/sockets.h"
#include "run/calls.h"
#include "run/step.h"

static int open_device(int *ret_fd)
{
	*ret_fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (*ret_fd < 0)
		return error_set(-errno,
				 "opening /dev/fuse: %s (is the fuse module there, "
				 "and the device open to you?)",
				 strerror(errno));
	return 0;
}

static int configure(int fs, const struct fuse_mount *m, int fuse_fd)
{
	char text[32];
	int r;

	snprintf(text, sizeof(text), "%d", fuse_fd);
	r = call_fsconfig_text(fs, "source", m->source);
	if (r == 0)
		r = call_fsconfig_text(fs, "fd", text);
	if (r == 0)
		r = call_fsconfig_text(fs, "rootmode", "40000");
	snprintf(text, sizeof(text), "%u", geteuid());
	if (r == 0)
		r = call_fsconfig_text(fs, "user_id", text);
	snprintf(text, sizeof(text), "%u", getegid());
	if (r == 0)
		r = call_fsconfig_text(fs, "group_id", text);
	if (r == 0)
		r = call_fsconfig_flag(fs, "default_permissions");
	if (r == 0 && m->allow_other)
		r = call_fsconfig_flag(fs, "allow_other");
	if (r == 0)
		r = call_fsconfig_text(fs, "subtype", "agentfs");
	if (r == 0)
		r = call_fsconfig_create(fs);
	return r < 0 ? -errno : 0;
}

int fusemount_direct(const struct fuse_mount *m, int *ret_fuse_fd, int *ret_tree_fd)
{
	unsigned attributes = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	_cleanup_close_ int fuse = -1, fs = -1, tree = -1;
	int r = open_device(&fuse);

	if (r < 0)
		return r;
	fs = call_fsopen("fuse");
	if (fs < 0)
		return error_set(-errno, "opening the fuse filesystem: %s",
				 strerror(errno));
	r = configure(fs, m, fuse);
	if (r < 0)
		return error_set(r, "setting up the fuse mount: %s", strerror(-r));
	if (m->read_only)
		attributes |= MOUNT_ATTR_RDONLY;
	tree = call_fsmount(fs, attributes);
	if (tree < 0)
		return error_set(-errno, "making the fuse mount: %s", strerror(errno));
	if (m->mountpoint) {
		r = mounts_put(tree, m->mountpoint);
		if (r < 0)
			return r;
	}
	*ret_fuse_fd = take_fd(fuse);
	if (ret_tree_fd)
		*ret_tree_fd = take_fd(tree);
	return 0;
}

/* Runs fusermount3 with its messages going to ours; its exit status. */
static int run_helper(char *const *argv, int comm_fd)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0)
		return error_set(-errno, "forking: %s", strerror(errno));
	if (child == 0) {
		char text[16];

		if (comm_fd >= 0) {
			snprintf(text, sizeof(text), "%d", comm_fd);
			setenv("_FUSE_COMMFD", text, 1);
			fcntl(comm_fd, F_SETFD, 0);
		}
		execvp(argv[0], argv);
		_exit(127);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return error_set(-ENOENT,
				 "fusermount3 is not installed (package fuse3)");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

int fusemount_helper(const struct fuse_mount *m, int *ret_fuse_fd)
{
	char options[256], byte;
	char *argv[] = {(char *)"fusermount3", (char *)"-o",	      options,
			(char *)"--",	       (char *)m->mountpoint, NULL};
	int pair[2], fds[PORT_FDS_MAX], n_fds = 0, r;

	snprintf(options, sizeof(options),
		 "fsname=%s,subtype=agentfs,nosuid,nodev,default_permissions%s%s%s",
		 m->source, m->allow_other ? ",allow_other" : "",
		 m->allow_root && !m->allow_other ? ",allow_root" : "",
		 m->read_only ? ",ro" : "");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(-errno, "making a socket: %s", strerror(errno));
	r = run_helper(argv, pair[1]);
	close(pair[1]);
	if (r == 0)
		r = port_receive(pair[0], &byte, 1, fds, &n_fds) >= 0 && n_fds == 1
			    ? 0
			    : error_set(-EIO, "fusermount3 sent no descriptor");
	else if (r > 0)
		r = error_set(-EPERM, "fusermount3 could not mount at %s",
			      m->mountpoint);
	close(pair[0]);
	if (r == 0)
		*ret_fuse_fd = fds[0];
	return r;
}

int fusemount_unmount(const char *mountpoint, bool lazy)
{
	char *argv[] = {(char *)"fusermount3", lazy ? (char *)"-uzq" : (char *)"-uq",
			(char *)"--", (char *)mountpoint, NULL};
	int r;

	if (call_umount(mountpoint, lazy) == 0)
		return 0;
	if (errno != EPERM)
		return error_set(-errno, "unmounting %s: %s%s", mountpoint,
				 strerror(errno),
				 errno == EBUSY ? " (a process still uses it)" : "");
	r = run_helper(argv, -1);
	if (r > 0)
		return error_set(
			-EBUSY,
			"unmounting %s failed: a process still uses it, or it is "
			"not yours",
			mountpoint);
	return r;
}
