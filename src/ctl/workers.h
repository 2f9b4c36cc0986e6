/*
 * A few threads that run calls, so that none that takes long (sync, diff, a copy)
 * keeps the listener from its other clients. What is done is collected by the listener.
 */
#ifndef AGENTFS_CTL_WORKERS_H
#define AGENTFS_CTL_WORKERS_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/lock.h"
#include "ctl/service.h"

#define WORKERS 4

struct job {
	struct job *next;
	struct method_call call;
	json_t *request; /* owns what `call` borrows */
	char *line;	 /* the answer, when it is done; NULL: deferred, or no memory */
	size_t len;
};

struct workers {
	struct lock lock; /* rank leaf: the queues */
	pthread_cond_t more;
	pthread_t threads[WORKERS];
	int n_threads;
	bool stop;
	struct job *first, **last; /* to be run */
	struct job *done;
	int wake_fd; /* eventfd, borrowed: told when something is done */
};

int workers_start(struct workers *w, int wake_fd);
/* Runs what is queued and ends the threads. What is done stays to be collected. */
void workers_stop(struct workers *w);

/* A new job for a parsed request (taken); the call's members are the caller's to set.
 */
struct job *job_new(json_t *request);
struct job *job_free(struct job *job);

/* The job becomes the workers'. */
void workers_add(struct workers *w, struct job *job);
/* A list of what is done since the last time; the caller's. */
struct job *workers_collect(struct workers *w);

/* Runs the call and makes the answer's line. */
void job_run(struct job *job);

#endif
