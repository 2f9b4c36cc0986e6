/*
 * POSIX access control lists, as their extended attributes (acl(5), POSIX 1003.1e draft
 * 17): step with the mode, rights, inheritance of default lists. Written without
 * libacl: the format of the attribute is the kernel's ABI.
 */
#include "fstest.h"

#include <linux/posix_acl_xattr.h>
#include <linux/posix_acl.h>
#include <sys/xattr.h>

#define ACCESS	"system.posix_acl_access"
#define DEFAULT "system.posix_acl_default"
#define N_MAX	8

struct acl {
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry entry[N_MAX];
};

struct rule {
	unsigned tag;
	unsigned perm;
	unsigned id;
};

#define NOBODY 0xFFFFFFFFU

static size_t acl_size(size_t n)
{
	return sizeof(struct posix_acl_xattr_header) +
	       n * sizeof(struct posix_acl_xattr_entry);
}

/* Sets the list; the result of setxattr. */
static int acl_set(const char *path, const char *name, const struct rule *rules,
		   size_t n)
{
	struct acl acl = {.head.a_version = POSIX_ACL_XATTR_VERSION};

	for (size_t i = 0; i < n; i++) {
		acl.entry[i].e_tag = (__le16)rules[i].tag;
		acl.entry[i].e_perm = (__le16)rules[i].perm;
		acl.entry[i].e_id = rules[i].id;
	}
	return setxattr(path, name, &acl, acl_size(n), 0);
}

/* The rights of an entry of that tag and id, or -1 where there is none. */
static int acl_perm(const char *path, const char *name, unsigned tag, unsigned id)
{
	struct acl acl;
	ssize_t size = getxattr(path, name, &acl, sizeof(acl));

	if (size < 0)
		return -1;
	size_t n = ((size_t)size - sizeof(acl.head)) / sizeof(acl.entry[0]);
	for (size_t i = 0; i < n; i++) {
		if (acl.entry[i].e_tag == tag && acl.entry[i].e_id == id)
			return acl.entry[i].e_perm;
	}
	return -1;
}

static int has_acl(const char *path, const char *name)
{
	return getxattr(path, name, NULL, 0) >= 0;
}

static const struct rule with_user[] = {
	{ACL_USER_OBJ, 7, NOBODY}, {ACL_USER, 6, 4242},	   {ACL_GROUP_OBJ, 4, NOBODY},
	{ACL_MASK, 6, NOBODY},	   {ACL_OTHER, 0, NOBODY},
};

TEST(set_get, "a list is kept; the mode's group bits are its mask")
{
	need_ids_of_others();
	touch("f", 0644);
	OK(acl_set("f", ACCESS, with_user, 5));
	CHECK_MODE("f", 0760);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_USER, 4242), 6);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_GROUP_OBJ, NOBODY), 4);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_MASK, NOBODY), 6);
	OK(removexattr("f", ACCESS));
	CHECK(!has_acl("f", ACCESS));
}

TEST(mode_to_list, "chmod changes owner, mask and others of the list")
{
	need_ids_of_others();
	touch("f", 0644);
	OK(acl_set("f", ACCESS, with_user, 5));
	OK(chmod("f", 0515));
	CHECK_EQ(acl_perm("f", ACCESS, ACL_USER_OBJ, NOBODY), 5);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_MASK, NOBODY), 1);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_OTHER, NOBODY), 5);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_GROUP_OBJ, NOBODY), 4);
	CHECK_EQ(acl_perm("f", ACCESS, ACL_USER, 4242), 6);
}

TEST(as_mode, "a list that a mode can express is kept as the mode alone")
{
	struct rule three[] = {{ACL_USER_OBJ, 6, NOBODY},
			       {ACL_GROUP_OBJ, 5, NOBODY},
			       {ACL_OTHER, 1, NOBODY}};
	touch("f", 0644);
	OK(acl_set("f", ACCESS, three, 3));
	CHECK_MODE("f", 0651);
	CHECK(!has_acl("f", ACCESS));
}

TEST(listed, "listxattr names the lists")
{
	need_ids_of_others();
	char list[256];
	OK(mkdir("d", 0755));
	OK(acl_set("d", ACCESS, with_user, 5));
	OK(acl_set("d", DEFAULT, with_user, 5));
	ssize_t n = listxattr("d", list, sizeof(list));
	bool access = memmem(list, (size_t)n, ACCESS, sizeof(ACCESS)) != NULL;
	bool inherit = memmem(list, (size_t)n, DEFAULT, sizeof(DEFAULT)) != NULL;
	CHECK(access && inherit);
}

TEST(refused, "malformed lists, and default lists on files, are refused")
{
	need_ids_of_others();
	struct rule no_mask[] = {{ACL_USER_OBJ, 7, NOBODY},
				 {ACL_USER, 6, 4242},
				 {ACL_GROUP_OBJ, 4, NOBODY},
				 {ACL_OTHER, 0, NOBODY}};
	touch("f", 0644);
	OK(symlink("f", "l"));
	EXPECT_ERR(acl_set("f", ACCESS, no_mask, 4), EINVAL);
	EXPECT_ERR(acl_set("f", ACCESS, with_user, 2), EINVAL);
	EXPECT_ERR(setxattr("f", ACCESS, "\1\0\0\0", 4, 0), EOPNOTSUPP);
	EXPECT_ERR(acl_set("f", DEFAULT, with_user, 5), EACCES);
	EXPECT_ERR(lsetxattr("l", ACCESS, "\2\0\0\0", 4, 0), EOPNOTSUPP);
	CHECK_MODE("f", 0644);
	EXPECT_ERR(getxattr("f", ACCESS, NULL, 0), ENODATA);
}

TEST(named_user, "the named user has what list and mask say, others nothing")
{
	need_other();
	struct rule rules[] = {{ACL_USER_OBJ, 6, NOBODY},
			       {ACL_USER, 6, other_uid()},
			       {ACL_GROUP_OBJ, 0, NOBODY},
			       {ACL_MASK, 6, NOBODY},
			       {ACL_OTHER, 0, NOBODY}};
	put("f", "text");
	OK(acl_set("f", ACCESS, rules, 5));
	if (as_other()) {
		OK(open("f", O_RDWR));
		done();
	}
	if (as_user(4243, 4243)) {
		EXPECT_ERR(open("f", O_RDONLY), EACCES);
		done();
	}
	rules[3].perm = 4;
	OK(acl_set("f", ACCESS, rules, 5));
	if (as_other()) {
		OK(open("f", O_RDONLY));
		EXPECT_ERR(open("f", O_WRONLY), EACCES);
		EXPECT_ERR(removexattr("f", ACCESS), EPERM);
		EXPECT_ERR(acl_set("f", ACCESS, rules, 5), EPERM);
		done();
	}
	OK(removexattr("f", ACCESS));
	if (as_other()) {
		EXPECT_ERR(open("f", O_RDONLY), EACCES);
		done();
	}
}

TEST(named_group, "a named group gives its rights, and shuts out where it says so")
{
	need_other();
	struct rule rules[] = {{ACL_USER_OBJ, 6, NOBODY},
			       {ACL_GROUP_OBJ, 0, NOBODY},
			       {ACL_GROUP, 0, other_gid()},
			       {ACL_MASK, 7, NOBODY},
			       {ACL_OTHER, 6, NOBODY}};
	put("f", "text");
	OK(acl_set("f", ACCESS, rules, 5));
	if (as_other()) {
		EXPECT_ERR(open("f", O_RDONLY), EACCES);
		done();
	}
	if (as_user(4243, 4243)) {
		OK(open("f", O_RDWR));
		done();
	}
	rules[2].perm = 4;
	OK(acl_set("f", ACCESS, rules, 5));
	if (as_other()) {
		OK(open("f", O_RDONLY));
		EXPECT_ERR(open("f", O_WRONLY), EACCES);
		done();
	}
}

static const struct rule inherited[] = {
	{ACL_USER_OBJ, 7, NOBODY}, {ACL_USER, 7, 4242},	   {ACL_GROUP_OBJ, 5, NOBODY},
	{ACL_MASK, 7, NOBODY},	   {ACL_OTHER, 1, NOBODY},
};

TEST(inherit_file,
     "a file made below a default list gets it, cut by the asked mode, not the umask")
{
	need_ids_of_others();
	umask(077);
	OK(mkdir("d", 0755));
	OK(acl_set("d", DEFAULT, inherited, 5));
	OK(open("d/f", O_WRONLY | O_CREAT, 0660));
	CHECK_MODE("d/f", 0660);
	CHECK_EQ(acl_perm("d/f", ACCESS, ACL_USER, 4242), 7);
	CHECK_EQ(acl_perm("d/f", ACCESS, ACL_MASK, NOBODY), 6);
	CHECK_EQ(acl_perm("d/f", ACCESS, ACL_GROUP_OBJ, NOBODY), 5);
	CHECK_EQ(acl_perm("d/f", ACCESS, ACL_OTHER, NOBODY), 0);
	CHECK(!has_acl("d/f", DEFAULT));
	OK(mkfifo("d/p", 0666));
	CHECK_EQ(acl_perm("d/p", ACCESS, ACL_MASK, NOBODY), 6);
	OK(symlink("f", "d/l"));
	CHECK_MODE("d/l", 0777);
	OK(mknod("d/node", S_IFREG | 0640, 0));
	CHECK_MODE("d/node", 0640);
}

TEST(inherit_directory, "a directory made below it gets it both ways, and hands it on")
{
	need_ids_of_others();
	umask(077);
	OK(mkdir("d", 0755));
	OK(acl_set("d", DEFAULT, inherited, 5));
	OK(mkdir("d/sub", 0770));
	CHECK_MODE("d/sub", 0770);
	CHECK_EQ(acl_perm("d/sub", ACCESS, ACL_USER, 4242), 7);
	CHECK_EQ(acl_perm("d/sub", DEFAULT, ACL_USER, 4242), 7);
	CHECK_EQ(acl_perm("d/sub", DEFAULT, ACL_OTHER, NOBODY), 1);
	OK(mkdir("d/sub/sub", 0777));
	CHECK_EQ(acl_perm("d/sub/sub", DEFAULT, ACL_USER, 4242), 7);
	CHECK_MODE("d/sub/sub", 0771);
}

TEST(inherit_minimal, "a default list without named entries sets modes only")
{
	struct rule three[] = {{ACL_USER_OBJ, 7, NOBODY},
			       {ACL_GROUP_OBJ, 7, NOBODY},
			       {ACL_OTHER, 0, NOBODY}};
	umask(022);
	OK(mkdir("d", 0755));
	OK(acl_set("d", DEFAULT, three, 3));
	touch("d/f", 0666);
	CHECK_MODE("d/f", 0660);
	CHECK(!has_acl("d/f", ACCESS));
	OK(mkdir("d/sub", 0777));
	CHECK_MODE("d/sub", 0770);
	CHECK(has_acl("d/sub", DEFAULT));
	OK(removexattr("d", DEFAULT));
	touch("d/g", 0666);
	CHECK_MODE("d/g", 0644);
}

TEST(inherit_tmpfile, "O_TMPFILE below a default list gets it too")
{
	need_ids_of_others();
	umask(077);
	OK(mkdir("d", 0755));
	OK(acl_set("d", DEFAULT, inherited, 5));
	int fd = OK(open("d", O_TMPFILE | O_RDWR, 0660));
	CHECK_EQ(FSTAT(fd).st_mode & 07777, 0660);
	CHECK(fgetxattr(fd, ACCESS, NULL, 0) > 0);
}

TEST(follows_rename,
     "a list moves with its file and is not taken from the new directory")
{
	need_ids_of_others();
	OK(mkdir("d", 0755));
	OK(acl_set("d", DEFAULT, inherited, 5));
	touch("f", 0644);
	touch("g", 0644);
	OK(acl_set("f", ACCESS, with_user, 5));
	OK(rename("f", "d/f"));
	CHECK_EQ(acl_perm("d/f", ACCESS, ACL_USER, 4242), 6);
	OK(rename("g", "d/g"));
	CHECK(!has_acl("d/g", ACCESS));
	CHECK_MODE("d/g", 0644);
}

TEST(ctime, "a new list moves ctime")
{
	need_ids_of_others();
	touch("f", 0644);
	struct stat before = LSTAT("f");
	tick();
	OK(acl_set("f", ACCESS, with_user, 5));
	LATER(LSTAT("f").st_ctim, before.st_ctim);
	SAME(LSTAT("f").st_mtim, before.st_mtim);
}

TEST(setgid_by_list,
     "the owner outside of the group loses set-group-id by setting a list")
{
	need_other();
	touch("f", 0644);
	OK(chown("f", other_uid(), 1));
	OK(chmod("f", 02775));
	if (as_other()) {
		OK(acl_set("f", ACCESS, with_user, 5));
		done();
	}
	CHECK_MODE("f", 0760);
}
