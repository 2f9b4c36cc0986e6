/* What `ps` shows of this process. */
#ifndef AGENTFS_PORT_TITLE_H
#define AGENTFS_PORT_TITLE_H

/*
 * Sets the process's name and, as far as its argument area has room, its command line.
 * The old arguments are overwritten: only for a process that no longer needs them.
 */
void port_set_title(const char *name, const char *command_line);

#endif
