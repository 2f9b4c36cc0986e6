/*
 * Mutexes and reader-writer locks with a rank. Ranks are taken only upward: a thread
 * that holds a lock of rank r may take only locks of a higher rank (node locks: two of
 * the same rank only in order of node id, through lock_take_second). Asserted
 * per thread, always: it costs a few instructions.
 */
#ifndef AGENTFS_BASE_LOCK_H
#define AGENTFS_BASE_LOCK_H

#include <pthread.h>
#include <stdbool.h>

enum lock_rank {
	LOCK_CONTROL = 1,
	LOCK_VIEW,
	LOCK_NODE,
	LOCK_CACHE,
	LOCK_DATABASE,
	LOCK_LEAF, /* under which nothing else is taken: the base's caches */
};

struct lock {
	pthread_mutex_t mutex;
	enum lock_rank rank;
};

struct rwlock {
	pthread_rwlock_t rw; /* writers preferred: a reader never re-enters */
	enum lock_rank rank;
};

void lock_init(struct lock *l, enum lock_rank rank);
void lock_release(struct lock *l); /* end of life; must not be held */
void lock_take(struct lock *l);
/* Takes a second lock of the rank already held (caller keeps the order by node id). */
void lock_take_second(struct lock *l);
void lock_drop(struct lock *l);

/* Waits on `cond` with the lock held; false on time-out (monotonic deadline, ns). */
void lock_cond_init(pthread_cond_t *cond);
void lock_wait(struct lock *l, pthread_cond_t *cond);
bool lock_wait_until(struct lock *l, pthread_cond_t *cond, long long deadline_ns);

void rwlock_init(struct rwlock *l, enum lock_rank rank);
void rwlock_release(struct rwlock *l);
void rwlock_take_shared(struct rwlock *l);
void rwlock_take_exclusive(struct rwlock *l);
void rwlock_drop(struct rwlock *l);

#endif
