/* symlink(2), readlink(2), and the resolution of paths through links: ELOOP and
 * lengths. */
#include "fstest.h"

TEST(plain, "a link keeps its text, whose length is its size")
{
	char buf[64];
	OK(symlink("some/where else", "l"));
	struct stat st = LSTAT("l");

	CHECK(S_ISLNK(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 0777);
	CHECK_EQ(st.st_size, 15);
	CHECK_EQ(st.st_nlink, 1);
	OK_N(readlink("l", buf, sizeof(buf)), 15);
	CHECK(memcmp(buf, "some/where else", 15) == 0);
	OK_N(readlink("l", buf, 4), 4);
	CHECK(memcmp(buf, "some", 4) == 0);
}

TEST(refused, "refusals of symlink and readlink")
{
	char buf[8];
	touch("a", 0644);
	OK(mkdir("d", 0755));
	OK(symlink("x", "l"));
	EXPECT_ERR(symlink("x", "a"), EEXIST);
	EXPECT_ERR(symlink("x", "d"), EEXIST);
	EXPECT_ERR(symlink("x", "l"), EEXIST);
	EXPECT_ERR(symlink("x", "no/l"), ENOENT);
	EXPECT_ERR(symlink("x", "a/l"), ENOTDIR);
	EXPECT_ERR(symlink("", "m"), ENOENT);
	EXPECT_ERR(readlink("a", buf, sizeof(buf)), EINVAL);
	EXPECT_ERR(readlink("d", buf, sizeof(buf)), EINVAL);
	EXPECT_ERR(readlink("no", buf, sizeof(buf)), ENOENT);
	EXPECT_ERR(readlink("l", buf, 0), EINVAL);
}

TEST(followed, "relative, absolute and upward links lead where they say")
{
	char path[PATH_MAX];
	char absolute[PATH_MAX + 8];
	OK(mkdir("d", 0755));
	put("d/file", "text");
	CHECK(getcwd(path, sizeof(path)) != NULL);
	snprintf(absolute, sizeof(absolute), "%s/d/file", path);
	OK(symlink("file", "d/near"));
	OK(symlink("../d/near", "d/up"));
	OK(symlink(absolute, "abs"));
	OK(symlink("d", "dir"));
	TEXT("d/near", "text");
	TEXT("d/up", "text");
	TEXT("dir/up", "text");
	if (geteuid() == 0 || access(absolute, R_OK) == 0)
		TEXT("abs", "text");
	CHECK_EQ(count_entries("dir"), 3);
	struct stat st;
	OK(stat("dir", &st));
	CHECK(S_ISDIR(st.st_mode));
}

TEST(moved, "a relative link is read from where it stands after a move")
{
	OK(mkdir("d", 0755));
	put("file", "outer");
	put("d/file", "inner");
	OK(symlink("file", "l"));
	TEXT("l", "outer");
	OK(rename("l", "d/l"));
	TEXT("d/l", "inner");
}

TEST(loops, "loops, and more than 40 links in a row, give ELOOP")
{
	char name[16];
	char target[16];
	OK(symlink("b", "a"));
	OK(symlink("a", "b"));
	EXPECT_ERR(open("a", O_RDONLY), ELOOP);
	EXPECT_ERR(open("a/x", O_RDONLY), ELOOP);
	EXPECT_ERR(mkdir("a/x", 0755), ELOOP);
	EXPECT_ERR(chmod("a", 0644), ELOOP);
	put("n0", "text");
	for (int i = 1; i <= 41; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		snprintf(target, sizeof(target), "n%d", i - 1);
		OK(symlink(target, name));
	}
	TEXT("n40", "text");
	EXPECT_ERR(open("n41", O_RDONLY), ELOOP);
}

TEST(long_text, "a text of 4,095 bytes is kept, one of 4,096 refused")
{
	char text[4097];
	char back[4100];
	memset(text, 'x', sizeof(text));
	text[4096] = '\0';
	EXPECT_ERR(symlink(text, "l"), ENAMETOOLONG);
	text[4095] = '\0';
	OK(symlink(text, "l"));
	CHECK_EQ(LSTAT("l").st_size, 4095);
	OK_N(readlink("l", back, sizeof(back)), 4095);
	CHECK(memcmp(text, back, 4095) == 0);
	for (int len = 50; len < 70; len++) {
		text[len] = '\0';
		OK(symlink(text, "m"));
		OK_N(readlink("m", back, sizeof(back)), len);
		OK(unlink("m"));
		text[len] = 'x';
	}
}

TEST(odd_text, "any byte may stand in the text")
{
	char text[256];
	char back[300];
	for (int i = 1; i < 256; i++)
		text[i - 1] = (char)i;
	text[255] = '\0';
	OK(symlink(text, "l"));
	OK_N(readlink("l", back, sizeof(back)), 255);
	CHECK(memcmp(text, back, 255) == 0);
}

TEST(times_and_owner, "times and owner of the link itself are set without its target")
{
	struct timespec times[2] = {{.tv_sec = 1000, .tv_nsec = 1},
				    {.tv_sec = 2000, .tv_nsec = 2}};
	touch("file", 0644);
	OK(symlink("file", "l"));
	struct stat before = LSTAT("file");
	OK(utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
	CHECK_EQ(LSTAT("l").st_mtim.tv_sec, 2000);
	CHECK_EQ(LSTAT("l").st_mtim.tv_nsec, 2);
	SAME(LSTAT("file").st_mtim, before.st_mtim);
	OK(lchown("l", geteuid(), getegid()));
	if (is_root()) {
		OK(lchown("l", 77, 78));
		CHECK_EQ(LSTAT("l").st_uid, 77);
		CHECK_EQ(LSTAT("file").st_uid, before.st_uid);
	}
}

TEST(parent_times, "a new link moves its directory's times")
{
	struct stat before = LSTAT(".");
	tick();
	OK(symlink("x", "l"));
	LATER(LSTAT(".").st_mtim, before.st_mtim);
	LATER(LSTAT(".").st_ctim, before.st_ctim);
}

TEST(changed, "a link that is replaced leads to the new target at once")
{
	put("one", "1");
	put("two", "2");
	OK(symlink("one", "l"));
	for (int i = 0; i < 200; i++) {
		OK(symlink(i % 2 ? "one" : "two", "next"));
		OK(rename("next", "l"));
		TEXT("l", i % 2 ? "1" : "2");
	}
}
