/*
 * One client of the listener: what it sent and was not used yet, and the answer that is
 * being sent to it.
 *
 *      reading --request complete--> busy --answer--> sending --sent--> reading
 *         |                                              |
 *         +--malformed, too long: error answer---------->+--(closing)--> gone
 */
#ifndef AGENTFS_CTL_CLIENT_H
#define AGENTFS_CTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "port/sockets.h"

#define CLIENT_FDS (2 * PORT_FDS_MAX)

struct client {
	int fd; /* -1: the slot is free */
	uint64_t id;
	struct port_peer peer;
	struct buf in;
	size_t scanned;	     /* bytes of `in` that hold no newline */
	int fds[CLIENT_FDS]; /* received and not claimed yet */
	int n_fds;
	char *out;
	size_t out_len, out_sent;
	int out_fds[PORT_FDS_MAX];
	int n_out_fds;
	bool busy;	 /* a call is under way */
	json_t *waiting; /* id of a deferred call */
	bool at_end;	 /* nothing more will come */
	bool closing;	 /* closed when the answer is sent */
};

void client_init(struct client *c, int fd, uint64_t id);
void client_release(struct client *c);

/* Poll events that the client waits for now. */
short client_events(const struct client *c);

/* Reads what is there. 0, or a negative errno: drop the client. */
int client_receive(struct client *c);

/*
 * The next request, if one is complete and nothing is under way. 1: `*ret_request` (an
 * object with id, method and params, checked); 0: none; a malformed one was answered by
 * an error that waits to be sent. Its descriptors are moved to `ret_fds`.
 */
int client_next(struct client *c, json_t **ret_request, int *ret_fds, int *ret_n_fds);

/* Takes the answer's line (NULL: no memory, the client is closed) and descriptors. */
void client_answer(struct client *c, char *line, size_t len, const int *fds, int n_fds);

/* Sends what it can. 0, or a negative errno: drop the client. */
int client_send(struct client *c);

/* True if nothing is left to do for it. */
bool client_is_done(const struct client *c);

#endif
