/* Steps that making, removing and renaming names share. Exclusive lock held. */
#ifndef AGENTFS_VFS_NAMES_H
#define AGENTFS_VFS_NAMES_H

#include <stddef.h>

struct name;
struct node;
struct view;

/* 0 if names can be made in it or taken from it. -ENOTDIR; -ENOENT: it was removed. */
int names_check_dir(const struct node *dir);

/*
 * Leads a free name (`e`: NULL or a whiteout, or a name whose node was taken away) of a
 * directory with a row to a node with a row.
 */
int names_attach(struct view *v, struct node *dir, const char *name, size_t len,
		 struct name *e, struct node *n);

/* Takes the name away, leaving a whiteout where the base has such an entry. */
int names_detach(struct view *v, struct name *e);

/* The node lost one name: its link count, and what follows at zero. */
int names_lost_one(struct view *v, struct node *n);

/* A subdirectory came to (1) or went from (-1) the directory. */
void names_count_subdir(struct view *v, struct node *dir, int difference);

#endif
