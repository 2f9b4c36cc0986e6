/*
 * The state of one live view, shared by the files of this folder.
 *
 *   v->lock        names and nodes: see node.h
 *   changes_lock   the dirty list and the counters of dirty state (rank cache)
 *   flush          the writer thread's state (flush.c)
 *   house          the housekeeping thread's queue (house.c)
 *
 * Ranks: view < node < cache < database. SQL runs under the view's lock (loads of a
 * directory) or under none, never under a node lock.
 */
#ifndef AGENTFS_VFS_VIEW_STATE_H
#define AGENTFS_VFS_VIEW_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "store/store.h"
#include "vfs/base.h"
#include "vfs/changes.h"
#include "vfs/node.h"
#include "vfs/view.h"

#define INO_DELTA_FIRST (UINT64_C(1) << 40)
#define UNWATCHED_NS	INT64_C(1000000000)

struct cut;

struct flush_state {
	struct lock lock; /* rank control: taken with nothing else held */
	pthread_cond_t done;
	pthread_t thread;
	int wake_fd; /* eventfd: something became dirty, or somebody waits */
	bool running, stop, want_durable;
	uint64_t n_wanted; /* tickets given to those who wait */
	uint64_t n_done;   /* tickets that were served */
	int n_waiters;
	int error;	     /* of the last attempt, 0 after a good one */
	bool undurable;	     /* commits that a power cut could still take */
	atomic_bool failing; /* error != 0, for those who must not take the lock */
};

struct house_state {
	struct lock lock;	   /* rank cache: the queue */
	struct lock notifier_lock; /* rank control: held during a notification */
	pthread_cond_t idle;
	pthread_t thread;
	bool running, stop;
	bool overflow; /* something could not be queued */
	int wake_fd;
	uint64_t hand;		    /* the sweep's place in the table of nodes */
	struct tell *first, **last; /* queue of invalidations */
	uint64_t n_queued, n_told;
	bool has_notifier;
	struct view_notifier notifier;
};

struct view {
	struct store *store;
	struct store_branch *branch;
	struct base *base; /* NULL: none */
	bool read_only;
	bool has_whiteouts; /* false: none was ever stored, so none is looked for */
	bool has_linked;    /* the volume may hold copied-up linked files */
	bool same_boot;	    /* rows were written since this machine started */
	uint32_t chunk_size;

	struct rwlock lock;
	struct node_table nodes;
	struct node *root;
	struct node *by_row;  /* hash of hh_row */
	struct node *by_base; /* hash of hh_base: linked base files, base directories */
	struct changes changes;
	int64_t next_row, last_row; /* reserved row numbers */

	struct lock changes_lock;
	struct node dirty;	     /* head of the ring of dirty nodes */
	atomic_int_fast64_t n_dirty; /* nodes in the ring */
	atomic_bool is_dirty;

	atomic_int_fast64_t
		dirty_bytes; /* chunks in memory, those under way included */
	atomic_int_fast64_t cache_bytes;
	int64_t dirty_bytes_max, cache_bytes_max, flush_interval_ns;
	/* Of the volume's disk, less a reserve; inside the file; when looked at. */
	atomic_int_fast64_t free_bytes, inside_bytes, free_checked_ns;

	struct cut *cut; /* under way; the flusher's own */
	struct flush_state flush;
	struct house_state house;

	atomic_int_fast64_t n_flushes, n_base_reads, n_base_lookups, n_store_loads;
};

/* A row number that was never used. -ENOSPC cannot happen; -EIO and so on may. */
int view_new_row(struct view *v, int64_t *ret_row);

/* ---- access to nodes by id ---- */

/* Takes the view's lock shared and finds the node: NULL (lock dropped) if unknown. */
struct node *view_hold(struct view *v, uint64_t id);
/* The same with the exclusive lock. */
struct node *view_hold_all(struct view *v, uint64_t id);
/* The same, shared, with a row given to the node first. 0, -ESTALE, -EROFS, ... */
int view_hold_to_change(struct view *v, uint64_t id, struct node **ret_node);
void view_drop(struct view *v);

/* ---- flush.c ---- */

int flush_start(struct view *v);
/* Ends the thread after a last flush; returns that flush's error. */
int flush_stop(struct view *v);
/* Waits until everything dirty at the call is stored (durable: on disk). */
int flush_wait(struct view *v, bool durable);
/* Tells the flusher that something became dirty. Any locks may be held. */
void flush_poke(struct view *v);
/* Called before a write, nothing held: waits while too much is dirty. -ENOSPC, -EIO. */
int flush_admit(struct view *v, int64_t bytes);
/* -ENOSPC if `bytes` more would not fit on the volume's disk. */
int flush_has_room(struct view *v, int64_t bytes);
/* Called after a change that needs no room: wakes the flusher when much is dirty. */
void flush_if_much(struct view *v);

/* ---- house.c ---- */

int house_start(struct view *v);
void house_stop(struct view *v);

#endif
