#include "ctl/bytes.h"

#include <errno.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/path.h"

static json_t *encode(const void *data, size_t len)
{
	struct buf text = BUF_INIT;
	json_t *object = NULL;

	if (base64_encode(data, len, &text) == 0)
		object = json_pack("{s:s#}", "base64", text.data, (int)text.len);
	buf_release(&text);
	return object;
}

json_t *bytes_to_json(const void *data, size_t len)
{
	if (len == 0)
		return json_string("");
	return path_is_utf8(data, len) ? json_stringn_nocheck(data, len)
				       : encode(data, len);
}

static int decode(const char *text, size_t len, struct buf *ret)
{
	size_t start = ret->len;
	int r = base64_decode(text, len, ret);

	if (r == -EINVAL)
		error_set(r, "bad base64");
	if (r < 0)
		ret->len = start;
	return r;
}

int bytes_from_json(const json_t *value, struct buf *ret)
{
	if (json_is_object(value)) {
		json_t *text = json_object_get(value, "base64");

		if (json_is_string(text))
			return decode(json_string_value(text), json_string_length(text),
				      ret);
	}
	if (json_is_string(value))
		return buf_add(ret, json_string_value(value),
			       json_string_length(value));
	return error_set(-EINVAL, "neither a string nor {\"base64\": ...}");
}
