/*
 * Names and paths as bytes. A name is 1..255 bytes without NUL and '/', and neither "."
 * nor "..". A path inside a view or a base is absolute, '/'-separated, without "." and
 * ".." and double or trailing slashes; the root is "/".
 */
#ifndef AGENTFS_BASE_PATH_H
#define AGENTFS_BASE_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define NAME_BYTES_MAX 255

/* 0, -EINVAL ("", ".", "..", '/' or NUL in it) or -ENAMETOOLONG. */
int path_check_name(const char *name, size_t len);

/* True if the bytes are valid UTF-8 (no surrogates, no overlong forms, no NUL). */
bool path_is_utf8(const char *bytes, size_t len);

/*
 * Steps through a path: sets *ret_name and returns its length, advancing *path behind
 * it; 0 at the end. Repeated slashes are skipped.
 */
size_t path_next(const char **path, const char **ret_name);

/*
 * Lexically normalises what a person typed into an absolute path ("a/b/" -> "/a/b",
 * ".." steps up and stops at the root). Appends to `ret`. 0, -ENAMETOOLONG, -ENOMEM.
 */
int path_normalize(const char *typed, struct buf *ret);

/* Appends '/' (unless `b` is "/" already) and the name. 0 or -ENOMEM. */
int path_add(struct buf *b, const char *name, size_t len);

/* The last component of a path; its start within `path` ("" for "/"). */
const char *path_basename(const char *path);

/* Length of the parent of an absolute path ("/a/b" -> 2, "/a" -> 1, "/" -> 1). */
size_t path_parent_len(const char *path);

/* True if `path` is `top` or lies below it. */
bool path_is_below(const char *path, const char *top);

/*
 * Appends a name as C-style quoted text ("a\nb" -> $"a\nb" with surrounding double
 * quotes) if it has control bytes, quotes, backslashes or invalid UTF-8; as it is else.
 */
int path_add_quoted(struct buf *b, const char *name, size_t len);

#endif
