/* agentfs ps */
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agentfs/serve.h"
#include "cli/commands.h"

struct table {
	struct cli *cli;
	json_t *list;
	int n;
};

static const char *owner(uid_t uid, char *buffer, size_t size)
{
	const struct passwd *pw = getpwuid(uid);

	snprintf(buffer, size, "%s", pw ? pw->pw_name : "?");
	if (!pw)
		snprintf(buffer, size, "%u", uid);
	return buffer;
}

static int add_row(void *arg, const struct agentfs_live *live)
{
	struct table *t = arg;
	time_t seconds = (time_t)(live->started_ns / 1000000000);
	char user[64], started[32] = "";
	struct tm tm;

	if (live->pid == 0 || strcmp(live->kind, "run") != 0)
		return 0;
	owner(live->uid, user, sizeof(user));
	if (gmtime_r(&seconds, &tm))
		strftime(started, sizeof(started), "%Y-%m-%d %H:%M:%S", &tm);
	if (t->cli->json) {
		json_array_append_new(
			t->list,
			json_pack("{s:s, s:i, s:s, s:s, s:s, s:s?}", "session",
				  live->id, "pid", (int)live->pid, "owner", user,
				  "command", live->command ? live->command : "",
				  "started", started, "base", live->base));
	} else {
		if (t->n == 0)
			printf("%-20s %8s %-12s %-32s %s\n", "SESSION", "PID", "OWNER",
			       "COMMAND", "STARTED");
		printf("%-20s %8d %-12s %-32.32s %s\n", live->id, (int)live->pid, user,
		       live->command ? live->command : "", started);
	}
	t->n++;
	return 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct table t = {.cli = cli};
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 0, 0);
	if (r)
		return r;
	t.list = json_array();
	r = agentfs_live_walk(add_row, &t);
	if (r == 0 && cli->json)
		print_json(t.list);
	else if (r == 0 && t.n == 0)
		printf("No active agentfs run sessions.\n");
	json_decref(t.list);
	return r < 0 ? fail(r) : EXIT_OK;
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "",
	.summary = "List live sessions and the processes in them",
	.run = run,
};
