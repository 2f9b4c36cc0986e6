/*
 * Peculiar to overlays: what must not change when a file of the base is written for the
 * first time: its number, its open descriptors and mappings, its attributes, its
 * content.
 */
#include "fstest.h"

#include <sys/file.h>
#include <sys/mman.h>
#include <sys/xattr.h>

PREPARE(reader_before)
{
	put("f", "from the base");
	fill("big", 3 * MIB, 1);
}

TEST(reader_before,
     "a read-only descriptor from before the first write sees it and all later ones")
{
	char buf[32];
	int fd = OK(open("f", O_RDONLY));
	int big = OK(open("big", O_RDONLY));
	OK_N(pread(fd, buf, sizeof(buf), 0), 13);
	RANGE(big, 0, 3 * MIB, 1);

	int w = OK(open("f", O_WRONLY));
	OK_N(pwrite(w, "FROM", 4, 0), 4);
	OK_N(pread(fd, buf, sizeof(buf), 0), 13);
	CHECK(memcmp(buf, "FROM the base", 13) == 0);
	OK_N(pwrite(w, "view", 4, 9), 4);
	OK_N(pread(fd, buf, sizeof(buf), 0), 13);
	CHECK(memcmp(buf, "FROM the view", 13) == 0);
	OK(ftruncate(w, 4));
	OK_N(pread(fd, buf, sizeof(buf), 0), 4);
	CHECK_EQ(FSTAT(fd).st_size, 4);
	w = OK(open("big", O_WRONLY));
	fill_fd(w, 1 * MIB + 5, 10000, 2);
	RANGE(big, 0, 1 * MIB + 5, 1);
	RANGE(big, 1 * MIB + 5, 10000, 2);
	RANGE(big, 1 * MIB + 10005, 2 * MIB - 10005, 1);
}

PREPARE(number)
{
	OK(mkdir("d", 0755));
	put("d/written", "text");
	put("d/chmodded", "text");
	put("d/renamed", "text");
	put("d/linked", "text");
	put("d/truncated", "text");
	OK(symlink("x", "d/link"));
	OK(mkfifo("d/fifo", 0644));
	OK(mkdir("d/sub", 0755));
}

TEST(number, "st_ino and st_dev stay what they were over every kind of first change")
{
	const char *names[] = {"d/written", "d/chmodded",  "d/renamed",
			       "d/linked",  "d/truncated", "d/link",
			       "d/fifo",    "d/sub",	   "d"};
	enum { N = sizeof(names) / sizeof(names[0]) };
	struct stat before[N];
	struct stat after;
	for (int i = 0; i < N; i++) {
		before[i] = LSTAT(names[i]);
		CHECK_EQ(before[i].st_dev, LSTAT(".").st_dev);
		for (int j = 0; j < i; j++)
			CHECK(before[i].st_ino != before[j].st_ino);
	}
	int fd = OK(open("d/written", O_RDWR));
	CHECK_EQ(FSTAT(fd).st_ino, before[0].st_ino);
	OK_N(write(fd, "x", 1), 1);
	CHECK_EQ(FSTAT(fd).st_ino, before[0].st_ino);
	OK(chmod("d/chmodded", 0600));
	OK(rename("d/renamed", "d/renamed2"));
	OK(rename("d/renamed2", "d/renamed"));
	OK(link("d/linked", "d/linked2"));
	OK(truncate("d/truncated", 1));
	OK(rename("d/link", "d/link2"));
	OK(rename("d/link2", "d/link"));
	OK(chmod("d/fifo", 0600));
	OK(chmod("d/sub", 0700));
	OK(utimensat(AT_FDCWD, "d", NULL, 0));
	for (int i = 0; i < N; i++) {
		after = LSTAT(names[i]);
		CHECK_EQ(after.st_ino, before[i].st_ino);
		CHECK_EQ(after.st_dev, before[i].st_dev);
	}
	CHECK_EQ(LSTAT("d/linked2").st_ino, before[3].st_ino);
}

PREPARE(numbers_unique)
{
	char name[16];

	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "base%d", i);
		touch(name, 0644);
	}
}

TEST(numbers_unique,
     "numbers of new files are none of the base's; d_ino is st_ino for all")
{
	char name[16];
	ino_t inos[300];
	struct dirent *entry;
	int n = 0;
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "new%d", i);
		touch(name, 0644);
	}
	for (int i = 0; i < 100; i += 3) {
		snprintf(name, sizeof(name), "base%d", i);
		put(name, "copied up");
	}
	DIR *dir = opendir(".");
	while ((entry = readdir(dir))) {
		CHECK_EQ(entry->d_ino, LSTAT(entry->d_name).st_ino);
		for (int i = 0; i < n; i++)
			CHECK(inos[i] != entry->d_ino);
		inos[n++] = entry->d_ino;
	}
	CHECK_EQ(n, 202);
}

PREPARE(mapped)
{
	fill("f", 300000, 1);
	fill("big", 2 * MIB, 1);
}

TEST(mapped,
     "a mapping from before the first write sees it; stores through a mapping last")
{
	int fd = OK(open("f", O_RDONLY));
	unsigned char *at = mmap(NULL, 300000, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(at != MAP_FAILED);
	unsigned char *own =
		mmap(NULL, 300000, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	CHECK(own != MAP_FAILED);
	own[0] = 0;
	int w = OK(open("f", O_RDWR));
	OK_N(pwrite(w, "written", 7, 100000), 7);
	CHECK(memcmp(at + 100000, "written", 7) == 0);
	RANGE(w, 0, 100000, 1);
	w = OK(open("big", O_RDWR));
	at = mmap(NULL, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED, w, 0);
	CHECK(at != MAP_FAILED);
	memcpy(at + 1 * MIB + 100, "stored", 6);
	OK(msync(at, 2 * MIB, MS_SYNC));
	OK(munmap(at, 2 * MIB));
	char buf[8];
	OK_N(pread(w, buf, 6, 1 * MIB + 100), 6);
	CHECK(memcmp(buf, "stored", 6) == 0);
	RANGE(w, 0, 1 * MIB + 100, 1);
	RANGE(w, 1 * MIB + 106, 1 * MIB - 106, 1);
}

PREPARE(attributes)
{
	struct timespec times[2] = {{.tv_sec = 900000000, .tv_nsec = 11},
				    {.tv_sec = 1000000000, .tv_nsec = 22}};
	const char *names[] = {"mode", "time", "xattr", "link", "name", "write"};

	for (int i = 0; i < 6; i++) {
		fill(names[i], 200000, 3);
		OK(setxattr(names[i], "user.base", "value", 5, 0));
		OK(chmod(names[i], 0640));
		OK(utimensat(AT_FDCWD, names[i], times, 0));
	}
}

/* Mode, mtime, attribute and content, as far as they are to be the base's still. */
static void check_attributes(const char *path, bool mode, bool mtime, bool xattr)
{
	char value[8];

	if (mode)
		CHECK_MODE(path, 0640);
	if (mtime) {
		CHECK_EQ(LSTAT(path).st_mtim.tv_sec, 1000000000);
		CHECK_EQ(LSTAT(path).st_mtim.tv_nsec, 22);
	}
	if (xattr)
		OK_N(getxattr(path, "user.base", value, sizeof(value)), 5);
	int fd = OK(open(path, O_RDONLY));
	CHECK_EQ(FSTAT(fd).st_size, 200000);
	RANGE(fd, 10, 199990, 3);
	OK(close(fd));
}

TEST(attributes, "a change of one attribute keeps the others and the content")
{
	struct timespec times[2] = {{.tv_sec = 5, .tv_nsec = 6},
				    {.tv_sec = 7, .tv_nsec = 8}};
	char value[8];

	OK(chmod("mode", 0600));
	CHECK_MODE("mode", 0600);
	check_attributes("mode", false, true, true);
	OK(utimensat(AT_FDCWD, "time", times, 0));
	CHECK_EQ(LSTAT("time").st_mtim.tv_nsec, 8);
	check_attributes("time", true, false, true);
	OK(setxattr("xattr", "user.view", "new", 3, 0));
	OK(setxattr("xattr", "user.base", "other", 5, 0));
	OK_N(getxattr("xattr", "user.base", value, sizeof(value)), 5);
	CHECK(memcmp(value, "other", 5) == 0);
	check_attributes("xattr", true, true, true);
	OK(removexattr("xattr", "user.base"));
	EXPECT_ERR(getxattr("xattr", "user.base", value, sizeof(value)), ENODATA);
	OK(link("link", "link2"));
	check_attributes("link", true, true, true);
	check_attributes("link2", true, true, true);
	OK(rename("name", "name2"));
	check_attributes("name2", true, true, true);
	int fd = OK(open("write", O_WRONLY));
	OK_N(write(fd, "x", 1), 1);
	check_attributes("write", true, false, true);
	CHECK(LSTAT("write").st_mtim.tv_sec > 1000000000);
}

PREPARE(unlinked_open)
{
	put("f", "base text");
	fill("big", 2 * MIB, 1);
	put("replaced", "old");
}

TEST(unlinked_open,
     "a base file that is deleted or replaced while open stays readable, and writable")
{
	char buf[16];
	int f = OK(open("f", O_RDWR));
	int big = OK(open("big", O_RDWR));
	int old = OK(open("replaced", O_RDONLY));
	OK(unlink("f"));
	OK(unlink("big"));
	put("new", "new");
	OK(rename("new", "replaced"));

	CHECK_EQ(FSTAT(f).st_nlink, 0);
	OK_N(pread(f, buf, sizeof(buf), 0), 9);
	CHECK(memcmp(buf, "base text", 9) == 0);
	RANGE(big, 0, 2 * MIB, 1);
	OK_N(pwrite(f, "BASE", 4, 0), 4);
	OK_N(pread(f, buf, sizeof(buf), 0), 9);
	CHECK(memcmp(buf, "BASE text", 9) == 0);
	fill_fd(big, 1 * MIB, 1000, 2);
	RANGE(big, 0, 1 * MIB, 1);
	RANGE(big, 1 * MIB, 1000, 2);
	OK_N(pread(old, buf, sizeof(buf), 0), 3);
	CHECK(memcmp(buf, "old", 3) == 0);
	TEXT("replaced", "new");
	put("f", "another");
	TEXT("f", "another");
	OK_N(pread(f, buf, sizeof(buf), 0), 9);
}

PREPARE(truncated_at_open)
{
	put("f", "a rather long text of the base");
	fill("big", 2 * MIB, 1);
}

TEST(truncated_at_open, "O_TRUNC of a base file leaves nothing of it")
{
	int reader = OK(open("big", O_RDONLY));
	put("f", "xy");
	TEXT("f", "xy");
	int fd = OK(open("big", O_RDWR | O_TRUNC));
	CHECK_EQ(FSTAT(reader).st_size, 0);
	OK_N(pwrite(fd, "z", 1, 1 * MIB), 1);
	RANGE(reader, 0, 1 * MIB, ZERO);
	CHECK_EQ(FSTAT(reader).st_size, 1 * MIB + 1);
}

PREPARE(appended)
{
	put("log", "base line\n");
}

TEST(appended, "O_APPEND to a base file by two descriptors, one from before")
{
	int a = OK(open("log", O_WRONLY | O_APPEND));
	int b = OK(open("log", O_WRONLY | O_APPEND));
	OK_N(write(a, "a\n", 2), 2);
	OK_N(write(b, "b\n", 2), 2);
	OK_N(write(a, "c\n", 2), 2);
	TEXT("log", "base line\na\nb\nc\n");
}

PREPARE(locked)
{
	put("f", "text");
}

TEST(locked, "a lock taken before the first write holds after it")
{
	int fd = OK(open("f", O_RDONLY));
	OK(flock(fd, LOCK_EX));
	int w = OK(open("f", O_RDWR));
	OK_N(write(w, "T", 1), 1);
	EXPECT_ERR(flock(w, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	int later = OK(open("f", O_RDONLY));
	EXPECT_ERR(flock(later, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	OK(flock(fd, LOCK_UN));
	OK(flock(later, LOCK_SH | LOCK_NB));
}

PREPARE(read_only_file)
{
	put("f", "text");
	OK(chmod("f", 0444));
	OK(mkdir("d", 0555));
}

TEST(read_only_file,
     "modes of the base bind: no write, no new names, until they are changed")
{
	be_plain();
	/* What root prepared is root's; the user's own needs a chmod first. */
	EXPECT_ERR(open("f", O_WRONLY), EACCES);
	EXPECT_ERR(truncate("f", 0), EACCES);
	EXPECT_ERR(open("d/new", O_WRONLY | O_CREAT, 0644), EACCES);
	TEXT("f", "text");
	if (LSTAT("f").st_uid == geteuid()) {
		OK(chmod("f", 0644));
		put("f", "new");
		OK(chmod("d", 0755));
		touch("d/new", 0644);
		TEXT("f", "new");
	}
}

PREPARE(many)
{
	char name[16];

	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		put(name, name);
	}
}

TEST(many, "400 base files changed in four ways, all right in the end")
{
	char name[16];
	char text[32];
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		int fd = OK(open(name, i % 4 == 1 ? O_WRONLY | O_TRUNC
						  : O_WRONLY | O_APPEND));
		if (i % 4 < 2)
			OK_N(write(fd, "+", 1), 1);
		OK(close(fd));
		if (i % 4 == 2)
			OK(unlink(name));
	}
	for (int i = 0; i < 400; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		snprintf(text, sizeof(text), "%s%s", i % 4 == 1 ? "" : name,
			 i % 4 < 2 ? "+" : "");
		if (i % 4 == 2)
			GONE(name);
		else
			TEXT(name, text);
	}
	CHECK_EQ(count_entries("."), 300);
}
