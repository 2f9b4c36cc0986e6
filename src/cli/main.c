/* Entry: finds the command and runs it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/help.h"

/* Edit distance, for "did you mean". */
static int distance(const char *a, const char *b)
{
	int row[32], n = (int)strlen(b);

	if (n >= 32)
		return 99;
	for (int j = 0; j <= n; j++)
		row[j] = j;
	for (int i = 1; a[i - 1]; i++) {
		int diagonal = row[0];

		row[0] = i;
		for (int j = 1; j <= n; j++) {
			int here = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < here)
				here = row[j] + 1;
			if (row[j - 1] + 1 < here)
				here = row[j - 1] + 1;
			row[j] = here;
		}
	}
	return row[n];
}

static int unknown_command(const char *name)
{
	const char *nearest = NULL;
	int best = 3;

	for (size_t i = 0; commands[i]; i++) {
		int d = distance(name, commands[i]->name);

		if (!commands[i]->hidden && d < best) {
			best = d;
			nearest = commands[i]->name;
		}
	}
	complain("there is no command '%s'%s%s%s", name,
		 nearest ? "; did you mean '" : "", nearest ? nearest : "",
		 nearest ? "'?" : "");
	fprintf(stderr, "`agentfs help` lists the commands.\n");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct cli cli = {0};
	int status;

	if (argc < 2) {
		help_overview();
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
		argv[1] = (char *)"version";
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		argv[1] = (char *)"help";
	cli.command = command_find(argv[1]);
	if (!cli.command)
		return unknown_command(argv[1]);
	status = cli.command->run(&cli, argc - 2, argv + 2);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		complain("writing the output failed");
		return status ? status : EXIT_FAILED;
	}
	return status < 0 ? EXIT_OK : status;
}
