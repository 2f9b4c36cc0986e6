/*
 * The command line: one file per command, on the public headers only. A command gets
 * its arguments without its own name, parses them with options_parse and returns its
 * exit status: 0 done, 1 failed, 2 wrong usage (run and exec: the child's).
 */
#ifndef AGENTFS_CLI_CLI_H
#define AGENTFS_CLI_CLI_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agentfs/agentfs.h"

enum {
	EXIT_OK = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
};

/* What every command understands. */
struct cli {
	const struct command *command;
	bool json, quiet, verbose;
	bool zero; /* -z: names raw, ended by NUL */
	bool yes;  /* --yes: do not ask */
};

struct command {
	const char *name;
	const char *arguments; /* "ID [PATH]" */
	const char *summary;   /* one line */
	const char *help;      /* options and the rest, for `agentfs help NAME` */
	int (*run)(struct cli *cli, int argc, char **argv);
	bool hidden;
};

/* NULL-terminated, sorted by name. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* ---- options.c ---- */

enum option_kind {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char * */
	OPTION_NUMBER, /* int64_t */
	OPTION_LIST,   /* struct option_list */
};

struct option_list {
	const char **items; /* NULL-terminated once there is one */
	int n;
};

struct option {
	const char *name; /* without the dashes */
	char letter;	  /* 0: none */
	enum option_kind kind;
	void *value;
};

/*
 * Parses options anywhere before "--" (with `to_command`, only before the first word
 * that is no option) and leaves the other arguments in argv[0..*argc). The table ends
 * with a NULL name. 0; EXIT_USAGE after an error message; -1 if help was asked for and
 * printed.
 */
int options_parse(struct cli *cli, const struct option *options, bool to_command,
		  int *argc, char **argv);

/* EXIT_USAGE, with a message, if the number of arguments is out of range. */
int expect_arguments(const struct cli *cli, int argc, int least, int most);

/* ---- output.c ---- */

/* "agentfs: ..." on stderr. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The text of a negative errno from the library; returns EXIT_FAILED. */
int fail(int error);
/* EXIT_USAGE after a message and the command's usage. */
int usage(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* On stderr, unless -q. */
void say(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A name on stdout: quoted on a terminal where it has odd bytes, raw else; ended by
 * `end` or by NUL with -z.
 */
void print_name(const struct cli *cli, const char *name, size_t len, char end);
void print_json(const json_t *value);

/* The bytes of a JSON string, or of {"base64": "..."} (free()); NULL for neither. */
char *json_bytes(const json_t *value, size_t *ret_len);
/* The reverse, for parameters. */
json_t *json_from_bytes(const char *bytes, size_t len);

/* Asks on a terminal; true with --yes; false, with a message, where nobody can answer.
 */
bool confirm(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- volume.c ---- */

/* Finds and opens the volume an ID means; EXIT_FAILED after a message, else 0. */
int open_volume(const char *id, unsigned flags, struct agentfs_volume **ret_volume);
/* Calls a method; `params` is consumed. EXIT_FAILED after a message, else 0. */
int call(struct agentfs_volume *volume, const char *method, json_t *params,
	 json_t **ret_result);

#endif
