#include "ctl/service.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "ctl/methods.h"
#include "ctl/schema.h"

#define HIDDEN_NAME ".agentfs"

int service_init(struct service *s, struct store *store, const char *id)
{
	*s = (struct service){.store = store, .base_fd = -1};
	s->id = strdup(id);
	if (!s->id)
		return -ENOMEM;
	pthread_mutex_init(&s->mutex, NULL);
	return 0;
}

static int release_views(struct service *s)
{
	int r = 0;

	for (int i = 0; i < SERVICE_VIEWS; i++) {
		int closed = view_close(s->views[i].view);

		if (r == 0)
			r = closed;
		s->views[i].view = NULL;
	}
	return r;
}

int service_release(struct service *s)
{
	int r;

	if (!s->id)
		return 0;
	r = release_views(s);
	if (s->base_fd >= 0)
		close(s->base_fd);
	store_close(s->store);
	pthread_mutex_destroy(&s->mutex);
	free(s->id);
	*s = (struct service){.base_fd = -1};
	return r;
}

static int open_base_locked(struct service *s)
{
	const char *path = store_base_path(s->store);

	if (s->base_fd >= 0 || !path)
		return 0;
	s->base_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (s->base_fd < 0)
		return error_set(-errno, "the volume's base directory %s: %s", path,
				 strerror(errno));
	return 0;
}

int service_open_base(struct service *s)
{
	int r;

	pthread_mutex_lock(&s->mutex);
	r = open_base_locked(s);
	pthread_mutex_unlock(&s->mutex);
	return r;
}

/* A free slot; the view that nobody uses gives its own if there is none. */
static int free_slot_locked(struct service *s, struct service_view **ret)
{
	for (int i = 0; i < SERVICE_VIEWS; i++) {
		if (!s->views[i].view) {
			*ret = &s->views[i];
			return 0;
		}
	}
	for (int i = 0; i < SERVICE_VIEWS; i++) {
		struct service_view *v = &s->views[i];

		if (v->n_users == 0) {
			int r = view_close(v->view);

			v->view = NULL;
			*ret = v;
			return r;
		}
	}
	return error_set(-EMFILE, "more than %d branches are in use", SERVICE_VIEWS);
}

static int open_locked(struct service *s, const char *branch, struct service_view **ret)
{
	struct view_options options = {.branch = branch,
				       .hidden_name = HIDDEN_NAME,
				       .read_only = s->read_only};
	struct service_view *slot = NULL;
	int r = open_base_locked(s);

	if (r == 0 && strlen(branch) > STORE_BRANCH_NAME_MAX)
		r = error_set(-ENOENT, "no branch is named %s", branch);
	if (r == 0)
		r = free_slot_locked(s, &slot);
	if (r < 0)
		return r;
	options.base_fd = s->base_fd;
	r = view_open(s->store, &options, &slot->view);
	if (r < 0) {
		slot->view = NULL;
		return r;
	}
	strcpy(slot->name, branch);
	*ret = slot;
	return 0;
}

int service_view_get(struct service *s, const char *branch, struct service_view **ret)
{
	struct service_view *found = NULL;
	int r = 0;

	if (!branch)
		branch = "main";
	pthread_mutex_lock(&s->mutex);
	for (int i = 0; i < SERVICE_VIEWS && !found; i++) {
		if (s->views[i].view && strcmp(s->views[i].name, branch) == 0)
			found = &s->views[i];
	}
	if (!found)
		r = open_locked(s, branch, &found);
	if (r == 0) {
		found->n_users++;
		*ret = found;
	}
	pthread_mutex_unlock(&s->mutex);
	return r;
}

void service_view_put(struct service *s, struct service_view *view)
{
	pthread_mutex_lock(&s->mutex);
	invariant(view->n_users > 0);
	view->n_users--;
	pthread_mutex_unlock(&s->mutex);
}

void service_views_walk(struct service *s,
			void (*each)(void *arg, struct service_view *view), void *arg)
{
	struct service_view *held[SERVICE_VIEWS];
	int n = 0;

	pthread_mutex_lock(&s->mutex);
	for (int i = 0; i < SERVICE_VIEWS; i++) {
		if (s->views[i].view) {
			s->views[i].n_users++;
			held[n++] = &s->views[i];
		}
	}
	pthread_mutex_unlock(&s->mutex);
	for (int i = 0; i < n; i++) {
		each(arg, held[i]);
		service_view_put(s, held[i]);
	}
}

static method_fn find(const struct method *table, const char *name)
{
	for (; table && table->name; table++) {
		if (strcmp(table->name, name) == 0)
			return table->run;
	}
	return NULL;
}

int service_call(struct method_call *call)
{
	const json_t *description = schema_method(call->method);
	method_fn run;
	int r;

	error_clear();
	if (!description)
		return error_set(-ENOSYS, "there is no method %.64s", call->method);
	r = schema_check(json_object_get(description, "params"), call->params,
			 "params");
	if (r < 0)
		return r;
	run = find(methods, call->method);
	if (!run)
		run = find(call->service->more, call->method);
	if (!run)
		return error_set(-ENOSYS,
				 "%s is for live volumes: nothing has this "
				 "one mounted",
				 call->method);
	r = run(call);
	if (r == 0 && !call->result && !call->deferred)
		call->result = json_object();
	return r == 0 && !call->result && !call->deferred ? -ENOMEM : r;
}

void method_call_release(struct method_call *call)
{
	for (int i = 0; i < call->n_fds; i++) {
		if (call->fds[i] >= 0)
			close(call->fds[i]);
	}
	for (int i = 0; i < call->n_result_fds; i++)
		close(call->result_fds[i]);
	json_decref(call->result);
	call->n_fds = call->n_result_fds = 0;
	call->result = NULL;
}
