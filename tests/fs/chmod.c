/* chmod(2), fchmod(2), fchmodat(2): bits, times, who may, and set-group-id rules. */
#include "fstest.h"

TEST(bits, "every set of permission bits is kept, on files and directories")
{
	touch("f", 0644);
	OK(mkdir("d", 0755));
	for (unsigned mode = 0; mode < 010000; mode += 0137) {
		OK(chmod("f", mode));
		CHECK_MODE("f", mode);
		OK(chmod("d", mode));
		CHECK_MODE("d", mode);
	}
	OK(chmod("f", 07777));
	CHECK_MODE("f", 07777);
	CHECK(S_ISREG(LSTAT("f").st_mode));
	OK(chmod("d", 0755));
}

TEST(calls, "fchmod, fchmodat and /proc/self/fd do the same")
{
	char path[64];
	touch("f", 0644);
	int fd = OK(open("f", O_RDONLY));
	int dir = OK(open(".", O_RDONLY | O_DIRECTORY));

	OK(fchmod(fd, 0600));
	CHECK_MODE("f", 0600);
	OK(fchmodat(dir, "f", 0640, 0));
	CHECK_EQ(FSTAT(fd).st_mode & 07777, 0640);
	int only = OK(open("f", O_PATH));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", only);
	OK(chmod(path, 0444));
	CHECK_MODE("f", 0444);
	OK(unlink("f"));
	OK(fchmod(fd, 0700));
	CHECK_EQ(FSTAT(fd).st_mode & 07777, 0700);
}

TEST(times, "ctime moves, mtime does not, nor the directory's times")
{
	put("f", "text");
	struct stat before = LSTAT("f");
	struct stat dir = LSTAT(".");
	tick();
	OK(chmod("f", 0600));
	LATER(LSTAT("f").st_ctim, before.st_ctim);
	SAME(LSTAT("f").st_mtim, before.st_mtim);
	SAME(LSTAT(".").st_ctim, dir.st_ctim);
}

TEST(follows, "chmod follows a link")
{
	touch("f", 0644);
	OK(symlink("f", "l"));
	OK(chmod("l", 0600));
	CHECK_MODE("f", 0600);
	CHECK_MODE("l", 0777);
	OK(symlink("no", "dangling"));
	EXPECT_ERR(chmod("dangling", 0600), ENOENT);
	EXPECT_ERR(chmod("f/x", 0600), ENOTDIR);
	EXPECT_ERR(chmod("no", 0600), ENOENT);
}

TEST(strangers, "only the owner changes a mode")
{
	need_other();
	touch("f", 0666);
	OK(mkdir("d", 0777));
	OK(chmod("d", 0777));
	if (as_other()) {
		EXPECT_ERR(chmod("f", 0777), EPERM);
		EXPECT_ERR(chmod("d", 0700), EPERM);
		int fd = OK(open("f", O_RDONLY));
		EXPECT_ERR(fchmod(fd, 0600), EPERM);
		done();
	}
	CHECK_MODE("f", 0644);
	OK(chown("f", other_uid(), other_gid()));
	if (as_other()) {
		OK(chmod("f", 0600));
		done();
	}
	CHECK_MODE("f", 0600);
}

TEST(setgid_of_strange_group,
     "the owner outside of the file's group cannot set its set-group-id")
{
	need_other();
	touch("f", 0644);
	OK(mkdir("d", 0755));
	OK(chown("f", other_uid(), 1));
	OK(chown("d", other_uid(), 1));
	if (as_other()) {
		OK(chmod("f", 02755));
		OK(chmod("d", 02755));
		done();
	}
	CHECK_MODE("f", 0755);
	CHECK_MODE("d", 0755);
	if (as_user(other_uid(), 1)) {
		OK(chmod("f", 02755));
		done();
	}
	CHECK_MODE("f", 02755);
	OK(chmod("f", 06755));
	CHECK_MODE("f", 06755);
}

TEST(takes_effect, "a mode binds from the next open on, not what is open")
{
	be_plain();
	char byte;
	put("f", "text");
	int fd = OK(open("f", O_RDWR));

	OK(chmod("f", 0));
	EXPECT_ERR(open("f", O_RDONLY), EACCES);
	OK_N(read(fd, &byte, 1), 1);
	OK_N(write(fd, "x", 1), 1);
	OK(chmod("f", 0400));
	OK(open("f", O_RDONLY));
	EXPECT_ERR(open("f", O_RDWR), EACCES);
	EXPECT_ERR(access("f", W_OK), EACCES);
}
