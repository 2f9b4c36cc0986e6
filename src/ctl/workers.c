#include "ctl/workers.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "ctl/rpc.h"

struct job *job_new(json_t *request)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		json_decref(request);
		return NULL;
	}
	job->request = request;
	return job;
}

struct job *job_free(struct job *job)
{
	if (!job)
		return NULL;
	method_call_release(&job->call);
	json_decref(job->request);
	free(job->line);
	free(job);
	return NULL;
}

static int rpc_code(int r)
{
	return r == -ENOSYS ? RPC_NO_METHOD : RPC_FAILED;
}

static json_t *error_answer(const json_t *id, int r)
{
	return rpc_error(id, rpc_code(r), r, error_text(r));
}

void job_run(struct job *job)
{
	const json_t *id = json_object_get(job->request, "id");
	int r = service_call(&job->call);

	if (r == 0 && job->call.deferred)
		return;
	if (r < 0)
		job->line = rpc_line(error_answer(id, r), &job->len);
	else
		job->line = rpc_line(rpc_result(id, take_ptr(job->call.result),
						job->call.n_result_fds),
				     &job->len);
	if (job->line && job->len > RPC_MESSAGE_MAX) {
		free(job->line);
		r = error_set(-EMSGSIZE,
			      "the answer would have %zu bytes: ask for less",
			      job->len);
		job->line = rpc_line(error_answer(id, r), &job->len);
	}
}

static void *work(void *arg)
{
	struct workers *w = arg;
	uint64_t one = 1;

	lock_take(&w->lock);
	for (;;) {
		struct job *job = w->first;

		if (!job) {
			if (w->stop)
				break;
			lock_wait(&w->lock, &w->more);
			continue;
		}
		w->first = job->next;
		if (!w->first)
			w->last = &w->first;
		lock_drop(&w->lock);
		job_run(job);
		lock_take(&w->lock);
		job->next = w->done;
		w->done = job;
		if (write(w->wake_fd, &one, sizeof(one)) < 0)
			invariant(errno == EAGAIN);
	}
	lock_drop(&w->lock);
	return NULL;
}

int workers_start(struct workers *w, int wake_fd)
{
	*w = (struct workers){.wake_fd = wake_fd};
	w->last = &w->first;
	lock_init(&w->lock, LOCK_LEAF);
	lock_cond_init(&w->more);
	for (int i = 0; i < WORKERS; i++) {
		int r = pthread_create(&w->threads[i], NULL, work, w);

		if (r != 0) {
			workers_stop(w);
			return error_set(-r, "starting a thread: %s", strerror(r));
		}
		w->n_threads++;
	}
	return 0;
}

void workers_stop(struct workers *w)
{
	lock_take(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->more);
	lock_drop(&w->lock);
	for (int i = 0; i < w->n_threads; i++)
		pthread_join(w->threads[i], NULL);
	w->n_threads = 0;
	lock_release(&w->lock);
	pthread_cond_destroy(&w->more);
}

void workers_add(struct workers *w, struct job *job)
{
	job->next = NULL;
	lock_take(&w->lock);
	*w->last = job;
	w->last = &job->next;
	pthread_cond_signal(&w->more);
	lock_drop(&w->lock);
}

struct job *workers_collect(struct workers *w)
{
	struct job *done;

	lock_take(&w->lock);
	done = w->done;
	w->done = NULL;
	lock_drop(&w->lock);
	return done;
}
