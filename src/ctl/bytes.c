#include "ctl/bytes.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"

static const char alphabet[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode_group(const unsigned char *in, size_t n, char *out)
{
	uint32_t bits = (uint32_t)in[0] << 16;

	if (n > 1)
		bits |= (uint32_t)in[1] << 8;
	if (n > 2)
		bits |= in[2];
	out[0] = alphabet[bits >> 18];
	out[1] = alphabet[bits >> 12 & 63];
	out[2] = n > 1 ? alphabet[bits >> 6 & 63] : '=';
	out[3] = n > 2 ? alphabet[bits & 63] : '=';
}

static json_t *encode(const unsigned char *data, size_t len)
{
	size_t n = (len + 2) / 3 * 4;
	char *text = malloc(n + 1);
	json_t *string, *object;

	if (!text)
		return NULL;
	for (size_t i = 0; i < len; i += 3)
		encode_group(data + i, len - i < 3 ? len - i : 3, text + i / 3 * 4);
	string = json_stringn_nocheck(text, n);
	free(text);
	object = json_object();
	if (!object || json_object_set_new(object, "base64", string) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

json_t *bytes_to_json(const void *data, size_t len)
{
	if (len == 0)
		return json_string("");
	return path_is_utf8(data, len) ? json_stringn_nocheck(data, len)
				       : encode(data, len);
}

static int letter_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four letters to `n` bytes; the letters that stand for padding are not looked at. */
static int decode_group(const char *in, size_t n, unsigned char *out)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i <= n ? letter_value(in[i]) : 0;

		if (value < 0)
			return -EINVAL;
		bits = bits << 6 | (uint32_t)value;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)(bits >> (16 - 8 * i));
	return 0;
}

static int decode(const char *text, size_t len, struct buf *ret)
{
	size_t pad = 0, start = ret->len;
	int r;

	if (len % 4 != 0)
		return error_set(-EINVAL, "bad base64: its length is no multiple of 4");
	while (pad < 2 && len > pad && text[len - pad - 1] == '=')
		pad++;
	r = buf_reserve(ret, len / 4 * 3);
	for (size_t i = 0; r == 0 && i < len; i += 4) {
		unsigned char out[3];
		size_t n = i + 4 == len ? 3 - pad : 3;

		r = decode_group(text + i, n, out);
		if (r == 0)
			r = buf_add(ret, out, n);
	}
	if (r == -EINVAL)
		error_set(r, "bad base64: an unknown letter");
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
