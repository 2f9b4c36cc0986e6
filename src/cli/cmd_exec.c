/* agentfs exec ID COMMAND [ARGUMENT...] */
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/mounted.h"

static int run(struct cli *cli, int argc, char **argv)
{
	const char *backend = NULL;
	const struct option options[] = {
		{"backend", 0, OPTION_TEXT, &backend},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	char *path;
	int r = options_parse(cli, options, true, &argc, argv);

	if (r)
		return r;
	if (argc > 1 && strcmp(argv[1], "--") == 0) {
		memmove(argv + 1, argv + 2, (size_t)(argc - 2) * sizeof(*argv));
		argc--;
	}
	if (argc < 2)
		return usage(cli, "an ID and a command are needed");
	if (backend && strcmp(backend, "fuse") != 0)
		return usage(cli, "the backend '%s' is not available here (only fuse)",
			     backend);
	r = agentfs_volume_find(argv[0], NULL, &path);
	if (r < 0)
		return fail(r);
	argv[argc] = NULL;
	r = mounted_run(cli, path, argv + 1);
	free(path);
	return r;
}

const struct command command_exec = {
	.name = "exec",
	.arguments = "ID COMMAND [ARGUMENT...]",
	.summary =
		"Run a command in a temporary mount of the volume, without a sandbox",
	.help = "The command starts in the root of the merged view. Its exit status "
		"is\n"
		"passed on (128 + signal; 126 not executable, 127 not found).\n",
	.run = run,
};
