/*
 * The adapter under the real kernel, in a mount namespace of the test's own: how many
 * requests an operation costs, several clients at once, what happens to them when the
 * server stops in the middle, and what the kernel is told.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "fuse/session.h"
#include "view_tree.h"

#define N_CLIENTS 4
#define N_ROUNDS  200

static struct tree t;
static struct fuse_connection *connection;
static char dir[128];
static bool may_mount;
static uid_t uid;
static gid_t gid;

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		print_message("%s: %s\n", path, strerror(errno));
	close(fd);
}

/* While there is one thread. As a user: in a user namespace that maps the own id. */
static bool enter_namespace(void)
{
	char map[64];

	uid = geteuid();
	gid = getegid();
	if (unshare(CLONE_NEWNS | (uid ? CLONE_NEWUSER : 0)) < 0)
		return false;
	if (uid) {
		write_text("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "%u %u 1", uid, uid);
		write_text("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "%u %u 1", gid, gid);
		write_text("/proc/self/gid_map", map);
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return false;
	return access("/dev/fuse", R_OK | W_OK) == 0;
}

static atomic_int n_ends;

static void on_end(void *arg)
{
	(void)arg;
	n_ends++;
}

static void mount_view(void)
{
	struct fuse_connection_options o = {
		.ids = {.all = uid == 0, .uid = uid, .gid = gid}, .ended = on_end};
	char options[128];

	o.fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	assert_return_code(o.fd, errno);
	snprintf(options, sizeof(options),
		 "fd=%d,rootmode=40000,user_id=%u,group_id=%u,default_permissions%s",
		 o.fd, uid, gid, uid ? "" : ",allow_other");
	assert_return_code(
		mount("agentfs", dir, "fuse.agentfs", MS_NODEV | MS_NOSUID, options),
		errno);
	assert_int_equal(fuse_connection_start(t.view, &o, &connection), 0);
	assert_int_equal(fuse_connection_ready(connection, 5000), 0);
}

static int set_up(void **state)
{
	(void)state;
	tree_make(&t);
	tree_base(&t, "mkdir d && echo base > d/f && echo other > d/g");
	tree_open(&t);
	snprintf(dir, sizeof(dir), "%s/mnt", t.top);
	assert_return_code(mkdir(dir, 0755), errno);
	if (may_mount)
		mount_view();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	umount2(dir, MNT_DETACH);
	fuse_connection_stop(connection);
	connection = NULL;
	tree_close(&t);
	tree_remove(&t);
	return 0;
}

static void need_mount(void)
{
	if (!may_mount) {
		print_message("no FUSE mounts here\n");
		skip();
	}
}

static char *in_mount(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Borrowed until the next call but three. */
static char *in_mount(const char *format, ...)
{
	static char paths[4][512];
	static int next;
	char *path = paths[next++ % 4];
	size_t len = (size_t)snprintf(path, sizeof(paths[0]), "%s/", dir);
	va_list args;

	va_start(args, format);
	vsnprintf(path + len, sizeof(paths[0]) - len, format, args);
	va_end(args);
	return path;
}

/* ---- counting ---- */

static void add_count(void *arg, const char *name, int64_t count)
{
	if (!strstr(name, "FORGET"))
		*(int64_t *)arg += count;
}

static int64_t n_requests(void)
{
	int64_t n = 0;

	fuse_connection_counters(connection, add_count, &n);
	return n;
}

static void add_forgets(void *arg, const char *name, int64_t count)
{
	if (strstr(name, "FORGET"))
		*(int64_t *)arg += count;
}

static int64_t n_forgets(void)
{
	int64_t n = 0;

	fuse_connection_counters(connection, add_forgets, &n);
	return n;
}

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, strlen(text));
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? (int)n : 0;
}

static int get(const char *path, char *ret, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, ret, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n >= 0)
		ret[n] = '\0';
	return n < 0 ? (int)n : 0;
}

static void what_is_known_costs_nothing(void **state)
{
	char text[64];
	struct stat st;
	int64_t before;

	(void)state;
	need_mount();
	assert_int_equal(get(in_mount("d/f"), text, sizeof(text)), 0);
	assert_string_equal(text, "base\n");
	/* The first READ moved the time of access, which is asked for once. */
	assert_return_code(stat(in_mount("d/f"), &st), errno);
	assert_int_equal(stat(in_mount("d/none"), &st), -1);
	before = n_requests();
	for (int i = 0; i < 50; i++) {
		assert_int_equal(get(in_mount("d/f"), text, sizeof(text)), 0);
		assert_return_code(stat(in_mount("d/f"), &st), errno);
		assert_int_equal(stat(in_mount("d/none"), &st), -1);
		assert_int_equal(errno, ENOENT);
	}
	assert_int_equal(n_requests() - before, 0);
}

static void creating_costs_five(void **state)
{
	int64_t before;

	(void)state;
	need_mount();
	assert_int_equal(put(in_mount("warm"), "x"), 0); /* OPEN, CREATE, FLUSH */
	before = n_requests();
	for (int i = 0; i < 20; i++)
		assert_int_equal(put(in_mount("new%d", i), "content"), 0);
	assert_true(n_requests() - before <= 100);
}

/* In no-open mode nobody is told of O_TRUNC but by SETATTR. */
static void truncation_by_open(void **state)
{
	char text[64];

	(void)state;
	need_mount();
	assert_int_equal(put(in_mount("f"), "a longer text"), 0);
	assert_int_equal(put(in_mount("f"), "x"), 0);
	assert_int_equal(get(in_mount("f"), text, sizeof(text)), 0);
	assert_string_equal(text, "x");
	assert_int_equal(put(in_mount("f"), ""), 0);
	assert_int_equal(get(in_mount("f"), text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void far_times(void **state)
{
	struct timespec times[2] = {{.tv_sec = 1L << 40}, {.tv_sec = 1L << 40}};
	struct stat st;

	(void)state;
	need_mount();
	assert_int_equal(put(in_mount("old"), "x"), 0);
	assert_return_code(utimensat(AT_FDCWD, in_mount("old"), times, 0), errno);
	assert_return_code(stat(in_mount("old"), &st), errno);
	assert_true(st.st_mtim.tv_sec > 9000000000); /* late, and not in the past */
	times[0].tv_sec = times[1].tv_sec = -5;
	times[0].tv_nsec = times[1].tv_nsec = 7;
	assert_return_code(utimensat(AT_FDCWD, in_mount("old"), times, 0), errno);
	assert_return_code(stat(in_mount("old"), &st), errno);
	assert_int_equal(st.st_mtim.tv_sec, -5);
	assert_int_equal(st.st_mtim.tv_nsec, 7);
}

/* ---- several clients ---- */

/*
 * A process that keeps nothing of the server: as long as somebody has a copy of the
 * /dev/fuse descriptor, a dead server means waiting for ever.
 */
static pid_t start_process(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(connection->fd);
	}
	assert_return_code(pid, errno);
	return pid;
}

/* Works below a directory of its own and in one of all. Exits 0 or says what failed. */
static void client(int number)
{
	char text[64];

	for (int i = 0; i < N_ROUNDS; i++) {
		char *own = in_mount("own%d", number);
		char *file = in_mount("own%d/f", number);
		char *shared = in_mount("all/%d.%d", number, i);

		snprintf(text, sizeof(text), "%d of %d", i, number);
		if (mkdir(own, 0755) < 0 || put(file, text) < 0 ||
		    rename(file, shared) < 0 || rmdir(own) < 0 ||
		    get(shared, text, sizeof(text)) < 0)
			_exit(errno == ENOTCONN || errno == ECONNABORTED ? 100 : 1);
		if (atoi(text) != i || (i % 2 && unlink(shared) < 0))
			_exit(2);
	}
	_exit(0);
}

static void start_clients(pid_t *ret_pids)
{
	if (mkdir(in_mount("all"), 0755) < 0 && errno != EEXIST)
		fail_msg("mkdir: %s", strerror(errno));
	for (int i = 0; i < N_CLIENTS; i++) {
		ret_pids[i] = start_process();
		if (ret_pids[i] == 0)
			client(i);
	}
}

static void clients_at_once(void **state)
{
	pid_t pids[N_CLIENTS];
	struct stat st;

	(void)state;
	need_mount();
	start_clients(pids);
	for (int i = 0; i < N_CLIENTS; i++) {
		int status;

		assert_return_code(waitpid(pids[i], &status, 0), errno);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < N_CLIENTS * N_ROUNDS; i++) {
		int there = stat(in_mount("all/%d.%d", i % N_CLIENTS, i / N_CLIENTS),
				 &st) == 0;

		assert_int_equal(there, (i / N_CLIENTS + 1) % 2);
	}
}

/* ---- what the kernel is told ---- */

static void memory_is_given_back_on_request(void **state)
{
	struct view_notifier notifier;
	struct entry e, d;
	struct stat st;
	int64_t before;

	(void)state;
	need_mount();
	assert_return_code(stat(in_mount("d/g"), &st), errno);
	assert_int_equal(tree_entry(&t, "/d/g", &e), 0);
	assert_int_equal(tree_entry(&t, "/d", &d), 0);
	notifier = notify_to(connection);
	before = n_forgets();
	notifier.please_forget(notifier.arg, d.id, "g", 1, e.id);
	for (int i = 0; i < 500 && n_forgets() == before; i++)
		usleep(10000);
	assert_true(n_forgets() > before);
	assert_return_code(stat(in_mount("d/g"), &st), errno);
	view_forget(t.view, e.id, 1);
	view_forget(t.view, d.id, 1);
}

static void changes_are_told(void **state)
{
	struct view_notifier notifier;
	char text[64];

	(void)state;
	need_mount();
	assert_int_equal(get(in_mount("d/f"), text, sizeof(text)), 0);
	tree_base(&t, "echo edited > d/f");
	for (int i = 0; i < 500; i++) {
		assert_int_equal(get(in_mount("d/f"), text, sizeof(text)), 0);
		if (strcmp(text, "edited\n") == 0)
			break;
		usleep(10000);
	}
	assert_string_equal(text, "edited\n");
	/* Everything may have changed: it is looked up again, and all is there. */
	notifier = notify_to(connection);
	notifier.all_changed(notifier.arg);
	assert_int_equal(get(in_mount("d/f"), text, sizeof(text)), 0);
	assert_string_equal(text, "edited\n");
}

/* ---- the end ---- */

/*
 * With clients in the middle of something, and notifications on their way into the same
 * directories: the stop comes to an end, and every client gets an error.
 */
static void stop_under_load(void **state)
{
	(void)state;
	need_mount();
	for (int round = 0; round < 5; round++) {
		pid_t pids[N_CLIENTS], host;

		host = start_process();
		if (host == 0) {
			char path[160];

			for (int i = 0;; i++) {
				snprintf(path, sizeof(path), "%s/h%d", t.base, i % 50);
				if (put(path, "host") == 0 && i % 3 == 0)
					unlink(path);
			}
		}
		start_clients(pids);
		usleep(20000 + 20000 * (unsigned)round);
		alarm(60); /* a hang fails the test */
		fuse_connection_stop(connection);
		connection = NULL;
		for (int i = 0; i < N_CLIENTS; i++) {
			int status;

			assert_return_code(waitpid(pids[i], &status, 0), errno);
			assert_true(WIFEXITED(status));
		}
		alarm(0);
		kill(host, SIGKILL);
		waitpid(host, NULL, 0);
		assert_int_equal(put(in_mount("after"), "x"), -ENOTCONN);
		assert_return_code(umount2(dir, MNT_DETACH), errno);
		mount_view();
		tree_base(&t, "rm -f h*");
	}
}

static void unmounting_ends_it_once(void **state)
{
	(void)state;
	need_mount();
	n_ends = 0;
	assert_false(fuse_connection_ended(connection));
	assert_return_code(umount2(dir, 0), errno);
	for (int i = 0; i < 500 && !fuse_connection_ended(connection); i++)
		usleep(10000);
	assert_true(fuse_connection_ended(connection));
	fuse_connection_stop(connection);
	connection = NULL;
	assert_int_equal(n_ends, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_known_costs_nothing),
		cmocka_unit_test(creating_costs_five),
		cmocka_unit_test(truncation_by_open),
		cmocka_unit_test(far_times),
		cmocka_unit_test(clients_at_once),
		cmocka_unit_test(memory_is_given_back_on_request),
		cmocka_unit_test(changes_are_told),
		cmocka_unit_test(stop_under_load),
		cmocka_unit_test(unmounting_ends_it_once),
	};

	may_mount = enter_namespace();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
