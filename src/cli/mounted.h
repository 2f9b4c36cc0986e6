/* Running a command in a temporary mount, without a sandbox. */
#ifndef AGENTFS_CLI_MOUNTED_H
#define AGENTFS_CLI_MOUNTED_H

#include "cli/cli.h"

/* Mounts, runs, unmounts; the command's status, or EXIT_FAILED after a message. */
int mounted_run(struct cli *cli, const char *volume, char *const *argv);

#endif
