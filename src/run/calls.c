#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/calls.h"

#define LAZY 2 /* MNT_DETACH */

int call_mount(const char *source, const char *target, const char *type,
	       unsigned long flags, const char *options)
{
	return (int)syscall(SYS_mount, source, target, type, flags, options);
}

int call_umount(const char *target, bool lazy)
{
	return (int)syscall(SYS_umount2, target, lazy ? LAZY : 0);
}

int call_open_tree(int dir_fd, const char *path, unsigned flags)
{
	return (int)syscall(SYS_open_tree, dir_fd, path, flags);
}

int call_move_mount(int from_fd, const char *from, int to_fd, const char *to,
		    unsigned flags)
{
	return (int)syscall(SYS_move_mount, from_fd, from, to_fd, to, flags);
}

int call_mount_setattr(int dir_fd, const char *path, unsigned flags,
		       struct mount_attr *attr)
{
	return (int)syscall(SYS_mount_setattr, dir_fd, path, flags, attr,
			    sizeof(*attr));
}

int call_fsopen(const char *type)
{
	return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

int call_fsconfig_text(int fd, const char *key, const char *value)
{
	return (int)syscall(SYS_fsconfig, fd, FSCONFIG_SET_STRING, key, value, 0);
}

int call_fsconfig_flag(int fd, const char *key)
{
	return (int)syscall(SYS_fsconfig, fd, FSCONFIG_SET_FLAG, key, NULL, 0);
}

int call_fsconfig_create(int fd)
{
	return (int)syscall(SYS_fsconfig, fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int call_fsmount(int fd, unsigned attributes)
{
	return (int)syscall(SYS_fsmount, fd, FSMOUNT_CLOEXEC, attributes);
}
