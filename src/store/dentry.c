/* Rows of fs_dentry. */
#include <errno.h>

#include "base/error.h"
#include "store/db.h"
#include "store/rows.h"

#define COLUMN_NAME 25 /* behind INODE_COLUMNS */

int store_dentry_get(struct store_branch *b, int64_t dir, const char *name, size_t len,
		     int64_t *ret_ino)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_DENTRY_GET);
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_int64(st, 1, dir);
		bind_bytes(st, 2, name, len);
		r = db_step(db, st);
		if (r > 0)
			*ret_ino = sqlite3_column_int64(st, 0);
		sqlite3_reset(st);
		r = r > 0 ? 0 : r == 0 ? -ENOENT : r;
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_dir_load(struct store_branch *b, int64_t dir, store_dentry_fn each, void *arg)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_DIR_LOAD);
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_int64(st, 1, dir);
		while ((r = db_step(db, st)) > 0) {
			struct inode_row row;

			inode_from_columns(st, &row);
			r = each(arg, sqlite3_column_blob(st, COLUMN_NAME),
				 (size_t)sqlite3_column_bytes(st, COLUMN_NAME), &row);
			if (r < 0)
				break;
		}
		sqlite3_reset(st);
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_dentry_put(struct store_branch *b, int64_t dir, const char *name, size_t len,
		     int64_t ino)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_DENTRY_PUT);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, dir);
	bind_bytes(st, 2, name, len);
	sqlite3_bind_int64(st, 3, ino);
	return store_failed(b->store, db_run(db, st));
}

int store_dentry_delete(struct store_branch *b, int64_t dir, const char *name,
			size_t len)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_DENTRY_DELETE);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, dir);
	bind_bytes(st, 2, name, len);
	return store_failed(b->store, db_run(db, st));
}
