/*
 * What a branch changed of its base, from the volume and the base directory (no live
 * view; a live one is flushed first). The cost follows the delta, never the base:
 * deletions come from the whiteouts that were kept.
 */
#ifndef AGENTFS_VFS_DIFF_H
#define AGENTFS_VFS_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct base;
struct store_branch;

enum {
	DIFF_TYPE = 1 << 0,
	DIFF_MODE = 1 << 1,
	DIFF_OWNER = 1 << 2,
	DIFF_CONTENT = 1 << 3,
	DIFF_TARGET = 1 << 4,
	DIFF_XATTRS = 1 << 5,
	DIFF_TIMES = 1 << 6,
};

struct diff_entry {
	char kind;	     /* 'A', 'M', 'D' */
	char type, old_type; /* f d l p c b s; old_type 0 for 'A', type 0 for 'D' */
	const char *path;
	size_t path_len;
	const char *from; /* base path of a directory that was renamed; NULL */
	size_t from_len;
	int64_t size;
	uint32_t what; /* DIFF_* of 'M' */
	bool conflict; /* the host changed the base's object since it was copied up */
};

/* A negative return ends the walk and is passed on. Entries live for the call. */
typedef int (*diff_fn)(void *arg, const struct diff_entry *e);

/* In byte order of paths. `times`: report times that differ, too. */
int diff_walk(struct store_branch *b, struct base *base, bool times, diff_fn each,
	      void *arg);

/* The letter of a mode's type. */
char diff_type_letter(uint32_t mode);

#endif
