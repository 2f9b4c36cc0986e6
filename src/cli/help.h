/* Help texts. */
#ifndef AGENTFS_CLI_HELP_H
#define AGENTFS_CLI_HELP_H

#include "cli/cli.h"

/* The whole help of a command, on stdout. */
void help_print(const struct command *command);
/* The list of commands, on stdout. */
void help_overview(void);

#endif
