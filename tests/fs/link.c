/* link(2), linkat(2): counts, times, refusals, links of links and of open files. */
#include "fstest.h"

TEST(plain, "two names are one file: inode, count, content, mode")
{
	put("a", "text");
	OK(link("a", "b"));
	CHECK_EQ(LSTAT("a").st_nlink, 2);
	CHECK_EQ(LSTAT("b").st_nlink, 2);
	CHECK_EQ(LSTAT("a").st_ino, LSTAT("b").st_ino);
	int fd = OK(open("b", O_WRONLY | O_APPEND));
	OK_N(write(fd, "!", 1), 1);
	TEXT("a", "text!");
	CHECK_EQ(LSTAT("a").st_size, 5);
	OK(chmod("a", 0600));
	CHECK_MODE("b", 0600);
	OK(truncate("a", 1));
	TEXT("b", "t");
}

TEST(times, "a link moves the file's ctime and its directory's times")
{
	OK(mkdir("d", 0755));
	put("a", "text");
	struct stat file = LSTAT("a");
	struct stat dir = LSTAT("d");
	tick();
	OK(link("a", "d/b"));
	LATER(LSTAT("a").st_ctim, file.st_ctim);
	SAME(LSTAT("a").st_mtim, file.st_mtim);
	LATER(LSTAT("d").st_mtim, dir.st_mtim);
	LATER(LSTAT("d").st_ctim, dir.st_ctim);
}

TEST(refused, "refusals: names that are there, absent ones, directories")
{
	OK(mkdir("d", 0755));
	touch("a", 0644);
	touch("b", 0644);
	OK(symlink("nowhere", "dangling"));
	EXPECT_ERR(link("a", "b"), EEXIST);
	EXPECT_ERR(link("a", "a"), EEXIST);
	EXPECT_ERR(link("a", "d"), EEXIST);
	EXPECT_ERR(link("a", "dangling"), EEXIST);
	EXPECT_ERR(link("no", "c"), ENOENT);
	EXPECT_ERR(link("a", "no/c"), ENOENT);
	EXPECT_ERR(link("a/x", "c"), ENOTDIR);
	EXPECT_ERR(link("a", "b/c"), ENOTDIR);
	EXPECT_ERR(link("d", "c"), EPERM);
	EXPECT_ERR(linkat(AT_FDCWD, "a", AT_FDCWD, "c", 0x8000), EINVAL);
	CHECK_EQ(LSTAT("a").st_nlink, 1);
}

TEST(of_symlink, "link of a symbolic link links the link; AT_SYMLINK_FOLLOW its target")
{
	put("file", "text");
	OK(symlink("file", "link"));
	OK(link("link", "link2"));
	CHECK(S_ISLNK(LSTAT("link2").st_mode));
	CHECK_EQ(LSTAT("link").st_nlink, 2);
	CHECK_EQ(LSTAT("link").st_ino, LSTAT("link2").st_ino);
	OK(linkat(AT_FDCWD, "link", AT_FDCWD, "hard", AT_SYMLINK_FOLLOW));
	CHECK(S_ISREG(LSTAT("hard").st_mode));
	CHECK_EQ(LSTAT("file").st_nlink, 2);
}

TEST(open_file, "an open file gets another name through /proc/self/fd")
{
	char path[64];
	put("a", "text");
	int fd = OK(open("a", O_RDWR));

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "b", AT_SYMLINK_FOLLOW));
	CHECK_EQ(FSTAT(fd).st_nlink, 2);
	OK(unlink("a"));
	CHECK_EQ(FSTAT(fd).st_nlink, 1);
	TEXT("b", "text");
}

TEST(empty_path, "linkat of a descriptor itself (AT_EMPTY_PATH, for root)")
{
	need_machine_root();
	put("a", "text");
	int fd = OK(open("a", O_PATH));

	OK(linkat(fd, "", AT_FDCWD, "b", AT_EMPTY_PATH));
	CHECK_EQ(LSTAT("b").st_ino, LSTAT("a").st_ino);
}

TEST(many, "1,000 names of one file, in two directories")
{
	char name[32];
	OK(mkdir("d", 0755));
	put("a", "text");
	for (int i = 0; i < 999; i++) {
		snprintf(name, sizeof(name), "%sn%d", i % 2 ? "d/" : "", i);
		OK(link("a", name));
	}
	CHECK_EQ(LSTAT("d/n501").st_nlink, 1000);
	OK(unlink("a"));
	for (int i = 0; i < 998; i++) {
		snprintf(name, sizeof(name), "%sn%d", i % 2 ? "d/" : "", i);
		OK(unlink(name));
	}
	CHECK_EQ(LSTAT("n998").st_nlink, 1);
	TEXT("n998", "text");
}

TEST(permission, "a link needs write and search rights on its new directory")
{
	be_plain();
	touch("a", 0644);
	OK(mkdir("d", 0555));
	EXPECT_ERR(link("a", "d/b"), EACCES);
	OK(chmod("d", 0644));
	EXPECT_ERR(link("a", "d/b"), EACCES);
	OK(mkdir("hidden", 0755));
	touch("hidden/a", 0644);
	OK(chmod("hidden", 0644));
	EXPECT_ERR(link("hidden/a", "b"), EACCES);
	OK(chmod("hidden", 0755));
	OK(link("hidden/a", "b"));
}

TEST(moved_and_replaced, "a name of two is replaced by rename: the other one stays")
{
	put("a", "first");
	OK(link("a", "b"));
	put("c", "second");
	OK(rename("c", "a"));
	TEXT("a", "second");
	TEXT("b", "first");
	CHECK_EQ(LSTAT("b").st_nlink, 1);
	CHECK_EQ(LSTAT("a").st_nlink, 1);
}
