/* The mounts of a sandbox, by the calls that work on detached trees. */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "run/calls.h"
#include "run/step.h"

int mounts_clone(const char *path, int *ret_fd)
{
	int fd = call_open_tree(AT_FDCWD, path,
				OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	if (fd < 0)
		return error_set(-errno, "taking the mounts at %s: %s", path,
				 strerror(errno));
	*ret_fd = fd;
	return 0;
}

int mounts_put(int tree_fd, const char *path)
{
	if (call_move_mount(tree_fd, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return error_set(-errno, "mounting at %s: %s", path, strerror(errno));
	return 0;
}

int mounts_make_place(const char *path, bool directory)
{
	char part[4096];
	struct stat st;
	int fd;

	if (lstat(path, &st) == 0)
		return 0;
	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return error_set(-errno, "making %s: %s", part,
					 strerror(errno));
	}
	if (directory) {
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return error_set(-errno, "making %s: %s", path,
					 strerror(errno));
		return 0;
	}
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(-errno, "making %s: %s", path, strerror(errno));
	close(fd);
	return 0;
}

int mounts_private(void)
{
	struct mount_attr attr = {.propagation = MS_PRIVATE_PROPAGATION};

	if (call_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) < 0)
		return error_set(-errno, "making mounts private: %s", strerror(errno));
	return 0;
}

int mounts_tmpfs(const char *path, const char *options)
{
	if (call_mount("tmpfs", path, "tmpfs", CALL_NOSUID_NODEV, options) < 0)
		return error_set(-errno, "mounting a private %s: %s", path,
				 strerror(errno));
	return 0;
}

int mounts_all_read_only(void)
{
	struct mount_attr attr = {.attr_set = MOUNT_ATTR_RDONLY};

	if (call_mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attr) < 0)
		return error_set(-errno, "making the machine read-only: %s",
				 strerror(errno));
	return 0;
}

int mounts_writable(const char *path)
{
	struct mount_attr attr = {.attr_clr = MOUNT_ATTR_RDONLY};

	if (call_mount_setattr(AT_FDCWD, path, 0, &attr) < 0)
		return error_set(-errno, "making %s writable: %s", path,
				 strerror(errno));
	return 0;
}

/* Undoes the octal escapes of mountinfo in place. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (text[0] == '\\' && text[1] && text[2] && text[3]) {
			*out++ = (char)((text[1] - '0') << 6 | (text[2] - '0') << 3 |
					(text[3] - '0'));
			text += 3;
		} else {
			*out++ = *text;
		}
	}
	*out = '\0';
}

int mounts_find_writable(void (*each)(void *arg, const char *mount_point), void *arg)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;

	if (!f)
		return error_set(-errno, "reading the mounts: %s", strerror(errno));
	while (getline(&line, &size, f) > 0) {
		char point[4096], options[1024];

		if (sscanf(line, "%*d %*d %*s %*s %4095s %1023s", point, options) != 2)
			continue;
		unescape(point);
		if (strncmp(options, "rw", 2) == 0)
			each(arg, point);
	}
	free(line);
	fclose(f);
	return 0;
}
