/* Transactions, connections for readers, and reserved row numbers. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "store/db.h"

struct db *store_reader_take(struct store *s)
{
	unsigned i = __atomic_fetch_add(&s->next_reader, 1, __ATOMIC_RELAXED);

	i %= STORE_READERS;
	lock_take(&s->read_locks[i]);
	return &s->readers[i];
}

void store_reader_drop(struct store *s, struct db *db)
{
	lock_drop(&s->read_locks[db - s->readers]);
}

struct db *store_writer(struct store *s)
{
	invariant(s->in_transaction);
	return &s->writer;
}

int store_failed(struct store *s, int r)
{
	if (r < 0 && s->error == 0)
		s->error = r;
	return r;
}

static int run(struct store *s, enum statement which)
{
	sqlite3_stmt *st = db_statement(&s->writer, which);

	return st ? db_run(&s->writer, st) : db_error(&s->writer, "writing");
}

/* Begins with the lock held; it is kept until the end of the transaction. */
static int begin_locked(struct store *s)
{
	int r;

	if (s->mode != STORE_WRITE) {
		lock_drop(&s->write_lock);
		return error_set(-EROFS, "%s is open for reading only", s->path);
	}
	r = run(s, ST_BEGIN);
	if (r < 0) {
		lock_drop(&s->write_lock);
		return r;
	}
	s->in_transaction = true;
	s->error = 0;
	return 0;
}

static void end_locked(struct store *s)
{
	s->in_transaction = false;
	lock_drop(&s->write_lock);
}

int store_begin(struct store *s)
{
	lock_take(&s->write_lock);
	return begin_locked(s);
}

void store_rollback(struct store *s)
{
	invariant(s->in_transaction);
	/* SQLite has rolled back by itself after some errors. */
	if (!sqlite3_get_autocommit(s->writer.handle))
		run(s, ST_ROLLBACK);
	end_locked(s);
}

int store_commit(struct store *s, bool durable)
{
	int r = s->error;

	invariant(s->in_transaction);
	if (r == 0)
		r = run(s, ST_COMMIT);
	if (r < 0) {
		int code = r;
		char text[512];

		strncpy(text, error_text(r), sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		store_rollback(s);
		return error_set(code, "%s", text);
	}
	end_locked(s);
	return durable ? store_sync(s) : 0;
}

/*
 * With synchronous=NORMAL a commit appends to the write-ahead log without waiting for
 * the disk; waiting for the log afterwards is the same as synchronous=FULL, and can be
 * had for commits that were made earlier.
 */
int store_sync(struct store *s)
{
	_cleanup_close_ int fd = -1;
	char wal[4096];

	if (strlen(s->path) + 5 > sizeof(wal))
		return -ENAMETOOLONG;
	strcpy(wal, s->path);
	strcat(wal, "-wal");
	fd = open(wal, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0
				       : error_set(-errno, "opening %s: %s", wal,
						   strerror(errno));
	if (fdatasync(fd) < 0)
		return error_set(-errno, "syncing %s: %s", wal, strerror(errno));
	return 0;
}

int store_reserve_inos(struct store *s, int64_t n, int64_t *ret_first)
{
	sqlite3_stmt *st;
	int64_t last = 0;
	int r = store_begin(s);

	if (r < 0)
		return r;
	st = db_statement(&s->writer, ST_RESERVE);
	if (st) {
		sqlite3_bind_int64(st, 1, n);
		r = db_run(&s->writer, st);
	} else {
		r = db_error(&s->writer, "writing");
	}
	if (r == 0) {
		st = db_statement(&s->writer, ST_RESERVED);
		r = st ? db_step(&s->writer, st) : db_error(&s->writer, "reading");
		if (r > 0) {
			last = sqlite3_column_int64(st, 0);
			sqlite3_reset(st);
			r = 0;
		} else if (r == 0) {
			r = error_set(-EUCLEAN, "%s: the inode sequence is missing",
				      s->path);
		}
	}
	store_failed(s, r);
	r = store_commit(s, false);
	if (r == 0)
		*ret_first = last - n + 1;
	return r;
}

int store_config_get(struct store *s, const char *key, struct buf *ret_value)
{
	struct db *db = store_reader_take(s);
	sqlite3_stmt *st = db_statement(db, ST_CONFIG_GET);
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
		r = db_step(db, st);
		if (r > 0)
			r = buf_add(ret_value, sqlite3_column_blob(st, 0),
				    (size_t)sqlite3_column_bytes(st, 0));
		else if (r == 0)
			r = -ENOENT;
		sqlite3_reset(st);
	}
	store_reader_drop(s, db);
	return r;
}

int store_config_set(struct store *s, const char *key, const char *value)
{
	struct db *db = store_writer(s);
	sqlite3_stmt *st = db_statement(db, ST_CONFIG_SET);

	if (!st)
		return store_failed(s, db_error(db, "writing"));
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 2, value, -1, SQLITE_STATIC);
	return store_failed(s, db_run(db, st));
}

int64_t store_free_bytes(struct store *s)
{
	struct db *db = store_reader_take(s);
	int64_t pages = 0, page_size = 0;
	int64_t r = store_scalar(db, "PRAGMA freelist_count", &pages);

	if (r == 0)
		r = store_scalar(db, "PRAGMA page_size", &page_size);
	store_reader_drop(s, db);
	return r < 0 ? r : pages * page_size;
}

int store_checkpoint(struct store *s)
{
	int code, r = 0;

	lock_take(&s->write_lock);
	code = sqlite3_wal_checkpoint_v2(s->writer.handle, NULL,
					 SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	/* A reader in the middle of something keeps the log: then it stays a while. */
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
		r = db_error(&s->writer, "checkpointing");
	lock_drop(&s->write_lock);
	return r;
}
