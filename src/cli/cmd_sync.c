/* agentfs sync ID: everything written so far is on disk when it returns. */
#include "cli/commands.h"

static int run_sync(struct cli *cli, int argc, char **argv)
{
	struct agentfs_volume *volume;
	json_t *result;
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 1);
	if (r == 0)
		r = open_volume(argv[0], 0, &volume);
	if (r)
		return r;
	r = call(volume, "sync", NULL, &result);
	if (r == 0) {
		if (cli->json)
			print_json(result);
		json_decref(result);
	}
	agentfs_volume_close(volume);
	return r;
}

const struct command command_sync = {
	.name = "sync",
	.arguments = "ID",
	.summary = "Bring everything that was written to the disk",
	.run = run_sync,
};
