/* The subcommands of `agentfs fs`. Each returns an exit status. */
#ifndef AGENTFS_CLI_FS_H
#define AGENTFS_CLI_FS_H

#include "cli/cli.h"

struct fs {
	struct cli *cli;
	struct agentfs_volume *volume;
	bool recursive, parents, force;
	int64_t depth; /* -1: no limit */
};

/* What a person typed, as a path of the view (free()). NULL after a message. */
char *fs_path(const char *typed);

/* fs_read.c */
int fs_ls(struct fs *fs, int argc, char **argv);
int fs_tree(struct fs *fs, int argc, char **argv);
int fs_cat(struct fs *fs, int argc, char **argv);
int fs_stat(struct fs *fs, int argc, char **argv);

/* fs_write.c */
int fs_write(struct fs *fs, int argc, char **argv);
int fs_rm(struct fs *fs, int argc, char **argv);
int fs_mkdir(struct fs *fs, int argc, char **argv);
int fs_mv(struct fs *fs, int argc, char **argv);
int fs_cp(struct fs *fs, int argc, char **argv);

#endif
