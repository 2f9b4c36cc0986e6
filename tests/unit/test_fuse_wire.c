/*
 * The adapter under bad messages: the kernel's side of a connection is played over a
 * socket pair, so that every request can be cut short, lie about its lengths or be
 * nonsense. Each gets an error or, where the protocol has no reply, none; what comes
 * after it is served as if nothing had been.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "fuse/session.h"
#include "view_tree.h"

#define MESSAGE_MAX 4096
#define REPLY_MAX   (2 * 1024 * 1024)
#define FUZZ_ROUNDS 20000
#define NONE	    1 /* what `ask` returns if there was no reply */

static struct tree t;
static struct fuse_connection *connection;
static int peer = -1; /* the kernel's end */
static uint64_t unique;
static uint64_t file_id, dir_id;

static union {
	struct fuse_out_header header;
	uint8_t bytes[REPLY_MAX];
} reply;
static size_t reply_len;

/* ---- the kernel's part ---- */

struct message {
	size_t len;
	union {
		struct fuse_in_header header;
		uint8_t bytes[MESSAGE_MAX];
	};
};

static void begin(struct message *m, uint32_t opcode, uint64_t node)
{
	memset(m, 0, sizeof(*m));
	m->len = sizeof(m->header);
	m->header.opcode = opcode;
	m->header.nodeid = node;
	m->header.uid = geteuid();
	m->header.gid = getegid();
}

static void add(struct message *m, const void *data, size_t len)
{
	assert_true(m->len + len <= sizeof(m->bytes));
	memcpy(m->bytes + m->len, data, len);
	m->len += len;
}

static void add_text(struct message *m, const char *text)
{
	add(m, text, strlen(text) + 1);
}

/* Sends what is there, with the length that the header says. */
static void send_raw(struct message *m)
{
	m->header.unique = ++unique;
	assert_int_equal(send(peer, m->bytes, m->len, MSG_NOSIGNAL), m->len);
}

static bool receive(int timeout_ms)
{
	struct pollfd fd = {.fd = peer, .events = POLLIN};
	ssize_t n;

	if (poll(&fd, 1, timeout_ms) <= 0)
		return false;
	n = recv(peer, reply.bytes, sizeof(reply.bytes), 0);
	assert_true(n >= (ssize_t)sizeof(reply.header));
	assert_int_equal(reply.header.len, n);
	reply_len = (size_t)n;
	return true;
}

/* Asks for the root's attributes: answered only after all that was sent before. */
static void expect_alive(const struct message *before)
{
	struct message m;
	struct fuse_getattr_in in = {0};

	begin(&m, FUSE_GETATTR, FUSE_ROOT_ID);
	add(&m, &in, sizeof(in));
	m.header.len = (uint32_t)m.len;
	send_raw(&m);
	do {
		if (receive(20000))
			continue;
		for (size_t i = 0; i < before->len; i++)
			print_error("%02x", before->bytes[i]);
		fail_msg("no reply after request %u", before->header.opcode);
	} while (reply.header.unique != unique);
	assert_int_equal(reply.header.error, 0);
}

/* The error of the reply (0 or negative), or NONE. */
static int ask_raw(struct message *m)
{
	uint64_t mine;
	int error;

	send_raw(m);
	mine = unique;
	/* The one thread answers in order: the probe's reply is the second or first. */
	struct message probe;

	begin(&probe, FUSE_STATFS, FUSE_ROOT_ID);
	probe.header.len = (uint32_t)probe.len;
	send_raw(&probe);
	assert_true(receive(20000));
	if (reply.header.unique == unique)
		return NONE;
	assert_int_equal(reply.header.unique, mine);
	error = reply.header.error;
	struct fuse_out_header header = reply.header;
	uint8_t first[256];
	size_t len = reply_len;

	memcpy(first, reply.bytes, sizeof(first));
	assert_true(receive(20000));
	assert_int_equal(reply.header.unique, unique);
	memcpy(reply.bytes, first, sizeof(first));
	reply.header = header;
	reply_len = len;
	return error;
}

static int ask(struct message *m)
{
	m->header.len = (uint32_t)m->len;
	return ask_raw(m);
}

static void connect_peer(void)
{
	struct fuse_connection_options o = {.ids.all = true, .n_threads = 1};
	int fds[2], size = 1 << 20;

	assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds),
			   errno);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	peer = fds[0];
	o.fd = fds[1];
	assert_int_equal(fuse_connection_start(t.view, &o, &connection), 0);
}

static void disconnect_peer(void)
{
	fuse_connection_stop(connection);
	connection = NULL;
	close(peer);
	peer = -1;
}

static int init(uint32_t major, uint32_t minor, uint32_t flags)
{
	struct fuse_init_in in = {.major = major,
				  .minor = minor,
				  .max_readahead = 131072,
				  .flags = flags};
	struct message m;

	begin(&m, FUSE_INIT, 0);
	add(&m, &in, sizeof(in));
	return ask(&m);
}

static int set_up(void **state)
{
	struct entry e;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	tree_make(&t);
	tree_base(&t, "mkdir d && echo base > d/f && echo other > g && ln -s g l");
	tree_open(&t);
	connect_peer();
	assert_int_equal(init(7, 45, UINT32_MAX), 0);
	assert_int_equal(fuse_connection_ready(connection, 1000), 0);
	assert_int_equal(view_walk(t.view, "/g", &e), 0);
	file_id = e.id;
	assert_int_equal(view_walk(t.view, "/d", &e), 0);
	dir_id = e.id;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (connection)
		disconnect_peer();
	tree_close(&t);
	tree_remove(&t);
	return 0;
}

/* ---- whole requests of every kind ---- */

struct sample {
	uint32_t opcode;
	size_t fixed;	   /* bytes of the fixed part */
	const char *names; /* texts behind it, each with its NUL */
	size_t names_len;
	bool on_file, silent;
};

#define NAMES(text) text, sizeof(text)

static const struct sample samples[] = {
	{FUSE_LOOKUP, 0, NAMES("name"), false, false},
	{FUSE_FORGET, sizeof(struct fuse_forget_in), NULL, 0, true, true},
	{FUSE_SETATTR, sizeof(struct fuse_setattr_in), NULL, 0, true, false},
	{FUSE_SYMLINK, 0, NAMES("link\0target"), false, false},
	{FUSE_MKNOD, sizeof(struct fuse_mknod_in), NAMES("node"), false, false},
	{FUSE_MKDIR, sizeof(struct fuse_mkdir_in), NAMES("dir"), false, false},
	{FUSE_UNLINK, 0, NAMES("gone"), false, false},
	{FUSE_RMDIR, 0, NAMES("gone"), false, false},
	{FUSE_RENAME, sizeof(struct fuse_rename_in), NAMES("a\0b"), false, false},
	{FUSE_RENAME2, sizeof(struct fuse_rename2_in), NAMES("a\0b"), false, false},
	{FUSE_LINK, sizeof(struct fuse_link_in), NAMES("more"), false, false},
	{FUSE_READ, sizeof(struct fuse_read_in), NULL, 0, true, false},
	{FUSE_WRITE, sizeof(struct fuse_write_in), NAMES("content"), true, false},
	{FUSE_FSYNC, sizeof(struct fuse_fsync_in), NULL, 0, true, false},
	{FUSE_FSYNCDIR, sizeof(struct fuse_fsync_in), NULL, 0, false, false},
	{FUSE_SETXATTR, sizeof(struct fuse_setxattr_in), NAMES("user.x\0value"), true,
	 false},
	{FUSE_GETXATTR, sizeof(struct fuse_getxattr_in), NAMES("user.x"), true, false},
	{FUSE_LISTXATTR, sizeof(struct fuse_getxattr_in), NULL, 0, true, false},
	{FUSE_REMOVEXATTR, 0, NAMES("user.x"), true, false},
	{FUSE_READDIR, sizeof(struct fuse_read_in), NULL, 0, false, false},
	{FUSE_READDIRPLUS, sizeof(struct fuse_read_in), NULL, 0, false, false},
	{FUSE_FALLOCATE, sizeof(struct fuse_fallocate_in), NULL, 0, true, false},
	{FUSE_LSEEK, sizeof(struct fuse_lseek_in), NULL, 0, true, false},
	{FUSE_COPY_FILE_RANGE, sizeof(struct fuse_copy_file_range_in), NULL, 0, true,
	 false},
	{PROTOCOL_COPY_FILE_RANGE_64, sizeof(struct fuse_copy_file_range_in), NULL, 0,
	 true, false},
	{FUSE_BATCH_FORGET, sizeof(struct fuse_batch_forget_in), NULL, 0, true, true},
	{FUSE_TMPFILE, sizeof(struct fuse_create_in), NULL, 0, false, false},
};

#define N_SAMPLES (sizeof(samples) / sizeof(samples[0]))

static void build(const struct sample *s, struct message *m)
{
	union {
		uint8_t bytes[256];
		struct fuse_write_in write;
		struct fuse_setxattr_in setxattr;
		struct fuse_mknod_in mknod;
		struct fuse_read_in read;
		struct fuse_fallocate_in fallocate;
		struct fuse_link_in link;
		struct fuse_copy_file_range_in copy;
	} fixed = {.bytes = {0}};

	begin(m, s->opcode, s->on_file ? file_id : dir_id);
	if (s->opcode == FUSE_WRITE)
		fixed.write.size = (uint32_t)s->names_len;
	if (s->opcode == FUSE_SETXATTR)
		fixed.setxattr.size = 6;
	if (s->opcode == FUSE_MKNOD)
		fixed.mknod.mode = S_IFREG | 0644;
	if (s->opcode == FUSE_READ || s->opcode == FUSE_READDIR ||
	    s->opcode == FUSE_READDIRPLUS)
		fixed.read.size = 4096;
	if (s->opcode == FUSE_FALLOCATE)
		fixed.fallocate.length = 100;
	if (s->opcode == FUSE_LINK)
		fixed.link.oldnodeid = file_id;
	if (s->opcode == FUSE_COPY_FILE_RANGE ||
	    s->opcode == PROTOCOL_COPY_FILE_RANGE_64) {
		fixed.copy.nodeid_out = file_id;
		fixed.copy.off_out = 64;
		fixed.copy.len = 1;
	}
	add(m, fixed.bytes, s->fixed);
	if (s->names)
		add(m, s->names, s->names_len);
}

static void every_cut_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		struct message whole;

		build(&samples[i], &whole);
		for (size_t len = sizeof(whole.header); len < whole.len; len++) {
			struct message cut = whole;
			int error;

			cut.len = len;
			error = ask(&cut);
			if (error != (samples[i].silent ? NONE : -EINVAL))
				fail_msg("%s cut to %zu of %zu bytes: %d",
					 wire_opcode_name(samples[i].opcode), len,
					 whole.len, error);
		}
	}
}

static void lengths_that_lie(void **state)
{
	struct message m;

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		build(&samples[i], &m);
		m.header.len = (uint32_t)m.len + 1;
		assert_int_equal(ask_raw(&m), NONE);
		m.header.len = (uint32_t)m.len - 1;
		assert_int_equal(ask_raw(&m), NONE);
		m.header.len = UINT32_MAX;
		assert_int_equal(ask_raw(&m), NONE);
	}
	begin(&m, FUSE_GETATTR, FUSE_ROOT_ID);
	m.len = sizeof(m.header) - 1;
	assert_int_equal(ask(&m), NONE);
	m.len = 1;
	assert_int_equal(ask_raw(&m), NONE);
}

static void counts_that_lie(void **state)
{
	struct fuse_write_in write = {.size = 100};
	struct fuse_setxattr_in set = {.size = UINT32_MAX};
	struct fuse_batch_forget_in batch = {.count = UINT32_MAX};
	struct fuse_forget_one one = {.nodeid = 12345, .nlookup = UINT64_MAX};
	struct fuse_read_in read = {.size = UINT32_MAX};
	struct message m;

	(void)state;
	begin(&m, FUSE_WRITE, file_id);
	add(&m, &write, sizeof(write));
	add(&m, "short", 5);
	assert_int_equal(ask(&m), -EINVAL);
	begin(&m, FUSE_SETXATTR, file_id);
	add(&m, &set, sizeof(set));
	add_text(&m, "user.y");
	assert_int_equal(ask(&m), -EINVAL);
	begin(&m, FUSE_BATCH_FORGET, 0);
	add(&m, &batch, sizeof(batch));
	add(&m, &one, sizeof(one));
	assert_int_equal(ask(&m), NONE);
	begin(&m, FUSE_READ, file_id);
	add(&m, &read, sizeof(read));
	assert_int_equal(ask(&m), -EINVAL);
	m.header.opcode = FUSE_READDIRPLUS;
	m.header.nodeid = dir_id;
	assert_int_equal(ask(&m), -EINVAL);
}

static void offsets_that_lie(void **state)
{
	struct fuse_write_in write = {.offset = INT64_MAX - 1, .size = 4};
	struct fuse_read_in read = {.offset = UINT64_MAX - 2, .size = 64};
	struct fuse_fallocate_in alloc = {.offset = INT64_MAX, .length = INT64_MAX};
	struct fuse_copy_file_range_in copy = {.off_in = INT64_MAX - 1,
					       .len = UINT64_MAX};
	struct message m;

	(void)state;
	begin(&m, FUSE_WRITE, file_id);
	add(&m, &write, sizeof(write));
	add(&m, "four", 4);
	assert_true(ask(&m) < 0);
	begin(&m, FUSE_READ, file_id);
	add(&m, &read, sizeof(read));
	assert_true(ask(&m) <= 0);
	begin(&m, FUSE_FALLOCATE, file_id);
	add(&m, &alloc, sizeof(alloc));
	assert_true(ask(&m) < 0);
	copy.nodeid_out = file_id;
	begin(&m, FUSE_COPY_FILE_RANGE, file_id);
	add(&m, &copy, sizeof(copy));
	assert_true(ask(&m) < 0);
}

static void names_that_are_none(void **state)
{
	static const char *const bad[] = {"", "a/b", ".", ".."};
	char long_name[300];
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct fuse_mkdir_in in = {.mode = 0755};

		begin(&m, FUSE_MKDIR, dir_id);
		add(&m, &in, sizeof(in));
		add_text(&m, bad[i]);
		assert_true(ask(&m) < 0);
		begin(&m, FUSE_UNLINK, dir_id);
		add_text(&m, bad[i]);
		assert_true(ask(&m) < 0);
	}
	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	begin(&m, FUSE_LOOKUP, dir_id);
	add_text(&m, long_name);
	assert_int_equal(ask(&m), -ENAMETOOLONG);
}

static void unknown_nodes_and_requests(void **state)
{
	static const uint64_t ids[] = {0, 999999, UINT64_MAX};
	struct message m;

	(void)state;
	for (size_t i = 0; i < N_SAMPLES; i++) {
		for (size_t j = 0; j < 3; j++) {
			int error;

			build(&samples[i], &m);
			m.header.nodeid = ids[j];
			error = ask(&m);
			if (samples[i].silent ? error != NONE : error >= 0)
				fail_msg("%s of node %llu: %d",
					 wire_opcode_name(samples[i].opcode),
					 (unsigned long long)ids[j], error);
		}
	}
	for (uint32_t opcode = 0; opcode < 100; opcode++) {
		if (wire_opcode_name(opcode))
			continue;
		begin(&m, opcode, FUSE_ROOT_ID);
		assert_int_equal(ask(&m), -ENOSYS);
	}
	begin(&m, UINT32_MAX, FUSE_ROOT_ID);
	assert_int_equal(ask(&m), -ENOSYS);
}

/* ---- what is agreed on, and sense ---- */

static const struct fuse_init_out *init_out(void)
{
	return (const void *)(reply.bytes + sizeof(reply.header));
}

static void negotiation(void **state)
{
	const uint32_t never = FUSE_ATOMIC_O_TRUNC | FUSE_WRITEBACK_CACHE |
			       FUSE_POSIX_LOCKS | FUSE_FLOCK_LOCKS |
			       FUSE_AUTO_INVAL_DATA | FUSE_HANDLE_KILLPRIV;
	const uint32_t always = FUSE_NO_OPEN_SUPPORT | FUSE_NO_OPENDIR_SUPPORT |
				FUSE_HANDLE_KILLPRIV_V2 | FUSE_POSIX_ACL |
				FUSE_MAX_PAGES | FUSE_PARALLEL_DIROPS;
	const uint32_t least = FUSE_NO_OPEN_SUPPORT | FUSE_BIG_WRITES | FUSE_MAX_PAGES;

	(void)state;
	assert_int_equal(init(7, 45, UINT32_MAX), 0);
	assert_int_equal(init_out()->flags & never, 0);
	assert_int_equal(init_out()->flags & always, always);
	assert_int_equal(init_out()->max_write, 1 << 20);
	/* Nothing that the kernel did not offer, and no newer protocol than its. */
	assert_int_equal(init(7, 31, least), 0);
	assert_int_equal(init_out()->flags, least);
	assert_int_equal(init_out()->minor, 31);
}

static void no_common_protocol(void **state)
{
	(void)state;
	disconnect_peer();
	connect_peer();
	assert_int_equal(init(7, 10, 0), -EPROTO);
	assert_int_equal(fuse_connection_ready(connection, 1000), -EPROTO);
	disconnect_peer();
	connect_peer();
	assert_int_equal(fuse_connection_ready(connection, 1), -ETIMEDOUT);
	close(peer);
	assert_int_equal(fuse_connection_ready(connection, 1000), -ENOTCONN);
	assert_true(fuse_connection_ended(connection));
	disconnect_peer();
	connect_peer();
}

static void far_times_are_cut(void **state)
{
	static const int64_t seconds[] = {INT64_MAX, INT64_MIN, 1000000000000, -1, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		struct fuse_setattr_in in = {.valid = FATTR_MTIME | FATTR_ATIME,
					     .mtime = (uint64_t)seconds[i],
					     .atime = (uint64_t)seconds[i],
					     .mtimensec = UINT32_MAX};
		const struct fuse_attr_out *out =
			(const void *)(reply.bytes + sizeof(reply.header));
		struct message m;

		begin(&m, FUSE_SETATTR, file_id);
		add(&m, &in, sizeof(in));
		assert_int_equal(ask(&m), 0);
		assert_int_equal((int64_t)out->attr.mtime < 0, seconds[i] < 0);
		assert_true(out->attr.mtimensec < 1000000000);
	}
}

static void add_lookups(void *arg, const char *name, int64_t count)
{
	if (strcmp(name, "LOOKUP") == 0)
		*(int64_t *)arg += count;
}

static int64_t n_lookups(void)
{
	int64_t n = 0;

	fuse_connection_counters(connection, add_lookups, &n);
	return n;
}

/* A reference in a reply that nobody took is the view's again. */
static void undelivered_references(void **state)
{
	struct entry e;
	struct attr attr;
	bool cacheable;
	struct message m;
	int64_t before = n_lookups();

	(void)state;
	assert_int_equal(tree_create(&t, "/lost", 0644), 0);
	assert_int_equal(tree_entry(&t, "/lost", &e), 0);
	assert_return_code(shutdown(peer, SHUT_RD), errno);
	begin(&m, FUSE_LOOKUP, FUSE_ROOT_ID);
	add_text(&m, "lost");
	m.header.len = (uint32_t)m.len;
	send_raw(&m);
	while (n_lookups() == before)
		usleep(1000);
	disconnect_peer(); /* ends after the request */
	assert_int_equal(tree_unlink(&t, "/lost"), 0);
	assert_int_equal(view_getattr(t.view, e.id, &attr, &cacheable), 0);
	view_forget(t.view, e.id, 1);
	/* A flush that is under way may hold it a moment longer. */
	for (int i = 0; i < 5000 && view_getattr(t.view, e.id, &attr, &cacheable) == 0;
	     i++)
		usleep(1000);
	assert_int_equal(view_getattr(t.view, e.id, &attr, &cacheable), -ESTALE);
	connect_peer();
}

static void exact_ends(void **state)
{
	/* On the heap and without a byte to spare, so that ASan sees a step too far. */
	size_t len = sizeof(struct fuse_in_header) + 4, text_len;
	uint8_t *bytes = calloc(1, len);
	struct fuse_in_header header = {.len = (uint32_t)len};
	struct wire_request r;
	uint8_t room[64];
	struct wire_listing l = {.data = room, .size = 40};

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, &header, sizeof(header));
	memcpy(bytes + sizeof(header), "abcd", 4);
	assert_true(wire_parse(bytes, len, &r));
	assert_null(wire_take_text(&r, &text_len));
	assert_null(wire_take(&r, 5));
	assert_null(wire_take(&r, SIZE_MAX));
	assert_non_null(wire_take(&r, 4));
	assert_null(wire_take(&r, 1));
	assert_null(wire_take_text(&r, &text_len));
	assert_false(wire_parse(bytes, len - 1, &r));
	assert_false(wire_parse(bytes, 3, &r));
	free(bytes);
	assert_true(wire_add_dirent(&l, 1, 1, S_IFREG, "12345678", 8));
	assert_int_equal(l.len, 32);
	assert_false(wire_add_dirent(&l, 1, 2, S_IFREG, "x", 1));
	assert_int_equal(l.len, 32);
}

/* ---- at random ---- */

static uint64_t state_of_random = 88172645463325252u;

static uint64_t any(uint64_t below)
{
	state_of_random ^= state_of_random << 13;
	state_of_random ^= state_of_random >> 7;
	state_of_random ^= state_of_random << 17;
	return state_of_random % below;
}

static void mutate(struct message *m)
{
	static const uint8_t edges[] = {0, 1, 0x7f, 0x80, 0xff};
	uint64_t ids[] = {0, 1, file_id, dir_id, 3 + any(60), UINT64_MAX};
	size_t body = sizeof(m->header);

	for (uint64_t n = any(6); n > 0 && m->len > body; n--)
		m->bytes[body + any(m->len - body)] =
			any(2) ? (uint8_t)any(256) : edges[any(sizeof(edges))];
	if (any(4) == 0)
		m->header.nodeid = ids[any(sizeof(ids) / sizeof(ids[0]))];
	if (any(16) == 0)
		m->header.opcode = (uint32_t)any(60);
	if (any(8) == 0)
		m->len = any(m->len + 1);
	if (any(16) == 0) {
		size_t more = any(64);

		memset(m->bytes + m->len, (int)any(256), more);
		m->len += more;
	}
	if (m->len == 0)
		m->len = 1;
	m->header.len = any(32) ? (uint32_t)m->len : (uint32_t)any(5000);
}

static void on_problem(void *arg, const char *line)
{
	(void)arg;
	print_error("check: %s\n", line);
}

static void random_messages(void **state)
{
	(void)state;
	for (int i = 0; i < FUZZ_ROUNDS; i++) {
		struct message m;

		build(&samples[any(N_SAMPLES)], &m);
		mutate(&m);
		send_raw(&m);
		expect_alive(&m);
	}
	disconnect_peer();
	tree_close(&t);
	tree_open(&t);
	/* What came of it is a sound volume. */
	assert_int_equal(store_check(t.store, on_problem, NULL), 0);
	connect_peer();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_is_refused),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(counts_that_lie),
		cmocka_unit_test(offsets_that_lie),
		cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(unknown_nodes_and_requests),
		cmocka_unit_test(negotiation),
		cmocka_unit_test(far_times_are_cut),
		cmocka_unit_test(exact_ends),
		cmocka_unit_test(no_common_protocol),
		cmocka_unit_test(undelivered_references),
		cmocka_unit_test(random_messages),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
