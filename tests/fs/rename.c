/*
 * rename(2), renameat2(2). ctime of what was moved is checked too: Linux filesystems
 * set it. RENAME_WHITEOUT is left out: a FUSE filesystem has none.
 */
#include "fstest.h"

TEST(file, "a file moves: inode, content and times stay, ctime moves")
{
	OK(mkdir("d", 0755));
	put("a", "text");
	struct stat before = LSTAT("a");
	tick();
	OK(rename("a", "d/b"));
	struct stat after = LSTAT("d/b");

	GONE("a");
	TEXT("d/b", "text");
	CHECK_EQ(after.st_ino, before.st_ino);
	SAME(after.st_mtim, before.st_mtim);
	LATER(after.st_ctim, before.st_ctim);
	CHECK(!has_entry(".", "a") && has_entry("d", "b"));
}

TEST(parents, "both directories get new times")
{
	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	touch("d/a", 0644);
	struct stat d = LSTAT("d");
	struct stat e = LSTAT("e");
	tick();
	OK(rename("d/a", "e/a"));
	LATER(LSTAT("d").st_mtim, d.st_mtim);
	LATER(LSTAT("d").st_ctim, d.st_ctim);
	LATER(LSTAT("e").st_mtim, e.st_mtim);
	LATER(LSTAT("e").st_ctim, e.st_ctim);
}

TEST(over_file, "over another file: that one loses the name, its open readers keep it")
{
	char buf[8];
	put("a", "new");
	put("b", "old");
	OK(link("b", "keep"));
	int fd = OK(open("b", O_RDONLY));
	OK(rename("a", "b"));
	TEXT("b", "new");
	TEXT("keep", "old");
	CHECK_EQ(LSTAT("keep").st_nlink, 1);
	OK_N(read(fd, buf, sizeof(buf)), 3);
	CHECK(memcmp(buf, "old", 3) == 0);
	OK(unlink("keep"));
	CHECK_EQ(FSTAT(fd).st_nlink, 0);
	OK_N(pread(fd, buf, sizeof(buf), 0), 3);
	CHECK_EQ(count_entries("."), 1);
}

TEST(same_file, "between two names of one file nothing happens")
{
	put("a", "text");
	OK(link("a", "b"));
	OK(rename("a", "b"));
	CHECK_EQ(LSTAT("a").st_nlink, 2);
	TEXT("b", "text");
	OK(rename("a", "a"));
	TEXT("a", "text");
}

TEST(directory, "a directory moves with all in it; link counts and .. follow")
{
	OK(mkdir("p", 0755));
	OK(mkdir("q", 0755));
	OK(mkdir("p/d", 0755));
	OK(mkdir("p/d/sub", 0755));
	put("p/d/sub/file", "text");
	ino_t ino = LSTAT("p/d").st_ino;
	OK(rename("p/d", "q/e"));
	TEXT("q/e/sub/file", "text");
	CHECK_EQ(LSTAT("q/e").st_ino, ino);
	CHECK_EQ(LSTAT("p").st_nlink, 2);
	CHECK_EQ(LSTAT("q").st_nlink, 3);
	CHECK_EQ(LSTAT("q/e").st_nlink, 3);
	CHECK_EQ(LSTAT("q/e/..").st_ino, LSTAT("q").st_ino);
	GONE("p/d");
	OK(rename("q/e/", "q/f/"));
	TEXT("q/f/sub/file", "text");
}

TEST(over_directory, "over an empty directory, but not over one with something in it")
{
	OK(mkdir("d", 0755));
	put("d/a", "text");
	OK(mkdir("empty", 0755));
	OK(mkdir("full", 0755));
	touch("full/x", 0644);
	EXPECT_ERR(rename("d", "full"), ENOTEMPTY);
	int nlink = (int)LSTAT(".").st_nlink;
	int fd = OK(open("empty", O_RDONLY | O_DIRECTORY));
	OK(rename("d", "empty"));
	TEXT("empty/a", "text");
	CHECK_EQ(LSTAT(".").st_nlink, nlink - 1);
	EXPECT_ERR(openat(fd, "new", O_WRONLY | O_CREAT, 0644), ENOENT);
	CHECK_EQ(FSTAT(fd).st_nlink, 0);
	OK(unlink("full/x"));
	OK(rename("empty", "full"));
	TEXT("full/a", "text");
}

TEST(kinds, "a file does not replace a directory, nor the other way round")
{
	OK(mkdir("d", 0755));
	touch("a", 0644);
	OK(symlink("d", "link"));
	EXPECT_ERR(rename("a", "d"), EISDIR);
	EXPECT_ERR(rename("d", "a"), ENOTDIR);
	EXPECT_ERR(rename("link", "d"), EISDIR);
	EXPECT_ERR(rename("d", "link"), ENOTDIR);
	OK(rename("a", "link"));
	CHECK(S_ISREG(LSTAT("link").st_mode));
}

TEST(into_itself, "no directory moves into itself or below, nor onto its ancestor")
{
	OK(mkdir("d", 0755));
	OK(mkdir("d/e", 0755));
	OK(mkdir("d/e/f", 0755));
	EXPECT_ERR(rename("d", "d/x"), EINVAL);
	EXPECT_ERR(rename("d", "d/e/x"), EINVAL);
	EXPECT_ERR(rename("d", "d/e"), EINVAL);
	EXPECT_ERR(rename("d/e/f", "d"), ENOTEMPTY);
	EXPECT_ERR(rename("d/.", "x"), EBUSY);
	EXPECT_ERR(rename("d/..", "x"), EBUSY);
	EXPECT_ERR(rename("d", "d/e/.."), EBUSY);
	CHECK_EQ(LSTAT("d").st_nlink, 3);
}

TEST(refused, "other refusals: absent names, files on the way, trailing slashes")
{
	touch("a", 0644);
	OK(mkdir("d", 0755));
	EXPECT_ERR(rename("no", "b"), ENOENT);
	EXPECT_ERR(rename("a", "no/b"), ENOENT);
	EXPECT_ERR(rename("a", ""), ENOENT);
	EXPECT_ERR(rename("a/x", "b"), ENOTDIR);
	EXPECT_ERR(rename("a", "d/x/"), ENOTDIR);
	EXPECT_ERR(rename("a/", "b"), ENOTDIR);
	OK(rename("d", "e/"));
	CHECK(S_ISDIR(LSTAT("e").st_mode));
}

TEST(links_move, "a symbolic link moves as itself, dangling or not")
{
	OK(symlink("nowhere", "l"));
	OK(rename("l", "m"));
	CHECK(S_ISLNK(LSTAT("m").st_mode));
	touch("file", 0644);
	OK(rename("file", "m"));
	CHECK(S_ISREG(LSTAT("m").st_mode));
	GONE("nowhere");
}

TEST(noreplace, "RENAME_NOREPLACE refuses a name that is there")
{
	put("a", "a");
	put("b", "b");
	OK(mkdir("d", 0755));
	EXPECT_ERR(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
	EXPECT_ERR(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_NOREPLACE), EEXIST);
	EXPECT_ERR(renameat2(AT_FDCWD, "no", AT_FDCWD, "x", RENAME_NOREPLACE), ENOENT);
	TEXT("b", "b");
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "d/c", RENAME_NOREPLACE));
	TEXT("d/c", "a");
}

TEST(exchange, "RENAME_EXCHANGE swaps files, kinds and directories")
{
	OK(mkdir("p", 0755));
	OK(mkdir("p/d", 0755));
	OK(mkdir("p/d/sub", 0755));
	put("p/d/in", "in d");
	put("f", "file");
	put("g", "other");
	int nlink = (int)LSTAT(".").st_nlink;
	ino_t f = LSTAT("f").st_ino;
	OK(renameat2(AT_FDCWD, "f", AT_FDCWD, "g", RENAME_EXCHANGE));
	TEXT("f", "other");
	TEXT("g", "file");
	CHECK_EQ(LSTAT("g").st_ino, f);
	OK(renameat2(AT_FDCWD, "f", AT_FDCWD, "p/d", RENAME_EXCHANGE));
	TEXT("p/d", "other");
	TEXT("f/in", "in d");
	CHECK_EQ(LSTAT("p").st_nlink, 2);
	CHECK_EQ(LSTAT(".").st_nlink, nlink + 1);
	CHECK_EQ(LSTAT("f/..").st_ino, LSTAT(".").st_ino);
}

TEST(exchange_refused, "RENAME_EXCHANGE: both must be there, none below the other")
{
	put("a", "a");
	OK(mkdir("d", 0755));
	OK(mkdir("d/e", 0755));
	EXPECT_ERR(renameat2(AT_FDCWD, "a", AT_FDCWD, "no", RENAME_EXCHANGE), ENOENT);
	EXPECT_ERR(renameat2(AT_FDCWD, "no", AT_FDCWD, "a", RENAME_EXCHANGE), ENOENT);
	EXPECT_ERR(renameat2(AT_FDCWD, "d", AT_FDCWD, "d/e", RENAME_EXCHANGE), EINVAL);
	EXPECT_ERR(renameat2(AT_FDCWD, "d/e", AT_FDCWD, "d", RENAME_EXCHANGE), EINVAL);
	EXPECT_ERR(renameat2(AT_FDCWD, "a", AT_FDCWD, "d",
			     RENAME_EXCHANGE | RENAME_NOREPLACE),
		   EINVAL);
	EXPECT_ERR(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", 1 << 10), EINVAL);
}

TEST(permission,
     "both directories, and a directory that changes parent, must be writable")
{
	be_plain();
	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	touch("d/a", 0644);
	OK(mkdir("d/sub", 0555));
	OK(chmod("e", 0555));
	EXPECT_ERR(rename("d/a", "e/a"), EACCES);
	OK(chmod("e", 0755));
	OK(chmod("d", 0555));
	EXPECT_ERR(rename("d/a", "e/a"), EACCES);
	OK(chmod("d", 0755));
	EXPECT_ERR(rename("d/sub", "e/sub"), EACCES);
	OK(rename("d/sub", "d/sub2"));
	OK(chmod("d/sub2", 0755));
	OK(rename("d/sub2", "e/sub"));
	OK(chmod("d/a", 0));
	OK(rename("d/a", "e/a"));
}

TEST(open_moved, "descriptors and working places follow what was moved")
{
	char buf[PATH_MAX];
	OK(mkdir("p", 0755));
	OK(mkdir("p/d", 0755));
	put("p/d/a", "text");
	int fd = OK(open("p/d/a", O_RDWR));
	OK(chdir("p/d"));
	OK(rename("../../p", "../../q"));
	OK_N(pwrite(fd, "T", 1, 0), 1);
	TEXT("a", "Text");
	TEXT("../../q/d/a", "Text");
	if (getcwd(buf, sizeof(buf)))
		CHECK(strcmp(buf + strlen(buf) - 4, "/q/d") == 0);
	put("new", "n");
	TEXT("../../q/d/new", "n");
	OK(chdir("../.."));
}

TEST(name_reused, "a name that was moved away is free, again and again")
{
	char name[16];
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		put("a", name);
		OK(rename("a", name));
		GONE("a");
		TEXT(name, name);
	}
	CHECK_EQ(count_entries("."), 500);
}

TEST(replaced_often, "a file is replaced by temporary files 500 times, as editors do")
{
	char text[16];
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "version %d", i);
		put("tmp", text);
		OK(rename("tmp", "file"));
		TEXT("file", text);
	}
	CHECK_EQ(count_entries("."), 1);
}

TEST(atomic, "while a name is replaced, others always find it, whole")
{
	put("file", "first version");
	pid_t pid = fs_fork();
	if (pid == 0) {
		for (int i = 0; i < 500; i++) {
			put("tmp", i % 2 ? "first version" : "second version");
			OK(rename("tmp", "file"));
		}
		done();
	}
	char buf[32];
	for (int i = 0; i < 500; i++) {
		int fd = OK(open("file", O_RDONLY));
		ssize_t n = read(fd, buf, sizeof(buf));
		CHECK((n == 13 && memcmp(buf, "first version", 13) == 0) ||
		      (n == 14 && memcmp(buf, "second version", 14) == 0));
		OK(close(fd));
	}
	JOIN(pid);
}

TEST(chain, "directories moved into each other, again and again, keep what is in them")
{
	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	put("a/file", "in a");
	put("b/file", "in b");
	for (int i = 0; i < 100; i++) {
		OK(rename("a", "b/a"));
		TEXT("b/a/file", "in a");
		OK(rename("b/a", "c"));
		OK(rename("b", "c/b"));
		TEXT("c/b/file", "in b");
		OK(rename("c/b", "b"));
		OK(rename("c", "a"));
	}
	TEXT("a/file", "in a");
	TEXT("b/file", "in b");
	CHECK_EQ(count_entries("."), 2);
	CHECK_EQ(LSTAT("a").st_nlink, 2);
}
