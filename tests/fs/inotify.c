/* inotify(7) for changes made in the same view. */
#include "fstest.h"

#include <poll.h>
#include <sys/inotify.h>

static int watch_fd;

/* The next event, which must come within two seconds. */
static const struct inotify_event *next(void)
{
	static char buf[4096] __attribute__((aligned(8)));
	static ssize_t n;
	static ssize_t at;

	if (at >= n) {
		struct pollfd wait = {.fd = watch_fd, .events = POLLIN};
		CHECK_EQ(poll(&wait, 1, 2000), 1);
		n = read(watch_fd, buf, sizeof(buf));
		CHECK(n > 0);
		at = 0;
	}
	const struct inotify_event *event = (const void *)(buf + at);
	at += (ssize_t)sizeof(*event) + event->len;
	return event;
}

static const struct inotify_event *expect(uint32_t mask, const char *name)
{
	const struct inotify_event *event = next();
	const char *got = event->len ? event->name : "";

	if (event->mask != mask || strcmp(got, name) != 0)
		FAIL("expected event %x of \"%s\"; got %x of \"%s\"", mask, name,
		     event->mask, got);
	return event;
}

TEST(directory,
     "making, deleting and renaming in a watched directory is told, in order")
{
	OK(mkdir("d", 0755));
	watch_fd = OK(inotify_init1(IN_CLOEXEC));
	OK(inotify_add_watch(watch_fd, "d", IN_CREATE | IN_DELETE | IN_MOVE));
	touch("d/a", 0644);
	OK(mkdir("d/sub", 0755));
	OK(symlink("x", "d/l"));
	OK(link("d/a", "d/b"));
	OK(rename("d/a", "d/c"));
	OK(rename("d/c", "out"));
	OK(rename("out", "d/in"));
	OK(unlink("d/in"));
	OK(rmdir("d/sub"));
	expect(IN_CREATE, "a");
	expect(IN_CREATE | IN_ISDIR, "sub");
	expect(IN_CREATE, "l");
	expect(IN_CREATE, "b");
	uint32_t cookie = expect(IN_MOVED_FROM, "a")->cookie;
	CHECK_EQ(expect(IN_MOVED_TO, "c")->cookie, cookie);
	expect(IN_MOVED_FROM, "c");
	expect(IN_MOVED_TO, "in");
	expect(IN_DELETE, "in");
	expect(IN_DELETE | IN_ISDIR, "sub");
}

TEST(content, "opening, writing, attributes and closing of a file are told")
{
	put("f", "text");
	watch_fd = OK(inotify_init1(IN_CLOEXEC));
	OK(inotify_add_watch(watch_fd, "f",
			     IN_OPEN | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE |
				     IN_DELETE_SELF));
	int fd = OK(open("f", O_WRONLY));
	OK_N(write(fd, "x", 1), 1);
	OK(fchmod(fd, 0600));
	OK(close(fd));
	expect(IN_OPEN, "");
	expect(IN_MODIFY, "");
	expect(IN_ATTRIB, "");
	expect(IN_CLOSE_WRITE, "");
	OK(truncate("f", 1));
	expect(IN_MODIFY, "");
	OK(unlink("f"));
	expect(IN_ATTRIB, "");
	expect(IN_DELETE_SELF, "");
	expect(IN_IGNORED, "");
}

TEST(other_process, "what another process does is told too")
{
	OK(mkdir("d", 0755));
	watch_fd = OK(inotify_init1(IN_CLOEXEC));
	OK(inotify_add_watch(watch_fd, "d", IN_CREATE | IN_CLOSE_WRITE));
	if (in_child()) {
		put("d/f", "text");
		done();
	}
	expect(IN_CREATE, "f");
	expect(IN_CLOSE_WRITE, "f");
}

TEST(self, "move and end of a watched directory are told")
{
	OK(mkdir("d", 0755));
	watch_fd = OK(inotify_init1(IN_CLOEXEC));
	OK(inotify_add_watch(watch_fd, "d", IN_MOVE_SELF | IN_DELETE_SELF));
	OK(rename("d", "e"));
	expect(IN_MOVE_SELF, "");
	OK(rmdir("e"));
	expect(IN_DELETE_SELF, "");
}
