/*
 * Peculiar to overlays: what a view shows of the base's attributes, and what is kept of
 * them when content or names change: set-id and sticky bits, owners, times, links,
 * devices.
 */
#include "fstest.h"

#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

/* The base's owner may always read, or nobody but root could copy it for comparison. */
#define READABLE 0500

PREPARE(modes)
{
	char name[16];

	OK(mkdir("d", 0755));
	for (unsigned mode = 0; mode < 07777; mode += 0355) {
		snprintf(name, sizeof(name), "d/f%04o", mode);
		touch(name, 0644);
		OK(chmod(name, mode | READABLE));
		snprintf(name, sizeof(name), "d/d%04o", mode);
		OK(mkdir(name, 0755));
		OK(chmod(name, mode | READABLE));
	}
}

TEST(modes, "every mode of the base shows, set-id and sticky bits too")
{
	char name[16];
	for (unsigned mode = 0; mode < 07777; mode += 0355) {
		snprintf(name, sizeof(name), "d/f%04o", mode);
		CHECK_MODE(name, mode | READABLE);
		OK(chmod(name, mode ^ 0777));
		CHECK_MODE(name, mode ^ 0777);
		snprintf(name, sizeof(name), "d/d%04o", mode);
		CHECK_MODE(name, mode | READABLE);
		OK(chmod(name, 0755));
	}
}

PREPARE(set_id_written)
{
	fill("f", 10000, 1);
	OK(chmod("f", 06777));
	OK(mkdir("d", 0755));
	fill("d/g", 2 * MIB, 1);
	OK(chmod("d/g", 06777));
}

TEST(set_id_written,
     "a first write by a user clears set-id bits of a base file, reading does not")
{
	be_plain();
	int fd = OK(open("f", O_RDWR));
	RANGE(fd, 0, 10000, 1);
	CHECK_MODE("f", 06777);
	OK_N(pwrite(fd, "x", 1, 0), 1);
	CHECK_MODE("f", 0777);
	RANGE(fd, 1, 9999, 1);
	OK(truncate("d/g", 1 * MIB));
	CHECK_MODE("d/g", 0777);
}

PREPARE(sticky)
{
	OK(mkdir("s", 0777));
	OK(chmod("s", 01777));
	put("s/f", "base");
	OK(mkdir("s/d", 0777));
}

TEST(sticky, "a sticky base directory keeps others from deleting, not from adding")
{
	need_other();
	if (as_other()) {
		EXPECT_ERR(unlink("s/f"), EPERM);
		EXPECT_ERR(rename("s/f", "s/g"), EPERM);
		EXPECT_ERR(rmdir("s/d"), EPERM);
		put("s/own", "own");
		OK(unlink("s/own"));
		done();
	}
	TEXT("s/f", "base");
	OK(unlink("s/f"));
	OK(rmdir("s/d"));
}

PREPARE(setgid_directory)
{
	OK(mkdir("d", 0755));
	if (is_root())
		OK(chown("d", 0, 4321));
	OK(chmod("d", 02775));
}

TEST(setgid_directory, "a set-group-id base directory hands its group and that bit on")
{
	gid_t gid = LSTAT("d").st_gid;
	touch("d/f", 0644);
	OK(mkdir("d/sub", 0755));
	CHECK_EQ(LSTAT("d/f").st_gid, gid);
	CHECK_EQ(LSTAT("d/sub").st_gid, gid);
	CHECK_MODE("d/sub", 02755);
	if (is_root())
		CHECK_EQ(gid, 4321);
}

PREPARE(owners)
{
	put("f", "base");
	OK(mkdir("d", 0755));
	put("d/f", "base");
	OK(symlink("f", "l"));
	if (is_root()) {
		OK(chown("f", 1001, 1002));
		OK(chown("d", 1003, 1004));
		OK(lchown("l", 1005, 1006));
	}
}

TEST(owners, "owners of the base show, stay over a write, and change alone")
{
	need_root();
	CHECK_EQ(LSTAT("f").st_uid, 1001);
	CHECK_EQ(LSTAT("d").st_gid, 1004);
	CHECK_EQ(LSTAT("l").st_uid, 1005);
	int fd = OK(open("f", O_WRONLY | O_APPEND));
	OK_N(write(fd, "+", 1), 1);
	CHECK_EQ(LSTAT("f").st_uid, 1001);
	CHECK_EQ(LSTAT("f").st_gid, 1002);
	OK(chown("d/f", 7, 8));
	TEXT("d/f", "base");
	OK(rename("l", "l2"));
	CHECK_EQ(LSTAT("l2").st_gid, 1006);
	OK(rename("d", "e"));
	CHECK_EQ(LSTAT("e").st_uid, 1003);
}

PREPARE(times)
{
	struct timespec times[2] = {{.tv_sec = 800000000, .tv_nsec = 123456789},
				    {.tv_sec = 900000000, .tv_nsec = 987654321}};
	put("f", "base");
	put("g", "base");
	OK(mkdir("d", 0755));
	put("d/f", "base");
	OK(symlink("f", "l"));
	OK(utimensat(AT_FDCWD, "f", times, 0));
	OK(utimensat(AT_FDCWD, "g", times, 0));
	OK(utimensat(AT_FDCWD, "d", times, 0));
	OK(utimensat(AT_FDCWD, "l", times, AT_SYMLINK_NOFOLLOW));
}

static void check_mtime(const char *path)
{
	CHECK_EQ(LSTAT(path).st_mtim.tv_sec, 900000000);
	CHECK_EQ(LSTAT(path).st_mtim.tv_nsec, 987654321);
}

TEST(times,
     "mtimes of the base show to the nanosecond, and stay where nothing is written")
{
	struct timespec only_atime[2] = {{.tv_sec = 5}, {.tv_nsec = UTIME_OMIT}};
	check_mtime("f");
	check_mtime("d");
	check_mtime("l");
	OK(chmod("f", 0600));
	OK(rename("f", "f2"));
	check_mtime("f2");
	OK(utimensat(AT_FDCWD, "g", only_atime, 0));
	check_mtime("g");
	CHECK_EQ(LSTAT("g").st_atim.tv_sec, 5);
	put("d/f", "written: no new name");
	check_mtime("d");
	OK(rename("d", "e"));
	check_mtime("e");
	touch("e/new", 0644);
	CHECK(LSTAT("e").st_mtim.tv_sec > 900000000);
	CHECK_EQ(count_entries("e"), 2);
}

PREPARE(parent)
{
	struct timespec times[2] = {{.tv_sec = 800000000}, {.tv_sec = 900000000}};
	const char *dirs[] = {"d0", "d1", "d2", "d3", "d4", "d5"};
	char path[32];

	for (int i = 0; i < 6; i++) {
		OK(mkdir(dirs[i], 0755));
		snprintf(path, sizeof(path), "%s/f", dirs[i]);
		put(path, "base");
		OK(utimensat(AT_FDCWD, dirs[i], times, 0));
	}
}

TEST(parent, "a base directory's mtime moves with each kind of change of its names")
{
	OK(unlink("d0/f"));
	OK(mkdir("d1/new", 0755));
	OK(link("d2/f", "d2/g"));
	OK(rename("d3/f", "d3/g"));
	OK(symlink("x", "d4/l"));
	for (int i = 0; i < 5; i++) {
		char path[8];
		snprintf(path, sizeof(path), "d%d", i);
		CHECK(LSTAT(path).st_mtim.tv_sec > 900000000);
	}
	OK(chmod("d5/f", 0600));
	put("d5/f", "changed");
	CHECK_EQ(LSTAT("d5").st_mtim.tv_sec, 900000000);
}

PREPARE(xattrs)
{
	put("f", "base");
	OK(mkdir("d", 0755));
	OK(setxattr("f", "user.a", "base a", 6, 0));
	OK(setxattr("f", "user.b", "base b", 6, 0));
	OK(setxattr("d", "user.d", "base d", 6, 0));
}

TEST(xattrs, "extended attributes of the base show, change, go and are listed together "
	     "with new")
{
	char buf[64];
	OK_N(getxattr("f", "user.a", buf, sizeof(buf)), 6);
	OK_N(listxattr("f", NULL, 0), 14);
	OK(removexattr("f", "user.a"));
	EXPECT_ERR(getxattr("f", "user.a", buf, sizeof(buf)), ENODATA);
	EXPECT_ERR(removexattr("f", "user.a"), ENODATA);
	EXPECT_ERR(setxattr("f", "user.b", "x", 1, XATTR_CREATE), EEXIST);
	OK(setxattr("f", "user.c", "new", 3, XATTR_CREATE));
	OK_N(listxattr("f", buf, sizeof(buf)), 14);
	OK(setxattr("d", "user.d", "changed", 7, XATTR_REPLACE));
	OK(rename("d", "e"));
	OK_N(getxattr("e", "user.d", buf, sizeof(buf)), 7);
	put("f", "changed");
	OK_N(getxattr("f", "user.b", buf, sizeof(buf)), 6);
	CHECK(memcmp(buf, "base b", 6) == 0);
}

PREPARE(others)
{
	OK(mkfifo("p", 0640));
	OK(mknod("s", S_IFSOCK | 0600, 0));
	OK(symlink("x", "l"));
}

TEST(others, "fifos and sockets of the base: kinds, use, deletion")
{
	CHECK(S_ISFIFO(LSTAT("p").st_mode));
	CHECK(S_ISSOCK(LSTAT("s").st_mode));
	CHECK_MODE("p", 0640);
	pid_t pid = fs_fork();
	if (pid == 0) {
		int fd = OK(open("p", O_WRONLY));
		OK_N(write(fd, "x", 1), 1);
		done();
	}
	char byte;
	int fd = OK(open("p", O_RDONLY));
	OK_N(read(fd, &byte, 1), 1);
	JOIN(pid);
	OK(rename("p", "q"));
	CHECK(S_ISFIFO(LSTAT("q").st_mode));
	OK(unlink("s"));
	touch("s", 0644);
	CHECK(S_ISREG(LSTAT("s").st_mode));
}

PREPARE(whole_view)
{
	OK(mkdir("d", 0755));
	put("d/f", "base");
	OK(symlink("f", "d/l"));
}

TEST(whole_view,
     "one st_dev for base files, changed files and new ones, and one filesystem id")
{
	struct statfs a;
	struct statfs b;
	dev_t dev = LSTAT(".").st_dev;
	touch("d/new", 0644);
	CHECK_EQ(LSTAT("d").st_dev, dev);
	CHECK_EQ(LSTAT("d/f").st_dev, dev);
	CHECK_EQ(LSTAT("d/l").st_dev, dev);
	CHECK_EQ(LSTAT("d/new").st_dev, dev);
	put("d/f", "changed");
	CHECK_EQ(LSTAT("d/f").st_dev, dev);
	OK(statfs("d/f", &a));
	OK(statfs("d/new", &b));
	CHECK(memcmp(&a.f_fsid, &b.f_fsid, sizeof(a.f_fsid)) == 0);
	OK(link("d/f", "d/hard"));
	OK(rename("d/hard", "hard"));
}
