/* agentfs umount DIR|ID */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agentfs/run.h"
#include "cli/commands.h"

struct wanted {
	const char *given;	  /* an ID or a directory */
	char canonical[PATH_MAX]; /* of the directory, "" if there is none */
	char mountpoint[PATH_MAX], volume[PATH_MAX]; /* found */
	int n;
};

static int match(void *arg, const struct agentfs_live *live)
{
	struct wanted *w = arg;

	if (live->pid || !live->mountpoint || strcmp(live->kind, "run") == 0)
		return 0;
	if (strcmp(live->id, w->given) != 0 &&
	    strcmp(live->mountpoint, w->canonical) != 0 &&
	    strcmp(live->mountpoint, w->given) != 0)
		return 0;
	strncpy(w->mountpoint, live->mountpoint, sizeof(w->mountpoint) - 1);
	strncpy(w->volume, live->volume, sizeof(w->volume) - 1);
	w->n++;
	return 0;
}

/* The kernel tells the server a moment after it has told us. */
static void wait_for_server(struct agentfs_server *server, const char *mountpoint)
{
	json_t *params = json_object();
	char *text, *answer;

	json_object_set_new(params, "mountpoint",
			    json_from_bytes(mountpoint, strlen(mountpoint)));
	text = json_dumps(params, JSON_COMPACT);
	json_decref(params);
	if (agentfs_serve_call(server, "wait_detached", text, &answer) == 0)
		free(answer);
	free(text);
}

/* Unmounts, and returns only when the volume is written and closed. */
static int unmount(const struct wanted *w, bool lazy)
{
	struct agentfs_serve_options options = {.size = sizeof(options)};
	struct agentfs_server *server = NULL;
	int r;

	if (agentfs_serve_open(w->volume, &options, &server) < 0)
		server = NULL;
	r = agentfs_unmount(w->mountpoint, lazy);
	if (r == 0 && server && !lazy)
		wait_for_server(server, w->mountpoint);
	if (server)
		agentfs_serve_close(server);
	return r < 0 ? fail(r) : EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct wanted w = {0};
	bool lazy = false;
	const struct option options[] = {
		{"lazy", 'z', OPTION_FLAG, &lazy},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	int r = options_parse(cli, options, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 1);
	if (r)
		return r;
	w.given = argv[0];
	if (!realpath(argv[0], w.canonical))
		w.canonical[0] = '\0';
	r = agentfs_live_walk(match, &w);
	if (r < 0)
		return fail(r);
	if (w.n > 1) {
		complain("%s is mounted at %d places; name the directory", argv[0],
			 w.n);
		return EXIT_FAILED;
	}
	if (w.n == 0) {
		complain("%s is not mounted; `agentfs mount` lists what is", argv[0]);
		return EXIT_FAILED;
	}
	return unmount(&w, lazy);
}

const struct command command_umount = {
	.name = "umount",
	.arguments = "DIR|ID",
	.summary = "Unmount a volume, and wait until everything is written",
	.help = "  -z, --lazy   even if it is in use: it goes when the last process "
		"left\n",
	.run = run,
};
