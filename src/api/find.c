/* Where volumes are: beside their project, or in the user's state directory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "api/volume.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"

#define ID_MAX	 64
#define DIR_NAME ".agentfs"

bool agentfs_id_valid(const char *id)
{
	size_t len = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				"0123456789-_");

	return len > 0 && len <= ID_MAX && id[len] == '\0';
}

/* The state directory's folder for the volumes of the project `dir`. */
static int state_folder(const char *dir, struct buf *ret)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	unsigned long long hash = XXH3_64bits(dir, strlen(dir));

	if (state && state[0] == '/')
		return buf_printf(ret, "%s/agentfs/%016llx", state, hash);
	if (home && home[0] == '/')
		return buf_printf(ret, "%s/.local/state/agentfs/%016llx", home, hash);
	return error_set(-ENOENT, "neither XDG_STATE_HOME nor HOME is set");
}

static bool is_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

/* DIR/.agentfs/ID.db, or below the state directory. 1: found. */
static int look_in(const char *dir, const char *id, bool state, struct buf *ret)
{
	int r;

	buf_clear(ret);
	if (state)
		r = state_folder(dir, ret);
	else
		r = buf_printf(ret, "%s/" DIR_NAME, strcmp(dir, "/") ? dir : "");
	if (r == 0)
		r = buf_printf(ret, "/%s.db", id);
	if (r < 0)
		return r;
	if (is_there(ret->data))
		return 1;
	volume_remove_leftovers(ret->data);
	return 0;
}

/* Upwards from `start`. 1: found. */
static int look_upwards(const char *start, const char *id, bool state, struct buf *ret)
{
	_cleanup_free_ char *dir = strdup(start);
	int r;

	if (!dir)
		return -ENOMEM;
	for (;;) {
		r = look_in(dir, id, state, ret);
		if (r != 0 || strcmp(dir, "/") == 0)
			return r;
		dir[path_parent_len(dir)] = '\0';
	}
}

static int look_everywhere(const char *start, const char *id, char **ret_path)
{
	struct buf path = BUF_INIT;
	int r = look_upwards(start, id, false, &path);

	if (r == 0)
		r = look_upwards(start, id, true, &path);
	if (r == 1)
		*ret_path = buf_take(&path);
	else
		buf_release(&path);
	return r == -ENOENT ? 0 : r; /* no state directory */
}

int agentfs_volume_find(const char *id, const char *start, char **ret_path)
{
	_cleanup_free_ char *dir = realpath(start ? start : ".", NULL), *path = NULL;
	struct stat st;
	int r = 0;

	if (!dir)
		return error_set(-errno, "%s: %s", start ? start : ".",
				 strerror(errno));
	if (agentfs_id_valid(id))
		r = look_everywhere(dir, id, &path);
	if (r < 0)
		return r;
	if (r == 0 && stat(id, &st) == 0 && !S_ISDIR(st.st_mode)) {
		path = realpath(id, NULL);
		if (!path)
			return error_set(-errno, "%s: %s", id, strerror(errno));
	}
	if (path) {
		*ret_path = take_ptr(path);
		return 0;
	}
	if (agentfs_id_valid(id))
		return error_set(-ENOENT,
				 "no volume %s: looked for " DIR_NAME "/%s.db in %s "
				 "and the directories above it; `agentfs list` shows "
				 "what is there",
				 id, id, dir);
	return error_set(-ENOENT,
			 "%s: there is no such file, and it is no volume's ID "
			 "(letters, digits, '-' and '_')",
			 id);
}

/* ---- all of them ---- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder that end in ".db", sorted; NULL-terminated, free each. */
static char **volume_names(const char *folder)
{
	DIR *dir = opendir(folder);
	char **names = calloc(1, sizeof(*names));
	struct dirent *e;
	size_t n = 0;

	while (dir && names && (e = readdir(dir))) {
		size_t len = strlen(e->d_name);
		char **more;

		if (len <= 3 || strcmp(e->d_name + len - 3, ".db") != 0)
			continue;
		more = realloc(names, (n + 2) * sizeof(*names));
		if (!more)
			break;
		names = more;
		names[n] = strdup(e->d_name);
		n += names[n] != NULL;
		names[n] = NULL;
	}
	if (dir)
		closedir(dir);
	if (names)
		qsort(names, n, sizeof(*names), compare_names);
	return names;
}

static int walk_folder(const char *folder, int (*each)(void *arg, const char *path),
		       void *arg)
{
	char **names = volume_names(folder);
	int r = names ? 0 : -ENOMEM;

	for (char **name = names; name && *name; name++) {
		struct buf path = BUF_INIT;

		if (r == 0)
			r = buf_printf(&path, "%s/%s", folder, *name);
		if (r == 0)
			r = each(arg, path.data);
		buf_release(&path);
		free(*name);
	}
	free(names);
	return r;
}

static int walk_dir(const char *dir, int (*each)(void *arg, const char *path),
		    void *arg)
{
	struct buf folder = BUF_INIT;
	int r = buf_printf(&folder, "%s/" DIR_NAME, strcmp(dir, "/") ? dir : "");

	if (r == 0)
		r = walk_folder(folder.data, each, arg);
	buf_clear(&folder);
	if (r == 0 && state_folder(dir, &folder) == 0)
		r = walk_folder(folder.data, each, arg);
	buf_release(&folder);
	return r;
}

int agentfs_volumes_walk(const char *start, int (*each)(void *arg, const char *path),
			 void *arg)
{
	_cleanup_free_ char *dir = realpath(start ? start : ".", NULL);
	int r;

	if (!dir)
		return error_set(-errno, "%s: %s", start ? start : ".",
				 strerror(errno));
	for (;;) {
		r = walk_dir(dir, each, arg);
		if (r != 0 || strcmp(dir, "/") == 0)
			return r;
		dir[path_parent_len(dir)] = '\0';
	}
}

/* ---- new ones ---- */

int agentfs_id_generate(const char *prefix, const char *dir, char **ret_id)
{
	static const char letters[] = "abcdefghijkmnpqrstuvwxyz23456789";

	for (int tries = 0; tries < 100; tries++) {
		struct buf path = BUF_INIT, id = BUF_INIT;
		unsigned char random[6];
		bool used;
		int r = getrandom(random, sizeof(random), 0) == sizeof(random)
				? buf_printf(&id, "%s-", prefix)
				: -EIO;

		for (size_t i = 0; r == 0 && i < sizeof(random); i++)
			r = buf_add_char(&id, letters[random[i] % 32]);
		if (r == 0)
			r = buf_printf(&path, "%s/" DIR_NAME "/%s.db", dir, id.data);
		used = r == 0 && is_there(path.data);
		buf_release(&path);
		if (r == 0 && !used && agentfs_id_valid(id.data)) {
			*ret_id = buf_take(&id);
			return 0;
		}
		buf_release(&id);
		if (r < 0)
			return r;
	}
	return error_set(-EEXIST, "no unused ID begins with %s-", prefix);
}

/* ---- the place of a new volume ---- */

static int write_gitignore(int dir_fd)
{
	int fd = openat(dir_fd, ".gitignore", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			0600);
	ssize_t n;

	if (fd < 0)
		return errno == EEXIST ? 0 : -errno;
	n = write(fd, "*\n", 2);
	close(fd);
	return n == 2 ? 0 : -EIO;
}

/* Makes the folder, if it is not there, and its .gitignore. */
static int make_folder(int parent_fd, const char *name)
{
	_cleanup_close_ int fd = -1;
	bool made = mkdirat(parent_fd, name, 0700) == 0;

	if (!made && errno != EEXIST)
		return -errno;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0)
		return -errno;
	return made ? write_gitignore(fd) : 0;
}

/* The project shows no trace but the folder: its mtime is put back. */
static int make_in_project(const char *dir)
{
	_cleanup_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	r = make_folder(fd, DIR_NAME);
	if (r == 0) {
		struct timespec times[2] = {st.st_atim, st.st_mtim};

		futimens(fd, times); /* allowed to the owner only: then it stays */
	}
	return r;
}

static int make_path(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		int failed;

		*p = '\0';
		failed = mkdir(path, 0700) < 0 ? errno : 0;
		*p = '/';
		/* What is there may say EROFS or EACCES too: the next step tells. */
		if (failed == ENOSPC || failed == ENOTDIR)
			return -failed;
	}
	return 0;
}

static int place_in_state(const char *dir, struct buf *ret)
{
	int r;

	buf_clear(ret);
	r = state_folder(dir, ret);
	if (r == 0)
		r = make_path(ret->data);
	if (r == 0)
		r = make_folder(AT_FDCWD, ret->data);
	return r < 0 ? error_set(r, "making %s: %s", ret->data ? ret->data : "a folder",
				 strerror(-r))
		     : 0;
}

int agentfs_volume_place(const char *dir, const char *id, char **ret_path)
{
	_cleanup_free_ char *real = realpath(dir, NULL);
	struct buf path = BUF_INIT;
	int r;

	if (!real)
		return error_set(-errno, "%s: %s", dir, strerror(errno));
	if (!agentfs_id_valid(id))
		return error_set(-EINVAL,
				 "%s cannot be an ID: 1 to %d letters, digits, '-' and "
				 "'_' can",
				 id, ID_MAX);
	r = make_in_project(real);
	if (r == 0)
		r = buf_printf(&path, "%s/" DIR_NAME, strcmp(real, "/") ? real : "");
	else if (r == -EACCES || r == -EPERM || r == -EROFS)
		r = place_in_state(real, &path);
	else
		error_set(r, "making %s/" DIR_NAME ": %s", real, strerror(-r));
	if (r == 0)
		r = buf_printf(&path, "/%s.db", id);
	if (r == 0)
		*ret_path = buf_take(&path);
	buf_release(&path);
	return r;
}
