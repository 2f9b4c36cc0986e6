/* The host's edits, by inotify; and which mounts are our own. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "vfs/base_internal.h"

#define WATCHED                                                                        \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY | IN_ATTRIB | \
	 IN_CLOSE_WRITE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

static int add_watch(const struct base *b, int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return inotify_add_watch(b->inotify, path, WATCHED);
}

void base_watch_locked(struct base_dir *d, int fd)
{
	struct base *b = d->base;
	struct base_dir *before;
	int watch;

	if (d->watch >= 0 || d->unwatched || b->inotify < 0)
		return;
	watch = add_watch(b, fd);
	if (watch < 0) {
		log_debug("inotify_add_watch: %s", strerror(errno));
		d->unwatched = true;
		return;
	}
	/* The host moved the directory: its watch goes with it, the old path has none.
	 */
	HASH_FIND(hh_watch, b->by_watch, &watch, sizeof(watch), before);
	if (before) {
		HASH_DELETE(hh_watch, b->by_watch, before);
		before->watch = -1;
	}
	d->watch = watch;
	HASH_ADD(hh_watch, b->by_watch, watch, sizeof(d->watch), d);
}

void base_unwatch_locked(struct base_dir *d)
{
	if (d->watch < 0)
		return;
	HASH_DELETE(hh_watch, d->base->by_watch, d);
	inotify_rm_watch(d->base->inotify, d->watch);
	d->watch = -1;
}

void base_rewatch_locked(struct base_dir *d)
{
	int fd = -1, r;

	if (d->watch < 0)
		return;
	r = base_dir_fd_locked(d, &fd);
	if (r == 0 && add_watch(d->base, fd) == d->watch)
		return;
	base_unwatch_locked(d);
	if (r == 0)
		base_watch_locked(d, fd);
}

bool base_dir_is_watched(struct base_dir *d)
{
	bool watched;

	lock_take(&d->base->lock);
	watched = d->watch >= 0;
	lock_drop(&d->base->lock);
	return watched;
}

int base_event_fd(struct base *b)
{
	return b->inotify;
}

#define NAMES_CHANGED (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)

/* A subdirectory came, went or was replaced: what is known under its name is old. */
static void reopen_child_locked(struct base_dir *d, const struct inotify_event *in)
{
	struct base_dir *child = NULL;

	if (in->mask & IN_ISDIR && in->mask & NAMES_CHANGED && in->len)
		child = base_dir_find_locked(d, in->name, strlen(in->name));
	if (child)
		base_reopen_locked(child);
}

static void take_event(struct base *b, const struct inotify_event *in,
		       void (*each)(void *arg, const struct base_event *e), void *arg)
{
	struct base_event e = {.kind = BASE_OVERFLOW};
	struct base_dir *d = NULL;

	if (in->mask & IN_Q_OVERFLOW) {
		lock_take(&b->lock);
		base_reopen_locked(b->root);
		lock_drop(&b->lock);
	} else {
		lock_take(&b->lock);
		HASH_FIND(hh_watch, b->by_watch, &in->wd, sizeof(in->wd), d);
		if (d)
			d->refs++;
		if (d && in->mask & IN_IGNORED) {
			HASH_DELETE(hh_watch, b->by_watch, d);
			d->watch = -1;
			base_dir_close_fd_locked(d);
		}
		if (d)
			reopen_child_locked(d, in);
		lock_drop(&b->lock);
		if (!d)
			return; /* no longer watched */
		e.dir = d;
		e.name = in->len ? in->name : "";
		e.len = strlen(e.name);
		if (in->mask & NAMES_CHANGED)
			e.kind = BASE_NAME_CHANGED;
		else if (e.len > 0)
			e.kind = BASE_FILE_CHANGED;
		else
			e.kind = BASE_DIR_CHANGED;
	}
	if (!d || !base_is_hidden(d, e.name, e.len))
		each(arg, &e);
	base_dir_unref(d);
}

/* A storm of writes to one file is one event. */
static bool is_repeated(const struct inotify_event *a, const struct inotify_event *b)
{
	return a && a->wd == b->wd && a->mask == b->mask && b->mask == IN_MODIFY &&
	       a->len == b->len && memcmp(a->name, b->name, b->len) == 0;
}

int base_events_read(struct base *b,
		     void (*each)(void *arg, const struct base_event *e), void *arg)
{
	char data[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	const struct inotify_event *last = NULL, *in;
	ssize_t n;

	if (b->inotify < 0)
		return 0;
	n = read(b->inotify, data, sizeof(data));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	for (const char *p = data; p < data + n; p += sizeof(*in) + in->len) {
		in = (const struct inotify_event *)(const void *)p;
		if (!is_repeated(last, in))
			take_event(b, in, each, arg);
		last = in;
	}
	return 0;
}

bool base_is_own_mount(uint64_t mount_id)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char *line = NULL;
	size_t size = 0;
	bool own = false;

	if (!f)
		return false;
	while (getline(&line, &size, f) > 0) {
		const char *tail;

		if (strtoull(line, NULL, 10) != mount_id)
			continue;
		tail = strstr(line, " - ");
		own = tail && strstr(tail, " agentfs:") != NULL;
		break;
	}
	free(line);
	fclose(f);
	return own;
}
