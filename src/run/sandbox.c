/*
 * The sandbox, in the order that works:
 *
 *   namespaces           user + mount (+ pid, as root); mounts private
 *   keep                 detached copies of what must stay visible or writable
 *   private directories  /tmp, /var/tmp, /dev/shm, /run: empty tmpfs
 *   kept, visible        project's parents, HOME, agent socket, resolver: put back
 *   read-only            everything, in one call
 *   view                 over the project's own path, writable; allowed paths, /proc
 *   lock                 a second user namespace, without power over these mounts
 *
 * The descriptor of /dev/fuse is opened inside (the kernel insists) and handed to the
 * server by the launcher; no other process keeps a copy.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/path.h"
#include "port/sockets.h"
#include "run/calls.h"
#include "run/step.h"

struct private_dir {
	const char *path, *options;
};

static const struct private_dir private_dirs[] = {
	{"/tmp", "mode=1777"},
	{"/var/tmp", "mode=1777"},
	{"/dev/shm", "mode=1777"},
	{"/run", "mode=755"},
};
#define N_PRIVATE (sizeof(private_dirs) / sizeof(private_dirs[0]))

#define KEPT_MAX 300

struct kept {
	char path[PATH_MAX];
	int tree;
	bool directory;
	bool writable; /* put on top after everything else became read-only */
};

struct builder {
	const struct agentfs_run_options *options;
	struct kept *kept;
	int n_kept;
};

/* True if the directory gets hidden by a private one, and is not part of the project.
 */
static bool is_private(const struct builder *b, const char *path)
{
	return access(path, F_OK) == 0 && !path_is_below(path, b->options->project);
}

static bool lies_in_private(const char *path)
{
	for (size_t i = 0; i < N_PRIVATE; i++)
		if (path_is_below(path, private_dirs[i].path))
			return true;
	return false;
}

static int keep(struct builder *b, const char *path, bool writable)
{
	struct kept *k = &b->kept[b->n_kept];
	struct stat st;
	int r;

	if (b->n_kept == KEPT_MAX || strlen(path) >= sizeof(k->path))
		return error_set(-E2BIG, "too many paths to keep");
	if (stat(path, &st) < 0)
		return 0;
	r = mounts_clone(path, &k->tree);
	if (r < 0)
		return r;
	strcpy(k->path, path);
	k->directory = S_ISDIR(st.st_mode);
	k->writable = writable;
	b->n_kept++;
	return 0;
}

static int keep_if_hidden(struct builder *b, const char *path)
{
	char canonical[PATH_MAX];

	if (!path || path[0] != '/' || !realpath(path, canonical))
		return 0;
	for (size_t i = 0; i < N_PRIVATE; i++)
		if (strcmp(canonical, private_dirs[i].path) == 0)
			return 0; /* "HOME=/tmp": the private one is its home */
	return lies_in_private(canonical) ? keep(b, canonical, false) : 0;
}

/* What the resolver of /etc/resolv.conf needs from /run. */
static int keep_resolver(struct builder *b)
{
	static const char *const dirs[] = {"/run/systemd/resolve", "/run/resolvconf",
					   "/run/NetworkManager"};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(dirs) / sizeof(dirs[0]); i++)
		if (access(dirs[i], F_OK) == 0)
			r = keep(b, dirs[i], false);
	return r;
}

static int keep_all(struct builder *b, const struct paths *allows)
{
	int r = keep_if_hidden(b, getenv("HOME"));

	if (r == 0)
		r = keep_if_hidden(b, getenv("SSH_AUTH_SOCK"));
	if (r == 0)
		r = keep_resolver(b);
	for (int i = 0; r == 0 && i < allows->n; i++)
		r = keep(b, allows->list[i], true);
	return r;
}

static int make_private(struct builder *b)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < N_PRIVATE; i++)
		if (is_private(b, private_dirs[i].path))
			r = mounts_tmpfs(private_dirs[i].path, private_dirs[i].options);
	return r;
}

/* Directories that programs expect in an empty /run. */
static void furnish_run(void)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	mkdir("/run/lock", 01777);
	if (runtime && path_is_below(runtime, "/run") &&
	    mounts_make_place(runtime, true) == 0)
		chmod(runtime, 0700);
}

static int put_kept(struct builder *b, bool writable)
{
	int r = 0;

	for (int i = 0; r == 0 && i < b->n_kept; i++) {
		struct kept *k = &b->kept[i];

		if (k->writable != writable)
			continue;
		r = mounts_make_place(k->path, k->directory);
		if (r == 0)
			r = mounts_put(k->tree, k->path);
		close(k->tree);
	}
	return r;
}

/* Places for what is put later must be made while the private directories are writable.
 */
static int make_places(struct builder *b)
{
	int r = 0;

	if (lies_in_private(b->options->project))
		r = mounts_make_place(b->options->project, true);
	for (int i = 0; r == 0 && i < b->n_kept; i++)
		if (b->kept[i].writable && lies_in_private(b->kept[i].path))
			r = mounts_make_place(b->kept[i].path, b->kept[i].directory);
	return r;
}

/*
 * The directories of volumes hold control sockets, which a read-only mount does not
 * close. The project's own is hidden by the view.
 */
static int hide_volume_dirs(struct builder *b)
{
	char dir[PATH_MAX];
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	size_t len = path_parent_len(b->options->volume);
	struct stat st;
	int r = 0;

	snprintf(dir, sizeof(dir), "%.*s", (int)len, b->options->volume);
	if (!path_is_below(dir, b->options->project) && stat(dir, &st) == 0)
		r = mounts_tmpfs(dir, "mode=700");
	if (state && state[0] == '/')
		snprintf(dir, sizeof(dir), "%s/agentfs", state);
	else if (home && home[0] == '/')
		snprintf(dir, sizeof(dir), "%s/.local/state/agentfs", home);
	else
		return r;
	if (r == 0 && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
		r = mounts_tmpfs(dir, "mode=700");
	return r;
}

static int writable_again(struct builder *b)
{
	int r = mounts_writable("/proc");

	for (size_t i = 0; r == 0 && i < N_PRIVATE; i++)
		if (is_private(b, private_dirs[i].path))
			r = mounts_writable(private_dirs[i].path);
	return r;
}

struct audit {
	struct builder *builder;
	int n;
};

static void note_writable(void *arg, const char *point)
{
	struct audit *a = arg;
	const struct agentfs_run_options *o = a->builder->options;
	char line[PATH_MAX + 64];

	if (path_is_below(point, "/proc") || path_is_below(point, o->project) ||
	    lies_in_private(point))
		return;
	for (int i = 0; i < a->builder->n_kept; i++)
		if (path_is_below(point, a->builder->kept[i].path))
			return;
	snprintf(line, sizeof(line), "%s could not be made read-only", point);
	if (o->notice)
		o->notice(o->arg, line);
}

static int mount_view(const struct agentfs_run_options *o, int *ret_fuse, int *ret_tree)
{
	char source[128];
	struct fuse_mount m = {.source = source, .allow_other = true};

	snprintf(source, sizeof(source), "agentfs:%s", o->session);
	return fusemount_direct(&m, ret_fuse, ret_tree);
}

/* Hands descriptors to the launcher and waits until it says that the server answers. */
static int hand_over(int sync_fd, int fuse_fd)
{
	int fds[3] = {fuse_fd, open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC),
		      open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)};
	char byte = 'f';
	int r = fds[1] < 0 || fds[2] < 0
			? error_set(-errno, "opening the namespaces: %s",
				    strerror(errno))
			: port_send(sync_fd, &byte, 1, fds, 3);

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	if (r == 0 && read(sync_fd, &byte, 1) != 1)
		r = error_set(-EPIPE, "the launcher has gone");
	return r;
}

static int build(struct builder *b, const struct paths *allows, int sync_fd)
{
	struct audit audit = {b, 0};
	int fuse = -1, tree = -1;
	int r = mounts_private();

	if (r == 0)
		r = keep_all(b, allows);
	if (r == 0)
		r = mount_view(b->options, &fuse, &tree);
	if (r == 0)
		r = hand_over(sync_fd, fuse);
	if (r == 0)
		r = make_private(b);
	if (r == 0)
		r = put_kept(b, false);
	if (r == 0)
		r = make_places(b);
	if (r < 0)
		return r;
	furnish_run();
	r = hide_volume_dirs(b);
	if (r == 0)
		r = mounts_all_read_only();
	if (r == 0)
		r = writable_again(b);
	if (r == 0)
		r = mounts_put(tree, b->options->project);
	if (tree >= 0)
		close(tree);
	if (r == 0)
		r = put_kept(b, true);
	if (r == 0)
		r = mounts_find_writable(note_writable, &audit);
	return r;
}

int sandbox_build(const struct agentfs_run_options *options, const struct paths *allows,
		  int sync_fd)
{
	struct builder b = {.options = options};
	int r = namespace_enter_new(sync_fd, geteuid() == 0);

	if (r < 0)
		return r;
	b.kept = calloc(KEPT_MAX, sizeof(*b.kept));
	if (!b.kept)
		return -ENOMEM;
	r = build(&b, allows, sync_fd);
	free(b.kept);
	return r;
}

int sandbox_fresh_proc(void)
{
	int sys = -1;

	if (call_mount("proc", "/proc", "proc", CALL_NOSUID_NODEV | 8UL, NULL) < 0)
		return error_set(-errno, "mounting a fresh /proc: %s", strerror(errno));
	/* Settings of the whole machine are not for the sandbox. */
	if (mounts_clone("/proc/sys", &sys) == 0) {
		int r = mounts_put(sys, "/proc/sys");

		close(sys);
		if (r < 0)
			return r;
		if (call_mount(NULL, "/proc/sys", NULL, 4096UL | 32UL | 1UL | 14UL,
			       NULL) < 0)
			return error_set(-errno, "making /proc/sys read-only: %s",
					 strerror(errno));
	}
	return 0;
}
