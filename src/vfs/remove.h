/* What renaming shares with removing. */
#ifndef AGENTFS_VFS_REMOVE_H
#define AGENTFS_VFS_REMOVE_H

struct node;
struct view;

/* 0 or -ENOTEMPTY. Reads the base's listing if that was not done. Exclusive lock. */
int remove_check_empty(struct view *v, struct node *dir);

#endif
