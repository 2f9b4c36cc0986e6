/* Starting a server process. */
#ifndef AGENTFS_API_START_H
#define AGENTFS_API_START_H

struct agentfs_server;
struct agentfs_serve_options;

/*
 * Forks a server for the volume (absolute path) and waits until it serves; the caller's
 * connection is the server's first client, so that it does not end before it is used.
 * -EBUSY: somebody else holds the volume. The error that stopped it comes with its
 * text.
 */
int start_server(const char *path, const struct agentfs_serve_options *options,
		 struct agentfs_server **ret_server);

#endif
