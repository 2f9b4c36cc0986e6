/* The client's side of the control socket. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/volume.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "port/sockets.h"

#define PING_MS	 5000
#define LEAVE_MS 30000 /* a large cut may have to be written */

int server_new(int fd, pid_t pid, struct agentfs_server **ret_server)
{
	struct agentfs_server *server = calloc(1, sizeof(*server));

	if (!server) {
		close(fd);
		return -ENOMEM;
	}
	rpc_client_init(&server->client, fd);
	server->pid = pid;
	*ret_server = server;
	return 0;
}

static int ping(struct agentfs_server *server, const char *path)
{
	struct port_peer peer = {.pid = 0};
	json_t *result;
	int r = rpc_client_call(&server->client, "ping", NULL, NULL, PING_MS, &result,
				NULL);

	if (r == -ETIMEDOUT) {
		port_peer(server->client.fd, &peer);
		return error_set(
			-ETIMEDOUT,
			"%s is held by process %d, which does not answer; if it "
			"hangs, `kill %d` ends it",
			path, (int)peer.pid, (int)peer.pid);
	}
	if (r < 0)
		return r;
	server->pid = (pid_t)json_integer_value(json_object_get(result, "pid"));
	json_decref(result);
	return 0;
}

int server_connect(const char *path, struct agentfs_server **ret_server)
{
	_cleanup_free_ char *sock = volume_beside(path, ".sock"), *real = NULL;
	struct agentfs_server *server;
	int fd, r;

	if (!sock)
		return -ENOMEM;
	if (path[0] != '/') {
		real = realpath(path, NULL);
		return real ? server_connect(real, ret_server) : -errno;
	}
	r = port_connect(sock, &fd);
	if (r == -ECONNREFUSED)
		return error_set(-ENOENT, "%s: its server is dead", path);
	if (r == -ENOENT)
		return error_set(r, "nothing serves %s", path);
	if (r < 0)
		return r;
	r = server_new(fd, 0, &server);
	if (r < 0)
		return r;
	r = ping(server, path);
	if (r < 0) {
		server_drop(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

/*
 * The last one to leave waits until the volume is written and closed, so that whoever
 * looks at the file next finds all of it.
 */
static void leave(struct agentfs_server *server)
{
	json_t *result = NULL, *message = NULL;
	bool last;

	if (rpc_client_call(&server->client, "leave", NULL, NULL, LEAVE_MS, &result,
			    NULL) < 0)
		return;
	last = json_is_true(json_object_get(result, "last"));
	json_decref(result);
	if (last)
		rpc_client_receive(&server->client, LEAVE_MS, &message, NULL);
	json_decref(message);
}

void agentfs_serve_close(struct agentfs_server *server)
{
	struct error_record error;

	if (!server)
		return;
	error_save(&error); /* of the call that made the caller give up */
	leave(server);
	error_restore(&error);
	rpc_client_release(&server->client);
	free(server);
}

void server_drop(struct agentfs_server *server)
{
	rpc_client_release(&server->client);
	free(server);
}

pid_t agentfs_serve_pid(const struct agentfs_server *server)
{
	return server->pid;
}
