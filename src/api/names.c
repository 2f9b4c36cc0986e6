/* Files that lie beside a volume, and what is left of one that was deleted. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "api/volume.h"
#include "base/error.h"
#include "base/path.h"
#include "port/sockets.h"

static size_t stem_len(const char *path)
{
	size_t len = strlen(path);

	return len > 3 && strcmp(path + len - 3, ".db") == 0 ? len - 3 : len;
}

char *volume_beside(const char *path, const char *ending)
{
	size_t len = stem_len(path);
	char *beside = malloc(len + strlen(ending) + 1);

	if (!beside)
		return NULL;
	memcpy(beside, path, len);
	strcpy(beside + len, ending);
	return beside;
}

char *volume_id_of(const char *path)
{
	const char *name = path_basename(path);

	return strndup(name, stem_len(name));
}

void volume_remove_beside(const char *path)
{
	static const char *const endings[] = {".db-wal", ".db-shm", ".db-journal",
					      ".sock"};

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
		char *beside = volume_beside(path, endings[i]);

		if (beside)
			unlink(beside);
		free(beside);
	}
}

static bool is_answering(const char *path)
{
	char *sock = volume_beside(path, ".sock");
	int fd, r = sock ? port_connect(sock, &fd) : -ENOMEM;

	free(sock);
	if (r == 0)
		close(fd);
	return r == 0 || r == -ENOMEM;
}

void volume_remove_leftovers(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0 && errno == ENOENT && !is_answering(path))
		volume_remove_beside(path);
}

void volume_remove_dead_socket(const char *path)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	char *sock;

	if (fd < 0) {
		volume_remove_leftovers(path);
		return;
	}
	/* With the lock nobody can start to serve it meanwhile. */
	sock = volume_beside(path, ".sock");
	if (sock && flock(fd, LOCK_EX | LOCK_NB) == 0 && !is_answering(path))
		unlink(sock);
	free(sock);
	close(fd);
}

int volume_check_writable(const char *path)
{
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 || errno == ENOENT)
		return 0;
	return error_set(-errno, "%s cannot be written: %s", path, strerror(errno));
}

void volume_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL);
}
