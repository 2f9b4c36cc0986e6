/* agentfs run [--session ID] [COMMAND [ARGUMENT...]] */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agentfs/run.h"
#include "base/path.h"
#include "cli/commands.h"

struct session {
	char *id, *volume, *base;
	char directory[PATH_MAX]; /* where the command starts */
	bool is_new;
};

static void session_release(struct session *s)
{
	free(s->id);
	free(s->volume);
	free(s->base);
}

/* The directory of the project: where the person stands. */
static int working_directory(char *ret)
{
	if (getcwd(ret, PATH_MAX))
		return 0;
	complain("the current directory: %s", strerror(errno));
	return EXIT_FAILED;
}

static int make_session(struct session *s, const char *id)
{
	struct agentfs_create_options create = {.size = sizeof(create),
						.base = s->directory};
	int r;

	if (id)
		s->id = strdup(id);
	r = id ? (s->id ? 0 : -ENOMEM)
	       : agentfs_id_generate("run", s->directory, &s->id);
	if (r == 0)
		r = agentfs_volume_place(s->directory, s->id, &s->volume);
	if (r == 0)
		r = agentfs_volume_create(s->volume, &create);
	s->is_new = true;
	s->base = r == 0 ? strdup(s->directory) : NULL;
	return r < 0 ? fail(r) : 0;
}

/* The base that the volume records. */
static int read_base(struct session *s)
{
	struct agentfs_volume *volume;
	int r = agentfs_volume_open(s->volume, AGENTFS_OPEN_READ, &volume);

	if (r < 0)
		return fail(r);
	if (agentfs_volume_base(volume))
		s->base = strdup(agentfs_volume_base(volume));
	agentfs_volume_close(volume);
	return 0;
}

static const char *id_of(const char *volume, char *buffer, size_t size)
{
	const char *name = path_basename(volume);
	size_t len = strlen(name);

	if (len > 3 && strcmp(name + len - 3, ".db") == 0)
		len -= 3;
	snprintf(buffer, size, "%.*s", (int)len, name);
	return buffer;
}

/* True if the volume lies in a directory above the one where the person stands. */
static bool is_found_above(const struct session *s)
{
	char place[PATH_MAX];
	size_t len = path_parent_len(s->volume);

	snprintf(place, sizeof(place), "%.*s", (int)len, s->volume);
	if (strcmp(path_basename(place), ".agentfs") != 0)
		return false;
	place[path_parent_len(place)] = '\0';
	return strcmp(place, s->directory) != 0 && path_is_below(s->directory, place);
}

/*
 * A volume found above counts only if its base holds the current directory: another
 * project's session of that name is not this one's.
 */
static int open_session(struct cli *cli, struct session *s, const char *id)
{
	char name[256];
	int r = agentfs_volume_find(id, NULL, &s->volume);

	if (r == -ENOENT && agentfs_id_valid(id))
		return make_session(s, id);
	if (r < 0)
		return fail(r);
	s->id = strdup(id_of(s->volume, name, sizeof(name)));
	r = read_base(s);
	if (r)
		return r;
	if (!s->base) {
		complain("volume %s has no base directory to run in; use `agentfs exec "
			 "%s "
			 "COMMAND`",
			 s->volume, id);
		return EXIT_FAILED;
	}
	if (path_is_below(s->directory, s->base))
		return 0;
	if (is_found_above(s)) {
		free(s->id);
		free(s->volume);
		free(s->base);
		s->base = NULL;
		return make_session(s, id);
	}
	say(cli, "Entering %s, the base of %s", s->base, s->id);
	snprintf(s->directory, sizeof(s->directory), "%s", s->base);
	return 0;
}

static void notice(void *arg, const char *line)
{
	say(arg, "Note: %s", line);
}

static void banner(const struct cli *cli, const struct session *s)
{
	say(cli, "agentfs: session %s, a view of %s", s->id, s->base);
	say(cli, "agentfs: changes go to %s; the directory itself stays as it is",
	    s->volume);
}

static void closing(const struct cli *cli, const struct session *s)
{
	say(cli, "agentfs: see what changed   agentfs diff %s", s->id);
	say(cli, "agentfs: go on with it      agentfs run --session %s", s->id);
	say(cli, "agentfs: throw it away      agentfs rm %s", s->id);
}

static char *const *command_of(int argc, char **argv)
{
	static char *shell[2];

	if (argc > 0)
		return argv;
	shell[0] = getenv("SHELL");
	if (!shell[0] || !shell[0][0] || access(shell[0], X_OK) != 0)
		shell[0] = (char *)(access("/bin/bash", X_OK) == 0 ? "bash" : "sh");
	return shell;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const char *id = NULL, *backend = NULL;
	struct option_list allow = {0};
	bool no_default_allows = false, system = false;
	const struct option options[] = {
		{"session", 's', OPTION_TEXT, &id},
		{"allow", 0, OPTION_LIST, &allow},
		{"no-default-allows", 0, OPTION_FLAG, &no_default_allows},
		{"system", 0, OPTION_FLAG, &system},
		{"backend", 0, OPTION_TEXT, &backend},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	struct session s = {0};
	int r = options_parse(cli, options, true, &argc, argv);

	if (r)
		return r;
	argv[argc] = NULL;
	r = working_directory(s.directory);
	if (r == 0)
		r = id ? open_session(cli, &s, id) : make_session(&s, NULL);
	if (r == 0) {
		struct agentfs_run_options run_options = {
			.size = sizeof(run_options),
			.volume = s.volume,
			.session = s.id,
			.project = s.base,
			.directory = s.directory,
			.argv = command_of(argc, argv),
			.allow = allow.items,
			.no_default_allows = no_default_allows,
			.system = system,
			.notice = notice,
			.arg = cli,
		};

		banner(cli, &s);
		r = agentfs_run(&run_options);
		if (r < 0)
			r = fail(r);
		else
			closing(cli, &s);
	}
	session_release(&s);
	free(allow.items);
	return r;
}

const struct command command_run = {
	.name = "run",
	.arguments = "[--session ID] [--allow PATH]... [COMMAND [ARGUMENT...]]",
	.summary = "Run a command in an own view of the current directory",
	.help = "  --session ID          a named session: a second terminal with the "
		"same\n"
		"                        name joins it, a later one goes on with it\n"
		"  --allow PATH          this path stays really writable (repeatable)\n"
		"  --no-default-allows   not even the agents' own directories in "
		"$HOME\n"
		"\nWithout a command $SHELL is started. The directory is never "
		"written: what\n"
		"the command changes goes to the session's volume. The rest of the "
		"machine\n"
		"is read-only, /tmp is private. The exit status is the command's (128 "
		"+\n"
		"signal; 126 not executable, 127 not found).\n",
	.run = run,
};
