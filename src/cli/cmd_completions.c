/* agentfs completions show|install|uninstall [SHELL] */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "cli/commands.h"

static void show_bash(FILE *f)
{
	fprintf(f, "# bash completion for agentfs\n"
		   "_agentfs()\n{\n"
		   "\tlocal cur=${COMP_WORDS[COMP_CWORD]} cmd=${COMP_WORDS[1]}\n"
		   "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n"
		   "\t\tCOMPREPLY=($(compgen -W \"");
	for (size_t i = 0; commands[i]; i++)
		fprintf(f, "%s%s", i ? " " : "", commands[i]->name);
	fprintf(f, "\" -- \"$cur\"))\n\t\treturn\n\tfi\n"
		   "\tcase $cmd in\n"
		   "\trun|prune|ps|list|help|completions) ;;\n"
		   "\t*)\n\t\tCOMPREPLY=($(compgen -W \"$(cd .agentfs 2>/dev/null && "
		   "for f in *.db; do echo \"${f%%.db}\"; done)\" -- \"$cur\"))\n"
		   "\t\t;;\n\tesac\n}\n"
		   "complete -o default -F _agentfs agentfs\n");
}

static void show_zsh(FILE *f)
{
	fprintf(f, "#compdef agentfs\n_agentfs() {\n\tlocal -a commands ids\n"
		   "\tcommands=(\n");
	for (size_t i = 0; commands[i]; i++)
		fprintf(f, "\t\t'%s:%s'\n", commands[i]->name, commands[i]->summary);
	fprintf(f, "\t)\n\tif (( CURRENT == 2 )); then\n"
		   "\t\t_describe command commands\n\t\treturn\n\tfi\n"
		   "\tids=(.agentfs/*.db(N:t:r))\n"
		   "\t_alternative 'ids:volume:compadd -a ids' 'files:file:_files'\n}\n"
		   "compdef _agentfs agentfs\n");
}

static void show_fish(FILE *f)
{
	fprintf(f, "# fish completion for agentfs\n");
	for (size_t i = 0; commands[i]; i++)
		fprintf(f,
			"complete -c agentfs -n __fish_use_subcommand -a %s -d '%s'\n",
			commands[i]->name, commands[i]->summary);
	fprintf(f, "complete -c agentfs -n 'not __fish_use_subcommand' -a "
		   "\"(for f in .agentfs/*.db; basename $f .db; end)\"\n");
}

static const struct shell {
	const char *name;
	void (*show)(FILE *f);
	const char *place; /* below $HOME */
} shells[] = {
	{"bash", show_bash, ".local/share/bash-completion/completions/agentfs"},
	{"zsh", show_zsh, ".local/share/zsh/site-functions/_agentfs"},
	{"fish", show_fish, ".config/fish/completions/agentfs.fish"},
};

static const struct shell *find_shell(const char *name)
{
	if (!name) {
		name = getenv("SHELL");
		name = name ? path_basename(name) : "bash";
	}
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++)
		if (strcmp(shells[i].name, name) == 0)
			return &shells[i];
	return NULL;
}

static int make_parents(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (mkdir(part, 0755) < 0 && errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int install(struct cli *cli, const struct shell *shell, const char *path)
{
	FILE *f = NULL;

	if (make_parents(path) == 0)
		f = fopen(path, "we");
	if (!f) {
		complain("writing %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	shell->show(f);
	if (fclose(f) != 0) {
		complain("writing %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	say(cli, "Installed %s", path);
	return EXIT_OK;
}

static int run(struct cli *cli, int argc, char **argv)
{
	const struct shell *shell;
	const char *home = getenv("HOME");
	char path[4096];
	int r = options_parse(cli, NULL, false, &argc, argv);

	if (r == 0)
		r = expect_arguments(cli, argc, 1, 2);
	if (r)
		return r;
	shell = find_shell(argc > 1 ? argv[1] : NULL);
	if (!shell)
		return usage(cli, "completions exist for bash, zsh and fish");
	if (strcmp(argv[0], "show") == 0) {
		shell->show(stdout);
		return EXIT_OK;
	}
	if (!home || home[0] != '/') {
		complain("HOME is not set");
		return EXIT_FAILED;
	}
	snprintf(path, sizeof(path), "%s/%s", home, shell->place);
	if (strcmp(argv[0], "install") == 0)
		return install(cli, shell, path);
	if (strcmp(argv[0], "uninstall") != 0)
		return usage(cli, "'%s' is none of show, install, uninstall", argv[0]);
	if (unlink(path) < 0 && errno != ENOENT) {
		complain("removing %s: %s", path, strerror(errno));
		return EXIT_FAILED;
	}
	say(cli, "Removed %s", path);
	return EXIT_OK;
}

const struct command command_completions = {
	.name = "completions",
	.arguments = "show|install|uninstall [bash|zsh|fish]",
	.summary = "Shell completions",
	.run = run,
};
