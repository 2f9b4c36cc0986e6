#include "base/base64.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static const char digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(const void *data, size_t len, struct buf *ret_text)
{
	const uint8_t *p = data;
	int r = buf_reserve(ret_text, (len + 2) / 3 * 4);

	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t left = (uint32_t)(len - i), bits = (uint32_t)p[i] << 16;
		char *out = ret_text->data + ret_text->len;

		if (left > 1)
			bits |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			bits |= p[i + 2];
		out[0] = digits[bits >> 18];
		out[1] = digits[bits >> 12 & 63];
		out[2] = left > 1 ? digits[bits >> 6 & 63] : '=';
		out[3] = left > 2 ? digits[bits & 63] : '=';
		ret_text->len += 4;
	}
	ret_text->data[ret_text->len] = '\0';
	return 0;
}

static int digit_value(char c)
{
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

int base64_decode(const char *text, size_t len, struct buf *ret_data)
{
	size_t n_padding = 0;
	int r = len % 4 ? -EINVAL : buf_reserve(ret_data, len / 4 * 3);

	if (r < 0)
		return r;
	while (n_padding < 2 && n_padding < len && text[len - 1 - n_padding] == '=')
		n_padding++;
	for (size_t i = 0; i < len; i += 4) {
		size_t n = i + 4 == len ? 4 - n_padding : 4;
		uint32_t bits = 0;

		for (size_t j = 0; j < n; j++) {
			int value = digit_value(text[i + j]);

			if (value < 0)
				return -EINVAL;
			bits |= (uint32_t)value << (18 - 6 * j);
		}
		for (size_t j = 0; j + 1 < n; j++)
			ret_data->data[ret_data->len++] = (char)(bits >> (16 - 8 * j));
	}
	if (ret_data->data)
		ret_data->data[ret_data->len] = '\0';
	return 0;
}
