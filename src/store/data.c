/* Rows of fs_data: content in chunks. */
#include <errno.h>

#include "base/error.h"
#include "store/db.h"

int store_chunks_read(struct store_branch *b, int64_t ino, int64_t first, int64_t n,
		      store_chunk_fn each, void *arg)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_CHUNKS_READ);
	uint32_t chunk_size = b->store->chunk_size;
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_int64(st, 1, ino);
		sqlite3_bind_int64(st, 2, first);
		sqlite3_bind_int64(st, 3, first + n);
		while ((r = db_step(db, st)) > 0) {
			size_t len = (size_t)sqlite3_column_bytes(st, 1);

			/* A damaged file must not make the caller copy too much. */
			r = each(arg, sqlite3_column_int64(st, 0),
				 sqlite3_column_blob(st, 1),
				 len < chunk_size ? len : chunk_size);
			if (r < 0)
				break;
		}
		sqlite3_reset(st);
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_chunks_list(struct store_branch *b, int64_t ino, store_chunk_fn each,
		      void *arg)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_CHUNKS_LIST);
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_int64(st, 1, ino);
		while ((r = db_step(db, st)) > 0) {
			int64_t index = sqlite3_column_int64(st, 0);

			if (index < 0 || index > INT64_MAX / b->store->chunk_size)
				continue; /* reported by the check */
			r = each(arg, index, NULL, 0);
			if (r < 0)
				break;
		}
		sqlite3_reset(st);
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_chunk_put(struct store_branch *b, int64_t ino, int64_t index,
		    const void *data, size_t len)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_CHUNK_PUT);
	int r;

	invariant(len > 0 && len <= b->store->chunk_size);
	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, ino);
	sqlite3_bind_int64(st, 2, index);
	sqlite3_bind_blob(st, 3, data, (int)len, SQLITE_STATIC);
	r = db_run(db, st);
	sqlite3_bind_null(st, 3); /* the data is only borrowed */
	return store_failed(b->store, r);
}

int store_chunks_delete(struct store_branch *b, int64_t ino, int64_t first,
			int64_t last)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_CHUNKS_DELETE);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, ino);
	sqlite3_bind_int64(st, 2, first);
	sqlite3_bind_int64(st, 3, last);
	return store_failed(b->store, db_run(db, st));
}
