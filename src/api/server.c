#include "api/server.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agentfs/agentfs.h"
#include "api/registry.h"
#include "api/volume.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "ctl/rpc.h"
#include "port/sockets.h"

/* ---- methods ---- */

static int server_ping(struct method_call *call)
{
	call->result = json_pack("{s:i, s:s}", "pid", (int)getpid(), "version",
				 AGENTFS_VERSION);
	return 0;
}

static void flush_view(void *arg, struct service_view *slot)
{
	int *first = arg, r = view_flush(slot->view, true);

	if (*first == 0)
		*first = r;
}

/* What cannot be written would be lost: then the server does not stop. */
static int server_stop(struct method_call *call)
{
	struct server *s = call->service->server;
	int r = 0;

	service_views_walk(call->service, flush_view, &r);
	if (r == 0)
		listener_stop(s->listener);
	return r;
}

static const struct method server_methods[] = {
	{"ping", server_ping},
	{"stop", server_stop},
	{"attach", server_attach},
	{"wait_detached", server_wait_detached},
	{"lease", server_lease},
	{"leave", server_leave},
	{"namespace.put", server_namespace_put},
	{"namespace.get", server_namespace_get},
	{NULL, NULL},
};

static int add_info(struct service *service, json_t *info)
{
	struct server *s = service->server;
	int r = json_object_set_new(info, "server",
				    json_pack("{s:i, s:i, s:I, s:s}", "pid",
					      (int)getpid(), "uid", (int)geteuid(),
					      "started_ns", (json_int_t)s->started_ns,
					      "version", AGENTFS_VERSION));

	if (r == 0)
		r = attach_add_info(s, info);
	if (r == 0)
		r = session_add_info(s, info);
	return r;
}

/* ---- the loop's hooks ---- */

static void client_gone(void *arg, uint64_t client)
{
	attach_client_gone(arg, client);
	session_client_gone(arg, client);
	session_client_left(arg, client);
}

static bool is_needed(struct server *s)
{
	bool needed;

	if (session_n_clients(s) > 0)
		return true;
	pthread_mutex_lock(&s->mutex);
	needed = s->attachments || s->sessions;
	pthread_mutex_unlock(&s->mutex);
	return needed;
}

static int go_round(void *arg)
{
	struct server *s = arg;
	int ms;

	attach_answer_waiters(s);
	ms = session_round(s);
	if (!is_needed(s))
		listener_stop(s->listener);
	return ms;
}

static void signalled(void *arg)
{
	struct server *s = arg;
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		log_debug("server: signal %d", (int)info.ssi_signo);
		listener_stop(s->listener);
	}
}

/* ---- life ---- */

static int take_signals(struct server *s)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	/* Blocked before any thread starts: only the loop hears them. */
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd < 0 ? error_set(-errno, "signalfd: %s", strerror(errno))
				: 0;
}

static int open_volume(struct server *s)
{
	_cleanup_free_ char *id = volume_id_of(s->path);
	struct store *store;
	int r = id ? volume_check_writable(s->path) : -ENOMEM;

	if (r == 0)
		r = store_open(s->path, STORE_WRITE, &store);
	if (r < 0)
		return r;
	r = service_init(&s->service, store, id);
	if (r < 0) {
		store_close(store);
		return r;
	}
	s->service.live = true;
	s->service.more = server_methods;
	s->service.server = s;
	s->service.add_info = add_info;
	return service_open_base(&s->service);
}

static int open_socket(struct server *s, int client_fd)
{
	struct listener_hooks hooks = {.arg = s,
				       .client_gone = client_gone,
				       .round = go_round,
				       .extra_fd = s->signal_fd,
				       .extra_ready = signalled};
	_cleanup_free_ char *path = volume_beside(s->path, ".sock");
	int fd, r;

	if (!path)
		return -ENOMEM;
	unlink(path); /* a dead server's: the volume's lock is ours */
	r = port_listen(path, &fd);
	if (r == 0)
		r = listener_new(fd, &s->service, &hooks, &s->listener);
	if (r == 0)
		r = attach_start_reaper(s);
	return r == 0 ? listener_adopt(s->listener, dup(client_fd)) : r;
}

static void remove_socket(struct server *s)
{
	char *path = volume_beside(s->path, ".sock");

	if (path)
		unlink(path);
	free(path);
}

static void greet(int fd, int r)
{
	json_t *message =
		r < 0 ? rpc_error(NULL, RPC_FAILED, r, error_text(r))
		      : json_pack("{s:s, s:s, s:{s:i}}", "jsonrpc", "2.0", "method",
				  "ready", "params", "pid", (int)getpid());
	size_t len;
	char *line = rpc_line(message, &len);

	if (line)
		port_send(fd, line, len, NULL, 0);
	free(line);
	close(fd);
}

/* Nobody new first; then mounts, views, the volume; who waits for the end hears last.
 */
static int end(struct server *s)
{
	int r;

	remove_socket(s);
	session_release(s);
	attach_stop(s);
	r = service_release(&s->service);
	if (r < 0)
		log_debug("server: %s", error_text(r));
	registry_remove_own();
	listener_free(s->listener);
	return r;
}

int server_main(const char *path, int client_fd, int n_threads)
{
	struct server s = {.path = path,
			   .n_threads = n_threads,
			   .started_ns = clock_real_ns(),
			   .service = {.base_fd = -1}};
	int r;

	pthread_mutex_init(&s.mutex, NULL);
	pthread_cond_init(&s.changed, NULL);
	s.counters = json_object();
	r = take_signals(&s);
	if (r == 0)
		r = open_volume(&s);
	if (r == 0)
		r = open_socket(&s, client_fd);
	if (r == 0)
		attach_register(&s);
	greet(client_fd, r);
	if (r == 0)
		r = listener_run(s.listener);
	if (s.listener)
		return end(&s);
	service_release(&s.service);
	return r;
}
