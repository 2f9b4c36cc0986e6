/* openat2(2): its strictness and the RESOLVE_ flags. */
#include "fstest.h"

#include <linux/openat2.h>
#include <sys/syscall.h>

static int open2(int dir, const char *path, uint64_t flags, uint64_t mode,
		 uint64_t resolve)
{
	struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};

	return (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
}

static int tree(void)
{
	OK(mkdir("root", 0755));
	OK(mkdir("root/d", 0755));
	put("root/d/f", "text");
	put("outside", "outside");
	OK(symlink("d/f", "root/l"));
	OK(symlink("../outside", "root/up"));
	OK(symlink("/d/f", "root/abs"));
	return OK(open("root", O_RDONLY | O_DIRECTORY));
}

TEST(plain, "it opens and creates as openat does, and refuses what that ignores")
{
	int dir = tree();

	OK(open2(dir, "d/f", O_RDONLY, 0, 0));
	OK(open2(dir, "new", O_RDWR | O_CREAT | O_EXCL, 0640, 0));
	CHECK_MODE("root/new", 0640);
	EXPECT_ERR(open2(dir, "new", O_RDWR | O_CREAT | O_EXCL, 0640, 0), EEXIST);
	EXPECT_ERR(open2(dir, "d/f", O_RDONLY, 0600, 0), EINVAL);
	EXPECT_ERR(open2(dir, "x", O_WRONLY | O_CREAT, 0200000, 0), EINVAL);
	EXPECT_ERR(open2(dir, "d/f", O_RDONLY, 0, 1ULL << 40), EINVAL);
	OK(open2(dir, "up", O_RDONLY, 0, 0));
}

TEST(beneath, "RESOLVE_BENEATH: nothing above or beside")
{
	int dir = tree();

	OK(open2(dir, "d/f", O_RDONLY, 0, RESOLVE_BENEATH));
	OK(open2(dir, "l", O_RDONLY, 0, RESOLVE_BENEATH));
	OK(open2(dir, "d/../d/f", O_RDONLY, 0, RESOLVE_BENEATH));
	EXPECT_ERR(open2(dir, "..", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	EXPECT_ERR(open2(dir, "up", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	EXPECT_ERR(open2(dir, "abs", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	EXPECT_ERR(open2(dir, "/", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV);
	OK(open2(dir, "d/new", O_WRONLY | O_CREAT, 0644, RESOLVE_BENEATH));
}

TEST(in_root, "RESOLVE_IN_ROOT: the directory is / and its own parent")
{
	int dir = tree();

	OK(open2(dir, "abs", O_RDONLY, 0, RESOLVE_IN_ROOT));
	OK(open2(dir, "/d/f", O_RDONLY, 0, RESOLVE_IN_ROOT));
	OK(open2(dir, "../../d/f", O_RDONLY, 0, RESOLVE_IN_ROOT));
	EXPECT_ERR(open2(dir, "up", O_RDONLY, 0, RESOLVE_IN_ROOT), ENOENT);
}

TEST(no_links, "RESOLVE_NO_SYMLINKS and RESOLVE_NO_MAGICLINKS")
{
	char path[64];
	int dir = tree();
	int fd = OK(open2(dir, "d/f", O_RDONLY, 0, RESOLVE_NO_SYMLINKS));

	EXPECT_ERR(open2(dir, "l", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), ELOOP);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EXPECT_ERR(open2(dir, path, O_RDONLY, 0, RESOLVE_NO_MAGICLINKS), ELOOP);
	OK(open2(dir, "l", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS));
}

TEST(no_crossing, "RESOLVE_NO_XDEV stays within the mount")
{
	int dir = tree();

	OK(open2(dir, "d/f", O_RDONLY, 0, RESOLVE_NO_XDEV));
	EXPECT_ERR(open2(dir, "/proc/self/status", O_RDONLY, 0, RESOLVE_NO_XDEV),
		   EXDEV);
}

TEST(cached, "RESOLVE_CACHED says EAGAIN or opens, never anything else")
{
	int dir = tree();

	for (int i = 0; i < 10; i++) {
		int fd = open2(dir, "d/f", O_RDONLY, 0, RESOLVE_CACHED);
		CHECK(fd >= 0 || errno == EAGAIN);
		OK(open2(dir, "d/f", O_RDONLY, 0, 0));
	}
}
