/* The life of a connection, its threads, and which operation serves which request. */
#include "fuse/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "fuse/session.h"
#include "fuse/transport.h"

#define THREADS_MAX 4
#define IDLE_MS	    5000 /* without a request: the thread's buffers are given back */

/* A request without an operation is answered ENOSYS: the kernel then does without it.
 */
static const operation operations[PROTOCOL_OPCODES] = {
	[FUSE_INIT] = op_init,
	[FUSE_LOOKUP] = op_lookup,
	[FUSE_FORGET] = op_forget,
	[FUSE_BATCH_FORGET] = op_batch_forget,
	[FUSE_GETATTR] = op_getattr,
	[PROTOCOL_STATX] = op_statx,
	[FUSE_SETATTR] = op_setattr,
	[FUSE_READLINK] = op_readlink,
	[FUSE_STATFS] = op_statfs,
	[FUSE_MKNOD] = op_mknod,
	[FUSE_MKDIR] = op_mkdir,
	[FUSE_SYMLINK] = op_symlink,
	[FUSE_LINK] = op_link,
	[FUSE_TMPFILE] = op_tmpfile,
	[FUSE_UNLINK] = op_unlink,
	[FUSE_RMDIR] = op_rmdir,
	[FUSE_RENAME] = op_rename,
	[FUSE_RENAME2] = op_rename2,
	[FUSE_READ] = op_read,
	[FUSE_WRITE] = op_write,
	[FUSE_FSYNC] = op_fsync,
	[FUSE_FSYNCDIR] = op_fsync,
	[FUSE_SYNCFS] = op_syncfs,
	[FUSE_FALLOCATE] = op_fallocate,
	[FUSE_LSEEK] = op_lseek,
	[FUSE_COPY_FILE_RANGE] = op_copy_file_range,
	[PROTOCOL_COPY_FILE_RANGE_64] = op_copy_file_range_64,
	[FUSE_READDIR] = op_readdir,
	[FUSE_READDIRPLUS] = op_readdirplus,
	[FUSE_GETXATTR] = op_getxattr,
	[FUSE_LISTXATTR] = op_listxattr,
	[FUSE_SETXATTR] = op_setxattr,
	[FUSE_REMOVEXATTR] = op_removexattr,
};

/* Requests that are answered, or not, without an operation of their own. */
static bool serve_simple(struct request *r)
{
	switch (r->in.header.opcode) {
	case FUSE_INTERRUPT: /* no request waits for long: it will be answered */
	case FUSE_NOTIFY_REPLY:
		return true;
	case FUSE_RELEASE:
	case FUSE_RELEASEDIR:
	case FUSE_DESTROY:
		reply_error(r, 0);
		return true;
	case FUSE_IOCTL:
		reply_error(r, -ENOTTY);
		return true;
	default:
		return false;
	}
}

/* True for what the kernel sends only once it may work in the directory. */
static bool enters(const struct fuse_in_header *header)
{
	switch (header->opcode) {
	case FUSE_INIT:
	case FUSE_GETATTR:
	case PROTOCOL_STATX:
	case FUSE_STATFS:
	case FUSE_GETXATTR: /* the ACL, before the permission is known */
		return false;
	default:
		return header->nodeid == FUSE_ROOT_ID;
	}
}

static void serve(struct fuse_thread *t, size_t len)
{
	struct request r = {.connection = t->connection,
			    .view = t->connection->view,
			    .out = t->out};
	uint32_t opcode;

	if (!wire_parse(t->in, len, &r.in)) {
		log_debug("fuse: a message of %zu bytes is malformed", len);
		return;
	}
	opcode = r.in.header.opcode;
	error_clear();
	if (!t->connection->root_entered && enters(&r.in.header))
		t->connection->root_entered = true;
	if (opcode < PROTOCOL_OPCODES)
		atomic_fetch_add_explicit(&t->connection->counts[opcode], 1,
					  memory_order_relaxed);
	if (opcode < PROTOCOL_OPCODES && operations[opcode])
		operations[opcode](&r);
	else if (!serve_simple(&r))
		reply_error(&r, -ENOSYS);
}

/* ---- threads ---- */

static void pin(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		log_debug("fuse: pinning to CPU %d: %s", cpu, strerror(errno));
}

static void tell_end(struct fuse_connection *c)
{
	lock_take(&c->lock);
	c->ended = true;
	if (!c->ready && !c->failed)
		c->failed = -ENOTCONN;
	pthread_cond_broadcast(&c->changed);
	lock_drop(&c->lock);
	if (!atomic_flag_test_and_set(&c->end_told) && c->on_end)
		c->on_end(c->end_arg);
}

static void *thread_main(void *arg)
{
	struct fuse_thread *t = arg;
	struct fuse_connection *c = t->connection;
	int idle_ms = IDLE_MS;

	pin(t->cpu);
	/* The flag is for clients that leave no moment to look at stop_fd. */
	while (!atomic_load_explicit(&c->stopping, memory_order_relaxed)) {
		ssize_t n = transport_receive(c->fd, c->stop_fd, t->in, idle_ms);

		if (n == 0)
			return NULL;
		if (n == -ETIMEDOUT) {
			madvise(t->in, TRANSPORT_MESSAGE_MAX, MADV_DONTNEED);
			madvise(t->out, TRANSPORT_MESSAGE_MAX, MADV_DONTNEED);
			idle_ms = -1;
			continue;
		}
		if (n < 0) {
			log_debug("fuse: the connection ends: %s", strerror((int)-n));
			tell_end(c);
			return NULL;
		}
		serve(t, (size_t)n);
		idle_ms = IDLE_MS;
	}
	return NULL;
}

static void *buffer_new(void)
{
	void *p = mmap(NULL, TRANSPORT_MESSAGE_MAX, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

static int thread_start(struct fuse_connection *c, struct fuse_thread *t, int cpu)
{
	int r;

	t->connection = c;
	t->cpu = cpu;
	t->in = buffer_new();
	t->out = buffer_new();
	r = t->in && t->out ? -pthread_create(&t->id, NULL, thread_main, t) : -ENOMEM;
	if (r < 0) {
		if (t->in)
			munmap(t->in, TRANSPORT_MESSAGE_MAX);
		if (t->out)
			munmap(t->out, TRANSPORT_MESSAGE_MAX);
		return error_set(r, "starting a FUSE thread: %s", strerror(-r));
	}
	return 0;
}

/* The n-th CPU that this process may use. */
static int nth_cpu(int n)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set) && n-- == 0)
			return cpu;
	return -1;
}

static int thread_count(int wanted)
{
	cpu_set_t set;
	int n = 1;

	if (wanted > 0)
		return wanted < 64 ? wanted : 64;
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	return n < THREADS_MAX ? n : THREADS_MAX;
}

/* ---- life ---- */

static int set_up(struct fuse_connection *c, const struct fuse_connection_options *o)
{
	size_t size = (size_t)o->ids.n_groups * sizeof(gid_t);

	c->ids = o->ids;
	if (size) {
		c->groups = malloc(size);
		if (!c->groups)
			return -ENOMEM;
		memcpy(c->groups, o->ids.groups, size);
		c->ids.groups = c->groups;
	}
	c->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (c->stop_fd < 0)
		return error_set(-errno, "making an eventfd: %s", strerror(errno));
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(c->fd, F_SETFD, FD_CLOEXEC) < 0)
		return error_set(-errno, "setting up /dev/fuse: %s", strerror(errno));
	return 0;
}

int fuse_connection_start(struct view *view,
			  const struct fuse_connection_options *options,
			  struct fuse_connection **ret_connection)
{
	int n = thread_count(options->n_threads), r;
	struct fuse_connection *c =
		calloc(1, sizeof(*c) + (size_t)n * sizeof(*c->threads));

	if (!c) {
		close(options->fd);
		return -ENOMEM;
	}
	c->fd = options->fd;
	c->stop_fd = -1;
	c->view = view;
	c->read_only = options->read_only;
	c->on_end = options->ended;
	c->end_arg = options->arg;
	lock_init(&c->lock, LOCK_CONTROL);
	lock_cond_init(&c->changed);
	r = set_up(c, options);
	for (int i = 0; r == 0 && i < n; i++) {
		r = thread_start(c, &c->threads[i], nth_cpu(i));
		if (r == 0)
			c->n_threads++;
	}
	if (r < 0) {
		fuse_connection_stop(c);
		return r;
	}
	struct view_notifier notifier = notify_to(c);

	view_set_notifier(view, &notifier);
	c->notifies = true;
	*ret_connection = c;
	return 0;
}

int fuse_connection_ready(struct fuse_connection *c, int timeout_ms)
{
	int64_t deadline = clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
	int r;

	lock_take(&c->lock);
	while (!c->ready && !c->failed)
		if (!lock_wait_until(&c->lock, &c->changed, deadline))
			break;
	r = c->ready ? 0 : c->failed ? c->failed : -ETIMEDOUT;
	lock_drop(&c->lock);
	if (r == -EPROTO)
		return error_set(r, "the kernel's FUSE is too old for agentfs");
	return r;
}

bool fuse_connection_ended(struct fuse_connection *c)
{
	return c->ended;
}

void fuse_connection_stop(struct fuse_connection *c)
{
	uint64_t one = 1;

	if (!c)
		return;
	/*
	 * While the threads still serve: a notification under way may wait in the
	 * kernel for a directory whose client waits for an answer of theirs.
	 */
	if (c->notifies)
		view_set_notifier(c->view, NULL);
	c->stopping = true;
	if (c->stop_fd >= 0 && write(c->stop_fd, &one, sizeof(one)) < 0)
		log_debug("fuse: stopping: %s", strerror(errno));
	for (int i = 0; i < c->n_threads; i++) {
		pthread_join(c->threads[i].id, NULL);
		munmap(c->threads[i].in, TRANSPORT_MESSAGE_MAX);
		munmap(c->threads[i].out, TRANSPORT_MESSAGE_MAX);
	}
	close(c->fd);
	if (c->stop_fd >= 0)
		close(c->stop_fd);
	lock_release(&c->lock);
	free(c->groups);
	free(c);
}

void fuse_connection_counters(struct fuse_connection *c,
			      void (*each)(void *arg, const char *name, int64_t count),
			      void *arg)
{
	for (uint32_t i = 0; i < PROTOCOL_OPCODES; i++)
		if (c->counts[i] && wire_opcode_name(i))
			each(arg, wire_opcode_name(i), c->counts[i]);
}
