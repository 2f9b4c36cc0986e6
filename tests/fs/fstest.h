/*
 * fstest: the harness of the conformance programs. A program is a list of named tests;
 * each runs in a process of its own, with a time limit, in a fresh directory below the
 * one given on the command line, which is its working directory. Results are TAP on
 * stdout; below each "not ok" stands file:line, what was expected and what came.
 *
 *	PROG DIR [TEST...]		a plain program (no PREPARE in it)
 *	PROG --prepare BASE		an overlay program: fill the base,
 *	PROG DIR BASE [TEST...]		then test in DIR, a view over (or a copy of)
 *BASE, PROG --verify BASE		then prove that BASE is as it was PROG --list
 *the names of its tests
 *
 * Environment: FSTEST_USER=uid:gid is who "another user" is in tests that root runs
 * (65534:65534 if unset, none if empty); FSTEST_TIMEOUT the seconds a test may take
 *(30); FSTEST_KEEP=1 leaves the directories of failed tests. Exit status: 0, or 1 if
 *one failed.
 */
#ifndef FSTEST_H
#define FSTEST_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KIB 1024
#define MIB (1024 * 1024)

typedef void fs_test_fn(void);

void fs_register_test(const char *id, const char *text, fs_test_fn *run);
void fs_register_prepare(const char *id, fs_test_fn *run);

/* A test: its body ends by returning; the first failed check ends it. */
#define TEST(id, text)                                                                 \
	static void test_##id(void);                                                   \
	__attribute__((constructor)) static void register_##id(void)                   \
	{                                                                              \
		fs_register_test(#id, text, test_##id);                                \
	}                                                                              \
	static void test_##id(void)

/* What the test of that id finds in its directory; run with the base as its place. */
#define PREPARE(id)                                                                    \
	static void prepare_##id(void);                                                \
	__attribute__((constructor)) static void register_prepare_##id(void)           \
	{                                                                              \
		fs_register_prepare(#id, prepare_##id);                                \
	}                                                                              \
	static void prepare_##id(void)

/* --- checks; each ends the test on failure -------------------------------------------
 */

#define HERE __FILE__, __LINE__

_Noreturn void fs_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void fs_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fs_check(const char *file, int line, const char *text, bool cond);
void fs_check_eq(const char *file, int line, const char *text, int64_t got,
		 int64_t want);
void fs_check_mode(const char *file, int line, const char *path, unsigned want);
int fs_ok(const char *file, int line, const char *text, int64_t result);
void fs_expect_err(const char *file, int line, const char *text, int64_t result,
		   int want);

/* The condition holds. */
#define CHECK(cond) fs_check(HERE, #cond, cond)
/* Two integers are equal; both are shown if not. */
#define CHECK_EQ(got, want) fs_check_eq(HERE, #got " == " #want, (got), (want))
/* The permission bits (07777) of a name, not followed if it is a link. */
#define CHECK_MODE(path, want) fs_check_mode(HERE, path, want)
/* The call succeeds (returns 0 or more); its value, as an int. */
#define OK(call) fs_ok(HERE, #call, (call))
/* The call returns exactly this count. */
#define OK_N(call, n) fs_check_eq(HERE, #call " == " #n, (call), (n))
/* The call returns -1 and errno is that. */
#define EXPECT_ERR(call, err) fs_expect_err(HERE, #call, (call), (err))
/* The name is absent. */
#define GONE(path) fs_expect_err(HERE, "access(" #path ")", fs_access(path), ENOENT)
#define SKIP(...)  fs_skip(__VA_ARGS__)
#define FAIL(...)  fs_fail(HERE, __VA_ARGS__)

/* --- other processes and other users -------------------------------------------------
 */

/*
 * Block in a process of its own: `if (in_child()) { ...; done(); }`. The parent waits
 * and goes on behind the block; a check that fails within ends the whole test.
 * as_other() is the same as the other user, as_user() as any (one group, no other
 * groups).
 */
bool fs_in_child(const char *file, int line);
bool fs_as_user(const char *file, int line, uid_t uid, gid_t gid);
#define in_child()	  fs_in_child(HERE)
#define as_user(uid, gid) fs_as_user(HERE, uid, gid)
#define as_other()	  as_user(other_uid(), other_gid())
_Noreturn void done(void);

/* A process beside this one: fork, and to wait for its success. */
pid_t fs_fork(void);
void fs_join(const char *file, int line, pid_t pid);
#define JOIN(pid) fs_join(HERE, pid)

/* A gate to let two processes go in turns: open lets one wait through. */
struct gate {
	int fd[2];
};
struct gate gate_new(void);
void gate_open(const struct gate *gate);
void gate_wait(const struct gate *gate);

/* Root with every id at hand, also inside a namespace; root of the machine itself. */
void need_root(void);
void need_machine_root(void);
/* In a namespace of one id an ACL cannot name another. */
void need_ids_of_others(void);
/* Root, and another user who can reach this directory. */
void need_other(void);
/* Goes on as a user without privileges who owns the test's directory. */
void be_plain(void);
uid_t other_uid(void);
gid_t other_gid(void);
bool is_root(void);

/* --- files ---------------------------------------------------------------------------
 */

int64_t fs_access(const char *path);
struct stat fs_lstat(const char *file, int line, const char *path);
struct stat fs_fstat(const char *file, int line, int fd);
#define LSTAT(path) fs_lstat(HERE, path)
#define FSTAT(fd)   fs_fstat(HERE, fd)

void fs_touch(const char *file, int line, const char *path, mode_t mode);
void fs_put(const char *file, int line, const char *path, const char *text);
void fs_fill(const char *file, int line, const char *path, int64_t size, unsigned seed);
void fs_fill_fd(const char *file, int line, int fd, int64_t off, int64_t size,
		unsigned seed);
/* A new empty file of that mode (umask apart); a file with that text. */
#define touch(path, mode) fs_touch(HERE, path, mode)
#define put(path, text)	  fs_put(HERE, path, text)
/* A file, or a range of one, of a pattern that depends on offset and seed. */
#define fill(path, size, seed)	     fs_fill(HERE, path, size, seed)
#define fill_fd(fd, off, size, seed) fs_fill_fd(HERE, fd, off, size, seed)
/* A new file with the content of one of anywhere on the machine. */
void copy_in(const char *from, const char *to, mode_t mode);

void fs_text(const char *file, int line, const char *path, const char *want);
void fs_range(const char *file, int line, int fd, int64_t off, int64_t size, int seed);
/* The file consists of exactly that text. */
#define TEXT(path, want) fs_text(HERE, path, want)
/* The range reads as the pattern of that seed, or (ZERO) as zeros. */
#define RANGE(fd, off, size, seed) fs_range(HERE, fd, off, size, seed)
#define ZERO			   (-1)

int fs_count(const char *file, int line, const char *path);
bool fs_has(const char *file, int line, const char *path, const char *name);
/* Entries of a directory without "." and ".."; whether it lists that name. */
#define count_entries(path)   fs_count(HERE, path)
#define has_entry(path, name) fs_has(HERE, path, name)

/* Lets the clock of file times move on, so that an update shows. */
void tick(void);
/* Less than 0, 0, more than 0, as a is before, equal to, after b. */
int cmp_time(struct timespec a, struct timespec b);

#define LATER(a, b) CHECK(cmp_time((a), (b)) > 0)
#define SAME(a, b)  CHECK(cmp_time((a), (b)) == 0)

#endif
