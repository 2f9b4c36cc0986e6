/*
 * Peculiar to overlays: base files of several MiB that are written in part. Every range
 * must come from the right side, at the edges of chunks and pages too.
 */
#include "fstest.h"

#define SIZE (3 * MIB)

static void prepare_big(void)
{
	fill("f", SIZE, 1);
}

PREPARE(middle)
{
	prepare_big();
}

TEST(middle, "a write in the middle leaves everything around it")
{
	int fd = OK(open("f", O_RDWR));
	fill_fd(fd, 1000001, 77777, 2);
	RANGE(fd, 0, 1000001, 1);
	RANGE(fd, 1000001, 77777, 2);
	RANGE(fd, 1077778, SIZE - 1077778, 1);
	CHECK_EQ(FSTAT(fd).st_size, SIZE);
	OK(fsync(fd));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	RANGE(fd, 0, 1000001, 1);
	RANGE(fd, 1000001, 77777, 2);
	RANGE(fd, 1077778, SIZE - 1077778, 1);
}

PREPARE(edges)
{
	prepare_big();
}

TEST(edges, "writes of few bytes at the edges of blocks of 4 KiB to 1 MiB")
{
	static unsigned char model[SIZE];
	static unsigned char back[SIZE];
	int fd = OK(open("f", O_RDWR));

	OK_N(pread(fd, model, SIZE, 0), SIZE);
	for (int64_t block = 4096; block <= 1 * MIB; block *= 2) {
		for (int shift = -2; shift <= 1; shift++) {
			int64_t off = block + shift;
			memset(model + off, 0, 3);
			OK_N(pwrite(fd, "\0\0\0", 3, off), 3);
		}
	}
	OK_N(pread(fd, back, SIZE, 0), SIZE);
	CHECK(memcmp(model, back, SIZE) == 0);
	int again = OK(open("f", O_RDONLY));
	OK_N(read(again, back, SIZE), SIZE);
	CHECK(memcmp(model, back, SIZE) == 0);
}

PREPARE(scattered)
{
	prepare_big();
}

TEST(scattered, "200 writes at random places and lengths")
{
	static unsigned char model[SIZE];
	static unsigned char back[SIZE];
	unsigned state = 42;
	int fd = OK(open("f", O_RDWR));

	OK_N(pread(fd, model, SIZE, 0), SIZE);
	for (int i = 0; i < 200; i++) {
		state = state * 1103515245 + 12345;
		size_t off = (state >> 3) % SIZE;
		size_t len = 1 + (state >> 13) % (i % 4 ? 300 : 40000);
		if (off + len > SIZE)
			len = SIZE - off;
		memset(model + off, i, len);
		OK_N(pwrite(fd, model + off, len, (off_t)off), (ssize_t)len);
	}
	OK_N(pread(fd, back, SIZE, 0), SIZE);
	CHECK(memcmp(model, back, SIZE) == 0);
	OK(fsync(fd));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	OK_N(pread(fd, back, SIZE, 0), SIZE);
	CHECK(memcmp(model, back, SIZE) == 0);
}

PREPARE(one_byte_appended)
{
	prepare_big();
	fill("odd", SIZE - 12345, 1);
}

TEST(one_byte_appended, "one byte appended: the size grows by one, the rest stays")
{
	int fd = OK(open("f", O_RDWR | O_APPEND));
	OK_N(write(fd, "\0", 1), 1);
	CHECK_EQ(FSTAT(fd).st_size, SIZE + 1);
	RANGE(fd, 0, SIZE, 1);
	RANGE(fd, SIZE, 1, ZERO);
	fd = OK(open("odd", O_RDWR | O_APPEND));
	OK_N(write(fd, "\0", 1), 1);
	CHECK_EQ(FSTAT(fd).st_size, SIZE - 12344);
	RANGE(fd, 0, SIZE - 12345, 1);
	RANGE(fd, SIZE - 12345, 1, ZERO);
}

PREPARE(down_and_up)
{
	prepare_big();
	fill("odd", SIZE, 1);
}

TEST(down_and_up, "cut and grown again, the base's old bytes stay away")
{
	OK(truncate("f", 1 * MIB));
	OK(truncate("f", SIZE));
	int fd = OK(open("f", O_RDWR));
	RANGE(fd, 0, 1 * MIB, 1);
	RANGE(fd, 1 * MIB, 2 * MIB, ZERO);
	fill_fd(fd, 2 * MIB + 5, 100, 2);
	RANGE(fd, 1 * MIB, 1 * MIB + 5, ZERO);
	RANGE(fd, 2 * MIB + 5, 100, 2);
	RANGE(fd, 2 * MIB + 105, 1 * MIB - 105, ZERO);
	fd = OK(open("odd", O_RDWR));
	OK(ftruncate(fd, 1234567));
	CHECK_EQ(FSTAT(fd).st_size, 1234567);
	OK_N(pwrite(fd, "\0", 1, 2000000), 1);
	RANGE(fd, 0, 1234567, 1);
	RANGE(fd, 1234567, 2000001 - 1234567, ZERO);
	OK(ftruncate(fd, 0));
	OK(ftruncate(fd, SIZE));
	RANGE(fd, 0, SIZE, ZERO);
}

PREPARE(write_cut_grow)
{
	prepare_big();
}

TEST(write_cut_grow,
     "written in part, cut within the written part, grown, written again")
{
	int fd = OK(open("f", O_RDWR));
	fill_fd(fd, 500000, 500000, 2);
	OK(ftruncate(fd, 700000));
	OK(ftruncate(fd, 2 * MIB));
	RANGE(fd, 0, 500000, 1);
	RANGE(fd, 500000, 200000, 2);
	RANGE(fd, 700000, 2 * MIB - 700000, ZERO);
	fill_fd(fd, 800000, 10, 3);
	RANGE(fd, 700000, 100000, ZERO);
	RANGE(fd, 800000, 10, 3);
	RANGE(fd, 800010, 2 * MIB - 800010, ZERO);
}

PREPARE(punched)
{
	prepare_big();
}

TEST(punched, "a range punched out of a base file reads zeros, zeroed ones too")
{
	int fd = OK(open("f", O_RDWR));
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 300001, 1 * MIB));
	RANGE(fd, 0, 300001, 1);
	RANGE(fd, 300001, 1 * MIB, ZERO);
	RANGE(fd, 300001 + 1 * MIB, 2 * MIB - 300001, 1);
	OK(fallocate(fd, FALLOC_FL_ZERO_RANGE, 2 * MIB + 1, 100000));
	RANGE(fd, 300001 + 1 * MIB, 1 * MIB - 300000, 1);
	RANGE(fd, 2 * MIB + 1, 100000, ZERO);
	RANGE(fd, 2 * MIB + 100001, 1 * MIB - 100001, 1);
	OK(fallocate(fd, 0, 0, SIZE + 1000));
	CHECK_EQ(FSTAT(fd).st_size, SIZE + 1000);
	RANGE(fd, 0, 300001, 1);
	RANGE(fd, SIZE, 1000, ZERO);
}

PREPARE(sparse)
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(ftruncate(fd, 8 * MIB));
	fill_fd(fd, 4 * MIB, 1 * MIB, 1);
	OK(close(fd));
}

TEST(sparse,
     "a sparse base file: zeros, and holes that are found, before and after a write")
{
	int fd = OK(open("f", O_RDWR));
	for (int round = 0; round < 2; round++) {
		off_t data = lseek(fd, 0, SEEK_DATA);
		CHECK(data >= 0 && data <= 4 * MIB && (data > 0 || round > 0));
		off_t hole = lseek(fd, 4 * MIB, SEEK_HOLE);
		CHECK(hole >= 5 * MIB && hole < 8 * MIB);
		RANGE(fd, 100, 4 * MIB - 100, ZERO);
		RANGE(fd, 4 * MIB, 1 * MIB, 1);
		RANGE(fd, 5 * MIB, 3 * MIB, ZERO);
		OK_N(pwrite(fd, "x", 1, 7), 1);
	}
	OK_N(pwrite(fd, "y", 1, 6 * MIB), 1);
	CHECK_EQ(FSTAT(fd).st_size, 8 * MIB);
	CHECK_EQ(lseek(fd, 6 * MIB, SEEK_DATA), 6 * MIB);
	RANGE(fd, 4 * MIB, 1 * MIB, 1);
	RANGE(fd, 5 * MIB, 1 * MIB, ZERO);
}

PREPARE(copied)
{
	prepare_big();
}

TEST(copied, "copy_file_range from a base file, and into one")
{
	off_t from = 100001;
	off_t to = 100001;
	int64_t left = 2 * MIB;
	int in = OK(open("f", O_RDONLY));
	int out = OK(open("copy", O_RDWR | O_CREAT, 0644));
	while (left > 0) {
		ssize_t n = copy_file_range(in, &from, out, &to, (size_t)left, 0);
		CHECK(n > 0);
		left -= n;
	}
	RANGE(out, 0, 100001, ZERO);
	RANGE(out, 100001, 2 * MIB, 1);
	int w = OK(open("f", O_RDWR));
	int seed = OK(open("seed", O_RDWR | O_CREAT, 0644));
	fill_fd(seed, 0, 500000, 2);
	from = to = 200001;
	left = 200000;
	while (left > 0) {
		ssize_t n = copy_file_range(seed, &from, w, &to, (size_t)left, 0);
		CHECK(n > 0);
		left -= n;
	}
	RANGE(w, 0, 200001, 1);
	RANGE(w, 200001, 200000, 2);
	RANGE(w, 400001, SIZE - 400001, 1);
	RANGE(out, 100001, 2 * MIB, 1);
}

PREPARE(renamed_partly)
{
	OK(mkdir("d", 0755));
	fill("d/f", SIZE, 1);
}

TEST(renamed_partly,
     "a partly written base file moves, with its directory, and is complete")
{
	int fd = OK(open("d/f", O_RDWR));
	fill_fd(fd, 1 * MIB, 1000, 2);
	OK(rename("d/f", "d/g"));
	OK(rename("d", "e"));
	fill_fd(fd, 2 * MIB, 1000, 3);
	put("f", "in the way");
	int again = OK(open("e/g", O_RDONLY));
	RANGE(again, 0, 1 * MIB, 1);
	RANGE(again, 1 * MIB, 1000, 2);
	RANGE(again, 1 * MIB + 1000, 1 * MIB - 1000, 1);
	RANGE(again, 2 * MIB, 1000, 3);
	RANGE(again, 2 * MIB + 1000, 1 * MIB - 1000, 1);
	OK(unlink("e/g"));
	RANGE(fd, 0, 1 * MIB, 1);
}
