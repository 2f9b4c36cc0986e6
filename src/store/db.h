/*
 * Connections to one SQLite file, prepared statements by their text, and the
 * translation of SQLite's codes to errno. Internal to the store.
 */
#ifndef AGENTFS_STORE_DB_H
#define AGENTFS_STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"
#include "store/statements.h"
#include "store/store.h"

/* One connection; used by one thread at a time. */
struct db {
	sqlite3 *handle;
	sqlite3_stmt *statements[N_STATEMENTS];
	const char *path; /* borrowed */
};

#define STORE_READERS 4

struct store {
	char *path;
	enum store_mode mode;
	int lock_fd; /* opened before and closed after all of SQLite's */
	uint32_t chunk_size;
	char *base_path;
	struct lock write_lock; /* rank database: the writer's connection */
	struct db writer;
	bool in_transaction;
	int error;			       /* the first one of the transaction */
	struct lock read_locks[STORE_READERS]; /* rank database */
	struct db readers[STORE_READERS];
	unsigned next_reader;
};

struct store_branch {
	struct store *store;
};

int db_open(struct db *db, const char *path, int flags);
void db_close(struct db *db);

/* The negative errno for SQLite's present error of the connection, text recorded. */
int db_error(struct db *db, const char *what);

int db_exec(struct db *db, const char *sql);

/* A prepared, reset statement with no bindings. NULL: error recorded, see db_error. */
sqlite3_stmt *db_statement(struct db *db, enum statement which);

/* Steps to the end and resets. 0 or an error. */
int db_run(struct db *db, sqlite3_stmt *st);
/* 1: a row, 0: the end (reset), or an error (reset). */
int db_step(struct db *db, sqlite3_stmt *st);

/* Names and paths: TEXT where they are UTF-8, BLOB else. */
void bind_bytes(sqlite3_stmt *st, int index, const char *bytes, size_t len);

/* ---- access to connections ---- */

/* The connection for reads of any thread; given back with store_reader_drop. */
struct db *store_reader_take(struct store *s);
void store_reader_drop(struct store *s, struct db *db);

/* The writer's connection, inside a transaction. */
struct db *store_writer(struct store *s);
/* Remembers the first error of the transaction; returns `r`. */
int store_failed(struct store *s, int r);

/* ---- volume internals ---- */

int64_t store_scalar(struct db *db, const char *sql, int64_t *ret_value);

#endif
