/* Scope-exit attributes, for memory and descriptors only (never locks, transactions).
 */
#ifndef AGENTFS_BASE_CLEANUP_H
#define AGENTFS_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

#define _cleanup_free_	__attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))

/* Hands a descriptor or a pointer on to the caller: the variable no longer owns it. */
#define take_fd(fd)                                                                    \
	({                                                                             \
		int take_fd_ = (fd);                                                   \
		(fd) = -1;                                                             \
		take_fd_;                                                              \
	})
#define take_ptr(p)                                                                    \
	({                                                                             \
		__typeof__(p) take_ptr_ = (p);                                         \
		(p) = NULL;                                                            \
		take_ptr_;                                                             \
	})

#endif
