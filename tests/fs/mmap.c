/*
 * mmap(2), msync(2): shared and private mappings, coherent with read and write. Bytes
 * stored behind the end of file in the last page are left out: what becomes of them is
 * not defined.
 */
#include "fstest.h"

#include <signal.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/statvfs.h>

static char *map(int fd, size_t size, int flags)
{
	char *ret = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (ret == MAP_FAILED)
		FAIL("mmap: %s", strerrorname_np(errno));
	return ret;
}

TEST(coherent, "stores show in read, writes in the mapping, at once")
{
	char buf[8];
	fill("f", 100000, 1);
	int fd = OK(open("f", O_RDWR));
	char *at = map(fd, 100000, MAP_SHARED);

	memcpy(at + 5000, "stored", 6);
	OK_N(pread(fd, buf, 6, 5000), 6);
	CHECK(memcmp(buf, "stored", 6) == 0);
	OK_N(pwrite(fd, "written", 7, 70000), 7);
	CHECK(memcmp(at + 70000, "written", 7) == 0);
	int other = OK(open("f", O_RDONLY));
	OK_N(pread(other, buf, 6, 5000), 6);
	CHECK(memcmp(buf, "stored", 6) == 0);
	RANGE(fd, 0, 5000, 1);
	RANGE(fd, 5006, 64994, 1);
}

TEST(stored_kept, "what was stored is there after munmap, close and msync")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));
	OK(ftruncate(fd, 3 * MIB));
	char *at = map(fd, 3 * MIB, MAP_SHARED);
	for (int i = 0; i < 3 * MIB; i += 4096)
		at[i + 100] = (char)(1 + i / 4096 % 100);
	OK(msync(at, 3 * MIB, MS_SYNC));
	OK(munmap(at, 3 * MIB));
	OK(close(fd));
	fd = OK(open("f", O_RDONLY));
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	for (int i = 0; i < 3 * MIB; i += 4096) {
		char pair[2];
		OK_N(pread(fd, pair, 2, i + 99), 2);
		CHECK(pair[0] == 0 && pair[1] == 1 + i / 4096 % 100);
	}
}

TEST(without_sync, "what was stored is there without msync too")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));
	OK(ftruncate(fd, 200000));
	char *at = map(fd, 200000, MAP_SHARED);
	memset(at, 'm', 200000);
	OK(munmap(at, 200000));
	OK(close(fd));
	char buf[4];
	fd = OK(open("f", O_RDONLY));
	OK_N(pread(fd, buf, 4, 199997), 3);
	CHECK(memcmp(buf, "mmm", 3) == 0);
}

TEST(private, "a private mapping's stores stay its own")
{
	fill("f", 20000, 1);
	int fd = OK(open("f", O_RDONLY));
	char *at = map(fd, 20000, MAP_PRIVATE);
	memset(at, 0, 20000);
	RANGE(fd, 0, 20000, 1);
	int again = OK(open("f", O_RDONLY));
	RANGE(again, 0, 20000, 1);
}

TEST(shared_by_processes, "two processes share a mapping")
{
	struct gate there = gate_new();
	struct gate back = gate_new();
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(ftruncate(fd, 8192));
	pid_t pid = fs_fork();
	if (pid == 0) {
		int own = OK(open("f", O_RDWR));
		char *at = map(own, 8192, MAP_SHARED);
		gate_wait(&there);
		CHECK_EQ(at[5000], 'p');
		at[6000] = 'c';
		gate_open(&back);
		done();
	}
	char *at = map(fd, 8192, MAP_SHARED);
	at[5000] = 'p';
	gate_open(&there);
	gate_wait(&back);
	CHECK_EQ(at[6000], 'c');
	JOIN(pid);
}

TEST(after_close, "a mapping lives on after close, unlink and rename over it")
{
	fill("f", 10000, 1);
	int fd = OK(open("f", O_RDWR));
	int other = OK(open("f", O_RDWR));
	char *at = map(fd, 10000, MAP_SHARED);
	OK(close(fd));
	put("g", "new");
	OK(rename("g", "f"));
	at[0] = 'z';
	char byte;
	OK_N(pread(other, &byte, 1, 0), 1);
	CHECK_EQ(byte, 'z');
	OK(msync(at, 10000, MS_SYNC));
	TEXT("f", "new");
}

TEST(times, "stores and msync move mtime and ctime")
{
	fill("f", 10000, 1);
	int fd = OK(open("f", O_RDWR));
	char *at = map(fd, 10000, MAP_SHARED);
	struct stat before = FSTAT(fd);
	tick();
	at[1] = 'x';
	OK(msync(at, 10000, MS_SYNC));
	LATER(FSTAT(fd).st_mtim, before.st_mtim);
	LATER(FSTAT(fd).st_ctim, before.st_ctim);
}

static sigjmp_buf escape;

static void on_bus(int signal)
{
	siglongjmp(escape, signal);
}

/* Whether touching the byte raises SIGBUS. */
static bool faults(volatile char *at)
{
	if (sigsetjmp(escape, 1) == SIGBUS)
		return true;
	(void)*at;
	return false;
}

TEST(cut_off, "pages behind a new end raise SIGBUS, and read zeros when it grows again")
{
	fill("f", 40960, 1);
	int fd = OK(open("f", O_RDWR));
	char *at = map(fd, 40960, MAP_SHARED);

	signal(SIGBUS, on_bus);
	CHECK(!faults(at + 20480));
	OK(ftruncate(fd, 10000));
	CHECK(!faults(at + 9999));
	CHECK(faults(at + 20480));
	CHECK_EQ(at[10001], 0);
	OK(ftruncate(fd, 40960));
	CHECK(!faults(at + 20480));
	CHECK_EQ(at[20480], 0);
	RANGE(fd, 0, 10000, 1);
	RANGE(fd, 10000, 30960, ZERO);
}

TEST(last_page, "the rest of the last page is zeros and not in the file")
{
	put("f", "text");
	int fd = OK(open("f", O_RDWR));
	char *at = map(fd, 4096, MAP_SHARED);
	for (int i = 4; i < 4096; i++)
		CHECK_EQ(at[i], 0);
	CHECK_EQ(FSTAT(fd).st_size, 4);
}

TEST(grown, "a mapping reaches what is appended within it")
{
	put("f", "text");
	int fd = OK(open("f", O_RDWR));
	char *at = map(fd, 65536, MAP_SHARED);
	fill_fd(fd, 4, 60000, 1);
	char buf[16];
	OK_N(pread(fd, buf, 16, 50000), 16);
	CHECK(memcmp(at + 50000, buf, 16) == 0);
	at[50001] = 'q';
	OK_N(pread(fd, buf, 1, 50001), 1);
	CHECK_EQ(buf[0], 'q');
}

TEST(punched, "a punched range shows as zeros in a mapping")
{
	fill("f", 65536, 1);
	int fd = OK(open("f", O_RDWR));
	char *at = map(fd, 65536, MAP_SHARED);
	CHECK(at[20000] != 0);
	OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 8192, 32768));
	CHECK_EQ(at[20000], 0);
	CHECK(at[50000] != 0);
	at[20000] = 'n';
	OK(msync(at, 65536, MS_SYNC));
	char byte;
	OK_N(pread(fd, &byte, 1, 20000), 1);
	CHECK_EQ(byte, 'n');
}

TEST(refused,
     "refusals: shared writing on a read-only descriptor, write-only, directories")
{
	fill("f", 4096, 1);
	OK(mkdir("d", 0755));
	int fd = OK(open("f", O_RDONLY));
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(at == MAP_FAILED && errno == EACCES);
	fd = OK(open("f", O_WRONLY));
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(at == MAP_FAILED && errno == EACCES);
	fd = OK(open("d", O_RDONLY));
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	CHECK(at == MAP_FAILED && errno == ENODEV);
	fd = OK(open("f", O_RDONLY));
	at = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 100);
	CHECK(at == MAP_FAILED && errno == EINVAL);
}

TEST(write_from_mapping, "a file is written from its own mapping, and from another's")
{
	fill("f", 65536, 1);
	fill("g", 65536, 2);
	int f = OK(open("f", O_RDWR));
	int g = OK(open("g", O_RDWR));
	char *at_f = map(f, 65536, MAP_SHARED);
	char *at_g = map(g, 65536, MAP_SHARED);

	OK_N(pwrite(f, at_g + 10000, 20000, 10000), 20000);
	RANGE(f, 0, 10000, 1);
	RANGE(f, 10000, 20000, 2);
	RANGE(f, 30000, 35536, 1);
	OK_N(pwrite(f, at_f, 8192, 40960), 8192);
	CHECK(memcmp(at_f, at_f + 40960, 8192) == 0);
}

TEST(appended_by_mapping, "many small files written by mapping alone")
{
	char name[16];
	for (int i = 0; i < 100; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		int fd = OK(open(name, O_RDWR | O_CREAT, 0644));
		OK(ftruncate(fd, 10));
		char *at = map(fd, 10, MAP_SHARED);
		memcpy(at, name, strlen(name));
		OK(munmap(at, 10));
		OK(close(fd));
	}
	for (int i = 0; i < 100; i++) {
		char buf[16] = "";
		snprintf(name, sizeof(name), "f%d", i);
		int fd = OK(open(name, O_RDONLY));
		OK_N(read(fd, buf, sizeof(buf)), 10);
		CHECK(strcmp(buf, name) == 0);
		OK(close(fd));
	}
}
