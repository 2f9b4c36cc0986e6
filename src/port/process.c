#include "port/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

/* Reads a small file of /proc as text. */
static int read_text(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	text[n] = '\0';
	return 0;
}

int port_boot_id(char *ret_text, size_t size)
{
	int r = read_text("/proc/sys/kernel/random/boot_id", ret_text, size);

	if (r < 0)
		return error_set(r, "reading the boot id: %s", strerror(-r));
	ret_text[strcspn(ret_text, "\n")] = '\0';
	return 0;
}

int port_start_time(pid_t pid, uint64_t *ret_ticks)
{
	char path[64], text[1024], *p;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	r = read_text(path, text, sizeof(text));
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	/* The command in parentheses may hold anything; field 3 follows the last ')'.
	 */
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return -EINVAL;
	*ret_ticks = strtoull(p + 1, NULL, 10);
	return 0;
}

enum port_life port_life(pid_t pid)
{
	char path[64], text[4096];
	const char *state, *threads, *pending;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return PORT_ENDED;
	state = strstr(text, "\nState:\t");
	threads = strstr(text, "\nThreads:\t");
	if (state && (state[8] == 'Z' || state[8] == 'X'))
		/* Its other threads may outlive the first. */
		return threads && atoi(threads + 10) > 1 ? PORT_ENDING : PORT_ENDED;
	pending = strstr(text, "\nShdPnd:\t");
	if (pending && (strtoull(pending + 9, NULL, 16) >> (SIGKILL - 1) & 1))
		return PORT_ENDING;
	return PORT_ALIVE;
}

void port_close_from(int first)
{
	if (close_range((unsigned)first, ~0U, 0) == 0)
		return;
	for (int fd = (int)sysconf(_SC_OPEN_MAX); fd >= first; fd--)
		close(fd);
}
