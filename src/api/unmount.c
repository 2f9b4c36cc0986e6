#include "api/unmount.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

extern char **environ;

static int run_fusermount(const char *mountpoint, bool lazy)
{
	char program[] = "fusermount3", plain[] = "-uq", detach[] = "-uqz",
	     end[] = "--";
	char *const argv[] = {program, lazy ? detach : plain, end, (char *)mountpoint,
			      NULL};
	posix_spawn_file_actions_t actions;
	int status = 0, r;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (r != 0)
		return error_set(-r, "running fusermount3: %s", strerror(r));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0
		       ? 0
		       : error_set(-EBUSY, "fusermount3 could not unmount %s",
				   mountpoint);
}

int unmount(const char *mountpoint, bool lazy)
{
	if (umount2(mountpoint, UMOUNT_NOFOLLOW | (lazy ? MNT_DETACH : 0)) == 0)
		return 0;
	if (errno == EPERM && geteuid() != 0)
		return run_fusermount(mountpoint, lazy);
	return error_set(-errno, "unmounting %s: %s", mountpoint, strerror(errno));
}

int unmount_walk(int (*each)(void *arg, const char *mountpoint, const char *source),
		 void *arg)
{
	FILE *f = setmntent("/proc/self/mounts", "re");
	struct mntent entry;
	char text[16384];
	int r = 0;

	if (!f)
		return error_set(-errno, "/proc/self/mounts: %s", strerror(errno));
	while (r == 0 && getmntent_r(f, &entry, text, sizeof(text))) {
		if (strncmp(entry.mnt_type, "fuse", 4) == 0 &&
		    strncmp(entry.mnt_fsname, "agentfs:", 8) == 0)
			r = each(arg, entry.mnt_dir, entry.mnt_fsname);
	}
	endmntent(f);
	return r;
}

static int is_this(void *arg, const char *mountpoint, const char *source)
{
	(void)source;
	return strcmp(mountpoint, arg) == 0 ? 1 : 0;
}

bool unmount_is_dead(const char *mountpoint)
{
	struct statfs st;

	/* stat would be answered from the kernel's cache; statfs never is. */
	return unmount_walk(is_this, (void *)mountpoint) == 1 &&
	       statfs(mountpoint, &st) < 0 && errno == ENOTCONN;
}
