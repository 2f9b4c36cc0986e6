/*
 * The mount calls, in a file of their own: the C library's <sys/mount.h> and the
 * kernel's <linux/mount.h> cannot be included together on Debian 12.
 */
#ifndef AGENTFS_RUN_CALLS_H
#define AGENTFS_RUN_CALLS_H

#include <stdbool.h>
#include <stddef.h>

struct mount_attr;

#define MS_PRIVATE_PROPAGATION (1UL << 18)
#define CALL_NOSUID_NODEV      6UL /* MS_NOSUID | MS_NODEV */

/* As the system calls: -1 and errno. */
int call_mount(const char *source, const char *target, const char *type,
	       unsigned long flags, const char *options);
int call_umount(const char *target, bool lazy);
int call_open_tree(int dir_fd, const char *path, unsigned flags);
int call_move_mount(int from_fd, const char *from, int to_fd, const char *to,
		    unsigned flags);
int call_mount_setattr(int dir_fd, const char *path, unsigned flags,
		       struct mount_attr *attr);
int call_fsopen(const char *type);
int call_fsconfig_text(int fd, const char *key, const char *value);
int call_fsconfig_flag(int fd, const char *key);
int call_fsconfig_create(int fd);
int call_fsmount(int fd, unsigned attributes);

#endif
