/* agentfs help [COMMAND], agentfs version */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/help.h"

static int run_help(struct cli *cli, int argc, char **argv)
{
	const struct command *command;
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 0, 1);
	if (r)
		return r;
	if (argc == 0) {
		help_overview();
		return EXIT_OK;
	}
	command = command_find(argv[0]);
	if (!command)
		return usage(cli, "there is no command '%s'", argv[0]);
	help_print(command);
	return EXIT_OK;
}

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "Tell about a command",
	.run = run_help,
};

static int run_version(struct cli *cli, int argc, char **argv)
{
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 0, 0);
	if (r)
		return r;
	if (cli->json)
		printf("{\"version\": \"%s\"}\n", agentfs_version());
	else
		printf("agentfs %s\n", agentfs_version());
	return EXIT_OK;
}

const struct command command_version = {
	.name = "version",
	.arguments = "",
	.summary = "Print the version",
	.run = run_version,
};
