/*
 * mknod(2): regular files, fifos, sockets and, for root of the machine, devices.
 * Opening a device is left out where the mount says nodev.
 */
#include "fstest.h"

#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

TEST(regular, "mknod makes an empty regular file, with type 0 too")
{
	OK(mknod("a", S_IFREG | 0666, 0));
	OK(mknod("b", 0600, 0));
	CHECK(S_ISREG(LSTAT("a").st_mode) && S_ISREG(LSTAT("b").st_mode));
	CHECK_MODE("a", 0644);
	put("a", "text");
	TEXT("a", "text");
	EXPECT_ERR(mknod("a", S_IFREG | 0666, 0), EEXIST);
	EXPECT_ERR(mknod("no/a", S_IFREG | 0666, 0), ENOENT);
	EXPECT_ERR(mknod("a/b", S_IFREG | 0666, 0), ENOTDIR);
}

TEST(directory, "mknod makes no directories")
{
	EXPECT_ERR(mknod("d", S_IFDIR | 0755, 0), EPERM);
	EXPECT_ERR(mknod("d", S_IFLNK | 0755, 0), EINVAL);
	GONE("d");
}

TEST(fifo, "a fifo has its type, mode, one link and no size")
{
	struct stat before = LSTAT(".");
	tick();
	OK(mkfifo("p", 0666));
	struct stat st = LSTAT("p");

	CHECK(S_ISFIFO(st.st_mode));
	CHECK_MODE("p", 0644);
	CHECK_EQ(st.st_nlink, 1);
	CHECK_EQ(st.st_size, 0);
	LATER(LSTAT(".").st_mtim, before.st_mtim);
	EXPECT_ERR(mkfifo("p", 0666), EEXIST);
	OK(link("p", "q"));
	CHECK_EQ(LSTAT("q").st_nlink, 2);
	OK(chmod("p", 0600));
	CHECK_MODE("q", 0600);
	OK(rename("p", "r"));
	CHECK(S_ISFIFO(LSTAT("r").st_mode));
}

TEST(fifo_two_names, "two names of a fifo are one pipe")
{
	OK(mkfifo("p", 0600));
	OK(link("p", "q"));
	pid_t pid = fs_fork();
	if (pid == 0) {
		int fd = OK(open("q", O_WRONLY));
		OK_N(write(fd, "x", 1), 1);
		done();
	}
	char byte;
	int fd = OK(open("p", O_RDONLY));
	OK_N(read(fd, &byte, 1), 1);
	CHECK_EQ(byte, 'x');
	JOIN(pid);
}

static struct sockaddr_un address(const char *name)
{
	struct sockaddr_un ret = {.sun_family = AF_UNIX};

	snprintf(ret.sun_path, sizeof(ret.sun_path), "%s", name);
	return ret;
}

TEST(bound_socket, "a bound socket is found by its name, also after a rename")
{
	struct sockaddr_un at = address("s");
	struct sockaddr_un moved = address("t");
	int server = OK(socket(AF_UNIX, SOCK_STREAM, 0));

	OK(bind(server, (struct sockaddr *)&at, sizeof(at)));
	OK(listen(server, 4));
	CHECK(S_ISSOCK(LSTAT("s").st_mode));
	EXPECT_ERR(open("s", O_RDONLY), ENXIO);
	int again = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	EXPECT_ERR(bind(again, (struct sockaddr *)&at, sizeof(at)), EADDRINUSE);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	OK(connect(client, (struct sockaddr *)&at, sizeof(at)));
	OK(rename("s", "t"));
	client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	EXPECT_ERR(connect(client, (struct sockaddr *)&at, sizeof(at)), ENOENT);
	OK(connect(client, (struct sockaddr *)&moved, sizeof(moved)));
	OK(unlink("t"));
}

TEST(unbound_socket, "a socket node without a server refuses connections")
{
	struct sockaddr_un at = address("s");

	OK(mknod("s", S_IFSOCK | 0600, 0));
	CHECK(S_ISSOCK(LSTAT("s").st_mode));
	CHECK_MODE("s", 0600);
	int client = OK(socket(AF_UNIX, SOCK_STREAM, 0));
	EXPECT_ERR(connect(client, (struct sockaddr *)&at, sizeof(at)), ECONNREFUSED);
}

TEST(devices, "root makes devices; type and numbers are kept")
{
	need_machine_root();
	OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	OK(mknod("disk", S_IFBLK | 0600, makedev(259, 300000)));
	struct stat c = LSTAT("null");
	struct stat b = LSTAT("disk");

	CHECK(S_ISCHR(c.st_mode) && S_ISBLK(b.st_mode));
	CHECK_EQ(major(c.st_rdev), 1);
	CHECK_EQ(minor(c.st_rdev), 3);
	CHECK_EQ(major(b.st_rdev), 259);
	CHECK_EQ(minor(b.st_rdev), 300000);
	OK(rename("null", "nil"));
	OK(chmod("nil", 0600));
	CHECK_EQ(LSTAT("nil").st_rdev, c.st_rdev);
}

TEST(device_opened, "a device node leads to its device")
{
	struct statvfs fs;

	need_machine_root();
	OK(statvfs(".", &fs));
	if (fs.f_flag & ST_NODEV)
		SKIP("mounted nodev");
	OK(mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
	char buf[4] = "abc";
	int fd = OK(open("zero", O_RDWR));
	OK_N(read(fd, buf, 3), 3);
	CHECK(buf[0] == 0 && buf[2] == 0);
	OK_N(write(fd, "xyz", 3), 3);
}

TEST(devices_refused, "without privilege, no devices")
{
	be_plain();
	EXPECT_ERR(mknod("null", S_IFCHR | 0666, makedev(1, 3)), EPERM);
	EXPECT_ERR(mknod("disk", S_IFBLK | 0666, makedev(7, 0)), EPERM);
	GONE("null");
}
