/* Which namespaces a process lives in. */
#ifndef AGENTFS_PORT_NAMESPACES_H
#define AGENTFS_PORT_NAMESPACES_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * True if /proc/PID/ns/KIND is the namespace that the descriptor stands for. False also
 * for a process that is gone or that this one may not look at.
 */
bool port_process_in_namespace(const char *pid, const char *kind, int ns_fd);

/* True if the process lives in this process's own user namespace. */
bool port_process_shares_user(pid_t pid);

/* True if the process's user namespace is that one, or was made inside it. */
bool port_process_in_user(const char *pid, int user_ns_fd);

#endif
