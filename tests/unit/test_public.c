/* The public interface on idle volumes, with nothing but the public header. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "agentfs/agentfs.h"
#include "agentfs/run.h"
#include "agentfs/serve.h"

static char top[64], project[96], path[160];

static void shell(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void in_project(const char *command)
{
	char line[512];

	snprintf(line, sizeof(line), "cd %s && %s", project, command);
	shell(line);
}

static void ok(int r)
{
	if (r < 0)
		fail_msg("%s", agentfs_error_text(r));
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/var/tmp/agentfs-test-XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(project, sizeof(project), "%s/project", top);
	snprintf(path, sizeof(path), "%s/.agentfs/v.db", project);
	setenv("XDG_STATE_HOME", top, 1);
	setenv("XDG_RUNTIME_DIR", top, 1);
	assert_int_equal(mkdir(project, 0755), 0);
	in_project("echo base >file && mkdir -p dir/sub && echo x >dir/sub/x && "
		   "ln -s file link");
	return 0;
}

static int teardown(void **state)
{
	char line[160];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", top);
	return chdir("/") < 0 || system(line);
}

static void create(const char *base)
{
	struct agentfs_create_options o = {.size = sizeof(o), .base = base};
	char *placed;

	ok(agentfs_volume_place(project, "v", &placed));
	assert_string_equal(placed, path);
	free(placed);
	ok(agentfs_volume_create(path, &o));
}

static bool exists(const char *name)
{
	char whole[256];
	struct stat st;

	snprintf(whole, sizeof(whole), "%s/%s", project, name);
	return lstat(whole, &st) == 0;
}

/* ---- places ---- */

static void test_ids(void **state)
{
	char long_id[66], *id;

	(void)state;
	memset(long_id, 'a', 65);
	long_id[65] = '\0';
	assert_true(agentfs_id_valid("aZ09-_"));
	assert_false(agentfs_id_valid(""));
	assert_false(agentfs_id_valid("a b"));
	assert_false(agentfs_id_valid("../a"));
	assert_false(agentfs_id_valid("a.db"));
	assert_false(agentfs_id_valid(long_id));
	long_id[64] = '\0';
	assert_true(agentfs_id_valid(long_id));
	ok(agentfs_id_generate("run", project, &id));
	assert_true(agentfs_id_valid(id));
	assert_memory_equal(id, "run-", 4);
	free(id);
}

static void test_place_leaves_no_trace(void **state)
{
	struct stat before, after, folder;
	char name[128];

	(void)state;
	assert_int_equal(stat(project, &before), 0);
	create(project);
	assert_int_equal(stat(project, &after), 0);
	assert_int_equal(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	snprintf(name, sizeof(name), "%s/.agentfs", project);
	assert_int_equal(stat(name, &folder), 0);
	assert_int_equal(folder.st_mode & 07777, 0700);
	in_project("test \"$(cat .agentfs/.gitignore)\" = '*'");
	assert_int_equal(stat(path, &folder), 0);
	assert_int_equal(folder.st_mode & 07777, 0600);
}

static void test_place_refuses(void **state)
{
	char *placed;

	(void)state;
	assert_int_equal(agentfs_volume_place(project, "a/b", &placed), -EINVAL);
	assert_int_equal(agentfs_volume_place("/nowhere", "a", &placed), -ENOENT);
	in_project("ln -s dir .agentfs");
	assert_true(agentfs_volume_place(project, "a", &placed) < 0);
	assert_false(exists("dir/.gitignore"));
}

static void test_find(void **state)
{
	char *found, sub[128], cwd[512];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(sub, sizeof(sub), "%s/dir/sub", project);
	assert_int_equal(agentfs_volume_find("v", sub, &found), -ENOENT);
	assert_non_null(strstr(agentfs_error_text(-ENOENT), ".agentfs/v.db"));
	assert_non_null(strstr(agentfs_error_text(-ENOENT), sub));
	create(project);
	ok(agentfs_volume_find("v", sub, &found));
	assert_string_equal(found, path);
	free(found);
	ok(agentfs_volume_find(path, "/", &found));
	assert_string_equal(found, path);
	free(found);
	assert_int_equal(agentfs_volume_find("v.db", sub, &found), -ENOENT);
	assert_int_equal(chdir(sub), 0);
	ok(agentfs_volume_find("v", NULL, &found));
	free(found);
	assert_int_equal(chdir(cwd), 0);
}

static int count(void *arg, const char *which)
{
	(void)which;
	++*(int *)arg;
	return 0;
}

static void test_walk(void **state)
{
	char sub[128];
	int n = 0;

	(void)state;
	create(NULL);
	in_project("cp .agentfs/v.db .agentfs/w.db; touch .agentfs/no .agentfs/.db");
	snprintf(sub, sizeof(sub), "%s/dir", project);
	ok(agentfs_volumes_walk(sub, count, &n));
	assert_true(n >= 2);
}

/* Where the project cannot be written, the state directory takes the volume. */
static void test_state_directory(void **state)
{
	char *placed, *found;
	int n = 0;

	(void)state;
	if (geteuid() == 0)
		skip(); /* root can write everywhere */
	in_project("chmod 555 .");
	ok(agentfs_volume_place(project, "v", &placed));
	assert_memory_equal(placed, top, strlen(top));
	assert_null(strstr(placed, "/project/"));
	ok(agentfs_volume_create(placed,
				 &(struct agentfs_create_options){.base = project}));
	ok(agentfs_volume_find("v", project, &found));
	assert_string_equal(found, placed);
	ok(agentfs_volumes_walk(project, count, &n));
	assert_int_equal(n, 1);
	in_project("chmod 755 .");
	free(found);
	free(placed);
}

/* ---- making and removing ---- */

static void test_create_again(void **state)
{
	struct agentfs_create_options force = {.size = sizeof(force), .force = true};

	(void)state;
	create(NULL);
	in_project("cp .agentfs/v.db .agentfs/v2.db");
	assert_int_equal(
		agentfs_volume_create(path,
				      &(struct agentfs_create_options){.force = false}),
		-EEXIST);
	ok(agentfs_volume_create(path, &force));
	assert_true(exists(".agentfs/v2.db"));
	in_project("echo text >.agentfs/v.db");
	assert_int_equal(agentfs_volume_create(path, &force), -EINVAL);
	in_project("test \"$(cat .agentfs/v.db)\" = text");
	assert_int_equal(agentfs_volume_remove(path), -EINVAL);
	assert_true(exists(".agentfs/v.db"));
}

static void test_bad_base(void **state)
{
	struct agentfs_create_options o = {.base = "/nowhere"};

	(void)state;
	in_project("mkdir .agentfs");
	assert_int_equal(agentfs_volume_create(path, &o), -ENOENT);
	o.base = "/dev/null";
	assert_int_equal(agentfs_volume_create(path, &o), -ENOTDIR);
	assert_false(exists(".agentfs/v.db"));
}

static void test_remove(void **state)
{
	(void)state;
	create(NULL);
	ok(agentfs_volume_remove(path));
	assert_false(exists(".agentfs/v.db"));
	assert_int_equal(agentfs_volume_remove(path), -ENOENT);
}

/* `rm v.db` by hand: what it left does not get into a new volume. */
static void test_leftovers(void **state)
{
	struct agentfs_volume *v;
	char *found;

	(void)state;
	create(NULL);
	in_project("rm .agentfs/v.db; echo rest >.agentfs/v.db-wal; "
		   "echo rest >.agentfs/v.db-shm; echo keep >.agentfs/v2.db-wal");
	assert_int_equal(agentfs_volume_find("v", project, &found), -ENOENT);
	assert_false(exists(".agentfs/v.db-wal"));
	assert_false(exists(".agentfs/v.db-shm"));
	assert_true(exists(".agentfs/v2.db-wal"));
	in_project("echo rest >.agentfs/v.db-wal");
	create(NULL);
	ok(agentfs_volume_open(path, 0, &v));
	agentfs_volume_close(v);
	assert_false(exists(".agentfs/v.db-wal"));
}

static void test_open_refuses(void **state)
{
	struct agentfs_volume *v;

	(void)state;
	assert_int_equal(agentfs_volume_open(path, 0, &v), -ENOENT);
	in_project("mkdir .agentfs; echo text >.agentfs/v.db");
	assert_int_equal(agentfs_volume_open(path, 0, &v), -EINVAL);
	assert_int_equal(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v), -EINVAL);
	assert_int_equal(agentfs_volume_open(project, 0, &v), -EINVAL);
	in_project("test \"$(cat .agentfs/v.db)\" = text");
	in_project("test \"$(ls -A .agentfs)\" = v.db");
}

/* ---- files ---- */

static int add_name(void *arg, const char *name, size_t len,
		    const struct agentfs_stat *st)
{
	char *list = arg;

	assert_int_equal(strlen(name), len);
	sprintf(list + strlen(list), "%s%s ", name, S_ISDIR(st->mode) ? "/" : "");
	return 0;
}

static void test_files(void **state)
{
	struct agentfs_volume *v;
	struct agentfs_stat st, again;
	char data[64] = "", list[256] = "", *target;

	(void)state;
	create(project);
	ok(agentfs_volume_open(path, 0, &v));
	assert_false(agentfs_volume_is_live(v));
	assert_string_equal(agentfs_volume_id(v), "v");
	assert_string_equal(agentfs_volume_base(v), project);
	ok(agentfs_stat(v, "/file", &st));
	assert_int_equal(agentfs_read(v, "/file", 0, data, sizeof(data)), 5);
	assert_memory_equal(data, "base\n", 5);
	assert_int_equal(agentfs_read(v, "/file", 5, data, sizeof(data)), 0);
	ok(agentfs_write(v, "/file", 0, "ne", 2, false));
	assert_int_equal(agentfs_read(v, "/file", 0, data, sizeof(data)), 5);
	assert_memory_equal(data, "nese\n", 5);
	ok(agentfs_write(v, "/file", 0, "x", 1, true));
	ok(agentfs_stat(v, "/file", &again));
	assert_int_equal(again.ino, st.ino);
	assert_int_equal(again.mode, st.mode);
	assert_int_equal(again.size, 1);
	ok(agentfs_write(v, "/new/deep/file", 0, "\0\xff", 2, true));
	ok(agentfs_list(v, "/", add_name, list));
	assert_string_equal(list, "dir/ file link new/ ");
	ok(agentfs_readlink(v, "/link", &target));
	assert_string_equal(target, "file");
	free(target);
	assert_int_equal(agentfs_stat(v, "/none", &st), -ENOENT);
	assert_int_equal(agentfs_readlink(v, "/file", &target), -EINVAL);
	assert_int_equal(agentfs_read(v, "/dir", 0, data, 1), -EISDIR);
	agentfs_volume_close(v);
	in_project("test \"$(cat file)\" = base && test ! -e new");
	ok(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v));
	assert_int_equal(agentfs_read(v, "/new/deep/file", 0, data, 9), 2);
	assert_memory_equal(data, "\0\xff", 2);
	agentfs_volume_close(v);
}

static void test_large_write(void **state)
{
	const size_t len = (5u << 20) / 2;
	struct agentfs_volume *v;
	struct agentfs_stat st;
	char *data = malloc(len), *back = malloc(len);
	size_t got = 0;
	int64_t n;

	(void)state;
	create(NULL);
	for (size_t i = 0; i < len; i++)
		data[i] = (char)(i * 31 >> 3);
	ok(agentfs_volume_open(path, 0, &v));
	ok(agentfs_write(v, "/big", 0, data, len, true));
	ok(agentfs_stat(v, "/big", &st));
	assert_int_equal(st.size, len);
	while ((n = agentfs_read(v, "/big", (int64_t)got, back + got, len - got)) > 0)
		got += (size_t)n;
	assert_int_equal(got, len);
	assert_memory_equal(data, back, len);
	agentfs_volume_close(v);
	free(data);
	free(back);
}

static int add_change(void *arg, const struct agentfs_change *c)
{
	char *list = arg;

	sprintf(list + strlen(list), "%c%c%.*s ", c->kind, c->type, (int)c->path_len,
		c->path);
	return 0;
}

static void call_ok(struct agentfs_volume *v, const char *method, const char *params)
{
	char *result;
	int r = agentfs_call(v, method, params, &result);

	if (r < 0)
		fail_msg("%s %s: %s", method, params, agentfs_error_text(r));
	free(result);
}

static void test_diff(void **state)
{
	struct agentfs_volume *v;
	char list[512] = "";

	(void)state;
	create(project);
	ok(agentfs_volume_open(path, 0, &v));
	ok(agentfs_write(v, "/file", 0, "changed", 7, true));
	ok(agentfs_write(v, "/new", 0, "", 0, true));
	call_ok(v, "remove", "{\"path\":\"/dir\",\"recursive\":true}");
	ok(agentfs_diff(v, 0, add_change, list));
	assert_string_equal(list, "Dd/dir Dd/dir/sub Df/dir/sub/x Mf/file Af/new ");
	agentfs_volume_close(v);
	list[0] = '\0';
	ok(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v));
	ok(agentfs_diff(v, 0, add_change, list));
	assert_string_equal(list, "Dd/dir Dd/dir/sub Df/dir/sub/x Mf/file Af/new ");
	agentfs_volume_close(v);
}

static void test_no_base(void **state)
{
	struct agentfs_volume *v;

	(void)state;
	create(NULL);
	ok(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v));
	assert_null(agentfs_volume_base(v));
	assert_int_equal(agentfs_diff(v, 0, add_change, NULL), -EOPNOTSUPP);
	agentfs_volume_close(v);
}

/* Links on the way are followed within the view, never out of it. */
static void test_links_on_the_way(void **state)
{
	struct agentfs_volume *v;
	struct agentfs_stat st;
	char command[256];

	(void)state;
	snprintf(command, sizeof(command),
		 "ln -s dir d; ln -s %s/dir abs; ln -s / out; ln -s ../../.. up; "
		 "ln -s loop loop",
		 project);
	in_project(command);
	create(project);
	ok(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v));
	ok(agentfs_stat(v, "/d/sub/x", &st));
	assert_true(S_ISREG(st.mode));
	ok(agentfs_stat(v, "/abs/sub/../sub/x", &st));
	ok(agentfs_stat(v, "/up/file", &st)); /* the root's parent is the root */
	ok(agentfs_stat(v, "/d", &st));
	assert_true(S_ISLNK(st.mode));
	assert_int_equal(agentfs_stat(v, "/out/etc", &st), -EXDEV);
	assert_int_equal(agentfs_stat(v, "/loop/x", &st), -ELOOP);
	agentfs_volume_close(v);
}

static void test_read_only_handle(void **state)
{
	struct agentfs_volume *v;

	(void)state;
	create(project);
	ok(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v));
	assert_int_equal(agentfs_write(v, "/file", 0, "x", 1, true), -EROFS);
	assert_int_equal(agentfs_write(v, "/new", 0, "x", 1, true), -EROFS);
	agentfs_volume_close(v);
	in_project("test \"$(ls .agentfs)\" = v.db");
}

static void test_calls_checked(void **state)
{
	struct agentfs_volume *v;
	char *result;

	(void)state;
	create(NULL);
	ok(agentfs_volume_open(path, 0, &v));
	assert_int_equal(agentfs_call(v, "stat", "{", &result), -EINVAL);
	assert_int_equal(agentfs_call(v, "stat", "[]", &result), -EINVAL);
	assert_int_equal(agentfs_call(v, "stat", "{\"path\":1}", &result), -EINVAL);
	assert_int_equal(agentfs_call(v, "stat", "{\"path\":\"/\",\"x\":1}", &result),
			 -EINVAL);
	assert_int_equal(agentfs_call(v, "nothing", NULL, &result), -ENOSYS);
	assert_int_equal(agentfs_call(v, "stop", NULL, &result), -ENOSYS);
	assert_int_equal(
		agentfs_call(v, "stat", "{\"path\":\"/\",\"branch\":\"no\"}", &result),
		-ENOENT);
	agentfs_volume_close(v);
}

static void test_copy_into_itself(void **state)
{
	struct agentfs_volume *v;
	char list[256] = "";

	(void)state;
	create(project);
	ok(agentfs_volume_open(path, 0, &v));
	call_ok(v, "copy",
		"{\"from\":\"/dir\",\"to\":\"/dir/copy\",\"recursive\":true}");
	ok(agentfs_list(v, "/dir/copy", add_name, list));
	assert_string_equal(list, "sub/ ");
	agentfs_volume_close(v);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_ids),
		TEST(test_place_leaves_no_trace),
		TEST(test_place_refuses),
		TEST(test_find),
		TEST(test_walk),
		TEST(test_state_directory),
		TEST(test_create_again),
		TEST(test_bad_base),
		TEST(test_remove),
		TEST(test_leftovers),
		TEST(test_open_refuses),
		TEST(test_files),
		TEST(test_large_write),
		TEST(test_diff),
		TEST(test_no_base),
		TEST(test_links_on_the_way),
		TEST(test_read_only_handle),
		TEST(test_calls_checked),
		TEST(test_copy_into_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
