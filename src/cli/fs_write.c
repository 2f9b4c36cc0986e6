#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/fs.h"

#define WRITE_PART ((size_t)512 * 1024)

static int write_input(struct fs *fs, const char *path)
{
	char *data = malloc(WRITE_PART);
	int64_t off = 0;
	size_t n;
	int r = data ? agentfs_write(fs->volume, path, 0, "", 0, true) : -ENOMEM;

	while (r >= 0 && (n = fread(data, 1, WRITE_PART, stdin)) > 0) {
		r = agentfs_write(fs->volume, path, off, data, n, false);
		off += (int64_t)n;
	}
	free(data);
	if (r >= 0 && ferror(stdin)) {
		complain("reading standard input failed");
		return EXIT_FAILED;
	}
	return r < 0 ? fail(r) : EXIT_OK;
}

int fs_write(struct fs *fs, int argc, char **argv)
{
	char *path = fs_path(argv[0]);
	int r;

	(void)argc;
	if (!path)
		return EXIT_FAILED;
	if (strcmp(argv[1], "-") == 0) {
		r = write_input(fs, path);
	} else {
		r = agentfs_write(fs->volume, path, 0, argv[1], strlen(argv[1]), true);
		r = r < 0 ? fail(r) : EXIT_OK;
	}
	free(path);
	return r;
}

/* Calls a method for one path, with further parameters (consumed). */
static int call_path(struct fs *fs, const char *method, const char *typed,
		     json_t *params)
{
	char *path = fs_path(typed);
	json_t *result;
	int r = EXIT_FAILED;

	if (path) {
		json_object_set_new(params, "path",
				    json_from_bytes(path, strlen(path)));
		r = call(fs->volume, method, json_incref(params), &result);
		if (r == 0)
			json_decref(result);
	}
	json_decref(params);
	free(path);
	return r;
}

int fs_rm(struct fs *fs, int argc, char **argv)
{
	int r = 0;

	for (int i = 0; r == 0 && i < argc; i++)
		r = call_path(fs, "remove", argv[i],
			      json_pack("{s:b, s:b}", "recursive", fs->recursive,
					"force", fs->force));
	return r;
}

int fs_mkdir(struct fs *fs, int argc, char **argv)
{
	int r = 0;

	for (int i = 0; r == 0 && i < argc; i++)
		r = call_path(fs, "mkdir", argv[i],
			      json_pack("{s:b}", "parents", fs->parents));
	return r;
}

static int call_two(struct fs *fs, const char *method, char **argv, json_t *params)
{
	char *from = fs_path(argv[0]), *to = from ? fs_path(argv[1]) : NULL;
	json_t *result;
	int r = EXIT_FAILED;

	if (to) {
		json_object_set_new(params, "from",
				    json_from_bytes(from, strlen(from)));
		json_object_set_new(params, "to", json_from_bytes(to, strlen(to)));
		r = call(fs->volume, method, json_incref(params), &result);
		if (r == 0)
			json_decref(result);
	}
	json_decref(params);
	free(from);
	free(to);
	return r;
}

int fs_mv(struct fs *fs, int argc, char **argv)
{
	(void)argc;
	return call_two(fs, "move", argv, json_object());
}

int fs_cp(struct fs *fs, int argc, char **argv)
{
	(void)argc;
	return call_two(fs, "copy", argv,
			json_pack("{s:b}", "recursive", fs->recursive));
}
