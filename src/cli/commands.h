/* Every command, one file each (cmd_NAME.c). */
#ifndef AGENTFS_CLI_COMMANDS_H
#define AGENTFS_CLI_COMMANDS_H

#include "cli/cli.h"

extern const struct command command_check;
extern const struct command command_completions;
extern const struct command command_diff;
extern const struct command command_exec;
extern const struct command command_fs;
extern const struct command command_help;
extern const struct command command_info;
extern const struct command command_init;
extern const struct command command_list;
extern const struct command command_mount;
extern const struct command command_prune;
extern const struct command command_ps;
extern const struct command command_rm;
extern const struct command command_run;
extern const struct command command_sync;
extern const struct command command_umount;
extern const struct command command_version;

#endif
