/* chown(2) and its kin: who may, what is kept, what set-id bits do. */
#include "fstest.h"

#include <grp.h>

TEST(to_oneself, "the owner may give a file to himself, and leave ids alone by -1")
{
	touch("f", 0644);
	struct stat before = LSTAT("f");
	tick();
	OK(chown("f", geteuid(), getegid()));
	CHECK_EQ(LSTAT("f").st_uid, before.st_uid);
	LATER(LSTAT("f").st_ctim, before.st_ctim);
	SAME(LSTAT("f").st_mtim, before.st_mtim);
	OK(chown("f", (uid_t)-1, (gid_t)-1));
	CHECK_EQ(LSTAT("f").st_gid, before.st_gid);
	EXPECT_ERR(chown("no", geteuid(), getegid()), ENOENT);
	EXPECT_ERR(chown("f/x", geteuid(), getegid()), ENOTDIR);
}

TEST(by_root,
     "root gives files of each kind to anybody; links are followed, lchown not")
{
	need_root();
	touch("f", 0644);
	OK(mkdir("d", 0755));
	OK(mkfifo("p", 0644));
	OK(symlink("f", "l"));
	OK(chown("f", 1001, 1002));
	CHECK_EQ(LSTAT("f").st_uid, 1001);
	CHECK_EQ(LSTAT("f").st_gid, 1002);
	OK(chown("f", (uid_t)-1, 5));
	CHECK_EQ(LSTAT("f").st_uid, 1001);
	CHECK_EQ(LSTAT("f").st_gid, 5);
	OK(chown("d", 7, (gid_t)-1));
	CHECK_EQ(LSTAT("d").st_uid, 7);
	OK(chown("p", 8, 9));
	CHECK_EQ(LSTAT("p").st_gid, 9);
	OK(chown("l", 10, 11));
	CHECK_EQ(LSTAT("f").st_uid, 10);
	CHECK(LSTAT("l").st_uid == 0);
	OK(lchown("l", 12, 13));
	CHECK_EQ(LSTAT("l").st_uid, 12);
	CHECK_EQ(LSTAT("f").st_uid, 10);
	int fd = OK(open("f", O_RDONLY));
	OK(fchown(fd, 4000000000U, 65533));
	CHECK_EQ(LSTAT("f").st_uid, 4000000000U);
	OK(fchownat(fd, "", 1, 2, AT_EMPTY_PATH));
	CHECK_EQ(FSTAT(fd).st_uid, 1);
}

TEST(strangers, "nobody else gives files away, owners neither")
{
	need_other();
	touch("f", 0666);
	touch("own", 0644);
	OK(chown("own", other_uid(), other_gid()));
	if (as_other()) {
		EXPECT_ERR(chown("f", other_uid(), (gid_t)-1), EPERM);
		EXPECT_ERR(chown("f", (uid_t)-1, other_gid()), EPERM);
		EXPECT_ERR(chown("own", 0, (gid_t)-1), EPERM);
		EXPECT_ERR(chown("own", (uid_t)-1, 0), EPERM);
		OK(chown("own", other_uid(), other_gid()));
		done();
	}
	CHECK_EQ(LSTAT("own").st_uid, other_uid());
}

TEST(own_groups, "the owner gives his file to another of his groups")
{
	need_other();
	touch("f", 0644);
	OK(chown("f", other_uid(), other_gid()));
	if (in_child()) {
		gid_t groups[1] = {4321};
		OK(setgroups(1, groups));
		OK(setresgid(other_gid(), other_gid(), other_gid()));
		OK(setresuid(other_uid(), other_uid(), other_uid()));
		OK(chown("f", (uid_t)-1, 4321));
		EXPECT_ERR(chown("f", (uid_t)-1, 4322), EPERM);
		done();
	}
	CHECK_EQ(LSTAT("f").st_gid, 4321);
}

TEST(set_id_lost, "a new owner takes set-id bits off executables, by root too")
{
	need_other();
	touch("f", 0644);
	OK(chmod("f", 06777));
	OK(chown("f", 1001, 1002));
	CHECK_MODE("f", 0777);
	OK(chmod("f", 04711));
	OK(chown("f", (uid_t)-1, 1003));
	CHECK_MODE("f", 0711);
	OK(chown("f", other_uid(), other_gid()));
	if (as_other()) {
		OK(chmod("f", 06755));
		OK(chown("f", other_uid(), other_gid()));
		CHECK_MODE("f", 0755);
		done();
	}
}

TEST(set_id_kept, "directories keep their set-id bits, and files that nobody executes "
		  "that of the group")
{
	need_root();
	OK(mkdir("d", 0755));
	OK(chmod("d", 06777));
	OK(chown("d", 1001, 1002));
	CHECK_MODE("d", 06777);
	touch("f", 0644);
	OK(chmod("f", 02644));
	OK(chown("f", 1001, 1002));
	CHECK_MODE("f", 02644);
}

TEST(access_follows, "with the owner the right to read and write changes hands")
{
	need_other();
	put("f", "text");
	OK(chmod("f", 0600));
	if (as_other()) {
		EXPECT_ERR(open("f", O_RDONLY), EACCES);
		done();
	}
	OK(chown("f", other_uid(), (gid_t)-1));
	if (as_other()) {
		OK(open("f", O_RDWR));
		done();
	}
	OK(chown("f", 0, other_gid()));
	OK(chmod("f", 0640));
	if (as_other()) {
		OK(open("f", O_RDONLY));
		EXPECT_ERR(open("f", O_WRONLY), EACCES);
		done();
	}
}
