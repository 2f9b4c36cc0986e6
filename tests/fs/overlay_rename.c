/*
 * Peculiar to overlays: renaming what the base has. A renamed base directory keeps all
 * that is in it reachable, whatever was deleted in it or lies at its new place, however
 * often and deeply it moves.
 */
#include "fstest.h"

/* dir with a, b, sub/c, sub/deep/e, each file containing its path. */
static void make_tree(const char *dir)
{
	const char *dirs[] = {"", "/sub", "/sub/deep"};
	const char *files[] = {"/a", "/b", "/sub/c", "/sub/deep/e"};
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, dirs[i]);
		OK(mkdir(path, 0755));
	}
	for (int i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", dir, files[i]);
		put(path, path);
	}
}

/* The file of that path below dir says that it was made as the path below old. */
static void check_file(const char *dir, const char *file, const char *old)
{
	char path[128];
	char text[128];

	snprintf(path, sizeof(path), "%s%s", dir, file);
	snprintf(text, sizeof(text), "%s%s", old, file);
	TEXT(path, text);
}

static void check_tree(const char *dir, const char *old)
{
	char path[128];

	check_file(dir, "/a", old);
	check_file(dir, "/b", old);
	check_file(dir, "/sub/c", old);
	check_file(dir, "/sub/deep/e", old);
	CHECK_EQ(count_entries(dir), 3);
	CHECK_EQ(LSTAT(dir).st_nlink, 3);
	snprintf(path, sizeof(path), "%s/sub", dir);
	CHECK_EQ(count_entries(path), 2);
	snprintf(path, sizeof(path), "%s/sub/deep", dir);
	CHECK_EQ(count_entries(path), 1);
}

PREPARE(file)
{
	OK(mkdir("d", 0755));
	put("f", "base");
	put("over", "base over");
}

TEST(file, "a base file moves, its old name is gone, also when it comes back")
{
	ino_t ino = LSTAT("f").st_ino;
	OK(rename("f", "d/g"));
	GONE("f");
	CHECK(!has_entry(".", "f"));
	TEXT("d/g", "base");
	CHECK_EQ(LSTAT("d/g").st_ino, ino);
	OK(rename("d/g", "f"));
	GONE("d/g");
	TEXT("f", "base");
	OK(rename("f", "over"));
	TEXT("over", "base");
	GONE("f");
	put("f", "new");
	TEXT("f", "new");
	OK(rename("f", "over"));
	TEXT("over", "new");
	CHECK_EQ(count_entries("."), 2);
}

PREPARE(directory)
{
	make_tree("d");
}

TEST(directory, "a base directory is renamed: all in it is there, the old name is gone")
{
	ino_t ino = LSTAT("d").st_ino;
	int fd = OK(open("d/sub/c", O_RDONLY));
	OK(rename("d", "e"));
	GONE("d");
	CHECK(!has_entry(".", "d"));
	check_tree("e", "d");
	CHECK_EQ(LSTAT("e").st_ino, ino);
	CHECK_EQ(LSTAT("e/sub/c").st_ino, FSTAT(fd).st_ino);
	put("e/sub/c", "changed");
	char buf[16];
	OK_N(read(fd, buf, sizeof(buf)), 7);
	OK(mkdir("d", 0755));
	CHECK_EQ(count_entries("d"), 0);
	GONE("d/a");
	TEXT("e/sub/c", "changed");
}

PREPARE(there_and_back)
{
	make_tree("d");
}

TEST(there_and_back, "renamed away and back, a hundred times")
{
	for (int i = 0; i < 100; i++) {
		OK(rename("d", "e"));
		OK(rename("e/sub", "e/sub2"));
		OK(rename("e/sub2", "e/sub"));
		OK(rename("e", "d"));
	}
	check_tree("d", "d");
	GONE("e");
	CHECK_EQ(count_entries("."), 1);
}

PREPARE(nested)
{
	make_tree("d");
	make_tree("x");
}

TEST(nested, "renames inside of renamed directories, upward and downward")
{
	OK(rename("d", "e"));
	OK(rename("e/sub", "e/sub2"));
	OK(rename("e/sub2/deep", "e/up"));
	TEXT("e/up/e", "d/sub/deep/e");
	TEXT("e/sub2/c", "d/sub/c");
	GONE("e/sub2/deep");
	GONE("e/sub");
	OK(mkdir("new", 0755));
	OK(rename("x", "new/x"));
	OK(rename("new/x/sub/deep", "e/sub2/deep"));
	TEXT("e/sub2/deep/e", "x/sub/deep/e");
	OK(rename("e/up", "new/x/sub/deep"));
	TEXT("new/x/sub/deep/e", "d/sub/deep/e");
	OK(rename("new/x", "x"));
	TEXT("x/sub/deep/e", "d/sub/deep/e");
	TEXT("x/sub/c", "x/sub/c");
	CHECK_EQ(count_entries("e"), 3);
	CHECK_EQ(LSTAT("e").st_nlink, 3);
}

PREPARE(into_each_other)
{
	make_tree("d");
	make_tree("x");
}

TEST(into_each_other, "base directories are moved into each other")
{
	OK(rename("d", "x/sub/d"));
	check_tree("x/sub/d", "d");
	CHECK_EQ(LSTAT("x/sub").st_nlink, 4);
	OK(rename("x/sub/d/sub", "sub"));
	TEXT("sub/c", "d/sub/c");
	TEXT("sub/deep/e", "d/sub/deep/e");
	OK(rename("x", "sub/deep/x"));
	TEXT("sub/deep/x/sub/c", "x/sub/c");
	TEXT("sub/deep/x/sub/d/a", "d/a");
	EXPECT_ERR(rename("sub", "sub/deep/x/sub/y"), EINVAL);
	CHECK_EQ(count_entries("sub/deep"), 2);
	CHECK_EQ(count_entries("."), 1);
}

PREPARE(after_deletions)
{
	make_tree("d");
}

TEST(after_deletions, "what was deleted in it before the rename is not there after")
{
	OK(unlink("d/a"));
	OK(unlink("d/sub/deep/e"));
	OK(rename("d", "e"));
	GONE("e/a");
	GONE("e/sub/deep/e");
	CHECK_EQ(count_entries("e"), 2);
	CHECK_EQ(count_entries("e/sub/deep"), 0);
	check_file("e", "/b", "d");
	OK(unlink("e/b"));
	OK(rename("e", "d"));
	GONE("d/a");
	GONE("d/b");
	CHECK_EQ(count_entries("d"), 1);
	OK(rmdir("d/sub/deep"));
	OK(unlink("d/sub/c"));
	OK(rmdir("d/sub"));
	OK(rmdir("d"));
	CHECK_EQ(count_entries("."), 0);
}

PREPARE(over_empty)
{
	make_tree("d");
	make_tree("full");
	OK(mkdir("empty", 0755));
}

TEST(over_empty, "over an empty base directory, and over one emptied by deletions")
{
	OK(rename("d", "empty"));
	check_tree("empty", "d");
	GONE("d");
	EXPECT_ERR(rename("empty", "full"), ENOTEMPTY);
	OK(unlink("full/a"));
	OK(unlink("full/b"));
	OK(unlink("full/sub/c"));
	OK(unlink("full/sub/deep/e"));
	OK(rmdir("full/sub/deep"));
	OK(rmdir("full/sub"));
	OK(rename("empty", "full"));
	check_tree("full", "d");
	CHECK_EQ(count_entries("."), 1);
}

PREPARE(over_deleted)
{
	make_tree("d");
	make_tree("gone");
}

TEST(over_deleted, "to the name of a deleted base directory: nothing of that one shows")
{
	OK(unlink("gone/a"));
	OK(unlink("gone/b"));
	OK(unlink("gone/sub/c"));
	OK(unlink("gone/sub/deep/e"));
	OK(rmdir("gone/sub/deep"));
	OK(rmdir("gone/sub"));
	OK(rmdir("gone"));
	OK(rename("d", "gone"));
	check_tree("gone", "d");
	OK(unlink("gone/a"));
	GONE("gone/a");
	CHECK_EQ(count_entries("gone"), 2);
}

PREPARE(swapped)
{
	make_tree("d");
	make_tree("e");
}

TEST(swapped,
     "two base directories change places, by three renames and by RENAME_EXCHANGE")
{
	OK(rename("d", "tmp"));
	OK(rename("e", "d"));
	OK(rename("tmp", "e"));
	check_tree("d", "e");
	check_tree("e", "d");
	OK(renameat2(AT_FDCWD, "d", AT_FDCWD, "e", RENAME_EXCHANGE));
	check_tree("d", "d");
	check_tree("e", "e");
	OK(renameat2(AT_FDCWD, "d/sub", AT_FDCWD, "e/a", RENAME_EXCHANGE));
	TEXT("d/sub", "e/a");
	TEXT("e/a/deep/e", "d/sub/deep/e");
	OK(renameat2(AT_FDCWD, "d/sub", AT_FDCWD, "e/a", RENAME_EXCHANGE));
	check_tree("d", "d");
	check_tree("e", "e");
}

PREPARE(opaque)
{
	make_tree("d");
}

TEST(opaque, "a directory made anew over a deleted base one stays empty when it moves")
{
	OK(rename("d", "old"));
	OK(mkdir("d", 0755));
	put("d/new", "new");
	OK(rename("d", "e"));
	CHECK_EQ(count_entries("e"), 1);
	GONE("e/a");
	GONE("e/sub/c");
	OK(rename("old", "d"));
	check_tree("d", "d");
	OK(rename("e", "d/e"));
	CHECK_EQ(count_entries("d/e"), 1);
	TEXT("d/e/new", "new");
}

PREPARE(merged)
{
	make_tree("d");
}

TEST(merged, "new files in a base directory move with it, and back into it")
{
	put("d/new", "new");
	put("d/sub/a", "new in sub");
	put("d/b", "changed");
	OK(rename("d", "e"));
	TEXT("e/new", "new");
	TEXT("e/sub/a", "new in sub");
	TEXT("e/b", "changed");
	check_file("e", "/sub/c", "d");
	CHECK_EQ(count_entries("e"), 4);
	OK(mkdir("d", 0755));
	OK(rename("e/sub", "d/sub"));
	TEXT("d/sub/a", "new in sub");
	check_file("d", "/sub/deep/e", "d");
	GONE("e/sub");
	GONE("d/a");
}

PREPARE(descriptors)
{
	make_tree("d");
}

TEST(descriptors, "open directories and working places inside of a renamed one go on")
{
	int dir = OK(open("d/sub", O_RDONLY | O_DIRECTORY));
	OK(chdir("d/sub/deep"));
	OK(rename("../../../d", "../../../e"));
	OK(openat(dir, "c", O_RDONLY));
	TEXT("e", "d/sub/deep/e");
	put("new", "new");
	OK(openat(dir, "deep/new", O_RDONLY));
	OK(unlink("../c"));
	EXPECT_ERR(openat(dir, "c", O_RDONLY), ENOENT);
	OK(chdir("../../.."));
	TEXT("e/sub/deep/new", "new");
}

PREPARE(listed_meanwhile)
{
	char path[32];

	OK(mkdir("d", 0755));
	for (int i = 0; i < 500; i++) {
		snprintf(path, sizeof(path), "d/f%d", i);
		put(path, path);
	}
}

TEST(listed_meanwhile,
     "every file of a base directory is moved to another while it is listed")
{
	char from[300];
	char to[300];
	struct dirent *entry;
	OK(mkdir("e", 0755));
	DIR *dir = opendir("d");
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(from, sizeof(from), "d/%s", entry->d_name);
		snprintf(to, sizeof(to), "e/%s", entry->d_name);
		OK(rename(from, to));
	}
	CHECK_EQ(count_entries("d"), 0);
	CHECK_EQ(count_entries("e"), 500);
	TEXT("e/f77", "d/f77");
	OK(rmdir("d"));
	OK(rename("e", "d"));
	TEXT("d/f499", "d/f499");
}

PREPARE(deep_chain)
{
	make_tree("d");
}

TEST(deep_chain, "moved step by step to the bottom of a new chain of directories")
{
	char from[128] = "d";
	char to[128] = "";
	for (int i = 0; i < 20; i++) {
		size_t len = strlen(to);
		snprintf(to + len, sizeof(to) - len, "n%d/", i);
		OK(mkdir(to, 0755));
		len = strlen(to);
		snprintf(to + len, sizeof(to) - len, "d");
		OK(rename(from, to));
		check_tree(to, "d");
		snprintf(from, sizeof(from), "%s", to);
		to[len] = '\0';
	}
	OK(rename(from, "d"));
	check_tree("d", "d");
}
