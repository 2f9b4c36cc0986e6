/* agentfs rm ID... */
#include <stdlib.h>

#include "cli/commands.h"

static int remove_one(struct cli *cli, const char *id)
{
	char *path;
	int r = agentfs_volume_find(id, NULL, &path);

	if (r < 0)
		return fail(r);
	if (confirm(cli, "This removes %s with all changes in it.", path)) {
		r = agentfs_volume_remove(path);
		r = r < 0 ? fail(r) : EXIT_OK;
	} else {
		r = EXIT_FAILED;
	}
	free(path);
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 1000);
	for (int i = 0; r == 0 && i < argc; i++)
		r = remove_one(cli, argv[i]);
	return r;
}

const struct command command_rm = {
	.name = "rm",
	.arguments = "ID...",
	.summary = "Remove volumes with all changes in them",
	.help = "  -y, --yes   do not ask\n"
		"\nA live volume is not removed: end its session first.\n",
	.run = run,
};
