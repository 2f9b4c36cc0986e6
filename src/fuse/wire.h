/*
 * Messages of the FUSE protocol as bytes. A request is parsed by taking its parts from
 * front to back; whatever is missing, too short or without its NUL makes the request
 * bad, and nothing behind its end is ever read.
 */
#ifndef AGENTFS_FUSE_WIRE_H
#define AGENTFS_FUSE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fuse/protocol.h"

struct wire_request {
	struct fuse_in_header header;
	const uint8_t *next; /* what was not taken yet */
	size_t left;
};

/* False if the bytes are no whole message (the header's length must be theirs). */
bool wire_parse(const void *message, size_t len, struct wire_request *ret);

/* The next `size` bytes as a struct (8-byte aligned as the protocol lays them out). */
const void *wire_take(struct wire_request *r, size_t size);
/* The next NUL-terminated text; its length goes to `*ret_len`. */
const char *wire_take_text(struct wire_request *r, size_t *ret_len);

/* Appends one entry of a directory to `buffer`; false if it does not fit. */
struct wire_listing {
	uint8_t *data;
	size_t len, size;
};
bool wire_add_dirent(struct wire_listing *l, uint64_t ino, uint64_t cookie,
		     uint32_t mode, const char *name, size_t len);
bool wire_add_direntplus(struct wire_listing *l, const struct fuse_entry_out *entry,
			 uint64_t ino, uint64_t cookie, uint32_t mode, const char *name,
			 size_t len);

/* The kernel's name of a request ("LOOKUP"), NULL for an unknown one. */
const char *wire_opcode_name(uint32_t opcode);

#endif
