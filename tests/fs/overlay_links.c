/*
 * Peculiar to overlays: base files with several names are one file before and after the
 * first write, and symbolic links of the base lead where they say.
 */
#include "fstest.h"

PREPARE(one_file)
{
	OK(mkdir("d", 0755));
	put("a", "base");
	OK(link("a", "b"));
	OK(link("a", "d/c"));
}

TEST(one_file, "three base names are one inode, before and after a write through one")
{
	const char *names[] = {"a", "b", "d/c"};
	ino_t ino = LSTAT("a").st_ino;
	int reader = OK(open("d/c", O_RDONLY));
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 3; i++) {
			CHECK_EQ(LSTAT(names[i]).st_ino, ino);
			CHECK_EQ(LSTAT(names[i]).st_nlink, 3);
			TEXT(names[i], round ? "base+" : "base");
		}
		if (round)
			break;
		int fd = OK(open("b", O_WRONLY | O_APPEND));
		OK_N(write(fd, "+", 1), 1);
	}
	char buf[8];
	OK_N(read(reader, buf, sizeof(buf)), 5);
	OK(chmod("d/c", 0600));
	CHECK_MODE("a", 0600);
	OK(truncate("a", 2));
	TEXT("b", "ba");
}

PREPARE(written_before_seen)
{
	put("a", "base");
	OK(mkdir("later", 0755));
	OK(link("a", "later/b"));
}

TEST(written_before_seen, "a name that nobody looked at leads to the changed file too")
{
	int fd = OK(open("a", O_WRONLY | O_APPEND));
	OK_N(write(fd, "+view", 5), 5);
	TEXT("later/b", "base+view");
	CHECK_EQ(LSTAT("later/b").st_ino, LSTAT("a").st_ino);
	CHECK_EQ(LSTAT("later/b").st_nlink, 2);
}

PREPARE(deleted_names)
{
	put("a", "base");
	OK(link("a", "b"));
	OK(link("a", "c"));
}

TEST(deleted_names, "deleting base names counts down, the others stay whole")
{
	struct stat before = LSTAT("a");
	OK(unlink("a"));
	CHECK_EQ(LSTAT("b").st_nlink, 2);
	CHECK_EQ(LSTAT("c").st_nlink, 2);
	CHECK_EQ(LSTAT("c").st_ino, before.st_ino);
	TEXT("b", "base");
	put("a", "new");
	CHECK(LSTAT("a").st_ino != before.st_ino);
	CHECK_EQ(LSTAT("a").st_nlink, 1);
	TEXT("b", "base");
	int fd = OK(open("b", O_RDWR));
	OK(unlink("b"));
	OK_N(pwrite(fd, "B", 1, 0), 1);
	TEXT("c", "Base");
	CHECK_EQ(FSTAT(fd).st_nlink, 1);
	OK(unlink("c"));
	CHECK_EQ(FSTAT(fd).st_nlink, 0);
}

PREPARE(new_names)
{
	OK(mkdir("d", 0755));
	put("a", "base");
	OK(link("a", "b"));
	put("single", "one");
}

TEST(new_names, "new names beside base names: one file, one count")
{
	OK(link("a", "d/new"));
	CHECK_EQ(LSTAT("b").st_nlink, 3);
	CHECK_EQ(LSTAT("d/new").st_ino, LSTAT("b").st_ino);
	put("d/new", "changed");
	TEXT("a", "changed");
	TEXT("b", "changed");
	OK(unlink("b"));
	CHECK_EQ(LSTAT("d/new").st_nlink, 2);
	OK(rename("d/new", "d/newer"));
	CHECK_EQ(LSTAT("a").st_nlink, 2);
	TEXT("d/newer", "changed");
	OK(link("single", "single2"));
	OK(unlink("single"));
	TEXT("single2", "one");
	CHECK_EQ(LSTAT("single2").st_nlink, 1);
}

PREPARE(rename_over)
{
	put("a", "base");
	OK(link("a", "b"));
	put("other", "other");
}

TEST(rename_over,
     "rename between base names of one file does nothing, over one it counts down")
{
	OK(rename("a", "b"));
	CHECK_EQ(LSTAT("a").st_nlink, 2);
	OK(rename("other", "a"));
	TEXT("a", "other");
	TEXT("b", "base");
	CHECK_EQ(LSTAT("b").st_nlink, 1);
}

PREPARE(many_names)
{
	char name[16];

	put("n0", "base");
	for (int i = 1; i < 200; i++) {
		snprintf(name, sizeof(name), "n%d", i);
		OK(link("n0", name));
	}
}

TEST(many_names, "200 base names of one file, half of them deleted")
{
	char name[16];
	put("n7", "view");
	for (int i = 0; i < 200; i += 2) {
		snprintf(name, sizeof(name), "n%d", i);
		OK(unlink(name));
	}
	CHECK_EQ(count_entries("."), 100);
	for (int i = 1; i < 200; i += 2) {
		snprintf(name, sizeof(name), "n%d", i);
		TEXT(name, "view");
		CHECK_EQ(LSTAT(name).st_nlink, 100);
	}
}

PREPARE(moved_directory)
{
	OK(mkdir("d", 0755));
	put("d/a", "base");
	OK(link("d/a", "out"));
	put("d/x", "x");
}

TEST(moved_directory,
     "a name inside of a moved directory and one outside are one file still")
{
	OK(rename("d", "e"));
	CHECK_EQ(LSTAT("e/a").st_ino, LSTAT("out").st_ino);
	put("e/a", "changed");
	TEXT("out", "changed");
	CHECK_EQ(LSTAT("out").st_nlink, 2);
	OK(unlink("e/a"));
	CHECK_EQ(LSTAT("out").st_nlink, 1);
	TEXT("out", "changed");
}

PREPARE(symlinks)
{
	OK(mkdir("d", 0755));
	put("d/target", "base");
	OK(symlink("target", "d/near"));
	OK(symlink("d/near", "chain"));
	OK(symlink("d", "dir"));
	OK(symlink("nowhere", "dangling"));
}

TEST(symlinks, "links of the base lead to changed, moved and new targets")
{
	char buf[16];
	TEXT("chain", "base");
	put("chain", "changed");
	TEXT("d/target", "changed");
	CHECK(S_ISLNK(LSTAT("chain").st_mode));
	OK_N(readlink("d/near", buf, sizeof(buf)), 6);
	OK(rename("d/target", "d/gone"));
	EXPECT_ERR(open("chain", O_RDONLY), ENOENT);
	put("dir/target", "new");
	TEXT("chain", "new");
	OK(rename("d", "e"));
	EXPECT_ERR(open("dir/target", O_RDONLY), ENOENT);
	TEXT("e/near", "new");
	put("dangling", "made");
	TEXT("nowhere", "made");
	OK(unlink("dir"));
	OK(symlink("e", "dir"));
	TEXT("dir/near", "new");
	CHECK_EQ(LSTAT("dangling").st_size, 7);
}

PREPARE(symlink_replaced)
{
	OK(symlink("one", "l"));
	OK(symlink("one", "m"));
	put("one", "1");
	put("two", "2");
}

TEST(symlink_replaced, "a base link is replaced by a link, a file, a directory")
{
	OK(symlink("two", "new"));
	OK(rename("new", "l"));
	TEXT("l", "2");
	put("new", "file");
	OK(rename("new", "l"));
	CHECK(S_ISREG(LSTAT("l").st_mode));
	OK(unlink("m"));
	OK(mkdir("m", 0755));
	CHECK_EQ(count_entries("m"), 0);
	TEXT("one", "1");
}
