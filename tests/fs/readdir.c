/*
 * readdir(3), seekdir(3), telldir(3), rewinddir(3), getdents64(2): what is listed, once
 * and only once, also while entries come and go. POSIX leaves open whether an entry
 * made or deleted after opendir is shown; what was there all the time is shown exactly
 * once.
 */
#include "fstest.h"

#include <sys/syscall.h>

static void make_files(const char *dir, int from, int to)
{
	char name[64];

	for (int i = from; i < to; i++) {
		snprintf(name, sizeof(name), "%s/file%d", dir, i);
		touch(name, 0644);
	}
}

/* The number of "fileN", or -1. */
static int number_of(const char *name)
{
	int n;

	return sscanf(name, "file%d", &n) == 1 ? n : -1;
}

static void remove_file(const char *dir, int i)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/file%d", dir, i);
	OK(unlink(name));
}

TEST(kinds, "each entry comes once, with its type and inode number, dots too")
{
	const char *names[] = {".", "..", "file", "dir", "link", "fifo", "sock"};
	unsigned char types[] = {DT_DIR, DT_DIR,  DT_REG, DT_DIR,
				 DT_LNK, DT_FIFO, DT_SOCK};
	int seen[7] = {0};
	struct dirent *entry;

	OK(mkdir("d", 0755));
	OK(chdir("d"));
	touch("file", 0644);
	OK(mkdir("dir", 0755));
	OK(symlink("file", "link"));
	OK(mkfifo("fifo", 0644));
	OK(mknod("sock", S_IFSOCK | 0644, 0));
	DIR *dir = opendir(".");
	CHECK(dir != NULL);
	while ((entry = readdir(dir))) {
		int i = 0;
		while (i < 7 && strcmp(names[i], entry->d_name) != 0)
			i++;
		CHECK(i < 7);
		seen[i]++;
		CHECK_EQ(entry->d_type, types[i]);
		CHECK_EQ(entry->d_ino, LSTAT(names[i]).st_ino);
	}
	for (int i = 0; i < 7; i++)
		CHECK_EQ(seen[i], 1);
}

TEST(numbers, "d_ino is st_ino for 500 files, before and after stat")
{
	struct dirent *entry;
	OK(mkdir("d", 0755));
	make_files("d", 0, 500);
	OK(link("d/file0", "d/file500"));
	OK(chdir("d"));
	DIR *dir = opendir(".");
	while ((entry = readdir(dir))) {
		if (number_of(entry->d_name) >= 0)
			CHECK_EQ(entry->d_ino, LSTAT(entry->d_name).st_ino);
	}
	rewinddir(dir);
	int n = 0;
	while ((entry = readdir(dir))) {
		CHECK_EQ(entry->d_ino, LSTAT(entry->d_name).st_ino);
		n++;
	}
	CHECK_EQ(n, 503);
}

TEST(large, "3,000 entries, each once")
{
	static char seen[3000];
	struct dirent *entry;
	OK(mkdir("d", 0755));
	make_files("d", 0, 3000);
	DIR *dir = opendir("d");
	while ((errno = 0, entry = readdir(dir))) {
		int i = number_of(entry->d_name);
		if (i < 0)
			continue;
		CHECK(i < 3000 && !seen[i]);
		seen[i] = 1;
	}
	CHECK_EQ(errno, 0);
	CHECK(memchr(seen, 0, sizeof(seen)) == NULL);
}

TEST(seek_back, "seekdir to where telldir was gives the same entries again")
{
	enum { N = 700 };
	static long places[N + 3];
	static char names[N + 3][32];
	struct dirent *entry;
	int n = 0;

	OK(mkdir("d", 0755));
	make_files("d", 0, N);
	DIR *dir = opendir("d");
	do {
		places[n] = telldir(dir);
		entry = readdir(dir);
		if (entry)
			snprintf(names[n++], sizeof(names[0]), "%.31s", entry->d_name);
	} while (entry && n < N + 3);
	CHECK_EQ(n, N + 2);
	for (int i = 0; i < n; i++) {
		int at = (i * 379) % n;
		seekdir(dir, places[at]);
		entry = readdir(dir);
		CHECK(entry != NULL);
		CHECK(strcmp(entry->d_name, names[at]) == 0);
	}
	seekdir(dir, places[n - 1]);
	CHECK(readdir(dir) != NULL);
	CHECK(readdir(dir) == NULL);
}

TEST(seek_while_deleting, "a place stays good while entries before and behind it go")
{
	enum { N = 600 };
	static char before[N];
	static char after[N];
	struct dirent *entry;

	OK(mkdir("d", 0755));
	make_files("d", 0, N);
	DIR *dir = opendir("d");
	for (int n = 0; n < N / 2 && (entry = readdir(dir));) {
		int i = number_of(entry->d_name);
		if (i >= 0)
			before[i] = 1;
		n += i >= 0;
	}
	long place = telldir(dir);
	for (int i = 0; i < N; i += 3)
		remove_file("d", i);
	make_files("d", N, N + 200);
	seekdir(dir, place);
	while ((entry = readdir(dir))) {
		int i = number_of(entry->d_name);
		if (i >= 0 && i < N)
			after[i]++;
	}
	for (int i = 0; i < N; i++) {
		CHECK(!(before[i] && after[i]));
		CHECK(after[i] <= 1);
		if (i % 3)
			CHECK_EQ(before[i] + after[i], 1);
	}
}

TEST(while_changing, "listed while others come and go: what stays is shown once")
{
	enum { N = 1600 };
	static char seen[N];
	struct dirent *entry;
	int n = 0;

	OK(mkdir("d", 0755));
	make_files("d", 0, N);
	DIR *dir = opendir("d");
	while ((errno = 0, entry = readdir(dir))) {
		int i = number_of(entry->d_name);
		if (i < 0 || i >= N)
			continue;
		CHECK(!seen[i]);
		seen[i] = 1;
		if (n < N / 4) {
			if (n % 2)
				remove_file("d", 4 * n + 1);
			else
				make_files("d", N + n, N + n + 1);
		}
		n++;
	}
	CHECK_EQ(errno, 0);
	for (int i = 0; i < N; i++) {
		if (i % 4 != 1)
			CHECK(seen[i]);
	}
}

TEST(delete_all,
     "10,000 files deleted while they are listed: all are seen, the directory goes")
{
	enum { N = 10000 };
	static char seen[N];
	struct dirent *entry;

	OK(mkdir("d", 0755));
	make_files("d", 0, N);
	DIR *dir = opendir("d");
	while ((errno = 0, entry = readdir(dir))) {
		int i = number_of(entry->d_name);
		if (i < 0)
			continue;
		CHECK(!seen[i]);
		seen[i] = 1;
		remove_file("d", i);
	}
	CHECK_EQ(errno, 0);
	CHECK(memchr(seen, 0, N) == NULL);
	OK(closedir(dir));
	CHECK_EQ(count_entries("d"), 0);
	OK(rmdir("d"));
}

TEST(rename_all,
     "files renamed within their directory while listed: at least once each")
{
	enum { N = 800 };
	static char seen[N];
	struct dirent *entry;
	char from[64];
	char to[64];
	int n = 0;

	OK(mkdir("d", 0755));
	make_files("d", 0, N);
	DIR *dir = opendir("d");
	while ((entry = readdir(dir)) && n < 4 * N) {
		int i = number_of(entry->d_name);
		if (i < 0)
			continue;
		seen[i] = 1;
		n++;
		snprintf(from, sizeof(from), "d/file%d", i);
		snprintf(to, sizeof(to), "d/renamed%d", i);
		OK(rename(from, to));
	}
	CHECK(memchr(seen, 0, N) == NULL);
	CHECK_EQ(count_entries("d"), N);
}

TEST(rewind, "rewinddir shows what is there now")
{
	struct dirent *entry;
	int n = 0;
	OK(mkdir("d", 0755));
	make_files("d", 0, 10);
	DIR *dir = opendir("d");
	while (readdir(dir))
		n++;
	CHECK_EQ(n, 12);
	remove_file("d", 3);
	make_files("d", 10, 15);
	rewinddir(dir);
	n = 0;
	while ((entry = readdir(dir))) {
		CHECK(strcmp(entry->d_name, "file3") != 0);
		n++;
	}
	CHECK_EQ(n, 16);
}

TEST(two_readers, "two descriptors of a directory read it independently")
{
	int n = 0;
	OK(mkdir("d", 0755));
	make_files("d", 0, 300);
	DIR *a = opendir("d");
	DIR *b = opendir("d");
	for (int i = 0; i < 100; i++)
		CHECK(readdir(a) != NULL);
	while (readdir(b))
		n++;
	CHECK_EQ(n, 302);
	n = 100;
	while (readdir(a))
		n++;
	CHECK_EQ(n, 302);
}

TEST(seen_at_once, "what was just made or deleted shows in the very next listing")
{
	char name[32];
	OK(mkdir("d", 0755));
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "d/file%d", i);
		touch(name, 0644);
		CHECK(has_entry("d", name + 2));
		if (i % 2) {
			OK(unlink(name));
			CHECK(!has_entry("d", name + 2));
		}
	}
	CHECK_EQ(count_entries("d"), 150);
}

TEST(removed, "a removed directory that is open lists nothing")
{
	OK(mkdir("d", 0755));
	DIR *dir = opendir("d");
	OK(rmdir("d"));
	errno = 0;
	struct dirent *entry = readdir(dir);
	CHECK(entry == NULL);
	CHECK(errno == 0 || errno == ENOENT);
}

TEST(small_buffers, "getdents64 with little room gives a few, with too little EINVAL")
{
	static char buf[sizeof(struct dirent64)];
	size_t little = 64;
	OK(mkdir("d", 0755));
	make_files("d", 0, 100);
	int fd = OK(open("d", O_RDONLY | O_DIRECTORY));
	EXPECT_ERR(syscall(SYS_getdents64, fd, buf, 8), EINVAL);
	int entries = 0;
	for (;;) {
		long n = syscall(SYS_getdents64, fd, buf, little);
		CHECK(n >= 0);
		if (n == 0)
			break;
		for (long at = 0; at < n;) {
			struct dirent64 *entry = (void *)(buf + at);
			at += entry->d_reclen;
			entries++;
		}
	}
	CHECK_EQ(entries, 102);
	touch("file", 0644);
	fd = OK(open("file", O_RDONLY));
	EXPECT_ERR(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
}

TEST(permission, "listing needs the right to read, finding that to search")
{
	be_plain();
	OK(mkdir("d", 0755));
	touch("d/a", 0644);
	OK(chmod("d", 0300));
	CHECK(opendir("d") == NULL && errno == EACCES);
	OK(access("d/a", R_OK));
	OK(chmod("d", 0400));
	CHECK(has_entry("d", "a"));
	EXPECT_ERR(access("d/a", R_OK), EACCES);
	OK(chmod("d", 0700));
}
