/*
 * Debug messages of the libraries, off unless AGENTFS_DEBUG is set in the environment.
 * What a person must see goes back as an error, never through here.
 */
#ifndef AGENTFS_BASE_LOG_H
#define AGENTFS_BASE_LOG_H

/* One line on stderr, with time and thread; costs one test of a flag when off. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
