#include "port/sockets.h"

#include <errno.h>
#include <stdbool.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"

/*
 * sun_path holds 108 bytes; a longer path is reached through a descriptor of its
 * directory. `*ret_dir` is that descriptor, to be kept until the call is done.
 */
static int address(const char *path, struct sockaddr_un *ret, int *ret_dir)
{
	char dir[4096];
	const char *name = path_basename(path);
	size_t len = path_parent_len(path);
	int n;

	if (path[0] != '/' || len >= sizeof(dir))
		return error_set(-EINVAL, "bad socket path %s", path);
	memcpy(dir, path, len);
	dir[len] = '\0';
	*ret_dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir < 0)
		return error_set(-errno, "opening %s: %s", dir, strerror(errno));
	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s",
		     *ret_dir, name);
	if (n < 0 || (size_t)n >= sizeof(ret->sun_path)) {
		close(*ret_dir);
		*ret_dir = -1;
		return error_set(-ENAMETOOLONG, "socket name %s is too long", name);
	}
	return 0;
}

static int new_socket(int *ret_fd)
{
	*ret_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*ret_fd < 0)
		return error_set(-errno, "making a socket: %s", strerror(errno));
	return 0;
}

int port_listen(const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = -1, dir = -1;
	struct sockaddr_un addr;
	mode_t mask;
	int r = address(path, &addr, &dir);

	if (r == 0)
		r = new_socket(&fd);
	if (r < 0)
		return r;
	mask = umask(0177);
	r = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(mask);
	if (r < 0)
		return error_set(r, "binding %s: %s", path, strerror(-r));
	if (listen(fd, 64) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		r = -errno;
		unlink(path);
		return error_set(r, "listening at %s: %s", path, strerror(-r));
	}
	*ret_fd = take_fd(fd);
	return 0;
}

int port_connect(const char *path, int *ret_fd)
{
	_cleanup_close_ int fd = -1, dir = -1;
	struct sockaddr_un addr;
	int r = address(path, &addr, &dir);

	if (r == 0)
		r = new_socket(&fd);
	if (r < 0)
		return r;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_set(-errno, "connecting to %s: %s", path, strerror(errno));
	*ret_fd = take_fd(fd);
	return 0;
}

int port_peer(int fd, struct port_peer *ret_peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return error_set(-errno, "asking for the peer: %s", strerror(errno));
	*ret_peer = (struct port_peer){cred.pid, cred.uid, cred.gid};
	return 0;
}

static ssize_t send_first(int fd, const void *data, size_t len, const int *fds,
			  int n_fds)
{
	union {
		char bytes[CMSG_SPACE(PORT_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {(void *)data, len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (n_fds > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE((size_t)n_fds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)n_fds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)n_fds * sizeof(int));
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

int port_send(int fd, const void *data, size_t len, const int *fds, int n_fds)
{
	const char *p = data;

	if (n_fds > PORT_FDS_MAX)
		return -EINVAL;
	while (len > 0) {
		ssize_t n = send_first(fd, p, len, fds, n_fds);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		n_fds = 0;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

ssize_t port_send_some(int fd, const void *data, size_t len, const int *fds, int n_fds)
{
	ssize_t n;

	if (n_fds > PORT_FDS_MAX)
		return -EINVAL;
	do
		n = send_first(fd, data, len, fds, n_fds);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Collects the descriptors of a message; too many are closed. */
static int take_fds(struct msghdr *msg, int *fds)
{
	int n = 0;
	bool too_many = msg->msg_flags & MSG_CTRUNC;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (n < PORT_FDS_MAX)
				fds[n++] = fd;
			else
				close(fd);
			too_many |= i >= PORT_FDS_MAX;
		}
	}
	if (!too_many)
		return n;
	while (n > 0)
		close(fds[--n]);
	return -EMSGSIZE;
}

ssize_t port_receive(int fd, void *data, size_t size, int *fds, int *ret_n_fds)
{
	union {
		char bytes[CMSG_SPACE(2 * PORT_FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {data, size};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.bytes,
			     .msg_controllen = sizeof(control.bytes)};
	ssize_t n;
	int n_fds;

	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	n_fds = take_fds(&msg, fds);
	if (n_fds < 0)
		return n_fds;
	*ret_n_fds = n_fds;
	return n;
}
