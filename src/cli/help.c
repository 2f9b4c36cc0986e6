#include "cli/help.h"

#include <stdio.h>

void help_print(const struct command *command)
{
	printf("usage: agentfs %s%s%s\n\n%s\n", command->name,
	       command->arguments[0] ? " " : "", command->arguments, command->summary);
	if (command->help)
		printf("\n%s", command->help);
	printf("\nEvery command knows --json, -q (quiet), -v (verbose) and --help.\n");
}

void help_overview(void)
{
	printf("usage: agentfs COMMAND ...\n\n"
	       "Own writable views of a directory, kept in one SQLite file.\n\n");
	for (size_t i = 0; commands[i]; i++)
		if (!commands[i]->hidden)
			printf("  %-12s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n`agentfs help COMMAND` tells more; `man agentfs` tells all.\n");
}
