/* agentfs check ID: verifies a volume. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"

static int print_problems(const struct cli *cli, const json_t *result)
{
	int64_t n = json_integer_value(json_object_get(result, "n_problems"));
	const json_t *one;
	size_t i;

	if (cli->json) {
		print_json(result);
		return n ? EXIT_FAILED : EXIT_OK;
	}
	json_array_foreach(json_object_get(result, "problems"), i, one)
	{
		size_t len = 0;
		char *line = json_bytes(one, &len);

		print_name(cli, line ? line : "?", line ? len : 1, '\n');
		free(line);
	}
	if (n == 0) {
		say(cli, "No problems found.");
		return EXIT_OK;
	}
	complain("%" PRId64 " problems were found; copy the volume before you go on",
		 n);
	return EXIT_FAILED;
}

static int run_check(struct cli *cli, int argc, char **argv)
{
	struct agentfs_volume *volume;
	bool repair = false;
	json_t *result;
	const struct option options[] = {
		{"repair", 0, OPTION_FLAG, &repair},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int r = options_parse(cli, options, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 1);
	if (r == 0)
		r = open_volume(argv[0], repair ? 0 : AGENTFS_OPEN_READ, &volume);
	if (r)
		return r;
	r = call(volume, "check", NULL, &result);
	if (r == 0) {
		r = print_problems(cli, result);
		json_decref(result);
	}
	agentfs_volume_close(volume);
	return r;
}

const struct command command_check = {
	.name = "check",
	.arguments = "ID",
	.summary = "Verify a volume",
	.help = "Prints a line for each problem and exits with 1 if there is one.\n"
		"\n"
		"      --repair  first take away what a crash left (files without a "
		"name)\n",
	.run = run_check,
};
