/* The view over a base and a volume: what a program sees, before and after reopening.
 */
#include <errno.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#include "view_tree.h"

static struct tree t;

static int set_up(void **state)
{
	(void)state;
	tree_make(&t);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (t.view)
		tree_close(&t);
	tree_remove(&t);
	return 0;
}

static void reopen(void)
{
	tree_close(&t);
	tree_open(&t);
}

static void expect_content(const char *path, const char *text)
{
	struct buf content = BUF_INIT;

	tree_cat(&t, path, &content);
	assert_string_equal(content.len ? content.data : "", text);
	buf_release(&content);
}

static void write_text(const char *path, const char *text)
{
	assert_int_equal(tree_write(&t, path, 0, text, strlen(text)), strlen(text));
}

/* The dump is the same after reopening; returns it (free()). */
static char *stable_dump(void)
{
	struct buf before = BUF_INIT, after = BUF_INIT;

	tree_dump(&t, &before);
	reopen();
	tree_dump(&t, &after);
	assert_string_equal(before.data, after.data);
	buf_release(&after);
	return buf_take(&before);
}

static void base_is_shown(void **state)
{
	struct buf view = BUF_INIT, host = BUF_INIT;

	(void)state;
	tree_base(&t, "mkdir -p a/b && echo one >a/one && echo two >a/b/two && "
		      "ln -s one a/link && ln a/one a/hard && chmod 600 a/one");
	tree_open(&t);
	tree_dump(&t, &view);
	tree_dump_dir(t.base, &host);
	assert_string_equal(view.data, host.data);
	buf_release(&view);
	buf_release(&host);
}

static void new_files_stay(void **state)
{
	(void)state;
	tree_open(&t);
	assert_int_equal(tree_mkdir(&t, "/d", 0755), 0);
	assert_int_equal(tree_create(&t, "/d/f", 0644), 0);
	write_text("/d/f", "hello");
	assert_int_equal(tree_symlink(&t, "f", "/d/l"), 0);
	assert_int_equal(tree_link(&t, "/d/f", "/d/h"), 0);
	free(stable_dump());
	expect_content("/d/h", "hello");
	assert_int_equal(tree_create(&t, "/d/f", 0644), -EEXIST);
	assert_int_equal(tree_mkdir(&t, "/d/f/x", 0755), -ENOTDIR);
	assert_int_equal(tree_rmdir(&t, "/d"), -ENOTEMPTY);
	assert_int_equal(tree_unlink(&t, "/d"), -EISDIR);
	assert_int_equal(tree_rmdir(&t, "/d/f"), -ENOTDIR);
}

static void base_file_is_copied_up(void **state)
{
	struct attr before, after;

	(void)state;
	tree_base(&t, "printf 'abcdef' >f");
	tree_open(&t);
	assert_int_equal(tree_stat(&t, "/f", &before), 0);
	assert_int_equal(tree_write(&t, "/f", 2, "XY", 2), 2);
	expect_content("/f", "abXYef");
	assert_int_equal(tree_stat(&t, "/f", &after), 0);
	assert_int_equal(before.ino, after.ino);
	free(stable_dump());
	expect_content("/f", "abXYef");
	assert_int_equal(tree_stat(&t, "/f", &after), 0);
	assert_int_equal(before.ino, after.ino);
	tree_base(&t, "test \"$(cat f)\" = abcdef");
}

static void large_base_file_is_copied_by_chunks(void **state)
{
	struct store_stats stats;
	struct attr attr;
	char data[4];

	(void)state;
	tree_base(&t, "head -c 5000000 /dev/zero | tr '\\0' b >f");
	tree_open(&t);
	assert_int_equal(tree_write(&t, "/f", 5000000, "!", 1), 1);
	assert_int_equal(tree_write(&t, "/f", 100, "x", 1), 1);
	reopen();
	assert_int_equal(store_stats(t.store, &stats), 0);
	assert_int_equal(stats.n_chunks, 2);
	assert_int_equal(tree_stat(&t, "/f", &attr), 0);
	assert_int_equal(attr.size, 5000001);
	assert_int_equal(tree_read(&t, "/f", 99, data, 3), 3);
	assert_memory_equal(data, "bxb", 3);
	assert_int_equal(tree_read(&t, "/f", 4999999, data, 4), 2);
	assert_memory_equal(data, "b!", 2);
	assert_int_equal(tree_truncate(&t, "/f", 200), 0);
	assert_int_equal(tree_truncate(&t, "/f", 4000000), 0);
	assert_int_equal(tree_read(&t, "/f", 199, data, 2), 2);
	assert_memory_equal(data, "b\0", 2);
	free(stable_dump());
	assert_int_equal(tree_read(&t, "/f", 3000000, data, 2), 2);
	assert_memory_equal(data, "\0\0", 2);
}

static void deletions_are_whiteouts(void **state)
{
	struct attr attr;

	(void)state;
	tree_base(&t, "mkdir d && echo 1 >d/a && echo 2 >d/b");
	tree_open(&t);
	assert_int_equal(tree_rmdir(&t, "/d"), -ENOTEMPTY);
	assert_int_equal(tree_unlink(&t, "/d/a"), 0);
	assert_int_equal(tree_stat(&t, "/d/a", &attr), -ENOENT);
	free(stable_dump());
	assert_int_equal(tree_stat(&t, "/d/a", &attr), -ENOENT);
	assert_int_equal(tree_unlink(&t, "/d/b"), 0);
	assert_int_equal(tree_rmdir(&t, "/d"), 0);
	assert_int_equal(tree_mkdir(&t, "/d", 0755), 0);
	assert_int_equal(tree_stat(&t, "/d/a", &attr), -ENOENT);
	free(stable_dump());
	assert_int_equal(tree_stat(&t, "/d/b", &attr), -ENOENT);
	assert_int_equal(tree_create(&t, "/d/a", 0600), 0);
	expect_content("/d/a", "");
	free(stable_dump());
}

static void base_directory_is_renamed_in_one_row(void **state)
{
	struct store_stats stats;
	struct attr attr;

	(void)state;
	tree_base(&t,
		  "mkdir -p old/sub && for i in 1 2 3 4 5; do echo $i >old/$i; done; "
		  "echo x >old/sub/x");
	tree_open(&t);
	assert_int_equal(tree_rename(&t, "/old", "/new", 0), 0);
	assert_int_equal(tree_stat(&t, "/old", &attr), -ENOENT);
	expect_content("/new/sub/x", "x\n");
	assert_int_equal(tree_unlink(&t, "/new/3"), 0);
	reopen();
	assert_int_equal(store_stats(t.store, &stats), 0);
	assert_int_equal(stats.n_inodes, 2);
	assert_int_equal(stats.n_whiteouts, 2);
	assert_int_equal(tree_stat(&t, "/new/3", &attr), -ENOENT);
	expect_content("/new/4", "4\n");
	assert_int_equal(tree_rename(&t, "/new", "/new/sub/in", 0), -EINVAL);
	assert_int_equal(tree_rename(&t, "/new", "/old", 0), 0);
	free(stable_dump());
	expect_content("/old/5", "5\n");
	assert_int_equal(tree_stat(&t, "/old/3", &attr), -ENOENT);
}

static void renames_replace_and_exchange(void **state)
{
	(void)state;
	tree_base(&t, "echo a >a; echo b >b; mkdir d e; echo c >d/c");
	tree_open(&t);
	assert_int_equal(tree_rename(&t, "/a", "/b", RENAME_NOREPLACE), -EEXIST);
	assert_int_equal(tree_rename(&t, "/a", "/b", RENAME_EXCHANGE), 0);
	expect_content("/a", "b\n");
	expect_content("/b", "a\n");
	assert_int_equal(tree_rename(&t, "/a", "/b", 0), 0);
	expect_content("/b", "b\n");
	assert_int_equal(tree_rename(&t, "/b", "/d", 0), -EISDIR);
	assert_int_equal(tree_rename(&t, "/d", "/b", 0), -ENOTDIR);
	assert_int_equal(tree_rename(&t, "/e", "/d", 0), -ENOTEMPTY);
	assert_int_equal(tree_rename(&t, "/d", "/e", 0), 0);
	expect_content("/e/c", "c\n");
	assert_int_equal(tree_rename(&t, "/e", "/b", RENAME_EXCHANGE), 0);
	expect_content("/b/c", "c\n");
	free(stable_dump());
	expect_content("/e", "b\n");
}

static void linked_base_files_are_one(void **state)
{
	struct attr a, b;

	(void)state;
	tree_base(&t, "mkdir d && echo same >one && ln one d/two && ln one three");
	tree_open(&t);
	assert_int_equal(tree_write(&t, "/one", 0, "SA", 2), 2);
	expect_content("/d/two", "SAme\n");
	assert_int_equal(tree_unlink(&t, "/one"), 0);
	reopen();
	expect_content("/d/two", "SAme\n");
	expect_content("/three", "SAme\n");
	assert_int_equal(tree_stat(&t, "/d/two", &a), 0);
	assert_int_equal(tree_stat(&t, "/three", &b), 0);
	assert_int_equal(a.ino, b.ino);
	assert_int_equal(a.nlink, 2);
}

static void unlinked_while_open(void **state)
{
	struct entry e;
	char data[8];

	(void)state;
	tree_base(&t, "echo base >f");
	tree_open(&t);
	assert_int_equal(tree_entry(&t, "/f", &e), 0);
	assert_int_equal(tree_unlink(&t, "/f"), 0);
	assert_int_equal(view_read(t.view, e.id, 0, data, 4), 4);
	assert_memory_equal(data, "base", 4);
	assert_int_equal(view_write(t.view, e.id, 0, "BA", 2, false), 2);
	assert_int_equal(view_read(t.view, e.id, 0, data, 4), 4);
	assert_memory_equal(data, "BAse", 4);
	assert_int_equal(view_flush(t.view, false), 0);
	view_forget(t.view, e.id, 1);
	free(stable_dump());
}

static void holes_and_punches(void **state)
{
	struct entry e;
	char data[3];

	(void)state;
	tree_open(&t);
	assert_int_equal(tree_create(&t, "/f", 0644), 0);
	assert_int_equal(tree_write(&t, "/f", 1000000, "end", 3), 3);
	assert_int_equal(tree_entry(&t, "/f", &e), 0);
	assert_int_equal(view_lseek(t.view, e.id, 0, SEEK_DATA), 983040);
	assert_int_equal(view_lseek(t.view, e.id, 0, SEEK_HOLE), 0);
	assert_int_equal(view_lseek(t.view, e.id, 1000003, SEEK_DATA), -ENXIO);
	assert_int_equal(tree_write(&t, "/f", 0, "abc", 3), 3);
	assert_int_equal(view_flush(t.view, false), 0);
	assert_int_equal(tree_fallocate(&t, "/f",
					FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 1,
					999999),
			 0);
	assert_int_equal(tree_read(&t, "/f", 0, data, 3), 3);
	assert_memory_equal(data, "a\0\0", 3);
	assert_int_equal(tree_read(&t, "/f", 1000000, data, 3), 3);
	assert_memory_equal(data, "end", 3);
	assert_int_equal(view_lseek(t.view, e.id, 0, SEEK_HOLE), 65536);
	assert_int_equal(tree_fallocate(&t, "/f", 0, 0, 2000000), 0);
	assert_int_equal(tree_fallocate(&t, "/f", 0x40, 0, 2000000), -EOPNOTSUPP);
	view_forget(t.view, e.id, 1);
	free(stable_dump());
}

static void xattrs_follow(void **state)
{
	struct buf value = BUF_INIT;
	struct entry e;

	(void)state;
	tree_base(&t, "echo x >f && setfattr -n user.a -v base f");
	tree_open(&t);
	assert_int_equal(tree_entry(&t, "/f", &e), 0);
	assert_int_equal(view_getxattr(t.view, e.id, "user.a", &value), 0);
	assert_string_equal(value.data, "base");
	assert_int_equal(view_setxattr(t.view, e.id, "user.b", "own", 3, XATTR_REPLACE),
			 -ENODATA);
	assert_int_equal(view_setxattr(t.view, e.id, "user.b", "own", 3, 0), 0);
	assert_int_equal(view_setxattr(t.view, e.id, "user.b", "own", 3, XATTR_CREATE),
			 -EEXIST);
	assert_int_equal(view_removexattr(t.view, e.id, "user.none"), -ENODATA);
	view_forget(t.view, e.id, 1);
	reopen();
	assert_int_equal(tree_entry(&t, "/f", &e), 0);
	buf_clear(&value);
	assert_int_equal(view_getxattr(t.view, e.id, "user.b", &value), 0);
	assert_string_equal(value.data, "own");
	assert_int_equal(view_removexattr(t.view, e.id, "user.a"), 0);
	view_forget(t.view, e.id, 1);
	reopen();
	assert_int_equal(tree_entry(&t, "/f", &e), 0);
	assert_int_equal(view_getxattr(t.view, e.id, "user.a", &value), -ENODATA);
	view_forget(t.view, e.id, 1);
	buf_release(&value);
}

static void changed_base_of_a_partial_file(void **state)
{
	char data[4];

	(void)state;
	tree_base(&t, "head -c 3000000 /dev/zero >f");
	tree_open(&t);
	assert_int_equal(tree_write(&t, "/f", 0, "new", 3), 3);
	assert_int_equal(view_flush(t.view, true), 0);
	tree_base(&t, "head -c 3000001 /dev/zero >f");
	assert_int_equal(tree_read(&t, "/f", 0, data, 3), 3);
	assert_memory_equal(data, "new", 3);
	assert_int_equal(tree_read(&t, "/f", 2000000, data, 3), -EIO);
}

static void the_hosts_edits_are_seen(void **state)
{
	struct attr attr;
	int tries = 0;

	(void)state;
	tree_base(&t, "mkdir d; echo 1 >d/f");
	tree_open(&t);
	expect_content("/d/f", "1\n");
	assert_int_equal(tree_stat(&t, "/d/new", &attr), -ENOENT);
	tree_base(&t, "echo longer >d/f; echo n >d/new; mkdir d/sub");
	while (tree_stat(&t, "/d/f", &attr) != 0 || attr.size != 7) {
		assert_true(tries++ < 1000);
		usleep(1000);
	}
	expect_content("/d/f", "longer\n");
	expect_content("/d/new", "n\n");
	tree_base(&t, "rm d/f");
	for (tries = 0; tree_stat(&t, "/d/f", &attr) != -ENOENT; tries++) {
		assert_true(tries < 1000);
		usleep(1000);
	}
}

struct listing {
	int n;
	char names[64][16];
	uint64_t last;
	int stop_at;
};

static int note_name(void *arg, const struct dir_entry *e)
{
	struct listing *l = arg;

	if (l->n == l->stop_at)
		return 1;
	snprintf(l->names[l->n++], 16, "%.*s", (int)e->len, e->name);
	l->last = e->cookie;
	return 0;
}

static void listing_goes_on_over_changes(void **state)
{
	struct listing l = {.stop_at = 4};

	(void)state;
	tree_base(&t, "touch a b c d e f");
	tree_open(&t);
	assert_int_equal(view_readdir(t.view, VIEW_ROOT, 0, false, note_name, &l), 0);
	assert_int_equal(l.n, 4);
	assert_string_equal(l.names[0], ".");
	assert_string_equal(l.names[1], "..");
	assert_int_equal(tree_unlink(&t, "/a"), 0);
	assert_int_equal(tree_unlink(&t, "/b"), 0);
	assert_int_equal(tree_create(&t, "/g", 0644), 0);
	l.stop_at = 60;
	assert_int_equal(view_readdir(t.view, VIEW_ROOT, l.last, true, note_name, &l),
			 0);
	assert_in_range(l.n, 8, 9);
	for (int i = 0; i < l.n; i++)
		for (int j = 0; j < i; j++)
			assert_string_not_equal(l.names[i], l.names[j]);
}

static void bad_names(void **state)
{
	char longest[257];

	(void)state;
	tree_open(&t);
	memset(longest, 'n', sizeof(longest));
	longest[0] = '/';
	longest[256] = '\0';
	assert_int_equal(tree_create(&t, longest, 0644), 0);
	assert_int_equal(tree_create(&t, "/\xff\x01\"'\n", 0644), 0);
	free(stable_dump());
	struct entry e;
	char too_long[256];

	memset(too_long, 'n', sizeof(too_long));
	assert_int_equal(view_lookup(t.view, VIEW_ROOT, too_long, 256, &e),
			 -ENAMETOOLONG);
	assert_int_equal(view_lookup(t.view, 12345, "x", 1, &e), -ESTALE);
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(base_is_shown),
		test(new_files_stay),
		test(base_file_is_copied_up),
		test(large_base_file_is_copied_by_chunks),
		test(deletions_are_whiteouts),
		test(base_directory_is_renamed_in_one_row),
		test(renames_replace_and_exchange),
		test(linked_base_files_are_one),
		test(unlinked_while_open),
		test(holes_and_punches),
		test(xattrs_follow),
		test(changed_base_of_a_partial_file),
		test(the_hosts_edits_are_seen),
		test(listing_goes_on_over_changes),
		test(bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
