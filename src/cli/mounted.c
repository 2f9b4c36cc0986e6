#include "cli/mounted.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agentfs/run.h"
#include "base/path.h"

static int wait_for(pid_t child)
{
	int status;

	/* What the terminal sends is for the command. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_FAILED;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static _Noreturn void become(const char *directory, const char *id, char *const *argv)
{
	int error;

	if (chdir(directory) < 0) {
		complain("entering %s: %s", directory, strerror(errno));
		_exit(EXIT_FAILED);
	}
	setenv("PWD", directory, 1);
	setenv("AGENTFS", "1", 1);
	setenv("AGENTFS_SESSION", id, 1);
	execvp(argv[0], argv);
	error = errno;
	complain("running %s: %s", argv[0], strerror(error));
	_exit(error == ENOENT ? 127 : 126);
}

int mounted_run(struct cli *cli, const char *volume, char *const *argv)
{
	const char *tmp = getenv("TMPDIR");
	char mountpoint[4096], id[256];
	struct agentfs_server *server;
	struct agentfs_mount_options options = {
		.size = sizeof(options),
		.volume = volume,
		.mountpoint = mountpoint,
		.id = id,
		.kind = "exec",
	};
	const char *name = path_basename(volume);
	size_t len = strlen(name);
	pid_t child;
	int r, status;

	(void)cli;
	if (len > 3 && strcmp(name + len - 3, ".db") == 0)
		len -= 3;
	snprintf(id, sizeof(id), "%.*s", (int)len, name);
	snprintf(mountpoint, sizeof(mountpoint), "%s/agentfs-exec-XXXXXX",
		 tmp && tmp[0] == '/' ? tmp : "/tmp");
	if (!mkdtemp(mountpoint)) {
		complain("making %s: %s", mountpoint, strerror(errno));
		return EXIT_FAILED;
	}
	r = agentfs_mount(&options, &server);
	if (r < 0) {
		rmdir(mountpoint);
		return fail(r);
	}
	fflush(NULL);
	child = fork();
	if (child == 0)
		become(mountpoint, id, argv);
	status = child < 0 ? EXIT_FAILED : wait_for(child);
	r = agentfs_unmount(mountpoint, false);
	if (r < 0) {
		complain("%s; it goes when the last process has left it",
			 agentfs_error_text(r));
		agentfs_unmount(mountpoint, true);
	}
	agentfs_serve_wait_detached(server);
	agentfs_serve_close(server);
	rmdir(mountpoint);
	return status;
}
