/* Server processes: their start, clients, leases, sessions, and every way to end. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "agentfs/serve.h"

static char top[64], base[96], path[160];
static const struct agentfs_serve_options start = {.size = sizeof(start),
						   .flags = AGENTFS_SERVE_START};

static void ok(int r)
{
	if (r < 0)
		fail_msg("%s", agentfs_error_text(r));
}

static int setup(void **state)
{
	struct agentfs_create_options o = {.size = sizeof(o), .base = base};
	char *placed;

	(void)state;
	strcpy(top, "/var/tmp/agentfs-test-XXXXXX");
	assert_non_null(mkdtemp(top));
	snprintf(base, sizeof(base), "%s/base", top);
	assert_int_equal(mkdir(base, 0755), 0);
	setenv("XDG_RUNTIME_DIR", top, 1);
	ok(agentfs_volume_place(base, "v", &placed));
	strcpy(path, placed);
	free(placed);
	ok(agentfs_volume_create(path, &o));
	return 0;
}

static int teardown(void **state)
{
	char line[160];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", top);
	return system(line);
}

/* Nothing of a server is left: no socket, no log, no entry. */
static bool is_clean(void)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "test \"$(ls %s/.agentfs)\" = v.db && test -z \"$(ls %s/agentfs)\"",
		 base, top);
	return system(line) == 0;
}

static void await_clean(void)
{
	for (int i = 0; i < 500 && !is_clean(); i++)
		usleep(20000);
	assert_true(is_clean());
}

static void test_start_and_end(void **state)
{
	struct agentfs_server *a, *b;
	char *info;

	(void)state;
	assert_int_equal(agentfs_serve_open(path, NULL, &a), -ENOENT);
	ok(agentfs_serve_open(path, &start, &a));
	assert_true(agentfs_serve_pid(a) > 0);
	ok(agentfs_serve_open(path, &start, &b));
	assert_int_equal(agentfs_serve_pid(a), agentfs_serve_pid(b));
	ok(agentfs_serve_call(b, "info", NULL, &info));
	assert_non_null(strstr(info, "\"live\":true"));
	free(info);
	agentfs_serve_close(a);
	assert_int_equal(kill(agentfs_serve_pid(b), 0), 0);
	agentfs_serve_close(b);
	await_clean();
}

static void test_live_volume(void **state)
{
	struct agentfs_server *s;
	struct agentfs_volume *v;
	struct agentfs_stat st;

	(void)state;
	ok(agentfs_serve_open(path, &start, &s));
	ok(agentfs_volume_open(path, 0, &v));
	assert_true(agentfs_volume_is_live(v));
	assert_string_equal(agentfs_volume_base(v), base);
	ok(agentfs_write(v, "/a/b", 0, "text", 4, true));
	assert_int_equal(agentfs_volume_remove(path), -EBUSY);
	agentfs_volume_close(v);
	agentfs_serve_close(s);
	await_clean();
	ok(agentfs_volume_open(path, AGENTFS_OPEN_READ, &v));
	assert_false(agentfs_volume_is_live(v));
	ok(agentfs_stat(v, "/a/b", &st));
	assert_int_equal(st.size, 4);
	agentfs_volume_close(v);
}

static void test_stop(void **state)
{
	struct agentfs_server *s, *other;
	pid_t pid;

	(void)state;
	ok(agentfs_serve_open(path, &start, &s));
	ok(agentfs_serve_open(path, &start, &other));
	pid = agentfs_serve_pid(s);
	ok(agentfs_serve_stop(s));
	/* Written and closed when stop returns. */
	assert_int_equal(access(path, F_OK), 0);
	agentfs_serve_close(s);
	agentfs_serve_close(other);
	await_clean();
	for (int i = 0; i < 500 && kill(pid, 0) == 0; i++)
		usleep(10000);
	assert_int_not_equal(kill(pid, 0), 0);
}

static void test_signals(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		struct agentfs_server *s;
		char *result;

		ok(agentfs_serve_open(path, &start, &s));
		ok(agentfs_serve_call(s, "write", "{\"path\":\"/f\",\"data\":\"x\"}",
				      &result));
		free(result);
		assert_int_equal(kill(agentfs_serve_pid(s), signals[i]), 0);
		await_clean();
		agentfs_serve_close(s);
	}
}

/* Killed: the next one cleans up and goes on. */
static void test_killed(void **state)
{
	struct agentfs_server *s;
	struct agentfs_volume *v;
	struct agentfs_stat st;
	char *result;
	pid_t pid;

	(void)state;
	ok(agentfs_serve_open(path, &start, &s));
	pid = agentfs_serve_pid(s);
	ok(agentfs_serve_call(s, "write", "{\"path\":\"/f\",\"data\":\"x\"}", &result));
	free(result);
	ok(agentfs_serve_call(s, "sync", NULL, &result));
	free(result);
	kill(pid, SIGKILL);
	agentfs_serve_close(s);
	ok(agentfs_serve_open(path, &start, &s));
	assert_int_not_equal(agentfs_serve_pid(s), pid);
	agentfs_serve_close(s);
	await_clean();
	ok(agentfs_volume_open(path, 0, &v));
	ok(agentfs_stat(v, "/f", &st));
	agentfs_volume_close(v);
}

static void test_killed_then_idle(void **state)
{
	struct agentfs_server *s;
	struct agentfs_volume *v;
	pid_t pid;

	(void)state;
	ok(agentfs_serve_open(path, &start, &s));
	pid = agentfs_serve_pid(s);
	kill(pid, SIGKILL);
	agentfs_serve_close(s);
	ok(agentfs_volume_open(path, 0, &v));
	assert_false(agentfs_volume_is_live(v));
	agentfs_volume_close(v);
	ok(agentfs_prune(true, NULL, NULL));
	await_clean();
}

/* One that does not answer is not waited for without end, and is named. */
static void test_hanging(void **state)
{
	struct agentfs_server *s;
	struct agentfs_volume *v;
	char pid[16];

	(void)state;
	ok(agentfs_serve_open(path, &start, &s));
	snprintf(pid, sizeof(pid), "%d", (int)agentfs_serve_pid(s));
	kill(agentfs_serve_pid(s), SIGSTOP);
	assert_int_equal(agentfs_volume_open(path, 0, &v), -EBUSY);
	assert_non_null(strstr(agentfs_error_text(-EBUSY), pid));
	kill(agentfs_serve_pid(s), SIGCONT);
	agentfs_serve_close(s);
	await_clean();
}

static void test_errors_of_the_start(void **state)
{
	struct agentfs_server *s;
	char line[256];

	(void)state;
	assert_int_equal(agentfs_serve_open("/nowhere/v.db", &start, &s), -ENOENT);
	snprintf(line, sizeof(line), "echo text >%s/.agentfs/t.db", base);
	assert_int_equal(system(line), 0);
	snprintf(line, sizeof(line), "%s/.agentfs/t.db", base);
	assert_int_equal(agentfs_serve_open(line, &start, &s), -EINVAL);
	assert_non_null(strstr(agentfs_error_text(-EINVAL), "t.db"));
	unlink(line);
}

static void test_base_is_gone(void **state)
{
	struct agentfs_create_options o = {.size = sizeof(o), .base = NULL};
	struct agentfs_server *s;
	char dir[128], other[128];

	(void)state;
	snprintf(dir, sizeof(dir), "%s/gone", top);
	snprintf(other, sizeof(other), "%s/o.db", top);
	assert_int_equal(mkdir(dir, 0755), 0);
	o.base = dir;
	ok(agentfs_volume_create(other, &o));
	rmdir(dir);
	assert_int_equal(agentfs_serve_open(other, &start, &s), -ENOENT);
	assert_non_null(strstr(agentfs_error_text(-ENOENT), dir));
}

/* ---- leases, sessions, what lives ---- */

static int count_live(void *arg, const struct agentfs_live *live)
{
	if (strcmp(live->volume, path) != 0)
		return 0; /* the machine's other life */
	assert_string_equal(live->id, "v");
	assert_string_equal(live->base, base);
	if (live->pid == 4242) {
		assert_string_equal(live->kind, "run");
		assert_string_equal(live->command, "make \xff all");
		++*(int *)arg;
	}
	return 0;
}

static void test_lease(void **state)
{
	struct agentfs_server *a, *b;
	int n = 0;

	(void)state;
	ok(agentfs_serve_open(path, &start, &a));
	ok(agentfs_serve_open(path, &start, &b));
	ok(agentfs_serve_lease(b, "run", 4242, "make \xff all"));
	ok(agentfs_live_walk(count_live, &n));
	assert_int_equal(n, 1);
	agentfs_serve_close(b);
	n = 0;
	ok(agentfs_live_walk(count_live, &n));
	assert_int_equal(n, 0);
	agentfs_serve_close(a);
	await_clean();
}

/* A child in a mount namespace of its own, which ends when the pipe is closed. */
static pid_t inhabit(int *ret_pipe, struct agentfs_namespaces *ret)
{
	int down[2], up[2];
	char c, name[64];
	pid_t pid;

	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	pid = fork();
	if (pid == 0) {
		int r = unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS);

		close(down[1]);
		if (write(up[1], r == 0 ? "y" : "n", 1) == 1 &&
		    read(down[0], &c, 1) < 0)
			_exit(1);
		_exit(0);
	}
	close(down[0]);
	assert_int_equal(read(up[0], &c, 1), 1);
	close(up[0]);
	close(up[1]);
	*ret_pipe = down[1];
	fcntl(down[1], F_SETFD, FD_CLOEXEC);
	if (c != 'y')
		skip();
	snprintf(name, sizeof(name), "/proc/%d/ns/mnt", (int)pid);
	ret->mount_fd = open(name, O_RDONLY | O_CLOEXEC);
	ret->user_fd = -1;
	ret->root_fd = open("/", O_PATH | O_CLOEXEC);
	return pid;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_ino == y.st_ino &&
	       x.st_dev == y.st_dev;
}

/* The session outlives its launcher while a process lives in it. */
static void test_session(void **state)
{
	struct agentfs_namespaces ns, got;
	struct agentfs_server *a;
	int hold;
	pid_t pid = inhabit(&hold, &ns), server;

	(void)state;
	ok(agentfs_serve_open(path, &start, &a));
	assert_int_equal(agentfs_serve_namespace_get(a, NULL, &got), -ENOENT);
	ok(agentfs_serve_lease(a, "run", pid, "x"));
	ok(agentfs_serve_namespace_put(a, NULL, &ns));
	server = agentfs_serve_pid(a);
	agentfs_serve_close(a);
	usleep(1500000); /* it has looked at least once */
	assert_int_equal(kill(server, 0), 0);
	ok(agentfs_serve_open(path, NULL, &a));
	ok(agentfs_serve_namespace_get(a, NULL, &got));
	assert_true(same_file(got.mount_fd, ns.mount_fd));
	assert_true(same_file(got.root_fd, ns.root_fd));
	assert_int_equal(got.user_fd, -1);
	assert_int_equal(agentfs_serve_namespace_get(a, "other", &got), -ENOENT);
	close(hold);
	waitpid(pid, NULL, 0);
	agentfs_serve_close(a);
	await_clean();
}

/* ---- starts at once ---- */

static void test_race(void **state)
{
	pid_t pids[8];
	int n_failed = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			struct agentfs_server *s;
			int r = agentfs_serve_open(path, &start, &s);

			if (r < 0) {
				fprintf(stderr, "%s\n", agentfs_error_text(r));
				_exit(1);
			}
			usleep(50000);
			agentfs_serve_close(s);
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++) {
		int status = 1;

		waitpid(pids[i], &status, 0);
		n_failed += status != 0;
	}
	assert_int_equal(n_failed, 0);
	await_clean();
}

/* Commands that come while servers start and end find the volume all the same. */
static void test_alternating(void **state)
{
	(void)state;
	for (int i = 0; i < 30; i++) {
		struct agentfs_server *s;
		struct agentfs_volume *v;
		char name[16];

		ok(agentfs_serve_open(path, &start, &s));
		agentfs_serve_close(s);
		snprintf(name, sizeof(name), "/%d", i);
		ok(agentfs_volume_open(path, 0, &v));
		ok(agentfs_write(v, name, 0, "x", 1, true));
		agentfs_volume_close(v);
	}
	await_clean();
}

/* A path longer than sun_path. */
static void test_deep_path(void **state)
{
	struct agentfs_create_options o = {.size = sizeof(o)};
	struct agentfs_server *s;
	char dir[600], deep[700];
	size_t len;

	(void)state;
	strcpy(dir, top);
	for (int i = 0; i < 8; i++) {
		len = strlen(dir);
		snprintf(dir + len, sizeof(dir) - len, "/%050d", i);
		assert_int_equal(mkdir(dir, 0755), 0);
	}
	snprintf(deep, sizeof(deep), "%s/deep.db", dir);
	ok(agentfs_volume_create(deep, &o));
	ok(agentfs_serve_open(deep, &start, &s));
	ok(agentfs_serve_stop(s));
	agentfs_serve_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_start_and_end), TEST(test_live_volume),
		TEST(test_stop),	  TEST(test_signals),
		TEST(test_killed),	  TEST(test_killed_then_idle),
		TEST(test_hanging),	  TEST(test_errors_of_the_start),
		TEST(test_base_is_gone),  TEST(test_lease),
		TEST(test_session),	  TEST(test_race),
		TEST(test_alternating),	  TEST(test_deep_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
