/*
 * read(2), write(2), pread(2), pwrite(2), readv/writev, preadv2/pwritev2, lseek(2) of
 * the plain kinds, and what they do to size and times.
 */
#include "fstest.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/uio.h>

TEST(sequence, "writes follow each other, reads too, and stop at the end")
{
	char buf[16];
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK_N(write(fd, "hello ", 6), 6);
	OK_N(write(fd, "world", 5), 5);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 11);
	OK_N(read(fd, buf, 1), 0);
	OK(lseek(fd, 3, SEEK_SET));
	OK_N(read(fd, buf, sizeof(buf)), 8);
	CHECK(memcmp(buf, "lo world", 8) == 0);
	OK_N(pread(fd, buf, sizeof(buf), 11), 0);
	OK_N(pread(fd, buf, sizeof(buf), 1000), 0);
}

TEST(own_offset, "pread and pwrite leave the offset alone")
{
	char buf[4];
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK_N(write(fd, "abcdef", 6), 6);
	OK_N(pwrite(fd, "XY", 2, 1), 2);
	OK_N(pread(fd, buf, 3, 0), 3);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 6);
	TEXT("a", "aXYdef");
	EXPECT_ERR(pread(fd, buf, 1, -1), EINVAL);
	EXPECT_ERR(pwrite(fd, buf, 1, -1), EINVAL);
}

TEST(shared_offset, "dup and fork share an offset, a second open has its own")
{
	char buf[4];
	put("a", "abcdef");
	int fd = OK(open("a", O_RDONLY));
	int twin = OK(dup(fd));
	int other = OK(open("a", O_RDONLY));

	OK_N(read(fd, buf, 2), 2);
	CHECK_EQ(lseek(twin, 0, SEEK_CUR), 2);
	if (in_child()) {
		OK_N(read(twin, buf, 2), 2);
		done();
	}
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 4);
	CHECK_EQ(lseek(other, 0, SEEK_CUR), 0);
}

TEST(holes, "a write behind the end leaves zeros before it")
{
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK_N(pwrite(fd, "end", 3, 300000), 3);
	CHECK_EQ(FSTAT(fd).st_size, 300003);
	RANGE(fd, 0, 300000, ZERO);
	fill_fd(fd, 100000, 5000, 3);
	RANGE(fd, 0, 100000, ZERO);
	RANGE(fd, 100000, 5000, 3);
	RANGE(fd, 105000, 195000, ZERO);
	char buf[4];
	OK_N(pread(fd, buf, 4, 300000), 3);
	CHECK(memcmp(buf, "end", 3) == 0);
}

TEST(odd_ranges, "overlapping writes at odd offsets leave the last one's bytes")
{
	enum { SIZE = 700001 };
	static unsigned char model[SIZE];
	static unsigned char back[SIZE];
	unsigned state = 12345;
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK(ftruncate(fd, SIZE));
	for (int i = 0; i < 300; i++) {
		state = state * 1103515245 + 12345;
		size_t off = (state >> 4) % SIZE;
		size_t len = 1 + (state >> 9) % 70000;
		if (off + len > SIZE)
			len = SIZE - off;
		memset(model + off, i + 1, len);
		OK_N(pwrite(fd, model + off, len, (off_t)off), (ssize_t)len);
	}
	OK_N(pread(fd, back, SIZE, 0), SIZE);
	CHECK(memcmp(model, back, SIZE) == 0);
	int again = OK(open("a", O_RDONLY));
	memset(back, 0, SIZE);
	OK_N(read(again, back, SIZE), SIZE);
	CHECK(memcmp(model, back, SIZE) == 0);
}

TEST(nothing_written, "a write of no bytes changes neither size nor times")
{
	put("a", "text");
	struct stat before = LSTAT("a");
	tick();
	int fd = OK(open("a", O_WRONLY));

	OK_N(write(fd, "", 0), 0);
	OK_N(pwrite(fd, "", 0, 1000), 0);
	struct stat after = FSTAT(fd);
	CHECK_EQ(after.st_size, 4);
	SAME(after.st_mtim, before.st_mtim);
	SAME(after.st_ctim, before.st_ctim);
}

TEST(write_times, "a write moves mtime and ctime, a read does not")
{
	char byte;
	put("a", "text");
	struct stat before = LSTAT("a");
	tick();
	int fd = OK(open("a", O_RDWR));

	OK_N(read(fd, &byte, 1), 1);
	SAME(FSTAT(fd).st_mtim, before.st_mtim);
	SAME(FSTAT(fd).st_ctim, before.st_ctim);
	OK_N(write(fd, "x", 1), 1);
	LATER(FSTAT(fd).st_mtim, before.st_mtim);
	LATER(FSTAT(fd).st_ctim, before.st_ctim);
	LATER(LSTAT("a").st_mtim, before.st_mtim);
}

TEST(vectors, "readv, writev, preadv and pwritev put their pieces in order")
{
	char left[4] = "";
	char right[8] = "";
	struct iovec out[IOV_MAX + 1] = {
		{(char[]){"one"}, 3}, {NULL, 0}, {(char[]){"-two"}, 4}};
	struct iovec in[2] = {{left, 3}, {right, 8}};
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK_N(writev(fd, out, 3), 7);
	OK_N(pwritev(fd, out, 1, 10), 3);
	CHECK_EQ(FSTAT(fd).st_size, 13);
	OK_N(preadv(fd, in, 2, 0), 11);
	CHECK(memcmp(left, "one", 3) == 0 && memcmp(right, "-two\0\0\0o", 8) == 0);
	EXPECT_ERR(writev(fd, out, IOV_MAX + 1), EINVAL);
	EXPECT_ERR(preadv(fd, in, 2, -5), EINVAL);
}

TEST(rwf_append, "pwritev2 with RWF_APPEND writes at the end and keeps the offset")
{
	struct iovec out = {(char[]){"end"}, 3};
	put("a", "text");
	int fd = OK(open("a", O_RDWR));

	OK_N(pwritev2(fd, &out, 1, 0, RWF_APPEND), 3);
	TEXT("a", "textend");
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	OK_N(pwritev2(fd, &out, 1, 0, RWF_DSYNC), 3);
	TEXT("a", "endtend");
}

TEST(seek, "lseek goes by its rules, also behind the end")
{
	put("a", "0123456789");
	int fd = OK(open("a", O_RDWR));

	CHECK_EQ(lseek(fd, -3, SEEK_END), 7);
	CHECK_EQ(lseek(fd, -2, SEEK_CUR), 5);
	CHECK_EQ(lseek(fd, 100, SEEK_END), 110);
	EXPECT_ERR(lseek(fd, -1, SEEK_SET), EINVAL);
	EXPECT_ERR(lseek(fd, 0, 99), EINVAL);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 110);
	CHECK_EQ(FSTAT(fd).st_size, 10);
	OK_N(write(fd, "x", 1), 1);
	CHECK_EQ(FSTAT(fd).st_size, 111);
}

TEST(far_away, "a byte at 1 TiB is found again, and the file takes hardly any space")
{
	off_t far = (off_t)1 << 40;
	char buf[8];
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK_N(pwrite(fd, "x", 1, far), 1);
	CHECK_EQ(FSTAT(fd).st_size, far + 1);
	CHECK(FSTAT(fd).st_blocks <= 2048);
	OK_N(pread(fd, buf, 8, far - 1), 2);
	CHECK(buf[0] == 0 && buf[1] == 'x');
	OK_N(pwrite(fd, "y", 1, ((off_t)1 << 32) + 5), 1);
	OK_N(pread(fd, buf, 1, 5), 1);
	CHECK_EQ(buf[0], 0);
	OK_N(pread(fd, buf, 1, ((off_t)1 << 32) + 5), 1);
	CHECK_EQ(buf[0], 'y');
}

TEST(size_limit, "RLIMIT_FSIZE cuts a write short, then gives EFBIG and SIGXFSZ")
{
	char buf[100] = "";
	struct rlimit limit = {.rlim_cur = 50000, .rlim_max = RLIM_INFINITY};
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	signal(SIGXFSZ, SIG_IGN);
	OK(getrlimit(RLIMIT_FSIZE, &limit));
	limit.rlim_cur = 50000;
	OK(setrlimit(RLIMIT_FSIZE, &limit));
	OK_N(pwrite(fd, buf, 100, 49950), 50);
	EXPECT_ERR(pwrite(fd, buf, 1, 50000), EFBIG);
	EXPECT_ERR(ftruncate(fd, 50001), EFBIG);
	OK(ftruncate(fd, 50000));
	CHECK_EQ(FSTAT(fd).st_size, 50000);
}

TEST(big_sequential, "24 MiB in pieces of odd size come back")
{
	enum { PIECE = 123457, N = 204 };
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	for (int i = 0; i < N; i++)
		fill_fd(fd, (int64_t)i * PIECE, PIECE, 4);
	CHECK_EQ(FSTAT(fd).st_size, (int64_t)N * PIECE);
	OK(fsync(fd));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	RANGE(fd, 0, (int64_t)N * PIECE, 4);
	CHECK(FSTAT(fd).st_blocks >= (int64_t)N * PIECE / 512);
}

TEST(syncs,
     "fsync, fdatasync, sync_file_range and O_SYNC work on files and directories")
{
	put("a", "text");
	int fd = OK(open("a", O_RDWR | O_SYNC));
	OK_N(write(fd, "T", 1), 1);
	OK(fsync(fd));
	OK(fdatasync(fd));
	OK(sync_file_range(fd, 0, 0,
			   SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER));
	OK(syncfs(fd));
	fd = OK(open("a", O_RDONLY));
	OK(fsync(fd));
	fd = OK(open("a", O_RDWR | O_DSYNC));
	OK_N(write(fd, "t", 1), 1);
	fd = OK(open(".", O_RDONLY | O_DIRECTORY));
	OK(fsync(fd));
	OK(fdatasync(fd));
	TEXT("a", "text");
}

TEST(direct, "O_DIRECT reads what was written by buffer, and the other way round")
{
	char *buf = aligned_alloc(4096, 65536);

	CHECK(buf != NULL);
	fill("a", 200000, 7);
	int fd = open("a", O_RDWR | O_DIRECT);
	if (fd < 0 && errno == EINVAL)
		SKIP("no O_DIRECT on this filesystem");
	int plain = OK(open("a", O_RDWR));
	OK_N(pread(fd, buf, 65536, 65536), 65536);
	OK_N(pwrite(fd, buf, 65536, 0), 65536);
	char back[64];
	OK_N(pread(plain, back, 64, 100), 64);
	CHECK(memcmp(back, buf + 100, 64) == 0);
	RANGE(plain, 65536, 200000 - 65536, 7);
	OK_N(pwrite(plain, "buffered", 8, 4096), 8);
	OK_N(pread(fd, buf, 4096, 4096), 4096);
	CHECK(memcmp(buf, "buffered", 8) == 0);
	OK_N(pread(fd, buf, 65536, 196608), 200000 - 196608);
}

TEST(bad_descriptors, "reading and writing a closed descriptor gives EBADF")
{
	char byte = 0;
	int fd = OK(open("a", O_RDWR | O_CREAT, 0644));

	OK(close(fd));
	EXPECT_ERR(read(fd, &byte, 1), EBADF);
	EXPECT_ERR(write(fd, &byte, 1), EBADF);
	EXPECT_ERR(fsync(fd), EBADF);
	EXPECT_ERR(close(fd), EBADF);
}
