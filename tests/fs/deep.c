/* Trees of 3,000 levels: made, walked, moved and (by the harness) removed. */
#include "fstest.h"

enum { LEVELS = 3000 };

/* Makes the levels below the working directory, with a file at the bottom. */
static void descend(int levels)
{
	for (int i = 0; i < levels; i++) {
		OK(mkdir("d", 0755));
		OK(chdir("d"));
	}
}

TEST(made, "3,000 levels are made and walked down and up again")
{
	ino_t top = LSTAT(".").st_ino;
	descend(LEVELS);
	put("bottom", "text");
	for (int i = 0; i < LEVELS; i++)
		OK(chdir(".."));
	CHECK_EQ(LSTAT(".").st_ino, top);
	for (int i = 0; i < LEVELS; i++)
		OK(chdir("d"));
	TEXT("bottom", "text");
}

TEST(moved, "the top of a deep tree is renamed and moved in no time, the bottom found")
{
	int top = OK(open(".", O_RDONLY | O_DIRECTORY));
	descend(LEVELS);
	put("bottom", "text");
	OK(renameat(top, "d", top, "renamed"));
	OK(mkdirat(top, "other", 0755));
	OK(renameat(top, "renamed", top, "other/d"));
	TEXT("bottom", "text");
	put("bottom", "changed");
	OK(fchdir(top));
	OK(chdir("other"));
	for (int i = 0; i < LEVELS; i++)
		OK(chdir("d"));
	TEXT("bottom", "changed");
}

TEST(long_way, "from the deep bottom, a path up of 1,300 steps works")
{
	static char path[4096];
	ino_t ino = 0;
	for (int i = 0; i < 1300; i++) {
		OK(mkdir("d", 0755));
		OK(chdir("d"));
		if (i == 0)
			ino = LSTAT(".").st_ino;
		memcpy(path + 3 * i, "../", 3);
	}
	path[3 * 1299 - 1] = '\0';
	CHECK_EQ(LSTAT(path).st_ino, ino);
}

TEST(own_ancestor, "the bottom of 200 levels does not take its own ancestor in")
{
	int top = OK(open(".", O_RDONLY | O_DIRECTORY));
	descend(200);
	EXPECT_ERR(renameat(top, "d", AT_FDCWD, "d"), EINVAL);
	OK(mkdir("e", 0755));
	EXPECT_ERR(renameat2(AT_FDCWD, "e", top, "d", RENAME_EXCHANGE), EINVAL);
}

TEST(wide_and_deep,
     "a tree of 4 levels with 6 entries each is listed in full and removed")
{
	char path[64];
	int n = 0;
	for (int i = 0; i < 6 * 6 * 6; i++) {
		snprintf(path, sizeof(path), "a%d", i / 36);
		mkdir(path, 0755);
		snprintf(path, sizeof(path), "a%d/b%d", i / 36, i / 6 % 6);
		mkdir(path, 0755);
		snprintf(path, sizeof(path), "a%d/b%d/c%d", i / 36, i / 6 % 6, i % 6);
		OK(mkdir(path, 0755));
		n += 6;
		for (int j = 0; j < 6; j++) {
			snprintf(path, sizeof(path), "a%d/b%d/c%d/f%d", i / 36,
				 i / 6 % 6, i % 6, j);
			put(path, path);
		}
	}
	CHECK_EQ(n, 1296);
	for (int i = 0; i < 6 * 6 * 6; i++) {
		snprintf(path, sizeof(path), "a%d/b%d/c%d", i / 36, i / 6 % 6, i % 6);
		CHECK_EQ(count_entries(path), 6);
		CHECK_EQ(LSTAT(path).st_nlink, 2);
	}
	CHECK_EQ(LSTAT("a0").st_nlink, 8);
}
