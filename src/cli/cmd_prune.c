/* agentfs prune [mounts] */
#include <stdio.h>
#include <string.h>

#include "agentfs/serve.h"
#include "cli/commands.h"

static void report(void *arg, const char *line)
{
	int *n = arg;

	printf("%s\n", line);
	(*n)++;
}

static int run(struct cli *cli, int argc, char **argv)
{
	bool force = false;
	const struct option options[] = {
		{"force", 'f', OPTION_FLAG, &force},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int n = 0, r = options_parse(cli, options, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 0, 1);
	if (r)
		return r;
	if (argc == 1 && strcmp(argv[0], "mounts") != 0)
		return usage(cli, "'%s' cannot be pruned", argv[0]);
	r = agentfs_prune(force, report, &n);
	if (r < 0)
		return fail(r);
	if (n == 0)
		say(cli, "Nothing to clean up.");
	return EXIT_OK;
}

const struct command command_prune = {
	.name = "prune",
	.arguments = "[mounts] [--force]",
	.summary = "Clean up what a power cut or a killed server left",
	.help = "Removes dead mounts, sockets without a server and temporary mount "
		"points.\n"
		"Volumes are never touched.\n",
	.run = run,
};
