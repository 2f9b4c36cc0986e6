/*
 * utimensat(2), futimens(3): exact values, NOW, OMIT, who may. The time of access is
 * checked as set only: when reading moves it is the mount's affair.
 */
#include "fstest.h"

#define NS(s, n)                                                                       \
	(struct timespec)                                                              \
	{                                                                              \
		.tv_sec = (s), .tv_nsec = (n)                                          \
	}

static void set(const char *path, struct timespec atime, struct timespec mtime)
{
	struct timespec times[2] = {atime, mtime};

	OK(utimensat(AT_FDCWD, path, times, 0));
}

TEST(exact, "times are kept to the nanosecond, on files, directories, fifos")
{
	touch("f", 0644);
	OK(mkdir("d", 0755));
	OK(mkfifo("p", 0644));
	const char *names[] = {"f", "d", "p"};
	for (int i = 0; i < 3; i++) {
		set(names[i], NS(1000000000, 123456789), NS(1111111111, 987654321));
		struct stat st = LSTAT(names[i]);
		SAME(st.st_atim, NS(1000000000, 123456789));
		SAME(st.st_mtim, NS(1111111111, 987654321));
	}
}

TEST(ctime, "ctime becomes the present")
{
	touch("f", 0644);
	struct stat before = LSTAT("f");
	tick();
	set("f", NS(1, 0), NS(1, 0));
	LATER(LSTAT("f").st_ctim, before.st_ctim);
}

TEST(range, "times before 1970 and after 2038 are kept")
{
	touch("f", 0644);
	set("f", NS(-1, 5), NS(-1000000000, 999999999));
	SAME(LSTAT("f").st_atim, NS(-1, 5));
	SAME(LSTAT("f").st_mtim, NS(-1000000000, 999999999));
	set("f", NS(2147483648, 1), NS(6000000000, 2));
	SAME(LSTAT("f").st_atim, NS(2147483648, 1));
	SAME(LSTAT("f").st_mtim, NS(6000000000, 2));
	set("f", NS(0, 0), NS(0, 0));
	SAME(LSTAT("f").st_mtim, NS(0, 0));
}

TEST(omit, "UTIME_OMIT leaves a time, for both changes nothing")
{
	touch("f", 0644);
	set("f", NS(100, 1), NS(200, 2));
	set("f", NS(0, UTIME_OMIT), NS(300, 3));
	SAME(LSTAT("f").st_atim, NS(100, 1));
	SAME(LSTAT("f").st_mtim, NS(300, 3));
	set("f", NS(400, 4), NS(0, UTIME_OMIT));
	SAME(LSTAT("f").st_atim, NS(400, 4));
	SAME(LSTAT("f").st_mtim, NS(300, 3));
	struct stat before = LSTAT("f");
	tick();
	set("f", NS(0, UTIME_OMIT), NS(0, UTIME_OMIT));
	SAME(LSTAT("f").st_ctim, before.st_ctim);
	SAME(LSTAT("f").st_mtim, before.st_mtim);
}

TEST(now, "UTIME_NOW and a null pointer set the present")
{
	struct timespec start;
	touch("f", 0644);
	set("f", NS(100, 1), NS(200, 2));
	OK(clock_gettime(CLOCK_REALTIME, &start));
	start.tv_sec--;
	set("f", NS(0, UTIME_OMIT), NS(0, UTIME_NOW));
	SAME(LSTAT("f").st_atim, NS(100, 1));
	LATER(LSTAT("f").st_mtim, start);
	set("f", NS(100, 1), NS(200, 2));
	OK(utimensat(AT_FDCWD, "f", NULL, 0));
	LATER(LSTAT("f").st_mtim, start);
	LATER(LSTAT("f").st_atim, start);
	start.tv_sec += 10;
	LATER(start, LSTAT("f").st_mtim);
}

TEST(by_descriptor, "futimens works on descriptors, also of a file without a name")
{
	struct timespec times[2] = {NS(5, 6), NS(7, 8)};
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(unlink("f"));
	OK(futimens(fd, times));
	SAME(FSTAT(fd).st_mtim, NS(7, 8));
	int dir = OK(open(".", O_RDONLY));
	OK(futimens(dir, times));
	SAME(LSTAT(".").st_mtim, NS(7, 8));
}

TEST(links, "links are followed, or not with AT_SYMLINK_NOFOLLOW")
{
	struct timespec times[2] = {NS(5, 6), NS(7, 8)};
	touch("f", 0644);
	OK(symlink("f", "l"));
	struct stat link = LSTAT("l");
	set("l", NS(1, 2), NS(3, 4));
	SAME(LSTAT("f").st_mtim, NS(3, 4));
	SAME(LSTAT("l").st_mtim, link.st_mtim);
	OK(utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
	SAME(LSTAT("f").st_mtim, NS(3, 4));
	SAME(LSTAT("l").st_mtim, NS(7, 8));
}

TEST(refused, "nanoseconds out of range, absent names")
{
	struct timespec bad[2] = {NS(0, 1000000000), NS(0, 0)};
	struct timespec good[2] = {NS(0, 0), NS(0, 0)};
	touch("f", 0644);
	EXPECT_ERR(utimensat(AT_FDCWD, "f", bad, 0), EINVAL);
	bad[0].tv_nsec = -1;
	EXPECT_ERR(utimensat(AT_FDCWD, "f", bad, 0), EINVAL);
	EXPECT_ERR(utimensat(AT_FDCWD, "no", good, 0), ENOENT);
	EXPECT_ERR(utimensat(AT_FDCWD, "f/x", good, 0), ENOTDIR);
}

TEST(strangers, "a stranger sets the present where he may write, and nothing else")
{
	struct timespec times[2] = {NS(5, 6), NS(7, 8)};
	struct timespec half[2] = {NS(0, UTIME_NOW), NS(0, UTIME_OMIT)};
	struct timespec now[2] = {NS(0, UTIME_NOW), NS(0, UTIME_NOW)};
	need_other();
	touch("w", 0644);
	OK(chmod("w", 0666));
	touch("r", 0644);
	if (as_other()) {
		OK(utimensat(AT_FDCWD, "w", NULL, 0));
		OK(utimensat(AT_FDCWD, "w", now, 0));
		EXPECT_ERR(utimensat(AT_FDCWD, "w", times, 0), EPERM);
		EXPECT_ERR(utimensat(AT_FDCWD, "w", half, 0), EPERM);
		EXPECT_ERR(utimensat(AT_FDCWD, "r", NULL, 0), EACCES);
		EXPECT_ERR(utimensat(AT_FDCWD, "r", times, 0), EPERM);
		done();
	}
}

TEST(owner_read_only, "the owner sets any time, also on a file that he may not write")
{
	be_plain();
	touch("f", 0400);
	set("f", NS(1, 2), NS(3, 4));
	SAME(LSTAT("f").st_mtim, NS(3, 4));
	OK(utimensat(AT_FDCWD, "f", NULL, 0));
}

TEST(after_write,
     "a set mtime stays through close and fsync of what was written before")
{
	struct timespec times[2] = {NS(5, 6), NS(7, 8)};
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	fill_fd(fd, 0, 100000, 1);
	OK(futimens(fd, times));
	OK(fsync(fd));
	OK(close(fd));
	SAME(LSTAT("f").st_mtim, NS(7, 8));
	fd = OK(open("f", O_RDONLY));
	RANGE(fd, 0, 100000, 1);
	SAME(LSTAT("f").st_mtim, NS(7, 8));
}
