/* Processes and the machine's present life. */
#ifndef AGENTFS_PORT_PROCESS_H
#define AGENTFS_PORT_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A text that changes with every start of the machine. 0 or a negative errno. */
int port_boot_id(char *ret_text, size_t size);

/*
 * When the process started, in clock ticks since boot: with the pid it names a process
 * for good. -ESRCH if there is none.
 */
int port_start_time(pid_t pid, uint64_t *ret_ticks);

enum port_life {
	PORT_ALIVE,
	PORT_ENDING, /* killed, but it may still hold what it had open */
	PORT_ENDED,  /* nothing is left, except perhaps an entry that nobody reaps */
};
enum port_life port_life(pid_t pid);

/* Closes every descriptor from `first` on. */
void port_close_from(int first);

#endif
