/* Reaching a volume from a command. */
#include <stdlib.h>

#include "cli/cli.h"

int open_volume(const char *id, unsigned flags, struct agentfs_volume **ret_volume)
{
	char *path;
	int r = agentfs_volume_find(id, NULL, &path);

	if (r == 0) {
		r = agentfs_volume_open(path, flags, ret_volume);
		free(path);
	}
	return r < 0 ? fail(r) : 0;
}

int call(struct agentfs_volume *volume, const char *method, json_t *params,
	 json_t **ret_result)
{
	char *text = params ? json_dumps(params, JSON_COMPACT) : NULL, *answer;
	json_error_t error;
	int r;

	json_decref(params);
	r = agentfs_call(volume, method, text, &answer);
	free(text);
	if (r < 0)
		return fail(r);
	*ret_result = json_loads(answer, JSON_DECODE_ANY, &error);
	free(answer);
	if (!*ret_result) {
		complain("the server's answer to %s is no JSON: %s", method,
			 error.text);
		return EXIT_FAILED;
	}
	return 0;
}
