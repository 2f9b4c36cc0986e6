#include "cli/commands.h"

#include <string.h>

const struct command *const commands[] = {
	&command_check,	 &command_completions, &command_diff,
	&command_exec,	 &command_fs,	       &command_help,
	&command_info,	 &command_init,	       &command_list,
	&command_mount,	 &command_prune,       &command_ps,
	&command_rm,	 &command_run,	       &command_sync,
	&command_umount, &command_version,     NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}
