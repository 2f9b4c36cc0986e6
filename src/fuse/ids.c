/*
 * Owners in a user namespace that maps a single id. The kernel refuses to change what
 * has an unmapped owner (EOVERFLOW), even where the caller may: a root-owned file in an
 * own directory could be neither removed nor renamed. So such files are presented as
 * the caller's own, with the owner's bits cut to what the real caller may do; the
 * volume keeps the true ids.
 */
#include "fuse/session.h"

static bool has_group(const struct fuse_ids *ids, uint32_t gid)
{
	if (gid == ids->gid)
		return true;
	for (int i = 0; i < ids->n_groups; i++)
		if (ids->groups[i] == gid)
			return true;
	return false;
}

bool ids_is_foreign(const struct fuse_ids *ids, const struct attr *a)
{
	return !ids->all && a->uid != ids->uid;
}

struct attr ids_present(const struct fuse_ids *ids, const struct attr *a)
{
	struct attr shown = *a;

	if (ids->all)
		return shown;
	if (ids_is_foreign(ids, a)) {
		uint32_t may = has_group(ids, a->gid) ? a->mode >> 3 & 7 : a->mode & 7;

		/* Set-id bits of others mean nothing in a namespace without them. */
		shown.mode = (a->mode & ~(uint32_t)06700) | may << 6;
		shown.uid = ids->uid;
	}
	shown.gid = ids->gid;
	return shown;
}

struct owner ids_owner(const struct fuse_ids *ids, const struct fuse_in_header *header)
{
	struct owner owner = {header->uid, header->gid};

	if (!ids->all && owner.uid == UINT32_MAX)
		owner.uid = ids->uid;
	if (!ids->all && owner.gid == UINT32_MAX)
		owner.gid = ids->gid;
	return owner;
}
