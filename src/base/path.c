#include "base/path.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

int path_check_name(const char *name, size_t len)
{
	if (len == 0 || memchr(name, '/', len) || memchr(name, '\0', len))
		return -EINVAL;
	if (name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')))
		return -EINVAL;
	return len > NAME_BYTES_MAX ? -ENAMETOOLONG : 0;
}

/* Length of the UTF-8 sequence at `s` with its code point, 0 if it is malformed. */
static size_t utf8_sequence(const unsigned char *s, size_t left, uint32_t *ret_code)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = s[0] < 0x80	 ? 1
		   : s[0] < 0xc0 ? 0
		   : s[0] < 0xe0 ? 2
		   : s[0] < 0xf0 ? 3
		   : s[0] < 0xf8 ? 4
				 : 0;
	uint32_t code;

	if (n == 0 || n > left)
		return 0;
	code = n == 1 ? s[0] : s[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fu);
	}
	if (code < least[n] || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
		return 0;
	*ret_code = code;
	return n;
}

bool path_is_utf8(const char *bytes, size_t len)
{
	const unsigned char *s = (const unsigned char *)bytes;
	uint32_t code;

	while (len > 0) {
		size_t n = utf8_sequence(s, len, &code);

		if (n == 0 || code == 0)
			return false;
		s += n;
		len -= n;
	}
	return true;
}

size_t path_next(const char **path, const char **ret_name)
{
	const char *p = *path;
	size_t len;

	while (*p == '/')
		p++;
	len = strcspn(p, "/");
	*ret_name = p;
	*path = p + len;
	return len;
}

int path_add(struct buf *b, const char *name, size_t len)
{
	int r = 0;

	if (b->len == 0 || b->data[b->len - 1] != '/')
		r = buf_add_char(b, '/');
	if (r == 0)
		r = buf_add(b, name, len);
	return r;
}

int path_normalize(const char *typed, struct buf *ret)
{
	const char *name;
	size_t len, start = ret->len;
	int r = 0;

	while (r == 0 && (len = path_next(&typed, &name)) > 0) {
		if (len == 1 && name[0] == '.')
			continue;
		if (len == 2 && name[0] == '.' && name[1] == '.') {
			while (ret->len > start && ret->data[--ret->len] != '/')
				;
			if (ret->data)
				ret->data[ret->len] = '\0';
			continue;
		}
		if (len > NAME_BYTES_MAX)
			return -ENAMETOOLONG;
		r = buf_add_char(ret, '/');
		if (r == 0)
			r = buf_add(ret, name, len);
	}
	if (r == 0 && ret->len == start)
		r = buf_add_char(ret, '/');
	return r;
}

const char *path_basename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

size_t path_parent_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? (size_t)(slash - path) : 1;
}

bool path_is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	if (len > 0 && top[len - 1] == '/')
		len--;
	return strncmp(path, top, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static int add_escaped(struct buf *b, unsigned char c)
{
	static const char letters[] = "abtnvfr";

	if (c >= 7 && c <= 13)
		return buf_printf(b, "\\%c", letters[c - 7]);
	if (c == '"' || c == '\\')
		return buf_printf(b, "\\%c", c);
	return buf_printf(b, "\\%03o", c);
}

static bool needs_escape(const unsigned char *s, size_t n, uint32_t code)
{
	return n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) || *s == '"' ||
	       *s == '\\';
}

int path_add_quoted(struct buf *b, const char *name, size_t len)
{
	const unsigned char *s = (const unsigned char *)name, *end = s + len;
	size_t start = b->len;
	bool quoted = false;
	int r = buf_add_char(b, '"');

	while (r == 0 && s < end) {
		uint32_t code = 0;
		size_t n = utf8_sequence(s, (size_t)(end - s), &code);

		if (needs_escape(s, n, code)) {
			quoted = true;
			for (size_t i = 0; r == 0 && i < (n ? n : 1); i++)
				r = add_escaped(b, s[i]);
		} else {
			r = buf_add(b, s, n);
		}
		s += n ? n : 1;
	}
	if (r < 0)
		return r;
	if (quoted)
		return buf_add_char(b, '"');
	memmove(b->data + start, b->data + start + 1, len);
	b->len = start + len;
	b->data[b->len] = '\0';
	return 0;
}
