/*
 * Where user namespaces are forbidden: an ordinary mount in a temporary place with the
 * command's working directory in it. The rest of the machine stays as writable as it
 * is, and that is said plainly.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/path.h"
#include "run/step.h"

static int run_in(const struct agentfs_run_options *o, const char *mountpoint)
{
	struct agentfs_run_options inside = *o;
	char directory[8192];
	pid_t child;

	snprintf(directory, sizeof(directory), "%s%s", mountpoint,
		 path_is_below(o->directory, o->project)
			 ? o->directory + strlen(o->project)
			 : "");
	inside.directory = directory;
	fflush(NULL);
	child = fork();
	if (child < 0)
		return error_set(-errno, "forking: %s", strerror(errno));
	if (child == 0) {
		setenv("AGENTFS_SANDBOX", "none", 1);
		_exit(launch_exec(&inside));
	}
	return launch_wait(child, false);
}

int fallback_run(const struct agentfs_run_options *options)
{
	const char *tmp = getenv("TMPDIR");
	char mountpoint[4096], line[8400];
	struct agentfs_server *server;
	struct agentfs_mount_options mount = {
		.size = sizeof(mount),
		.volume = options->volume,
		.branch = options->branch,
		.mountpoint = mountpoint,
		.id = options->session,
		.kind = "run",
	};
	int r, unmounted;

	snprintf(mountpoint, sizeof(mountpoint), "%s/agentfs-view-XXXXXX",
		 tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (!mkdtemp(mountpoint))
		return error_set(-errno, "making %s: %s", mountpoint, strerror(errno));
	r = agentfs_mount(&mount, &server);
	if (r < 0) {
		rmdir(mountpoint);
		return r;
	}
	if (options->notice) {
		snprintf(line, sizeof(line),
			 "user namespaces are not allowed here: the command works in "
			 "%s; "
			 "the project at %s and the rest of the machine are NOT "
			 "protected",
			 mountpoint, options->project);
		options->notice(options->arg, line);
	}
	r = run_in(options, mountpoint);
	unmounted = agentfs_unmount(mountpoint, false);
	if (unmounted < 0)
		agentfs_unmount(mountpoint, true);
	agentfs_serve_close(server);
	rmdir(mountpoint);
	return r;
}
