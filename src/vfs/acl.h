/* Quick answers about ACLs, which most objects do not have. */
#ifndef AGENTFS_VFS_ACL_H
#define AGENTFS_VFS_ACL_H

#include <stdbool.h>
#include <stdint.h>

struct view;

/* False only if the node surely has no such ACL; remembered until xattrs change. */
bool view_has_default_acl(struct view *v, uint64_t id);
bool view_has_access_acl(struct view *v, uint64_t id);

#endif
