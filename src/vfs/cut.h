/* A consistent cut of what is dirty in a view: taken, stored, let go (see flush.c). */
#ifndef AGENTFS_VFS_CUT_H
#define AGENTFS_VFS_CUT_H

struct cut;
struct view;

/* `*ret_cut` NULL: nothing is dirty. Exclusive lock. On failure all stays dirty. */
int cut_take(struct view *v, struct cut **ret_cut);
/* Writes the cut's rows, in a transaction of the caller's. No lock held. */
int cut_store(struct view *v, const struct cut *cut);
/* It is committed: unpins, frees. Exclusive lock. */
void cut_done(struct view *v, struct cut *cut);

#endif
