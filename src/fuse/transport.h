/*
 * The seam between operations and the way in which messages come and go. Today:
 * /dev/fuse (transport_dev.c). Queues over io_uring come behind the same functions.
 */
#ifndef AGENTFS_FUSE_TRANSPORT_H
#define AGENTFS_FUSE_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#define TRANSPORT_MESSAGE_MAX (1024 * 1024 + 4096)

/*
 * Waits for a request and reads it into `buffer` (TRANSPORT_MESSAGE_MAX bytes). Bytes
 * read; 0 when `stop_fd` became readable; -ETIMEDOUT after `idle_ms` without one (-1:
 * waits for ever); -ENODEV when the kernel has ended the connection.
 */
ssize_t transport_receive(int fd, int stop_fd, void *buffer, int idle_ms);

/*
 * Sends one reply or notification: all parts in one message, whose header is in the
 * first. 0, -ENOENT (the request is gone: interrupted or aborted), or another errno.
 */
int transport_send(int fd, const struct iovec *parts, int n);

#endif
