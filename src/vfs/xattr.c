#include "vfs/xattr.h"

#include <errno.h>
#include <linux/limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/clock.h"
#include "base/error.h"
#include "vfs/acl.h"
#include "vfs/view_state.h"

#define CAPABILITY "security.capability"

void xattrs_free(struct xattrs *x)
{
	if (!x)
		return;
	for (size_t i = 0; i < x->n; i++) {
		free(x->list[i].name);
		free(x->list[i].value);
	}
	free(x->list);
	free(x);
}

static struct xattr *xattrs_find(const struct xattrs *x, const char *name)
{
	for (size_t i = 0; i < x->n; i++)
		if (strcmp(x->list[i].name, name) == 0)
			return &x->list[i];
	return NULL;
}

/* Sets a value in the list. 0 or -ENOMEM, with the list untouched. */
static int xattrs_put(struct xattrs *x, const char *name, const void *value, size_t len,
		      bool dirty)
{
	struct xattr *slot = xattrs_find(x, name);
	char *new_name = slot ? NULL : strdup(name);
	void *copy = malloc(len ? len : 1);

	if (!copy || (!slot && !new_name))
		goto no_memory;
	if (!slot && x->n == x->capacity) {
		size_t capacity = x->capacity ? x->capacity * 2 : 4;
		struct xattr *list = realloc(x->list, capacity * sizeof(*list));

		if (!list)
			goto no_memory;
		x->list = list;
		x->capacity = capacity;
	}
	if (!slot) {
		slot = &x->list[x->n++];
		*slot = (struct xattr){.name = new_name};
	}
	if (len)
		memcpy(copy, value, len);
	free(slot->value);
	slot->value = copy;
	slot->len = len;
	slot->removed = false;
	slot->dirty = dirty;
	x->dirty |= dirty;
	return 0;
no_memory:
	free(copy);
	free(new_name);
	return -ENOMEM;
}

static int load_one(void *arg, const char *name, size_t name_len, const void *value,
		    size_t len)
{
	char text[256];

	if (name_len >= sizeof(text))
		return error_set(-EUCLEAN, "an extended attribute's name is too long");
	memcpy(text, name, name_len);
	text[name_len] = '\0';
	return xattrs_put(arg, text, value, len, false);
}

static const char *base_name(const struct node *n)
{
	return n->base_name ? n->base_name : "";
}

/* All of the base's attributes, as dirty ones. */
static int load_from_base(struct node *n, struct xattrs *x)
{
	struct buf names = BUF_INIT, value = BUF_INIT;
	int r = base_listxattr(n->base_dir, base_name(n), n->base_name_len, &names);

	if (r == -EOPNOTSUPP)
		r = 0;
	for (size_t i = 0; r >= 0 && i < names.len; i += strlen(names.data + i) + 1) {
		buf_clear(&value);
		r = base_getxattr(n->base_dir, base_name(n), n->base_name_len,
				  names.data + i, &value);
		if (r >= 0)
			r = xattrs_put(x, names.data + i, value.data, value.len, true);
		else if (r == -ENODATA || r == -EPERM)
			r = 0;
	}
	buf_release(&names);
	buf_release(&value);
	return r < 0 ? r : 0;
}

static bool has_own(const struct node *n)
{
	return n->flags & NODE_XATTRS_OWN || !n->base_dir;
}

/*
 * Makes n->xattrs: the stored ones of a node that has its own; with `take_over` a copy
 * of the base's else. View lock held, node lock not.
 */
static int xattrs_open(struct view *v, struct node *n, bool take_over)
{
	struct xattrs *x, *have;
	int r = 0;

	lock_take(&n->lock);
	have = n->xattrs;
	lock_drop(&n->lock);
	if (have)
		return 0;
	x = calloc(1, sizeof(*x));
	if (!x)
		return -ENOMEM;
	if (n->flags & NODE_XATTRS_OWN && n->flags & NODE_STORED)
		r = store_xattrs_load(v->branch, n->row, load_one, x);
	else if (!has_own(n) && take_over)
		r = load_from_base(n, x);
	lock_take(&n->lock);
	if (r == 0 && !n->xattrs) {
		n->xattrs = x;
		x = NULL;
		if (take_over)
			n->flags |= NODE_XATTRS_OWN;
	}
	lock_drop(&n->lock);
	xattrs_free(x);
	return r;
}

/* ---- the public functions ---- */

int view_getxattr(struct view *v, uint64_t id, const char *name, struct buf *ret_value)
{
	struct node *n = view_hold(v, id);
	const struct xattr *x;
	int r;

	if (!n)
		return -ESTALE;
	if (n->row == 0 || !has_own(n)) {
		r = base_getxattr(n->base_dir, base_name(n), n->base_name_len, name,
				  ret_value);
		view_drop(v);
		return r;
	}
	r = xattrs_open(v, n, false);
	if (r == 0) {
		lock_take(&n->lock);
		x = xattrs_find(n->xattrs, name);
		if (!x || x->removed)
			r = -ENODATA;
		else
			r = buf_add(ret_value, x->value, x->len);
		lock_drop(&n->lock);
	}
	view_drop(v);
	return r;
}

int view_listxattr(struct view *v, uint64_t id, struct buf *ret_names)
{
	struct node *n = view_hold(v, id);
	int r;

	if (!n)
		return -ESTALE;
	if (n->row == 0 || !has_own(n)) {
		r = base_listxattr(n->base_dir, base_name(n), n->base_name_len,
				   ret_names);
		view_drop(v);
		return r == -EOPNOTSUPP ? 0 : r;
	}
	r = xattrs_open(v, n, false);
	if (r == 0) {
		lock_take(&n->lock);
		for (size_t i = 0; r == 0 && i < n->xattrs->n; i++)
			if (!n->xattrs->list[i].removed)
				r = buf_add(ret_names, n->xattrs->list[i].name,
					    strlen(n->xattrs->list[i].name) + 1);
		lock_drop(&n->lock);
	}
	view_drop(v);
	return r;
}

/* 0 for a name in a namespace that files have, see xattr(7). */
static int check_name(const char *name)
{
	static const char *const spaces[] = {"user.", "trusted.", "security.",
					     "system."};

	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		size_t len = strlen(spaces[i]);

		if (strncmp(name, spaces[i], len) == 0)
			return name[len] ? 0 : -EINVAL;
	}
	return -EOPNOTSUPP;
}

static int check_set(const struct node *n, const char *name, size_t len)
{
	int r;

	if (name[0] == '\0' || strlen(name) > XATTR_NAME_MAX)
		return -ERANGE;
	r = check_name(name);
	if (r < 0)
		return r;
	if (len > XATTR_SIZE_MAX)
		return -E2BIG;
	/* user.* belongs to files and directories, as xattr(7) has it. */
	if (strncmp(name, "user.", 5) == 0 && !node_is_file(n) && !node_is_dir(n))
		return -EPERM;
	return 0;
}

static int set_locked(struct node *n, const char *name, const void *value, size_t len,
		      int flags)
{
	const struct xattr *old = xattrs_find(n->xattrs, name);
	bool exists = old && !old->removed;
	int r;

	if (flags & XATTR_CREATE && exists)
		return -EEXIST;
	if (flags & XATTR_REPLACE && !exists)
		return -ENODATA;
	r = xattrs_put(n->xattrs, name, value, len, true);
	if (r < 0)
		return r;
	n->flags |= NODE_XATTRS_OWN;
	n->flags &= ~NODE_XATTR_HINTS;
	return 0;
}

int view_setxattr(struct view *v, uint64_t id, const char *name, const void *value,
		  size_t len, int flags)
{
	struct node *n;
	int r = flush_admit(v, (int64_t)len);

	if (r == 0)
		r = view_hold_to_change(v, id, &n);
	if (r < 0)
		return r;
	r = check_set(n, name, len);
	if (r == 0)
		r = xattrs_open(v, n, true);
	if (r == 0) {
		lock_take(&n->lock);
		r = set_locked(n, name, value, len, flags);
		if (r == 0)
			node_stamp_ctime(v, n);
		lock_drop(&n->lock);
	}
	view_drop(v);
	return r;
}

static int remove_locked(struct view *v, struct node *n, const char *name)
{
	struct xattr *x = xattrs_find(n->xattrs, name);

	if (!x || x->removed)
		return -ENODATA;
	x->removed = x->dirty = n->xattrs->dirty = true;
	node_stamp_ctime(v, n);
	return 0;
}

int view_removexattr(struct view *v, uint64_t id, const char *name)
{
	struct node *n;
	int r = view_hold_to_change(v, id, &n);

	if (r < 0)
		return r;
	r = xattrs_open(v, n, true);
	if (r == 0) {
		lock_take(&n->lock);
		r = remove_locked(v, n, name);
		lock_drop(&n->lock);
	}
	view_drop(v);
	return r;
}

int xattr_drop_capability(struct view *v, struct node *n)
{
	struct buf value = BUF_INIT;
	const struct xattr *x;
	int r = 0;

	if (n->flags & NODE_NO_CAPABILITY)
		return 0; /* the usual case, without a lock */
	if (!has_own(n)) {
		r = base_getxattr(n->base_dir, base_name(n), n->base_name_len,
				  CAPABILITY, &value);
		buf_release(&value);
		if (r >= 0)
			r = xattrs_open(v, n, true);
		else
			r = 0;
	} else if (!(n->flags & NODE_XATTRS_OWN)) {
		return 0;
	} else {
		r = xattrs_open(v, n, false);
	}
	if (r < 0)
		return r;
	lock_take(&n->lock);
	x = n->xattrs ? xattrs_find(n->xattrs, CAPABILITY) : NULL;
	if (x && !x->removed)
		remove_locked(v, n, CAPABILITY);
	n->flags |= NODE_NO_CAPABILITY;
	lock_drop(&n->lock);
	return 0;
}

/* Asks once, and remembers a no in the node. */
static bool has_xattr(struct view *v, uint64_t id, const char *name, uint32_t hint)
{
	struct buf value = BUF_INIT;
	struct node *n = view_hold(v, id);
	bool known;
	int r;

	if (!n)
		return false;
	lock_take(&n->lock);
	known = n->flags & hint;
	lock_drop(&n->lock);
	view_drop(v);
	if (known)
		return false;
	r = view_getxattr(v, id, name, &value);
	buf_release(&value);
	if (r != -ENODATA && r != -EOPNOTSUPP)
		return true;
	n = view_hold(v, id);
	if (!n)
		return false;
	lock_take(&n->lock);
	n->flags |= hint;
	lock_drop(&n->lock);
	view_drop(v);
	return false;
}

bool view_has_default_acl(struct view *v, uint64_t id)
{
	return has_xattr(v, id, "system.posix_acl_default", NODE_NO_DEFAULT_ACL);
}

bool view_has_access_acl(struct view *v, uint64_t id)
{
	return has_xattr(v, id, "system.posix_acl_access", NODE_NO_ACCESS_ACL);
}

/* ---- cuts ---- */

int xattrs_cut(const struct xattrs *x, struct xattrs **ret_cut)
{
	struct xattrs *cut = calloc(1, sizeof(*cut));
	int r = cut ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < x->n; i++) {
		const struct xattr *a = &x->list[i];

		if (!a->dirty)
			continue;
		r = xattrs_put(cut, a->name, a->value, a->len, true);
		if (r == 0)
			cut->list[cut->n - 1].removed = a->removed;
	}
	if (r < 0) {
		xattrs_free(cut);
		return r;
	}
	*ret_cut = cut;
	return 0;
}

void xattrs_cut_taken(struct xattrs *x)
{
	for (size_t i = 0; i < x->n; i++)
		x->list[i].dirty = false;
	x->dirty = false;
}

int xattrs_store(struct store_branch *b, int64_t row, const struct xattrs *x)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < x->n; i++) {
		const struct xattr *a = &x->list[i];
		size_t len = strlen(a->name);

		r = a->removed
			    ? store_xattr_delete(b, row, a->name, len)
			    : store_xattr_put(b, row, a->name, len, a->value, a->len);
	}
	return r;
}
