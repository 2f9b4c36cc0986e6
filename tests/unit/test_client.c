/* One client of the listener: cutting bytes into requests, sending answers. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "ctl/client.h"
#include "ctl/rpc.h"

struct pair {
	struct client c;
	int peer;
};

static int setup(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	if (!p ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -1;
	client_init(&p->c, fds[0], 1);
	p->peer = fds[1];
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct pair *p = *state;

	client_release(&p->c);
	if (p->peer >= 0)
		close(p->peer);
	free(p);
	return 0;
}

static void send_text(struct pair *p, const char *text)
{
	assert_int_equal(port_send(p->peer, text, strlen(text), NULL, 0), 0);
	assert_int_equal(client_receive(&p->c), 0);
}

static json_t *next(struct pair *p)
{
	int fds[PORT_FDS_MAX], n = 0;
	json_t *request = NULL;

	return client_next(&p->c, &request, fds, &n) ? request : NULL;
}

/* The code of the error answer that waits, or 0. */
static json_int_t refused(struct pair *p)
{
	json_t *m;
	json_int_t code;

	if (!p->c.out)
		return 0;
	m = json_loadb(p->c.out, p->c.out_len, 0, NULL);
	assert_non_null(m);
	code = json_integer_value(json_object_get(json_object_get(m, "error"), "code"));
	json_decref(m);
	assert_int_equal(client_send(&p->c), 0);
	assert_null(p->c.out);
	return code;
}

#define REQUEST "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}\n"

static void test_pieces(void **state)
{
	struct pair *p = *state;
	const char text[] = REQUEST;
	json_t *m;

	for (size_t i = 0; text[i]; i++) {
		char one[2] = {text[i], '\0'};

		assert_null(next(p));
		send_text(p, one);
	}
	m = next(p);
	assert_non_null(m);
	assert_string_equal(json_string_value(json_object_get(m, "method")), "ping");
	assert_true(json_is_object(json_object_get(m, "params")));
	json_decref(m);
}

/* The second request waits until the first is answered and the answer sent. */
static void test_pipelined(void **state)
{
	struct pair *p = *state;
	json_t *m;

	send_text(p, REQUEST REQUEST);
	m = next(p);
	assert_non_null(m);
	json_decref(m);
	assert_null(next(p));
	assert_int_equal(client_events(&p->c), 0);
	client_answer(&p->c, strdup("x\n"), 2, NULL, 0);
	assert_null(next(p));
	assert_int_equal(client_events(&p->c), POLLOUT);
	assert_int_equal(client_send(&p->c), 0);
	m = next(p);
	assert_non_null(m);
	json_decref(m);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text;
		json_int_t code;
	} cases[] = {
		{"nonsense\n", RPC_PARSE_ERROR},
		{"{\n", RPC_PARSE_ERROR},
		{"{\"a\":1,\"a\":2}\n", RPC_PARSE_ERROR},
		{"\"\\u0000\"\n", RPC_PARSE_ERROR},
		{"[]\n", RPC_INVALID_REQUEST},
		{"{}\n", RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"a\"}\n",
		 RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"method\":\"a\"}\n", RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1.5,\"method\":\"a\"}\n",
		 RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":3}\n", RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[]}\n",
		 RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"fds\":1}\n",
		 RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"fds\":-1}\n",
		 RPC_INVALID_REQUEST},
		{"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"fds\":99}\n",
		 RPC_INVALID_REQUEST},
	};
	struct pair *p = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		json_int_t code;

		send_text(p, cases[i].text);
		assert_null(next(p));
		code = refused(p);
		if (code != cases[i].code)
			fail_msg("%s: %d", cases[i].text, (int)code);
	}
	assert_false(client_is_done(&p->c));
}

static void test_empty_lines(void **state)
{
	struct pair *p = *state;
	json_t *m = NULL;

	send_text(p, "\n\n" REQUEST);
	for (int i = 0; i < 3 && !m; i++)
		m = next(p);
	assert_non_null(m);
	json_decref(m);
}

static void test_deep(void **state)
{
	struct pair *p = *state;
	char text[20002];

	memset(text, '[', 20000);
	strcpy(text + 20000, "\n");
	send_text(p, text);
	assert_null(next(p));
	assert_int_equal(refused(p), RPC_PARSE_ERROR);
}

/* Longer than 4 MiB: answered, then closed. */
static void test_too_long(void **state)
{
	struct pair *p = *state;
	static char part[65536];

	memset(part, 'a', sizeof(part));
	while (p->c.in.len < RPC_MESSAGE_MAX) {
		ssize_t n = write(p->peer, part, sizeof(part));

		assert_true(n > 0);
		assert_int_equal(client_receive(&p->c), 0);
		if (p->c.in.len < RPC_MESSAGE_MAX)
			assert_null(next(p));
	}
	assert_null(next(p));
	assert_int_equal(refused(p), RPC_INVALID_REQUEST);
	assert_true(client_is_done(&p->c));
}

static void test_end(void **state)
{
	struct pair *p = *state;
	json_t *m;

	send_text(p, REQUEST "{\"half\":");
	m = next(p);
	json_decref(m);
	close(p->peer);
	p->peer = -1;
	assert_int_equal(client_receive(&p->c), 0);
	assert_true(p->c.at_end);
	assert_false(client_is_done(&p->c)); /* a call is under way */
	client_answer(&p->c, NULL, 0, NULL, 0);
	assert_true(client_is_done(&p->c));
}

static int open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void test_descriptors(void **state)
{
	const char text[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"fds\":2}\n";
	struct pair *p = *state;
	int fds[2] = {0, 1}, got[PORT_FDS_MAX], n = 0, before = open_fds();
	json_t *m = NULL;

	assert_int_equal(port_send(p->peer, text, strlen(text), fds, 2), 0);
	assert_int_equal(client_receive(&p->c), 0);
	assert_int_equal(client_next(&p->c, &m, got, &n), 1);
	assert_int_equal(n, 2);
	assert_true(fcntl(got[0], F_GETFD) & FD_CLOEXEC);
	close(got[0]);
	close(got[1]);
	json_decref(m);
	assert_int_equal(open_fds(), before);
}

/* Descriptors that nobody claims are bounded and closed. */
static void test_unclaimed_descriptors(void **state)
{
	struct pair *p = *state;
	int fds[PORT_FDS_MAX] = {0, 0, 0, 0}, before = open_fds(), r = 0;

	for (int i = 0; i < 10 && r == 0; i++) {
		assert_int_equal(port_send(p->peer, " ", 1, fds, PORT_FDS_MAX), 0);
		r = client_receive(&p->c);
	}
	assert_int_equal(r, -EMSGSIZE);
	assert_true(open_fds() <= before + CLIENT_FDS);
}

/* A client that does not read gets its answer bit by bit. */
static void test_slow_reader(void **state)
{
	struct pair *p = *state;
	size_t len = 3u << 20, got = 0;
	char *line = malloc(len), *back = malloc(len);

	for (size_t i = 0; i < len; i++)
		line[i] = (char)('a' + i % 26);
	memcpy(back, line, len);
	p->c.busy = true;
	client_answer(&p->c, line, len, NULL, 0);
	assert_int_equal(client_send(&p->c), 0);
	assert_non_null(p->c.out);
	while (got < len) {
		static char part[100000];
		ssize_t n = read(p->peer, part, sizeof(part));

		if (n > 0) {
			assert_memory_equal(part, back + got, (size_t)n);
			got += (size_t)n;
		}
		assert_int_equal(client_send(&p->c), 0);
	}
	assert_null(p->c.out);
	free(back);
}

static void test_gone_reader(void **state)
{
	struct pair *p = *state;

	close(p->peer);
	p->peer = -1;
	client_answer(&p->c, strdup("x\n"), 2, NULL, 0);
	assert_int_equal(client_send(&p->c), -EPIPE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pieces),
		TEST(test_pipelined),
		TEST(test_malformed),
		TEST(test_empty_lines),
		TEST(test_deep),
		TEST(test_too_long),
		TEST(test_end),
		TEST(test_descriptors),
		TEST(test_slow_reader),
		TEST(test_gone_reader),
		TEST(test_unclaimed_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
