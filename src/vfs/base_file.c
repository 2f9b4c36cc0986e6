/* Objects of the base: content through a bounded cache of descriptors, links, xattrs.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "vfs/base_internal.h"

/* ---- fingerprints ---- */

bool fingerprint_matches(const struct fingerprint *expected,
			 const struct base_stat *now, bool same_boot)
{
	if (expected->size != now->size || expected->mtime_ns != now->mtime_ns)
		return false;
	if (!same_boot)
		return true;
	return (!expected->ino || expected->ino == now->ino) &&
	       (!expected->dev || expected->dev == now->dev);
}

void fingerprint_from(struct fingerprint *ret, const struct base_stat *st)
{
	*ret = (struct fingerprint){
		.size = st->size,
		.mtime_ns = st->mtime_ns,
		.ctime_ns = st->ctime_ns,
		.ino = st->ino,
		.dev = st->dev,
	};
}

static int check_fingerprint(int fd, const struct fingerprint *expected)
{
	struct base_stat now = {0};
	struct stat st;

	if (!expected)
		return 0;
	if (fstat(fd, &st) < 0)
		return -errno;
	now.size = st.st_size;
	now.mtime_ns = clock_from_timespec(st.st_mtim);
	now.ino = st.st_ino;
	now.dev = st.st_dev;
	return fingerprint_matches(expected, &now, true) ? 0 : -ESTALE;
}

/* ---- cache of open files ---- */

static void lru_remove(struct base *b, struct base_file *f)
{
	*(f->newer ? &f->newer->older : &b->newest_file) = f->older;
	*(f->older ? &f->older->newer : &b->oldest_file) = f->newer;
	f->newer = f->older = NULL;
}

static void lru_add(struct base *b, struct base_file *f)
{
	f->older = b->newest_file;
	f->newer = NULL;
	*(f->older ? &f->older->newer : &b->oldest_file) = f;
	b->newest_file = f;
}

static void file_free(struct base_file *f)
{
	close(f->fd);
	base_dir_unref_locked(f->key.dir);
	free(f);
}

/* Takes the file out of the cache; it is closed now or after its last user. */
static void file_forget(struct base *b, struct base_file *f)
{
	HASH_DELETE(hh, b->files, f);
	lru_remove(b, f);
	b->n_files--;
	if (f->users)
		f->forgotten = true;
	else
		file_free(f);
}

static struct base_file *file_find(struct base *b, struct base_dir *d, const char *name,
				   size_t len)
{
	struct {
		struct base_dir *dir;
		char name[NAME_BYTES_MAX + 1];
	} key;
	struct base_file *f;

	memset(&key, 0, sizeof(key));
	key.dir = d;
	memcpy(key.name, name, len);
	HASH_FIND(hh, b->files, &key, sizeof(key.dir) + len, f);
	return f;
}

void base_files_drop_locked(struct base *b, struct base_dir *dir, const char *name,
			    size_t len)
{
	struct base_file *f, *next;

	if (dir && name) {
		f = file_find(b, dir, name, len);
		if (f)
			file_forget(b, f);
		return;
	}
	HASH_ITER (hh, b->files, f, next) {
		if (!dir || f->key.dir == dir)
			file_forget(b, f);
	}
}

static bool is_below(const struct base_dir *d, const struct base_dir *top)
{
	while (d && d != top)
		d = d->parent;
	return d != NULL;
}

void base_files_drop_below_locked(struct base_dir *top)
{
	struct base_file *f, *next;

	HASH_ITER (hh, top->base->files, f, next) {
		if (is_below(f->key.dir, top))
			file_forget(top->base, f);
	}
}

void base_forget_fd(struct base_dir *d, const char *name, size_t len)
{
	lock_take(&d->base->lock);
	base_files_drop_locked(d->base, d, name, len);
	lock_drop(&d->base->lock);
}

/* Opens a regular file for reading, without moving its time of access if possible. */
static int open_file(int dir_fd, const char *name, int *ret_fd)
{
	const uint64_t flags = O_RDONLY | O_NONBLOCK | O_NOCTTY;
	struct stat st;
	int fd, r = base_open_at(dir_fd, name, flags | O_NOATIME, &fd);

	if (r == -EPERM)
		r = base_open_at(dir_fd, name, flags, &fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		return -ESTALE;
	}
	*ret_fd = fd;
	return 0;
}

static int file_open_locked(struct base_dir *d, const char *name, size_t len,
			    struct base_file **ret_file)
{
	struct base *b = d->base;
	struct base_file *f;
	char copy[NAME_BYTES_MAX + 1];
	int dir_fd, r = base_name_copy(name, len, copy);

	if (r == 0)
		r = base_dir_fd_locked(d, &dir_fd);
	if (r < 0)
		return r;
	f = calloc(1, sizeof(*f) + len + 1);
	if (!f)
		return -ENOMEM;
	r = open_file(dir_fd, copy, &f->fd);
	if (r < 0) {
		free(f);
		return r;
	}
	if (b->n_files >= BASE_FILE_FDS)
		file_forget(b, b->oldest_file);
	f->key.dir = d;
	d->refs++;
	memcpy(f->key.name, name, len);
	f->key_len = sizeof(f->key) + len;
	HASH_ADD(hh, b->files, key, f->key_len, f);
	lru_add(b, f);
	b->n_files++;
	*ret_file = f;
	return 0;
}

/* An open file with one more user. `fresh`: not the one in the cache. */
static int file_get(struct base_dir *d, const char *name, size_t len, bool fresh,
		    struct base_file **ret_file)
{
	struct base *b = d->base;
	struct base_file *f;
	int r = 0;

	lock_take(&b->lock);
	f = file_find(b, d, name, len);
	if (f && fresh) {
		file_forget(b, f);
		f = NULL;
	}
	if (f) {
		lru_remove(b, f);
		lru_add(b, f);
	} else {
		r = file_open_locked(d, name, len, &f);
	}
	if (r == 0) {
		f->users++;
		*ret_file = f;
	}
	lock_drop(&b->lock);
	return r;
}

static void file_put(struct base *b, struct base_file *f)
{
	lock_take(&b->lock);
	if (--f->users == 0 && f->forgotten)
		file_free(f);
	lock_drop(&b->lock);
}

static int64_t read_fd(int fd, int64_t off, void *data, size_t n)
{
	size_t done = 0;

	while (done < n) {
		ssize_t got =
			pread(fd, (char *)data + done, n - done, off + (int64_t)done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (int64_t)done;
}

static int64_t read_checked(int fd, const struct fingerprint *expected, int64_t off,
			    void *data, size_t n)
{
	int64_t r = check_fingerprint(fd, expected), got;

	if (r < 0)
		return r;
	got = read_fd(fd, off, data, n);
	r = check_fingerprint(fd, expected);
	return r < 0 ? r : got;
}

int64_t base_read(struct base_dir *d, const char *name, size_t len,
		  const struct fingerprint *expected, int64_t off, void *data, size_t n)
{
	int64_t r = -ESTALE;

	/* A cached descriptor may be of a file that was replaced: then once more. */
	for (int try = 0; try < 2 && r == -ESTALE; try++) {
		struct base_file *f;

		r = file_get(d, name, len, try > 0, &f);
		if (r < 0)
			return r == -ENOENT || r == -ENOTDIR ? -ESTALE : r;
		r = read_checked(f->fd, expected, off, data, n);
		file_put(d->base, f);
	}
	return r;
}

int64_t base_seek(struct base_dir *d, const char *name, size_t len, int64_t off,
		  int whence)
{
	struct base_file *f;
	int64_t r = file_get(d, name, len, false, &f);

	if (r < 0)
		return r;
	r = lseek(f->fd, off, whence);
	if (r < 0)
		r = -errno;
	file_put(d->base, f);
	return r;
}

/* ---- links and extended attributes ---- */

/* An O_PATH descriptor of any object. */
static int open_path(struct base_dir *d, const char *name, size_t len, int *ret_fd)
{
	struct base *b = d->base;
	char copy[NAME_BYTES_MAX + 1];
	int dir_fd, r = base_name_copy(name, len, copy);

	if (r < 0)
		return r;
	lock_take(&b->lock);
	r = base_dir_fd_locked(d, &dir_fd);
	if (r == 0)
		r = base_open_at(dir_fd, len ? copy : ".", O_PATH, ret_fd);
	lock_drop(&b->lock);
	return r;
}

int base_readlink(struct base_dir *d, const char *name, size_t len,
		  struct buf *ret_target)
{
	_cleanup_close_ int fd = -1;
	char target[4097];
	ssize_t n;
	int r = open_path(d, name, len, &fd);

	if (r < 0)
		return r;
	n = readlinkat(fd, "", target, sizeof(target));
	if (n < 0)
		return errno == ENOENT ? -EINVAL : -errno;
	return buf_add(ret_target, target, (size_t)n);
}

typedef ssize_t (*xattr_call)(const char *path, const char *name, void *value,
			      size_t size);

static ssize_t call_list(const char *path, const char *name, void *value, size_t size)
{
	(void)name;
	return llistxattr(path, value, size);
}

/* One call on the object; under the lock, since its directory's descriptor is used. */
static ssize_t call_xattr(struct base_dir *d, const char *name, xattr_call call,
			  const char *xattr, struct buf *ret)
{
	char path[64 + NAME_BYTES_MAX];
	struct statx st;
	ssize_t size;
	int fd = -1, r;

	lock_take(&d->base->lock);
	r = base_dir_fd_locked(d, &fd);
	/* A mount of our own may lie on the name, which must not be asked. */
	if (r == 0 && name[0] &&
	    statx(fd, name, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
		  STATX_MNT_ID, &st) == 0 &&
	    base_is_own(d->base, &st))
		r = -EXDEV;
	if (r == 0) {
		/* The directory's descriptor by its path, then the name, not followed.
		 */
		snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fd,
			 name[0] ? name : ".");
		size = call(path, xattr, ret->data + ret->len,
			    ret->capacity - ret->len);
		r = size < 0 ? -errno : (int)size;
	}
	lock_drop(&d->base->lock);
	return r;
}

#define XATTR_GUESS 256

static int read_xattr(struct base_dir *d, const char *name, size_t len, xattr_call call,
		      const char *xattr, struct buf *ret)
{
	char copy[NAME_BYTES_MAX + 1];
	size_t room = XATTR_GUESS;
	ssize_t size = base_name_copy(name, len, copy);

	while (size >= 0) {
		int r = buf_reserve(ret, room);

		if (r < 0)
			return r;
		size = call_xattr(d, copy, call, xattr, ret);
		if (size != -ERANGE)
			break;
		size = 0;
		room = room * 8 < XATTR_SIZE_MAX ? room * 8 : XATTR_SIZE_MAX + 1;
	}
	if (size == -EXDEV)
		return call == call_list ? 0 : -ENODATA;
	if (size < 0)
		return (int)size;
	ret->len += (size_t)size;
	ret->data[ret->len] = '\0';
	return 0;
}

int base_getxattr(struct base_dir *d, const char *name, size_t len, const char *xattr,
		  struct buf *ret_value)
{
	return read_xattr(d, name, len, lgetxattr, xattr, ret_value);
}

int base_listxattr(struct base_dir *d, const char *name, size_t len,
		   struct buf *ret_names)
{
	return read_xattr(d, name, len, call_list, NULL, ret_names);
}
