/* Mounts that the server serves, from their hand-over to their end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/registry.h"
#include "api/server.h"
#include "api/unmount.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "ctl/bytes.h"
#include "ctl/methods.h"

#define READY_MS   10000
#define END_WAIT_S 5

static json_t *text_json(const char *text)
{
	return bytes_to_json(text, strlen(text));
}

static int text_param(const struct method_call *call, const char *key, char **ret)
{
	struct buf text = BUF_INIT;
	int r = bytes_from_json(json_object_get(call->params, key), &text);

	if (r == 0 && !text.data)
		r = buf_add_str(&text, "");
	if (r == 0)
		*ret = buf_take(&text);
	buf_release(&text);
	return r;
}

/* ---- the registry ---- */

void attach_register(struct server *s)
{
	json_t *mounts = json_array(), *entry;
	int r;

	pthread_mutex_lock(&s->mutex);
	for (struct attachment *a = s->attachments; a; a = a->next) {
		if (a->unmount_at_end)
			json_array_append_new(mounts,
					      json_pack("{s:o}", "mountpoint",
							text_json(a->mountpoint)));
	}
	pthread_mutex_unlock(&s->mutex);
	entry = json_pack("{s:o, s:s, s:o}", "volume", text_json(s->path), "id",
			  s->service.id, "mounts", mounts);
	r = entry ? registry_write(entry) : -ENOMEM;
	if (r < 0)
		log_debug("server: registry: %s", error_text(r));
}

/* ---- attaching ---- */

static struct attachment *attachment_free(struct attachment *a)
{
	if (a)
		free(a->mountpoint);
	free(a);
	return NULL;
}

static void ended(void *arg)
{
	struct attachment *a = arg;
	struct server *s = a->server;

	pthread_mutex_lock(&s->mutex);
	atomic_store(&a->ended, true);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static int attachment_new(struct method_call *call, struct attachment **ret)
{
	const char *branch = json_string_value(json_object_get(call->params, "branch"));
	struct attachment *a = calloc(1, sizeof(*a));
	int r;

	if (!a)
		return -ENOMEM;
	r = text_param(call, "mountpoint", &a->mountpoint);
	if (r < 0) {
		attachment_free(a);
		return r;
	}
	a->server = call->service->server;
	strncpy(a->branch, branch ? branch : "main", sizeof(a->branch) - 1);
	strncpy(a->kind, json_string_value(json_object_get(call->params, "kind")),
		sizeof(a->kind) - 1);
	a->unmount_at_end = method_flag(call, "unmount_at_end");
	a->client = call->client;
	a->pid = call->pid;
	a->uid = call->uid;
	a->started_ns = clock_real_ns();
	*ret = a;
	return 0;
}

static struct attachment *find_branch(struct server *s, const char *branch)
{
	for (struct attachment *a = s->attachments; a; a = a->next) {
		if (strcmp(a->branch, branch) == 0)
			return a;
	}
	return NULL;
}

/* One that is being taken down is waited for; another owns the branch. */
static int enter_locked(struct server *s, struct attachment *a)
{
	struct timespec until;
	struct attachment *other;
	int n = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_WAIT_S;
	while ((other = find_branch(s, a->branch)) &&
	       (other->state == ATTACHMENT_ENDING || atomic_load(&other->ended))) {
		if (pthread_cond_timedwait(&s->changed, &s->mutex, &until) != 0)
			break;
	}
	if (other)
		return error_set(-EBUSY, "branch %s of %s is mounted already, at %s",
				 a->branch, s->service.id, other->mountpoint);
	for (other = s->attachments; other; other = other->next)
		n++;
	if (n >= SERVER_MOUNTS)
		return error_set(-EMFILE, "the volume has %d mounts already", n);
	a->next = s->attachments;
	s->attachments = a;
	return 0;
}

static void leave(struct server *s, struct attachment *a)
{
	pthread_mutex_lock(&s->mutex);
	for (struct attachment **p = &s->attachments; *p; p = &(*p)->next) {
		if (*p == a) {
			*p = a->next;
			break;
		}
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	if (a->slot)
		service_view_put(&s->service, a->slot);
	attachment_free(a);
}

static int connect_groups(const json_t *list, gid_t **ret)
{
	size_t n = json_array_size(list);
	gid_t *groups = calloc(n ? n : 1, sizeof(*groups));

	if (!groups)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		groups[i] = (gid_t)json_integer_value(json_array_get(list, i));
	*ret = groups;
	return (int)n;
}

/* The descriptor is taken. */
static int start_connection(struct method_call *call, struct attachment *a, int fd)
{
	struct fuse_connection_options o = {
		.fd = fd,
		.read_only = method_flag(call, "read_only"),
		.n_threads =
			(int)method_integer(call, "n_threads", a->server->n_threads),
		.ended = ended,
		.arg = a,
		.ids = {.all = method_flag(call, "all_ids"),
			.uid = (uid_t)method_integer(call, "uid", 0),
			.gid = (gid_t)method_integer(call, "gid", 0)}};
	gid_t *groups = NULL;
	int r = connect_groups(json_object_get(call->params, "groups"), &groups);

	if (r < 0) {
		close(fd);
		return r;
	}
	o.ids.groups = groups;
	o.ids.n_groups = r;
	r = fuse_connection_start(a->slot->view, &o, &a->connection);
	free(groups);
	if (r == 0)
		r = fuse_connection_ready(a->connection, READY_MS);
	if (r < 0 && a->connection) {
		fuse_connection_stop(a->connection);
		a->connection = NULL;
	}
	return r;
}

static int serve(struct method_call *call, struct attachment *a)
{
	struct server *s = a->server;
	int fd = take_fd(call->fds[0]);
	int r = service_view_get(&s->service, a->branch, &a->slot);

	if (r < 0) {
		close(fd);
		return r;
	}
	r = start_connection(call, a, fd);
	if (r < 0)
		return r;
	pthread_mutex_lock(&s->mutex);
	a->state = ATTACHMENT_SERVING;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

int server_attach(struct method_call *call)
{
	struct server *s = call->service->server;
	struct attachment *a;
	int r;

	if (call->n_fds != 1)
		return error_set(-EBADF, "attach comes with one descriptor");
	r = attachment_new(call, &a);
	if (r < 0)
		return r;
	pthread_mutex_lock(&s->mutex);
	r = s->stopping ? error_set(-ESHUTDOWN, "the server is ending")
			: enter_locked(s, a);
	pthread_mutex_unlock(&s->mutex);
	if (r < 0) {
		attachment_free(a);
		return r;
	}
	r = serve(call, a);
	if (r < 0)
		leave(s, a);
	attach_register(s);
	return r;
}

/* ---- the end of a mount ---- */

static void add_count(void *arg, const char *name, int64_t count)
{
	json_int_t before = json_integer_value(json_object_get(arg, name));

	json_object_set_new(arg, name, json_integer(before + count));
}

/* Under the mutex: marks one that has ended as ending. */
static struct attachment *next_ended_locked(struct server *s)
{
	for (struct attachment *a = s->attachments; a; a = a->next) {
		if (a->state == ATTACHMENT_SERVING && atomic_load(&a->ended)) {
			a->state = ATTACHMENT_ENDING;
			fuse_connection_counters(a->connection, add_count, s->counters);
			return a;
		}
	}
	return NULL;
}

/* Everything is in the volume before anybody hears that the mount is gone. */
static void take_down(struct server *s, struct attachment *a)
{
	int r;

	fuse_connection_stop(a->connection);
	r = view_flush(a->slot->view, true);
	if (r < 0)
		log_debug("server: flush of %s: %s", a->branch, error_text(r));
	leave(s, a);
	attach_register(s);
	listener_wake(s->listener);
}

static void *reap(void *arg)
{
	struct server *s = arg;
	struct attachment *a;

	pthread_mutex_lock(&s->mutex);
	for (;;) {
		a = next_ended_locked(s);
		if (a) {
			pthread_mutex_unlock(&s->mutex);
			take_down(s, a);
			pthread_mutex_lock(&s->mutex);
		} else if (s->stopping && !s->attachments) {
			break;
		} else {
			pthread_cond_wait(&s->changed, &s->mutex);
		}
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

int attach_start_reaper(struct server *s)
{
	int r = pthread_create(&s->reaper, NULL, reap, s);

	if (r != 0)
		return error_set(-r, "starting a thread: %s", strerror(r));
	s->has_reaper = true;
	return 0;
}

/* Mountpoints to take away, as a list of strings. */
static json_t *to_unmount(struct server *s)
{
	json_t *list = json_array();

	pthread_mutex_lock(&s->mutex);
	s->stopping = true;
	for (struct attachment *a = s->attachments; a; a = a->next) {
		if (a->unmount_at_end && !atomic_load(&a->ended))
			json_array_append_new(list, text_json(a->mountpoint));
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	return list;
}

static void unmount_all(struct server *s)
{
	json_t *list = to_unmount(s), *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		struct buf at = BUF_INIT;
		int r = bytes_from_json(one, &at);

		/* While its connection serves: unmounting asks it to write. */
		if (r == 0)
			r = unmount(at.data, false);
		if (r < 0)
			r = unmount(at.data, true);
		if (r < 0)
			log_debug("server: %s", error_text(r));
		buf_release(&at);
	}
	json_decref(list);
}

/* The rest (inside namespaces, or in use) loses its server: errors, never a hang. */
static void end_all(struct server *s)
{
	pthread_mutex_lock(&s->mutex);
	for (struct attachment *a = s->attachments; a; a = a->next)
		atomic_store(&a->ended, true);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

void attach_stop(struct server *s)
{
	if (!s->has_reaper)
		return;
	unmount_all(s);
	end_all(s);
	pthread_join(s->reaper, NULL);
	while (s->waiters) {
		struct waiter *w = s->waiters;

		s->waiters = w->next;
		free(w->mountpoint);
		free(w);
	}
}

/* ---- waiting for it ---- */

int server_wait_detached(struct method_call *call)
{
	struct server *s = call->service->server;
	struct waiter *w = calloc(1, sizeof(*w));
	int r = 0;

	if (!w)
		return -ENOMEM;
	w->client = call->client;
	if (json_object_get(call->params, "mountpoint"))
		r = text_param(call, "mountpoint", &w->mountpoint);
	if (r < 0) {
		free(w);
		return r;
	}
	call->deferred = true;
	pthread_mutex_lock(&s->mutex);
	w->next = s->waiters;
	s->waiters = w;
	pthread_mutex_unlock(&s->mutex);
	return 0;
}

static bool is_attached_locked(struct server *s, const struct waiter *w)
{
	for (struct attachment *a = s->attachments; a; a = a->next) {
		if (w->mountpoint ? strcmp(w->mountpoint, a->mountpoint) == 0
				  : w->client == a->client)
			return true;
	}
	return false;
}

/* Takes the waiters out whose mounts are gone. */
static struct waiter *take_served(struct server *s)
{
	struct waiter *served = NULL;

	pthread_mutex_lock(&s->mutex);
	for (struct waiter **p = &s->waiters; *p;) {
		struct waiter *w = *p;

		if (is_attached_locked(s, w)) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		w->next = served;
		served = w;
	}
	pthread_mutex_unlock(&s->mutex);
	return served;
}

void attach_answer_waiters(struct server *s)
{
	struct waiter *w = take_served(s);

	while (w) {
		struct waiter *next = w->next;

		if (listener_answer(s->listener, w->client, 0)) {
			free(w->mountpoint);
			free(w);
		} else {
			/* Its call has not come back from the worker: later. */
			pthread_mutex_lock(&s->mutex);
			w->next = s->waiters;
			s->waiters = w;
			pthread_mutex_unlock(&s->mutex);
		}
		w = next;
	}
}

void attach_client_gone(struct server *s, uint64_t client)
{
	pthread_mutex_lock(&s->mutex);
	for (struct waiter **p = &s->waiters; *p;) {
		struct waiter *w = *p;

		if (w->client != client) {
			p = &w->next;
			continue;
		}
		*p = w->next;
		free(w->mountpoint);
		free(w);
	}
	pthread_mutex_unlock(&s->mutex);
}

/* ---- info ---- */

static json_t *mount_json(const struct attachment *a)
{
	return json_pack("{s:s, s:o, s:s, s:i, s:i, s:I}", "branch", a->branch,
			 "mountpoint", text_json(a->mountpoint), "kind", a->kind, "uid",
			 (int)a->uid, "pid", (int)a->pid, "started_ns",
			 (json_int_t)a->started_ns);
}

int attach_add_info(struct server *s, json_t *info)
{
	json_t *mounts = json_array(), *requests;

	pthread_mutex_lock(&s->mutex);
	requests = json_copy(s->counters);
	for (struct attachment *a = s->attachments; a; a = a->next) {
		json_array_append_new(mounts, mount_json(a));
		if (a->state == ATTACHMENT_SERVING)
			fuse_connection_counters(a->connection, add_count, requests);
	}
	pthread_mutex_unlock(&s->mutex);
	json_object_set_new(info, "mounts", mounts);
	return json_object_set_new(info, "requests", requests) < 0 ? -ENOMEM : 0;
}
