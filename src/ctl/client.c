#include "ctl/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/rpc.h"

#define RECEIVE_STEP 65536

void client_init(struct client *c, int fd, uint64_t id)
{
	*c = (struct client){.fd = fd, .id = id};
}

static void close_all(int *fds, int *n)
{
	while (*n > 0)
		close(fds[--*n]);
}

void client_release(struct client *c)
{
	close(c->fd);
	close_all(c->fds, &c->n_fds);
	close_all(c->out_fds, &c->n_out_fds);
	buf_release(&c->in);
	free(c->out);
	json_decref(c->waiting);
	*c = (struct client){.fd = -1};
}

short client_events(const struct client *c)
{
	if (c->out)
		return POLLOUT;
	return c->busy || c->waiting || c->at_end ? 0 : POLLIN;
}

int client_receive(struct client *c)
{
	int fds[PORT_FDS_MAX], n_fds = 0;
	ssize_t n;
	int r = buf_reserve(&c->in, RECEIVE_STEP);

	if (r < 0)
		return r;
	n = port_receive(c->fd, c->in.data + c->in.len, RECEIVE_STEP, fds, &n_fds);
	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	if (c->n_fds + n_fds > CLIENT_FDS) {
		close_all(fds, &n_fds);
		return -EMSGSIZE;
	}
	memcpy(c->fds + c->n_fds, fds, (size_t)n_fds * sizeof(*fds));
	c->n_fds += n_fds;
	c->in.len += (size_t)n;
	c->in.data[c->in.len] = '\0';
	c->at_end = n == 0;
	return 0;
}

static void refuse(struct client *c, const json_t *id, int rpc_code, int code,
		   const char *text)
{
	size_t len = 0;
	char *line = rpc_line(rpc_error(id, rpc_code, code, text), &len);

	client_answer(c, line, len, NULL, 0);
}

/* Moves the request's descriptors out. */
static int claim_fds(struct client *c, const json_t *request, int *ret_fds, int *ret_n)
{
	const json_t *value = json_object_get(request, "fds");
	json_int_t n = value ? json_integer_value(value) : 0;

	if (n < 0 || n > PORT_FDS_MAX || n > c->n_fds || (value && n == 0))
		return -EINVAL;
	memcpy(ret_fds, c->fds, (size_t)n * sizeof(*ret_fds));
	c->n_fds -= (int)n;
	memmove(c->fds, c->fds + n, (size_t)c->n_fds * sizeof(*c->fds));
	*ret_n = (int)n;
	return 0;
}

static bool is_request(json_t *m)
{
	const char *version = json_string_value(json_object_get(m, "jsonrpc"));
	const json_t *method = json_object_get(m, "method");
	const json_t *id = json_object_get(m, "id");
	json_t *params = json_object_get(m, "params");

	if (!version || strcmp(version, "2.0") != 0 || !json_is_string(method) ||
	    json_string_length(method) > RPC_METHOD_MAX)
		return false;
	if (!json_is_integer(id) &&
	    !(json_is_string(id) && json_string_length(id) <= RPC_METHOD_MAX))
		return false;
	if (!params)
		return json_object_set_new(m, "params", json_object()) == 0;
	return json_is_object(params);
}

static void parse(struct client *c, const char *line, size_t len, json_t **ret_request,
		  int *ret_fds, int *ret_n_fds)
{
	json_error_t error;
	json_t *m = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);

	if (!m) {
		refuse(c, NULL, RPC_PARSE_ERROR, -EINVAL, "the request is no JSON");
		return;
	}
	if (!is_request(m)) {
		refuse(c, NULL, RPC_INVALID_REQUEST, -EINVAL,
		       "the message is no JSON-RPC 2.0 request with an id");
	} else if (claim_fds(c, m, ret_fds, ret_n_fds) < 0) {
		refuse(c, json_object_get(m, "id"), RPC_INVALID_REQUEST, -EBADF,
		       "the descriptors that the request names did not come with it");
	} else {
		*ret_request = m;
		return;
	}
	json_decref(m);
}

int client_next(struct client *c, json_t **ret_request, int *ret_fds, int *ret_n_fds)
{
	json_t *request = NULL;
	char *end;
	size_t line;

	if (c->busy || c->waiting || c->out || c->closing || c->in.len == 0)
		return 0;
	end = memchr(c->in.data + c->scanned, '\n', c->in.len - c->scanned);
	line = end ? (size_t)(end - c->in.data) : c->in.len;
	if (line >= RPC_MESSAGE_MAX) {
		refuse(c, NULL, RPC_INVALID_REQUEST, -EMSGSIZE,
		       "the request is longer than 4 MiB");
		c->closing = true;
		return 0;
	}
	c->scanned = end ? 0 : c->in.len;
	if (!end)
		return 0;
	if (line > 0)
		parse(c, c->in.data, line, &request, ret_fds, ret_n_fds);
	c->in.len -= line + 1;
	memmove(c->in.data, end + 1, c->in.len);
	if (c->in.len == 0)
		buf_release(&c->in);
	if (!request)
		return 0;
	*ret_request = request;
	c->busy = true;
	return 1;
}

void client_answer(struct client *c, char *line, size_t len, const int *fds, int n_fds)
{
	c->busy = false;
	if (!line) {
		for (int i = 0; i < n_fds; i++)
			close(fds[i]);
		c->closing = true;
		return;
	}
	c->out = line;
	c->out_len = len;
	c->out_sent = 0;
	if (n_fds > 0)
		memcpy(c->out_fds, fds, (size_t)n_fds * sizeof(*fds));
	c->n_out_fds = n_fds;
}

int client_send(struct client *c)
{
	while (c->out) {
		ssize_t n = port_send_some(c->fd, c->out + c->out_sent,
					   c->out_len - c->out_sent, c->out_fds,
					   c->n_out_fds);

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		close_all(c->out_fds, &c->n_out_fds);
		c->out_sent += (size_t)n;
		if (c->out_sent == c->out_len) {
			free(c->out);
			c->out = NULL;
		}
	}
	return 0;
}

bool client_is_done(const struct client *c)
{
	if (c->out || c->busy)
		return false;
	if (c->closing)
		return true;
	return c->at_end && (c->waiting || c->in.len == c->scanned);
}
