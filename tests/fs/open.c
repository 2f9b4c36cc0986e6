/*
 * open(2), creat(2): creation, exclusion, truncation, append, O_TMPFILE, O_PATH, the
 * kinds of name that refuse to be opened, and openat(2) relative to directories.
 */
#include "fstest.h"

#include <sys/statvfs.h>

TEST(creat_new,
     "a new file is empty, has the mode without the umask, and is its maker's")
{
	umask(027);
	int fd = OK(open("a", O_RDWR | O_CREAT, 0666));
	struct stat st = FSTAT(fd);

	CHECK(S_ISREG(st.st_mode));
	CHECK_MODE("a", 0640);
	CHECK_EQ(st.st_size, 0);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_uid, geteuid());
	CHECK_EQ(st.st_gid, getegid());
	CHECK_EQ(st.st_blocks, 0);
}

TEST(creat_mode_read_only,
     "the mode of a new file does not bind the descriptor it gives")
{
	be_plain();
	int fd = OK(open("a", O_RDWR | O_CREAT, 0400));

	OK_N(write(fd, "x", 1), 1);
	CHECK_MODE("a", 0400);
	EXPECT_ERR(open("a", O_WRONLY), EACCES);
	fd = OK(open("b", O_WRONLY | O_CREAT | O_EXCL, 0));
	OK_N(write(fd, "x", 1), 1);
	EXPECT_ERR(open("b", O_RDONLY), EACCES);
}

TEST(creat_existing,
     "creat of a file that is there keeps inode and mode, drops content")
{
	put("a", "old content");
	OK(chmod("a", 0600));
	struct stat before = LSTAT("a");
	int fd = OK(creat("a", 0644));

	CHECK_EQ(FSTAT(fd).st_ino, before.st_ino);
	CHECK_MODE("a", 0600);
	CHECK_EQ(FSTAT(fd).st_size, 0);
	EXPECT_ERR(read(fd, &before, 1), EBADF);
}

TEST(excl, "O_EXCL refuses every kind of name that is there, also a dangling link")
{
	touch("file", 0644);
	OK(mkdir("dir", 0755));
	OK(symlink("nowhere", "dangling"));
	OK(symlink("file", "link"));
	EXPECT_ERR(open("file", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	EXPECT_ERR(open("dir", O_RDONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	EXPECT_ERR(open("dangling", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	EXPECT_ERR(open("link", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	GONE("nowhere");
}

TEST(creat_through_link, "O_CREAT through a dangling link makes its target")
{
	OK(mkdir("d", 0755));
	OK(symlink("d/target", "dangling"));
	OK(open("dangling", O_WRONLY | O_CREAT, 0644));
	CHECK(S_ISREG(LSTAT("d/target").st_mode));
	OK(symlink("no/such", "far"));
	EXPECT_ERR(open("far", O_WRONLY | O_CREAT, 0644), ENOENT);
}

TEST(trunc, "O_TRUNC empties the file and moves mtime and ctime, of an empty one too")
{
	put("a", "0123456789");
	struct stat before = LSTAT("a");
	tick();
	int fd = OK(open("a", O_WRONLY | O_TRUNC));
	struct stat after = FSTAT(fd);

	CHECK_EQ(after.st_size, 0);
	LATER(after.st_mtim, before.st_mtim);
	LATER(after.st_ctim, before.st_ctim);
	tick();
	OK(open("a", O_WRONLY | O_TRUNC));
	LATER(LSTAT("a").st_mtim, after.st_mtim);
}

TEST(trunc_shorter, "O_TRUNC and a shorter text leave no old tail")
{
	put("a", "a text of some length");
	put("a", "xy");
	TEXT("a", "xy");
	CHECK_EQ(LSTAT("a").st_size, 2);
}

TEST(append, "O_APPEND writes at the end whatever the offset, pwrite too (Linux)")
{
	put("a", "123");
	int fd = OK(open("a", O_RDWR | O_APPEND));

	OK(lseek(fd, 0, SEEK_SET));
	OK_N(write(fd, "45", 2), 2);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 5);
	OK_N(pwrite(fd, "6", 1, 0), 1);
	TEXT("a", "123456");
	OK(truncate("a", 2));
	OK_N(write(fd, "x", 1), 1);
	TEXT("a", "12x");
}

TEST(append_switched_on, "O_APPEND set by fcntl counts from then on")
{
	put("a", "123");
	int fd = OK(open("a", O_WRONLY));

	OK(fcntl(fd, F_SETFL, O_APPEND));
	OK_N(write(fd, "4", 1), 1);
	TEXT("a", "1234");
	OK(fcntl(fd, F_SETFL, 0));
	OK(lseek(fd, 0, SEEK_SET));
	OK_N(write(fd, "9", 1), 1);
	TEXT("a", "9234");
}

TEST(tmpfile, "O_TMPFILE: no name, no link, content; gone at close")
{
	int fd = OK(open(".", O_TMPFILE | O_RDWR, 0640));
	struct stat st = FSTAT(fd);

	CHECK(S_ISREG(st.st_mode));
	CHECK_EQ(st.st_mode & 07777, 0640);
	CHECK_EQ(st.st_nlink, 0);
	CHECK_EQ(count_entries("."), 0);
	fill_fd(fd, 0, 100 * KIB, 1);
	RANGE(fd, 0, 100 * KIB, 1);
	CHECK_EQ(FSTAT(fd).st_size, 100 * KIB);
	OK(close(fd));
	EXPECT_ERR(open(".", O_TMPFILE | O_RDONLY, 0640), EINVAL);
	touch("file", 0644);
	EXPECT_ERR(open("file", O_TMPFILE | O_RDWR, 0640), ENOTDIR);
}

TEST(tmpfile_linked, "O_TMPFILE gets a name by linkat, unless O_EXCL forbade it")
{
	char path[64];
	int fd = OK(open(".", O_TMPFILE | O_RDWR, 0600));

	OK_N(write(fd, "text", 4), 4);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	CHECK_EQ(FSTAT(fd).st_nlink, 1);
	CHECK_EQ(LSTAT("named").st_ino, FSTAT(fd).st_ino);
	OK_N(pwrite(fd, "T", 1, 0), 1);
	OK(close(fd));
	TEXT("named", "Text");
	fd = OK(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_ERR(linkat(AT_FDCWD, path, AT_FDCWD, "b", AT_SYMLINK_FOLLOW), ENOENT);
}

TEST(directories, "a directory opens for reading only")
{
	OK(mkdir("d", 0755));
	EXPECT_ERR(open("d", O_WRONLY), EISDIR);
	EXPECT_ERR(open("d", O_RDWR), EISDIR);
	EXPECT_ERR(open("d", O_RDONLY | O_CREAT, 0644), EISDIR);
	EXPECT_ERR(open("d", O_WRONLY | O_TRUNC), EISDIR);
	int fd = OK(open("d", O_RDONLY | O_DIRECTORY));
	char byte;
	EXPECT_ERR(read(fd, &byte, 1), EISDIR);
	EXPECT_ERR(pread(fd, &byte, 1, 0), EISDIR);
	EXPECT_ERR(write(fd, "x", 1), EBADF);
	EXPECT_ERR(ftruncate(fd, 0), EINVAL);
}

TEST(not_directory,
     "O_DIRECTORY, a trailing slash and a way through a file give ENOTDIR")
{
	touch("file", 0644);
	OK(symlink("file", "link"));
	EXPECT_ERR(open("file", O_RDONLY | O_DIRECTORY), ENOTDIR);
	EXPECT_ERR(open("link", O_RDONLY | O_DIRECTORY), ENOTDIR);
	EXPECT_ERR(open("file/", O_RDONLY), ENOTDIR);
	EXPECT_ERR(open("file/x", O_RDONLY), ENOTDIR);
	EXPECT_ERR(open("file/x", O_WRONLY | O_CREAT, 0644), ENOTDIR);
	EXPECT_ERR(open("new/", O_WRONLY | O_CREAT, 0644), EISDIR);
	EXPECT_ERR(open("no/x", O_WRONLY | O_CREAT, 0644), ENOENT);
	EXPECT_ERR(open("", O_RDONLY), ENOENT);
}

TEST(nofollow, "O_NOFOLLOW refuses a link with ELOOP, O_PATH with it opens the link")
{
	put("file", "text");
	OK(symlink("file", "link"));
	EXPECT_ERR(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	OK(open("file", O_RDONLY | O_NOFOLLOW));
	int fd = OK(open("link", O_PATH | O_NOFOLLOW));
	CHECK(S_ISLNK(FSTAT(fd).st_mode));
	char target[8];
	OK_N(readlinkat(fd, "", target, sizeof(target)), 4);
	CHECK(memcmp(target, "file", 4) == 0);
}

TEST(path_only, "O_PATH: stat and openat work, reading and writing do not")
{
	char byte;
	put("file", "text");
	OK(mkdir("d", 0755));
	put("d/inner", "x");
	int fd = OK(open("file", O_PATH));

	EXPECT_ERR(read(fd, &byte, 1), EBADF);
	EXPECT_ERR(write(fd, "x", 1), EBADF);
	EXPECT_ERR(fchmod(fd, 0600), EBADF);
	EXPECT_ERR(ftruncate(fd, 0), EBADF);
	CHECK_EQ(FSTAT(fd).st_size, 4);
	fd = OK(open("d", O_PATH));
	OK(openat(fd, "inner", O_RDONLY));
}

TEST(access_mode, "a descriptor gives what it was opened for and nothing else")
{
	char byte;
	put("a", "text");
	int fd = OK(open("a", O_RDONLY));

	EXPECT_ERR(write(fd, "x", 1), EBADF);
	EXPECT_ERR(ftruncate(fd, 1), EINVAL);
	fd = OK(open("a", O_WRONLY));
	EXPECT_ERR(read(fd, &byte, 1), EBADF);
	EXPECT_ERR(pread(fd, &byte, 1, 0), EBADF);
	CHECK_EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
}

TEST(reopen_by_proc,
     "a file opened again through /proc/self/fd is the same, with other rights")
{
	char path[64];
	put("a", "text");
	int fd = OK(open("a", O_RDONLY));

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int again = OK(open(path, O_WRONLY | O_APPEND));
	OK_N(write(again, "!", 1), 1);
	TEXT("a", "text!");
	OK(unlink("a"));
	again = OK(open(path, O_WRONLY));
	OK_N(write(again, "T", 1), 1);
	char buf[8];
	OK_N(pread(fd, buf, sizeof(buf), 0), 5);
	CHECK(memcmp(buf, "Text!", 5) == 0);
}

TEST(at_directory, "openat stays with its directory when that is renamed")
{
	OK(mkdir("d", 0755));
	int dir = OK(open("d", O_RDONLY | O_DIRECTORY));

	OK(rename("d", "e"));
	OK(openat(dir, "f", O_WRONLY | O_CREAT | O_EXCL, 0644));
	CHECK(S_ISREG(LSTAT("e/f").st_mode));
	touch("file", 0644);
	int fd = OK(open("file", O_RDONLY));
	EXPECT_ERR(openat(fd, "x", O_RDONLY), ENOTDIR);
}

TEST(at_removed_directory, "nothing can be made in a directory that was removed")
{
	OK(mkdir("d", 0755));
	int dir = OK(open("d", O_RDONLY | O_DIRECTORY));

	OK(rmdir("d"));
	EXPECT_ERR(openat(dir, "f", O_WRONLY | O_CREAT, 0644), ENOENT);
	EXPECT_ERR(mkdirat(dir, "f", 0755), ENOENT);
	EXPECT_ERR(symlinkat("x", dir, "f"), ENOENT);
	EXPECT_ERR(openat(dir, "f", O_RDONLY), ENOENT);
	CHECK_EQ(FSTAT(dir).st_nlink, 0);
	OK(mkdir("d", 0755));
	EXPECT_ERR(openat(dir, "f", O_WRONLY | O_CREAT, 0644), ENOENT);
}

TEST(parent_times,
     "a new name moves mtime and ctime of its directory, opening does not")
{
	OK(mkdir("d", 0755));
	struct stat before = LSTAT("d");
	tick();
	touch("d/a", 0644);
	struct stat made = LSTAT("d");

	LATER(made.st_mtim, before.st_mtim);
	LATER(made.st_ctim, before.st_ctim);
	tick();
	put("d/a", "text");
	OK(open("d/a", O_RDONLY | O_CREAT, 0644));
	SAME(LSTAT("d").st_mtim, made.st_mtim);
	SAME(LSTAT("d").st_ctim, made.st_ctim);
}

TEST(new_file_times, "a new file has the present time in all of its times")
{
	struct timespec now;
	OK(clock_gettime(CLOCK_REALTIME, &now));
	now.tv_sec -= 1;
	touch("a", 0644);
	struct stat st = LSTAT("a");

	LATER(st.st_mtim, now);
	LATER(st.st_atim, now);
	LATER(st.st_ctim, now);
	now.tv_sec += 3;
	LATER(now, st.st_mtim);
}

TEST(many_open, "900 files are open at a time, each with its own content")
{
	char name[16];
	char text[16];
	int fds[900];

	for (int i = 0; i < 900; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fds[i] = OK(open(name, O_RDWR | O_CREAT | O_EXCL, 0644));
		OK_N(write(fds[i], name, strlen(name)), (ssize_t)strlen(name));
	}
	for (int i = 0; i < 900; i += 2) {
		snprintf(name, sizeof(name), "f%d", i);
		OK(unlink(name));
	}
	for (int i = 0; i < 900; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		OK_N(pread(fds[i], text, sizeof(text), 0), (ssize_t)strlen(name));
		CHECK(memcmp(text, name, strlen(name)) == 0);
	}
}

TEST(fifo, "a fifo opens as a pipe between processes")
{
	OK(mkfifo("p", 0600));
	EXPECT_ERR(open("p", O_WRONLY | O_NONBLOCK), ENXIO);
	pid_t pid = fs_fork();
	if (pid == 0) {
		int fd = OK(open("p", O_WRONLY));
		OK_N(write(fd, "through", 7), 7);
		done();
	}
	char buf[16];
	int fd = OK(open("p", O_RDONLY));
	OK_N(read(fd, buf, sizeof(buf)), 7);
	OK_N(read(fd, buf, sizeof(buf)), 0);
	JOIN(pid);
	EXPECT_ERR(lseek(fd, 0, SEEK_SET), ESPIPE);
	CHECK(S_ISFIFO(FSTAT(fd).st_mode));
}
