/*
 * Harness, second half: checks, other users, and the small file helpers of the tests.
 */
#include "fstest.h"
#include "fstest_tree.h"

#include <grp.h>
#include <sys/prctl.h>

/* --- checks --------------------------------------------------------------------------
 */

static const char *err_name(int err)
{
	const char *name = strerrorname_np(err);

	return name ? name : "an unknown error";
}

void fs_check(const char *file, int line, const char *text, bool cond)
{
	if (!cond)
		fs_fail(file, line, "expected: %s (errno is %s)", text,
			err_name(errno));
	fs_passed(file, line);
}

void fs_check_eq(const char *file, int line, const char *text, int64_t got,
		 int64_t want)
{
	if (got == -1 && want != -1)
		fs_fail(file, line, "expected: %s; got -1 (errno is %s), not %lld",
			text, err_name(errno), (long long)want);
	if (got != want)
		fs_fail(file, line, "expected: %s; got %lld, not %lld", text,
			(long long)got, (long long)want);
	fs_passed(file, line);
}

void fs_check_mode(const char *file, int line, const char *path, unsigned want)
{
	unsigned got = fs_lstat(file, line, path).st_mode & 07777;

	if (got != want)
		fs_fail(file, line, "expected: mode of %s is %04o; got %04o", path,
			want, got);
}

int fs_ok(const char *file, int line, const char *text, int64_t result)
{
	if (result < 0)
		fs_fail(file, line, "expected success of %s; got %s", text,
			err_name(errno));
	fs_passed(file, line);
	return (int)result;
}

void fs_expect_err(const char *file, int line, const char *text, int64_t result,
		   int want)
{
	int got = errno;

	if (result != -1)
		fs_fail(file, line, "expected %s of %s; it returned %lld",
			err_name(want), text, (long long)result);
	if (got != want)
		fs_fail(file, line, "expected %s of %s; got %s", err_name(want), text,
			err_name(got));
	fs_passed(file, line);
}

/* --- users ---------------------------------------------------------------------------
 */

static uid_t the_other_uid = 65534;
static gid_t the_other_gid = 65534;

/* Whether there is to be another user at all. */
static bool other_read(void)
{
	const char *text = getenv("FSTEST_USER");

	if (!text)
		return true;
	return sscanf(text, "%u:%u", &the_other_uid, &the_other_gid) == 2;
}

uid_t other_uid(void)
{
	other_read();
	return the_other_uid;
}

gid_t other_gid(void)
{
	other_read();
	return the_other_gid;
}

bool is_root(void)
{
	unsigned first = 1;
	unsigned outside = 1;
	unsigned count = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");

	if (map && fscanf(map, "%u %u %u", &first, &outside, &count) != 3)
		count = 0;
	if (map)
		fclose(map);
	return geteuid() == 0 && first == 0 && count >= 65536;
}

void need_root(void)
{
	if (!is_root())
		SKIP("needs root and its choice of ids");
}

void need_ids_of_others(void)
{
	unsigned first, outside, count = 0;
	FILE *f = fopen("/proc/self/uid_map", "re");

	if (f && fscanf(f, "%u %u %u", &first, &outside, &count) == 3 && count == 1) {
		fclose(f);
		SKIP("needs ids of others in its user namespace");
	}
	if (f)
		fclose(f);
}

void need_machine_root(void)
{
	struct stat st;

	need_root();
	/* The number of the first user namespace is part of the kernel's ABI. */
	if (stat("/proc/self/ns/user", &st) < 0 || st.st_ino != 0xEFFFFFFDU)
		SKIP("needs root outside of any user namespace");
}

static void become(uid_t uid, gid_t gid)
{
	OK(setgroups(0, NULL));
	OK(setresgid(gid, gid, gid));
	OK(setresuid(uid, uid, uid));
	/* Or /proc/self would be root's from here on. */
	OK(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

void need_other(void)
{
	struct stat st;

	need_root();
	if (!other_read())
		SKIP("FSTEST_USER names nobody");
	if (as_other()) {
		if (stat(".", &st) < 0)
			SKIP("the other user cannot reach this filesystem (%s)",
			     err_name(errno));
		done();
	}
}

void be_plain(void)
{
	if (geteuid() != 0)
		return;
	need_other();
	OK(chown(".", the_other_uid, the_other_gid));
	become(the_other_uid, the_other_gid);
}

bool fs_in_child(const char *file, int line)
{
	pid_t pid = fs_fork();

	if (pid == 0)
		return true;
	fs_join(file, line, pid);
	return false;
}

bool fs_as_user(const char *file, int line, uid_t uid, gid_t gid)
{
	if (!fs_in_child(file, line))
		return false;
	become(uid, gid);
	return true;
}

struct gate gate_new(void)
{
	struct gate gate;

	OK(pipe2(gate.fd, O_CLOEXEC));
	return gate;
}

void gate_open(const struct gate *gate)
{
	OK_N(write(gate->fd[1], "g", 1), 1);
}

void gate_wait(const struct gate *gate)
{
	char byte;

	OK_N(read(gate->fd[0], &byte, 1), 1);
}

/* --- files ---------------------------------------------------------------------------
 */

int64_t fs_access(const char *path)
{
	struct stat st;

	return lstat(path, &st);
}

struct stat fs_lstat(const char *file, int line, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		fs_fail(file, line, "expected that %.80s is there; got %s", path,
			err_name(errno));
	return st;
}

struct stat fs_fstat(const char *file, int line, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		fs_fail(file, line, "expected success of fstat; got %s",
			err_name(errno));
	return st;
}

void fs_touch(const char *file, int line, const char *path, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

	if (fd < 0)
		fs_fail(file, line, "creating %.80s: %s", path, err_name(errno));
	close(fd);
}

void fs_put(const char *file, int line, const char *path, const char *text)
{
	size_t len = strlen(text);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		fs_fail(file, line, "opening %.80s to write: %s", path,
			err_name(errno));
	if (write(fd, text, len) != (ssize_t)len)
		fs_fail(file, line, "writing %.80s: %s", path, err_name(errno));
	close(fd);
}

void copy_in(const char *from, const char *to, mode_t mode)
{
	static char buf[64 * KIB];
	int in = OK(open(from, O_RDONLY | O_CLOEXEC));
	int out = OK(open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
	ssize_t n;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		OK_N(write(out, buf, (size_t)n), n);
	OK(close(in));
	OK(close(out));
}

/* Never zero, and with a period that no block size divides. */
static unsigned char pattern(int64_t off, unsigned seed)
{
	return (unsigned char)(1 +
			       ((uint64_t)off * 7 + seed * 31 + (uint64_t)(off / 251)) %
				       255);
}

void fs_fill_fd(const char *file, int line, int fd, int64_t off, int64_t size,
		unsigned seed)
{
	static unsigned char buf[256 * KIB];

	while (size > 0) {
		int64_t n = size < (int64_t)sizeof(buf) ? size : (int64_t)sizeof(buf);

		for (int64_t i = 0; i < n; i++)
			buf[i] = pattern(off + i, seed);
		ssize_t written = pwrite(fd, buf, (size_t)n, off);
		if (written != n)
			fs_fail(file, line,
				"writing %lld bytes at %lld: %zd (errno is %s)",
				(long long)n, (long long)off, written, err_name(errno));
		off += n;
		size -= n;
	}
}

void fs_fill(const char *file, int line, const char *path, int64_t size, unsigned seed)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		fs_fail(file, line, "opening %.80s to write: %s", path,
			err_name(errno));
	fs_fill_fd(file, line, fd, 0, size, seed);
	close(fd);
}

void fs_range(const char *file, int line, int fd, int64_t off, int64_t size, int seed)
{
	static unsigned char buf[256 * KIB];

	while (size > 0) {
		int64_t n = size < (int64_t)sizeof(buf) ? size : (int64_t)sizeof(buf);
		ssize_t got = pread(fd, buf, (size_t)n, off);

		if (got <= 0)
			fs_fail(file, line, "expected %lld bytes at %lld; got %zd (%s)",
				(long long)size, (long long)off, got,
				got < 0 ? err_name(errno) : "end of file");
		for (ssize_t i = 0; i < got; i++) {
			unsigned want = seed < 0 ? 0 : pattern(off + i, (unsigned)seed);

			if (buf[i] != want)
				fs_fail(file, line,
					"expected byte %02x (seed %d) at %lld; got "
					"%02x",
					want, seed, (long long)(off + i), buf[i]);
		}
		off += got;
		size -= got;
	}
	fs_passed(file, line);
}

void fs_text(const char *file, int line, const char *path, const char *want)
{
	char buf[8 * KIB];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fs_fail(file, line, "expected success of open(%.80s); got %s", path,
			err_name(errno));
	ssize_t n = read(fd, buf, sizeof(buf) - 1);
	if (n < 0)
		fs_fail(file, line, "expected success of read(%.80s); got %s", path,
			err_name(errno));
	close(fd);
	buf[n] = '\0';
	if ((size_t)n != strlen(want) || memcmp(buf, want, (size_t)n) != 0)
		fs_fail(file, line,
			"expected \"%.200s\" in %.80s; got %zd bytes \"%.200s\"", want,
			path, n, buf);
	fs_passed(file, line);
}

int fs_count(const char *file, int line, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	if (!dir)
		fs_fail(file, line, "opendir(%.80s): %s", path, err_name(errno));
	while ((errno = 0, entry = readdir(dir)))
		n += strcmp(entry->d_name, ".") != 0 &&
		     strcmp(entry->d_name, "..") != 0;
	if (errno != 0)
		fs_fail(file, line, "readdir(%.80s): %s", path, err_name(errno));
	closedir(dir);
	return n;
}

bool fs_has(const char *file, int line, const char *path, const char *name)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	if (!dir)
		fs_fail(file, line, "opendir(%.80s): %s", path, err_name(errno));
	while (!found && (entry = readdir(dir)))
		found = strcmp(entry->d_name, name) == 0;
	closedir(dir);
	return found;
}

void tick(void)
{
	/* The kernel stamps files by its timer interrupt, at the slowest every 10 ms.
	 */
	struct timespec pause = {.tv_nsec = 12 * 1000 * 1000};

	nanosleep(&pause, NULL);
}

int cmp_time(struct timespec a, struct timespec b)
{
	if (a.tv_sec != b.tv_sec)
		return a.tv_sec < b.tv_sec ? -1 : 1;
	return (a.tv_nsec > b.tv_nsec) - (a.tv_nsec < b.tv_nsec);
}
