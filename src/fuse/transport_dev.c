/*
 * /dev/fuse, read by a herd: one thread for each CPU, pinned to it, reads without
 * blocking and then sleeps in poll on the same descriptor. A request wakes them all,
 * and the one that runs where the client runs is first: on one CPU a round trip
 * costs 2.5 microseconds, across CPUs 40 and more.
 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "fuse/transport.h"

ssize_t transport_receive(int fd, int stop_fd, void *buffer, int idle_ms)
{
	for (;;) {
		struct pollfd fds[2] = {{.fd = fd, .events = POLLIN},
					{.fd = stop_fd, .events = POLLIN}};
		ssize_t n = read(fd, buffer, TRANSPORT_MESSAGE_MAX);
		int woken;

		if (n > 0)
			return n;
		if (n == 0)
			return -ENODEV;
		if (errno == EINTR || errno == ENOENT)
			continue; /* that request was withdrawn */
		if (errno != EAGAIN)
			return -errno;
		woken = poll(fds, 2, idle_ms);
		if (woken < 0 && errno != EINTR)
			return -errno;
		if (woken == 0)
			return -ETIMEDOUT;
		if (woken > 0 && fds[1].revents)
			return 0;
	}
}

int transport_send(int fd, const struct iovec *parts, int n)
{
	while (writev(fd, parts, n) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	return 0;
}
