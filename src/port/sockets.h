/* Unix sockets at paths of any length, with descriptors passed along. */
#ifndef AGENTFS_PORT_SOCKETS_H
#define AGENTFS_PORT_SOCKETS_H

#include <stddef.h>
#include <sys/types.h>

#define PORT_FDS_MAX 4

struct port_peer {
	pid_t pid;
	uid_t uid;
	gid_t gid;
};

/*
 * Listens at `path` (mode 0600), which must not exist. The descriptor is non-blocking.
 * 0 or a negative errno.
 */
int port_listen(const char *path, int *ret_fd);

/* -ENOENT: no socket there; -ECONNREFUSED: nobody listens any more. */
int port_connect(const char *path, int *ret_fd);

int port_peer(int fd, struct port_peer *ret_peer);

/*
 * Sends all of the bytes, with the descriptors beside the first of them (n_fds at most
 * PORT_FDS_MAX). Blocks. 0 or a negative errno (-EPIPE without a signal).
 */
int port_send(int fd, const void *data, size_t len, const int *fds, int n_fds);

/* Sends what fits (a non-blocking descriptor: -EAGAIN if nothing does); bytes sent. */
ssize_t port_send_some(int fd, const void *data, size_t len, const int *fds, int n_fds);

/*
 * Receives up to `size` bytes and the descriptors that came with them (close-on-exec,
 * the caller's). Bytes received, 0 at the end, or a negative errno. More descriptors
 * than PORT_FDS_MAX are closed and -EMSGSIZE returned.
 */
ssize_t port_receive(int fd, void *data, size_t size, int *fds, int *ret_n_fds);

#endif
