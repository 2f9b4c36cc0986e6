/*
 * A place in a view: a directory and a name in it that may or may not exist. Paths of
 * control calls are resolved here: symlinks on the way are followed within the view (an
 * absolute target is taken to mean the view where it lies below the base, and refused
 * else), at most 40 of them.
 */
#ifndef AGENTFS_CTL_PLACE_H
#define AGENTFS_CTL_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "base/path.h"
#include "ctl/service.h"
#include "vfs/view.h"

enum {
	PLACE_FOLLOW = 1 << 0,	/* the last component too */
	PLACE_PARENTS = 1 << 1, /* directories missing on the way are made */
};

struct place {
	struct service_view *slot;
	struct view *view;
	uint64_t dir; /* a reference is held */
	char name[NAME_BYTES_MAX + 1];
	size_t len;	    /* 0: the place is a directory reached without a name */
	struct entry entry; /* id 0: there is no such name; else a reference is held */
	struct owner owner; /* of what is made here: the caller */
};

/* Resolves the call's parameter `key` in the branch that the call names. -ENOENT (a
 * directory on the way is missing), -ENOTDIR, -ELOOP, -EXDEV (leads outside). */
int place_find(struct method_call *call, const char *key, unsigned flags,
	       struct place *ret);
void place_release(struct method_call *call, struct place *p);

/* As place_find; a name that does not exist is -ENOENT. */
int place_find_existing(struct method_call *call, const char *key, unsigned flags,
			struct place *ret);

/*
 * Tells the kernel, if the view is mounted, that the name and its directory (and with
 * `id` not 0 that node) were changed by us. view_tell_wait when all is told.
 */
void place_told(const struct place *p, uint64_t id);

/* Looks the name up again, behind a change of it. */
int place_refresh(struct place *p);

#endif
