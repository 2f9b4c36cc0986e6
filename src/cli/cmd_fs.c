/*
 * agentfs fs ID SUBCOMMAND ...: files of the merged view, also while it is mounted. The
 * older order `fs SUBCOMMAND ID ...` is taken when the first word is a subcommand and
 * the second none.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "cli/commands.h"
#include "cli/fs.h"

static const struct fs_command {
	const char *name;
	int least, most; /* arguments behind the ID */
	int (*run)(struct fs *fs, int argc, char **argv);
	bool reads;
} subcommands[] = {
	{"ls", 0, 1, fs_ls, true},	     {"tree", 0, 1, fs_tree, true},
	{"cat", 1, 1000, fs_cat, true},	     {"stat", 1, 1000, fs_stat, true},
	{"write", 2, 2, fs_write, false},    {"rm", 1, 1000, fs_rm, false},
	{"mkdir", 1, 1000, fs_mkdir, false}, {"mv", 2, 2, fs_mv, false},
	{"cp", 2, 2, fs_cp, false},
};

static const struct fs_command *find(const char *name)
{
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
		if (strcmp(subcommands[i].name, name) == 0)
			return &subcommands[i];
	return NULL;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct fs fs = {.cli = cli, .depth = -1};
	const struct option options[] = {
		{"recursive", 'r', OPTION_FLAG, &fs.recursive},
		{"parents", 'p', OPTION_FLAG, &fs.parents},
		{"force", 'f', OPTION_FLAG, &fs.force},
		{"depth", 'd', OPTION_NUMBER, &fs.depth},
		{"null", 'z', OPTION_FLAG, &cli->zero},
		{NULL, 0, OPTION_FLAG, NULL},
	};
	const struct fs_command *command;
	const char *id;
	int r = options_parse(cli, options, false, &argc, argv);

	if (r)
		return r;
	if (argc < 2)
		return usage(cli, "an ID and a subcommand are needed");
	id = argv[0];
	command = find(argv[1]);
	if (find(argv[0]) && !command) {
		command = find(argv[0]);
		id = argv[1];
	}
	if (!command)
		return usage(cli, "there is no subcommand '%s'", argv[1]);
	r = expect_arguments(cli, argc - 2, command->least, command->most);
	if (r == 0)
		r = open_volume(id, command->reads ? AGENTFS_OPEN_READ : 0, &fs.volume);
	if (r)
		return r;
	r = command->run(&fs, argc - 2, argv + 2);
	agentfs_volume_close(fs.volume);
	return r;
}

const struct command command_fs = {
	.name = "fs",
	.arguments = "ID ls|tree|cat|stat|write|rm|mkdir|mv|cp ...",
	.summary = "Work with the files of a volume's merged view, mounted or not",
	.help = "  ls [PATH] [--depth N]     everything below, breadth first: type and "
		"path\n"
		"  tree [PATH] [--depth N]   the same, drawn\n"
		"  cat PATH...               content, raw\n"
		"  stat PATH...              attributes\n"
		"  write PATH TEXT           TEXT '-': standard input; makes parents\n"
		"  rm [-r] [-f] PATH...      remove\n"
		"  mkdir [-p] PATH...        make directories\n"
		"  mv FROM TO, cp [-r] FROM TO\n",
	.run = run,
};
