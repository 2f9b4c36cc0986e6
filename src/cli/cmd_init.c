/* agentfs init [ID] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agentfs/run.h"
#include "cli/commands.h"
#include "cli/mounted.h"

static int create(struct cli *cli, const char *id, const char *base, bool force,
		  char **ret_path)
{
	struct agentfs_create_options options = {
		.size = sizeof(options), .base = base, .force = force};
	char *path;
	int r = agentfs_volume_place(".", id, &path);

	if (r == 0) {
		r = agentfs_volume_create(path, &options);
		if (r < 0)
			free(path);
	}
	if (r < 0)
		return fail(r);
	say(cli,
	    base ? "Created overlay filesystem: %s" : "Created agent filesystem: %s",
	    path);
	say(cli, "Agent ID: %s", id);
	if (base) {
		char *canonical = realpath(base, NULL);

		say(cli, "Base: %s", canonical ? canonical : base);
		free(canonical);
	}
	*ret_path = path;
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *base = NULL, *command = NULL, *backend = NULL, *id;
	char generated[40], *path = NULL;
	bool force = false;
	const struct option options[] = {
		{"base", 0, OPTION_TEXT, &base},
		{"force", 'f', OPTION_FLAG, &force},
		{"command", 'c', OPTION_TEXT, &command},
		{"backend", 0, OPTION_TEXT, &backend},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int r = options_parse(cli, options, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 0, 1);
	if (r)
		return r;
	if (backend && strcmp(backend, "fuse") != 0)
		return usage(cli, "the backend '%s' is not available here (only fuse)",
			     backend);
	snprintf(generated, sizeof(generated), "agent-%lld", (long long)time(NULL));
	id = argc ? argv[0] : generated;
	if (!agentfs_id_valid(id))
		return usage(cli, "'%s' is no valid ID (letters, digits, '-' and '_')",
			     id);
	r = create(cli, id, base, force, &path);
	if (r)
		return r;
	if (command) {
		char *words[] = {(char *)"sh", (char *)"-c", (char *)command, NULL};

		r = mounted_run(cli, path, words);
	} else if (cli->json) {
		print_json(json_pack("{s:s, s:s}", "id", id, "path", path));
	}
	free(path);
	return r;
}

const struct command command_init = {
	.name = "init",
	.arguments = "[ID] [--base DIR] [--force] [-c COMMAND]",
	.summary = "Make a volume in ./.agentfs",
	.help = "  --base DIR    the volume is a writable view of this directory\n"
		"  --force       remove a volume of that ID first (just that one)\n"
		"  -c COMMAND    then mount it, run `sh -c COMMAND` in it, unmount "
		"it\n",
	.run = run,
};
