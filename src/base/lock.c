#include "base/lock.h"

#include "base/clock.h"
#include "base/error.h"

/*
 * The ranks that this thread holds, as counts. A count instead of a stack: locks may be
 * dropped in any order.
 */
static _Thread_local unsigned held[LOCK_LEAF + 1];

static void rank_enter(enum lock_rank rank, bool second)
{
	for (int r = second ? rank + 1 : rank; r <= LOCK_LEAF; r++)
		invariant(held[r] == 0);
	held[rank]++;
}

static void rank_leave(enum lock_rank rank)
{
	invariant(held[rank] > 0);
	held[rank]--;
}

void lock_init(struct lock *l, enum lock_rank rank)
{
	pthread_mutex_init(&l->mutex, NULL);
	l->rank = rank;
}

void lock_release(struct lock *l)
{
	pthread_mutex_destroy(&l->mutex);
}

void lock_take(struct lock *l)
{
	rank_enter(l->rank, false);
	pthread_mutex_lock(&l->mutex);
}

void lock_take_second(struct lock *l)
{
	rank_enter(l->rank, true);
	pthread_mutex_lock(&l->mutex);
}

void lock_drop(struct lock *l)
{
	pthread_mutex_unlock(&l->mutex);
	rank_leave(l->rank);
}

void lock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

void lock_wait(struct lock *l, pthread_cond_t *cond)
{
	pthread_cond_wait(cond, &l->mutex);
}

bool lock_wait_until(struct lock *l, pthread_cond_t *cond, long long deadline_ns)
{
	struct timespec ts = clock_to_timespec(deadline_ns);

	return pthread_cond_timedwait(cond, &l->mutex, &ts) == 0;
}

void rwlock_init(struct rwlock *l, enum lock_rank rank)
{
	pthread_rwlockattr_t attr;

	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr,
				      PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&l->rw, &attr);
	pthread_rwlockattr_destroy(&attr);
	l->rank = rank;
}

void rwlock_release(struct rwlock *l)
{
	pthread_rwlock_destroy(&l->rw);
}

void rwlock_take_shared(struct rwlock *l)
{
	rank_enter(l->rank, false);
	pthread_rwlock_rdlock(&l->rw);
}

void rwlock_take_exclusive(struct rwlock *l)
{
	rank_enter(l->rank, false);
	pthread_rwlock_wrlock(&l->rw);
}

void rwlock_drop(struct rwlock *l)
{
	pthread_rwlock_unlock(&l->rw);
	rank_leave(l->rank);
}
