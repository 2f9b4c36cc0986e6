#include "fuse/wire.h"

#include <string.h>

bool wire_parse(const void *message, size_t len, struct wire_request *ret)
{
	if (len < sizeof(ret->header))
		return false;
	memcpy(&ret->header, message, sizeof(ret->header));
	if (ret->header.len != len)
		return false;
	ret->next = (const uint8_t *)message + sizeof(ret->header);
	ret->left = len - sizeof(ret->header);
	return true;
}

const void *wire_take(struct wire_request *r, size_t size)
{
	const void *taken = r->next;

	if (r->left < size)
		return NULL;
	r->next += size;
	r->left -= size;
	return taken;
}

const char *wire_take_text(struct wire_request *r, size_t *ret_len)
{
	const char *text = (const char *)r->next;
	const uint8_t *end = r->left ? memchr(r->next, '\0', r->left) : NULL;

	if (!end)
		return NULL;
	*ret_len = (size_t)(end - r->next);
	r->left -= *ret_len + 1;
	r->next = end + 1;
	return text;
}

static bool add_dirent(struct wire_listing *l, size_t before, uint64_t ino,
		       uint64_t cookie, uint32_t mode, const char *name, size_t len)
{
	size_t size = FUSE_DIRENT_ALIGN(before + FUSE_NAME_OFFSET + len);
	struct fuse_dirent d = {.ino = ino,
				.off = cookie,
				.namelen = (uint32_t)len,
				.type = (mode & 0170000) >> 12};

	if (size > l->size - l->len)
		return false;
	memset(l->data + l->len, 0, size);
	memcpy(l->data + l->len + before, &d, FUSE_NAME_OFFSET);
	memcpy(l->data + l->len + before + FUSE_NAME_OFFSET, name, len);
	l->len += size;
	return true;
}

bool wire_add_dirent(struct wire_listing *l, uint64_t ino, uint64_t cookie,
		     uint32_t mode, const char *name, size_t len)
{
	return add_dirent(l, 0, ino, cookie, mode, name, len);
}

bool wire_add_direntplus(struct wire_listing *l, const struct fuse_entry_out *entry,
			 uint64_t ino, uint64_t cookie, uint32_t mode, const char *name,
			 size_t len)
{
	size_t at = l->len;

	if (!add_dirent(l, sizeof(*entry), ino, cookie, mode, name, len))
		return false;
	memcpy(l->data + at, entry, sizeof(*entry));
	return true;
}

static const char *const names[PROTOCOL_OPCODES] = {
	[FUSE_LOOKUP] = "LOOKUP",
	[FUSE_FORGET] = "FORGET",
	[FUSE_GETATTR] = "GETATTR",
	[FUSE_SETATTR] = "SETATTR",
	[FUSE_READLINK] = "READLINK",
	[FUSE_SYMLINK] = "SYMLINK",
	[FUSE_MKNOD] = "MKNOD",
	[FUSE_MKDIR] = "MKDIR",
	[FUSE_UNLINK] = "UNLINK",
	[FUSE_RMDIR] = "RMDIR",
	[FUSE_RENAME] = "RENAME",
	[FUSE_LINK] = "LINK",
	[FUSE_OPEN] = "OPEN",
	[FUSE_READ] = "READ",
	[FUSE_WRITE] = "WRITE",
	[FUSE_STATFS] = "STATFS",
	[FUSE_RELEASE] = "RELEASE",
	[FUSE_FSYNC] = "FSYNC",
	[FUSE_SETXATTR] = "SETXATTR",
	[FUSE_GETXATTR] = "GETXATTR",
	[FUSE_LISTXATTR] = "LISTXATTR",
	[FUSE_REMOVEXATTR] = "REMOVEXATTR",
	[FUSE_FLUSH] = "FLUSH",
	[FUSE_INIT] = "INIT",
	[FUSE_OPENDIR] = "OPENDIR",
	[FUSE_READDIR] = "READDIR",
	[FUSE_RELEASEDIR] = "RELEASEDIR",
	[FUSE_FSYNCDIR] = "FSYNCDIR",
	[FUSE_GETLK] = "GETLK",
	[FUSE_SETLK] = "SETLK",
	[FUSE_SETLKW] = "SETLKW",
	[FUSE_ACCESS] = "ACCESS",
	[FUSE_CREATE] = "CREATE",
	[FUSE_INTERRUPT] = "INTERRUPT",
	[FUSE_BMAP] = "BMAP",
	[FUSE_DESTROY] = "DESTROY",
	[FUSE_IOCTL] = "IOCTL",
	[FUSE_POLL] = "POLL",
	[FUSE_NOTIFY_REPLY] = "NOTIFY_REPLY",
	[FUSE_BATCH_FORGET] = "BATCH_FORGET",
	[FUSE_FALLOCATE] = "FALLOCATE",
	[FUSE_READDIRPLUS] = "READDIRPLUS",
	[FUSE_RENAME2] = "RENAME2",
	[FUSE_LSEEK] = "LSEEK",
	[FUSE_COPY_FILE_RANGE] = "COPY_FILE_RANGE",
	[FUSE_SETUPMAPPING] = "SETUPMAPPING",
	[FUSE_REMOVEMAPPING] = "REMOVEMAPPING",
	[FUSE_SYNCFS] = "SYNCFS",
	[FUSE_TMPFILE] = "TMPFILE",
	[PROTOCOL_STATX] = "STATX",
	[PROTOCOL_COPY_FILE_RANGE_64] = "COPY_FILE_RANGE_64",
};

const char *wire_opcode_name(uint32_t opcode)
{
	return opcode < PROTOCOL_OPCODES ? names[opcode] : NULL;
}
