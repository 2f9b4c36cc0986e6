/* What lives on this machine, and what is left of what lived. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentfs/serve.h"
#include "api/registry.h"
#include "api/unmount.h"
#include "api/volume.h"
#include "base/buf.h"
#include "base/cleanup.h"
#include "ctl/bytes.h"

typedef int (*live_fn)(void *arg, const struct agentfs_live *live);

struct walk {
	live_fn each;
	void *arg;
};

static char *text_of(const json_t *object, const char *key)
{
	struct buf text = BUF_INIT;

	if (bytes_from_json(json_object_get(object, key), &text) < 0 || !text.data) {
		buf_release(&text);
		return NULL;
	}
	return buf_take(&text);
}

/* A mount or a lease of a server; `live` holds what is common to all of them. */
static int give(const struct walk *w, struct agentfs_live live, const json_t *one,
		bool is_lease)
{
	_cleanup_free_ char *mountpoint = text_of(one, "mountpoint");
	_cleanup_free_ char *command = text_of(one, "command");

	live.mountpoint = mountpoint;
	live.command = command;
	live.kind = json_string_value(json_object_get(one, "kind"));
	live.uid = (uid_t)json_integer_value(json_object_get(one, "uid"));
	live.started_ns = json_integer_value(json_object_get(one, "started_ns"));
	if (is_lease)
		live.pid = (pid_t)json_integer_value(json_object_get(one, "pid"));
	return w->each(w->arg, &live);
}

static int give_all(const struct walk *w, const json_t *info, pid_t server_pid)
{
	_cleanup_free_ char *volume = text_of(info, "path"),
			    *base = text_of(info, "base");
	struct agentfs_live live = {
		.id = json_string_value(json_object_get(info, "id")),
		.volume = volume,
		.base = base,
		.server_pid = server_pid};
	const json_t *one;
	size_t i;
	int r = 0;

	json_array_foreach(json_object_get(info, "leases"), i, one)
	{
		if (r == 0)
			r = give(w, live, one, true);
	}
	json_array_foreach(json_object_get(info, "mounts"), i, one)
	{
		if (r == 0)
			r = give(w, live, one, false);
	}
	return r;
}

static int visit(void *arg, const char *file, const json_t *entry, bool alive)
{
	_cleanup_free_ char *path = text_of(entry, "volume");
	struct agentfs_server *server;
	json_t *info = NULL;
	int r = 0;

	(void)file;
	if (!alive || !path || server_connect(path, &server) < 0)
		return 0;
	/* Another server may have taken the place of one whose volume was deleted. */
	if (server->pid == (pid_t)json_integer_value(json_object_get(entry, "pid")) &&
	    rpc_client_call(&server->client, "info", NULL, NULL, 5000, &info, NULL) ==
		    0)
		r = give_all(arg, info, server->pid);
	json_decref(info);
	agentfs_serve_close(server);
	return r;
}

int agentfs_live_walk(live_fn each, void *arg)
{
	struct walk w = {each, arg};

	registry_clean(NULL, NULL, NULL);
	return registry_walk(visit, &w);
}

/* ---- pruning ---- */

struct pruning {
	bool force;
	void (*done)(void *arg, const char *line);
	void *arg;
};

static void say(const struct pruning *p, const char *what, const char *which)
{
	struct buf line = BUF_INIT;

	if (p->done && buf_printf(&line, "%s %s", what, which) == 0)
		p->done(p->arg, line.data);
	buf_release(&line);
}

static int prune_mount(void *arg, const char *mountpoint, const char *source)
{
	const struct pruning *p = arg;

	(void)source;
	/* A dead one is in nobody's way if it is taken away lazily. */
	if (unmount_is_dead(mountpoint) && unmount(mountpoint, true) == 0)
		say(p, "unmounted", mountpoint);
	return 0;
}

/* Empty mount points of commands that were killed: ours, and nothing is mounted. */
static void prune_temporary(const struct pruning *p)
{
	static const char prefix[] = "agentfs-mnt-";
	const char *tmp = getenv("TMPDIR");
	DIR *dir = opendir(tmp && tmp[0] == '/' ? tmp : "/tmp");
	struct dirent *e;
	struct stat st;

	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, prefix, sizeof(prefix) - 1) == 0 &&
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
		    unlinkat(dirfd(dir), e->d_name, AT_REMOVEDIR) == 0)
			say(p, "removed", e->d_name);
	}
	if (dir)
		closedir(dir);
}

int agentfs_prune(bool force, void (*done)(void *arg, const char *line), void *arg)
{
	struct pruning p = {force, done, arg};
	int r = registry_clean(NULL, done, arg);

	if (r == 0)
		r = unmount_walk(prune_mount, &p);
	if (r == 0 && force)
		prune_temporary(&p);
	return r;
}
