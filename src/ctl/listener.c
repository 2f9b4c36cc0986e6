#include "ctl/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/log.h"
#include "ctl/client.h"
#include "ctl/rpc.h"
#include "port/namespaces.h"
#include "ctl/workers.h"

/* What is waited for: wake_fd, listen_fd, extra_fd, then the clients. */
#define N_FIXED 3

struct listener {
	struct service *service;
	struct listener_hooks hooks;
	int listen_fd, wake_fd;
	struct workers workers;
	bool has_workers;
	atomic_bool stop;
	uint64_t last_id;
	atomic_int n_clients; /* read by others too */
	int n_jobs;
	struct client clients[LISTENER_CLIENTS];
	struct pollfd polls[N_FIXED + LISTENER_CLIENTS];
};

int listener_new(int listen_fd, struct service *service,
		 const struct listener_hooks *hooks, struct listener **ret)
{
	struct listener *l = calloc(1, sizeof(*l));
	int r;

	if (!l) {
		close(listen_fd);
		return -ENOMEM;
	}
	l->service = service;
	l->hooks = *hooks;
	l->listen_fd = listen_fd;
	for (int i = 0; i < LISTENER_CLIENTS; i++)
		l->clients[i].fd = -1;
	l->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = l->wake_fd < 0 ? error_set(-errno, "eventfd: %s", strerror(errno))
			   : workers_start(&l->workers, l->wake_fd);
	l->has_workers = r == 0;
	if (r < 0) {
		listener_free(l);
		return r;
	}
	*ret = l;
	return 0;
}

static void drop(struct listener *l, struct client *c)
{
	uint64_t id = c->id;

	client_release(c);
	l->n_clients--;
	if (l->hooks.client_gone)
		l->hooks.client_gone(l->hooks.arg, id);
}

static void free_jobs(struct job *job)
{
	while (job) {
		struct job *next = job->next;

		job_free(job);
		job = next;
	}
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	if (l->has_workers) {
		workers_stop(&l->workers);
		free_jobs(l->workers.done);
	}
	for (int i = 0; i < LISTENER_CLIENTS; i++) {
		if (l->clients[i].fd >= 0)
			drop(l, &l->clients[i]);
	}
	if (l->listen_fd >= 0)
		close(l->listen_fd);
	if (l->wake_fd >= 0)
		close(l->wake_fd);
	free(l);
}

void listener_wake(struct listener *l)
{
	uint64_t one = 1;

	if (write(l->wake_fd, &one, sizeof(one)) < 0)
		invariant(errno == EAGAIN);
}

void listener_stop(struct listener *l)
{
	atomic_store(&l->stop, true);
	listener_wake(l);
}

int listener_n_clients(const struct listener *l)
{
	return l->n_clients;
}

static struct client *free_client(struct listener *l)
{
	for (int i = 0; i < LISTENER_CLIENTS; i++) {
		if (l->clients[i].fd < 0)
			return &l->clients[i];
	}
	return NULL;
}

static int check_peer(int fd, struct port_peer *ret_peer)
{
	int r = port_peer(fd, ret_peer);

	if (r < 0)
		return r;
	if (ret_peer->uid != geteuid() && ret_peer->uid != 0)
		return error_set(-EACCES, "this volume belongs to another user");
	/* Unix sockets work through read-only mounts: a sandbox may reach them. */
	if (!port_process_shares_user(ret_peer->pid))
		return error_set(-EACCES,
				 "a process in another user namespace (a sandbox) may "
				 "not control this volume");
	return 0;
}

/* Tells a client that it is not wanted; it is not worth waiting for. */
static int turn_away(int fd, int r)
{
	size_t len;
	char *line = rpc_line(rpc_error(NULL, RPC_FAILED, r, error_text(r)), &len);

	if (line)
		port_send_some(fd, line, len, NULL, 0);
	free(line);
	close(fd);
	return r;
}

int listener_adopt(struct listener *l, int fd)
{
	struct client *c = free_client(l);
	struct port_peer peer;
	int r = check_peer(fd, &peer);

	if (r == 0 && !c)
		r = error_set(-EUSERS, "the server has %d clients already",
			      LISTENER_CLIENTS);
	if (r == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		r = error_set(-errno, "fcntl: %s", strerror(errno));
	if (r < 0)
		return turn_away(fd, r);
	client_init(c, fd, ++l->last_id);
	c->peer = peer;
	l->n_clients++;
	return 0;
}

static void accept_clients(struct listener *l)
{
	int fd;

	while ((fd = accept4(l->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		int r = listener_adopt(l, fd);

		if (r < 0)
			log_debug("control: turned away: %s", error_text(r));
	}
}

static void start_job(struct listener *l, struct client *c, json_t *request,
		      const int *fds, int n_fds)
{
	struct job *job = job_new(request);

	if (!job) {
		for (int i = 0; i < n_fds; i++)
			close(fds[i]);
		client_answer(c, NULL, 0, NULL, 0);
		return;
	}
	job->call = (struct method_call){
		.service = l->service,
		.method = json_string_value(json_object_get(request, "method")),
		.params = json_object_get(request, "params"),
		.pid = c->peer.pid,
		.uid = c->peer.uid,
		.gid = c->peer.gid,
		.client = c->id,
		.n_fds = n_fds,
	};
	memcpy(job->call.fds, fds, (size_t)n_fds * sizeof(*fds));
	l->n_jobs++;
	workers_add(&l->workers, job);
}

/* Goes on with a client as far as it can be gone without waiting. */
static void advance(struct listener *l, struct client *c)
{
	int fds[PORT_FDS_MAX], n_fds = 0, r = client_send(c);
	json_t *request;
	size_t left;

	do {
		left = c->in.len;
		if (r == 0 && client_next(c, &request, fds, &n_fds) > 0)
			start_job(l, c, request, fds, n_fds);
		if (r == 0)
			r = client_send(c);
	} while (r == 0 && c->in.len != left);
	if (r < 0 || client_is_done(c))
		drop(l, c);
}

static void serve_client(struct listener *l, struct client *c, short events)
{
	int r = 0;

	if (events & (POLLERR | POLLNVAL))
		r = -ECONNRESET;
	if (r == 0 && (events & POLLIN) && (client_events(c) & POLLIN))
		r = client_receive(c);
	else if (events & POLLHUP)
		r = -ECONNRESET; /* nobody is left to hear an answer */
	if (r < 0)
		drop(l, c);
	else
		advance(l, c);
}

static struct client *find_client(struct listener *l, uint64_t id)
{
	for (int i = 0; i < LISTENER_CLIENTS; i++) {
		if (l->clients[i].fd >= 0 && l->clients[i].id == id)
			return &l->clients[i];
	}
	return NULL;
}

static void deliver(struct listener *l, struct job *job)
{
	struct client *c = find_client(l, job->call.client);

	l->n_jobs--;
	if (!c) {
		job_free(job);
		return;
	}
	if (job->call.deferred) {
		c->busy = false;
		c->waiting = json_incref(json_object_get(job->request, "id"));
	} else {
		client_answer(c, take_ptr(job->line), job->len, job->call.result_fds,
			      job->call.n_result_fds);
		job->call.n_result_fds = 0;
	}
	job_free(job);
	advance(l, c);
}

static void collect(struct listener *l)
{
	struct job *job = workers_collect(&l->workers);

	while (job) {
		struct job *next = job->next;

		deliver(l, job);
		job = next;
	}
}

bool listener_answer(struct listener *l, uint64_t client, int r)
{
	struct client *c = find_client(l, client);
	json_t *id, *message;
	char *line;
	size_t len = 0;

	if (!c || !c->waiting)
		return false;
	id = take_ptr(c->waiting);
	message = r < 0 ? rpc_error(id, RPC_FAILED, r, error_text(r))
			: rpc_result(id, NULL, 0);
	json_decref(id);
	line = rpc_line(message, &len);
	client_answer(c, line, len, NULL, 0);
	advance(l, c);
	return true;
}

static void fill_polls(struct listener *l)
{
	l->polls[0] = (struct pollfd){.fd = l->wake_fd, .events = POLLIN};
	l->polls[1] = (struct pollfd){.fd = l->listen_fd, .events = POLLIN};
	l->polls[2] = (struct pollfd){.fd = l->hooks.extra_fd, .events = POLLIN};
	for (int i = 0; i < LISTENER_CLIENTS; i++) {
		struct client *c = &l->clients[i];

		l->polls[N_FIXED + i] = (struct pollfd){
			.fd = c->fd, .events = c->fd >= 0 ? client_events(c) : 0};
	}
}

static void go_round(struct listener *l, int timeout_ms)
{
	uint64_t count;

	fill_polls(l);
	if (poll(l->polls, N_FIXED + LISTENER_CLIENTS, timeout_ms) < 0)
		return; /* a signal: the next round looks again */
	if (l->polls[0].revents & POLLIN && read(l->wake_fd, &count, sizeof(count)) < 0)
		invariant(errno == EAGAIN);
	collect(l);
	for (int i = 0; i < LISTENER_CLIENTS; i++) {
		short events = l->polls[N_FIXED + i].revents;

		if (events && l->clients[i].fd == l->polls[N_FIXED + i].fd)
			serve_client(l, &l->clients[i], events);
	}
	if (l->polls[2].revents & POLLIN)
		l->hooks.extra_ready(l->hooks.arg);
	if (l->polls[1].revents & POLLIN)
		accept_clients(l);
}

int listener_run(struct listener *l)
{
	int timeout_ms = 0;

	while (!atomic_load(&l->stop)) {
		go_round(l, timeout_ms);
		timeout_ms = l->hooks.round ? l->hooks.round(l->hooks.arg) : -1;
	}
	/* Nobody new; what is under way is answered. */
	close(l->listen_fd);
	l->listen_fd = -1;
	while (l->n_jobs > 0)
		go_round(l, -1);
	return 0;
}
