#include "api/volume.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "ctl/bytes.h"

const char *agentfs_version(void)
{
	return AGENTFS_VERSION;
}

const char *agentfs_error_text(int code)
{
	return error_text(code);
}

/* ---- making and removing ---- */

/* 0 if the path is a volume that nobody has open; a damaged one too. */
static int check_removable(const char *path)
{
	struct agentfs_server *server;
	struct store *s;
	int r = server_connect(path, &server), pid = 0;

	if (r == 0) {
		r = error_set(-EBUSY,
			      "%s is in use (server: process %d): end what runs in it, "
			      "or unmount it, first",
			      path, (int)agentfs_serve_pid(server));
		agentfs_serve_close(server);
		return r;
	}
	if (r == -ETIMEDOUT)
		return error_set(-EBUSY, "%s", error_text(r));
	r = store_open(path, STORE_READ, &s);
	if (r == 0)
		store_close(s);
	else if (r != -EUCLEAN && r != -EPROTONOSUPPORT)
		return r;
	if (store_owner_pid(path, &pid) == 0 && pid > 0)
		return error_set(-EBUSY, "%s is in use by process %d", path, pid);
	return 0;
}

int agentfs_volume_remove(const char *path)
{
	int r = check_removable(path);

	if (r < 0)
		return r;
	if (unlink(path) < 0)
		return error_set(-errno, "removing %s: %s", path, strerror(errno));
	volume_remove_beside(path);
	return 0;
}

static int real_base(const char *base, char **ret)
{
	struct stat st;

	*ret = realpath(base, NULL);
	if (!*ret || stat(*ret, &st) < 0)
		return error_set(-errno, "base directory %s: %s", base,
				 strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return error_set(-ENOTDIR, "base %s is no directory", base);
	return 0;
}

int agentfs_volume_create(const char *path, const struct agentfs_create_options *o)
{
	struct store_create_options options = {
		.root_mode = 0755, .root_uid = geteuid(), .root_gid = getegid()};
	_cleanup_free_ char *base = NULL;
	struct stat st;
	int r = 0;

	if (o->base)
		r = real_base(o->base, &base);
	if (r == 0 && o->force && lstat(path, &st) == 0)
		r = agentfs_volume_remove(path);
	if (r < 0)
		return r;
	volume_remove_leftovers(path);
	options.base_path = base;
	return store_create(path, &options);
}

/* ---- opening ---- */

static int open_live(struct agentfs_volume *v)
{
	json_t *info, *base;
	int r = server_connect(v->path, &v->server);

	if (r == 0)
		r = volume_call(v, "info", NULL, &info);
	if (r < 0)
		return r;
	base = json_object_get(info, "base");
	if (!json_is_null(base)) {
		struct buf text = BUF_INIT;

		r = bytes_from_json(base, &text);
		v->base = buf_take(&text);
	}
	json_decref(info);
	return r;
}

static int open_idle(struct agentfs_volume *v, unsigned flags)
{
	bool read_only = flags & AGENTFS_OPEN_READ;
	const char *base;
	struct store *s;
	int r = read_only ? 0 : volume_check_writable(v->path);

	if (r == 0)
		r = store_open(v->path, read_only ? STORE_READ : STORE_WRITE, &s);
	if (r < 0)
		return r;
	r = service_init(&v->service, s, v->id);
	if (r < 0) {
		store_close(s);
		return r;
	}
	v->service.read_only = read_only;
	base = store_base_path(s);
	v->base = base ? strdup(base) : NULL;
	if (!read_only) { /* a dead server's; the lock is ours */
		_cleanup_free_ char *sock = volume_beside(v->path, ".sock");

		if (sock)
			unlink(sock);
	}
	return base && !v->base ? -ENOMEM : 0;
}

/*
 * A server may end or start, and another command may have the volume open for a moment:
 * tried again for a while.
 */
static int open_either(struct agentfs_volume *v, unsigned flags)
{
	int64_t deadline = clock_monotonic_ns() + VOLUME_TRIES_NS;

	for (;;) {
		int r = open_live(v);

		if (r == 0)
			return 0;
		agentfs_serve_close(take_ptr(v->server));
		if (r == -ETIMEDOUT)
			return error_set(-EBUSY, "%s", error_text(r));
		if (r == -ENOENT || r == -ECONNRESET)
			r = open_idle(v, flags);
		if (r != -EBUSY || clock_monotonic_ns() > deadline)
			return r;
		volume_pause();
	}
}

int agentfs_volume_open(const char *path, unsigned flags,
			struct agentfs_volume **ret_volume)
{
	struct agentfs_volume *v;
	struct stat st;
	int r;

	if (stat(path, &st) < 0) {
		r = error_set(-errno, "%s: %s", path, strerror(errno));
		if (r == -ENOENT)
			volume_remove_leftovers(path);
		return r;
	}
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	v->path = realpath(path, NULL);
	v->id = volume_id_of(path);
	r = v->path && v->id ? open_either(v, flags) : -ENOMEM;
	if (r < 0) {
		agentfs_volume_close(v);
		return r;
	}
	*ret_volume = v;
	return 0;
}

void agentfs_volume_close(struct agentfs_volume *v)
{
	if (!v)
		return;
	agentfs_serve_close(v->server);
	service_release(&v->service);
	free(v->path);
	free(v->id);
	free(v->base);
	free(v);
}

bool agentfs_volume_is_live(const struct agentfs_volume *v)
{
	return v->server != NULL;
}

const char *agentfs_volume_path(const struct agentfs_volume *v)
{
	return v->path;
}

const char *agentfs_volume_id(const struct agentfs_volume *v)
{
	return v->id;
}

const char *agentfs_volume_base(const struct agentfs_volume *v)
{
	return v->base;
}
