/* Rows of fs_whiteout: what of the base is hidden, by its path there. */
#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "store/db.h"

/* Length of the parent's path: "/a/b" -> 2, "/a" -> 1 ("/"). */
static size_t parent_len(const char *path, size_t len)
{
	while (len > 0 && path[len - 1] != '/')
		len--;
	return len > 1 ? len - 1 : 1;
}

static int walk(struct db *db, sqlite3_stmt *st, store_whiteout_fn each, void *arg)
{
	int r;

	while ((r = db_step(db, st)) > 0) {
		struct whiteout_row row = {
			.path = (const char *)sqlite3_column_blob(st, 0),
			.path_len = (size_t)sqlite3_column_bytes(st, 0),
			.mode = (uint32_t)sqlite3_column_int64(st, 1),
			.base =
				{
					.size = sqlite3_column_int64(st, 2),
					.mtime_ns = sqlite3_column_int64(st, 3),
					.ctime_ns = sqlite3_column_int64(st, 4),
					.ino = (uint64_t)sqlite3_column_int64(st, 5),
					.dev = (uint64_t)sqlite3_column_int64(st, 6),
				},
		};
		size_t start;

		if (row.path_len < 2 || row.path[0] != '/')
			continue; /* reported by the check */
		start = parent_len(row.path, row.path_len);
		start += start > 1 ? 1 : 0;
		r = each(arg, row.path + start, row.path_len - start, &row);
		if (r < 0)
			break;
	}
	sqlite3_reset(st);
	return r;
}

int store_whiteouts_load(struct store_branch *b, const char *parent, size_t len,
			 store_whiteout_fn each, void *arg)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_WHITEOUTS_LOAD);
	int r;

	if (st) {
		bind_bytes(st, 1, parent, len);
		r = walk(db, st, each, arg);
	} else {
		r = db_error(db, "reading");
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_whiteouts_walk(struct store_branch *b, store_whiteout_fn each, void *arg)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_WHITEOUTS_WALK);
	int r = st ? walk(db, st, each, arg) : db_error(db, "reading");

	store_reader_drop(b->store, db);
	return r;
}

int store_whiteout_put(struct store_branch *b, const struct whiteout_row *row)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_WHITEOUT_PUT);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	bind_bytes(st, 1, row->path, row->path_len);
	bind_bytes(st, 2, row->path, parent_len(row->path, row->path_len));
	sqlite3_bind_int64(st, 3, row->mode);
	sqlite3_bind_int64(st, 4, row->base.size);
	sqlite3_bind_int64(st, 5, row->base.mtime_ns);
	sqlite3_bind_int64(st, 6, row->base.ctime_ns);
	sqlite3_bind_int64(st, 7, (int64_t)row->base.ino);
	sqlite3_bind_int64(st, 8, (int64_t)row->base.dev);
	return store_failed(b->store, db_run(db, st));
}

int store_whiteout_delete(struct store_branch *b, const char *path, size_t len)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_WHITEOUT_DELETE);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	bind_bytes(st, 1, path, len);
	return store_failed(b->store, db_run(db, st));
}
