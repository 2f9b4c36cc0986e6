/*
 * Extended attributes: setxattr(2), getxattr(2), listxattr(2), removexattr(2) in the
 * spaces user, trusted (root) and security. How much fits is a filesystem's own affair
 * below the kernel's limit of 64 KiB, so only values up to 2,000 bytes are demanded.
 */
#include "fstest.h"

#include <sys/xattr.h>

static bool listed(const char *path, const char *name)
{
	static char list[64 * KIB];
	ssize_t n = llistxattr(path, list, sizeof(list));

	if (n < 0)
		FAIL("llistxattr(%s): %s", path, strerrorname_np(errno));
	for (char *at = list; at < list + n; at += strlen(at) + 1) {
		if (strcmp(at, name) == 0)
			return true;
	}
	return false;
}

TEST(set_get, "a value is kept, also an empty one and one with zeros in it")
{
	char buf[64];
	touch("f", 0644);
	OK(setxattr("f", "user.a", "va\0lue", 6, 0));
	OK(setxattr("f", "user.empty", "", 0, 0));
	OK_N(getxattr("f", "user.a", buf, sizeof(buf)), 6);
	CHECK(memcmp(buf, "va\0lue", 6) == 0);
	OK_N(getxattr("f", "user.empty", buf, sizeof(buf)), 0);
	OK(setxattr("f", "user.a", "other", 5, 0));
	OK_N(getxattr("f", "user.a", buf, sizeof(buf)), 5);
	EXPECT_ERR(getxattr("f", "user.no", buf, sizeof(buf)), ENODATA);
	CHECK(listed("f", "user.a") && listed("f", "user.empty"));
}

TEST(flags, "XATTR_CREATE and XATTR_REPLACE")
{
	touch("f", 0644);
	EXPECT_ERR(setxattr("f", "user.a", "x", 1, XATTR_REPLACE), ENODATA);
	OK(setxattr("f", "user.a", "x", 1, XATTR_CREATE));
	EXPECT_ERR(setxattr("f", "user.a", "y", 1, XATTR_CREATE), EEXIST);
	OK(setxattr("f", "user.a", "z", 1, XATTR_REPLACE));
	EXPECT_ERR(setxattr("f", "user.a", "z", 1, 8), EINVAL);
	char byte;
	OK_N(getxattr("f", "user.a", &byte, 1), 1);
	CHECK_EQ(byte, 'z');
}

TEST(sizes, "size 0 asks for the size, too little room gives ERANGE")
{
	char buf[64];
	touch("f", 0644);
	OK_N(listxattr("f", NULL, 0), 0);
	OK(setxattr("f", "user.name", "0123456789", 10, 0));
	OK_N(getxattr("f", "user.name", NULL, 0), 10);
	EXPECT_ERR(getxattr("f", "user.name", buf, 9), ERANGE);
	OK_N(getxattr("f", "user.name", buf, 10), 10);
	OK_N(listxattr("f", NULL, 0), 10);
	EXPECT_ERR(listxattr("f", buf, 9), ERANGE);
	OK_N(listxattr("f", buf, 10), 10);
	CHECK(memcmp(buf, "user.name", 10) == 0);
}

TEST(limits, "names over 255 bytes give ERANGE, values over 64 KiB E2BIG")
{
	static char big[64 * KIB + 1];
	char name[300];
	touch("f", 0644);
	memset(name, 'n', sizeof(name));
	memcpy(name, "user.", 5);
	name[256] = '\0';
	EXPECT_ERR(setxattr("f", name, "x", 1, 0), ERANGE);
	EXPECT_ERR(getxattr("f", name, big, 1), ERANGE);
	name[255] = '\0';
	OK(setxattr("f", name, "x", 1, 0));
	CHECK(listed("f", name));
	EXPECT_ERR(setxattr("f", "user.big", big, 64 * KIB + 1, 0), E2BIG);
	EXPECT_ERR(setxattr("f", "", "x", 1, 0), ERANGE);
	EXPECT_ERR(setxattr("f", "user.", "x", 1, 0), EINVAL);
	EXPECT_ERR(setxattr("f", "nospace", "x", 1, 0), EOPNOTSUPP);
	memset(big, 'v', 2000);
	OK(setxattr("f", "user.big", big, 2000, 0));
	OK_N(getxattr("f", "user.big", big + 3000, 4000), 2000);
	CHECK(memcmp(big, big + 3000, 2000) == 0);
}

TEST(remove, "a removed attribute is gone from list and look-up")
{
	char byte;
	touch("f", 0644);
	OK(setxattr("f", "user.a", "x", 1, 0));
	OK(setxattr("f", "user.b", "y", 1, 0));
	OK(removexattr("f", "user.a"));
	EXPECT_ERR(getxattr("f", "user.a", &byte, 1), ENODATA);
	CHECK(!listed("f", "user.a") && listed("f", "user.b"));
	EXPECT_ERR(removexattr("f", "user.a"), ENODATA);
	EXPECT_ERR(removexattr("no", "user.a"), ENOENT);
}

TEST(many, "60 attributes on one file")
{
	char name[32];
	char back[32];
	touch("f", 0644);
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "user.attribute%d", i);
		OK(setxattr("f", name, name, strlen(name), 0));
	}
	for (int i = 0; i < 60; i += 2) {
		snprintf(name, sizeof(name), "user.attribute%d", i);
		OK(removexattr("f", name));
	}
	for (int i = 0; i < 60; i++) {
		snprintf(name, sizeof(name), "user.attribute%d", i);
		CHECK_EQ(listed("f", name), i % 2);
		if (i % 2)
			OK_N(getxattr("f", name, back, sizeof(back)),
			     (ssize_t)strlen(name));
	}
}

TEST(by_descriptor, "by descriptor, on directories, and it follows rename and link")
{
	char byte;
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));
	OK(mkdir("d", 0755));

	OK(fsetxattr(fd, "user.a", "x", 1, 0));
	OK(setxattr("d", "user.d", "d", 1, 0));
	OK_N(getxattr("d", "user.d", &byte, 1), 1);
	OK(rename("f", "g"));
	OK(link("g", "h"));
	OK_N(getxattr("h", "user.a", &byte, 1), 1);
	OK(unlink("g"));
	OK(unlink("h"));
	OK_N(fgetxattr(fd, "user.a", &byte, 1), 1);
	CHECK_EQ(flistxattr(fd, NULL, 0) >= 7, 1);
	OK(fremovexattr(fd, "user.a"));
	put("f", "new");
	EXPECT_ERR(getxattr("f", "user.a", &byte, 1), ENODATA);
}

TEST(ctime, "setting and removing move ctime only")
{
	touch("f", 0644);
	struct stat a = LSTAT("f");
	tick();
	OK(setxattr("f", "user.a", "x", 1, 0));
	struct stat b = LSTAT("f");
	LATER(b.st_ctim, a.st_ctim);
	SAME(b.st_mtim, a.st_mtim);
	tick();
	OK(removexattr("f", "user.a"));
	LATER(LSTAT("f").st_ctim, b.st_ctim);
	SAME(LSTAT("f").st_mtim, a.st_mtim);
}

TEST(user_space, "user.* is for files and directories, followed through links")
{
	char byte;
	touch("f", 0644);
	OK(symlink("f", "l"));
	OK(mkfifo("p", 0644));
	OK(mknod("s", S_IFSOCK | 0644, 0));
	OK(setxattr("l", "user.a", "x", 1, 0));
	OK_N(getxattr("f", "user.a", &byte, 1), 1);
	EXPECT_ERR(lsetxattr("l", "user.a", "x", 1, 0), EPERM);
	EXPECT_ERR(lgetxattr("l", "user.a", &byte, 1), ENODATA);
	EXPECT_ERR(setxattr("p", "user.a", "x", 1, 0), EPERM);
	EXPECT_ERR(setxattr("s", "user.a", "x", 1, 0), EPERM);
	EXPECT_ERR(getxattr("p", "user.a", &byte, 1), ENODATA);
	OK_N(llistxattr("l", NULL, 0), 0);
}

TEST(rights, "user.* is read and written by those who may read and write the file")
{
	char byte;
	need_other();
	touch("f", 0644);
	OK(setxattr("f", "user.a", "x", 1, 0));
	OK(mkdir("sticky", 0777));
	OK(chmod("sticky", 01777));
	if (as_other()) {
		OK_N(getxattr("f", "user.a", &byte, 1), 1);
		EXPECT_ERR(setxattr("f", "user.a", "y", 1, 0), EACCES);
		EXPECT_ERR(removexattr("f", "user.a"), EACCES);
		EXPECT_ERR(setxattr("sticky", "user.a", "y", 1, 0), EPERM);
		done();
	}
	OK(chmod("f", 0600));
	if (as_other()) {
		EXPECT_ERR(getxattr("f", "user.a", &byte, 1), EACCES);
		done();
	}
	OK(chmod("f", 0222));
	if (as_other()) {
		OK(setxattr("f", "user.a", "y", 1, 0));
		EXPECT_ERR(getxattr("f", "user.a", &byte, 1), EACCES);
		done();
	}
}

TEST(trusted, "trusted.* is root's, also on links and fifos, and hidden from others")
{
	char buf[64];
	need_machine_root();
	need_other();
	touch("f", 0644);
	OK(symlink("f", "l"));
	OK(mkfifo("p", 0644));
	OK(setxattr("f", "trusted.a", "x", 1, 0));
	OK(setxattr("f", "user.b", "y", 1, 0));
	OK(lsetxattr("l", "trusted.l", "x", 1, 0));
	OK(setxattr("p", "trusted.p", "x", 1, 0));
	OK_N(lgetxattr("l", "trusted.l", buf, sizeof(buf)), 1);
	OK_N(getxattr("p", "trusted.p", buf, sizeof(buf)), 1);
	EXPECT_ERR(getxattr("f", "trusted.l", buf, sizeof(buf)), ENODATA);
	CHECK(listed("f", "trusted.a") && listed("l", "trusted.l"));
	if (as_other()) {
		EXPECT_ERR(getxattr("f", "trusted.a", buf, sizeof(buf)), ENODATA);
		EXPECT_ERR(setxattr("f", "trusted.a", "y", 1, 0), EPERM);
		done();
	}
}

TEST(trusted_unlisted, "listxattr shows trusted.* to root only")
{
	need_machine_root();
	need_other();
	touch("f", 0644);
	OK(setxattr("f", "trusted.a", "x", 1, 0));
	OK(setxattr("f", "user.b", "y", 1, 0));
	if (as_other()) {
		CHECK(!listed("f", "trusted.a"));
		CHECK(listed("f", "user.b"));
		done();
	}
}

TEST(trusted_refused, "without privilege no trusted.*")
{
	char byte;
	be_plain();
	touch("f", 0644);
	EXPECT_ERR(setxattr("f", "trusted.a", "x", 1, 0), EPERM);
	EXPECT_ERR(getxattr("f", "trusted.a", &byte, 1), ENODATA);
}

TEST(absent, "attributes of absent names")
{
	char byte;
	touch("f", 0644);
	EXPECT_ERR(getxattr("no", "user.a", &byte, 1), ENOENT);
	EXPECT_ERR(setxattr("no", "user.a", "x", 1, 0), ENOENT);
	EXPECT_ERR(listxattr("no", &byte, 1), ENOENT);
	EXPECT_ERR(getxattr("f/x", "user.a", &byte, 1), ENOTDIR);
	EXPECT_ERR(fgetxattr(-1, "user.a", &byte, 1), EBADF);
}
