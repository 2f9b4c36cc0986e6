/* What a branch changed of its base: every kind of change, and what is no change. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "vfs/base.h"
#include "vfs/diff.h"
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

static int add_line(void *arg, const struct diff_entry *e)
{
	int r = buf_printf(arg, "%c%c%c %.*s", e->kind, e->conflict ? '!' : ' ',
			   e->type ? e->type : e->old_type, (int)e->path_len, e->path);

	if (r == 0 && e->kind == 'M' && e->type != e->old_type)
		r = buf_printf(arg, " was %c", e->old_type);
	if (r == 0 && e->from)
		r = buf_printf(arg, " from %.*s", (int)e->from_len, e->from);
	if (r == 0 && e->what & DIFF_TIMES)
		r = buf_add_str(arg, " times");
	return r < 0 ? r : buf_add_str(arg, "\n");
}

/* Ends the view, so that all is stored, and compares. */
static void expect_diff_of(bool times, const char *text)
{
	struct base_options options = {.hidden_name = ".agentfs"};
	struct store_branch *branch;
	struct buf lines = BUF_INIT;
	struct store *s;
	struct base *b;

	tree_close(&t);
	assert_int_equal(store_open(t.volume, STORE_READ, &s), 0);
	assert_int_equal(store_branch_open(s, NULL, false, &branch), 0);
	options.root_fd = open(t.base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(base_open(&options, &b), 0);
	close(options.root_fd);
	assert_int_equal(diff_walk(branch, b, times, add_line, &lines), 0);
	assert_string_equal(lines.len ? lines.data : "", text);
	buf_release(&lines);
	base_close(b);
	store_branch_close(branch);
	store_close(s);
	tree_open(&t);
}

static void expect_diff(const char *text)
{
	expect_diff_of(false, text);
}

static void write_text(const char *path, const char *text)
{
	assert_int_equal(tree_write(&t, path, 0, text, strlen(text)), strlen(text));
}

static void create_with(const char *path, const char *text)
{
	assert_int_equal(tree_create(&t, path, 0644), 0);
	write_text(path, text);
}

static void nothing_changed(void **state)
{
	(void)state;
	tree_base(&t, "mkdir d && echo x >d/f");
	tree_open(&t);
	expect_diff("");
}

static void all_three_kinds(void **state)
{
	(void)state;
	tree_base(&t, "mkdir d gone && echo x >d/f && echo x >gone/f && ln -s x l");
	tree_open(&t);
	create_with("/new", "new");
	write_text("/d/f", "y");
	assert_int_equal(tree_unlink(&t, "/gone/f"), 0);
	assert_int_equal(tree_rmdir(&t, "/gone"), 0);
	assert_int_equal(tree_mkdir(&t, "/n", 0755), 0);
	assert_int_equal(tree_symlink(&t, "f", "/n/l"), 0);
	assert_int_equal(tree_unlink(&t, "/l"), 0);
	expect_diff("M f /d/f\nD d /gone\nD f /gone/f\nD l /l\n"
		    "A d /n\nA l /n/l\nA f /new\n");
}

static void what_equals_the_base_is_not_told(void **state)
{
	(void)state;
	tree_base(&t, "printf abc >f && chmod 644 f && mkdir d && chmod 755 d && "
		      "printf abc >d/g && chmod 644 d/g && ln -s t l && chmod 755 d");
	tree_open(&t);
	write_text("/f", "xbc");
	write_text("/f", "abc");
	assert_int_equal(tree_chmod(&t, "/d", 0700), 0);
	assert_int_equal(tree_chmod(&t, "/d", 0755), 0);
	assert_int_equal(tree_unlink(&t, "/l"), 0);
	assert_int_equal(tree_symlink(&t, "t", "/l"), 0);
	assert_int_equal(tree_unlink(&t, "/d/g"), 0);
	assert_int_equal(tree_rmdir(&t, "/d"), 0);
	assert_int_equal(tree_mkdir(&t, "/d", 0755), 0);
	create_with("/d/g", "abc");
	expect_diff("");
}

static void attributes_types_and_times(void **state)
{
	(void)state;
	tree_base(&t, "echo x >f && echo x >g && mkdir d && chmod 755 d");
	tree_open(&t);
	assert_int_equal(tree_chmod(&t, "/f", 0600), 0);
	assert_int_equal(tree_chmod(&t, "/d", 0700), 0);
	assert_int_equal(tree_unlink(&t, "/g"), 0);
	assert_int_equal(tree_mkdir(&t, "/g", 0755), 0);
	expect_diff("M d /d\nM f /f\nM d /g was f\n");
	assert_int_equal(tree_chmod(&t, "/", 0700), 0);
	expect_diff("M d /\nM d /d\nM f /f\nM d /g was f\n");
}

static void times_on_demand(void **state)
{
	(void)state;
	tree_base(&t, "printf x >f && touch -d 2001-01-01 f");
	tree_open(&t);
	write_text("/f", "x");
	expect_diff("");
	expect_diff_of(true, "M f /f times\n");
}

static void a_renamed_directory(void **state)
{
	(void)state;
	tree_base(&t, "mkdir -p old/sub && echo x >old/f && echo y >old/sub/g");
	tree_open(&t);
	assert_int_equal(tree_rename(&t, "/old", "/new", 0), 0);
	expect_diff("A d /new from /old\nD d /old\n");
	write_text("/new/sub/g", "z");
	assert_int_equal(tree_rename(&t, "/new", "/old", 0), 0);
	expect_diff("M f /old/sub/g\n");
}

static void a_recreated_directory(void **state)
{
	(void)state;
	tree_base(&t, "mkdir d && chmod 755 d && echo 1 >d/a && echo 2 >d/b");
	tree_open(&t);
	assert_int_equal(tree_unlink(&t, "/d/a"), 0);
	assert_int_equal(tree_unlink(&t, "/d/b"), 0);
	assert_int_equal(tree_rmdir(&t, "/d"), 0);
	assert_int_equal(tree_mkdir(&t, "/d", 0755), 0);
	create_with("/d/b", "other");
	expect_diff("D f /d/a\nM f /d/b\n");
}

/* The line of the directory that was moved stands for all that went with it. */
static void moved_away_and_made_again(void **state)
{
	(void)state;
	tree_base(&t, "mkdir d && chmod 755 d && echo 1 >d/a && echo 2 >d/b");
	tree_open(&t);
	assert_int_equal(tree_rename(&t, "/d", "/e", 0), 0);
	assert_int_equal(tree_mkdir(&t, "/d", 0755), 0);
	create_with("/d/b", "other");
	expect_diff("M f /d/b\nA d /e from /d\n");
}

static void moved_over_an_equal_file(void **state)
{
	(void)state;
	tree_base(&t, "echo same >a && echo same >b && echo diff >c && chmod 644 *");
	tree_open(&t);
	assert_int_equal(tree_rename(&t, "/a", "/b", 0), 0);
	expect_diff("D f /a\n");
	assert_int_equal(tree_rename(&t, "/c", "/b", 0), 0);
	expect_diff("D f /a\nM f /b\nD f /c\n");
}

/* Content of over a MiB stays in the base where it was not written. */
static void a_large_file(void **state)
{
	(void)state;
	tree_base(&t, "head -c 3000001 /dev/urandom >big && chmod 644 big");
	tree_open(&t);
	assert_int_equal(tree_chmod(&t, "/big", 0600), 0);
	assert_int_equal(tree_chmod(&t, "/big", 0644), 0);
	expect_diff("");
	/* Cut and made long again, in the middle of a chunk: zeros, not the base. */
	assert_int_equal(tree_truncate(&t, "/big", 2999000), 0);
	assert_int_equal(tree_truncate(&t, "/big", 3000001), 0);
	expect_diff("M f /big\n");
}

/* Large files that are moved onto others keep their content where it is, too. */
static void a_large_file_is_moved(void **state)
{
	(void)state;
	tree_base(&t, "head -c 3000001 /dev/urandom >a && cp a b && cp a c && "
		      "printf x | dd of=c bs=1 seek=2999990 conv=notrunc status=none "
		      "&& ln a l && chmod 644 a b c");
	tree_open(&t);
	assert_int_equal(tree_rename(&t, "/a", "/b", 0), 0);
	expect_diff("D f /a\n");
	assert_int_equal(tree_rename(&t, "/b", "/c", 0), 0);
	expect_diff("D f /a\nD f /b\nM f /c\n");
}

static void the_host_changed_it_too(void **state)
{
	(void)state;
	tree_base(&t, "echo one >f && echo one >g");
	tree_open(&t);
	write_text("/f", "two");
	tree_base(&t, "echo three >>f");
	expect_diff("M!f /f\n");
}

/* What the host made later at a name of the delta's. */
static void the_host_made_it_too(void **state)
{
	(void)state;
	tree_open(&t);
	create_with("/f", "ours");
	assert_int_equal(tree_mkdir(&t, "/d", 0755), 0);
	expect_diff("A d /d\nA f /f\n");
	tree_base(&t, "echo theirs >f");
	expect_diff("A d /d\nM f /f\n");
}

static void paths_in_order_of_bytes(void **state)
{
	(void)state;
	tree_open(&t);
	assert_int_equal(tree_mkdir(&t, "/a", 0755), 0);
	create_with("/a/b", "");
	create_with("/a-b", "");
	create_with("/\xff", "");
	create_with("/a\nb", "");
	expect_diff("A d /a\nA f /a\nb\nA f /a-b\nA f /a/b\nA f /\xff\n");
}

static int stop(void *arg, const struct diff_entry *e)
{
	(void)e;
	++*(int *)arg;
	return -ECANCELED;
}

static void a_walk_can_be_ended(void **state)
{
	struct base_options options = {0};
	struct base *b;
	int n = 0;

	(void)state;
	tree_open(&t);
	create_with("/a", "");
	create_with("/b", "");
	tree_close(&t);
	tree_open(&t);
	options.root_fd = open(t.base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(base_open(&options, &b), 0);
	close(options.root_fd);
	{
		struct store_branch *branch;

		assert_int_equal(store_branch_open(t.store, NULL, false, &branch), 0);
		assert_int_equal(diff_walk(branch, b, false, stop, &n), -ECANCELED);
		store_branch_close(branch);
	}
	assert_int_equal(n, 1);
	base_close(b);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(nothing_changed),
		test(all_three_kinds),
		test(what_equals_the_base_is_not_told),
		test(attributes_types_and_times),
		test(times_on_demand),
		test(a_renamed_directory),
		test(a_recreated_directory),
		test(moved_away_and_made_again),
		test(moved_over_an_equal_file),
		test(a_large_file),
		test(a_large_file_is_moved),
		test(the_host_changed_it_too),
		test(the_host_made_it_too),
		test(paths_in_order_of_bytes),
		test(a_walk_can_be_ended),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
