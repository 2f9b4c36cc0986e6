/* agentfs info ID, agentfs check ID, agentfs sync ID */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"

static int open_one(struct cli *cli, int argc, char **argv, unsigned flags,
		    struct agentfs_volume **ret_volume)
{
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 1);
	return r ? r : open_volume(argv[0], flags, ret_volume);
}

static int64_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void print_bytes(const struct cli *cli, const json_t *value)
{
	size_t len;
	char *bytes = json_bytes(value, &len);

	if (bytes)
		print_name(cli, bytes, len, '\n');
	else
		printf("-\n");
	free(bytes);
}

static void print_info(const struct cli *cli, const json_t *info)
{
	const json_t *stats = json_object_get(info, "stats"), *value;
	const json_t *mounts = json_object_get(info, "mounts");
	size_t i;

	printf("ID         %s\n", json_string_value(json_object_get(info, "id")));
	printf("Volume     ");
	print_bytes(cli, json_object_get(info, "path"));
	printf("Base       ");
	print_bytes(cli, json_object_get(info, "base"));
	printf("State      %s\n",
	       json_is_true(json_object_get(info, "live")) ? "live" : "idle");
	printf("Format     %s\n",
	       json_is_true(json_object_get(info, "plain"))
		       ? "plain SPEC 0.4"
		       : "SPEC 0.4 with additions that need agentfs");
	printf("Size       %" PRId64 " bytes, of which content %" PRId64 "\n",
	       number(stats, "file_bytes"), number(stats, "data_bytes"));
	printf("Entries    %" PRId64 " inodes, %" PRId64 " names, %" PRId64
	       " deletions, %" PRId64 " chunks\n",
	       number(stats, "inodes"), number(stats, "names"),
	       number(stats, "whiteouts"), number(stats, "chunks"));
	json_array_foreach(mounts, i, value)
	{
		printf("Mounted    ");
		print_bytes(cli, json_object_get(value, "mountpoint"));
	}
}

static int run_info(struct cli *cli, int argc, char **argv)
{
	struct agentfs_volume *volume;
	json_t *info;
	int r = open_one(cli, argc, argv, AGENTFS_OPEN_READ, &volume);

	if (r)
		return r;
	r = call(volume, "info", NULL, &info);
	agentfs_volume_close(volume);
	if (r)
		return r;
	if (cli->json)
		print_json(info);
	else
		print_info(cli, info);
	json_decref(info);
	return EXIT_OK;
}

const struct command command_info = {
	.name = "info",
	.arguments = "ID",
	.summary = "Tell what a volume is, holds and serves",
	.help = "With --json also the requests that its server has answered, by "
		"kind.\n",
	.run = run_info,
};

static int run_check(struct cli *cli, int argc, char **argv)
{
	struct agentfs_volume *volume;
	json_t *result, *problem;
	size_t i;
	int64_t n;
	int r = open_one(cli, argc, argv, AGENTFS_OPEN_READ, &volume);

	if (r)
		return r;
	r = call(volume, "check", NULL, &result);
	agentfs_volume_close(volume);
	if (r)
		return r;
	n = number(result, "n_problems");
	if (cli->json) {
		print_json(result);
	} else {
		json_array_foreach(json_object_get(result, "problems"), i, problem)
			print_bytes(cli, problem);
		if (n == 0)
			printf("No problems found\n");
		else
			say(cli, "%" PRId64 " problems found", n);
	}
	json_decref(result);
	return n ? EXIT_FAILED : EXIT_OK;
}

const struct command command_check = {
	.name = "check",
	.arguments = "ID",
	.summary =
		"Verify a volume: SQLite's own check and every invariant of the format",
	.run = run_check,
};

static int run_sync(struct cli *cli, int argc, char **argv)
{
	struct agentfs_volume *volume;
	json_t *result;
	int r = open_one(cli, argc, argv, 0, &volume);

	if (r)
		return r;
	r = call(volume, "sync", NULL, &result);
	agentfs_volume_close(volume);
	if (r == 0)
		json_decref(result);
	return r;
}

const struct command command_sync = {
	.name = "sync",
	.arguments = "ID",
	.summary = "Bring everything that was written to the disk",
	.run = run_sync,
};
