/* truncate(2) and ftruncate(2): shorter, longer, zeros, times, refusals. */
#include "fstest.h"

TEST(shorter, "what is cut off is gone, and comes back as zeros when grown again")
{
	fill("a", 300000, 1);
	OK(truncate("a", 100001));
	CHECK_EQ(LSTAT("a").st_size, 100001);
	OK(truncate("a", 300000));
	int fd = OK(open("a", O_RDONLY));
	RANGE(fd, 0, 100001, 1);
	RANGE(fd, 100001, 199999, ZERO);
}

TEST(longer, "a grown file reads zeros and takes no space for them")
{
	put("a", "text");
	OK(truncate("a", 10 * MIB));
	struct stat st = LSTAT("a");

	CHECK_EQ(st.st_size, 10 * MIB);
	CHECK(st.st_blocks <= 1024);
	int fd = OK(open("a", O_RDONLY));
	RANGE(fd, 4, 200000, ZERO);
	RANGE(fd, 10 * MIB - 1000, 1000, ZERO);
}

TEST(to_nothing, "cut to nothing and written again, no old byte is left")
{
	fill("a", 200000, 2);
	int fd = OK(open("a", O_RDWR));

	OK(ftruncate(fd, 0));
	CHECK_EQ(FSTAT(fd).st_size, 0);
	CHECK_EQ(FSTAT(fd).st_blocks, 0);
	OK_N(pwrite(fd, "x", 1, 150000), 1);
	RANGE(fd, 0, 150000, ZERO);
}

TEST(within_block, "cuts at each of many places in one block, then grown, give zeros")
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	for (int cut = 1; cut < 4096; cut += 409) {
		fill_fd(fd, 0, 5000, 3);
		OK(ftruncate(fd, cut));
		OK(ftruncate(fd, 5000));
		RANGE(fd, 0, cut, 3);
		RANGE(fd, cut, 5000 - cut, ZERO);
	}
}

TEST(times, "a change of size moves mtime and ctime")
{
	put("a", "text");
	struct stat before = LSTAT("a");
	tick();
	OK(truncate("a", 2));
	struct stat after = LSTAT("a");

	LATER(after.st_mtim, before.st_mtim);
	LATER(after.st_ctim, before.st_ctim);
	tick();
	int fd = OK(open("a", O_RDWR));
	OK(ftruncate(fd, 100));
	LATER(FSTAT(fd).st_mtim, after.st_mtim);
	LATER(FSTAT(fd).st_ctim, after.st_ctim);
}

TEST(keeps_offset, "ftruncate leaves offsets, a write behind the end makes a hole")
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK_N(write(fd, "0123456789", 10), 10);
	OK(ftruncate(fd, 3));
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 10);
	OK_N(write(fd, "x", 1), 1);
	CHECK_EQ(FSTAT(fd).st_size, 11);
	RANGE(fd, 3, 7, ZERO);
}

TEST(refused, "refusals: directory, absence, negative size, fifo, link loops")
{
	OK(mkdir("d", 0755));
	touch("file", 0644);
	OK(mkfifo("p", 0644));
	OK(symlink("loop", "loop"));
	EXPECT_ERR(truncate("d", 0), EISDIR);
	EXPECT_ERR(truncate("no", 0), ENOENT);
	EXPECT_ERR(truncate("file/x", 0), ENOTDIR);
	EXPECT_ERR(truncate("file", -1), EINVAL);
	EXPECT_ERR(truncate("p", 0), EINVAL);
	EXPECT_ERR(truncate("loop", 0), ELOOP);
	int fd = OK(open("file", O_WRONLY));
	EXPECT_ERR(ftruncate(fd, -1), EINVAL);
}

TEST(through_link, "truncate follows a symbolic link")
{
	put("file", "0123456789");
	OK(symlink("file", "link"));
	OK(truncate("link", 4));
	TEXT("file", "0123");
}

TEST(open_elsewhere, "another open descriptor sees the new end at once")
{
	char buf[8];
	put("a", "0123456789");
	int fd = OK(open("a", O_RDONLY));

	OK_N(read(fd, buf, 2), 2);
	OK(truncate("a", 5));
	OK_N(read(fd, buf, 8), 3);
	CHECK(memcmp(buf, "234", 3) == 0);
	OK(truncate("a", 7));
	OK_N(read(fd, buf, 8), 2);
	CHECK(buf[0] == 0 && buf[1] == 0);
}

TEST(permission, "truncate needs the right to write, ftruncate only the descriptor")
{
	be_plain();
	put("a", "text");
	int fd = OK(open("a", O_RDWR));

	OK(chmod("a", 0444));
	EXPECT_ERR(truncate("a", 0), EACCES);
	OK(ftruncate(fd, 1));
	TEXT("a", "t");
}

TEST(huge, "sizes of 8 TiB are kept exactly")
{
	off_t huge = ((off_t)8 << 40) + 12345;

	touch("a", 0644);
	OK(truncate("a", huge));
	CHECK_EQ(LSTAT("a").st_size, huge);
	CHECK(LSTAT("a").st_blocks <= 128);
	OK(truncate("a", 1));
	CHECK_EQ(LSTAT("a").st_size, 1);
}
