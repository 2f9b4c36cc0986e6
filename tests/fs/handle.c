/*
 * name_to_handle_at(2), open_by_handle_at(2), for root of the machine. Handles need
 * only be good while their file is known to somebody, so each test keeps it open or in
 * use.
 */
#include "fstest.h"

struct handle {
	struct file_handle head;
	unsigned char bytes[MAX_HANDLE_SZ];
};

static struct handle handle_of(const char *path)
{
	struct handle ret = {.head.handle_bytes = MAX_HANDLE_SZ};
	int mount;

	OK(name_to_handle_at(AT_FDCWD, path, &ret.head, &mount, 0));
	return ret;
}

static int open_handle(struct handle *handle, int flags)
{
	int here = OK(open(".", O_RDONLY | O_DIRECTORY));
	int fd = open_by_handle_at(here, &handle->head, flags);
	int err = errno;

	close(here);
	errno = err;
	return fd;
}

TEST(size, "too little room gives EOVERFLOW and the size that is needed")
{
	struct handle handle = {.head.handle_bytes = 0};
	int mount;

	touch("f", 0644);
	EXPECT_ERR(name_to_handle_at(AT_FDCWD, "f", &handle.head, &mount, 0),
		   EOVERFLOW);
	CHECK(handle.head.handle_bytes > 0 &&
	      handle.head.handle_bytes <= MAX_HANDLE_SZ);
}

TEST(opened, "a handle opens its file, whatever its name is by now")
{
	need_machine_root();
	put("f", "text");
	int keep = OK(open("f", O_RDONLY));
	struct handle handle = handle_of("f");

	int fd = OK(open_handle(&handle, O_RDWR));
	CHECK_EQ(FSTAT(fd).st_ino, FSTAT(keep).st_ino);
	OK_N(pwrite(fd, "T", 1, 0), 1);
	TEXT("f", "Text");
	OK(rename("f", "g"));
	put("f", "another");
	char buf[8];
	fd = OK(open_handle(&handle, O_RDONLY));
	OK_N(read(fd, buf, sizeof(buf)), 4);
	CHECK(memcmp(buf, "Text", 4) == 0);
}

TEST(directory, "a handle opens a directory, and what is in it is found")
{
	need_machine_root();
	OK(mkdir("d", 0755));
	OK(mkdir("d/e", 0755));
	put("d/e/f", "text");
	int keep = OK(open("d/e", O_RDONLY));
	struct handle handle = handle_of("d/e");

	int fd = OK(open_handle(&handle, O_RDONLY | O_DIRECTORY));
	CHECK_EQ(FSTAT(fd).st_ino, FSTAT(keep).st_ino);
	OK(openat(fd, "f", O_RDONLY));
}

TEST(same_and_different, "two names of a file give one handle, two files two")
{
	put("f", "text");
	OK(link("f", "g"));
	put("h", "text");
	int keep = OK(open("f", O_RDONLY));
	int other = OK(open("h", O_RDONLY));
	struct handle f = handle_of("f");
	struct handle g = handle_of("g");
	struct handle h = handle_of("h");

	CHECK_EQ(f.head.handle_type, g.head.handle_type);
	CHECK_EQ(f.head.handle_bytes, g.head.handle_bytes);
	CHECK(memcmp(f.head.f_handle, g.head.f_handle, f.head.handle_bytes) == 0);
	CHECK(memcmp(f.head.f_handle, h.head.f_handle, f.head.handle_bytes) != 0);
	CHECK(keep != other);
}

TEST(stale, "the handle of a deleted file is stale, also when its name is used again")
{
	need_machine_root();
	put("f", "text");
	struct handle handle = handle_of("f");

	OK(unlink("f"));
	put("f", "another");
	EXPECT_ERR(open_handle(&handle, O_RDONLY), ESTALE);
}

TEST(refused, "a handle of nonsense is refused, and so is everybody but root")
{
	struct handle handle = {.head = {.handle_bytes = 12, .handle_type = 0x7e}};

	if (geteuid() != 0) {
		touch("f", 0644);
		handle = handle_of("f");
		EXPECT_ERR(open_handle(&handle, O_RDONLY), EPERM);
		done();
	}
	need_machine_root();
	EXPECT_ERR(open_handle(&handle, O_RDONLY), ESTALE);
}
