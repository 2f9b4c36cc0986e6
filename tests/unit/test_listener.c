/* A whole server in this process, over a temporary volume, and clients of every kind.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/error.h"
#include "ctl/bytes.h"
#include "ctl/listener.h"
#include "ctl/rpc.h"
#include "ctl/schema.h"
#include "port/sockets.h"
#include "view_tree.h"

static struct fixture {
	struct tree tree;
	struct service service;
	struct listener *listener;
	pthread_t thread;
	char socket[128];
	atomic_int n_gone;
	atomic_ulong waiting; /* client of the deferred call */
	atomic_bool answer;
} f;

/* A method that fails, one that hands a descriptor out, one that answers later. */
static int method_ping(struct method_call *call)
{
	call->result = json_pack("{s:i, s:s}", "pid", 1, "version", "test");
	return 0;
}

static int method_get(struct method_call *call)
{
	call->result_fds[call->n_result_fds++] =
		open("/dev/null", O_RDONLY | O_CLOEXEC);
	call->result = json_pack("{s:b, s:b}", "user", 0, "root", 0);
	return 0;
}

static int method_wait(struct method_call *call)
{
	call->deferred = true;
	atomic_store(&f.waiting, call->client);
	return 0;
}

static const struct method more[] = {
	{"ping", method_ping},
	{"namespace.get", method_get},
	{"wait_detached", method_wait},
	{NULL, NULL},
};

static void gone(void *arg, uint64_t client)
{
	(void)arg;
	(void)client;
	atomic_fetch_add(&f.n_gone, 1);
}

static int go_round(void *arg)
{
	(void)arg;
	if (atomic_load(&f.answer) &&
	    listener_answer(f.listener, atomic_load(&f.waiting), 0))
		atomic_store(&f.answer, false);
	return -1;
}

static void *serve(void *arg)
{
	(void)arg;
	listener_run(f.listener);
	return NULL;
}

static int setup(void **state)
{
	struct listener_hooks hooks = {
		.client_gone = gone, .round = go_round, .extra_fd = -1};
	struct store *store;
	int fd;

	(void)state;
	memset(&f, 0, sizeof(f));
	tree_make(&f.tree);
	tree_base(&f.tree, "echo base >file; mkdir dir; ln -s file link");
	tree_open(&f.tree); /* makes the volume */
	tree_close(&f.tree);
	assert_int_equal(store_open(f.tree.volume, STORE_WRITE, &store), 0);
	assert_int_equal(service_init(&f.service, store, "test"), 0);
	f.service.live = true;
	f.service.more = more;
	snprintf(f.socket, sizeof(f.socket), "%s/test.sock", f.tree.top);
	assert_int_equal(port_listen(f.socket, &fd), 0);
	assert_int_equal(listener_new(fd, &f.service, &hooks, &f.listener), 0);
	assert_int_equal(pthread_create(&f.thread, NULL, serve, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	listener_stop(f.listener);
	pthread_join(f.thread, NULL);
	assert_int_equal(service_release(&f.service), 0);
	listener_free(f.listener);
	unlink(f.socket);
	tree_remove(&f.tree);
	return 0;
}

static void client(struct rpc_client *c)
{
	int fd;

	assert_int_equal(port_connect(f.socket, &fd), 0);
	rpc_client_init(c, fd);
}

/* A call whose result must agree with the schema file. */
static json_t *call_ok(struct rpc_client *c, const char *method, json_t *params)
{
	json_t *result = NULL;
	int r = rpc_client_call(c, method, params, NULL, 10000, &result, NULL);

	if (r < 0)
		fail_msg("%s: %s", method, error_text(r));
	if (schema_check(json_object_get(schema_method(method), "result"), result,
			 method) < 0)
		fail_msg("%s", error_text(-EINVAL));
	return result;
}

static int call_error(struct rpc_client *c, const char *method, json_t *params)
{
	return rpc_client_call(c, method, params, NULL, 10000, NULL, NULL);
}

static json_t *path(const char *p)
{
	return json_pack("{s:s}", "path", p);
}

static void test_calls(void **state)
{
	struct rpc_client c;
	json_t *result;
	struct buf data = BUF_INIT;

	(void)state;
	client(&c);
	json_decref(call_ok(&c, "ping", NULL));
	json_decref(call_ok(&c, "info", NULL));
	result = call_ok(&c, "list", path("/"));
	assert_int_equal(json_array_size(json_object_get(result, "entries")), 3);
	json_decref(result);
	result = call_ok(&c, "read", path("/file"));
	bytes_from_json(json_object_get(result, "data"), &data);
	assert_string_equal(data.data, "base\n");
	buf_release(&data);
	json_decref(result);
	json_decref(call_ok(&c, "write",
			    json_pack("{s:s, s:s, s:b}", "path", "/a/b/c", "data",
				      "new", "truncate", 1)));
	json_decref(call_ok(&c, "stat", path("/a/b/c")));
	json_decref(call_ok(&c, "readlink", path("/link")));
	json_decref(call_ok(&c, "mkdir", path("/made")));
	json_decref(call_ok(&c, "move",
			    json_pack("{s:s, s:s}", "from", "/file", "to", "/made")));
	json_decref(call_ok(&c, "copy",
			    json_pack("{s:s, s:s, s:b}", "from", "/made", "to",
				      "/copied", "recursive", 1)));
	json_decref(call_ok(&c, "remove",
			    json_pack("{s:s, s:b}", "path", "/made", "recursive", 1)));
	json_decref(call_ok(&c, "diff", NULL));
	json_decref(call_ok(&c, "sync", NULL));
	result = call_ok(&c, "check", NULL);
	assert_int_equal(json_integer_value(json_object_get(result, "n_problems")), 0);
	json_decref(result);
	rpc_client_release(&c);
}

static void test_errors(void **state)
{
	struct rpc_client c;

	(void)state;
	client(&c);
	assert_int_equal(call_error(&c, "stat", path("/none")), -ENOENT);
	assert_non_null(strstr(error_text(-ENOENT), "none"));
	assert_int_equal(call_error(&c, "stat", NULL), -EINVAL);
	assert_int_equal(call_error(&c, "no such", NULL), -ENOSYS);
	assert_int_equal(call_error(&c, "attach", NULL), -EINVAL);
	assert_int_equal(call_error(&c, "read", path("/dir")), -EISDIR);
	assert_int_equal(call_error(&c, "list", path("/file")), -ENOTDIR);
	assert_int_equal(call_error(&c, "stat", path("/file/x")), -ENOTDIR);
	assert_int_equal(call_error(&c, "remove", path("/")), -EBUSY);
	assert_int_equal(call_error(&c, "remove", path("/dir")), -EISDIR);
	json_decref(call_ok(&c, "ping", NULL));
	rpc_client_release(&c);
}

static void test_descriptors(void **state)
{
	struct rpc_fds got = {.n = 0};
	struct rpc_client c;
	json_t *result;

	(void)state;
	client(&c);
	assert_int_equal(
		rpc_client_call(&c, "namespace.get", NULL, NULL, 10000, &result, &got),
		0);
	assert_int_equal(got.n, 1);
	assert_int_equal(fcntl(got.fds[0], F_GETFD), FD_CLOEXEC);
	close(got.fds[0]);
	json_decref(result);
	rpc_client_release(&c);
}

/* A call that waits blocks nobody; a client that goes away meanwhile neither. */
static void test_deferred(void **state)
{
	struct rpc_client waits, leaves, c;
	const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"
			    "\"wait_detached\"}\n";
	json_t *message;

	(void)state;
	client(&leaves);
	assert_int_equal(port_send(leaves.fd, line, strlen(line), NULL, 0), 0);
	while (!atomic_load(&f.waiting))
		usleep(1000);
	rpc_client_release(&leaves);
	atomic_store(&f.waiting, 0);
	client(&waits);
	assert_int_equal(port_send(waits.fd, line, strlen(line), NULL, 0), 0);
	client(&c);
	for (int i = 0; i < 20; i++)
		json_decref(call_ok(&c, "ping", NULL));
	while (!atomic_load(&f.waiting))
		usleep(1000);
	atomic_store(&f.answer, true);
	listener_wake(f.listener);
	assert_int_equal(rpc_client_receive(&waits, 10000, &message, NULL), 0);
	assert_non_null(json_object_get(message, "result"));
	json_decref(message);
	rpc_client_release(&waits);
	rpc_client_release(&c);
}

/* Clients that say nothing, half of something, or never read their answers. */
static void test_idle_clients(void **state)
{
	struct rpc_client many[LISTENER_CLIENTS - 1], c, over;
	const int n = LISTENER_CLIENTS - 1;
	const char line[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"info\"}\n";
	json_t *message;

	(void)state;
	for (int i = 0; i < n; i++) {
		client(&many[i]);
		if (i % 3 == 1)
			port_send(many[i].fd, "{\"jsonrpc\"", 10, NULL, 0);
		for (int k = 0; k < 50 && i % 3 == 2; k++)
			port_send(many[i].fd, line, strlen(line), NULL, 0);
		if (i % 5 == 0)
			shutdown(many[i].fd, SHUT_WR);
	}
	/* The half-closed ones get their answers and are let go. */
	for (int i = 0; i < n; i += 5) {
		int r, n_answers = 0;

		while ((r = rpc_client_receive(&many[i], 10000, &message, NULL)) == 0) {
			json_decref(message);
			n_answers++;
		}
		assert_int_equal(r, -ECONNRESET);
		assert_int_equal(n_answers, i % 3 == 2 ? 50 : 0);
	}
	client(&c);
	json_decref(call_ok(&c, "ping", NULL));
	for (int i = 0; i < n; i += 5) {
		rpc_client_release(&many[i]);
		client(&many[i]);
	}
	json_decref(call_ok(&c, "ping", NULL));
	client(&over);
	assert_true(call_error(&over, "ping", NULL) < 0);
	json_decref(call_ok(&c, "ping", NULL));
	for (int i = 0; i < n; i++)
		rpc_client_release(&many[i]);
	rpc_client_release(&c);
	rpc_client_release(&over);
}

/* ---- bytes that mean nothing ---- */

static uint64_t seed;

static uint32_t rnd(uint32_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 11) % n;
}

static const char *const good[] = {
	"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"info\"}\n",
	"{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"stat\",\"params\":{\"path\":\"/"
	"file\"}}"
	"\n",
	("{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"write\",\"params\":"
	 "{\"path\":\"/w\",\"data\":{\"base64\":\"AAEC\"},\"off\":5}}\n"),
	("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"list\",\"params\":"
	 "{\"path\":\"/\",\"limit\":2,\"after\":\"a\"}}\n"),
	"{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"namespace.get\",\"params\":{}}\n",
	("{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"move\",\"params\":"
	 "{\"from\":\"/w\",\"to\":\"/dir/../x\"},\"fds\":1}\n"),
};

static void mutate(char *text, size_t *len)
{
	for (uint32_t i = rnd(6); i > 0 && *len > 1; i--) {
		size_t at = rnd((uint32_t)*len);

		switch (rnd(4)) {
		case 0:
			text[at] = (char)rnd(256);
			break;
		case 1:
			memmove(text + at, text + at + 1, *len - at - 1);
			(*len)--;
			break;
		case 2:
			*len = at + 1;
			break;
		default:
			text[at] = "\"{}[]:,\\0-9e\n"[rnd(13)];
		}
	}
}

static void one_fuzz_client(void)
{
	char text[512], sink[4096];
	int fd, fds[2] = {0, 1};

	assert_int_equal(port_connect(f.socket, &fd), 0);
	for (uint32_t i = rnd(8); i > 0; i--) {
		const char *from = good[rnd(sizeof(good) / sizeof(*good))];
		size_t len = strlen(from);

		memcpy(text, from, len);
		mutate(text, &len);
		if (port_send(fd, text, len, fds, (int)rnd(3)) < 0)
			break;
		if (rnd(3) == 0 && recv(fd, sink, sizeof(sink), MSG_DONTWAIT) == 0)
			break;
	}
	if (rnd(2))
		shutdown(fd, rnd(2) ? SHUT_WR : SHUT_RD);
	close(fd);
}

/* Deterministic but for the threads' turns; the seed is shown when it fails. */
static void test_fuzz(void **state)
{
	int64_t until = clock_monotonic_ns() + 3 * NS_PER_S;
	const char *given = getenv("AGENTFS_SEED");
	struct rpc_client c;

	(void)state;
	seed = given ? strtoull(given, NULL, 0) : 0x9e3779b97f4a7c15u;
	for (int i = 0; i < 3000 && clock_monotonic_ns() < until; i++)
		one_fuzz_client();
	/* They went faster than a busy machine answers; each is let go in the end. */
	until = clock_monotonic_ns() + 60 * NS_PER_S;
	while (listener_n_clients(f.listener) > 0 && clock_monotonic_ns() < until)
		usleep(1000);
	assert_int_equal(listener_n_clients(f.listener), 0);
	client(&c);
	json_decref(call_ok(&c, "ping", NULL));
	json_decref(call_ok(&c, "check", NULL));
	rpc_client_release(&c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_calls),    TEST(test_errors),	      TEST(test_descriptors),
		TEST(test_deferred), TEST(test_idle_clients), TEST(test_fuzz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
