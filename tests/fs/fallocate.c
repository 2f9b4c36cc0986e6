/*
 * fallocate(2), and lseek(2) with SEEK_HOLE and SEEK_DATA. Where exactly data ends and
 * a hole starts is a filesystem's affair, so holes here are of 1 MiB and more, at
 * multiples of 1 MiB. COLLAPSE_RANGE and INSERT_RANGE are left out: they cannot pass
 * FUSE.
 */
#include "fstest.h"

TEST(grow, "plain fallocate grows the file with zeros and leaves what is there")
{
	fill("f", 10000, 1);
	int fd = OK(open("f", O_RDWR));
	OK(fallocate(fd, 0, 5000, 100000));
	CHECK_EQ(FSTAT(fd).st_size, 105000);
	RANGE(fd, 0, 10000, 1);
	RANGE(fd, 10000, 95000, ZERO);
	OK(fallocate(fd, 0, 0, 10));
	CHECK_EQ(FSTAT(fd).st_size, 105000);
	OK(posix_fallocate(fd, 200000, 1) ? -1 : 0);
	CHECK_EQ(FSTAT(fd).st_size, 200001);
}

TEST(keep_size, "FALLOC_FL_KEEP_SIZE leaves the size")
{
	fill("f", 10000, 1);
	int fd = OK(open("f", O_RDWR));
	OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 * MIB));
	CHECK_EQ(FSTAT(fd).st_size, 10000);
	RANGE(fd, 0, 10000, 1);
	OK(ftruncate(fd, 500000));
	RANGE(fd, 10000, 490000, ZERO);
}

TEST(punch,
     "a punched range reads zeros, at odd edges too; size stays, space comes back")
{
	int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	fill("f", 4 * MIB, 1);
	int fd = OK(open("f", O_RDWR));
	OK(fsync(fd));
	int64_t blocks = FSTAT(fd).st_blocks;
	OK(fallocate(fd, mode, 1 * MIB, 2 * MIB));
	CHECK_EQ(FSTAT(fd).st_size, 4 * MIB);
	RANGE(fd, 0, 1 * MIB, 1);
	RANGE(fd, 1 * MIB, 2 * MIB, ZERO);
	RANGE(fd, 3 * MIB, 1 * MIB, 1);
	OK(fsync(fd));
	CHECK(FSTAT(fd).st_blocks <= blocks - 2048);
	OK(fallocate(fd, mode, 100, 1000));
	RANGE(fd, 0, 100, 1);
	RANGE(fd, 100, 1000, ZERO);
	RANGE(fd, 1100, 100000, 1);
	OK(fallocate(fd, mode, 200001, 333333));
	RANGE(fd, 1100, 198901, 1);
	RANGE(fd, 200001, 333333, ZERO);
	RANGE(fd, 533334, 100000, 1);
	OK(fallocate(fd, mode, 4 * MIB - 10, 1 * MIB));
	CHECK_EQ(FSTAT(fd).st_size, 4 * MIB);
	RANGE(fd, 4 * MIB - 10, 10, ZERO);
}

TEST(zero_range, "a zeroed range reads zeros; with KEEP_SIZE it does not grow the file")
{
	fill("f", 300000, 1);
	int fd = OK(open("f", O_RDWR));
	OK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 1000, 150000));
	RANGE(fd, 0, 1000, 1);
	RANGE(fd, 1000, 150000, ZERO);
	RANGE(fd, 151000, 149000, 1);
	OK(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 299000, 5000));
	CHECK_EQ(FSTAT(fd).st_size, 300000);
	RANGE(fd, 299000, 1000, ZERO);
	OK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 299000, 5000));
	CHECK_EQ(FSTAT(fd).st_size, 304000);
	RANGE(fd, 299000, 5000, ZERO);
}

TEST(written_again, "a punched range takes new data")
{
	fill("f", 500000, 1);
	int fd = OK(open("f", O_RDWR));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 500000));
	fill_fd(fd, 100001, 50000, 2);
	RANGE(fd, 0, 100001, ZERO);
	RANGE(fd, 100001, 50000, 2);
	RANGE(fd, 150001, 349999, ZERO);
}

TEST(times, "mtime and ctime move when a range is changed")
{
	fill("f", 10000, 1);
	int fd = OK(open("f", O_RDWR));
	struct stat before = FSTAT(fd);
	tick();
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096));
	LATER(FSTAT(fd).st_mtim, before.st_mtim);
	LATER(FSTAT(fd).st_ctim, before.st_ctim);
	before = FSTAT(fd);
	tick();
	OK(fallocate(fd, 0, 0, 20000));
	LATER(FSTAT(fd).st_ctim, before.st_ctim);
}

TEST(refused,
     "refusals: bad ranges, read-only descriptors, fifos, punching without KEEP_SIZE")
{
	fill("f", 10000, 1);
	OK(mkfifo("p", 0644));
	OK(mkdir("d", 0755));
	int fd = OK(open("f", O_RDWR));
	EXPECT_ERR(fallocate(fd, 0, -1, 10), EINVAL);
	EXPECT_ERR(fallocate(fd, 0, 0, 0), EINVAL);
	EXPECT_ERR(fallocate(fd, 0, 0, -5), EINVAL);
	EXPECT_ERR(fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), EOPNOTSUPP);
	EXPECT_ERR(fallocate(fd, 0, INT64_MAX - 5, 10), EFBIG);
	fd = OK(open("f", O_RDONLY));
	EXPECT_ERR(fallocate(fd, 0, 0, 10), EBADF);
	fd = OK(open("p", O_RDWR));
	EXPECT_ERR(fallocate(fd, 0, 0, 10), ESPIPE);
}

TEST(seek_sparse, "a hole before, between and behind data is found")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));
	OK(ftruncate(fd, 8 * MIB));
	fill_fd(fd, 2 * MIB, 1 * MIB, 1);
	fill_fd(fd, 5 * MIB, 1 * MIB, 1);
	for (int round = 0; round < 2; round++) {
		off_t data = lseek(fd, 0, SEEK_DATA);
		CHECK(data > 0 && data <= 2 * MIB);
		CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 0);
		off_t hole = lseek(fd, 2 * MIB, SEEK_HOLE);
		CHECK(hole >= 3 * MIB && hole < 5 * MIB);
		CHECK_EQ(lseek(fd, 2 * MIB + 7, SEEK_DATA), 2 * MIB + 7);
		data = lseek(fd, hole, SEEK_DATA);
		CHECK(data > hole && data <= 5 * MIB);
		hole = lseek(fd, 5 * MIB, SEEK_HOLE);
		CHECK(hole >= 6 * MIB && hole < 8 * MIB);
		EXPECT_ERR(lseek(fd, hole, SEEK_DATA), ENXIO);
		OK(fsync(fd));
	}
}

TEST(seek_full, "a full file has one hole, at its end; behind it there is ENXIO")
{
	fill("f", 100000, 1);
	int fd = OK(open("f", O_RDONLY));
	CHECK_EQ(lseek(fd, 0, SEEK_DATA), 0);
	CHECK_EQ(lseek(fd, 99999, SEEK_DATA), 99999);
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 100000);
	CHECK_EQ(lseek(fd, 500, SEEK_HOLE), 100000);
	EXPECT_ERR(lseek(fd, 100000, SEEK_DATA), ENXIO);
	EXPECT_ERR(lseek(fd, 100000, SEEK_HOLE), ENXIO);
	EXPECT_ERR(lseek(fd, -1, SEEK_DATA), ENXIO);
	touch("empty", 0644);
	fd = OK(open("empty", O_RDONLY));
	EXPECT_ERR(lseek(fd, 0, SEEK_DATA), ENXIO);
	EXPECT_ERR(lseek(fd, 0, SEEK_HOLE), ENXIO);
}

TEST(seek_punched, "a punched hole is found, and data written into it again")
{
	fill("f", 4 * MIB, 1);
	int fd = OK(open("f", O_RDWR));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1 * MIB, 2 * MIB));
	CHECK_EQ(lseek(fd, 0, SEEK_HOLE), 1 * MIB);
	CHECK_EQ(lseek(fd, 1 * MIB, SEEK_DATA), 3 * MIB);
	fill_fd(fd, 2 * MIB, 1 * MIB, 2);
	CHECK_EQ(lseek(fd, 1 * MIB, SEEK_DATA), 2 * MIB);
	CHECK_EQ(lseek(fd, 2 * MIB, SEEK_HOLE), 4 * MIB);
}

/* As cp and tar do: data ranges only. What they skip must be zeros. */
TEST(copied_by_ranges, "a copy made of data ranges alone equals the file")
{
	static char buf[64 * KIB];
	int in = OK(open("f", O_RDWR | O_CREAT, 0644));
	int out = OK(open("g", O_RDWR | O_CREAT, 0644));
	off_t size = 6 * MIB + 123;
	off_t at = 0;

	OK(ftruncate(in, size));
	fill_fd(in, 500001, 70000, 3);
	fill_fd(in, 3 * MIB + 1, 300000, 4);
	while ((at = lseek(in, at, SEEK_DATA)) >= 0) {
		off_t end = lseek(in, at, SEEK_HOLE);
		CHECK(end > at && end <= size);
		while (at < end) {
			size_t n = end - at < (off_t)sizeof(buf) ? (size_t)(end - at)
								 : sizeof(buf);
			ssize_t got = pread(in, buf, n, at);
			CHECK(got > 0);
			OK_N(pwrite(out, buf, (size_t)got, at), got);
			at += got;
		}
	}
	CHECK_EQ(errno, ENXIO);
	OK(ftruncate(out, size));
	RANGE(out, 0, 500001, ZERO);
	RANGE(out, 500001, 70000, 3);
	RANGE(out, 570001, 3 * MIB + 1 - 570001, ZERO);
	RANGE(out, 3 * MIB + 1, 300000, 4);
	RANGE(out, 3 * MIB + 300001, size - 3 * MIB - 300001, ZERO);
}
