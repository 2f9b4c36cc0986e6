/*
 * JSON-RPC 2.0, one message per line, over a Unix socket. A message that carries
 * descriptors says so in its member "fds": how many; they travel beside its first byte.
 * Errors of methods have the code RPC_FAILED and {"errno": N} as data.
 */
#ifndef AGENTFS_CTL_RPC_H
#define AGENTFS_CTL_RPC_H

#include <jansson.h>
#include <stddef.h>

#define RPC_MESSAGE_MAX (4u << 20) /* bytes of one message, newline included */
#define RPC_METHOD_MAX	64

enum {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_NO_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_FAILED = -32000,
};

/* New references; NULL without memory. `params` and `result` are taken (NULL: {}). */
json_t *rpc_request(json_int_t id, const char *method, json_t *params, int n_fds);
json_t *rpc_result(const json_t *id, json_t *result, int n_fds);
json_t *rpc_error(const json_t *id, int rpc_code, int code, const char *text);

/* The message as a line with its newline (free()); takes the message. NULL: memory. */
char *rpc_line(json_t *message, size_t *ret_len);

/* The negative errno that an error answer carries, its text recorded. */
int rpc_error_code(const json_t *error);

/* ---- the client's side ---- */

struct rpc_client {
	int fd;
	json_int_t last_id;
	char *data; /* received and not used yet */
	size_t len, capacity;
};

/* Takes a connected descriptor. */
void rpc_client_init(struct rpc_client *c, int fd);
void rpc_client_release(struct rpc_client *c);

struct rpc_fds {
	int fds[4];
	int n;
};

/*
 * Sends a request and waits for its answer for at most `timeout_ms` (-1: for ever;
 * -ETIMEDOUT). `params` is taken. `send` stay the caller's; `ret_fds` (NULL: none
 * expected) receives those of the answer. -ECONNRESET: the other side has ended. Any
 * other error is what the method gave.
 */
int rpc_client_call(struct rpc_client *c, const char *method, json_t *params,
		    const struct rpc_fds *send, int timeout_ms, json_t **ret_result,
		    struct rpc_fds *ret_fds);

/* Waits for one message that is no answer (a server's greeting). */
int rpc_client_receive(struct rpc_client *c, int timeout_ms, json_t **ret_message,
		       struct rpc_fds *ret_fds);

#endif
