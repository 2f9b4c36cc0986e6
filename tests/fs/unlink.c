/* unlink(2): names, times, counts, and life after the last name. */
#include "fstest.h"

#include <sys/mman.h>

TEST(plain, "a name goes, its directory's times move")
{
	touch("a", 0644);
	struct stat before = LSTAT(".");
	tick();
	OK(unlink("a"));
	GONE("a");
	CHECK(!has_entry(".", "a"));
	LATER(LSTAT(".").st_mtim, before.st_mtim);
	LATER(LSTAT(".").st_ctim, before.st_ctim);
}

TEST(one_of_two, "one of two links goes: count and ctime of the file move")
{
	put("a", "text");
	OK(link("a", "b"));
	struct stat before = LSTAT("a");
	tick();
	OK(unlink("b"));
	struct stat after = LSTAT("a");

	CHECK_EQ(after.st_nlink, 1);
	LATER(after.st_ctim, before.st_ctim);
	SAME(after.st_mtim, before.st_mtim);
	TEXT("a", "text");
}

TEST(every_kind, "links, fifos and sockets go by unlink, the link's target stays")
{
	touch("file", 0644);
	OK(symlink("file", "link"));
	OK(mkfifo("fifo", 0644));
	OK(mknod("sock", S_IFSOCK | 0644, 0));
	OK(unlink("link"));
	OK(unlink("fifo"));
	OK(unlink("sock"));
	CHECK_EQ(count_entries("."), 1);
}

TEST(refused, "refusals: directories, absent names, names in files")
{
	OK(mkdir("d", 0755));
	touch("file", 0644);
	OK(symlink("d", "link"));
	EXPECT_ERR(unlink("d"), EISDIR);
	EXPECT_ERR(unlink("no"), ENOENT);
	EXPECT_ERR(unlink("no/file"), ENOENT);
	EXPECT_ERR(unlink("file/x"), ENOTDIR);
	EXPECT_ERR(unlink("file/"), ENOTDIR);
	EXPECT_ERR(unlink("link/"), ENOTDIR);
	EXPECT_ERR(unlink(""), ENOENT);
	EXPECT_ERR(unlinkat(AT_FDCWD, "file", AT_REMOVEDIR), ENOTDIR);
	EXPECT_ERR(unlinkat(AT_FDCWD, "file", 0x4000), EINVAL);
	CHECK_EQ(count_entries("."), 3);
}

TEST(while_open,
     "a file without a name is read, written, grown and mapped until closed")
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	fill_fd(fd, 0, 100000, 1);
	OK(unlink("a"));
	CHECK_EQ(FSTAT(fd).st_nlink, 0);
	RANGE(fd, 0, 100000, 1);
	fill_fd(fd, 100000, 100000, 1);
	RANGE(fd, 0, 200000, 1);
	OK(ftruncate(fd, 50000));
	CHECK_EQ(FSTAT(fd).st_size, 50000);
	char *map = mmap(NULL, 50000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(map != MAP_FAILED);
	map[0] = 'm';
	char byte;
	OK_N(pread(fd, &byte, 1, 0), 1);
	CHECK_EQ(byte, 'm');
	OK(fchmod(fd, 0600));
	CHECK_EQ(FSTAT(fd).st_mode & 07777, 0600);
	OK(fsync(fd));
}

TEST(name_reused, "the name is free at once, and means another file")
{
	char buf[8];
	put("a", "old");
	int fd = OK(open("a", O_RDWR));
	struct stat old = FSTAT(fd);

	OK(unlink("a"));
	put("a", "new!");
	CHECK(LSTAT("a").st_ino != old.st_ino);
	OK_N(read(fd, buf, sizeof(buf)), 3);
	CHECK(memcmp(buf, "old", 3) == 0);
	OK_N(pwrite(fd, "x", 1, 0), 1);
	TEXT("a", "new!");
}

TEST(mapped, "a mapping outlives name and descriptor")
{
	fill("a", 8192, 5);
	int fd = OK(open("a", O_RDWR));
	unsigned char *map = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);

	CHECK(map != MAP_FAILED);
	OK(unlink("a"));
	OK(close(fd));
	put("a", "another");
	int sum = 0;
	for (int i = 0; i < 8192; i++)
		sum += map[i] == 0;
	CHECK_EQ(sum, 0);
}

TEST(no_relink, "a file whose last name went gets none by linkat")
{
	char path[64];
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK(unlink("a"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_ERR(linkat(AT_FDCWD, path, AT_FDCWD, "b", AT_SYMLINK_FOLLOW), ENOENT);
}

TEST(permission, "it is the directory's mode that counts, not the file's")
{
	be_plain();
	OK(mkdir("d", 0755));
	touch("d/a", 0);
	OK(chmod("d", 0555));
	EXPECT_ERR(unlink("d/a"), EACCES);
	OK(chmod("d", 0644));
	EXPECT_ERR(unlink("d/a"), EACCES);
	OK(chmod("d", 0300));
	OK(unlink("d/a"));
}

TEST(same_name_again, "one name made and deleted 10,000 times, as lock files are")
{
	for (int i = 0; i < 10000; i++) {
		int fd = OK(open("lock", O_WRONLY | O_CREAT | O_EXCL, 0644));
		OK(close(fd));
		OK(unlink("lock"));
	}
	GONE("lock");
	CHECK_EQ(count_entries("."), 0);
}

TEST(kinds_in_turn, "one name is file, directory, link, fifo in turn, 300 times")
{
	for (int i = 0; i < 300; i++) {
		put("n", "file");
		CHECK(S_ISREG(LSTAT("n").st_mode));
		OK(unlink("n"));
		OK(mkdir("n", 0755));
		CHECK(S_ISDIR(LSTAT("n").st_mode));
		touch("n/inner", 0644);
		EXPECT_ERR(rmdir("n"), ENOTEMPTY);
		OK(unlink("n/inner"));
		OK(rmdir("n"));
		OK(symlink("elsewhere", "n"));
		CHECK(S_ISLNK(LSTAT("n").st_mode));
		OK(unlink("n"));
		OK(mkfifo("n", 0644));
		CHECK(S_ISFIFO(LSTAT("n").st_mode));
		OK(unlink("n"));
	}
	CHECK_EQ(count_entries("."), 0);
}
