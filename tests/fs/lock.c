/*
 * Locks: fcntl(2) record locks of processes and of open descriptions, flock(2), leases.
 */
#include "fstest.h"

#include <signal.h>
#include <sys/file.h>

static int lock(int fd, int cmd, short type, off_t start, off_t len)
{
	struct flock lock = {.l_type = type, .l_start = start, .l_len = len};

	return fcntl(fd, cmd, &lock);
}

/* Who holds what conflicts with a write lock of the range; type F_UNLCK for nobody. */
static struct flock holder(int fd, int cmd, off_t start, off_t len)
{
	struct flock lock = {.l_type = F_WRLCK, .l_start = start, .l_len = len};

	OK(fcntl(fd, cmd, &lock));
	return lock;
}

TEST(posix_conflict, "record locks: write against all, read against write, by range")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	OK(lock(fd, F_SETLK, F_RDLCK, 20, 10));
	pid_t parent = getpid();
	if (in_child()) {
		int own = OK(open("f", O_RDWR));
		EXPECT_ERR(lock(own, F_SETLK, F_RDLCK, 5, 1), EAGAIN);
		EXPECT_ERR(lock(own, F_SETLK, F_WRLCK, 25, 1), EAGAIN);
		OK(lock(own, F_SETLK, F_RDLCK, 25, 1));
		OK(lock(own, F_SETLK, F_WRLCK, 10, 10));
		OK(lock(own, F_SETLK, F_WRLCK, 30, 0));
		struct flock found = holder(own, F_GETLK, 0, 15);
		CHECK_EQ(found.l_type, F_WRLCK);
		CHECK_EQ(found.l_start, 0);
		CHECK_EQ(found.l_len, 10);
		CHECK_EQ(found.l_pid, parent);
		done();
	}
	CHECK_EQ(holder(fd, F_GETLK, 0, 0).l_type, F_UNLCK);
}

TEST(posix_split, "unlocking the middle leaves both ends; locks of one process merge")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(lock(fd, F_SETLK, F_WRLCK, 0, 30));
	OK(lock(fd, F_SETLK, F_UNLCK, 10, 10));
	if (in_child()) {
		int own = OK(open("f", O_RDWR));
		EXPECT_ERR(lock(own, F_SETLK, F_WRLCK, 9, 1), EAGAIN);
		OK(lock(own, F_SETLK, F_WRLCK, 10, 10));
		EXPECT_ERR(lock(own, F_SETLK, F_WRLCK, 20, 1), EAGAIN);
		done();
	}
	OK(lock(fd, F_SETLK, F_RDLCK, 0, 10));
	if (in_child()) {
		int own = OK(open("f", O_RDWR));
		OK(lock(own, F_SETLK, F_RDLCK, 0, 10));
		done();
	}
}

TEST(posix_closed, "closing any descriptor of the file drops the process's locks")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));
	int other = OK(open("f", O_RDONLY));

	OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
	OK(close(other));
	if (in_child()) {
		int own = OK(open("f", O_RDWR));
		OK(lock(own, F_SETLK, F_WRLCK, 0, 0));
		done();
	}
	/* The child's went with it. */
	OK(lock(fd, F_SETLK, F_WRLCK, 0, 0));
}

TEST(posix_not_inherited, "a fork has none of its parent's record locks")
{
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(lock(fd, F_SETLK, F_WRLCK, 0, 1));
	if (in_child()) {
		EXPECT_ERR(lock(fd, F_SETLK, F_WRLCK, 0, 1), EAGAIN);
		done();
	}
}

TEST(posix_wait, "F_SETLKW waits until the lock is free")
{
	struct gate held = gate_new();
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	pid_t pid = fs_fork();
	if (pid == 0) {
		int own = OK(open("f", O_RDWR));
		OK(lock(own, F_SETLK, F_WRLCK, 0, 0));
		gate_open(&held);
		tick();
		OK_N(write(own, "done", 4), 4);
		done();
	}
	gate_wait(&held);
	OK(lock(fd, F_SETLKW, F_WRLCK, 0, 0));
	TEXT("f", "done");
	JOIN(pid);
}

TEST(posix_deadlock, "of a circle of waiting processes one is refused with EDEADLK")
{
	struct gate held = gate_new();
	int status;
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	OK(lock(fd, F_SETLK, F_WRLCK, 0, 1));
	pid_t pid = fs_fork();
	if (pid == 0) {
		int own = OK(open("f", O_RDWR));
		OK(lock(own, F_SETLK, F_WRLCK, 1, 1));
		gate_open(&held);
		if (lock(own, F_SETLKW, F_WRLCK, 0, 1) == 0)
			_exit(40);
		_exit(errno == EDEADLK ? 41 : 42);
	}
	gate_wait(&held);
	/* It is refused to the one who comes second, which may be either. */
	bool refused = lock(fd, F_SETLKW, F_WRLCK, 1, 1) < 0;
	if (refused)
		CHECK_EQ(errno, EDEADLK);
	OK(lock(fd, F_SETLK, F_UNLCK, 0, 0));
	OK_N(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status));
	CHECK_EQ(WEXITSTATUS(status), refused ? 40 : 41);
}

TEST(posix_modes, "a read lock needs a readable descriptor, a write lock a writable")
{
	touch("f", 0644);
	int r = OK(open("f", O_RDONLY));
	int w = OK(open("f", O_WRONLY));

	EXPECT_ERR(lock(r, F_SETLK, F_WRLCK, 0, 1), EBADF);
	EXPECT_ERR(lock(w, F_SETLK, F_RDLCK, 0, 1), EBADF);
	OK(lock(r, F_SETLK, F_RDLCK, 0, 1));
	EXPECT_ERR(lock(r, F_SETLK, F_RDLCK, -1, 1), EINVAL);
}

TEST(ofd, "locks of open descriptions conflict within a process, and live in a fork")
{
	int a = OK(open("f", O_RDWR | O_CREAT, 0644));
	int b = OK(open("f", O_RDWR));

	OK(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
	EXPECT_ERR(lock(b, F_OFD_SETLK, F_WRLCK, 5, 1), EAGAIN);
	EXPECT_ERR(lock(b, F_SETLK, F_WRLCK, 5, 1), EAGAIN);
	struct flock found = holder(b, F_OFD_GETLK, 0, 0);
	CHECK_EQ(found.l_type, F_WRLCK);
	CHECK_EQ(found.l_pid, -1);
	if (in_child()) {
		OK(lock(a, F_OFD_SETLK, F_WRLCK, 0, 10));
		EXPECT_ERR(lock(b, F_OFD_SETLK, F_WRLCK, 0, 10), EAGAIN);
		done();
	}
	int c = OK(open("f", O_RDONLY));
	OK(close(c));
	EXPECT_ERR(lock(b, F_OFD_SETLK, F_WRLCK, 5, 1), EAGAIN);
	OK(close(a));
	OK(lock(b, F_OFD_SETLK, F_WRLCK, 0, 10));
}

TEST(flock_conflict, "flock: shared with shared, exclusive alone, by open description")
{
	int a = OK(open("f", O_RDWR | O_CREAT, 0644));
	int b = OK(open("f", O_RDONLY));

	OK(flock(a, LOCK_SH));
	OK(flock(b, LOCK_SH));
	EXPECT_ERR(flock(a, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(flock(b, LOCK_UN));
	OK(flock(a, LOCK_EX | LOCK_NB));
	EXPECT_ERR(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	/* The two kinds know nothing of each other. */
	OK(lock(a, F_SETLK, F_WRLCK, 0, 0));
	OK(close(a));
	OK(flock(b, LOCK_EX | LOCK_NB));
	int dir = OK(open(".", O_RDONLY));
	OK(flock(dir, LOCK_EX | LOCK_NB));
}

TEST(flock_inherited, "a fork and a dup share a flock; it goes with the last of them")
{
	int a = OK(open("f", O_RDWR | O_CREAT, 0644));
	int twin = OK(dup(a));

	OK(flock(a, LOCK_EX));
	if (in_child()) {
		OK(flock(a, LOCK_EX | LOCK_NB));
		int own = OK(open("f", O_RDONLY));
		EXPECT_ERR(flock(own, LOCK_SH | LOCK_NB), EWOULDBLOCK);
		done();
	}
	OK(close(a));
	int b = OK(open("f", O_RDONLY));
	EXPECT_ERR(flock(b, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	OK(close(twin));
	OK(flock(b, LOCK_SH | LOCK_NB));
}

TEST(flock_wait, "flock waits for the holder's end")
{
	struct gate held = gate_new();
	int fd = OK(open("f", O_RDWR | O_CREAT, 0644));

	pid_t pid = fs_fork();
	if (pid == 0) {
		int own = OK(open("f", O_RDWR));
		OK(flock(own, LOCK_EX));
		gate_open(&held);
		tick();
		OK_N(write(own, "done", 4), 4);
		done();
	}
	gate_wait(&held);
	OK(flock(fd, LOCK_SH));
	TEXT("f", "done");
	JOIN(pid);
}

TEST(lock_per_inode, "locks are on the file, by any of its names, and not on a new one")
{
	touch("f", 0644);
	OK(link("f", "g"));
	int f = OK(open("f", O_RDWR));
	int g = OK(open("g", O_RDWR));

	OK(flock(f, LOCK_EX));
	EXPECT_ERR(flock(g, LOCK_EX | LOCK_NB), EWOULDBLOCK);
	OK(unlink("f"));
	touch("f", 0644);
	int h = OK(open("f", O_RDWR));
	OK(flock(h, LOCK_EX | LOCK_NB));
	OK(rename("g", "k"));
	int k = OK(open("k", O_RDWR));
	EXPECT_ERR(flock(k, LOCK_EX | LOCK_NB), EWOULDBLOCK);
}

TEST(counter, "four processes count under a lock, 50 times each")
{
	put("f", "0");
	pid_t pids[4];
	for (int i = 0; i < 4; i++) {
		pids[i] = fs_fork();
		if (pids[i])
			continue;
		int fd = OK(open("f", O_RDWR));
		for (int n = 0; n < 50; n++) {
			char text[16] = "";
			OK(lock(fd, F_SETLKW, F_WRLCK, 0, 0));
			OK(pread(fd, text, sizeof(text) - 1, 0));
			snprintf(text, sizeof(text), "%d", atoi(text) + 1);
			OK(pwrite(fd, text, strlen(text), 0));
			OK(lock(fd, F_SETLK, F_UNLCK, 0, 0));
		}
		done();
	}
	for (int i = 0; i < 4; i++)
		JOIN(pids[i]);
	TEXT("f", "200");
}

TEST(lease, "a read lease is granted without writers, and broken by one")
{
	be_plain();
	touch("f", 0644);
	int fd = OK(open("f", O_RDONLY));
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0 && errno == EINVAL)
		SKIP("no leases on this filesystem");
	CHECK_EQ(fcntl(fd, F_GETLEASE), F_RDLCK);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGIO);
	OK(sigprocmask(SIG_BLOCK, &set, NULL));
	if (in_child()) {
		EXPECT_ERR(open("f", O_WRONLY | O_NONBLOCK), EWOULDBLOCK);
		OK(open("f", O_RDONLY));
		done();
	}
	struct timespec limit = {.tv_sec = 5};
	OK_N(sigtimedwait(&set, NULL, &limit), SIGIO);
	OK(fcntl(fd, F_SETLEASE, F_UNLCK));
	int w = OK(open("f", O_WRONLY | O_NONBLOCK));
	EXPECT_ERR(fcntl(fd, F_SETLEASE, F_RDLCK), EAGAIN);
	OK(close(w));
}
