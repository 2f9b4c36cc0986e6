/* Branches: which row versions a reader or writer sees. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/db.h"

int store_branch_open(struct store *s, const char *name, bool snapshot,
		      struct store_branch **ret_branch)
{
	struct store_branch *b;

	if (snapshot || (name && strcmp(name, "main") != 0))
		return error_set(-ENOENT, "%s has no %s named %s", s->path,
				 snapshot ? "snapshot" : "branch", name);
	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->store = s;
	*ret_branch = b;
	return 0;
}

void store_branch_close(struct store_branch *b)
{
	free(b);
}

struct store *store_branch_store(struct store_branch *b)
{
	return b->store;
}
