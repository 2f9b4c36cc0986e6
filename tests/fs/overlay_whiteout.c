/*
 * Peculiar to overlays: deletion of what the base has. What was deleted stays away, is
 * not listed, may come back as another kind, and a directory is empty exactly when it
 * looks so.
 */
#include "fstest.h"

static void make_tree(const char *dir)
{
	char path[64];

	OK(mkdir(dir, 0755));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/file%d", dir, i);
		put(path, "base");
	}
	snprintf(path, sizeof(path), "%s/sub", dir);
	OK(mkdir(path, 0755));
	snprintf(path, sizeof(path), "%s/sub/deep", dir);
	put(path, "base deep");
}

/* Deletes what make_tree made. */
static void remove_tree(const char *dir)
{
	char path[64];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/file%d", dir, i);
		OK(unlink(path));
	}
	snprintf(path, sizeof(path), "%s/sub/deep", dir);
	OK(unlink(path));
	snprintf(path, sizeof(path), "%s/sub", dir);
	OK(rmdir(path));
	OK(rmdir(dir));
}

PREPARE(deleted)
{
	make_tree("d");
}

TEST(deleted, "deleted base files are gone for every call, and are not listed")
{
	struct stat before = LSTAT("d");
	tick();
	OK(unlink("d/file1"));
	GONE("d/file1");
	EXPECT_ERR(open("d/file1", O_RDONLY), ENOENT);
	EXPECT_ERR(unlink("d/file1"), ENOENT);
	EXPECT_ERR(rename("d/file1", "d/x"), ENOENT);
	EXPECT_ERR(link("d/file1", "d/x"), ENOENT);
	EXPECT_ERR(chmod("d/file1", 0644), ENOENT);
	EXPECT_ERR(truncate("d/file1", 0), ENOENT);
	CHECK(!has_entry("d", "file1"));
	CHECK_EQ(count_entries("d"), 3);
	LATER(LSTAT("d").st_mtim, before.st_mtim);
	LATER(LSTAT("d").st_ctim, before.st_ctim);
	TEXT("d/file0", "base");
}

PREPARE(recreated)
{
	make_tree("d");
	put("f", "a long text of the base");
}

TEST(recreated, "a deleted name made anew is another, empty file")
{
	/* Its number may be the old one's: ext4 gives freed numbers out again. */
	OK(unlink("f"));
	int fd = OK(open("f", O_RDWR | O_CREAT | O_EXCL, 0600));
	CHECK_EQ(FSTAT(fd).st_size, 0);
	CHECK_MODE("f", 0600);
	OK_N(write(fd, "x", 1), 1);
	TEXT("f", "x");
	OK(unlink("f"));
	GONE("f");
	EXPECT_ERR(open("f", O_RDONLY), ENOENT);
	CHECK(!has_entry(".", "f"));
}

PREPARE(opaque)
{
	make_tree("d");
}

TEST(opaque, "a base directory deleted and made anew is empty, at every level")
{
	remove_tree("d");
	GONE("d");
	OK(mkdir("d", 0700));
	CHECK_EQ(count_entries("d"), 0);
	CHECK_EQ(LSTAT("d").st_nlink, 2);
	CHECK_MODE("d", 0700);
	GONE("d/file0");
	GONE("d/sub/deep");
	OK(mkdir("d/sub", 0755));
	CHECK_EQ(count_entries("d/sub"), 0);
	GONE("d/sub/deep");
	put("d/file0", "new");
	TEXT("d/file0", "new");
	CHECK_EQ(count_entries("d"), 2);
	OK(unlink("d/file0"));
	GONE("d/file0");
	OK(rmdir("d/sub"));
	OK(rmdir("d"));
	GONE("d");
}

PREPARE(kinds)
{
	make_tree("d");
	make_tree("e");
	put("f", "base");
	put("g", "base");
}

TEST(kinds, "a base directory is replaced by a file and the other way round")
{
	remove_tree("d");
	put("d", "file now");
	TEXT("d", "file now");
	EXPECT_ERR(open("d/file0", O_RDONLY), ENOTDIR);
	OK(unlink("f"));
	OK(mkdir("f", 0755));
	put("f/in", "x");
	CHECK_EQ(count_entries("f"), 1);
	OK(rename("e", "moved"));
	OK(symlink("moved", "e"));
	TEXT("e/sub/deep", "base deep");
	OK(unlink("g"));
	OK(mkfifo("g", 0644));
	CHECK(S_ISFIFO(LSTAT("g").st_mode));
	/* And back again. */
	OK(unlink("d"));
	OK(mkdir("d", 0755));
	CHECK_EQ(count_entries("d"), 0);
	OK(unlink("f/in"));
	OK(rmdir("f"));
	put("f", "file again");
	TEXT("f", "file again");
}

PREPARE(empty_or_not)
{
	make_tree("d");
	make_tree("e");
	OK(mkdir("empty", 0755));
}

TEST(empty_or_not,
     "rmdir: ENOTEMPTY while anything of base or view is in it, else it goes")
{
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	OK(rmdir("empty"));
	GONE("empty");
	for (int i = 0; i < 3; i++) {
		char path[32];
		snprintf(path, sizeof(path), "d/file%d", i);
		OK(unlink(path));
		EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	}
	EXPECT_ERR(rmdir("d/sub"), ENOTEMPTY);
	OK(rename("d/sub/deep", "deep"));
	OK(rmdir("d/sub"));
	put("d/new", "of the view");
	EXPECT_ERR(rmdir("d"), ENOTEMPTY);
	OK(unlink("d/new"));
	OK(rmdir("d"));
	TEXT("deep", "base deep");
	/* By rename over it, likewise. */
	OK(mkdir("n", 0755));
	EXPECT_ERR(rename("n", "e"), ENOTEMPTY);
	remove_tree("e");
	OK(rename("n", "e"));
	CHECK_EQ(count_entries("e"), 0);
}

PREPARE(link_counts)
{
	make_tree("d");
	OK(mkdir("d/sub2", 0755));
	OK(mkdir("e", 0755));
}

TEST(link_counts, "link counts of base directories follow what is made, moved, deleted")
{
	CHECK_EQ(LSTAT("d").st_nlink, 4);
	OK(mkdir("d/new", 0755));
	CHECK_EQ(LSTAT("d").st_nlink, 5);
	OK(rmdir("d/sub2"));
	CHECK_EQ(LSTAT("d").st_nlink, 4);
	OK(rename("d/sub", "e/sub"));
	CHECK_EQ(LSTAT("d").st_nlink, 3);
	CHECK_EQ(LSTAT("e").st_nlink, 3);
	OK(mkdir("d/sub", 0755));
	CHECK_EQ(LSTAT("d").st_nlink, 4);
	CHECK_EQ(LSTAT("e/sub/..").st_ino, LSTAT("e").st_ino);
	OK(rmdir("d/sub"));
	OK(rmdir("d/new"));
	CHECK_EQ(LSTAT("d").st_nlink, 2);
}

PREPARE(listing)
{
	char path[32];

	OK(mkdir("d", 0755));
	for (int i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "d/base%d", i);
		touch(path, 0644);
	}
}

TEST(listing, "base entries, less the deleted, plus the new: each once")
{
	static char seen[2][1200];
	char path[32];
	struct dirent *entry;
	for (int i = 0; i < 1000; i += 5) {
		snprintf(path, sizeof(path), "d/base%d", i);
		OK(unlink(path));
	}
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "d/new%d", i);
		touch(path, 0644);
	}
	for (int i = 1; i < 1000; i += 5) {
		snprintf(path, sizeof(path), "d/base%d", i);
		put(path, "changed");
	}
	for (int i = 0; i < 1000; i += 10) {
		snprintf(path, sizeof(path), "d/base%d", i);
		put(path, "made anew");
	}
	DIR *dir = opendir("d");
	while ((entry = readdir(dir))) {
		int n;
		if (sscanf(entry->d_name, "base%d", &n) == 1)
			seen[0][n]++;
		else if (sscanf(entry->d_name, "new%d", &n) == 1)
			seen[1][n]++;
		else
			CHECK(entry->d_name[0] == '.');
	}
	for (int i = 0; i < 1000; i++)
		CHECK_EQ(seen[0][i], i % 5 != 0 || i % 10 == 0);
	for (int i = 0; i < 200; i++)
		CHECK_EQ(seen[1][i], 1);
}

PREPARE(deleted_while_listed)
{
	char path[32];

	OK(mkdir("d", 0755));
	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "d/base%d", i);
		touch(path, 0644);
	}
}

TEST(deleted_while_listed,
     "base and new files deleted while they are listed: all are seen, rmdir works")
{
	static char seen[2500];
	char path[300];
	struct dirent *entry;
	for (int i = 2000; i < 2500; i++) {
		snprintf(path, sizeof(path), "d/base%d", i);
		touch(path, 0644);
	}
	DIR *dir = opendir("d");
	while ((errno = 0, entry = readdir(dir))) {
		int n;
		if (sscanf(entry->d_name, "base%d", &n) != 1)
			continue;
		CHECK_EQ(seen[n], 0);
		seen[n] = 1;
		snprintf(path, sizeof(path), "d/%s", entry->d_name);
		OK(unlink(path));
	}
	CHECK_EQ(errno, 0);
	CHECK(memchr(seen, 0, sizeof(seen)) == NULL);
	CHECK_EQ(count_entries("d"), 0);
	OK(rmdir("d"));
	GONE("d");
}

PREPARE(same_name)
{
	put("lock", "base");
	OK(mkdir("d", 0755));
	put("d/in", "base");
}

TEST(same_name, "a base name deleted and made 1,000 times, a base directory 300 times")
{
	for (int i = 0; i < 1000; i++) {
		OK(unlink("lock"));
		touch("lock", 0644);
	}
	CHECK_EQ(LSTAT("lock").st_size, 0);
	for (int i = 0; i < 300; i++) {
		OK(unlink("d/in"));
		OK(rmdir("d"));
		OK(mkdir("d", 0755));
		CHECK_EQ(count_entries("d"), 0);
		touch("d/in", 0644);
	}
	CHECK_EQ(count_entries("."), 2);
}

PREPARE(deep_deleted)
{
	char path[128] = "d0";

	for (int i = 1; i < 20; i++) {
		OK(mkdir(path, 0755));
		size_t len = strlen(path);
		snprintf(path + len, sizeof(path) - len, "/f");
		put(path, "base");
		snprintf(path + len, sizeof(path) - len, "/d%d", i);
	}
}

TEST(deep_deleted,
     "a deep base tree is deleted bottom up and made anew without its old files")
{
	char path[128] = "d0";
	size_t lens[20];
	for (int i = 1; i < 20; i++) {
		lens[i] = strlen(path);
		snprintf(path + lens[i], sizeof(path) - lens[i], "/d%d", i);
	}
	for (int i = 19; i >= 1; i--) {
		snprintf(path + lens[i], sizeof(path) - lens[i], "/f");
		OK(unlink(path));
		path[lens[i]] = '\0';
		OK(rmdir(path));
	}
	CHECK_EQ(count_entries("."), 0);
	for (int i = 1; i < 20; i++) {
		OK(mkdir(path, 0755));
		CHECK_EQ(count_entries(path), 0);
		snprintf(path + lens[i], sizeof(path) - lens[i], "/d%d", i);
	}
}
