/*
 * Random operations on a view and the same on a plain directory: after every batch both
 * trees must be the same, also after reopening. The plain directory starts as a copy of
 * the base. AGENTFS_SEED and AGENTFS_STEPS choose the run; the seed is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "view_tree.h"

static struct tree t;
static char plain[96];
static uint64_t seed;

static uint32_t pick(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % n;
}

/* A path of up to three levels out of few names, so that operations meet. */
static void pick_path(char *path, size_t size)
{
	static const char *const dirs[] = {"", "/d0", "/d1", "/d0/d2", "/d3", "/d1/d0"};
	static const char *const names[] = {"d0", "d1", "d2",  "d3", "f0",
					    "f1", "f2", "big", "l0"};

	snprintf(path, size, "%s/%s", dirs[pick(6)], names[pick(9)]);
}

static const char *host(const char *path)
{
	static char buffers[2][256];
	static int next;

	next = !next;
	snprintf(buffers[next], sizeof(buffers[next]), "%s%s", plain, path);
	return buffers[next];
}

static int result(int r)
{
	return r < 0 ? -errno : 0;
}

static uint8_t pattern[300000];

static int host_write(const char *path, int64_t off, size_t len)
{
	int fd = open(host(path), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = pwrite(fd, pattern, len, off);
	assert_int_equal(n, len);
	close(fd);
	return 0;
}

static int host_fallocate(const char *path, int mode, int64_t off, int64_t len)
{
	int fd = open(host(path), O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0)
		return -errno;
	r = result(fallocate(fd, mode, off, len));
	close(fd);
	return r;
}

static int host_create(const char *path, mode_t mode)
{
	int fd = open(host(path), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Kinds of objects differ in what a failing call says first; both must fail. */
static void same(const char *what, const char *path, int64_t view, int64_t plain_result)
{
	if ((view < 0) != (plain_result < 0))
		fail_msg("%s %s: view %lld, plain %lld", what, path, (long long)view,
			 (long long)plain_result);
}

static bool is_regular(const char *path)
{
	struct stat st;

	return lstat(host(path), &st) == 0 && S_ISREG(st.st_mode);
}

static void step_content(uint32_t what, const char *path)
{
	static const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	int64_t off = pick(4) ? pick(5000) : pick(1500000);
	size_t len = pick(4) ? pick(5000) + 1 : pick(sizeof(pattern)) + 1;

	if (!is_regular(path))
		return;
	pattern[pick(sizeof(pattern))] = (uint8_t)pick(256);
	switch (what) {
	case 0:
	case 1:
		same("write", path, tree_write(&t, path, off, pattern, len),
		     host_write(path, off, len));
		break;
	case 2:
		same("truncate", path, tree_truncate(&t, path, off),
		     result(truncate(host(path), off)));
		break;
	case 3:
		same("punch", path, tree_fallocate(&t, path, punch, off, (int64_t)len),
		     host_fallocate(path, punch, off, (int64_t)len));
		break;
	default:
		same("zero", path,
		     tree_fallocate(&t, path, FALLOC_FL_ZERO_RANGE, off, (int64_t)len),
		     host_fallocate(path, FALLOC_FL_ZERO_RANGE, off, (int64_t)len));
	}
}

static void step_rename(const char *from, const char *to)
{
	uint32_t flags = pick(4) ? 0 : pick(2) ? RENAME_EXCHANGE : RENAME_NOREPLACE;

	same("rename", from, tree_rename(&t, from, to, flags),
	     result(renameat2(AT_FDCWD, host(from), AT_FDCWD, host(to), flags)));
}

/*
 * The host follows links in the middle of a path, as the kernel does for a mount; a
 * view walked by itself does not. Such paths are left out.
 */
static bool goes_through_link(const char *path)
{
	char part[64];
	struct stat st;

	for (const char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (lstat(host(part), &st) == 0 && S_ISLNK(st.st_mode))
			return true;
	}
	return false;
}

static void step(void)
{
	char path[64], other[64];
	uint32_t what = pick(24);

	pick_path(path, sizeof(path));
	pick_path(other, sizeof(other));
	if (goes_through_link(path) || goes_through_link(other))
		return;
	switch (what) {
	case 0:
	case 1:
	case 2:
		same("create", path, tree_create(&t, path, 0644),
		     host_create(path, 0644));
		break;
	case 3:
	case 4:
		same("mkdir", path, tree_mkdir(&t, path, 0755),
		     result(mkdir(host(path), 0755)));
		break;
	case 5:
		same("symlink", path, tree_symlink(&t, other, path),
		     result(symlink(other, host(path))));
		break;
	case 6:
		same("link", path, tree_link(&t, path, other),
		     result(link(host(path), host(other))));
		break;
	case 7:
	case 8:
		same("unlink", path, tree_unlink(&t, path), result(unlink(host(path))));
		break;
	case 9:
	case 10:
		same("rmdir", path, tree_rmdir(&t, path), result(rmdir(host(path))));
		break;
	case 11:
	case 12:
	case 13:
	case 14:
		step_rename(path, other);
		break;
	case 15: {
		struct stat st;
		mode_t mode = 0700 | pick(0100);

		if (lstat(host(path), &st) == 0 && !S_ISLNK(st.st_mode))
			same("chmod", path, tree_chmod(&t, path, mode),
			     result(chmod(host(path), mode)));
		break;
	}
	default:
		step_content(what % 5, path);
	}
}

static void compare(const char *when, long n)
{
	struct buf view = BUF_INIT, host_dump = BUF_INIT;

	tree_dump(&t, &view);
	tree_dump_dir(plain, &host_dump);
	if (strcmp(view.data, host_dump.data) != 0) {
		fprintf(stderr, "--- view\n%s--- plain\n%s", view.data, host_dump.data);
		fail_msg("the trees differ %s step %ld", when, n);
	}
	buf_release(&view);
	buf_release(&host_dump);
}

static void random_operations(void **state)
{
	const char *steps_text = getenv("AGENTFS_STEPS");
	long steps = steps_text ? atol(steps_text) : 20000;

	(void)state;
	tree_make(&t);
	snprintf(plain, sizeof(plain), "%s/plain", t.top);
	tree_base(&t, "umask 022; mkdir -p d0/d2 d1 d3; echo zero >d0/f0; "
		      "ln d0/f0 d1/f1; ln -s f0 d0/l0; echo two >d0/d2/f2; "
		      "head -c 2000000 /dev/urandom >d1/big; "
		      "head -c 300000 /dev/urandom >big; "
		      "cp -a . ../plain; chmod 755 . ../plain");
	umask(0);
	tree_open(&t);
	compare("before", 0);
	for (long i = 1; i <= steps; i++) {
		step();
		if (i % 500 == 0)
			compare("after", i);
		if (i % 2000 == 0) {
			tree_close(&t);
			tree_open(&t);
			compare("after reopening at", i);
		}
	}
	tree_close(&t);
	tree_remove(&t);
}

int main(void)
{
	const char *text = getenv("AGENTFS_SEED");
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_operations)};

	seed = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL);
	fprintf(stderr, "# seed %llu\n", (unsigned long long)seed);
	for (size_t i = 0; i < sizeof(pattern); i++)
		pattern[i] = (uint8_t)(i * 31 % 251);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
