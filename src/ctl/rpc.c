#include "ctl/rpc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "port/sockets.h"

#define RECEIVE_STEP 65536

static json_t *with_fds(json_t *message, int n_fds)
{
	if (message && n_fds > 0 &&
	    json_object_set_new(message, "fds", json_integer(n_fds)) < 0) {
		json_decref(message);
		return NULL;
	}
	return message;
}

json_t *rpc_request(json_int_t id, const char *method, json_t *params, int n_fds)
{
	return with_fds(json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", id,
				  "method", method, "params",
				  params ? params : json_object()),
			n_fds);
}

static json_t *id_or_null(const json_t *id)
{
	return id ? json_incref((json_t *)id) : json_null();
}

json_t *rpc_result(const json_t *id, json_t *result, int n_fds)
{
	return with_fds(json_pack("{s:s, s:o, s:o}", "jsonrpc", "2.0", "id",
				  id_or_null(id), "result",
				  result ? result : json_object()),
			n_fds);
}

json_t *rpc_error(const json_t *id, int rpc_code, int code, const char *text)
{
	/* A text may hold a path that is not UTF-8: then it is shown without it. */
	json_t *message = json_string(text);

	if (!message)
		message = json_string(strerror(code < 0 ? -code : code));
	return json_pack("{s:s, s:o, s:{s:i, s:o, s:{s:i}}}", "jsonrpc", "2.0", "id",
			 id_or_null(id), "error", "code", rpc_code, "message", message,
			 "data", "errno", code < 0 ? -code : code);
}

char *rpc_line(json_t *message, size_t *ret_len)
{
	char *text;
	size_t len;

	if (!message)
		return NULL;
	text = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	if (!text)
		return NULL;
	len = strlen(text);
	text[len] = '\n'; /* in place of the NUL: the length is told */
	*ret_len = len + 1;
	return text;
}

int rpc_error_code(const json_t *error)
{
	const char *text = json_string_value(json_object_get(error, "message"));
	json_int_t code = json_integer_value(
		json_object_get(json_object_get(error, "data"), "errno"));

	if (code <= 0 || code > 4095)
		code = EPROTO;
	return error_set(-(int)code, "%s", text ? text : "an error without a text");
}

/* ---- the client's side ---- */

void rpc_client_init(struct rpc_client *c, int fd)
{
	*c = (struct rpc_client){.fd = fd};
}

void rpc_client_release(struct rpc_client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	free(c->data);
	*c = (struct rpc_client){.fd = -1};
}

static int wait_readable(int fd, int64_t deadline_ns)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do {
		int64_t left = -1;

		if (deadline_ns >= 0) {
			left = (deadline_ns - clock_monotonic_ns()) / 1000000;
			if (left < 0)
				left = 0;
		}
		n = poll(&p, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return n == 0 ? error_set(-ETIMEDOUT, "the server does not answer") : 0;
}

static int make_room(struct rpc_client *c)
{
	size_t capacity = c->capacity ? c->capacity * 2 : RECEIVE_STEP;
	char *data;

	if (c->capacity - c->len >= RECEIVE_STEP)
		return 0;
	if (c->len > RPC_MESSAGE_MAX)
		return error_set(-EMSGSIZE, "the server's answer is too large");
	if (capacity < c->len + RECEIVE_STEP)
		capacity = c->len + RECEIVE_STEP;
	data = realloc(c->data, capacity);
	if (!data)
		return -ENOMEM;
	c->data = data;
	c->capacity = capacity;
	return 0;
}

static void keep_fds(struct rpc_fds *ret, const int *fds, int n)
{
	for (int i = 0; i < n; i++) {
		if (ret && ret->n < 4)
			ret->fds[ret->n++] = fds[i];
		else
			close(fds[i]);
	}
}

static int receive_more(struct rpc_client *c, int64_t deadline, struct rpc_fds *ret_fds)
{
	int fds[PORT_FDS_MAX], n_fds = 0;
	ssize_t n;
	int r = make_room(c);

	if (r == 0)
		r = wait_readable(c->fd, deadline);
	if (r < 0)
		return r;
	n = port_receive(c->fd, c->data + c->len, c->capacity - c->len, fds, &n_fds);
	if (n < 0)
		return (int)n;
	keep_fds(ret_fds, fds, n_fds);
	if (n == 0)
		return error_set(-ECONNRESET, "the server has ended");
	c->len += (size_t)n;
	return 0;
}

int rpc_client_receive(struct rpc_client *c, int timeout_ms, json_t **ret_message,
		       struct rpc_fds *ret_fds)
{
	int64_t deadline =
		timeout_ms < 0 ? -1
			       : clock_monotonic_ns() + timeout_ms * INT64_C(1000000);
	size_t seen = 0, line;
	json_error_t error;
	char *end;

	while (c->len == seen || !(end = memchr(c->data + seen, '\n', c->len - seen))) {
		int r;

		seen = c->len;
		r = receive_more(c, deadline, ret_fds);
		if (r < 0)
			return r;
	}
	line = (size_t)(end - c->data);
	*ret_message = json_loadb(c->data, line, 0, &error);
	c->len -= line + 1;
	memmove(c->data, end + 1, c->len);
	return *ret_message ? 0
			    : error_set(-EPROTO, "the server's answer is no JSON: %s",
					error.text);
}

static int take_answer(json_t *message, json_int_t id, json_t **ret_result)
{
	json_t *error = json_object_get(message, "error");
	json_t *result = json_object_get(message, "result");
	int r = 0;

	if (error)
		r = rpc_error_code(error);
	else if (json_integer_value(json_object_get(message, "id")) != id || !result)
		r = error_set(-EPROTO, "the server answers something else");
	else if (ret_result)
		*ret_result = json_incref(result);
	json_decref(message);
	return r;
}

int rpc_client_call(struct rpc_client *c, const char *method, json_t *params,
		    const struct rpc_fds *send, int timeout_ms, json_t **ret_result,
		    struct rpc_fds *ret_fds)
{
	struct rpc_fds got = {.n = 0};
	json_int_t id = ++c->last_id;
	json_t *message = NULL;
	size_t len;
	char *line =
		rpc_line(rpc_request(id, method, params, send ? send->n : 0), &len);
	int r;

	if (!line)
		return -ENOMEM;
	r = len > RPC_MESSAGE_MAX
		    ? error_set(-EMSGSIZE,
				"the request has %zu bytes; at most %u are "
				"taken",
				len, RPC_MESSAGE_MAX)
		    : port_send(c->fd, line, len, send ? send->fds : NULL,
				send ? send->n : 0);
	free(line);
	if (r == -EPIPE)
		r = error_set(-ECONNRESET, "the server has ended");
	if (r == 0)
		r = rpc_client_receive(c, timeout_ms, &message, &got);
	if (r == 0)
		r = take_answer(message, id, ret_result);
	if (r == 0 && ret_fds)
		*ret_fds = got;
	else
		keep_fds(NULL, got.fds, got.n);
	return r;
}
