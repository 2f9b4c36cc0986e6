/* Base64 (RFC 4648, with padding), for bytes in JSON. */
#ifndef AGENTFS_BASE_BASE64_H
#define AGENTFS_BASE_BASE64_H

#include "base/buf.h"

/* Appends the encoded bytes. 0 or -ENOMEM. */
int base64_encode(const void *data, size_t len, struct buf *ret_text);
/* Appends the decoded bytes. -EINVAL for anything that is not base64. */
int base64_decode(const char *text, size_t len, struct buf *ret_data);

#endif
