/* agentfs list */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "cli/commands.h"

struct row {
	char path[PATH_MAX + 300];
};

struct rows {
	struct row *list;
	size_t n;
};

static int add(void *arg, const char *path)
{
	struct rows *rows = arg;
	struct row *list = realloc(rows->list, (rows->n + 1) * sizeof(*list));

	if (!list)
		return -ENOMEM;
	rows->list = list;
	snprintf(list[rows->n++].path, sizeof(list->path), "%s", path);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->path, ((const struct row *)b)->path);
}

static json_t *bytes_or_null(const char *text)
{
	return text ? json_from_bytes(text, strlen(text)) : json_null();
}

static void show(struct cli *cli, const struct row *row, json_t *list)
{
	struct agentfs_volume *volume;
	const char *state = "idle", *base = NULL;
	char id[256];
	int r = agentfs_volume_open(row->path, AGENTFS_OPEN_READ, &volume);

	snprintf(id, sizeof(id), "%.*s", (int)strlen(path_basename(row->path)) - 3,
		 path_basename(row->path));
	if (r < 0) {
		state = "damaged";
	} else {
		base = agentfs_volume_base(volume);
		if (agentfs_volume_is_live(volume))
			state = "live";
	}
	if (cli->json)
		json_array_append_new(list, json_pack("{s:s, s:s, s:o, s:o}", "id", id,
						      "state", state, "base",
						      bytes_or_null(base), "path",
						      bytes_or_null(row->path)));
	else
		printf("%-24s %-8s %s\n", id, state, base ? base : "-");
	if (r == 0)
		agentfs_volume_close(volume);
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct rows rows = {0};
	json_t *list;
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 0, 0);
	if (r)
		return r;
	r = agentfs_volumes_walk(NULL, add, &rows);
	if (r < 0) {
		free(rows.list);
		return fail(r);
	}
	list = json_array();
	if (rows.n)
		qsort(rows.list, rows.n, sizeof(*rows.list), compare);
	if (!cli->json && rows.n == 0)
		printf("No volumes here or above.\n");
	else if (!cli->json)
		printf("%-24s %-8s %s\n", "ID", "STATE", "BASE");
	for (size_t i = 0; i < rows.n; i++)
		show(cli, &rows.list[i], list);
	if (cli->json)
		print_json(list);
	json_decref(list);
	free(rows.list);
	return EXIT_OK;
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "List the volumes of this directory and those above",
	.run = run,
};
