/*
 * A growable byte buffer. Zero-initialised (`struct buf b = BUF_INIT`) is empty. The
 * content always has a NUL behind it, so `b.data` can be used as a C string once
 * anything was added.
 */
#ifndef AGENTFS_BASE_BUF_H
#define AGENTFS_BASE_BUF_H

#include <stddef.h>

struct buf {
	char *data; /* NULL while nothing was ever added */
	size_t len;
	size_t capacity;
};

#define BUF_INIT                                                                       \
	{                                                                              \
		NULL, 0, 0                                                             \
	}

/* Ensures room for `extra` further bytes. 0 or -ENOMEM. */
int buf_reserve(struct buf *b, size_t extra);

/* Appends. Each returns 0 or -ENOMEM, with the content untouched. */
int buf_add(struct buf *b, const void *data, size_t len);
int buf_add_str(struct buf *b, const char *text);
int buf_add_char(struct buf *b, char c);
int buf_printf(struct buf *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Empties without giving the memory back. */
void buf_clear(struct buf *b);

/* Gives the memory back; the buffer is empty and usable again. */
void buf_release(struct buf *b);

/* Moves the content out (NUL-terminated, malloc'd; NULL if there is none). */
char *buf_take(struct buf *b);

#endif
