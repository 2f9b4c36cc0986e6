/* Rows of agentfs_xattr. */
#include <errno.h>

#include "store/db.h"

int store_xattrs_load(struct store_branch *b, int64_t ino, store_xattr_fn each,
		      void *arg)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_XATTRS_LOAD);
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_int64(st, 1, ino);
		while ((r = db_step(db, st)) > 0) {
			r = each(arg, sqlite3_column_blob(st, 0),
				 (size_t)sqlite3_column_bytes(st, 0),
				 sqlite3_column_blob(st, 1),
				 (size_t)sqlite3_column_bytes(st, 1));
			if (r < 0)
				break;
		}
		sqlite3_reset(st);
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_xattr_put(struct store_branch *b, int64_t ino, const char *name,
		    size_t name_len, const void *value, size_t value_len)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_XATTR_PUT);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, ino);
	bind_bytes(st, 2, name, name_len);
	if (value_len)
		sqlite3_bind_blob(st, 3, value, (int)value_len, SQLITE_STATIC);
	else
		sqlite3_bind_zeroblob(st, 3, 0);
	return store_failed(b->store, db_run(db, st));
}

int store_xattr_delete(struct store_branch *b, int64_t ino, const char *name,
		       size_t name_len)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_XATTR_DELETE);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, ino);
	bind_bytes(st, 2, name, name_len);
	return store_failed(b->store, db_run(db, st));
}
