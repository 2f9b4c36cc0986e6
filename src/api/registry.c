#include "api/registry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/unmount.h"
#include "api/volume.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "ctl/bytes.h"
#include "port/process.h"

#define N_PLACES 2
#define DYING_NS (2 * NS_PER_S)

/* The places in order of preference. False: there is no such place. */
static bool place(int which, struct buf *ret)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	struct stat st;

	if (which == 1)
		return buf_printf(ret, "/tmp/agentfs-%u", geteuid()) == 0;
	if (!runtime || runtime[0] != '/' || stat(runtime, &st) < 0 ||
	    st.st_uid != geteuid())
		return false;
	return buf_printf(ret, "%s/agentfs", runtime) == 0;
}

/* A directory of ours that nobody else can write: opened, or -EACCES and such. */
static int open_place(const char *path, bool make)
{
	struct stat st;
	int fd;

	if (make && mkdir(path, 0700) < 0 && errno != EEXIST)
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_uid != geteuid() || (st.st_mode & 077)) {
		close(fd);
		return error_set(-EACCES, "%s is not a private directory of ours",
				 path);
	}
	return fd;
}

static int open_first(struct buf *ret_path)
{
	int fd = -ENOENT;

	for (int i = 0; i < N_PLACES && fd < 0; i++) {
		buf_clear(ret_path);
		if (place(i, ret_path))
			fd = open_place(ret_path->data, true);
	}
	return fd;
}

int registry_directory(char **ret_path)
{
	struct buf path = BUF_INIT;
	int fd = open_first(&path);

	if (fd < 0) {
		buf_release(&path);
		return fd;
	}
	close(fd);
	*ret_path = buf_take(&path);
	return 0;
}

static int write_file(int dir, const char *name, const char *text)
{
	char temp[64];
	size_t len = strlen(text);
	ssize_t n;
	int fd;

	snprintf(temp, sizeof(temp), ".%d.tmp", (int)getpid());
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	close(fd);
	if (n != (ssize_t)len || renameat(dir, temp, dir, name) < 0) {
		unlinkat(dir, temp, 0);
		return n < 0 ? -EIO : -ENOSPC;
	}
	return 0;
}

static void own_name(char *ret, size_t size)
{
	snprintf(ret, size, "%d.json", (int)getpid());
}

int registry_write(json_t *entry)
{
	struct buf path = BUF_INIT;
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int dir = -1;
	uint64_t ticks = 0;
	char boot[64] = "", name[32];
	int r;

	port_start_time(getpid(), &ticks);
	port_boot_id(boot, sizeof(boot));
	json_object_set_new(entry, "pid", json_integer(getpid()));
	json_object_set_new(entry, "start", json_integer((json_int_t)ticks));
	json_object_set_new(entry, "boot", json_string(boot));
	text = json_dumps(entry, JSON_COMPACT);
	json_decref(entry);
	if (!text)
		return -ENOMEM;
	dir = open_first(&path);
	buf_release(&path);
	if (dir < 0)
		return dir;
	own_name(name, sizeof(name));
	r = write_file(dir, name, text);
	return r;
}

void registry_remove_own(void)
{
	struct buf path = BUF_INIT;
	_cleanup_close_ int dir = open_first(&path);
	char name[32];

	buf_release(&path);
	own_name(name, sizeof(name));
	if (dir >= 0)
		unlinkat(dir, name, 0);
}

static bool is_there(const json_t *entry)
{
	pid_t pid = (pid_t)json_integer_value(json_object_get(entry, "pid"));
	const char *boot = json_string_value(json_object_get(entry, "boot"));
	uint64_t ticks;
	char now[64] = "";

	port_boot_id(now, sizeof(now));
	return pid > 0 && boot && strcmp(boot, now) == 0 &&
	       port_start_time(pid, &ticks) == 0 &&
	       ticks == (uint64_t)json_integer_value(json_object_get(entry, "start"));
}

/* One that was killed is waited for: its mounts are dead when it is gone. */
static bool is_alive(const json_t *entry)
{
	pid_t pid = (pid_t)json_integer_value(json_object_get(entry, "pid"));
	int64_t until = clock_monotonic_ns() + DYING_NS;

	while (is_there(entry)) {
		enum port_life life = port_life(pid);

		if (life == PORT_ALIVE)
			return true;
		if (life == PORT_ENDED)
			return false;
		if (clock_monotonic_ns() > until)
			return false;
		volume_pause();
	}
	return false;
}

static int walk_file(int dir, const char *dir_path, const char *name, registry_fn each,
		     void *arg)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), r;
	struct buf path = BUF_INIT;
	json_error_t error;
	json_t *entry;

	if (fd < 0)
		return 0; /* its server has just ended */
	entry = json_loadfd(fd, 0, &error);
	close(fd);
	r = buf_printf(&path, "%s/%s", dir_path, name);
	if (r == 0 && json_is_object(entry))
		r = each(arg, path.data, entry, is_alive(entry));
	json_decref(entry);
	buf_release(&path);
	return r;
}

static int walk_place(int which, registry_fn each, void *arg)
{
	struct buf path = BUF_INIT;
	struct dirent *e;
	int fd = place(which, &path) ? open_place(path.data, false) : -ENOENT, r = 0;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;

	while (r == 0 && dir && (e = readdir(dir))) {
		size_t len = strlen(e->d_name);

		if (len > 5 && strcmp(e->d_name + len - 5, ".json") == 0)
			r = walk_file(dirfd(dir), path.data, e->d_name, each, arg);
	}
	if (dir)
		closedir(dir);
	buf_release(&path);
	return r;
}

int registry_walk(registry_fn each, void *arg)
{
	int r = 0;

	for (int i = 0; i < N_PLACES && r == 0; i++)
		r = walk_place(i, each, arg);
	return r;
}

/* ---- cleaning up after the dead ---- */

struct cleaning {
	const char *volume; /* NULL: all */
	void (*done)(void *arg, const char *line);
	void *arg;
};

static void say(const struct cleaning *c, const char *what, const char *which)
{
	struct buf line = BUF_INIT;

	if (c->done && buf_printf(&line, "%s %s", what, which) == 0)
		c->done(c->arg, line.data);
	buf_release(&line);
}

static void remove_socket(const json_t *entry)
{
	struct buf path = BUF_INIT;

	if (bytes_from_json(json_object_get(entry, "volume"), &path) == 0 && path.data)
		volume_remove_dead_socket(path.data);
	buf_release(&path);
}

static bool is_volume(const struct cleaning *c, const json_t *entry)
{
	struct buf path = BUF_INIT;
	bool same = !c->volume ||
		    (bytes_from_json(json_object_get(entry, "volume"), &path) == 0 &&
		     path.data && strcmp(path.data, c->volume) == 0);

	buf_release(&path);
	return same;
}

static int clean_entry(void *arg, const char *file, const json_t *entry, bool alive)
{
	const struct cleaning *c = arg;
	const json_t *mount;
	size_t i;

	if (alive || !is_volume(c, entry))
		return 0;
	json_array_foreach(json_object_get(entry, "mounts"), i, mount)
	{
		struct buf at = BUF_INIT;

		if (bytes_from_json(json_object_get(mount, "mountpoint"), &at) == 0 &&
		    at.data && unmount_is_dead(at.data) && unmount(at.data, true) == 0)
			say(c, "unmounted", at.data);
		buf_release(&at);
	}
	/* The next server of a volume takes its socket over by itself. */
	if (!c->volume)
		remove_socket(entry);
	if (unlink(file) == 0)
		say(c, "removed", file);
	return 0;
}

int registry_clean(const char *volume, void (*done)(void *arg, const char *line),
		   void *arg)
{
	struct cleaning c = {volume, done, arg};

	return registry_walk(clean_entry, &c);
}
