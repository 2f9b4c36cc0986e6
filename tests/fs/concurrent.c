/*
 * Several processes at once: exclusive creation, appending, renaming, making and
 * removing; nothing may be lost, doubled or half seen.
 */
#include "fstest.h"

#include <sys/mman.h>

enum { WORKERS = 4 };

/* Runs the work in each of four processes, started together. */
static void all(void (*work)(int me))
{
	struct gate start = gate_new();
	pid_t pids[WORKERS];

	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fs_fork();
		if (pids[i])
			continue;
		gate_wait(&start);
		work(i);
		done();
	}
	for (int i = 0; i < WORKERS; i++)
		gate_open(&start);
	for (int i = 0; i < WORKERS; i++)
		JOIN(pids[i]);
}

static _Atomic int *shared;

static void shared_new(void)
{
	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	CHECK(shared != MAP_FAILED);
}

static void create_excl(int me)
{
	char name[16];

	(void)me;
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
		if (fd < 0)
			CHECK_EQ(errno, EEXIST);
		else
			shared[i]++;
		close(fd);
	}
}

TEST(exclusive, "of several O_EXCL creators of a name one succeeds")
{
	shared_new();
	all(create_excl);
	for (int i = 0; i < 300; i++)
		CHECK_EQ(shared[i], 1);
	CHECK_EQ(count_entries("."), 300);
}

static void make_directories(int me)
{
	char name[16];

	(void)me;
	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "d%d", i);
		if (mkdir(name, 0755) == 0)
			shared[i]++;
		else
			CHECK_EQ(errno, EEXIST);
	}
}

TEST(mkdir_race, "of several makers of a directory one succeeds")
{
	shared_new();
	all(make_directories);
	for (int i = 0; i < 200; i++)
		CHECK_EQ(shared[i], 1);
	CHECK_EQ(LSTAT(".").st_nlink, 202);
}

static void append(int me)
{
	char line[32];
	int fd = OK(open("log", O_WRONLY | O_APPEND));

	for (int i = 0; i < 500; i++) {
		snprintf(line, sizeof(line), "worker %d line %05d\n", me, i);
		OK_N(write(fd, line, 20), 20);
	}
}

TEST(appending, "lines appended by several are all there, whole, each's in order")
{
	static char text[WORKERS * 500 * 20 + 1];
	int next[WORKERS] = {0};
	touch("log", 0644);
	all(append);
	int fd = OK(open("log", O_RDONLY));
	OK_N(read(fd, text, sizeof(text)), WORKERS * 500 * 20);
	for (int i = 0; i < WORKERS * 500; i++) {
		int me;
		int line;
		CHECK_EQ(sscanf(text + 20 * i, "worker %d line %d\n", &me, &line), 2);
		CHECK(me >= 0 && me < WORKERS);
		CHECK_EQ(line, next[me]);
		next[me]++;
	}
}

static void make_and_remove(int me)
{
	char name[32];
	char other[32];

	for (int i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "d/w%d-%d", me, i);
		snprintf(other, sizeof(other), "d/moved%d", me);
		touch(name, 0644);
		OK(link(name, other));
		OK(rename(name, other));
		OK(unlink(name));
		OK(unlink(other));
		OK(mkdir(name, 0755));
		OK(rmdir(name));
	}
}

TEST(one_directory, "making, linking, renaming and removing in one directory")
{
	OK(mkdir("d", 0755));
	all(make_and_remove);
	CHECK_EQ(count_entries("d"), 0);
	CHECK_EQ(LSTAT("d").st_nlink, 2);
	OK(rmdir("d"));
}

static void swap(int me)
{
	char text[8];

	for (int i = 0; i < 250; i++) {
		if (me % 2) {
			OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
			continue;
		}
		int fd = OK(open(i % 2 ? "a" : "b", O_RDONLY));
		OK_N(read(fd, text, sizeof(text)), 3);
		CHECK(memcmp(text, "one", 3) == 0 || memcmp(text, "two", 3) == 0);
		close(fd);
	}
}

TEST(exchanged, "names that are exchanged all the time are always there")
{
	put("a", "one");
	put("b", "two");
	all(swap);
	char text[8] = "";
	int fd = OK(open("a", O_RDONLY));
	OK_N(read(fd, text, 3), 3);
	TEXT("b", strcmp(text, "one") == 0 ? "two" : "one");
}

static void move_directories(int me)
{
	char from[32];
	char to[32];

	for (int i = 0; i < 150; i++) {
		snprintf(from, sizeof(from), "p%d/d%d", (me + i) % WORKERS, me);
		snprintf(to, sizeof(to), "p%d/d%d", (me + i + 1) % WORKERS, me);
		OK(rename(from, to));
	}
}

TEST(moved_directories,
     "directories moved between parents by several: link counts right")
{
	char name[32];
	for (int i = 0; i < WORKERS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		OK(mkdir(name, 0755));
		snprintf(name, sizeof(name), "p%d/d%d", i, i);
		OK(mkdir(name, 0755));
	}
	all(move_directories);
	int64_t links = 0;
	for (int i = 0; i < WORKERS; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		CHECK_EQ(LSTAT(name).st_nlink, 2 + count_entries(name));
		links += (int64_t)LSTAT(name).st_nlink;
	}
	CHECK_EQ(links, 3 * WORKERS);
}

static void cross(int me)
{
	const char *from = me % 2 ? "a/x" : "b/y";
	const char *to = me % 2 ? "b/y/x" : "a/x/y";

	for (int i = 0; i < 200; i++) {
		if (rename(from, to) == 0)
			OK(rename(to, from));
		else
			CHECK(errno == ENOENT || errno == EINVAL ||
			      errno == ENOTEMPTY || errno == EEXIST);
	}
}

TEST(no_circle, "two directories moved into each other never end up in a circle")
{
	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	OK(mkdir("a/x", 0755));
	OK(mkdir("b/y", 0755));
	all(cross);
	CHECK_EQ(count_entries("a") + count_entries("b"), 2);
}

static void own_ranges(int me)
{
	int fd = OK(open("f", O_RDWR));

	for (int i = 0; i < 40; i++)
		fill_fd(fd, (int64_t)(i * WORKERS + me) * 7001, 7001, (unsigned)me);
}

TEST(ranges, "several write their own ranges of a file")
{
	touch("f", 0644);
	all(own_ranges);
	int fd = OK(open("f", O_RDONLY));
	CHECK_EQ(FSTAT(fd).st_size, 40 * WORKERS * 7001);
	for (int i = 0; i < 40 * WORKERS; i++)
		RANGE(fd, (int64_t)i * 7001, 7001, i % WORKERS);
}

static void fill_and_list(int me)
{
	char name[32];

	for (int i = 0; i < 200; i++) {
		snprintf(name, sizeof(name), "d/w%d-%d", me, i);
		put(name, name);
		if (i % 20 == 0)
			CHECK(count_entries("d") >= i);
		TEXT(name, name);
	}
}

TEST(listing, "several fill a directory and list it meanwhile")
{
	OK(mkdir("d", 0755));
	all(fill_and_list);
	CHECK_EQ(count_entries("d"), 200 * WORKERS);
}

static void sync_work(int me)
{
	char name[16];

	snprintf(name, sizeof(name), "s%d", me);
	for (int i = 0; i < 8; i++) {
		int fd = OK(open(name, O_RDWR | O_CREAT, 0644));
		OK(pwrite(fd, name, strlen(name), i * 10));
		OK(fsync(fd));
		OK(close(fd));
	}
}

TEST(syncing, "several sync their files at once")
{
	all(sync_work);
	CHECK_EQ(LSTAT("s0").st_size, 72);
	CHECK_EQ(LSTAT("s3").st_size, 72);
}
