/* Live volumes, seen from a client. */
#include "agentfs/serve.h"

#include <errno.h>
#include <grp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/registry.h"
#include "api/start.h"
#include "api/volume.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "ctl/bytes.h"

#define OPEN_NS (INT64_C(10) * NS_PER_S)
#define STOP_MS 120000

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ECONNRESET || r == -EPIPE;
}

/* One try: the server that is there, or a new one. -EBUSY: try again. */
static int open_once(const char *path, const struct agentfs_serve_options *o,
		     struct agentfs_server **ret)
{
	int r = server_connect(path, ret);

	if (!is_gone(r))
		return r;
	if (!(o->flags & AGENTFS_SERVE_START))
		return error_set(-ENOENT, "nothing serves %s", path);
	registry_clean(path, NULL, NULL);
	return start_server(path, o, ret);
}

int agentfs_serve_open(const char *volume_path, const struct agentfs_serve_options *o,
		       struct agentfs_server **ret_server)
{
	static const struct agentfs_serve_options none = {.flags = 0};
	int64_t deadline = clock_monotonic_ns() + OPEN_NS;
	_cleanup_free_ char *path = realpath(volume_path, NULL);
	int r;

	if (!path)
		return error_set(-errno, "%s: %s", volume_path, strerror(errno));
	for (;;) {
		r = open_once(path, o ? o : &none, ret_server);
		if (r == -ETIMEDOUT)
			return error_set(-EBUSY, "%s", error_text(r));
		if (r != -EBUSY || clock_monotonic_ns() > deadline)
			return r;
		volume_pause();
	}
}

static int call(struct agentfs_server *s, const char *method, json_t *params,
		const struct rpc_fds *send, json_t **ret_result, struct rpc_fds *ret)
{
	return rpc_client_call(&s->client, method, params, send, -1, ret_result, ret);
}

/* The ids of this process, for those who have only these. */
static int add_ids(json_t *params)
{
	int n = getgroups(0, NULL);
	gid_t *groups = calloc(n > 0 ? (size_t)n : 1, sizeof(*groups));
	json_t *list = json_array();

	if (!groups || !list || n < 0) {
		free(groups);
		json_decref(list);
		return -ENOMEM;
	}
	n = getgroups(n, groups);
	for (int i = 0; i < n; i++)
		json_array_append_new(list, json_integer(groups[i]));
	free(groups);
	json_object_set_new(params, "uid", json_integer(geteuid()));
	json_object_set_new(params, "gid", json_integer(getegid()));
	json_object_set_new(params, "groups", list);
	return 0;
}

static void add_branch(json_t *params, const char *branch)
{
	if (branch)
		json_object_set_new(params, "branch", json_string(branch));
}

int agentfs_serve_attach(struct agentfs_server *server, int fuse_fd,
			 const struct agentfs_attach_options *o)
{
	struct rpc_fds send = {.fds = {fuse_fd}, .n = 1};
	const char *at = o->mountpoint ? o->mountpoint : "";
	json_t *params = json_pack("{s:o, s:s, s:b, s:b, s:b}", "mountpoint",
				   bytes_to_json(at, strlen(at)), "kind", o->kind,
				   "read_only", o->read_only, "all_ids", o->all_ids,
				   "unmount_at_end", o->unmount_at_end);
	int r = params ? add_ids(params) : -ENOMEM;

	if (r == 0) {
		add_branch(params, o->branch);
		r = call(server, "attach", params, &send, NULL, NULL);
	} else {
		json_decref(params);
	}
	close(fuse_fd);
	return r;
}

int agentfs_serve_wait_detached(struct agentfs_server *server)
{
	int r = call(server, "wait_detached", NULL, NULL, NULL, NULL);

	return r == -ECONNRESET ? 0 : r; /* it ended, and so did its mounts */
}

int agentfs_serve_lease(struct agentfs_server *server, const char *kind, pid_t pid,
			const char *command)
{
	return call(server, "lease",
		    json_pack("{s:s, s:i, s:o}", "kind", kind, "pid", (int)pid,
			      "command", bytes_to_json(command, strlen(command))),
		    NULL, NULL, NULL);
}

int agentfs_serve_namespace_put(struct agentfs_server *server, const char *branch,
				const struct agentfs_namespaces *ns)
{
	struct rpc_fds send = {.fds = {ns->mount_fd}, .n = 1};
	json_t *params = json_pack("{s:b, s:b}", "user", ns->user_fd >= 0, "root",
				   ns->root_fd >= 0);

	if (!params)
		return -ENOMEM;
	add_branch(params, branch);
	if (ns->user_fd >= 0)
		send.fds[send.n++] = ns->user_fd;
	if (ns->root_fd >= 0)
		send.fds[send.n++] = ns->root_fd;
	return call(server, "namespace.put", params, &send, NULL, NULL);
}

int agentfs_serve_namespace_get(struct agentfs_server *server, const char *branch,
				struct agentfs_namespaces *ret_ns)
{
	struct rpc_fds got = {.n = 0};
	json_t *params = json_object(), *result;
	bool user, root;
	int r, next = 1;

	add_branch(params, branch);
	r = call(server, "namespace.get", params, NULL, &result, &got);
	if (r < 0)
		return r;
	user = json_is_true(json_object_get(result, "user"));
	root = json_is_true(json_object_get(result, "root"));
	json_decref(result);
	if (got.n != 1 + user + root) {
		while (got.n > 0)
			close(got.fds[--got.n]);
		return error_set(-EPROTO, "the session's namespaces did not arrive");
	}
	ret_ns->mount_fd = got.fds[0];
	ret_ns->user_fd = user ? got.fds[next++] : -1;
	ret_ns->root_fd = root ? got.fds[next] : -1;
	return 0;
}

int agentfs_serve_call(struct agentfs_server *server, const char *method,
		       const char *params, char **ret_result)
{
	json_t *object, *result;
	int r = volume_params_parse(params, &object);

	if (r == 0)
		r = call(server, method, object, NULL, &result, NULL);
	return r < 0 ? r : volume_result_text(result, ret_result);
}

/* The server closes its connections when the volume is closed. */
int agentfs_serve_stop(struct agentfs_server *server)
{
	json_t *message = NULL;
	int r = call(server, "stop", NULL, NULL, NULL, NULL);

	if (r == -ECONNRESET)
		return 0;
	if (r < 0)
		return r;
	r = rpc_client_receive(&server->client, STOP_MS, &message, NULL);
	json_decref(message);
	return r == -ECONNRESET ? 0 : r;
}
