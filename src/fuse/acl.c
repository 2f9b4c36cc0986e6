/*
 * POSIX ACLs. The kernel checks permissions by them (it fetches the xattrs); keeping
 * ACL and mode in step and handing default ACLs on to new objects is left to the server
 * (FUSE_POSIX_ACL). The xattr's form: a version (2), then entries of tag, permissions
 * and id, all little-endian.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse/session.h"
#include "vfs/acl.h"

#define ACL_VERSION 2

enum {
	TAG_USER_OBJ = 0x01,
	TAG_USER = 0x02,
	TAG_GROUP_OBJ = 0x04,
	TAG_GROUP = 0x08,
	TAG_MASK = 0x10,
	TAG_OTHER = 0x20,
};

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

struct acl_header {
	uint32_t version;
};

static size_t n_entries(size_t len)
{
	return (len - sizeof(struct acl_header)) / sizeof(struct acl_entry);
}

static bool acl_is_valid(const void *value, size_t len)
{
	struct acl_header header;

	if (len < sizeof(header) ||
	    (len - sizeof(header)) % sizeof(struct acl_entry) != 0)
		return false;
	memcpy(&header, value, sizeof(header));
	return le32toh(header.version) == ACL_VERSION;
}

/* Works on a copy in host order, entry by entry. */
static struct acl_entry entry_at(const void *value, size_t i)
{
	struct acl_entry e;

	memcpy(&e, (const char *)value + sizeof(struct acl_header) + i * sizeof(e),
	       sizeof(e));
	e.tag = le16toh(e.tag);
	e.perm = le16toh(e.perm);
	return e;
}

static void set_perm(void *value, size_t i, uint32_t perm)
{
	struct acl_entry e;
	char *at = (char *)value + sizeof(struct acl_header) + i * sizeof(e);

	memcpy(&e, at, sizeof(e));
	e.perm = htole16((uint16_t)perm);
	memcpy(at, &e, sizeof(e));
}

/* The entry that stands for the group bits of the mode: the mask, else the group's. */
static size_t group_entry(const void *value, size_t len)
{
	size_t group = 0;

	for (size_t i = 0; i < n_entries(len); i++) {
		if (entry_at(value, i).tag == TAG_MASK)
			return i;
		if (entry_at(value, i).tag == TAG_GROUP_OBJ)
			group = i;
	}
	return group;
}

/* The permission bits that an ACL means; false if it says more than a mode can. */
static bool acl_to_mode(const void *value, size_t len, uint32_t *ret_bits)
{
	uint32_t bits = 0;
	bool plain = true;

	for (size_t i = 0; i < n_entries(len); i++) {
		struct acl_entry e = entry_at(value, i);

		if (e.tag == TAG_USER_OBJ)
			bits |= (e.perm & 7u) << 6;
		else if (e.tag == TAG_OTHER)
			bits |= e.perm & 7u;
		else if (e.tag != TAG_GROUP_OBJ)
			plain = false;
	}
	bits |= (entry_at(value, group_entry(value, len)).perm & 7u) << 3;
	*ret_bits = bits;
	return plain;
}

/* Cuts the ACL to the mode (`limit`), or sets it to the mode. */
static void acl_from_mode(void *value, size_t len, uint32_t mode, bool limit)
{
	size_t group = group_entry(value, len);

	for (size_t i = 0; i < n_entries(len); i++) {
		struct acl_entry e = entry_at(value, i);
		uint32_t bits;

		if (e.tag == TAG_USER_OBJ)
			bits = mode >> 6 & 7;
		else if (e.tag == TAG_OTHER)
			bits = mode & 7;
		else if (i == group)
			bits = mode >> 3 & 7;
		else
			continue;
		set_perm(value, i, limit ? e.perm & bits : bits);
	}
}

int acl_inherit(struct view *v, uint64_t dir, uint32_t umask, uint32_t *mode,
		struct buf *ret_access, struct buf *ret_default)
{
	uint32_t bits;
	int r = 0;

	if (view_has_default_acl(v, dir))
		r = view_getxattr(v, dir, ACL_DEFAULT, ret_default);
	if (r < 0 && r != -ENODATA && r != -EOPNOTSUPP)
		return r;
	if (ret_default->len == 0 ||
	    !acl_is_valid(ret_default->data, ret_default->len)) {
		buf_clear(ret_default);
		*mode &= ~(umask & 0777);
		return 0;
	}
	r = buf_add(ret_access, ret_default->data, ret_default->len);
	if (r < 0)
		return r;
	acl_from_mode(ret_access->data, ret_access->len, *mode, true);
	if (acl_to_mode(ret_access->data, ret_access->len, &bits))
		buf_clear(ret_access);
	*mode = (*mode & ~(uint32_t)0777) | bits;
	return 0;
}

int acl_store(struct view *v, uint64_t id, const struct buf *access,
	      const struct buf *dflt)
{
	int r = 0;

	if (access->len)
		r = view_setxattr(v, id, ACL_ACCESS, access->data, access->len, 0);
	if (r == 0 && dflt && dflt->len)
		r = view_setxattr(v, id, ACL_DEFAULT, dflt->data, dflt->len, 0);
	return r;
}

int acl_follow_mode(struct view *v, uint64_t id, uint32_t mode)
{
	struct buf acl = BUF_INIT;
	int r;

	if (!view_has_access_acl(v, id))
		return 0;
	r = view_getxattr(v, id, ACL_ACCESS, &acl);
	if (r == 0 && acl_is_valid(acl.data, acl.len)) {
		acl_from_mode(acl.data, acl.len, mode, false);
		r = view_setxattr(v, id, ACL_ACCESS, acl.data, acl.len, 0);
	}
	buf_release(&acl);
	return r == -ENODATA || r == -EOPNOTSUPP ? 0 : r;
}

int acl_apply_access(struct view *v, uint64_t id, const void *value, size_t len,
		     bool kill_sgid, bool *ret_needed)
{
	struct attr attr, after;
	bool cacheable, plain;
	uint32_t bits;
	int r;

	if (!acl_is_valid(value, len) || n_entries(len) == 0)
		return -EINVAL;
	r = view_getattr(v, id, &attr, &cacheable);
	if (r < 0)
		return r;
	plain = acl_to_mode(value, len, &bits);
	attr.mode = (attr.mode & ~(uint32_t)0777) | bits;
	if (kill_sgid)
		attr.mode &= ~(uint32_t)S_ISGID;
	r = view_setattr(v, id, ATTR_MODE, &attr, &after);
	if (r == 0)
		*ret_needed = !plain;
	return r;
}
