/* Which real paths stay writable in a sandbox. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "run/step.h"

#define PATHS_MAX 256

/*
 * Where agents and package managers keep their own state, below $HOME. .config, .local
 * and .cargo hold what the host executes later: the README says that they are not
 * protected.
 */
static const char *const defaults[] = {".claude", ".claude.json", ".codex", ".gemini",
				       ".amp",	  ".npm",	  ".cache", ".config",
				       ".local",  ".cargo"};

void paths_release(struct paths *p)
{
	for (int i = 0; i < p->n; i++)
		free(p->list[i]);
	free(p->list);
	*p = (struct paths){0};
}

static int add(struct paths *p, const char *path)
{
	char *canonical = realpath(path, NULL);

	if (!canonical)
		return -errno;
	if (p->n == PATHS_MAX) {
		free(canonical);
		return error_set(-E2BIG, "more than %d paths are allowed", PATHS_MAX);
	}
	p->list[p->n++] = canonical;
	return 0;
}

int allows_collect(const struct agentfs_run_options *options, struct paths *ret)
{
	const char *home = getenv("HOME");
	struct paths p = {.list = calloc(PATHS_MAX, sizeof(char *))};
	int r = p.list ? 0 : -ENOMEM;

	for (size_t i = 0;
	     r == 0 && home && home[0] == '/' && !options->no_default_allows &&
	     i < sizeof(defaults) / sizeof(defaults[0]);
	     i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s/%s", home, defaults[i]);
		r = add(&p, path);
		if (r == -ENOENT || r == -EACCES || r == -ENOTDIR)
			r = 0;
	}
	for (int i = 0; r == 0 && options->allow && options->allow[i]; i++) {
		r = add(&p, options->allow[i]);
		if (r < 0 && r != -E2BIG)
			r = error_set(r, "--allow %s: %s", options->allow[i],
				      strerror(-r));
	}
	if (r < 0) {
		paths_release(&p);
		return r;
	}
	*ret = p;
	return 0;
}
