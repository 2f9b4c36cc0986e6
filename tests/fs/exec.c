/* execve(2): programs and scripts run, and ETXTBSY keeps running programs as they are.
 */
#include "fstest.h"

#include <sys/statvfs.h>
#include <sys/mman.h>
#include <sys/utsname.h>

static void need_exec(void)
{
	struct statvfs fs;

	OK(statvfs(".", &fs));
	if (fs.f_flag & ST_NOEXEC)
		SKIP("mounted noexec");
}

/* Linux 6.11 and 6.12 let running programs be written; before and after it does not. */
static void need_busy_text(void)
{
	struct utsname name;
	int major = 0;
	int minor = 0;

	OK(uname(&name));
	if (sscanf(name.release, "%d.%d", &major, &minor) == 2 && major == 6 &&
	    (minor == 11 || minor == 12))
		SKIP("this kernel has no ETXTBSY for running programs");
}

/* The exit status of the program, 127 if it does not start. */
static int run(const char *path)
{
	pid_t pid = fs_fork();
	int status;

	if (pid == 0) {
		execl(path, path, NULL);
		_exit(errno == EACCES ? 126 : 127);
	}
	while (waitpid(pid, &status, 0) < 0)
		CHECK_EQ(errno, EINTR);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(program, "a copied program runs, by a link too, and not without the right")
{
	need_exec();
	copy_in("/bin/true", "t", 0755);
	copy_in("/bin/false", "f", 0755);
	OK(symlink("t", "l"));
	CHECK_EQ(run("./t"), 0);
	CHECK_EQ(run("./f"), 1);
	CHECK_EQ(run("./l"), 0);
	OK(chmod("t", 0644));
	CHECK_EQ(run("./t"), 126);
	OK(chmod("t", 0755));
	CHECK_EQ(run("./t"), 0);
}

TEST(script, "a script runs, and its new text the next time")
{
	need_exec();
	put("s", "#!/bin/sh\nexit 3\n");
	OK(chmod("s", 0755));
	CHECK_EQ(run("./s"), 3);
	put("s", "#!/bin/sh\nexit 14\n");
	CHECK_EQ(run("./s"), 14);
}

TEST(replaced, "a program replaced by rename or rewritten runs as the new one")
{
	need_exec();
	copy_in("/bin/true", "p", 0755);
	CHECK_EQ(run("./p"), 0);
	copy_in("/bin/false", "new", 0755);
	OK(rename("new", "p"));
	CHECK_EQ(run("./p"), 1);
	OK(unlink("p"));
	copy_in("/bin/true", "p", 0755);
	CHECK_EQ(run("./p"), 0);
}

TEST(busy_writer, "a program that is open for writing does not start")
{
	need_exec();
	need_busy_text();
	copy_in("/bin/true", "t", 0755);
	int fd = OK(open("t", O_WRONLY));
	if (in_child()) {
		EXPECT_ERR(execl("./t", "t", NULL), ETXTBSY);
		done();
	}
	OK(close(fd));
	CHECK_EQ(run("./t"), 0);
}

TEST(busy_program,
     "a running program is not written or truncated, but unlinked and replaced")
{
	need_exec();
	need_busy_text();
	struct gate in = gate_new();
	struct gate out = gate_new();
	copy_in("/bin/cat", "cat", 0755);
	pid_t pid = fs_fork();
	if (pid == 0) {
		OK(dup2(in.fd[0], 0));
		OK(dup2(out.fd[1], 1));
		close(in.fd[1]);
		execl("./cat", "cat", NULL);
		_exit(1);
	}
	/* Once it has answered, it runs. */
	gate_open(&in);
	gate_wait(&out);
	EXPECT_ERR(open("cat", O_WRONLY), ETXTBSY);
	EXPECT_ERR(open("cat", O_RDWR | O_TRUNC), ETXTBSY);
	EXPECT_ERR(truncate("cat", 10), ETXTBSY);
	OK(chmod("cat", 0700));
	OK(open("cat", O_RDONLY));
	OK(unlink("cat"));
	put("cat", "new");
	gate_open(&in);
	gate_wait(&out);
	OK(close(in.fd[1]));
	JOIN(pid);
}

TEST(mapped_code, "code is mapped and run from a file, where the mount lets it")
{
	need_exec();
	copy_in("/bin/true", "t", 0755);
	int fd = OK(open("t", O_RDONLY));
	void *at = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	CHECK(at != MAP_FAILED);
	CHECK(memcmp(at, "\177ELF", 4) == 0);
}
