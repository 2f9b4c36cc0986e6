/* Taking mounts of this namespace away: umount2(2) as root, else fusermount3. */
#ifndef AGENTFS_API_UNMOUNT_H
#define AGENTFS_API_UNMOUNT_H

#include <stdbool.h>

/* `lazy`: also if it is in use. 0 or a negative errno. */
int unmount(const char *mountpoint, bool lazy);

/* True if an agentfs mount is there whose server has ended. */
bool unmount_is_dead(const char *mountpoint);

/* Calls `each` for every agentfs mount of this mount namespace. */
int unmount_walk(int (*each)(void *arg, const char *mountpoint, const char *source),
		 void *arg);

#endif
