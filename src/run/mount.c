/* Mounts that the rest of the machine sees. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/error.h"
#include "run/step.h"

/* A mount whose server has died is taken away first. */
static void clean_dead_mount(const char *mountpoint)
{
	struct statfs st;

	/* stat would be answered from the kernel's cache; statfs never is. */
	if (statfs(mountpoint, &st) < 0 && errno == ENOTCONN)
		fusemount_unmount(mountpoint, true);
}

static int prepare(const char *mountpoint, char *ret_canonical)
{
	struct stat st;

	clean_dead_mount(mountpoint);
	if (mkdir(mountpoint, 0755) < 0 && errno != EEXIST)
		return error_set(-errno, "making the mount point %s: %s", mountpoint,
				 strerror(errno));
	if (!realpath(mountpoint, ret_canonical) || stat(ret_canonical, &st) < 0)
		return error_set(-errno, "mount point %s: %s", mountpoint,
				 strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(-ENOTDIR, "the mount point %s is not a directory",
				 mountpoint);
	return 0;
}

static int mount_and_attach(const struct agentfs_mount_options *o,
			    const char *mountpoint, struct agentfs_server *server)
{
	char source[128];
	struct fuse_mount m = {
		.source = source,
		.mountpoint = mountpoint,
		.allow_other = o->allow_other,
		.allow_root = o->allow_root,
		.read_only = o->read_only,
	};
	struct agentfs_attach_options attach = {
		.size = sizeof(attach),
		.branch = o->branch,
		.mountpoint = mountpoint,
		.kind = o->kind,
		.read_only = o->read_only,
		.all_ids = true,
		.unmount_at_end = true,
	};
	int fd, r;

	snprintf(source, sizeof(source), "agentfs:%s", o->id);
	r = geteuid() == 0 ? fusemount_direct(&m, &fd, NULL)
			   : fusemount_helper(&m, &fd);
	if (r < 0)
		return r;
	r = agentfs_serve_attach(server, fd, &attach);
	if (r < 0) {
		char text[1024];

		snprintf(text, sizeof(text), "%s", error_text(r));
		fusemount_unmount(mountpoint, true);
		return error_set(r, "%s", text);
	}
	return 0;
}

int agentfs_mount(const struct agentfs_mount_options *options,
		  struct agentfs_server **ret_server)
{
	struct agentfs_serve_options serve = {.size = sizeof(serve),
					      .flags = AGENTFS_SERVE_START,
					      .n_threads = options->n_threads};
	struct agentfs_server *server;
	char mountpoint[PATH_MAX];
	int r = prepare(options->mountpoint, mountpoint);

	if (r == 0)
		r = agentfs_serve_open(options->volume, &serve, &server);
	if (r < 0)
		return r;
	r = mount_and_attach(options, mountpoint, server);
	if (r < 0) {
		agentfs_serve_close(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

int agentfs_unmount(const char *mountpoint, bool lazy)
{
	return fusemount_unmount(mountpoint, lazy);
}
