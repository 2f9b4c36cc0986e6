/* The base directory: what it shows, what it refuses, and the host's edits. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfs/base.h"

static char top[64];
static struct base *base;

/* Runs a shell command in the temporary directory. */
static void host(const char *command)
{
	char whole[1024];

	snprintf(whole, sizeof(whole), "cd %s && { %s ; }", top, command);
	assert_int_equal(system(whole), 0); /* NOLINT: a test's own command */
}

static int set_up(void **state)
{
	(void)state;
	strcpy(top, "/var/tmp/agentfs-base-XXXXXX");
	assert_non_null(mkdtemp(top));
	base = NULL;
	return 0;
}

static int tear_down(void **state)
{
	char command[128];

	(void)state;
	base_close(base);
	snprintf(command, sizeof(command), "rm -rf %s", top);
	return system(command); /* NOLINT: a test's own command */
}

static void open_base(bool watch)
{
	struct base_options options = {.hidden_name = ".agentfs", .watch = watch};

	options.root_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_return_code(options.root_fd, errno);
	assert_int_equal(base_open(&options, &base), 0);
	close(options.root_fd);
}

static struct base_dir *dir_at(const char *path)
{
	struct base_dir *d;

	assert_int_equal(base_dir_at(base, path, strlen(path), &d), 0);
	return d;
}

static int stat_in(struct base_dir *d, const char *name, struct base_stat *st)
{
	return base_stat(d, name, strlen(name), st);
}

static int stat_at(const char *dir, const char *name, struct base_stat *st)
{
	struct base_dir *d = dir_at(dir);
	int r = stat_in(d, name, st);

	base_dir_unref(d);
	return r;
}

static void expect_read(struct base_dir *d, const char *name, const char *text)
{
	char data[64] = "";
	int64_t n = base_read(d, name, strlen(name), NULL, 0, data, sizeof(data) - 1);

	assert_int_equal(n, strlen(text));
	assert_string_equal(data, text);
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 4096; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- what is shown ---- */

static int count_entry(void *arg, const char *name, size_t len, uint64_t ino,
		       unsigned char type)
{
	(void)name;
	(void)len;
	(void)ino;
	(void)type;
	++*(int *)arg;
	return 0;
}

static int stop_at_once(void *arg, const char *name, size_t len, uint64_t ino,
			unsigned char type)
{
	(void)count_entry(arg, name, len, ino, type);
	return -ECANCELED;
}

static void attributes_and_listing(void **state)
{
	struct base_stat st;
	struct stat real;
	char path[128];
	int n = 0;

	(void)state;
	host("mkdir -p d .agentfs && printf abc >d/f && chmod 640 d/f && mkfifo d/p");
	open_base(false);
	assert_int_equal(stat_at("/d", "f", &st), 0);
	snprintf(path, sizeof(path), "%s/d/f", top);
	assert_return_code(stat(path, &real), errno);
	assert_int_equal(st.mode, S_IFREG | 0640);
	assert_int_equal(st.size, 3);
	assert_int_equal(st.ino, real.st_ino);
	assert_int_equal(st.dev, real.st_dev);
	assert_int_equal(st.dev, base_dev(base));
	assert_int_equal(st.mtime_ns, real.st_mtim.tv_sec * INT64_C(1000000000) +
					      real.st_mtim.tv_nsec);
	assert_int_equal(stat_at("/d", "none", &st), -ENOENT);
	assert_int_equal(stat_at("/none", "f", &st), -ENOENT);
	assert_int_equal(stat_at("/d/f", "x", &st), -ENOTDIR);
	assert_int_equal(base_list(base_root(base), count_entry, &n), 0);
	assert_int_equal(n, 1); /* the hidden one is left out */
	assert_int_equal(stat_at("/", ".agentfs", &st), -ENOENT);
	assert_int_equal(stat_at("/.agentfs", "", &st), -ENOENT);
	n = 0;
	assert_int_equal(base_list(base_root(base), stop_at_once, &n), -ECANCELED);
}

static void paths_and_sharing(void **state)
{
	struct base_dir *a, *b;
	struct buf path = BUF_INIT;

	(void)state;
	open_base(false);
	a = dir_at("/x/y");
	b = dir_at("/x/y");
	assert_ptr_equal(a, b);
	assert_int_equal(base_path_of(a, "z", 1, &path), 0);
	assert_string_equal(path.data, "/x/y/z");
	buf_clear(&path);
	assert_int_equal(base_path_of(base_root(base), "z", 1, &path), 0);
	assert_string_equal(path.data, "/z");
	buf_clear(&path);
	assert_int_equal(base_dir_path(base_root(base), &path), 0);
	assert_string_equal(path.data, "/");
	buf_release(&path);
	base_dir_unref(a);
	base_dir_unref(b);
}

static void links_are_not_followed(void **state)
{
	struct base_stat st;
	struct buf target = BUF_INIT;
	char data[8];

	(void)state;
	host("mkdir d && echo x >d/f && ln -s d l && ln -s /etc/passwd out && "
	     "ln -s self self");
	open_base(false);
	assert_int_equal(stat_at("/", "l", &st), 0);
	assert_int_equal(st.mode & S_IFMT, S_IFLNK);
	assert_int_equal(stat_at("/l", "f", &st), -ENOTDIR);
	assert_int_equal(base_read(base_root(base), "out", 3, NULL, 0, data, 8),
			 -ESTALE);
	assert_int_equal(base_readlink(base_root(base), "self", 4, &target), 0);
	assert_string_equal(target.data, "self");
	assert_int_equal(base_readlink(base_root(base), "d", 1, &target), -EINVAL);
	buf_release(&target);
}

/* Names as a damaged or malicious volume could have them (BASE-1). */
static void nothing_leads_out(void **state)
{
	static const char *const bad[] = {".", "..", "../etc", "d/f", "/"};
	struct base_dir *d = NULL;
	struct base_stat st;
	struct buf out = BUF_INIT;
	char data[8];

	(void)state;
	host("mkdir d && echo x >d/f && setfattr -n user.a -v 1 d");
	open_base(false);
	d = dir_at("/d");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		size_t len = strlen(bad[i]);
		struct base_dir *child;

		assert_true(base_stat(d, bad[i], len, &st) < 0);
		assert_true(base_read(d, bad[i], len, NULL, 0, data, 8) < 0);
		assert_true(base_readlink(d, bad[i], len, &out) < 0);
		assert_true(base_getxattr(d, bad[i], len, "user.a", &out) < 0);
		assert_true(base_listxattr(d, bad[i], len, &out) < 0);
		assert_true(base_dir_child(d, bad[i], len, &child) < 0);
	}
	assert_int_equal(base_dir_at(base, "/d/../..", 8, &d), -EUCLEAN);
	assert_int_equal(base_getxattr(d, "", 0, "user.a", &out), 0);
	buf_release(&out);
	base_dir_unref(d);
}

static void extended_attributes(void **state)
{
	struct buf value = BUF_INIT;
	char path[128], big[3000];

	(void)state;
	host("touch f && setfattr -n user.one -v 1 f && ln -s f l");
	open_base(false);
	assert_int_equal(base_getxattr(base_root(base), "f", 1, "user.one", &value), 0);
	assert_int_equal(value.len, 1);
	assert_int_equal(base_getxattr(base_root(base), "f", 1, "user.two", &value),
			 -ENODATA);
	assert_true(base_getxattr(base_root(base), "l", 1, "user.one", &value) < 0);
	memset(big, 'b', sizeof(big));
	snprintf(path, sizeof(path), "%s/f", top);
	assert_return_code(setxattr(path, "user.big", big, sizeof(big), 0), errno);
	buf_clear(&value);
	assert_int_equal(base_getxattr(base_root(base), "f", 1, "user.big", &value), 0);
	assert_int_equal(value.len, sizeof(big));
	buf_clear(&value);
	assert_int_equal(base_listxattr(base_root(base), "f", 1, &value), 0);
	assert_true(value.len >= strlen("user.one") + strlen("user.big") + 2);
	buf_release(&value);
}

static void three_thousand_levels(void **state)
{
	struct base_dir *d, *child;
	struct base_stat st;
	struct buf path = BUF_INIT;
	int before = count_fds();

	(void)state;
	host("python3 -c 'import os\nfor i in range(3000): os.mkdir(\"deep\"); "
	     "os.chdir(\"deep\")\nopen(\"f\", \"w\").write(\"end\")'");
	open_base(true);
	d = base_dir_ref(base_root(base));
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(base_dir_child(d, "deep", 4, &child), 0);
		base_dir_unref(d);
		d = child;
	}
	assert_int_equal(stat_in(d, "f", &st), 0);
	expect_read(d, "f", "end");
	assert_int_equal(base_dir_path(d, &path), 0);
	assert_int_equal(path.len, 3000 * 5);
	assert_true(count_fds() - before <= BASE_DIR_FDS + BASE_FILE_FDS + 1);
	buf_release(&path);
	base_dir_unref(d);
}

/* ---- content ---- */

static void fingerprints_are_compared(void **state)
{
	struct base_dir *root;
	struct base_stat st;
	struct fingerprint fp;
	char data[8] = "";

	(void)state;
	host("printf one >f");
	open_base(false);
	root = base_root(base);
	assert_int_equal(stat_in(root, "f", &st), 0);
	fingerprint_from(&fp, &st);
	assert_int_equal(base_read(root, "f", 1, &fp, 1, data, 8), 2);
	assert_memory_equal(data, "ne", 2);
	assert_int_equal(base_read(root, "f", 1, &fp, 3, data, 8), 0);
	fp.ino = fp.dev = 0; /* of an earlier boot */
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), 3);
	host("chmod 600 f"); /* changes nothing that counts */
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), 3);
	host("printf other >f");
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), -ESTALE);
	assert_int_equal(stat_in(root, "f", &st), 0);
	fingerprint_from(&fp, &st);
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), 5);
	/* Replaced: the old one is there as long as its descriptor is. */
	host("printf new >g && mv g f");
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), 5);
	base_forget_fd(root, "f", 1);
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), -ESTALE);
	assert_int_equal(stat_in(root, "f", &st), 0);
	fingerprint_from(&fp, &st);
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), 3);
	host("rm f");
	base_forget_fd(root, "f", 1);
	assert_int_equal(base_read(root, "f", 1, &fp, 0, data, 8), -ESTALE);
}

static void a_fifo_is_not_read(void **state)
{
	char data[8];

	(void)state;
	host("mkfifo p");
	open_base(false);
	assert_int_equal(base_read(base_root(base), "p", 1, NULL, 0, data, 8), -ESTALE);
}

static void time_of_access_stays(void **state)
{
	struct base_stat before, after;

	(void)state;
	host("printf x >f && touch -a -d 2001-01-01 f");
	open_base(false);
	assert_int_equal(stat_at("/", "f", &before), 0);
	expect_read(base_root(base), "f", "x");
	assert_int_equal(stat_at("/", "f", &after), 0);
	assert_int_equal(before.atime_ns, after.atime_ns);
}

static void descriptors_are_bounded(void **state)
{
	int before = count_fds();

	(void)state;
	host("mkdir d && for i in $(seq 700); do printf $i >d/$i; mkdir $i; done");
	open_base(false);
	for (int i = 1; i <= 700; i++) {
		struct base_dir *d = dir_at("/d");
		struct base_stat st;
		char name[16];

		snprintf(name, sizeof(name), "%d", i);
		expect_read(d, name, name);
		base_dir_unref(d);
		d = NULL;
		assert_int_equal(
			base_dir_child(base_root(base), name, strlen(name), &d), 0);
		assert_int_equal(stat_in(d, "", &st), 0);
		base_dir_unref(d);
	}
	assert_true(count_fds() - before <= BASE_DIR_FDS + BASE_FILE_FDS + 1);
}

/* ---- mounts of our own ---- */

static void expect_empty_dir(const char *name)
{
	struct base_dir *d = NULL;
	struct buf out = BUF_INIT;
	struct base_stat st;
	char path[32];
	int n = 0;

	assert_int_equal(stat_at("/", name, &st), 0);
	assert_int_equal(st.mode, S_IFDIR | 0755);
	snprintf(path, sizeof(path), "/%s", name);
	d = dir_at(path);
	assert_int_equal(stat_in(d, "", &st), 0);
	assert_int_equal(st.mode, S_IFDIR | 0755);
	assert_int_equal(stat_in(d, "x", &st), -ENOENT);
	assert_int_equal(base_list(d, count_entry, &n), 0);
	assert_int_equal(n, 0);
	assert_int_equal(base_listxattr(d, "", 0, &out), 0);
	assert_int_equal(base_getxattr(d, "", 0, "user.a", &out), -ENODATA);
	assert_int_equal(base_listxattr(base_root(base), name, strlen(name), &out), 0);
	assert_int_equal(
		base_getxattr(base_root(base), name, strlen(name), "user.a", &out),
		-ENODATA);
	assert_int_equal(out.len, 0);
	buf_release(&out);
	base_dir_unref(d);
}

/* Nobody answers behind this mount: whatever asks it waits for ever. */
static void own_mounts_are_not_asked(void **state)
{
	char path[128], options[96];
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC), r;

	(void)state;
	if (fd < 0)
		skip();
	host("mkdir mnt");
	snprintf(path, sizeof(path), "%s/mnt", top);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, (int)getuid(),
		 (int)getgid());
	if (mount("agentfs:nobody", path, "fuse", MS_NOSUID | MS_NODEV, options) < 0) {
		close(fd);
		skip();
	}
	open_base(true);
	alarm(20);
	expect_empty_dir("mnt");
	alarm(0);
	r = umount2(path, 0); /* nothing of it is held */
	close(fd);
	umount2(path, MNT_DETACH);
	assert_int_equal(r, 0);
}

/* ---- the host's edits ---- */

struct seen {
	int names, files, dirs, overflows;
	char last[256];
	struct base_dir *dir;
};

static void note(void *arg, const struct base_event *e)
{
	struct seen *s = arg;

	s->names += e->kind == BASE_NAME_CHANGED;
	s->files += e->kind == BASE_FILE_CHANGED;
	s->dirs += e->kind == BASE_DIR_CHANGED;
	s->overflows += e->kind == BASE_OVERFLOW;
	if (e->kind == BASE_OVERFLOW)
		return;
	s->dir = e->dir;
	memcpy(s->last, e->name, e->len);
	s->last[e->len] = '\0';
}

static struct seen events(void)
{
	struct seen s = {0};

	for (int i = 0; i < 64; i++)
		assert_int_equal(base_events_read(base, note, &s), 0);
	return s;
}

static void edits_are_told(void **state)
{
	struct base_dir *d;
	struct base_stat st;
	struct seen s;

	(void)state;
	host("mkdir d && echo x >d/f");
	open_base(true);
	d = dir_at("/d");
	assert_false(base_dir_is_watched(d));
	assert_int_equal(stat_in(d, "f", &st), 0);
	assert_true(base_dir_is_watched(d));
	host("touch d/new");
	s = events();
	assert_int_equal(s.names, 1);
	assert_string_equal(s.last, "new");
	assert_ptr_equal(s.dir, d);
	host("for i in 1 2 3 4 5; do echo $i; done >>d/f");
	s = events();
	assert_int_equal(s.names, 0);
	assert_in_range(s.files, 1, 3); /* the storm is one, and the close */
	host("chmod 700 d");
	s = events();
	assert_int_equal(s.dirs, 1);
	host("rm d/f");
	assert_int_equal(events().names, 1);
	base_dir_unref(d);
	host("touch d/unwatched");
	s = events();
	assert_int_equal(s.names + s.files + s.dirs, 0);
}

static void without_watching(void **state)
{
	struct base_stat st;

	(void)state;
	open_base(false);
	assert_int_equal(stat_at("/", "", &st), 0);
	assert_false(base_dir_is_watched(base_root(base)));
	assert_int_equal(base_event_fd(base), -1);
	assert_int_equal(base_events_read(base, note, NULL), 0);
}

/* A directory of the same name takes another's place: nothing may stick to the old. */
static void replace_dir(const char *how)
{
	struct base_dir *d, *sub;
	struct base_stat st;
	struct seen s;

	host("mkdir -p d/sub && echo old >d/sub/f && echo old >d/f");
	open_base(true);
	d = dir_at("/d");
	sub = dir_at("/d/sub");
	assert_int_equal(stat_at("/", "d", &st), 0);
	assert_int_equal(stat_in(d, "sub", &st), 0);
	expect_read(sub, "f", "old\n");
	expect_read(d, "f", "old\n");
	assert_int_equal(stat_in(sub, "f", &st), 0);
	host(how);
	events();
	expect_read(d, "f", "new\n");
	expect_read(sub, "f", "new\n");
	assert_int_equal(stat_in(sub, "g", &st), 0);
	assert_true(base_dir_is_watched(d));
	assert_true(base_dir_is_watched(sub));
	host("touch d/sub/later");
	s = events();
	assert_int_equal(s.names, 1);
	assert_ptr_equal(s.dir, sub);
	base_dir_unref(sub);
	base_dir_unref(d);
}

#define AGAIN "mkdir -p d/sub && echo new >d/sub/f && echo new >d/f && touch d/sub/g"

static void renamed_and_made_again(void **state)
{
	(void)state;
	replace_dir("mv d e && " AGAIN);
}

static void removed_and_made_again(void **state)
{
	(void)state;
	replace_dir("rm -rf d && " AGAIN);
}

static void another_moved_in(void **state)
{
	(void)state;
	replace_dir("mv d e && (mkdir x && cd x && " AGAIN ") && mv x/d d");
}

static void renamed_and_back(void **state)
{
	struct base_dir *d;
	struct base_stat st;
	struct seen s;

	(void)state;
	host("mkdir d");
	open_base(true);
	d = dir_at("/d");
	assert_int_equal(stat_at("/", "d", &st), 0);
	assert_int_equal(stat_in(d, "", &st), 0);
	host("mv d e && mv e d && touch d/f");
	s = events();
	assert_string_equal(s.last, "f"); /* no event is lost over it */
	assert_true(base_dir_is_watched(d));
	host("mv d e");
	events();
	assert_int_equal(stat_in(d, "f", &st), -ENOENT);
	assert_false(base_dir_is_watched(d));
	base_dir_unref(d);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(attributes_and_listing),	 test(paths_and_sharing),
		test(links_are_not_followed),	 test(nothing_leads_out),
		test(extended_attributes),	 test(three_thousand_levels),
		test(fingerprints_are_compared), test(a_fifo_is_not_read),
		test(time_of_access_stays),	 test(descriptors_are_bounded),
		test(own_mounts_are_not_asked),	 test(edits_are_told),
		test(without_watching),		 test(renamed_and_made_again),
		test(removed_and_made_again),	 test(another_moved_in),
		test(renamed_and_back),
	};

	return cmocka_run_group_tests_name("base_dir", tests, NULL, NULL);
}
