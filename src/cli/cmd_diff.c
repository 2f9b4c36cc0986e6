/* agentfs diff ID */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

struct printing {
	struct cli *cli;
	json_t *list;
	int n;
};

static const struct {
	unsigned flag;
	const char *name;
} aspects[] = {
	{AGENTFS_CHANGED_TYPE, "type"},	    {AGENTFS_CHANGED_MODE, "mode"},
	{AGENTFS_CHANGED_OWNER, "owner"},   {AGENTFS_CHANGED_CONTENT, "content"},
	{AGENTFS_CHANGED_TARGET, "target"}, {AGENTFS_CHANGED_XATTRS, "xattrs"},
	{AGENTFS_CHANGED_TIMES, "times"},
};

static json_t *change_json(const struct agentfs_change *c)
{
	json_t *o = json_object(), *what = json_array();
	char kind[2] = {c->kind, 0}, type[2] = {c->type, 0};
	char old_type[2] = {c->old_type, 0};

	json_object_set_new(o, "kind", json_string(kind));
	json_object_set_new(o, "type", json_string(type));
	if (c->old_type)
		json_object_set_new(o, "old_type", json_string(old_type));
	json_object_set_new(o, "path", json_from_bytes(c->path, c->path_len));
	if (c->from)
		json_object_set_new(o, "from",
				    json_from_bytes(c->from, strlen(c->from)));
	json_object_set_new(o, "size", json_integer(c->size));
	for (size_t i = 0; i < sizeof(aspects) / sizeof(aspects[0]); i++)
		if (c->what & aspects[i].flag)
			json_array_append_new(what, json_string(aspects[i].name));
	json_object_set_new(o, "what", what);
	json_object_set_new(o, "conflict", json_boolean(c->conflict));
	return o;
}

static int print_change(void *arg, const struct agentfs_change *c)
{
	struct printing *p = arg;

	p->n++;
	if (p->cli->json)
		return json_array_append_new(p->list, change_json(c)) < 0 ? -ENOMEM : 0;
	printf("%c %c ", c->kind, c->type ? c->type : c->old_type);
	print_name(p->cli, c->path, c->path_len, '\n');
	if (c->conflict)
		say(p->cli, "conflict: the base's %.*s was changed too",
		    (int)c->path_len, c->path);
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	bool times = false;
	const struct option options[] = {
		{"times", 0, OPTION_FLAG, &times},
		{"null", 'z', OPTION_FLAG, &cli->zero},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	struct printing p = {.cli = cli};
	struct agentfs_volume *volume;
	int r = options_parse(cli, options, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 1);
	if (r == 0)
		r = open_volume(argv[0], AGENTFS_OPEN_READ, &volume);
	if (r)
		return r;
	say(cli, "Using agent: %s", agentfs_volume_id(volume));
	if (!agentfs_volume_base(volume)) {
		printf(cli->json ? "[]\n" : "No diff (non-overlay filesystem)\n");
		agentfs_volume_close(volume);
		return EXIT_OK;
	}
	say(cli, "Base: %s", agentfs_volume_base(volume));
	p.list = json_array();
	r = agentfs_diff(volume, times ? AGENTFS_DIFF_TIMES : 0, print_change, &p);
	agentfs_volume_close(volume);
	if (r == 0 && cli->json)
		print_json(p.list);
	else if (r == 0 && p.n == 0)
		printf("No changes\n");
	json_decref(p.list);
	return r < 0 ? fail(r) : EXIT_OK;
}

const struct command command_diff = {
	.name = "diff",
	.arguments = "ID",
	.summary = "Show what differs from the base directory",
	.help = "  --times    also where only times differ\n"
		"  -z         names raw and ended by NUL\n"
		"\nPrints a line for each path: A (added), M (modified) or D "
		"(deleted), the type\n"
		"(f file, d directory, l link, p FIFO, c and b devices, s socket), the "
		"path.\n",
	.run = run,
};
