/*
 * Leases (a client's connection that keeps the server alive) and sessions (the
 * namespaces of a branch that others can join). A session is kept while a lease exists
 * or a process lives in its namespaces; then its descriptors are closed, which takes
 * its mounts away.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/server.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"
#include "port/namespaces.h"

#define SCAN_NS NS_PER_S

/* ---- leases ---- */

static void lease_free(struct lease *l)
{
	free(l->command);
	free(l);
}

int server_lease(struct method_call *call)
{
	const char *kind = json_string_value(json_object_get(call->params, "kind"));
	struct server *s = call->service->server;
	struct lease *l = calloc(1, sizeof(*l));
	struct buf command = BUF_INIT;
	int r = l ? bytes_from_json(json_object_get(call->params, "command"), &command)
		  : -ENOMEM;

	if (r == 0 && !command.data)
		r = buf_add_str(&command, "");
	if (r < 0) {
		free(l);
		buf_release(&command);
		return r;
	}
	l->client = call->client;
	l->command = buf_take(&command);
	strncpy(l->kind, kind, sizeof(l->kind) - 1);
	l->pid = (pid_t)method_integer(call, "pid", 0);
	l->uid = call->uid;
	l->started_ns = clock_real_ns();
	pthread_mutex_lock(&s->mutex);
	l->next = s->leases;
	s->leases = l;
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

void session_client_gone(struct server *s, uint64_t client)
{
	pthread_mutex_lock(&s->mutex);
	for (struct lease **p = &s->leases; *p;) {
		struct lease *l = *p;

		if (l->client != client) {
			p = &l->next;
			continue;
		}
		*p = l->next;
		lease_free(l);
	}
	pthread_mutex_unlock(&s->mutex);
}

int session_add_info(struct server *s, json_t *info)
{
	json_t *list = json_array();

	pthread_mutex_lock(&s->mutex);
	for (struct lease *l = s->leases; l; l = l->next)
		json_array_append_new(
			list,
			json_pack("{s:s, s:i, s:i, s:o, s:I}", "kind", l->kind, "pid",
				  (int)l->pid, "uid", (int)l->uid, "command",
				  bytes_to_json(l->command, strlen(l->command)),
				  "started_ns", (json_int_t)l->started_ns));
	pthread_mutex_unlock(&s->mutex);
	return json_object_set_new(info, "leases", list) < 0 ? -ENOMEM : 0;
}

/* ---- sessions ---- */

static void session_free(struct session *n)
{
	int fds[] = {n->mount_fd, n->user_fd, n->root_fd};

	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	free(n);
}

static const char *branch_param(const struct method_call *call)
{
	const char *branch = json_string_value(json_object_get(call->params, "branch"));

	return branch ? branch : "main";
}

static struct session **find_locked(struct server *s, const char *branch)
{
	struct session **p = &s->sessions;

	while (*p && strcmp((*p)->branch, branch) != 0)
		p = &(*p)->next;
	return p;
}

int server_namespace_put(struct method_call *call)
{
	struct server *s = call->service->server;
	bool user = method_flag(call, "user"), root = method_flag(call, "root");
	struct session *n, **p, *old;
	int next = 1;

	if (call->n_fds != 1 + user + root)
		return error_set(-EBADF, "the namespaces' descriptors are missing");
	n = calloc(1, sizeof(*n));
	if (!n)
		return -ENOMEM;
	strncpy(n->branch, branch_param(call), sizeof(n->branch) - 1);
	n->mount_fd = take_fd(call->fds[0]);
	n->user_fd = user ? take_fd(call->fds[next]) : -1;
	next += user;
	n->root_fd = root ? take_fd(call->fds[next]) : -1;
	pthread_mutex_lock(&s->mutex);
	p = find_locked(s, n->branch);
	old = *p;
	n->next = old ? old->next : NULL;
	*p = n;
	pthread_mutex_unlock(&s->mutex);
	if (old)
		session_free(old);
	return 0;
}

static int give_fd(struct method_call *call, int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return error_set(-errno, "dup: %s", strerror(errno));
	call->result_fds[call->n_result_fds++] = copy;
	return 0;
}

int server_namespace_get(struct method_call *call)
{
	struct server *s = call->service->server;
	const struct session *n;
	int r;

	pthread_mutex_lock(&s->mutex);
	n = *find_locked(s, branch_param(call));
	r = n ? give_fd(call, n->mount_fd)
	      : error_set(-ENOENT, "branch %s has no session to join",
			  branch_param(call));
	if (r == 0 && n->user_fd >= 0)
		r = give_fd(call, n->user_fd);
	if (r == 0 && n->root_fd >= 0)
		r = give_fd(call, n->root_fd);
	if (r == 0)
		call->result = json_pack("{s:b, s:b}", "user", n->user_fd >= 0, "root",
					 n->root_fd >= 0);
	pthread_mutex_unlock(&s->mutex);
	return r;
}

void session_release(struct server *s)
{
	pthread_mutex_lock(&s->mutex);
	while (s->sessions) {
		struct session *n = s->sessions;

		s->sessions = n->next;
		session_free(n);
	}
	while (s->leases) {
		struct lease *l = s->leases;

		s->leases = l->next;
		lease_free(l);
	}
	pthread_mutex_unlock(&s->mutex);
}

/* ---- does anybody live there? ---- */

static bool lives_in(const char *pid, const struct session *n)
{
	return port_process_in_namespace(pid, "mnt", n->mount_fd) ||
	       (n->user_fd >= 0 && port_process_in_user(pid, n->user_fd));
}

static bool is_inhabited(const struct session *n)
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool found = false;

	while (proc && !found && (e = readdir(proc)))
		found = isdigit((unsigned char)e->d_name[0]) && lives_in(e->d_name, n);
	if (!proc)
		return true; /* cannot be known: kept */
	closedir(proc);
	return found;
}

static void give_up_empty_locked(struct server *s)
{
	for (struct session **p = &s->sessions; *p;) {
		struct session *n = *p;

		if (is_inhabited(n)) {
			p = &n->next;
			continue;
		}
		log_debug("server: session of %s has ended", n->branch);
		*p = n->next;
		session_free(n);
	}
}

int session_round(struct server *s)
{
	int64_t now = clock_monotonic_ns(), left;
	bool wanted;

	pthread_mutex_lock(&s->mutex);
	wanted = s->sessions && !s->leases;
	left = s->scanned_ns + SCAN_NS - now;
	if (wanted && left <= 0) {
		give_up_empty_locked(s);
		s->scanned_ns = now;
		left = SCAN_NS;
		wanted = s->sessions;
	}
	pthread_mutex_unlock(&s->mutex);
	return wanted ? (int)(left / 1000000) + 1 : -1;
}

/* ---- leaving ---- */

int session_n_clients(struct server *s)
{
	int n;

	pthread_mutex_lock(&s->mutex);
	n = listener_n_clients(s->listener) - s->n_leaving;
	pthread_mutex_unlock(&s->mutex);
	return n;
}

void session_client_left(struct server *s, uint64_t client)
{
	pthread_mutex_lock(&s->mutex);
	for (int i = 0; i < s->n_leaving; i++)
		if (s->leaving[i] == client)
			s->leaving[i--] = s->leaving[--s->n_leaving];
	pthread_mutex_unlock(&s->mutex);
}

/* What would keep the server alive once this client has gone. */
static bool is_needed_locked(struct server *s)
{
	if (s->sessions || s->leases)
		return true;
	/* The mount of a session that was given up goes with its namespace. */
	for (struct attachment *a = s->attachments; a; a = a->next)
		if (!a->ended && strcmp(a->kind, "run") != 0)
			return true;
	return false;
}

int server_leave(struct method_call *call)
{
	struct server *s = call->service->server;
	bool last;

	session_client_gone(s, call->client);
	pthread_mutex_lock(&s->mutex);
	if (s->sessions && !s->leases)
		give_up_empty_locked(s);
	last = !is_needed_locked(s);
	if (last && s->n_leaving < LISTENER_CLIENTS)
		s->leaving[s->n_leaving++] = call->client;
	last = last && listener_n_clients(s->listener) == s->n_leaving;
	pthread_mutex_unlock(&s->mutex);
	listener_wake(s->listener);
	call->result = json_pack("{s:b}", "last", last);
	return call->result ? 0 : -ENOMEM;
}
