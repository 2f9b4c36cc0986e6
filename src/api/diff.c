/* What a branch changed, as a function over the method `diff`. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/volume.h"
#include "base/error.h"
#include "ctl/bytes.h"

static unsigned what_from(const json_t *list)
{
	static const struct {
		const char *name;
		unsigned flag;
	} names[] = {
		{"type", AGENTFS_CHANGED_TYPE},
		{"mode", AGENTFS_CHANGED_MODE},
		{"owner", AGENTFS_CHANGED_OWNER},
		{"content", AGENTFS_CHANGED_CONTENT},
		{"target", AGENTFS_CHANGED_TARGET},
		{"xattrs", AGENTFS_CHANGED_XATTRS},
		{"times", AGENTFS_CHANGED_TIMES},
	};
	const json_t *one;
	unsigned what = 0;
	size_t i;

	json_array_foreach(list, i, one)
	{
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			if (strcmp(json_string_value(one), names[k].name) == 0)
				what |= names[k].flag;
		}
	}
	return what;
}

static char letter(const json_t *change, const char *key)
{
	const char *text = json_string_value(json_object_get(change, key));

	return text ? text[0] : '\0';
}

static int give(const json_t *json, agentfs_change_fn each, void *arg)
{
	struct buf path = BUF_INIT, from = BUF_INIT;
	const json_t *from_json = json_object_get(json, "from");
	int r = bytes_from_json(json_object_get(json, "path"), &path);

	if (r == 0 && from_json)
		r = bytes_from_json(from_json, &from);
	if (r == 0)
		r = each(arg, &(struct agentfs_change){
				      .kind = letter(json, "kind"),
				      .type = letter(json, "type"),
				      .old_type = letter(json, "old_type"),
				      .path = path.data,
				      .path_len = path.len,
				      .from = from.data,
				      .size = json_integer_value(
					      json_object_get(json, "size")),
				      .what = what_from(json_object_get(json, "what")),
				      .conflict = json_is_true(
					      json_object_get(json, "conflict")),
			      });
	buf_release(&path);
	buf_release(&from);
	return r;
}

int agentfs_diff(struct agentfs_volume *v, unsigned flags, agentfs_change_fn each,
		 void *arg)
{
	json_t *next = NULL;
	int r;

	do {
		json_t *params =
			json_pack("{s:b}", "times", (flags & AGENTFS_DIFF_TIMES) != 0);
		json_t *result, *change;
		size_t i;

		if (next)
			json_object_set_new(params, "after", next);
		next = NULL;
		r = volume_call(v, "diff", params, &result);
		if (r < 0)
			return r;
		next = json_incref(json_object_get(result, "next"));
		json_array_foreach(json_object_get(result, "changes"), i, change)
		{
			r = give(change, each, arg);
			if (r < 0)
				break;
		}
		json_decref(result);
	} while (r == 0 && next);
	json_decref(next);
	return r;
}
