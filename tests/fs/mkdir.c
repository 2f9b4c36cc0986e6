/* mkdir(2) and rmdir(2): modes, link counts, times, refusals, removed working places.
 */
#include "fstest.h"

TEST(plain, "a new directory: mode without umask, two links, owner, only dots in it")
{
	umask(022);
	OK(mkdir("d", 0777));
	struct stat st = LSTAT("d");

	CHECK(S_ISDIR(st.st_mode));
	CHECK_MODE("d", 0755);
	CHECK_EQ(st.st_nlink, 2);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK_EQ(count_entries("d"), 0);
	CHECK(has_entry("d", ".") && has_entry("d", ".."));
	OK(mkdir("e/", 0700));
	CHECK_MODE("e", 0700);
}

TEST(parent, "its parent has a link more and new times, with rmdir one less")
{
	OK(mkdir("p", 0755));
	struct stat start = LSTAT("p");
	tick();
	OK(mkdir("p/a", 0755));
	OK(mkdir("p/b", 0755));
	struct stat two = LSTAT("p");

	CHECK_EQ(start.st_nlink, 2);
	CHECK_EQ(two.st_nlink, 4);
	LATER(two.st_mtim, start.st_mtim);
	LATER(two.st_ctim, start.st_ctim);
	touch("p/file", 0644);
	CHECK_EQ(LSTAT("p").st_nlink, 4);
	two = LSTAT("p");
	tick();
	OK(rmdir("p/a"));
	CHECK_EQ(LSTAT("p").st_nlink, 3);
	LATER(LSTAT("p").st_mtim, two.st_mtim);
	LATER(LSTAT("p").st_ctim, two.st_ctim);
}

TEST(refused, "mkdir's refusals: names that are there, absent ways, files on the way")
{
	touch("file", 0644);
	OK(mkdir("d", 0755));
	OK(symlink("nowhere", "dangling"));
	OK(symlink("d", "link"));
	EXPECT_ERR(mkdir("d", 0755), EEXIST);
	EXPECT_ERR(mkdir("d/", 0755), EEXIST);
	EXPECT_ERR(mkdir("file", 0755), EEXIST);
	EXPECT_ERR(mkdir("dangling", 0755), EEXIST);
	EXPECT_ERR(mkdir("link", 0755), EEXIST);
	EXPECT_ERR(mkdir(".", 0755), EEXIST);
	EXPECT_ERR(mkdir("..", 0755), EEXIST);
	EXPECT_ERR(mkdir("no/d", 0755), ENOENT);
	EXPECT_ERR(mkdir("file/d", 0755), ENOTDIR);
	EXPECT_ERR(mkdir("", 0755), ENOENT);
	GONE("nowhere");
}

TEST(rmdir_refused, "rmdir's refusals: entries in it, files, dots, absent names")
{
	OK(mkdir("d", 0755));
	touch("d/a", 0644);
	touch("file", 0644);
	OK(mkdir("e", 0755));
	OK(symlink("e", "link"));
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	EXPECT_ERR(rmdir("file"), ENOTDIR);
	EXPECT_ERR(rmdir("no"), ENOENT);
	EXPECT_ERR(rmdir("link"), ENOTDIR);
	EXPECT_ERR(rmdir("e/."), EINVAL);
	EXPECT_ERR(rmdir("e/.."), ENOTEMPTY);
	OK(unlink("d/a"));
	OK(rmdir("d"));
	GONE("d");
	OK(rmdir("e/"));
	GONE("e");
}

TEST(hidden_inside, "a directory with one hidden entry, a link or a fifo is not empty")
{
	OK(mkdir("d", 0755));
	touch("d/.hidden", 0644);
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	OK(unlink("d/.hidden"));
	OK(symlink("x", "d/link"));
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	OK(unlink("d/link"));
	OK(mkfifo("d/p", 0644));
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	OK(unlink("d/p"));
	OK(rmdir("d"));
}

TEST(emptied, "a directory whose many entries were deleted or moved out can go")
{
	char name[32];
	OK(mkdir("d", 0755));
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/file%d", i);
		touch(name, 0644);
	}
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/file%d", i);
		OK(i % 2 ? unlink(name) : rename(name, "out"));
	}
	OK(rmdir("d"));
	CHECK_EQ(count_entries("."), 1);
}

TEST(removed_working_place,
     "a removed working directory: getcwd fails, nothing is made in it")
{
	char buf[PATH_MAX];
	OK(mkdir("d", 0755));
	OK(chdir("d"));
	OK(rmdir("../d"));
	CHECK(getcwd(buf, sizeof(buf)) == NULL && errno == ENOENT);
	EXPECT_ERR(open("a", O_WRONLY | O_CREAT, 0644), ENOENT);
	EXPECT_ERR(mkdir("a", 0755), ENOENT);
	CHECK_EQ(LSTAT(".").st_nlink, 0);
	OK(chdir(".."));
	GONE("d");
}

TEST(permission, "making and removing needs write and search rights on the parent")
{
	be_plain();
	OK(mkdir("p", 0755));
	OK(mkdir("p/d", 0));
	OK(chmod("p", 0555));
	EXPECT_ERR(mkdir("p/x", 0755), EACCES);
	EXPECT_ERR(rmdir("p/d"), EACCES);
	OK(chmod("p", 0644));
	EXPECT_ERR(mkdir("p/x", 0755), EACCES);
	OK(chmod("p", 0700));
	OK(rmdir("p/d"));
}

TEST(setgid_inherited,
     "below a set-group-id directory, group and that bit are inherited")
{
	need_root();
	OK(mkdir("d", 0755));
	OK(chown("d", 0, 1234));
	OK(chmod("d", 02775));
	OK(mkdir("d/sub", 0755));
	CHECK_EQ(LSTAT("d/sub").st_gid, 1234);
	CHECK_MODE("d/sub", 02755);
	touch("d/file", 0644);
	CHECK_EQ(LSTAT("d/file").st_gid, 1234);
	CHECK_MODE("d/file", 0644);
	OK(symlink("x", "d/link"));
	CHECK_EQ(LSTAT("d/link").st_gid, 1234);
	OK(mkfifo("d/fifo", 0600));
	CHECK_EQ(LSTAT("d/fifo").st_gid, 1234);
}

TEST(sticky_made, "a directory is made with the sticky bit that was asked for")
{
	OK(mkdir("d", 01777));
	CHECK_MODE("d", 01755);
}

TEST(many, "800 directories in one: link count right up and down")
{
	char name[32];
	OK(mkdir("p", 0755));
	for (int i = 0; i < 800; i++) {
		snprintf(name, sizeof(name), "p/%d", i);
		OK(mkdir(name, 0755));
	}
	CHECK_EQ(LSTAT("p").st_nlink, 802);
	CHECK_EQ(count_entries("p"), 800);
	for (int i = 0; i < 800; i++) {
		snprintf(name, sizeof(name), "p/%d", i);
		OK(rmdir(name));
	}
	CHECK_EQ(LSTAT("p").st_nlink, 2);
	OK(rmdir("p"));
}

TEST(same_name_again, "one directory made, filled, emptied and removed 500 times")
{
	for (int i = 0; i < 500; i++) {
		OK(mkdir("d", 0755));
		CHECK_EQ(LSTAT("d").st_nlink, 2);
		touch("d/a", 0644);
		OK(unlink("d/a"));
		OK(rmdir("d"));
	}
	GONE("d");
}
