/*
 * Telling the client's cache what changed behind its back: queued, and delivered by the
 * view's housekeeping thread.
 */
#ifndef AGENTFS_VFS_NOTIFY_H
#define AGENTFS_VFS_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

struct view;

/* Any locks may be held. Lost without memory: then everything is told to have changed.
 */
void view_tell_entry(struct view *v, uint64_t dir, const char *name, size_t len);
void view_tell_node(struct view *v, uint64_t id);
void view_tell_all(struct view *v);

/* Waits until what was queued before has been delivered. No locks held. */
int view_tell_wait(struct view *v);

#endif
