/*
 * The server's main loop: accepts clients at the control socket, cuts what they send
 * into requests, has workers run them, and sends the answers. One request of a client
 * is under way at a time; while it is, and while its answer is not sent, nothing more
 * is read from that client. So a client can hold at most one message in each direction,
 * and one that is slow, half closed, malformed or too long costs the others nothing.
 */
#ifndef AGENTFS_CTL_LISTENER_H
#define AGENTFS_CTL_LISTENER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/service.h"

#define LISTENER_CLIENTS 256

struct listener;

struct listener_hooks {
	void *arg;
	/* The connection ended (called in the loop's thread). */
	void (*client_gone)(void *arg, uint64_t client);
	/*
	 * Called in the loop's thread after each round. Returns after how many ms it
	 * wants to be called again at the latest, -1 for not before something happens.
	 */
	int (*round)(void *arg);
	/* A further descriptor to wait for (a signalfd), -1: none. */
	int extra_fd;
	void (*extra_ready)(void *arg);
};

/* `listen_fd` is taken. */
int listener_new(int listen_fd, struct service *service,
		 const struct listener_hooks *hooks, struct listener **ret);
/* Ends the workers and drops the clients. NULL is fine. */
void listener_free(struct listener *l);

/* Serves a connected descriptor too (taken). */
int listener_adopt(struct listener *l, int fd);

/* Serves until listener_stop; what was accepted is answered before it returns. */
int listener_run(struct listener *l);
/* Any thread. */
void listener_stop(struct listener *l);
/* Makes the loop go round (and call `round`). Any thread. */
void listener_wake(struct listener *l);

/* Any thread. */
int listener_n_clients(const struct listener *l);

/*
 * Answers a deferred call of a client (loop's thread): `r` 0 or an error with its text.
 * False: the client does not wait (its call was not taken back from the worker yet).
 */
bool listener_answer(struct listener *l, uint64_t client, int r);

#endif
