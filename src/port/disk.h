/* The disk that holds a file. */
#ifndef AGENTFS_PORT_DISK_H
#define AGENTFS_PORT_DISK_H

#include <stdint.h>

struct port_space {
	int64_t total_bytes, free_bytes;
	int64_t available_bytes; /* to this user */
};

/* 0 or a negative errno. */
int port_disk_space(const char *path, struct port_space *ret_space);

#endif
