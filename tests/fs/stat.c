/*
 * stat(2), statx(2), statfs(2): kinds, sizes, numbers, birth time. Attributes that are
 * a filesystem's own (stx_attributes, direct I/O alignment) are left out.
 */
#include "fstest.h"

#include <sys/statfs.h>
#include <sys/statvfs.h>

TEST(same_by_all, "stat, lstat, fstat and statx agree")
{
	struct stat st;
	struct statx stx;
	fill("f", 12345, 1);
	int fd = OK(open("f", O_RDONLY));

	OK(stat("f", &st));
	OK(statx(AT_FDCWD, "f", 0, STATX_ALL, &stx));
	CHECK_EQ(st.st_size, 12345);
	CHECK_EQ(stx.stx_size, 12345);
	CHECK_EQ(FSTAT(fd).st_ino, st.st_ino);
	CHECK_EQ(stx.stx_ino, st.st_ino);
	CHECK_EQ(stx.stx_mode, st.st_mode);
	CHECK_EQ(stx.stx_nlink, 1);
	CHECK_EQ(stx.stx_mtime.tv_sec, st.st_mtim.tv_sec);
	CHECK_EQ(stx.stx_mtime.tv_nsec, st.st_mtim.tv_nsec);
	CHECK_EQ(stx.stx_blocks, st.st_blocks);
	CHECK_EQ(FSTAT(fd).st_dev, st.st_dev);
}

TEST(numbers, "inode numbers differ between files, devices do not")
{
	enum { N = 300 };
	ino_t inos[N];
	char name[16];
	dev_t dev = LSTAT(".").st_dev;
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (i % 3 == 0)
			OK(mkdir(name, 0755));
		else if (i % 3 == 1)
			touch(name, 0644);
		else
			OK(symlink("x", name));
		inos[i] = LSTAT(name).st_ino;
		CHECK(inos[i] != 0);
		CHECK_EQ(LSTAT(name).st_dev, dev);
		for (int j = 0; j < i; j++)
			CHECK(inos[i] != inos[j]);
	}
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		CHECK_EQ(LSTAT(name).st_ino, inos[i]);
	}
}

TEST(blocks, "blocks count what is written, in 512 bytes; the block size is sane")
{
	fill("f", 1 * MIB, 1);
	int fd = OK(open("f", O_RDONLY));
	OK(fsync(fd));
	struct stat st = LSTAT("f");
	CHECK(st.st_blocks >= 2048 && st.st_blocks < 4096);
	CHECK(st.st_blksize >= 512 && (st.st_blksize & (st.st_blksize - 1)) == 0);
	touch("empty", 0644);
	CHECK_EQ(LSTAT("empty").st_blocks, 0);
}

TEST(birth, "the birth time is that of creation, and stays")
{
	struct statx a;
	struct statx b;
	touch("f", 0644);
	OK(statx(AT_FDCWD, "f", 0, STATX_BTIME, &a));
	CHECK(a.stx_mask & STATX_BTIME);
	CHECK_EQ(a.stx_btime.tv_sec, LSTAT("f").st_mtim.tv_sec);
	tick();
	put("f", "more");
	OK(chmod("f", 0600));
	OK(rename("f", "g"));
	OK(link("g", "h"));
	OK(statx(AT_FDCWD, "h", 0, STATX_BTIME, &b));
	CHECK(b.stx_mask & STATX_BTIME);
	CHECK_EQ(b.stx_btime.tv_sec, a.stx_btime.tv_sec);
	CHECK_EQ(b.stx_btime.tv_nsec, a.stx_btime.tv_nsec);
	OK(mkdir("d", 0755));
	OK(statx(AT_FDCWD, "d", 0, STATX_BTIME, &b));
	CHECK(b.stx_mask & STATX_BTIME);
	CHECK(b.stx_btime.tv_sec > a.stx_btime.tv_sec ||
	      (b.stx_btime.tv_sec == a.stx_btime.tv_sec &&
	       b.stx_btime.tv_nsec > a.stx_btime.tv_nsec));
}

TEST(statx_flags, "statx of descriptors, links, with and without sync")
{
	struct statx stx;
	put("f", "text");
	OK(symlink("f", "l"));
	int fd = OK(open("f", O_RDONLY));
	OK(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx));
	CHECK_EQ(stx.stx_size, 4);
	OK(statx(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS, &stx));
	CHECK(S_ISLNK(stx.stx_mode));
	OK(statx(AT_FDCWD, "f", AT_STATX_FORCE_SYNC, STATX_SIZE, &stx));
	CHECK_EQ(stx.stx_size, 4);
	OK(statx(AT_FDCWD, "f", AT_STATX_DONT_SYNC, STATX_SIZE, &stx));
	CHECK_EQ(stx.stx_size, 4);
	EXPECT_ERR(statx(AT_FDCWD, "no", 0, STATX_SIZE, &stx), ENOENT);
	EXPECT_ERR(statx(AT_FDCWD, "f/x", 0, STATX_SIZE, &stx), ENOTDIR);
	EXPECT_ERR(statx(AT_FDCWD, "f", 0x40000000, STATX_SIZE, &stx), EINVAL);
}

TEST(refused, "refusals of stat")
{
	struct stat st;
	touch("f", 0644);
	OK(symlink("no", "dangling"));
	EXPECT_ERR(stat("no", &st), ENOENT);
	EXPECT_ERR(stat("dangling", &st), ENOENT);
	EXPECT_ERR(stat("f/", &st), ENOTDIR);
	EXPECT_ERR(lstat("dangling/", &st), ENOENT);
	EXPECT_ERR(stat("", &st), ENOENT);
	EXPECT_ERR(fstatat(AT_FDCWD, "", &st, 0), ENOENT);
	OK(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH));
	CHECK_EQ(st.st_ino, LSTAT(".").st_ino);
}

TEST(dots, "a directory and its . are one, .. of its children too")
{
	OK(mkdir("d", 0755));
	OK(mkdir("d/e", 0755));
	CHECK_EQ(LSTAT("d/.").st_ino, LSTAT("d").st_ino);
	CHECK_EQ(LSTAT("d/e/..").st_ino, LSTAT("d").st_ino);
	CHECK_EQ(LSTAT("d/..").st_ino, LSTAT(".").st_ino);
}

TEST(directory_links, "a directory has two links and one per directory in it")
{
	OK(mkdir("d", 0755));
	for (int i = 0; i < 5; i++) {
		char name[8];
		CHECK_EQ(LSTAT("d").st_nlink, 2 + i);
		snprintf(name, sizeof(name), "d/%d", i);
		OK(mkdir(name, 0755));
	}
	OK(mkdir("e", 0755));
	OK(rename("d/0", "e/0"));
	CHECK_EQ(LSTAT("d").st_nlink, 6);
	CHECK_EQ(LSTAT("e").st_nlink, 3);
	OK(rename("d/1", "d/2"));
	CHECK_EQ(LSTAT("d").st_nlink, 5);
	touch("d/file", 0644);
	OK(symlink("0", "d/link"));
	CHECK_EQ(LSTAT("d").st_nlink, 5);
}

TEST(filesystem, "statfs: names of 255 bytes, sums that fit, one id everywhere")
{
	struct statfs a;
	struct statfs b;
	struct statvfs v;
	OK(mkdir("d", 0755));
	touch("d/f", 0644);
	int fd = OK(open("d/f", O_RDONLY));
	OK(statfs(".", &a));
	OK(fstatfs(fd, &b));
	CHECK_EQ(a.f_namelen, 255);
	CHECK(a.f_bsize > 0 && a.f_frsize > 0);
	CHECK(a.f_blocks > 0);
	CHECK(a.f_bfree <= a.f_blocks && a.f_bavail <= a.f_bfree);
	CHECK(a.f_files == 0 || a.f_ffree <= a.f_files);
	CHECK_EQ(a.f_type, b.f_type);
	CHECK(memcmp(&a.f_fsid, &b.f_fsid, sizeof(a.f_fsid)) == 0);
	OK(statvfs("d/f", &v));
	CHECK_EQ(v.f_namemax, 255);
	EXPECT_ERR(statfs("no", &a), ENOENT);
}

TEST(filesystem_links, "pathconf: PATH_MAX, NAME_MAX, links")
{
	CHECK_EQ(pathconf(".", _PC_NAME_MAX), 255);
	CHECK_EQ(pathconf(".", _PC_PATH_MAX), 4096);
	CHECK(pathconf(".", _PC_LINK_MAX) >= 127);
}
