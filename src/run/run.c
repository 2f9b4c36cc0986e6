/*
 * Running a command in a view. Three kinds of processes:
 *
 *   launcher   in the host's namespaces: talks to the server, waits, passes signals on
 *   builder    makes or joins the namespaces; as an ordinary user it becomes the
 * command init       root only: first process of the pid namespace, reaps, starts the
 * command
 */
#include "agentfs/run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "port/sockets.h"
#include "run/step.h"

/* What a builder that failed tells the launcher: the errno, then the text. */
struct failure {
	int code;
	char text[1024];
};

static _Noreturn void report_failure(int sync_fd, int code)
{
	struct failure f = {.code = code};
	char byte = 'e';

	snprintf(f.text, sizeof(f.text), "%s", error_text(code));
	if (port_send(sync_fd, &byte, 1, NULL, 0) == 0)
		port_send(sync_fd, &f, sizeof(f), NULL, 0);
	_exit(1);
}

/* The command, in this process; as root behind an init of its own pid namespace. */
static _Noreturn void become_command(const struct agentfs_run_options *o, int sync_fd)
{
	bool root = geteuid() == 0;
	char byte = 'r';
	pid_t init, command;
	int r;

	setenv("AGENTFS_SANDBOX", "linux-namespace", 1);
	if (!root) {
		r = namespace_lock(false);
		if (r < 0)
			report_failure(sync_fd, r);
		port_send(sync_fd, &byte, 1, NULL, 0);
		_exit(launch_exec(o));
	}
	init = fork();
	if (init < 0)
		report_failure(sync_fd,
			       error_set(-errno, "forking: %s", strerror(errno)));
	if (init > 0) {
		close(sync_fd);
		_exit(launch_wait(init, false));
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	r = sandbox_fresh_proc();
	if (r == 0)
		r = namespace_lock(true);
	if (r < 0)
		report_failure(sync_fd, r);
	port_send(sync_fd, &byte, 1, NULL, 0);
	close(sync_fd);
	command = fork();
	if (command == 0)
		_exit(launch_exec(o));
	_exit(command < 0 ? 1 : launch_wait(command, true));
}

static _Noreturn void builder_new(const struct agentfs_run_options *o,
				  const struct paths *allows, int sync_fd)
{
	int r = sandbox_build(o, allows, sync_fd);

	if (r < 0)
		report_failure(sync_fd, r);
	become_command(o, sync_fd);
}

static _Noreturn void builder_join(const struct agentfs_run_options *o,
				   const struct agentfs_namespaces *ns, int sync_fd)
{
	int r = namespace_join(ns, geteuid() == 0);

	if (r < 0)
		report_failure(sync_fd, r);
	become_command(o, sync_fd);
}

/* ---- the launcher's side ---- */

struct launch {
	const struct agentfs_run_options *options;
	struct agentfs_server *server;
	pid_t builder;
	int sync_fd;
};

static int read_failure(int fd)
{
	struct failure f;
	size_t got = 0;

	while (got < sizeof(f)) {
		ssize_t n = read(fd, (char *)&f + got, sizeof(f) - got);

		if (n <= 0)
			return error_set(-EPIPE, "making the view failed");
		got += (size_t)n;
	}
	f.text[sizeof(f.text) - 1] = '\0';
	return error_set(f.code, "%s", f.text);
}

static int attach(struct launch *l, int *fds)
{
	struct agentfs_attach_options attach = {
		.size = sizeof(attach),
		.branch = l->options->branch,
		.mountpoint = l->options->project,
		.kind = "run",
		.all_ids = geteuid() == 0,
	};
	struct agentfs_namespaces ns = {
		.user_fd = fds[1], .mount_fd = fds[2], .root_fd = -1};
	int r = agentfs_serve_attach(l->server, fds[0], &attach);

	if (r == 0)
		r = agentfs_serve_namespace_put(l->server, l->options->branch, &ns);
	close(fds[1]);
	close(fds[2]);
	return r;
}

/* Answers what the builder asks for until the command runs, or something failed. */
static int attend(struct launch *l)
{
	for (;;) {
		int fds[PORT_FDS_MAX], n_fds = 0, r = 0;
		char byte = 0;
		ssize_t n = port_receive(l->sync_fd, &byte, 1, fds, &n_fds);

		if (n <= 0)
			return error_set(-EPIPE, "making the view ended early");
		if (byte == 'r')
			return 0;
		if (byte == 'e')
			return read_failure(l->sync_fd);
		if (byte == 'm')
			r = namespace_write_maps(l->builder, geteuid() == 0);
		else if (byte == 'f' && n_fds == 3)
			r = attach(l, fds);
		else
			r = -EPROTO;
		if (r < 0)
			return r;
		if (port_send(l->sync_fd, &byte, 1, NULL, 0) < 0)
			return error_set(-EPIPE, "making the view ended early");
	}
}

static int fork_builder(struct launch *l, const struct paths *allows,
			const struct agentfs_namespaces *join)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return error_set(-errno, "making a socket: %s", strerror(errno));
	fflush(NULL);
	l->builder = fork();
	if (l->builder < 0) {
		close(pair[0]);
		close(pair[1]);
		return error_set(-errno, "forking: %s", strerror(errno));
	}
	if (l->builder == 0) {
		close(pair[0]);
		if (join)
			builder_join(l->options, join, pair[1]);
		else
			builder_new(l->options, allows, pair[1]);
	}
	close(pair[1]);
	l->sync_fd = pair[0];
	return 0;
}

static int run_builder(struct launch *l, const struct paths *allows,
		       const struct agentfs_namespaces *join)
{
	int status, r = fork_builder(l, allows, join);

	if (r < 0)
		return r;
	launch_ignore_terminal();
	r = attend(l);
	close(l->sync_fd);
	if (r < 0) {
		kill(l->builder, SIGKILL);
		while (waitpid(l->builder, &status, 0) < 0 && errno == EINTR)
			;
		return r;
	}
	return launch_wait(l->builder, false);
}

/* Can this process make a user namespace? Tried in a child. */
static bool has_namespaces(void)
{
	int status = 1;
	pid_t child = fork();

	if (child == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return child > 0 && status == 0;
}

static void command_text(const struct agentfs_run_options *o, struct buf *ret)
{
	for (int i = 0; o->argv[i]; i++)
		buf_printf(ret, "%s%s", i ? " " : "", o->argv[i]);
}

static int open_server(const struct agentfs_run_options *o,
		       struct agentfs_server **ret_server)
{
	struct agentfs_serve_options serve = {.size = sizeof(serve),
					      .flags = AGENTFS_SERVE_START};
	struct buf command = BUF_INIT;
	int r = agentfs_serve_open(o->volume, &serve, ret_server);

	if (r < 0)
		return r;
	command_text(o, &command);
	r = agentfs_serve_lease(*ret_server, "run", getpid(),
				command.data ? command.data : "");
	buf_release(&command);
	if (r < 0)
		agentfs_serve_close(*ret_server);
	return r;
}

int agentfs_run(const struct agentfs_run_options *options)
{
	struct agentfs_namespaces ns = {-1, -1, -1};
	struct launch l = {.options = options};
	struct paths allows = {0};
	int r;

	if (strcmp(options->project, "/") == 0)
		return error_set(-EINVAL, "a view of / itself cannot be made; choose a "
					  "directory below it");
	r = allows_collect(options, &allows);
	if (r < 0)
		return r;
	if (!has_namespaces()) {
		paths_release(&allows);
		return fallback_run(options);
	}
	r = open_server(options, &l.server);
	if (r == 0) {
		int found = agentfs_serve_namespace_get(l.server, options->branch, &ns);

		if (found < 0 && found != -ENOENT)
			r = found;
		else
			r = run_builder(&l, &allows, found == 0 ? &ns : NULL);
		if (ns.user_fd >= 0)
			close(ns.user_fd);
		if (ns.mount_fd >= 0)
			close(ns.mount_fd);
		agentfs_serve_close(l.server);
	}
	paths_release(&allows);
	return r;
}
