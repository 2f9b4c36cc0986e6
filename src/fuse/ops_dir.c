/* Requests for listings. */
#include <errno.h>
#include <string.h>

#include "fuse/session.h"
#include "fuse/transport.h"

struct filling {
	struct request *r;
	struct wire_listing listing;
	bool plus;
};

static int add_entry(void *arg, const struct dir_entry *e)
{
	struct filling *f = arg;
	struct fuse_entry_out entry;

	if (!f->plus)
		return !wire_add_dirent(&f->listing, e->ino, e->cookie, e->mode,
					e->name, e->len);
	/* "." and "..": no node id, so the kernel takes only the name and number. */
	memset(&entry, 0, sizeof(entry));
	if (e->entry.id)
		fill_entry(f->r->connection, &e->entry, &entry);
	return !wire_add_direntplus(&f->listing, &entry, e->ino, e->cookie, e->mode,
				    e->name, e->len);
}

/* The reply did not arrive: the references that are in it are ours again. */
static void forget_listed(struct request *r, const struct wire_listing *l)
{
	struct fuse_direntplus d;

	for (size_t at = 0; at + sizeof(d) <= l->len;) {
		memcpy(&d, l->data + at, sizeof(d));
		if (d.entry_out.nodeid)
			view_forget(r->view, d.entry_out.nodeid, 1);
		at += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET_DIRENTPLUS + d.dirent.namelen);
	}
}

static void list(struct request *r, bool plus)
{
	const struct fuse_read_in *in = wire_take(&r->in, sizeof(*in));
	struct filling f = {.r = r, .plus = plus};
	int error;

	if (!in || in->size > TRANSPORT_MESSAGE_MAX) {
		reply_error(r, -EINVAL);
		return;
	}
	f.listing = (struct wire_listing){.data = r->out, .size = in->size};
	error = view_readdir(r->view, r->in.header.nodeid, in->offset, plus, add_entry,
			     &f);
	if (error < 0 && f.listing.len == 0) {
		reply_error(r, error);
		return;
	}
	if (reply_data(r, f.listing.data, f.listing.len) < 0 && plus)
		forget_listed(r, &f.listing);
}

void op_readdir(struct request *r)
{
	list(r, false);
}

void op_readdirplus(struct request *r)
{
	list(r, true);
}
