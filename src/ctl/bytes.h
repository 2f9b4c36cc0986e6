/*
 * Byte strings in JSON: a plain string where they are UTF-8 without NUL, an object
 * {"base64": "..."} else. Names, paths, link targets and file contents travel so.
 */
#ifndef AGENTFS_CTL_BYTES_H
#define AGENTFS_CTL_BYTES_H

#include <jansson.h>
#include <stddef.h>

#include "base/buf.h"

/* A new reference; NULL without memory. */
json_t *bytes_to_json(const void *data, size_t len);

/* Appends what the value holds. -EINVAL: neither form, or bad base64. -ENOMEM. */
int bytes_from_json(const json_t *value, struct buf *ret);

#endif
