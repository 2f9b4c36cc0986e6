/*
 * copy_file_range(2), sendfile(2), splice(2). FICLONE is checked for its refusal only:
 * ext4 has none, and it cannot reach a FUSE server.
 */
#include "fstest.h"

#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>

static void copy_all(int in, off_t from, int out, off_t to, int64_t size)
{
	while (size > 0) {
		ssize_t n = copy_file_range(in, &from, out, &to, (size_t)size, 0);
		if (n <= 0)
			FAIL("copy_file_range: %zd (errno is %s)", n,
			     strerrorname_np(errno));
		size -= n;
	}
}

TEST(whole, "a whole file is copied, its source stays, offsets move")
{
	fill("a", 3 * MIB + 77, 1);
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_RDWR | O_CREAT, 0644));
	int64_t left = 3 * MIB + 77;

	while (left > 0) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, (size_t)left, 0);
		CHECK(n > 0);
		left -= n;
	}
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 3 * MIB + 77);
	CHECK_EQ(lseek(out, 0, SEEK_CUR), 3 * MIB + 77);
	OK_N(copy_file_range(in, NULL, out, NULL, 100, 0), 0);
	RANGE(out, 0, 3 * MIB + 77, 1);
	CHECK_EQ(FSTAT(out).st_size, 3 * MIB + 77);
	RANGE(in, 0, 3 * MIB + 77, 1);
}

TEST(independent, "copy and source change apart from each other afterwards")
{
	fill("a", 2 * MIB, 1);
	int in = OK(open("a", O_RDWR));
	int out = OK(open("b", O_RDWR | O_CREAT, 0644));

	copy_all(in, 0, out, 0, 2 * MIB);
	fill_fd(in, 100000, 50000, 2);
	RANGE(out, 0, 2 * MIB, 1);
	fill_fd(out, 1 * MIB, 50000, 3);
	RANGE(in, 1 * MIB, 50000, 1);
	OK(unlink("a"));
	OK(ftruncate(in, 0));
	RANGE(out, 0, 1 * MIB, 1);
	RANGE(out, 1 * MIB, 50000, 3);
}

TEST(ranges, "ranges at odd places land where they should, explicit offsets only")
{
	fill("a", 500000, 1);
	fill("b", 500000, 2);
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_RDWR));

	/* The same offset on both sides, so that the pattern tells the place. */
	copy_all(in, 100001, out, 100001, 200000);
	RANGE(out, 0, 100001, 2);
	RANGE(out, 100001, 200000, 1);
	RANGE(out, 300001, 199999, 2);
	CHECK_EQ(lseek(in, 0, SEEK_CUR), 0);
	CHECK_EQ(lseek(out, 0, SEEK_CUR), 0);
	copy_all(in, 0, out, 1 * MIB, 1000);
	CHECK_EQ(FSTAT(out).st_size, 1 * MIB + 1000);
	RANGE(out, 500000, 1 * MIB - 500000, ZERO);
	char left[1000];
	char right[1000];
	OK_N(pread(in, left, 1000, 0), 1000);
	OK_N(pread(out, right, 1000, 1 * MIB), 1000);
	CHECK(memcmp(left, right, 1000) == 0);
}

TEST(one_file, "within one file: apart it works, overlapping it is refused")
{
	off_t from = 0;
	off_t to = 200000;
	fill("a", 300000, 1);
	int fd = OK(open("a", O_RDWR));
	char left[1000];
	char right[1000];

	copy_all(fd, 0, fd, 150000, 100000);
	OK_N(pread(fd, left, 1000, 99000), 1000);
	OK_N(pread(fd, right, 1000, 249000), 1000);
	CHECK(memcmp(left, right, 1000) == 0);
	RANGE(fd, 0, 150000, 1);
	EXPECT_ERR(copy_file_range(fd, &from, fd, &to, 250000, 0), EINVAL);
}

TEST(behind_end, "from the end on there is nothing to copy")
{
	off_t from = 5000;
	fill("a", 5000, 1);
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_RDWR | O_CREAT, 0644));
	OK_N(copy_file_range(in, &from, out, NULL, 100, 0), 0);
	from = 4990;
	OK_N(copy_file_range(in, &from, out, NULL, 100, 0), 10);
	CHECK_EQ(from, 5000);
	CHECK_EQ(FSTAT(out).st_size, 10);
}

TEST(refused, "refusals: directories, wrong directions, append, flags")
{
	put("a", "text");
	put("b", "text");
	OK(mkdir("d", 0755));
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_WRONLY));
	int dir = OK(open("d", O_RDONLY));
	int append = OK(open("b", O_WRONLY | O_APPEND));

	EXPECT_ERR(copy_file_range(dir, NULL, out, NULL, 4, 0), EISDIR);
	EXPECT_ERR(copy_file_range(out, NULL, out, NULL, 4, 0), EBADF);
	EXPECT_ERR(copy_file_range(in, NULL, in, NULL, 4, 0), EBADF);
	EXPECT_ERR(copy_file_range(in, NULL, append, NULL, 4, 0), EBADF);
	EXPECT_ERR(copy_file_range(in, NULL, out, NULL, 4, 1), EINVAL);
}

TEST(times, "the target's mtime moves")
{
	put("a", "text");
	put("b", "1234");
	struct stat before = LSTAT("b");
	tick();
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_WRONLY));
	OK_N(copy_file_range(in, NULL, out, NULL, 4, 0), 4);
	LATER(LSTAT("b").st_mtim, before.st_mtim);
	LATER(LSTAT("b").st_ctim, before.st_ctim);
	TEXT("b", "text");
}

TEST(just_written,
     "what was written or mapped a moment ago is copied, and read at once")
{
	int in = OK(open("a", O_RDWR | O_CREAT, 0644));
	int out = OK(open("b", O_RDWR | O_CREAT, 0644));

	for (unsigned i = 0; i < 50; i++) {
		fill_fd(in, 0, 10000, i);
		copy_all(in, 0, out, 0, 10000);
		RANGE(out, 0, 10000, (int)i);
	}
}

TEST(other_calls, "sendfile and splice give the same")
{
	fill("a", 300000, 1);
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_RDWR | O_CREAT, 0644));
	int64_t left = 300000;

	while (left > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);
		CHECK(n > 0);
		left -= n;
	}
	RANGE(out, 0, 300000, 1);
	int pipes[2];
	OK(pipe(pipes));
	off_t from = 1000;
	off_t to = 1000;
	int other = OK(open("c", O_RDWR | O_CREAT, 0644));
	OK_N(splice(in, &from, pipes[1], NULL, 5000, 0), 5000);
	OK_N(splice(pipes[0], NULL, other, &to, 5000, 0), 5000);
	RANGE(other, 0, 1000, ZERO);
	RANGE(other, 1000, 5000, 1);
}

TEST(clone, "FICLONE is refused with EOPNOTSUPP where there are no shared extents")
{
	put("a", "text");
	int in = OK(open("a", O_RDONLY));
	int out = OK(open("b", O_RDWR | O_CREAT, 0644));
	if (ioctl(out, FICLONE, in) == 0)
		SKIP("this filesystem clones");
	CHECK_EQ(errno, EOPNOTSUPP);
	CHECK_EQ(FSTAT(out).st_size, 0);
}
