/*
 * Removal and manifests of trees. Removal walks by chdir and keeps the names of the way
 * down, so that a tree of thousands of levels needs neither a deep stack nor long
 * paths. A manifest has a line per node: mode, owner, links, size, times, inode and a
 * hash of content, link target and extended attributes.
 */
#include "fstest.h"
#include "fstest_tree.h"

#include <ftw.h>
#include <sys/xattr.h>

/* --- removal -------------------------------------------------------------------------
 */

/*
 * Empties the working directory as far as that goes without descending; the name of a
 * directory with something in it, or NULL. The caller frees it.
 */
static char *empty_here(void)
{
	DIR *dir = opendir(".");
	struct dirent *entry;
	char *ret = NULL;

	if (!dir)
		FAIL("removal: opendir: %s", strerrorname_np(errno));
	while (!ret && (errno = 0, entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		if (unlink(name) == 0 || (errno == EISDIR && rmdir(name) == 0))
			continue;
		if (errno == ENOTEMPTY)
			ret = strdup(name);
		else
			FAIL("removal: unlink(%.80s): %s", name,
			     strerrorname_np(errno));
	}
	if (!ret && errno != 0)
		FAIL("removal: readdir: %s", strerrorname_np(errno));
	closedir(dir);
	return ret;
}

static void remove_here(const char *name)
{
	if (rmdir(name) == 0)
		return;
	if (errno == ENOTEMPTY)
		FAIL("removal: rmdir(%.80s): ENOTEMPTY, though readdir shows nothing "
		     "in it",
		     name);
	FAIL("removal: rmdir(%.80s): %s", name, strerrorname_np(errno));
}

void tree_remove(const char *path)
{
	char **way = NULL;
	size_t depth = 0;
	size_t room = 0;

	if (chdir(path) < 0)
		FAIL("removal: chdir(%s): %s", path, strerrorname_np(errno));
	for (;;) {
		char *name = empty_here();

		if (!name && depth == 0)
			break;
		if (!name) {
			if (chdir("..") < 0)
				FAIL("removal: chdir(..): %s", strerrorname_np(errno));
			remove_here(way[--depth]);
			free(way[depth]);
			continue;
		}
		if (depth == room) {
			room = room ? room * 2 : 64;
			way = realloc(way, room * sizeof(*way));
			if (!way)
				abort();
		}
		way[depth++] = name;
		chmod(name, 0700);
		if (chdir(name) < 0)
			FAIL("removal: chdir(%.80s): %s", name, strerrorname_np(errno));
	}
	free(way);
	if (chdir("/") < 0)
		abort();
	remove_here(path);
}

/* --- manifests -----------------------------------------------------------------------
 */

static char **lines;
static size_t n_lines;
static size_t n_root;

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *byte = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ byte[i]) * 0x100000001b3ULL;
	return hash;
}

static uint64_t hash_content(uint64_t hash, const char *path, mode_t mode)
{
	static char buf[64 * KIB];
	ssize_t n;

	if (S_ISLNK(mode)) {
		n = readlink(path, buf, sizeof(buf));
		return n > 0 ? hash_bytes(hash, buf, (size_t)n) : 0;
	}
	if (!S_ISREG(mode))
		return hash;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0; /* a file that nobody may read: as good as no hash */
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		hash = hash_bytes(hash, buf, (size_t)n);
	close(fd);
	return hash;
}

static uint64_t hash_xattrs(const char *path)
{
	static char names[64 * KIB];
	static char value[64 * KIB];
	uint64_t hash = 0;
	ssize_t n = llistxattr(path, names, sizeof(names));

	for (char *name = names; n > 0 && name < names + n; name += strlen(name) + 1) {
		ssize_t size = lgetxattr(path, name, value, sizeof(value));
		uint64_t one = hash_bytes(0xcbf29ce484222325ULL, name, strlen(name));

		hash += hash_bytes(one, value, size > 0 ? (size_t)size : 0);
	}
	return hash;
}

static int manifest_node(const char *path, const struct stat *st, int type,
			 struct FTW *at)
{
	(void)type;
	(void)at;
	uint64_t hash = hash_content(0xcbf29ce484222325ULL, path, st->st_mode);
	const char *rel = path[n_root] ? path + n_root + 1 : ".";
	char *line = NULL;
	int len = asprintf(&line,
			   "%s\tmode=%o\town=%u:%u\tlinks=%lu\tsize=%lld\t"
			   "mtime=%lld.%09ld\tctime=%lld.%09ld\tino=%llu\t"
			   "content=%016llx\txattr=%016llx",
			   rel, st->st_mode, st->st_uid, st->st_gid,
			   (unsigned long)st->st_nlink, (long long)st->st_size,
			   (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
			   (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
			   (unsigned long long)st->st_ino, (unsigned long long)hash,
			   (unsigned long long)hash_xattrs(path));
	char **more = realloc(lines, (n_lines + 1) * sizeof(*lines));

	if (len < 0 || !more)
		return -1;
	lines = more;
	lines[n_lines++] = line;
	return 0;
}

static int line_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool manifest_read(const char *dir)
{
	while (n_lines > 0)
		free(lines[--n_lines]);
	n_root = strlen(dir);
	if (nftw(dir, manifest_node, 16, FTW_PHYS) != 0)
		return false;
	qsort(lines, n_lines, sizeof(*lines), line_cmp);
	return true;
}

bool tree_manifest_write(const char *dir, const char *file)
{
	FILE *out = manifest_read(dir) ? fopen(file, "we") : NULL;

	if (!out) {
		fprintf(stderr, "%s: %s\n", file, strerror(errno));
		return false;
	}
	for (size_t i = 0; i < n_lines; i++)
		fprintf(out, "%s\n", lines[i]);
	return fclose(out) == 0;
}

static void say_line(const char *what, const char *line)
{
	fs_say("# ");
	fs_say(what);
	fs_say(line);
	fs_say("\n");
}

bool tree_manifest_compare(const char *dir, const char *file)
{
	FILE *in = manifest_read(dir) ? fopen(file, "re") : NULL;
	char *line = NULL;
	size_t room = 0;
	size_t i = 0;
	bool same = true;

	if (!in) {
		say_line("cannot read ", file);
		return false;
	}
	while (getline(&line, &room, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		while (i < n_lines && strcmp(lines[i], line) < 0) {
			say_line("is now:  ", lines[i++]);
			same = false;
		}
		if (i < n_lines && strcmp(lines[i], line) == 0) {
			i++;
			continue;
		}
		say_line("expected: ", line);
		same = false;
	}
	for (; i < n_lines; i++) {
		say_line("is now:  ", lines[i]);
		same = false;
	}
	free(line);
	fclose(in);
	return same;
}
