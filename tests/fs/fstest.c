/*
 * Harness, first half: the list of tests, their processes, time limits and TAP lines.
 * A test's process group is killed when its time is up; where it stood is kept in
 * memory shared with it, so that a hang or a signal is reported with the last check
 * passed.
 */
#include "fstest.h"
#include "fstest_tree.h"

#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define TESTS_MAX   200
#define EXIT_SKIP   77
#define REPORT_SIZE 8192

struct test {
	const char *id;
	const char *text;
	fs_test_fn *run;
	fs_test_fn *prepare;
};

/* Shared with the processes of a test. */
struct report {
	_Atomic size_t n_text;
	char text[REPORT_SIZE];
	char skip[256];
	const char *file;
	int line;
};

static struct test tests[TESTS_MAX];
static size_t n_tests;
static bool n_prepared;
static struct report *report;
static const char *program;

static struct test *test_find(const char *id)
{
	for (size_t i = 0; i < n_tests; i++) {
		if (strcmp(tests[i].id, id) == 0)
			return &tests[i];
	}
	if (n_tests == TESTS_MAX)
		abort();
	tests[n_tests].id = id;
	return &tests[n_tests++];
}

void fs_register_test(const char *id, const char *text, fs_test_fn *run)
{
	struct test *test = test_find(id);

	test->text = text;
	test->run = run;
}

void fs_register_prepare(const char *id, fs_test_fn *run)
{
	test_find(id)->prepare = run;
	n_prepared = true;
}

/* --- what a test says ----------------------------------------------------------------
 */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void fs_say(const char *text)
{
	size_t len = strlen(text);
	size_t at = atomic_fetch_add(&report->n_text, len);

	if (at + len < REPORT_SIZE)
		memcpy(report->text + at, text, len);
}

_Noreturn void fs_fail(const char *file, int line, const char *format, ...)
{
	char text[1024];
	char full[1200];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	snprintf(full, sizeof(full), "# %s:%d: %s\n", base_name(file), line, text);
	fs_say(full);
	_exit(1);
}

_Noreturn void fs_skip(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(report->skip, sizeof(report->skip), format, args);
	va_end(args);
	_exit(EXIT_SKIP);
}

void fs_passed(const char *file, int line)
{
	report->file = file;
	report->line = line;
}

/* --- processes inside a test ---------------------------------------------------------
 */

pid_t fs_fork(void)
{
	pid_t pid = fork();

	if (pid < 0)
		FAIL("fork: %s", strerrorname_np(errno));
	return pid;
}

void fs_join(const char *file, int line, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			fs_fail(file, line, "waitpid: %s", strerrorname_np(errno));
	}
	if (WIFSIGNALED(status))
		fs_fail(file, line, "expected a process to succeed, it got SIG%s",
			sigabbrev_np(WTERMSIG(status)));
	if (WEXITSTATUS(status) == EXIT_SKIP)
		_exit(EXIT_SKIP);
	if (WEXITSTATUS(status) != 0)
		fs_fail(file, line, "(called from here; exit status %d)",
			WEXITSTATUS(status));
}

_Noreturn void done(void)
{
	_exit(0);
}

/* --- running one ---------------------------------------------------------------------
 */

static int time_limit(void)
{
	const char *text = getenv("FSTEST_TIMEOUT");
	int seconds = text ? atoi(text) : 0;

	return seconds > 0 ? seconds : 30;
}

/* Runs fn in a process; its wait status, or -1 when it had to be killed or stays. */
static int run_limited(fs_test_fn *fn)
{
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		fn();
		_exit(0);
	}
	if (pid < 0)
		return -1;
	setpgid(pid, pid);
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	bool in_time = poll(&wait, 1, time_limit() * 1000) > 0;
	kill(-pid, SIGKILL);
	/* One that sits in the kernel may not even die: leave it behind then. */
	bool ended = in_time || poll(&wait, 1, 3000) > 0;
	close(fd);
	int status = -1;
	if (ended)
		waitpid(pid, &status, 0);
	return in_time ? status : -1;
}

static char place[PATH_MAX];
static char manifest[PATH_MAX];
static const struct test *current;

__attribute__((format(printf, 2, 3))) static void path_set(char *ret,
							   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int len = vsnprintf(ret, PATH_MAX, format, args);
	va_end(args);
	if (len >= PATH_MAX) {
		fprintf(stderr, "%s: path too long: %s\n", program, ret);
		exit(1);
	}
}

static void enter(fs_test_fn *fn)
{
	umask(022);
	int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, 0) < 0)
		FAIL("/dev/null: %s", strerrorname_np(errno));
	close(null);
	if (chdir(place) < 0)
		FAIL("chdir(%s): %s", place, strerrorname_np(errno));
	if (fn)
		fn();
}

static void enter_run(void)
{
	enter(current->run);
}

static void enter_prepare(void)
{
	enter(current->prepare);
}

static void clean_place(void)
{
	tree_remove(place);
}

static void report_reset(void)
{
	memset(report, 0, sizeof(*report));
}

/* The lines below "not ok". */
static void report_print(int status)
{
	size_t len = report->n_text < REPORT_SIZE ? report->n_text : REPORT_SIZE;

	fwrite(report->text, 1, len, stdout);
	if (status == -1)
		printf("# killed after %d s\n", time_limit());
	else if (WIFSIGNALED(status))
		printf("# died of SIG%s\n", sigabbrev_np(WTERMSIG(status)));
	bool at_once = status != -1 && WIFEXITED(status);
	if (!at_once && report->file)
		printf("# last check passed: %s:%d\n", base_name(report->file),
		       report->line);
}

/* Prints the result of the current test; whether it did not fail. */
static bool result_print(size_t number, int status)
{
	bool exited = status != -1 && WIFEXITED(status);
	bool skipped = exited && WEXITSTATUS(status) == EXIT_SKIP;
	bool good = skipped || (exited && WEXITSTATUS(status) == 0);

	printf("%s %zu - %s.%s: %s", good ? "ok" : "not ok", number, program,
	       current->id, current->text);
	if (skipped)
		printf(" # SKIP %s", report->skip);
	printf("\n");
	if (!good)
		report_print(status);
	fflush(stdout);
	return good;
}

static bool test_run(size_t number, bool fresh)
{
	report_reset();
	int status = 0;
	if (fresh) {
		if (access(place, F_OK) == 0)
			status = run_limited(clean_place);
		if (status == 0 && mkdir(place, 0755) < 0) {
			printf("not ok %zu - %s.%s: %s\n# mkdir(%s): %s\n", number,
			       program, current->id, current->text, place,
			       strerrorname_np(errno));
			return false;
		}
	}
	if (status == 0)
		status = run_limited(enter_run);
	bool fine = status == 0 || (status != -1 && WIFEXITED(status) &&
				    WEXITSTATUS(status) == EXIT_SKIP);
	if (fine) {
		/* That a tree which was worked upon goes away is part of the test. */
		int cleaned = run_limited(clean_place);
		if (cleaned != 0)
			status = cleaned;
	} else if (!getenv("FSTEST_KEEP")) {
		size_t len = report->n_text;
		run_limited(clean_place);
		report->n_text = len;
	}
	return result_print(number, status);
}

/* --- the phases ----------------------------------------------------------------------
 */

static bool wanted(const char *id, char **ids)
{
	if (!ids || !ids[0])
		return true;
	for (; *ids; ids++) {
		if (strcmp(*ids, id) == 0)
			return true;
	}
	return false;
}

/*
 * On ext4 without a journal a deleted inode is not used again for minutes, and each new
 * file looks past all of those of its block group. Where the filesystem knows the "top
 * directory" flag, it puts the directories of the tests into different groups.
 */
static void spread_directories(const char *dir)
{
	int flags = 0;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_TOPDIR_FL;
		ioctl(fd, FS_IOC_SETFLAGS, &flags);
	}
	if (fd >= 0)
		close(fd);
}

static int run_all(const char *dir, char **ids, bool fresh)
{
	size_t number = 0;
	bool good = true;

	spread_directories(dir);
	for (size_t i = 0; i < n_tests; i++)
		number += wanted(tests[i].id, ids);
	printf("TAP version 13\n1..%zu\n", number);
	number = 0;
	for (size_t i = 0; i < n_tests; i++) {
		if (!wanted(tests[i].id, ids))
			continue;
		current = &tests[i];
		path_set(place, fresh ? "%s/%s.%s" : "%s/%s/%s", dir, program,
			 current->id);
		good &= test_run(++number, fresh);
	}
	return good ? 0 : 1;
}

/* Makes this the current test, with its place and manifest in the base. */
static void select_in_base(const char *base, size_t i)
{
	current = &tests[i];
	path_set(place, "%s/%s/%s", base, program, current->id);
	path_set(manifest, "%s/%s/%s.manifest", base, program, current->id);
}

static int prepare_all(const char *base)
{
	path_set(place, "%s/%s", base, program);
	if (mkdir(place, 0755) < 0) {
		fprintf(stderr, "%s: mkdir(%s): %s\n", program, place, strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < n_tests; i++) {
		select_in_base(base, i);
		report_reset();
		int status = mkdir(place, 0755) < 0 ? -1 : run_limited(enter_prepare);
		if (status != 0) {
			printf("# cannot prepare %s\n", place);
			report_print(status);
			return 1;
		}
	}
	/* Only now, as nothing may change the base any more. */
	for (size_t i = 0; i < n_tests; i++) {
		select_in_base(base, i);
		if (!tree_manifest_write(place, manifest))
			return 1;
	}
	return 0;
}

static int verify_all(const char *base)
{
	bool good = true;

	printf("TAP version 13\n1..%zu\n", n_tests);
	for (size_t i = 0; i < n_tests; i++) {
		select_in_base(base, i);
		report_reset();
		bool same = tree_manifest_compare(place, manifest);
		printf("%s %zu - %s.%s: the base is unchanged\n",
		       same ? "ok" : "not ok", i + 1, program, tests[i].id);
		report_print(0);
		good &= same;
	}
	return good ? 0 : 1;
}

static int usage(void)
{
	if (n_prepared)
		fprintf(stderr,
			"usage: %s --prepare BASE | DIR BASE [TEST...] | --verify "
			"BASE\n",
			program);
	else
		fprintf(stderr, "usage: %s DIR [TEST...]\n", program);
	return 2;
}

static int list_all(void)
{
	for (size_t i = 0; i < n_tests; i++)
		printf("%s\t%s\n", tests[i].id, tests[i].text);
	return 0;
}

int main(int argc, char **argv)
{
	char dir[PATH_MAX];
	const char *word = argc > 1 ? argv[1] : "";
	bool phase = strcmp(word, "--prepare") == 0 || strcmp(word, "--verify") == 0;

	program = base_name(argv[0]);
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED)
		return 1;
	if (strcmp(word, "--list") == 0)
		return list_all();
	if (argc < (phase || n_prepared ? 3 : 2) || phase > n_prepared)
		return usage();
	if (!realpath(phase ? argv[2] : word, dir)) {
		fprintf(stderr, "%s: %s: %s\n", program, phase ? argv[2] : word,
			strerror(errno));
		return 1;
	}
	if (phase)
		return word[2] == 'p' ? prepare_all(dir) : verify_all(dir);
	return run_all(dir, argv + (n_prepared ? 3 : 2), !n_prepared);
}
