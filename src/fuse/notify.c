/*
 * Telling the kernel what changed behind its back. Called by the view's housekeeping
 * thread alone: the kernel may have to wait for a request that a serving thread has.
 */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "fuse/session.h"
#include "fuse/transport.h"

static void notify(struct fuse_connection *c, int code, struct iovec *parts, int n)
{
	struct fuse_out_header header = {.error = code};
	int error;

	parts[0] = (struct iovec){&header, sizeof(header)};
	for (int i = 0; i < n; i++)
		header.len += (uint32_t)parts[i].iov_len;
	error = transport_send(c->fd, parts, n);
	/* ENOENT: the kernel does not know it (any more), so all is well. */
	if (error < 0 && error != -ENOENT && error != -ENODEV && error != -ENOTDIR)
		log_debug("fuse: notification %d: %s", code, strerror(-error));
}

static void entry_changed(void *arg, uint64_t dir, const char *name, size_t len)
{
	struct fuse_notify_inval_entry_out out = {.parent = dir,
						  .namelen = (uint32_t)len};
	struct iovec parts[4] = {
		{0}, {&out, sizeof(out)}, {(void *)name, len}, {(void *)"", 1}};

	notify(arg, FUSE_NOTIFY_INVAL_ENTRY, parts, 4);
}

static void node_changed(void *arg, uint64_t id)
{
	struct fuse_notify_inval_inode_out out = {.ino = id};
	struct iovec parts[2] = {{0}, {&out, sizeof(out)}};
	const struct fuse_connection *c = arg;

	if (id == FUSE_ROOT_ID && !c->root_entered)
		return;
	notify(arg, FUSE_NOTIFY_INVAL_INODE, parts, 2);
}

/*
 * Newer kernels can be asked for the inode itself: that waits for no directory and
 * leaves alone what is in use.
 */
static void please_forget(void *arg, uint64_t dir, const char *name, size_t len,
			  uint64_t id)
{
	struct fuse_connection *c = arg;
	struct protocol_prune_out out = {.count = 1};
	struct iovec parts[3] = {{0}, {&out, sizeof(out)}, {&id, sizeof(id)}};

	if (c->minor >= 45)
		notify(c, PROTOCOL_NOTIFY_PRUNE, parts, 3);
	else
		entry_changed(arg, dir, name, len);
}

static void all_changed(void *arg)
{
	struct fuse_connection *c = arg;
	struct iovec parts[1];

	if (c->minor >= 44)
		notify(c, PROTOCOL_NOTIFY_INC_EPOCH, parts, 1);
	node_changed(arg, FUSE_ROOT_ID);
}

struct view_notifier notify_to(struct fuse_connection *c)
{
	return (struct view_notifier){
		.arg = c,
		.entry_changed = entry_changed,
		.node_changed = node_changed,
		.please_forget = please_forget,
		.all_changed = all_changed,
	};
}
