#include "store/db.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/path.h"

#define BUSY_MS 5000

static int errno_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_TOOBIG:
		return -EFBIG;
	case SQLITE_CANTOPEN:
		return -ENOENT;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EACCES;
	default:
		return -EIO;
	}
}

int db_error(struct db *db, const char *what)
{
	int code = sqlite3_extended_errcode(db->handle);

	/* A write that the disk had no room for comes as an I/O error too. */
	if ((code & 0xff) == SQLITE_IOERR && sqlite3_system_errno(db->handle) == ENOSPC)
		return error_set(-ENOSPC, "%s %s: no space left on the disk", what,
				 db->path);
	return error_set(errno_of(code), "%s %s: %s", what, db->path,
			 sqlite3_errmsg(db->handle));
}

int db_open(struct db *db, const char *path, int flags)
{
	int code;

	memset(db, 0, sizeof(*db));
	db->path = path;
	code = sqlite3_open_v2(path, &db->handle,
			       flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			       NULL);
	if (code != SQLITE_OK) {
		int r = db->handle ? db_error(db, "opening") : -ENOMEM;

		db_close(db);
		return r;
	}
	sqlite3_busy_timeout(db->handle, BUSY_MS);
	/* History is guarded by triggers against others, not against ourselves. */
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return 0;
}

void db_close(struct db *db)
{
	for (int i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(db->statements[i]);
	sqlite3_close(db->handle);
	memset(db, 0, sizeof(*db));
}

int db_exec(struct db *db, const char *sql)
{
	if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(db, "changing");
	return 0;
}

sqlite3_stmt *db_statement(struct db *db, enum statement which)
{
	sqlite3_stmt **st = &db->statements[which];

	if (!*st &&
	    sqlite3_prepare_v3(db->handle, statement_text(which), -1,
			       SQLITE_PREPARE_PERSISTENT, st, NULL) != SQLITE_OK)
		return NULL;
	return *st;
}

int db_step(struct db *db, sqlite3_stmt *st)
{
	int code = sqlite3_step(st), r;

	if (code == SQLITE_ROW)
		return 1;
	r = code == SQLITE_DONE ? 0 : db_error(db, "accessing");
	sqlite3_reset(st);
	return r;
}

int db_run(struct db *db, sqlite3_stmt *st)
{
	int r;

	do
		r = db_step(db, st);
	while (r > 0);
	return r;
}

void bind_bytes(sqlite3_stmt *st, int index, const char *bytes, size_t len)
{
	if (path_is_utf8(bytes, len))
		sqlite3_bind_text(st, index, bytes, (int)len, SQLITE_STATIC);
	else
		sqlite3_bind_blob(st, index, bytes, (int)len, SQLITE_STATIC);
}

int64_t store_scalar(struct db *db, const char *sql, int64_t *ret_value)
{
	sqlite3_stmt *st;
	int r;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) != SQLITE_OK)
		return db_error(db, "reading");
	r = db_step(db, st);
	if (r > 0)
		*ret_value = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return r < 0 ? r : r == 0 ? -ENOENT : 0;
}
