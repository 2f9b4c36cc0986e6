/*
 * Names and paths: any byte, lengths up to the limits and over them, names that look
 * like somebody's markers, and other filesystems (EXDEV).
 */
#include "fstest.h"

#include <sys/statvfs.h>
#include <sys/xattr.h>

TEST(every_byte,
     "each byte but NUL and / alone, in the middle and at both ends of a name")
{
	char name[16];
	char seen[256] = {0};
	int n = 0;
	OK(mkdir("one", 0755));
	OK(mkdir("three", 0755));
	for (int c = 1; c < 256; c++) {
		if (c == '/')
			continue;
		if (c != '.') {
			snprintf(name, sizeof(name), "one/%c", c);
			put(name, name);
			n++;
		}
		snprintf(name, sizeof(name), "three/%cx", c);
		OK(mkdir(name, 0755));
	}
	CHECK_EQ(count_entries("one"), n);
	CHECK_EQ(count_entries("three"), 254);
	DIR *dir = opendir("one");
	struct dirent *entry;
	while ((entry = readdir(dir)))
		seen[(unsigned char)entry->d_name[0]] = 1;
	for (int c = 1; c < 256; c++) {
		if (c == '/' || c == '.')
			continue;
		CHECK_EQ(seen[c], 1);
		snprintf(name, sizeof(name), "one/%c", c);
		TEXT(name, name);
		OK(unlink(name));
		GONE(name);
	}
	OK(rmdir("one"));
}

static const char *const odd_names[] = {
	"...",
	"....",
	".hidden",
	"trailing ",
	"trailing.",
	" leading",
	"back\\slash",
	"new\nline",
	"tab\there",
	"quote'name",
	"double\"name",
	"%s%n%d",
	"*?[a]",
	"--",
	"-rf",
	"~",
	"$HOME",
	"`id`",
	"a;b|c&d",
	"NULL",
	"1",
	"001",
	"1.0",
	"x' OR '1'='1",
	"_%",
	".wh.file",
	".wh..wh..opq",
	".fuse_hidden0000",
	".nfs0001",
	".agentfs.db",
	"agentfs",
	"con",
	"lost+found",
	"caf\xc3\xa9",
	"cafe\xcc\x81",
	"caf\xe9",
	"\xff\xfe",
	"\xc3",
	"\xc3\x28",
	"\xed\xa0\x80",
	"\xf4\x90\x80\x80",
	"\xc0\xaf",
	"\xef\xbb\xbf",
	"\xe2\x80\xae",
	"A",
	"a",
	"\xc3\x84",
	"\xc3\xa4",
	"ss",
	"\xc3\x9f",
};

enum { N_ODD = sizeof(odd_names) / sizeof(odd_names[0]) };

TEST(odd, "odd names are just names: each its own file, listed byte by byte")
{
	OK(mkdir("d", 0755));
	OK(chdir("d"));
	for (int i = 0; i < N_ODD; i++)
		put(odd_names[i], odd_names[i]);
	CHECK_EQ(count_entries("."), N_ODD);
	for (int i = 0; i < N_ODD; i++) {
		TEXT(odd_names[i], odd_names[i]);
		CHECK(has_entry(".", odd_names[i]));
	}
	for (int i = 0; i < N_ODD; i += 2)
		OK(unlink(odd_names[i]));
	for (int i = 0; i < N_ODD; i++) {
		if (i % 2 == 0)
			GONE(odd_names[i]);
		else
			TEXT(odd_names[i], odd_names[i]);
	}
}

TEST(odd_directories, "odd names of directories, renamed into each other's name")
{
	char path[300];
	for (int i = 0; i < N_ODD; i++) {
		OK(mkdir(odd_names[i], 0755));
		snprintf(path, sizeof(path), "%s/in", odd_names[i]);
		put(path, odd_names[i]);
	}
	OK(mkdir("swap", 0755));
	for (int i = 0; i < N_ODD; i++) {
		OK(rename(odd_names[i], "swap/x"));
		TEXT("swap/x/in", odd_names[i]);
		GONE(odd_names[i]);
		OK(rename("swap/x", odd_names[i]));
		snprintf(path, sizeof(path), "%s/in", odd_names[i]);
		TEXT(path, odd_names[i]);
	}
}

TEST(longest, "255 bytes are a name, in every call; 256 give ENAMETOOLONG")
{
	char good[256];
	char bad[257];
	char other[256];
	memset(good, 'n', 255);
	memset(other, '\xff', 255);
	memset(bad, 'n', 256);
	good[255] = other[255] = bad[256] = '\0';
	put(good, "text");
	TEXT(good, "text");
	CHECK(has_entry(".", good));
	OK(link(good, other));
	OK(unlink(good));
	OK(rename(other, good));
	OK(unlink(good));
	OK(mkdir(good, 0755));
	OK(rmdir(good));
	OK(symlink("x", good));
	OK(unlink(good));
	touch("f", 0644);
	EXPECT_ERR(open(bad, O_RDONLY), ENAMETOOLONG);
	EXPECT_ERR(open(bad, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
	EXPECT_ERR(mkdir(bad, 0755), ENAMETOOLONG);
	EXPECT_ERR(mkfifo(bad, 0644), ENAMETOOLONG);
	EXPECT_ERR(symlink("x", bad), ENAMETOOLONG);
	EXPECT_ERR(link("f", bad), ENAMETOOLONG);
	EXPECT_ERR(rename("f", bad), ENAMETOOLONG);
	EXPECT_ERR(rename(bad, "g"), ENAMETOOLONG);
	EXPECT_ERR(unlink(bad), ENAMETOOLONG);
	EXPECT_ERR(rmdir(bad), ENAMETOOLONG);
	EXPECT_ERR(access(bad, F_OK), ENAMETOOLONG);
	EXPECT_ERR(truncate(bad, 0), ENAMETOOLONG);
	EXPECT_ERR(chmod(bad, 0644), ENAMETOOLONG);
	EXPECT_ERR(setxattr(bad, "user.a", "", 0, 0), ENAMETOOLONG);
	CHECK_EQ(count_entries("."), 1);
}

TEST(long_paths, "a path of 4,095 bytes works, one of 4,096 gives ENAMETOOLONG")
{
	static char path[5000];
	OK(mkdir("d", 0755));
	for (int at = 0; at < 4096; at += 2)
		memcpy(path + at, "./", 2);
	memcpy(path + 4094, "d", 2);
	CHECK_EQ(strlen(path), 4095);
	OK(access(path, F_OK));
	memcpy(path + 4094, "./d", 4);
	EXPECT_ERR(access(path, F_OK), ENAMETOOLONG);
}

TEST(many_long_names, "500 names of 255 bytes in one directory")
{
	char name[300];
	OK(mkdir("d", 0755));
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/%0255d", i);
		touch(name, 0644);
	}
	CHECK_EQ(count_entries("d"), 500);
	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "d/%0255d", i);
		OK(unlink(name));
	}
	OK(rmdir("d"));
}

TEST(slashes, "slashes and dots within paths")
{
	OK(mkdir("d", 0755));
	put("d/f", "text");
	TEXT("d//f", "text");
	TEXT("./d/./f", "text");
	TEXT("d/../d/f", "text");
	OK(access("d/", F_OK));
	EXPECT_ERR(access("d/f/", F_OK), ENOTDIR);
	EXPECT_ERR(access("d/f/.", F_OK), ENOTDIR);
	EXPECT_ERR(access("d/f/..", F_OK), ENOTDIR);
	EXPECT_ERR(access("no/..", F_OK), ENOENT);
}

/* Another filesystem that we may write, or a skip. */
static const char *elsewhere(void)
{
	struct stat st;
	if (stat("/dev/shm", &st) < 0 || access("/dev/shm", W_OK) < 0)
		SKIP("no /dev/shm to write");
	if (st.st_dev == LSTAT(".").st_dev)
		SKIP("/dev/shm is the same filesystem");
	return "/dev/shm";
}

TEST(other_filesystem, "link and rename to another filesystem give EXDEV")
{
	char path[64];
	touch("f", 0644);
	OK(mkdir("d", 0755));
	snprintf(path, sizeof(path), "%s/fstest-%d", elsewhere(), getpid());
	EXPECT_ERR(link("f", path), EXDEV);
	EXPECT_ERR(rename("f", path), EXDEV);
	EXPECT_ERR(rename("d", path), EXDEV);
	EXPECT_ERR(renameat2(AT_FDCWD, "f", AT_FDCWD, path, RENAME_NOREPLACE), EXDEV);
	OK(symlink(path, "l"));
	int in = OK(open("f", O_RDWR));
	int out = OK(open(path, O_RDWR | O_CREAT | O_EXCL, 0600));
	OK(unlink(path));
	OK_N(write(in, "text", 4), 4);
	OK(lseek(in, 0, SEEK_SET));
	ssize_t n = copy_file_range(in, NULL, out, NULL, 4, 0);
	CHECK(n == 4 || (n == -1 && errno == EXDEV));
}
