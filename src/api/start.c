#include "api/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/server.h"
#include "api/volume.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "port/process.h"
#include "port/title.h"

#define READY_MS  30000
#define CLIENT_FD 3

/* Standard error goes to a file where AGENTFS_DEBUG names one. */
static void redirect_standard(void)
{
	const char *log = getenv("AGENTFS_DEBUG");
	int null = open("/dev/null", O_RDWR), err = -1;

	if (log && log[0] == '/')
		err = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(null, 0);
	dup2(null, 1);
	dup2(err >= 0 ? err : null, 2);
}

static void reset_signals(void)
{
	static const int defaults[] = {SIGCHLD, SIGTERM, SIGINT,  SIGHUP,
				       SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(*defaults); i++)
		signal(defaults[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
}

static void set_title(const char *path)
{
	struct buf line = BUF_INIT;
	char *id = volume_id_of(path);

	if (id && buf_printf(&line, "agentfs serve %s", id) == 0)
		port_set_title("agentfs", line.data);
	buf_release(&line);
	free(id);
}

static _Noreturn void become_server(int fd, const char *path,
				    const struct agentfs_serve_options *o)
{
	int n_threads = o->n_threads;

	/* The copy is above 3, so that it is not hit by the next step. */
	fd = fcntl(fd, F_DUPFD, CLIENT_FD + 1);
	redirect_standard();
	dup2(fd, CLIENT_FD);
	fcntl(CLIENT_FD, F_SETFD, FD_CLOEXEC);
	port_close_from(CLIENT_FD + 1);
	reset_signals();
	umask(077);
	if (chdir("/") < 0)
		_exit(1);
	set_title(path);
	_exit(server_main(path, CLIENT_FD, n_threads) < 0 ? 1 : 0);
}

/* Forked twice: the server is nobody's child whom the caller would have to await. */
static int fork_server(const int sockets[2], const char *path,
		       const struct agentfs_serve_options *o)
{
	bool stay = o->flags & AGENTFS_SERVE_STAY;
	pid_t pid = fork();

	if (pid < 0)
		return error_set(-errno, "starting a server: %s", strerror(errno));
	if (pid == 0) {
		close(sockets[0]);
		if (!stay) {
			setsid();
			pid = fork();
			if (pid != 0)
				_exit(pid < 0);
		}
		become_server(sockets[1], path, o);
	}
	if (!stay) {
		int status;

		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	return 0;
}

static int await_greeting(int fd, struct agentfs_server **ret_server)
{
	struct agentfs_server *server;
	json_t *message, *error;
	int r = server_new(fd, 0, &server);

	if (r < 0)
		return r;
	r = rpc_client_receive(&server->client, READY_MS, &message, NULL);
	if (r == 0) {
		error = json_object_get(message, "error");
		if (error)
			r = rpc_error_code(error);
		server->pid = (pid_t)json_integer_value(
			json_object_get(json_object_get(message, "params"), "pid"));
		json_decref(message);
	}
	if (r < 0) {
		server_drop(server);
		return r == -ECONNRESET
			       ? error_set(-EIO, "the server ended while it started")
			       : r;
	}
	*ret_server = server;
	return 0;
}

int start_server(const char *path, const struct agentfs_serve_options *options,
		 struct agentfs_server **ret_server)
{
	int sockets[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return error_set(-errno, "socketpair: %s", strerror(errno));
	r = fork_server(sockets, path, options);
	close(sockets[1]);
	if (r < 0) {
		close(sockets[0]);
		return r;
	}
	return await_greeting(sockets[0], ret_server);
}
