/* What the files of the adapter share: a connection, and a request being served. */
#ifndef AGENTFS_FUSE_SESSION_H
#define AGENTFS_FUSE_SESSION_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/lock.h"
#include "fuse/connection.h"
#include "fuse/wire.h"
#include "vfs/view.h"

#define FOREVER_S (1 << 30) /* until it is invalidated */

struct fuse_thread {
	struct fuse_connection *connection;
	pthread_t id;
	int cpu;	   /* -1: not pinned */
	uint8_t *in, *out; /* TRANSPORT_MESSAGE_MAX bytes each */
};

struct fuse_connection {
	int fd;
	int stop_fd; /* eventfd: readable when the threads are to end */
	struct view *view;
	struct fuse_ids ids;
	gid_t *groups;
	bool read_only;
	bool notifies; /* the view has our notifier */
	atomic_bool stopping;
	/*
	 * A client has passed the root's permissions, so the kernel has its attributes.
	 * Until then they are not cached and the kernel is told nothing about the root:
	 * it throws a GETATTR's answer away if it was told meanwhile, and a root
	 * without attributes refuses everybody (EACCES).
	 */
	atomic_bool root_entered;
	atomic_uint minor; /* of the kernel; 0 before INIT */
	struct lock lock;  /* rank control */
	pthread_cond_t changed;
	bool ready;
	int failed; /* why it never became ready */
	atomic_bool ended;
	atomic_flag end_told;
	void (*on_end)(void *arg);
	void *end_arg;
	atomic_int_fast64_t counts[PROTOCOL_OPCODES];
	int n_threads;
	struct fuse_thread threads[];
};

/* One request on its way. An operation replies exactly once, or is of no-reply kind. */
struct request {
	struct fuse_connection *connection;
	struct view *view;
	struct wire_request in;
	uint8_t *out; /* room for a large reply, TRANSPORT_MESSAGE_MAX bytes */
};

/* ---- replies ---- */

/* Each returns what the transport says; -ENOENT: nobody waits for the reply. */
int reply_error(struct request *r, int error); /* 0 or a negative errno */
int reply_data(struct request *r, const void *data, size_t len);
int reply_two(struct request *r, const void *a, size_t a_len, const void *b,
	      size_t b_len);
/* An entry whose reference was taken: given back if the reply does not arrive. */
int reply_entry(struct request *r, const struct entry *e);

void fill_entry(const struct fuse_connection *c, const struct entry *e,
		struct fuse_entry_out *ret);
void fill_attr(const struct fuse_connection *c, const struct attr *a,
	       struct fuse_attr *ret);

/* ---- ids.c ---- */

/* The attributes as the mount's user namespace is to see them. */
struct attr ids_present(const struct fuse_ids *ids, const struct attr *a);
/* True if the object's owner is not mapped in the namespace. */
bool ids_is_foreign(const struct fuse_ids *ids, const struct attr *a);
/* The ids of a new object, by the request's header. */
struct owner ids_owner(const struct fuse_ids *ids, const struct fuse_in_header *header);

/* ---- acl.c ---- */

/*
 * The mode of a new object: the umask applied, or (where the directory has a default
 * ACL) that ACL. `*ret_access` and `*ret_default` are the new object's ACLs as xattr
 * values (empty: none).
 */
int acl_inherit(struct view *v, uint64_t dir, uint32_t umask, uint32_t *mode,
		struct buf *ret_access, struct buf *ret_default);
/* Stores what acl_inherit returned. 0 or what the view says. */
int acl_store(struct view *v, uint64_t id, const struct buf *access,
	      const struct buf *dflt);
/* After chmod: the access ACL, if there is one, follows the mode. */
int acl_follow_mode(struct view *v, uint64_t id, uint32_t mode);
/* Before an access ACL is stored: the mode follows the ACL. `*ret_needed` false: the
 * mode says it all and no ACL need be stored. */
int acl_apply_access(struct view *v, uint64_t id, const void *value, size_t len,
		     bool kill_sgid, bool *ret_needed);

#define ACL_ACCESS  "system.posix_acl_access"
#define ACL_DEFAULT "system.posix_acl_default"

/* ---- init.c, notify.c ---- */

void op_init(struct request *r);
/* The notifier that writes to the connection. */
struct view_notifier notify_to(struct fuse_connection *c);

/* ---- operations ---- */

typedef void (*operation)(struct request *r);

void op_lookup(struct request *r);
void op_forget(struct request *r);
void op_batch_forget(struct request *r);
void op_mknod(struct request *r);
void op_mkdir(struct request *r);
void op_symlink(struct request *r);
void op_link(struct request *r);
void op_unlink(struct request *r);
void op_rmdir(struct request *r);
void op_rename(struct request *r);
void op_rename2(struct request *r);
void op_tmpfile(struct request *r);

void op_getattr(struct request *r);
void op_statx(struct request *r);
void op_setattr(struct request *r);
void op_readlink(struct request *r);
void op_statfs(struct request *r);

void op_read(struct request *r);
void op_write(struct request *r);
void op_fsync(struct request *r);
void op_syncfs(struct request *r);
void op_fallocate(struct request *r);
void op_lseek(struct request *r);
void op_copy_file_range(struct request *r);
void op_copy_file_range_64(struct request *r);

void op_readdir(struct request *r);
void op_readdirplus(struct request *r);

void op_getxattr(struct request *r);
void op_listxattr(struct request *r);
void op_setxattr(struct request *r);
void op_removexattr(struct request *r);

#endif
