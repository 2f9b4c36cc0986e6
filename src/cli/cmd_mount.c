/* agentfs mount [ID DIR] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agentfs/run.h"
#include "base/path.h"
#include "cli/commands.h"

struct table {
	struct cli *cli;
	json_t *list;
	int n;
};

static int add_row(void *arg, const struct agentfs_live *live)
{
	struct table *t = arg;

	if (live->pid || !live->mountpoint || strcmp(live->kind, "run") == 0)
		return 0;
	if (t->cli->json) {
		json_array_append_new(t->list,
				      json_pack("{s:s, s:s, s:s}", "id", live->id,
						"mountpoint", live->mountpoint,
						"volume", live->volume));
	} else {
		if (t->n == 0)
			printf("%-24s  %s\n", "ID", "MOUNTPOINT");
		printf("%-24s  ", live->id);
		print_name(t->cli, live->mountpoint, strlen(live->mountpoint), '\n');
	}
	t->n++;
	return 0;
}

static int show_table(struct cli *cli)
{
	struct table t = {.cli = cli, .list = json_array()};
	int r = agentfs_live_walk(add_row, &t);

	if (r == 0 && cli->json)
		print_json(t.list);
	else if (r == 0 && t.n == 0)
		printf("No agentfs filesystems mounted.\n");
	json_decref(t.list);
	return r < 0 ? fail(r) : EXIT_OK;
}

static int mount_volume(const char *id, struct agentfs_mount_options *options,
			bool foreground)
{
	struct agentfs_server *server;
	char name[256], *path;
	const char *base;
	size_t len;
	int r = agentfs_volume_find(id, NULL, &path);

	if (r < 0)
		return fail(r);
	base = path_basename(path);
	len = strlen(base);
	if (len > 3 && strcmp(base + len - 3, ".db") == 0)
		len -= 3;
	snprintf(name, sizeof(name), "%.*s", (int)len, base);
	options->volume = path;
	options->id = name;
	r = agentfs_mount(options, &server);
	free(path);
	if (r < 0)
		return fail(r);
	if (foreground)
		r = agentfs_serve_wait_detached(server);
	agentfs_serve_close(server);
	return r < 0 ? fail(r) : EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	bool foreground = false, system = false;
	const char *backend = NULL;
	int64_t uid = -1, gid = -1;
	struct agentfs_mount_options mount = {.size = sizeof(mount), .kind = "mount"};
	const struct option options[] = {
		{"auto-unmount", 'a', OPTION_FLAG, &mount.auto_unmount},
		{"allow-root", 0, OPTION_FLAG, &mount.allow_root},
		{"system", 0, OPTION_FLAG, &system},
		{"foreground", 'f', OPTION_FLAG, &foreground},
		{"read-only", 'r', OPTION_FLAG, &mount.read_only},
		{"uid", 0, OPTION_NUMBER, &uid},
		{"gid", 0, OPTION_NUMBER, &gid},
		{"backend", 0, OPTION_TEXT, &backend},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int r = options_parse(cli, options, false, &argc, argv);

	if (r)
		return r;
	if (backend && strcmp(backend, "fuse") != 0)
		return usage(cli, "the backend '%s' is not available here (only fuse)",
			     backend);
	if (uid >= 0 || gid >= 0)
		return usage(cli, "--uid and --gid are not supported: files keep their "
				  "true owners");
	if (argc == 0)
		return show_table(cli);
	r = expect_arguments(cli, argc, 2, 2);
	if (r)
		return r;
	mount.allow_other = system;
	mount.mountpoint = argv[1];
	return mount_volume(argv[0], &mount, foreground);
}

const struct command command_mount = {
	.name = "mount",
	.arguments = "[ID DIR]",
	.summary = "Mount a volume's merged view, or list what is mounted",
	.help = "  -f, --foreground     stay until it is unmounted\n"
		"  -r, --read-only      nothing can be changed through this mount\n"
		"  --allow-root         root may enter too\n"
		"  --system             all users may enter (an ordinary user needs\n"
		"                       user_allow_other in /etc/fuse.conf for both)\n"
		"  -a, --auto-unmount   accepted; a mount always goes with its server\n"
		"\nThe directory is made if it is missing. Without arguments: what is "
		"mounted.\n",
	.run = run,
};
