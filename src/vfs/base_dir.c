/*
 * The tree of base directories and their descriptors. A directory is opened relative to
 * its nearest ancestor that is open, one name at a time, so depth does not matter and
 * nothing but plain directories can be passed (BASE-1).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "vfs/base_internal.h"

#define OWN_MOUNT_INO ((UINT64_C(1) << 40) - 1)

#ifndef CIFS_SUPER_MAGIC
#define CIFS_SUPER_MAGIC 0xff534d42
#endif
#ifndef SMB2_SUPER_MAGIC
#define SMB2_SUPER_MAGIC 0xfe534d42
#endif

int base_open_at(int dir_fd, const char *name, uint64_t flags, int *ret_fd)
{
	struct open_how how = {
		.flags = flags | O_NOFOLLOW | O_CLOEXEC,
		.resolve =
			RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	long fd = syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	if (fd < 0)
		return errno == ELOOP ? -ENOTDIR : -errno;
	*ret_fd = (int)fd;
	return 0;
}

int base_name_copy(const char *name, size_t len, char ret[NAME_BYTES_MAX + 1])
{
	/* A volume may say anything; what is no name is not there (BASE-1). */
	if (len && path_check_name(name, len) < 0)
		return -ENOENT;
	memcpy(ret, name, len);
	ret[len] = '\0';
	return 0;
}

bool base_is_hidden(const struct base_dir *d, const char *name, size_t len)
{
	const char *hidden = d->base->hidden_name;

	return hidden && !d->parent && strlen(hidden) == len &&
	       memcmp(hidden, name, len) == 0;
}

/* ---- objects ---- */

static struct base_dir *dir_new(struct base *b, struct base_dir *parent,
				const char *name, size_t len)
{
	struct base_dir *d = calloc(1, sizeof(*d) + len + 1);

	if (!d)
		return NULL;
	d->base = b;
	d->parent = parent;
	d->refs = 1;
	d->fd = d->watch = -1;
	d->key.parent = parent;
	memcpy(d->key.name, name, len);
	d->key_len = sizeof(d->key) + len;
	return d;
}

static void link_child(struct base_dir *parent, struct base_dir *d)
{
	d->next_sibling = parent->first_child;
	if (d->next_sibling)
		d->next_sibling->prev_sibling = d;
	parent->first_child = d;
}

static void unlink_child(struct base_dir *d)
{
	if (d->prev_sibling)
		d->prev_sibling->next_sibling = d->next_sibling;
	else
		d->parent->first_child = d->next_sibling;
	if (d->next_sibling)
		d->next_sibling->prev_sibling = d->prev_sibling;
}

struct base_dir *base_dir_find_locked(struct base_dir *parent, const char *name,
				      size_t len)
{
	struct {
		struct base_dir *parent;
		char name[NAME_BYTES_MAX + 1];
	} key;
	struct base_dir *d;

	memset(&key, 0, sizeof(key));
	key.parent = parent;
	memcpy(key.name, name, len);
	HASH_FIND(hh, parent->base->dirs, &key, sizeof(key.parent) + len, d);
	return d;
}

int base_dir_child(struct base_dir *d, const char *name, size_t len,
		   struct base_dir **ret_child)
{
	struct base *b = d->base;
	struct base_dir *child;
	char copy[NAME_BYTES_MAX + 1];

	if (base_name_copy(name, len, copy) < 0 || len == 0)
		return error_set(-EUCLEAN, "a base path has a bad name in it");
	lock_take(&b->lock);
	child = base_dir_find_locked(d, name, len);
	if (child) {
		child->refs++;
	} else {
		child = dir_new(b, d, name, len);
		if (child) {
			d->refs++;
			link_child(d, child);
			HASH_ADD(hh, b->dirs, key, child->key_len, child);
		}
	}
	lock_drop(&b->lock);
	if (!child)
		return -ENOMEM;
	*ret_child = child;
	return 0;
}

struct base_dir *base_dir_ref(struct base_dir *d)
{
	lock_take(&d->base->lock);
	d->refs++;
	lock_drop(&d->base->lock);
	return d;
}

void base_dir_unref_locked(struct base_dir *d)
{
	while (d && --d->refs == 0) {
		struct base_dir *parent = d->parent;

		base_unwatch_locked(d);
		base_dir_close_fd_locked(d);
		if (parent) {
			HASH_DELETE(hh, d->base->dirs, d);
			unlink_child(d);
		}
		free(d);
		d = parent;
	}
}

void base_dir_unref(struct base_dir *d)
{
	struct base *b;

	if (!d)
		return;
	b = d->base;
	lock_take(&b->lock);
	base_dir_unref_locked(d);
	lock_drop(&b->lock);
}

int base_dir_at(struct base *b, const char *path, size_t len, struct base_dir **ret_dir)
{
	struct base_dir *d = base_dir_ref(b->root), *child;
	size_t i = 0;
	int r = 0;

	while (r == 0 && i < len) {
		size_t start;

		while (i < len && path[i] == '/')
			i++;
		for (start = i; i < len && path[i] != '/';)
			i++;
		if (i == start)
			break;
		r = base_dir_child(d, path + start, i - start, &child);
		base_dir_unref(d);
		d = r == 0 ? child : NULL;
	}
	if (r == 0)
		*ret_dir = d;
	return r;
}

static size_t name_len(const struct base_dir *d)
{
	return d->key_len - sizeof(d->key);
}

int base_dir_path(struct base_dir *d, struct buf *ret_path)
{
	size_t total = 0, start = ret_path->len;
	int r;

	if (!d->parent)
		return buf_add_char(ret_path, '/');
	for (struct base_dir *up = d; up->parent; up = up->parent)
		total += name_len(up) + 1;
	r = buf_reserve(ret_path, total);
	if (r < 0)
		return r;
	ret_path->len += total;
	ret_path->data[ret_path->len] = '\0';
	for (struct base_dir *up = d; up->parent; up = up->parent) {
		total -= name_len(up) + 1;
		ret_path->data[start + total] = '/';
		memcpy(ret_path->data + start + total + 1, up->key.name, name_len(up));
	}
	return 0;
}

int base_path_of(struct base_dir *d, const char *name, size_t len, struct buf *ret_path)
{
	int r = base_dir_path(d, ret_path);

	return r < 0 ? r : path_add(ret_path, name, len);
}

/* ---- descriptors ---- */

static void lru_remove(struct base_dir *d)
{
	struct base *b = d->base;

	*(d->newer ? &d->newer->older : &b->newest_dir) = d->older;
	*(d->older ? &d->older->newer : &b->oldest_dir) = d->newer;
	d->newer = d->older = NULL;
}

static void lru_add(struct base_dir *d)
{
	struct base *b = d->base;

	d->older = b->newest_dir;
	d->newer = NULL;
	*(d->older ? &d->older->newer : &b->oldest_dir) = d;
	b->newest_dir = d;
}

void base_dir_close_fd_locked(struct base_dir *d)
{
	if (d->fd < 0)
		return;
	lru_remove(d);
	close(d->fd);
	d->fd = -1;
	d->base->n_dir_fds--;
}

static void keep_fd(struct base_dir *d, int fd)
{
	struct base *b = d->base;

	if (b->n_dir_fds >= BASE_DIR_FDS && b->oldest_dir != b->root)
		base_dir_close_fd_locked(b->oldest_dir);
	else if (b->n_dir_fds >= BASE_DIR_FDS && b->oldest_dir->newer)
		base_dir_close_fd_locked(b->oldest_dir->newer);
	d->fd = fd;
	b->n_dir_fds++;
	lru_add(d);
}

bool base_is_own(const struct base *b, const struct statx *st)
{
	/* FUSE has no device of its own: the mounts need not be read for others. */
	return st->stx_mask & STATX_MNT_ID && st->stx_mnt_id != b->mount_id &&
	       st->stx_dev_major == 0 && S_ISDIR(st->stx_mode) &&
	       base_is_own_mount(st->stx_mnt_id);
}

/* Opens one directory whose parent is open, and sees what kind of mount it is on. */
static int open_one(struct base_dir *d, int parent_fd)
{
	struct statx st;
	int fd = -1, r;

	if (base_is_hidden(d->parent, d->key.name, name_len(d)))
		return -ENOENT;
	r = base_open_at(parent_fd, d->key.name, O_PATH | O_DIRECTORY, &fd);
	if (r < 0)
		return r;
	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &st) == 0 &&
	    base_is_own(d->base, &st)) {
		close(fd);
		return -EXDEV;
	}
	keep_fd(d, fd);
	return 0;
}

int base_dir_fd_locked(struct base_dir *d, int *ret_fd)
{
	int r = 0;

	while (d->fd < 0 && r == 0) {
		struct base_dir *top = d;

		while (top->parent->fd < 0)
			top = top->parent;
		r = open_one(top, top->parent->fd);
	}
	if (r < 0)
		return r;
	if (d->parent) {
		lru_remove(d);
		lru_add(d);
	}
	*ret_fd = d->fd;
	return 0;
}

/* The next directory of the tree below `top`, parents first. NULL: that was the last.
 */
static struct base_dir *next_below(struct base_dir *d, const struct base_dir *top)
{
	if (d->first_child)
		return d->first_child;
	while (d != top && !d->next_sibling)
		d = d->parent;
	return d == top ? NULL : d->next_sibling;
}

void base_reopen_locked(struct base_dir *top)
{
	top->refs++;
	base_files_drop_below_locked(top);
	for (struct base_dir *d = top; d; d = next_below(d, top)) {
		d->unwatched = false;
		if (d->parent)
			base_dir_close_fd_locked(d);
	}
	for (struct base_dir *d = top; d; d = next_below(d, top))
		base_rewatch_locked(d);
	base_dir_unref_locked(top);
}

/* ---- attributes and listings ---- */

static void from_statx(struct base_stat *ret, const struct statx *st)
{
	*ret = (struct base_stat){
		.mode = st->stx_mode,
		.uid = st->stx_uid,
		.gid = st->stx_gid,
		.nlink = st->stx_nlink,
		.rdev = makedev(st->stx_rdev_major, st->stx_rdev_minor),
		.size = (int64_t)st->stx_size,
		.blocks = (int64_t)st->stx_blocks,
		.atime_ns = st->stx_atime.tv_sec * NS_PER_S + st->stx_atime.tv_nsec,
		.mtime_ns = st->stx_mtime.tv_sec * NS_PER_S + st->stx_mtime.tv_nsec,
		.ctime_ns = st->stx_ctime.tv_sec * NS_PER_S + st->stx_ctime.tv_nsec,
		.btime_ns = st->stx_btime.tv_sec * NS_PER_S + st->stx_btime.tv_nsec,
		.ino = st->stx_ino,
		.dev = makedev(st->stx_dev_major, st->stx_dev_minor),
	};
	if (!(st->stx_mask & STATX_BTIME))
		ret->btime_ns = ret->mtime_ns;
}

/*
 * The root of an agentfs mount below the base: an empty directory with the attributes
 * of the base's root, as nobody can be asked (it may be this process).
 */
static void own_mount_stat(const struct base *b, struct base_stat *st)
{
	struct statx top;

	if (statx(b->root->fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		  STATX_BASIC_STATS, &top) == 0)
		from_statx(st, &top);
	st->ino = OWN_MOUNT_INO;
	st->mode = S_IFDIR | 0755;
	st->nlink = 2;
	st->size = 4096;
	st->blocks = 8;
}

/*
 * statx(2) of a name, without asking behind an agentfs mount: -EXDEV then. DONT_SYNC
 * asks nobody; where the base itself is remote it has to be asked, after a look at the
 * mount alone.
 */
static int stat_name(const struct base *b, int fd, const char *name, struct statx *ret)
{
	const unsigned wanted = STATX_BASIC_STATS | STATX_BTIME | STATX_MNT_ID;
	unsigned at = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;

	if (!name[0])
		at |= AT_EMPTY_PATH;
	if (statx(fd, name, at | AT_STATX_DONT_SYNC,
		  b->is_remote ? STATX_MNT_ID : wanted, ret) < 0)
		return -errno;
	if (base_is_own(b, ret))
		return -EXDEV;
	if (b->is_remote && statx(fd, name, at, wanted, ret) < 0)
		return -errno;
	return 0;
}

int base_stat(struct base_dir *d, const char *name, size_t len, struct base_stat *ret)
{
	struct base *b = d->base;
	char copy[NAME_BYTES_MAX + 1];
	struct statx st;
	int r = base_name_copy(name, len, copy), fd = -1;

	if (r < 0 || base_is_hidden(d, name, len))
		return -ENOENT;
	lock_take(&b->lock);
	r = base_dir_fd_locked(d, &fd);
	if (r == -EXDEV && len > 0) {
		r = -ENOENT; /* in an agentfs mount: empty */
	} else if (r == 0) {
		base_watch_locked(d, fd);
		r = stat_name(b, fd, copy, &st);
	}
	if (r == 0)
		from_statx(ret, &st);
	else if (r == -EXDEV)
		own_mount_stat(b, ret);
	lock_drop(&b->lock);
	return r == -EXDEV ? 0 : r;
}

static int open_listing(struct base_dir *d, DIR **ret_stream)
{
	struct base *b = d->base;
	int fd = -1, list_fd = -1, r;

	lock_take(&b->lock);
	r = base_dir_fd_locked(d, &fd);
	if (r == 0) {
		base_watch_locked(d, fd);
		r = base_open_at(fd, ".", O_RDONLY | O_DIRECTORY, &list_fd);
	}
	lock_drop(&b->lock);
	*ret_stream = NULL;
	if (r < 0)
		return r == -EXDEV ? 0 : r;
	*ret_stream = fdopendir(list_fd);
	if (*ret_stream)
		return 0;
	r = -errno;
	close(list_fd);
	return r;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' &&
	       (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

int base_list(struct base_dir *d, base_entry_fn each, void *arg)
{
	DIR *stream;
	struct dirent *e;
	int r = open_listing(d, &stream);

	if (r < 0 || !stream)
		return r;
	errno = 0;
	while (r == 0 && (e = readdir(stream))) {
		size_t len = strlen(e->d_name);

		if (!is_dot(e->d_name) && !base_is_hidden(d, e->d_name, len))
			r = each(arg, e->d_name, len, e->d_ino, e->d_type);
		errno = 0;
	}
	if (r == 0 && errno)
		r = -errno;
	closedir(stream);
	return r;
}

/* ---- the whole ---- */

static bool is_remote(int fd)
{
	struct statfs fs;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (statfs(path, &fs) < 0)
		return false;
	return fs.f_type == NFS_SUPER_MAGIC || fs.f_type == (long)CIFS_SUPER_MAGIC ||
	       fs.f_type == (long)SMB2_SUPER_MAGIC || fs.f_type == FUSE_SUPER_MAGIC ||
	       fs.f_type == V9FS_MAGIC;
}

static int open_root(struct base *b, int root_fd)
{
	struct statx st;
	int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);

	if (fd < 0)
		return error_set(-errno, "opening the base: %s", strerror(errno));
	b->root = dir_new(b, NULL, "", 0);
	if (!b->root) {
		close(fd);
		return -ENOMEM;
	}
	keep_fd(b->root, fd);
	if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return error_set(-errno, "looking at the base: %s", strerror(errno));
	if (!S_ISDIR(st.stx_mode))
		return error_set(-ENOTDIR, "the base is not a directory");
	b->dev = makedev(st.stx_dev_major, st.stx_dev_minor);
	b->mount_id = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
	b->is_remote = is_remote(fd);
	return 0;
}

int base_open(const struct base_options *options, struct base **ret_base)
{
	struct base *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	lock_init(&b->lock, LOCK_LEAF);
	b->inotify = -1;
	r = open_root(b, options->root_fd);
	if (r == 0 && options->hidden_name) {
		b->hidden_name = strdup(options->hidden_name);
		r = b->hidden_name ? 0 : -ENOMEM;
	}
	if (r == 0 && options->watch && !b->is_remote)
		b->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r < 0) {
		base_close(b);
		return r;
	}
	*ret_base = b;
	return 0;
}

void base_close(struct base *b)
{
	if (!b)
		return;
	lock_take(&b->lock);
	base_files_drop_locked(b, NULL, NULL, 0);
	if (b->root)
		base_dir_unref_locked(b->root);
	lock_drop(&b->lock);
	if (b->inotify >= 0)
		close(b->inotify);
	free(b->hidden_name);
	lock_release(&b->lock);
	free(b);
}

struct base_dir *base_root(struct base *b)
{
	return b->root;
}

uint64_t base_dev(const struct base *b)
{
	return b->dev;
}
