/*
 * Set-id bits and file capabilities: what clears them (write, truncate, and kin), and
 * that they work where the mount lets them.
 */
#include "fstest.h"

#include <sys/statvfs.h>
#include <sys/xattr.h>

/* A set-id executable that everybody may write. */
static void make_set_id(const char *name)
{
	fill(name, 10000, 1);
	OK(chmod(name, 06777));
	CHECK_MODE(name, 06777);
}

TEST(write_by_other, "a write by another user clears both bits")
{
	need_other();
	make_set_id("f");
	if (as_other()) {
		int fd = OK(open("f", O_WRONLY));
		CHECK_MODE("f", 06777);
		OK_N(write(fd, "x", 1), 1);
		CHECK_MODE("f", 0777);
		done();
	}
	CHECK_MODE("f", 0777);
}

TEST(write_by_owner, "a write by the owner without privilege clears them too")
{
	be_plain();
	make_set_id("f");
	int fd = OK(open("f", O_RDWR));
	OK_N(pwrite(fd, "x", 1, 500), 1);
	CHECK_EQ(FSTAT(fd).st_mode & 07777, 0777);
	OK(chmod("f", 04755));
	OK_N(pwrite(fd, "y", 1, 500), 1);
	CHECK_MODE("f", 0755);
}

TEST(write_by_root, "a write by root leaves them")
{
	need_machine_root(); /* FUSE asks for CAP_FSETID there */
	make_set_id("f");
	int fd = OK(open("f", O_WRONLY));
	OK_N(write(fd, "x", 1), 1);
	OK(ftruncate(fd, 100));
	CHECK_MODE("f", 06777);
}

TEST(truncate_by_other, "truncate, ftruncate and O_TRUNC clear them")
{
	need_other();
	make_set_id("a");
	make_set_id("b");
	make_set_id("c");
	if (as_other()) {
		OK(truncate("a", 5));
		CHECK_MODE("a", 0777);
		int fd = OK(open("b", O_WRONLY));
		OK(ftruncate(fd, 5));
		CHECK_MODE("b", 0777);
		OK(open("c", O_WRONLY | O_TRUNC));
		CHECK_MODE("c", 0777);
		done();
	}
}

TEST(fallocate_by_other, "fallocate clears them")
{
	need_other();
	make_set_id("f");
	if (as_other()) {
		int fd = OK(open("f", O_WRONLY));
		OK(fallocate(fd, 0, 20000, 10000));
		CHECK_MODE("f", 0777);
		done();
	}
}

TEST(copy_by_other, "copy_file_range into a file clears them")
{
	need_other();
	make_set_id("f");
	put("from", "text");
	if (as_other()) {
		int in = OK(open("from", O_RDONLY));
		int out = OK(open("f", O_WRONLY));
		OK_N(copy_file_range(in, NULL, out, NULL, 4, 0), 4);
		CHECK_MODE("f", 0777);
		done();
	}
}

TEST(reading_keeps, "reading, mode and time changes keep them")
{
	be_plain();
	char byte;
	make_set_id("f");
	int fd = OK(open("f", O_RDWR));
	OK_N(read(fd, &byte, 1), 1);
	OK(futimens(fd, NULL));
	OK(link("f", "g"));
	OK(rename("g", "h"));
	CHECK_MODE("f", 06777);
}

/* A capability set as the kernel writes it: cap_net_raw+p, version 2. */
static const unsigned char capability[20] = {1, 0, 0, 2, 0, 0x20, 0, 0};

TEST(capability_kept, "security.capability is set by root and read back")
{
	unsigned char back[32];
	need_machine_root();
	touch("f", 0755);
	OK(setxattr("f", "security.capability", capability, sizeof(capability), 0));
	OK_N(getxattr("f", "security.capability", back, sizeof(back)), 20);
	CHECK(memcmp(back, capability, 20) == 0);
	OK(removexattr("f", "security.capability"));
	EXPECT_ERR(getxattr("f", "security.capability", back, sizeof(back)), ENODATA);
}

TEST(capability_cleared,
     "security.capability goes at a write, a truncation, a new owner")
{
	char back[32];
	need_machine_root();
	put("f", "text");
	OK(chmod("f", 0755));
	OK(setxattr("f", "security.capability", capability, sizeof(capability), 0));
	int fd = OK(open("f", O_WRONLY));
	CHECK_EQ(getxattr("f", "security.capability", back, sizeof(back)), 20);
	OK_N(write(fd, "x", 1), 1);
	EXPECT_ERR(getxattr("f", "security.capability", back, sizeof(back)), ENODATA);
	OK(setxattr("f", "security.capability", capability, sizeof(capability), 0));
	OK(ftruncate(fd, 2));
	EXPECT_ERR(getxattr("f", "security.capability", back, sizeof(back)), ENODATA);
	OK(setxattr("f", "security.capability", capability, sizeof(capability), 0));
	OK(chown("f", 1001, 1001));
	EXPECT_ERR(getxattr("f", "security.capability", back, sizeof(back)), ENODATA);
}

TEST(capability_refused, "nobody else sets security.capability")
{
	be_plain();
	touch("f", 0755);
	EXPECT_ERR(
		setxattr("f", "security.capability", capability, sizeof(capability), 0),
		EPERM);
}

TEST(executed, "a set-user-id program runs as its owner, where the mount has it so")
{
	struct statvfs fs;

	need_other();
	OK(statvfs(".", &fs));
	if (fs.f_flag & (ST_NOSUID | ST_NOEXEC))
		SKIP("mounted nosuid or noexec");
	copy_in("/usr/bin/id", "id", 0755);
	OK(chmod("id", 04755));
	if (as_other()) {
		int to = OK(open("/dev/null", O_WRONLY));
		struct gate pipe = gate_new();
		pid_t pid = fs_fork();
		if (pid == 0) {
			dup2(pipe.fd[1], 1);
			dup2(to, 2);
			execl("./id", "id", "-u", NULL);
			_exit(1);
		}
		JOIN(pid);
		char text[16] = "";
		OK_N(read(pipe.fd[0], text, sizeof(text)), 2);
		CHECK(strcmp(text, "0\n") == 0);
		done();
	}
}
