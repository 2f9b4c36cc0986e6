/*
 * requests read|stat|create PATH N: does one thing N times. `create` makes PATH0, PATH1
 * and so on, writing a few bytes to each.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int once(const char *what, const char *path, int i)
{
	char name[4096], data[64];
	struct stat st;
	int fd;

	if (strcmp(what, "stat") == 0) {
		(void)!stat(path, &st);
		return 0;
	}
	if (strcmp(what, "create") == 0) {
		snprintf(name, sizeof(name), "%s%d", path, i);
		fd = open(name, O_CREAT | O_WRONLY | O_TRUNC, 0644);
		if (fd < 0 || write(fd, "content", 7) != 7)
			return 1;
		return close(fd) != 0;
	}
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, data, sizeof(data)) < 0)
		return 1;
	return close(fd) != 0;
}

int main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	for (int i = 0; i < atoi(argv[3]); i++)
		if (once(argv[1], argv[2], i)) {
			perror(argv[2]);
			return 1;
		}
	return 0;
}
