/*
 * The housekeeping thread: reads what the host changed in the base, takes it over into
 * the nodes, tells the client's cache, and keeps memory within its budget. Nothing that
 * serves a client ever waits for it, as a notification may block until the client's
 * kernel has finished with the directory concerned.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "vfs/dir.h"
#include "vfs/notify.h"
#include "vfs/view_state.h"

#define TELLS_MAX     65536 /* beyond: everything has changed */
#define SWEEP_NODES   4096  /* looked at per round */
#define SWEEP_FORGETS 512   /* asked for per round */

enum tell_kind {
	TELL_ENTRY,
	TELL_NODE,
	TELL_FORGET,
	TELL_ALL,
};

struct tell {
	struct tell *next;
	enum tell_kind kind;
	uint64_t dir, id;
	size_t len;
	char name[];
};

/* ---- the queue ---- */

static void wake(struct view *v)
{
	uint64_t one = 1;

	if (write(v->house.wake_fd, &one, sizeof(one)) < 0)
		log_debug("house: eventfd: %s", strerror(errno));
}

static void tell(struct view *v, const struct tell *what, const char *name)
{
	struct house_state *h = &v->house;
	struct tell *t = calloc(1, sizeof(*t) + what->len);

	lock_take(&h->lock);
	if (!h->has_notifier) {
		lock_drop(&h->lock);
		free(t);
		return;
	}
	if (!t || h->n_queued - h->n_told > TELLS_MAX) {
		h->overflow = true;
		free(t);
	} else {
		*t = *what;
		t->next = NULL;
		if (what->len)
			memcpy(t->name, name, what->len);
		*h->last = t;
		h->last = &t->next;
		h->n_queued++;
	}
	lock_drop(&h->lock);
	wake(v);
}

void view_tell_entry(struct view *v, uint64_t dir, const char *name, size_t len)
{
	tell(v, &(struct tell){.kind = TELL_ENTRY, .dir = dir, .len = len}, name);
}

void view_tell_node(struct view *v, uint64_t id)
{
	tell(v, &(struct tell){.kind = TELL_NODE, .id = id}, NULL);
}

void view_tell_all(struct view *v)
{
	tell(v, &(struct tell){.kind = TELL_ALL}, NULL);
}

int view_tell_wait(struct view *v)
{
	struct house_state *h = &v->house;
	uint64_t until;

	lock_take(&h->lock);
	until = h->n_queued;
	while (h->running && h->has_notifier && h->n_told < until)
		lock_wait(&h->lock, &h->idle);
	lock_drop(&h->lock);
	return 0;
}

static void deliver(const struct view_notifier *to, const struct tell *t)
{
	if (t->kind == TELL_ENTRY && to->entry_changed)
		to->entry_changed(to->arg, t->dir, t->name, t->len);
	if (t->kind == TELL_NODE && to->node_changed)
		to->node_changed(to->arg, t->id);
	if (t->kind == TELL_FORGET && to->please_forget)
		to->please_forget(to->arg, t->dir, t->name, t->len, t->id);
	if (t->kind == TELL_ALL && to->all_changed)
		to->all_changed(to->arg);
}

/* Delivers what is queued; the notifier cannot be taken away meanwhile. */
static void deliver_queue(struct view *v)
{
	struct house_state *h = &v->house;

	lock_take(&h->notifier_lock);
	for (;;) {
		struct tell *t, all = {.kind = TELL_ALL};
		bool overflow;

		lock_take(&h->lock);
		overflow = h->overflow;
		h->overflow = false;
		t = overflow ? NULL : h->first;
		if (t) {
			h->first = t->next;
			if (!h->first)
				h->last = &h->first;
		}
		lock_drop(&h->lock);
		if (overflow && h->has_notifier)
			deliver(&h->notifier, &all);
		if (overflow)
			continue;
		if (!t)
			break;
		if (h->has_notifier)
			deliver(&h->notifier, t);
		free(t);
		lock_take(&h->lock);
		h->n_told++;
		pthread_cond_broadcast(&h->idle);
		lock_drop(&h->lock);
	}
	lock_drop(&h->notifier_lock);
}

void view_set_notifier(struct view *v, const struct view_notifier *notifier)
{
	struct house_state *h = &v->house;

	lock_take(&h->notifier_lock);
	lock_take(&h->lock);
	h->has_notifier = notifier != NULL;
	if (notifier)
		h->notifier = *notifier;
	pthread_cond_broadcast(&h->idle);
	lock_drop(&h->lock);
	lock_drop(&h->notifier_lock);
}

/* ---- the host's edits ---- */

static struct node *dir_node(struct view *v, struct base_dir *dir)
{
	struct {
		uint64_t dev, ino;
	} key = {0, (uintptr_t)dir};
	struct node *n;

	HASH_FIND(hh_base, v->by_base, &key, sizeof(key), n);
	return n;
}

/* A directory of the base that is not copied up shows the base's own times and links.
 */
static void refresh_dir(struct view *v, struct node *dir)
{
	struct base_stat st;

	if ((dir->row == 0 || dir->flags & NODE_FOLLOWS_BASE) &&
	    base_stat(dir->base_dir, "", 0, &st) == 0 && S_ISDIR(st.mode))
		node_refresh(v, dir, &st);
	view_tell_node(v, dir->id);
}

static bool is_same_object(const struct node *n, const struct base_stat *st)
{
	return st->ino == n->base.ino && st->dev == n->base.dev &&
	       (st->mode & S_IFMT) == (n->attr.mode & S_IFMT);
}

/* The name no longer leads to its node: the client has to look it up again. */
static void detach(struct view *v, struct name *name)
{
	struct node *n = name->node;

	if (n) {
		name_set_node(name, NULL);
		n->flags |= NODE_GONE;
		view_tell_node(v, n->id);
		node_reap(v, n);
	}
}

static void update_name(struct view *v, struct node *dir, const char *bytes, size_t len)
{
	struct name *name = dir_find(dir->dir, bytes, len);
	struct base_stat st;
	int r = base_stat(dir->base_dir, bytes, len, &st);

	if (!name && r == 0 && dir->dir->complete &&
	    dir_add(v, dir, bytes, len, NAME_BASE, &name) == 0) {
		name->base_ino = st.ino;
		name->mode = st.mode & S_IFMT;
	}
	if (!name || name->kind != NAME_BASE) {
		if (!name)
			view_tell_entry(v, dir->id, bytes, len);
		return;
	}
	if (r < 0) {
		view_tell_entry(v, dir->id, bytes, len);
		detach(v, name);
		dir_remove(v, name);
		return;
	}
	if (name->node && !is_same_object(name->node, &st)) {
		view_tell_entry(v, dir->id, bytes, len);
		base_forget_fd(dir->base_dir, bytes, len);
		detach(v, name);
	} else if (name->node && name->node->row == 0) {
		if (node_refresh(v, name->node, &st))
			view_tell_node(v, name->node->id);
	} else if (!name->node) {
		view_tell_entry(v, dir->id, bytes, len);
	}
}

/*
 * Events were lost. Every name of the base is dropped or looked at again, and the
 * client told to believe nothing.
 */
static void update_everything(struct view *v)
{
	for (uint64_t id = 1; id < v->nodes.n_slots; id++) {
		struct node *n = node_find(v, id);

		if (!n || !n->dir || !n->base_dir)
			continue;
		for (size_t i = 0; i < n->dir->n_order; i++) {
			struct name *name = n->dir->order[i].name;
			char bytes[256];
			size_t len;

			if (!name || name->kind != NAME_BASE)
				continue;
			len = name->len;
			memcpy(bytes, name->bytes, len);
			update_name(v, n, bytes, len);
		}
		n->dir->complete = false;
		refresh_dir(v, n);
	}
	view_tell_all(v);
}

static void on_event(void *arg, const struct base_event *e)
{
	struct view *v = arg;
	struct node *dir;

	rwlock_take_exclusive(&v->lock);
	if (e->kind == BASE_OVERFLOW) {
		update_everything(v);
		rwlock_drop(&v->lock);
		return;
	}
	dir = dir_node(v, e->dir);
	if (dir && dir->dir) {
		if (e->kind != BASE_DIR_CHANGED)
			update_name(v, dir, e->name, e->len);
		if (e->kind != BASE_FILE_CHANGED)
			refresh_dir(v, dir);
	} else if (dir && e->kind != BASE_FILE_CHANGED) {
		refresh_dir(v, dir);
	}
	rwlock_drop(&v->lock);
}

/* ---- memory ---- */

/* Lets go of a node that can be had again from the base or the volume. */
static bool drop_node(struct view *v, struct node *n)
{
	if (n == v->root || n->n_refs || n->n_pins || n->flags & NODE_DIRTY)
		return false;
	if (n->dir && n->dir->n_names)
		for (size_t i = 0; i < n->dir->n_order; i++)
			if (n->dir->order[i].name && n->dir->order[i].name->node)
				return false;
	if (n->flags & NODE_ORPHAN)
		return false;
	while (n->names)
		name_set_node(n->names, NULL);
	node_free(v, n);
	return true;
}

static void ask_to_forget(struct view *v, const struct node *n)
{
	const struct name *name = n->names;

	if (name && !(n->dir && n->dir->n_names))
		tell(v,
		     &(struct tell){.kind = TELL_FORGET,
				    .dir = name->dir->id,
				    .id = n->id,
				    .len = name->len},
		     name->bytes);
}

/* One round of the clock hand over the table of nodes. True if memory is still short.
 */
static bool sweep(struct view *v)
{
	int n_asked = 0;
	bool short_of_memory;

	rwlock_take_exclusive(&v->lock);
	for (int i = 0; i < SWEEP_NODES && v->cache_bytes > v->cache_bytes_max; i++) {
		struct node *n;

		if (++v->house.hand >= v->nodes.n_slots)
			v->house.hand = 2;
		n = node_find(v, v->house.hand);
		if (n && !drop_node(v, n) && n->n_refs && n_asked++ < SWEEP_FORGETS)
			ask_to_forget(v, n);
	}
	short_of_memory = v->cache_bytes > v->cache_bytes_max;
	rwlock_drop(&v->lock);
	return short_of_memory;
}

/* ---- the thread ---- */

static void *house_main(void *arg)
{
	struct view *v = arg;
	struct house_state *h = &v->house;
	struct pollfd fds[2] = {
		{.fd = h->wake_fd, .events = POLLIN},
		{.fd = v->base ? base_event_fd(v->base) : -1, .events = POLLIN}};
	int timeout_ms = 500;

	for (;;) {
		uint64_t count;
		bool stop;

		if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
			log_debug("house: poll: %s", strerror(errno));
		if (fds[0].revents && read(h->wake_fd, &count, sizeof(count)) < 0)
			log_debug("house: eventfd: %s", strerror(errno));
		lock_take(&h->lock);
		stop = h->stop;
		lock_drop(&h->lock);
		if (stop)
			return NULL;
		if (fds[1].revents)
			base_events_read(v->base, on_event, v);
		timeout_ms = 500;
		if (v->cache_bytes > v->cache_bytes_max && sweep(v))
			timeout_ms = 10;
		deliver_queue(v);
	}
}

int house_start(struct view *v)
{
	struct house_state *h = &v->house;
	int r;

	lock_init(&h->lock, LOCK_CACHE);
	lock_init(&h->notifier_lock, LOCK_CONTROL);
	lock_cond_init(&h->idle);
	h->last = &h->first;
	h->hand = 1;
	h->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (h->wake_fd < 0)
		return error_set(-errno, "making an eventfd: %s", strerror(errno));
	r = -pthread_create(&h->thread, NULL, house_main, v);
	if (r < 0)
		return error_set(r, "starting the housekeeping thread: %s",
				 strerror(-r));
	h->running = true;
	return 0;
}

void house_stop(struct view *v)
{
	struct house_state *h = &v->house;

	if (h->running) {
		lock_take(&h->lock);
		h->stop = true;
		h->running = false;
		pthread_cond_broadcast(&h->idle);
		lock_drop(&h->lock);
		wake(v);
		pthread_join(h->thread, NULL);
	}
	while (h->first) {
		struct tell *t = h->first;

		h->first = t->next;
		free(t);
	}
	h->last = &h->first;
	if (h->wake_fd >= 0)
		close(h->wake_fd);
	h->wake_fd = -1;
}
