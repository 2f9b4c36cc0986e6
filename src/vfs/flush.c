/*
 * The writer thread. It takes a cut of everything dirty under the view's exclusive lock
 * (pointers and small copies only), writes it in one transaction while the view goes
 * on, and lets go of it when it is committed.
 *
 *   clean --first change--> dirty --interval, size, or somebody waits--> cut
 * --commit--> clean
 *                                                                         |
 *                                           failed: rolled back, the same cut again
 * later
 *
 * Invariants:
 *   FLUSH-1  at most one cut exists; a failed one is written before the next is taken
 *   FLUSH-2  a cut holds every change made before it and none made after it, so the
 *            volume always shows a state that the view really had
 *   FLUSH-3  what a cut points at (nodes, chunks) is pinned and immutable until it is
 * done
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "port/disk.h"
#include "vfs/content.h"
#include "vfs/cut.h"
#include "vfs/view_state.h"

#define FLUSH_EARLY_BYTES (8 * 1024 * 1024)
#define FLUSH_EARLY_ROWS  4000
#define FLUSH_ROWS_MAX	  65536 /* then those who make more wait */
#define RETRY_NS	  (NS_PER_S / 2)
#define DISK_CHECK_NS	  (NS_PER_S / 20)
/* Kept free on the volume's disk for flushing and deleting when it runs full. */
#define DISK_RESERVE	   (8 * 1024 * 1024)
#define DISK_RESERVE_SHARE 32 /* of a small disk this part instead */

static void wake(struct view *v)
{
	uint64_t one = 1;

	/* Fails only if the counter is full: then it is readable anyway. */
	if (write(v->flush.wake_fd, &one, sizeof(one)) < 0)
		log_debug("flush: eventfd: %s", strerror(errno));
}

void flush_poke(struct view *v)
{
	if (!atomic_exchange(&v->is_dirty, true))
		wake(v);
}

/* Called when more was made dirty: does the flusher have to come before its time? */
static bool is_much(struct view *v)
{
	return v->dirty_bytes > FLUSH_EARLY_BYTES ||
	       v->n_dirty + v->changes.n_changes > FLUSH_EARLY_ROWS;
}

/* ---- writing one cut ---- */

static int write_cut(struct view *v, bool durable)
{
	int r = store_begin(v->store);

	if (r < 0)
		return r;
	r = cut_store(v, v->cut);
	if (r < 0) {
		store_rollback(v->store);
		return r;
	}
	return store_commit(v->store, durable);
}

/*
 * Replenishes the reserved row numbers between transactions, so that naming a new file
 * never waits for the volume.
 */
#define ROWS_RESERVED 65536

static int reserve_rows(struct view *v)
{
	int64_t first, left;
	int r;

	rwlock_take_shared(&v->lock);
	left = v->last_row - v->next_row;
	rwlock_drop(&v->lock);
	if (left > ROWS_RESERVED / 2)
		return 0;
	r = store_reserve_inos(v->store, ROWS_RESERVED, &first);
	if (r < 0)
		return r;
	rwlock_take_exclusive(&v->lock);
	v->next_row = first;
	v->last_row = first + ROWS_RESERVED;
	rwlock_drop(&v->lock);
	return 0;
}

/* One round: a cut (the failed one again, if there is one), written and let go. */
static int flush_round(struct view *v, bool durable)
{
	int r = 0;

	if (!v->cut) {
		rwlock_take_exclusive(&v->lock);
		atomic_store(&v->is_dirty, false);
		r = cut_take(v, &v->cut);
		rwlock_drop(&v->lock);
	}
	if (r == 0 && v->cut)
		r = write_cut(v, durable);
	if (r < 0) {
		atomic_store(&v->is_dirty, true);
		return r;
	}
	if (v->cut) {
		v->n_flushes++;
		v->flush.undurable = !durable;
		rwlock_take_exclusive(&v->lock);
		cut_done(v, v->cut);
		rwlock_drop(&v->lock);
		v->cut = NULL;
	} else if (durable && v->flush.undurable) {
		r = store_sync(v->store);
		v->flush.undurable = r < 0;
	}
	return r < 0 ? r : reserve_rows(v);
}

/* ---- the thread ---- */

/* Serves everybody who waits with one round (two, if an old cut had to go first). */
static int serve(struct view *v)
{
	struct flush_state *f = &v->flush;
	bool durable, again = v->cut != NULL;
	uint64_t tickets;
	int r;

	lock_take(&f->lock);
	tickets = f->n_wanted;
	durable = f->want_durable;
	f->want_durable = false;
	lock_drop(&f->lock);
	if (v->read_only)
		r = 0;
	else
		r = flush_round(v, durable);
	if (r == 0 && again && !v->read_only)
		r = flush_round(v, durable);
	lock_take(&f->lock);
	f->error = r;
	atomic_store(&f->failing, r < 0);
	f->n_done = tickets;
	pthread_cond_broadcast(&f->done);
	lock_drop(&f->lock);
	return r;
}

static bool is_wanted(struct view *v, bool *ret_stop)
{
	bool wanted;

	lock_take(&v->flush.lock);
	wanted = v->flush.n_wanted != v->flush.n_done;
	*ret_stop = v->flush.stop;
	lock_drop(&v->flush.lock);
	return wanted;
}

static void sleep_until(struct view *v, int64_t deadline_ns)
{
	struct pollfd fd = {.fd = v->flush.wake_fd, .events = POLLIN};
	int64_t left = deadline_ns ? deadline_ns - clock_monotonic_ns() : -1;
	struct timespec ts = clock_to_timespec(left < 0 ? 0 : left);
	uint64_t count;

	if (ppoll(&fd, 1, deadline_ns ? &ts : NULL, NULL) > 0 &&
	    read(v->flush.wake_fd, &count, sizeof(count)) < 0)
		log_debug("flush: eventfd: %s", strerror(errno));
}

static void *flush_main(void *arg)
{
	struct view *v = arg;
	int64_t deadline = 0; /* 0: clean, nothing to wait for */
	bool stop = false;

	for (;;) {
		bool wanted = is_wanted(v, &stop), dirty = atomic_load(&v->is_dirty);
		int64_t now = clock_monotonic_ns();

		if (dirty && deadline == 0)
			deadline = now + v->flush_interval_ns;
		if (wanted || (dirty && (now >= deadline || is_much(v)))) {
			int r = serve(v);

			/* Whoever waits may try again at once; the rest has time. */
			deadline = r < 0 ? clock_monotonic_ns() + RETRY_NS : 0;
			if (r < 0)
				log_debug("flush: %s", error_text(r));
			if (r < 0 && !stop)
				sleep_until(v, deadline);
			continue;
		}
		if (stop)
			return NULL;
		sleep_until(v, dirty ? deadline : 0);
	}
}

int flush_start(struct view *v)
{
	struct flush_state *f = &v->flush;
	int r;

	lock_init(&f->lock, LOCK_CONTROL);
	lock_cond_init(&f->done);
	f->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->wake_fd < 0)
		return error_set(-errno, "making an eventfd: %s", strerror(errno));
	r = v->read_only ? 0 : reserve_rows(v);
	if (r < 0)
		return r;
	r = -pthread_create(&f->thread, NULL, flush_main, v);
	if (r < 0)
		return error_set(r, "starting the writer thread: %s", strerror(-r));
	f->running = true;
	return 0;
}

int flush_stop(struct view *v)
{
	struct flush_state *f = &v->flush;
	int r = 0;

	if (f->running) {
		r = flush_wait(v, true);
		lock_take(&f->lock);
		f->stop = true;
		lock_drop(&f->lock);
		wake(v);
		pthread_join(f->thread, NULL);
		f->running = false;
	}
	if (f->wake_fd >= 0)
		close(f->wake_fd);
	f->wake_fd = -1;
	return r;
}

/* ---- those who wait ---- */

int flush_wait(struct view *v, bool durable)
{
	struct flush_state *f = &v->flush;
	uint64_t ticket;
	int r;

	if (v->read_only)
		return 0;
	lock_take(&f->lock);
	ticket = ++f->n_wanted;
	f->want_durable |= durable;
	wake(v);
	while (f->n_done < ticket)
		lock_wait(&f->lock, &f->done);
	r = f->error;
	lock_drop(&f->lock);
	return r < 0 ? error_set(r, "writing to the volume failed: %s", strerror(-r))
		     : 0;
}

/* ---- room on the disk ---- */

/* Looks at the disk at most every DISK_CHECK_NS, or when asked for a fresh look. */
static void look_at_disk(struct view *v, bool fresh)
{
	int64_t now = clock_monotonic_ns(), inside;
	struct port_space space;

	if (!fresh && now - v->free_checked_ns < DISK_CHECK_NS)
		return;
	if (port_disk_space(store_path(v->store), &space) == 0) {
		int64_t share = space.total_bytes / DISK_RESERVE_SHARE;

		v->free_bytes = space.available_bytes -
				(share < DISK_RESERVE ? share : DISK_RESERVE);
	}
	inside = store_free_bytes(v->store);
	v->inside_bytes = inside > 0 ? inside : 0;
	v->free_checked_ns = now;
}

/*
 * What is dirty is written twice: into the log, then into the file, which first uses
 * its own free pages.
 */
static bool fits(struct view *v, int64_t bytes)
{
	int64_t dirty = v->dirty_bytes + bytes;
	int64_t grows = dirty > v->inside_bytes ? dirty - v->inside_bytes : 0;

	return dirty + grows <= v->free_bytes;
}

int flush_has_room(struct view *v, int64_t bytes)
{
	look_at_disk(v, false);
	if (fits(v, bytes))
		return 0;
	look_at_disk(v, true);
	if (fits(v, bytes))
		return 0;
	/* What was deleted a moment ago, and the log, may still take room. */
	if (flush_wait(v, false) < 0 || store_checkpoint(v->store) < 0)
		return -ENOSPC;
	look_at_disk(v, true);
	return fits(v, bytes) ? 0 : -ENOSPC;
}

static bool is_too_much(struct view *v, int64_t bytes)
{
	return (v->dirty_bytes + bytes > v->dirty_bytes_max &&
		v->dirty_bytes > FLUSH_EARLY_BYTES) ||
	       v->n_dirty > FLUSH_ROWS_MAX;
}

void flush_if_much(struct view *v)
{
	if (is_much(v))
		wake(v);
}

int flush_admit(struct view *v, int64_t bytes)
{
	if (v->read_only)
		return -EROFS;
	if (flush_has_room(v, bytes) < 0)
		return -ENOSPC;
	if (atomic_load(&v->flush.failing)) {
		int r = flush_wait(v, false);

		if (r < 0)
			return r;
	}
	while (is_too_much(v, bytes)) {
		int r = flush_wait(v, false);

		if (r < 0)
			return r;
	}
	flush_if_much(v);
	return 0;
}
