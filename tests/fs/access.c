/*
 * Permission checks: access(2), faccessat(2), the classes owner, group and others,
 * search along a path, sticky directories, what root may.
 */
#include "fstest.h"

#include <grp.h>

/* The file at mode, with that owner and group. */
static void owned(const char *path, uid_t uid, gid_t gid, mode_t mode)
{
	OK(chown(path, uid, gid));
	OK(chmod(path, mode));
}

/* What open says to reading, writing; and access to executing. */
static void try_all(const char *path, unsigned want)
{
	int fd = open(path, O_RDONLY);
	unsigned got = fd >= 0 ? 4 : 0;

	if (fd < 0)
		CHECK_EQ(errno, EACCES);
	close(fd);
	fd = open(path, O_WRONLY);
	got |= fd >= 0 ? 2 : 0;
	if (fd < 0)
		CHECK_EQ(errno, EACCES);
	close(fd);
	got |= access(path, X_OK) == 0 ? 1 : 0;
	if (got != want)
		FAIL("expected rights %o to %s of mode %04o owned by %u:%u; got %o",
		     want, path, LSTAT(path).st_mode & 07777, LSTAT(path).st_uid,
		     LSTAT(path).st_gid, got);
	for (unsigned mode = 0; mode < 8; mode++)
		CHECK_EQ(access(path, (int)mode) == 0, (mode & ~want) == 0);
}

TEST(classes, "owner, group and others have their own bits and no one else's")
{
	need_other();
	touch("f", 0644);
	for (unsigned bits = 0; bits < 8; bits++) {
		unsigned rest = ~bits & 7;
		owned("f", other_uid(), 1, (mode_t)(bits << 6 | rest << 3 | rest));
		if (as_other()) {
			try_all("f", bits);
			done();
		}
		owned("f", 1, other_gid(), (mode_t)(rest << 6 | bits << 3 | rest));
		if (as_other()) {
			try_all("f", bits);
			done();
		}
		owned("f", 1, 1, (mode_t)(rest << 6 | rest << 3 | bits));
		if (as_other()) {
			try_all("f", bits);
			done();
		}
	}
}

TEST(further_groups, "further groups of a process count")
{
	need_other();
	put("f", "text");
	owned("f", 1, 4321, 0640);
	if (in_child()) {
		gid_t groups[2] = {1111, 4321};
		OK(setgroups(2, groups));
		OK(setresgid(other_gid(), other_gid(), other_gid()));
		OK(setresuid(other_uid(), other_uid(), other_uid()));
		OK(open("f", O_RDONLY));
		EXPECT_ERR(open("f", O_RDWR), EACCES);
		done();
	}
	if (as_other()) {
		EXPECT_ERR(open("f", O_RDONLY), EACCES);
		done();
	}
}

TEST(by_owner, "the owner is bound by his own bits, until he changes them")
{
	be_plain();
	touch("f", 0644);
	for (unsigned bits = 0; bits < 8; bits++) {
		OK(chmod("f", (mode_t)(bits << 6 | 077)));
		try_all("f", bits);
	}
}

TEST(root, "root reads and writes all, executes what anybody may, searches all")
{
	need_root();
	touch("f", 0644);
	owned("f", 1001, 1001, 0);
	OK(open("f", O_RDWR));
	OK(access("f", R_OK | W_OK));
	EXPECT_ERR(access("f", X_OK), EACCES);
	OK(chmod("f", 0010));
	OK(access("f", X_OK));
	OK(mkdir("d", 0755));
	owned("d", 1001, 1001, 0);
	touch("d/x", 0644);
	OK(access("d/x", F_OK));
	OK(access("d", X_OK));
	CHECK_EQ(count_entries("d"), 1);
}

TEST(search, "every directory on the way needs the right to search")
{
	be_plain();
	OK(mkdir("a", 0755));
	OK(mkdir("a/b", 0755));
	put("a/b/f", "text");
	OK(symlink("a/b/f", "l"));
	OK(chmod("a", 0666));
	EXPECT_ERR(open("a/b/f", O_RDONLY), EACCES);
	EXPECT_ERR(open("l", O_RDONLY), EACCES);
	EXPECT_ERR(access("a/b", F_OK), EACCES);
	EXPECT_ERR(chdir("a"), EACCES);
	EXPECT_ERR(open("a/no", O_RDONLY), EACCES);
	OK(chmod("a", 0111));
	TEXT("a/b/f", "text");
	TEXT("l", "text");
	EXPECT_ERR(open("a", O_RDONLY), EACCES);
	EXPECT_ERR(open("a/new", O_WRONLY | O_CREAT, 0644), EACCES);
	OK(chdir("a"));
	OK(chdir(".."));
	OK(chmod("a", 0755));
}

TEST(open_directory_stays,
     "an open directory serves openat though its way is barred now")
{
	be_plain();
	OK(mkdir("a", 0755));
	OK(mkdir("a/b", 0755));
	put("a/b/f", "text");
	int dir = OK(open("a/b", O_RDONLY | O_DIRECTORY));

	OK(chmod("a", 0));
	OK(openat(dir, "f", O_RDONLY));
	OK(fchmod(dir, 0));
	EXPECT_ERR(openat(dir, "f", O_RDONLY), EACCES);
	OK(fchmod(dir, 0700));
}

TEST(real_and_effective,
     "access asks for the real user, AT_EACCESS for the effective one")
{
	need_other();
	touch("f", 0600);
	if (in_child()) {
		OK(setresuid(other_uid(), 0, 0));
		EXPECT_ERR(access("f", R_OK), EACCES);
		OK(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
		done();
	}
}

TEST(other_calls,
     "what else strangers may not: link times, rename, unlink in a closed directory")
{
	need_other();
	OK(mkdir("d", 0755));
	put("d/f", "text");
	if (as_other()) {
		EXPECT_ERR(unlink("d/f"), EACCES);
		EXPECT_ERR(rename("d/f", "d/g"), EACCES);
		EXPECT_ERR(mkdir("d/new", 0755), EACCES);
		EXPECT_ERR(symlink("x", "d/new"), EACCES);
		EXPECT_ERR(mkfifo("d/new", 0644), EACCES);
		EXPECT_ERR(open("d/new", O_WRONLY | O_CREAT, 0644), EACCES);
		EXPECT_ERR(open("d", O_TMPFILE | O_RDWR, 0644), EACCES);
		EXPECT_ERR(truncate("d/f", 0), EACCES);
		EXPECT_ERR(chmod("d/f", 0777), EPERM);
		OK(open("d/f", O_RDONLY));
		EXPECT_ERR(open("d/f", O_RDONLY | O_NOATIME), EPERM);
		done();
	}
	TEXT("d/f", "text");
}

TEST(sticky, "in a sticky directory each deletes and renames his own only")
{
	need_other();
	OK(mkdir("s", 0777));
	OK(chmod("s", 01777));
	put("s/root", "root's");
	OK(chmod("s/root", 0666));
	OK(mkdir("s/rootdir", 0777));
	if (as_other()) {
		put("s/mine", "mine");
		EXPECT_ERR(unlink("s/root"), EPERM);
		EXPECT_ERR(rename("s/root", "s/x"), EPERM);
		EXPECT_ERR(rename("s/mine", "s/root"), EPERM);
		EXPECT_ERR(rmdir("s/rootdir"), EPERM);
		OK(rename("s/mine", "s/mine2"));
		done();
	}
	if (as_user(1234, 1234)) {
		EXPECT_ERR(unlink("s/mine2"), EPERM);
		done();
	}
	if (as_other()) {
		OK(unlink("s/mine2"));
		done();
	}
	OK(chown("s", other_uid(), other_gid()));
	OK(chmod("s", 01777));
	if (as_other()) {
		OK(unlink("s/root"));
		OK(rmdir("s/rootdir"));
		done();
	}
}

TEST(sticky_owner_of_group,
     "a sticky directory that a group may write binds its members too")
{
	need_other();
	OK(mkdir("s", 0755));
	owned("s", 0, other_gid(), 01775);
	touch("s/f", 0666);
	OK(chown("s/f", 1001, other_gid()));
	if (as_other()) {
		EXPECT_ERR(unlink("s/f"), EPERM);
		touch("s/own", 0644);
		OK(unlink("s/own"));
		done();
	}
}

TEST(absent, "access to what is not there")
{
	touch("f", 0644);
	EXPECT_ERR(access("no", F_OK), ENOENT);
	EXPECT_ERR(access("f/x", F_OK), ENOTDIR);
	EXPECT_ERR(access("f", 8), EINVAL);
	OK(symlink("no", "l"));
	EXPECT_ERR(access("l", F_OK), ENOENT);
	OK(faccessat(AT_FDCWD, "l", F_OK, AT_SYMLINK_NOFOLLOW));
}
