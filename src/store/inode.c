/* Rows of fs_inode and fs_symlink. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/db.h"
#include "store/rows.h"

static int64_t time_at(sqlite3_stmt *st, int seconds, int nanoseconds)
{
	return sqlite3_column_int64(st, seconds) * NS_PER_S +
	       sqlite3_column_int64(st, nanoseconds);
}

void inode_from_columns(sqlite3_stmt *st, struct inode_row *ret_row)
{
	int64_t size = sqlite3_column_int64(st, 5),
		blocks = sqlite3_column_int64(st, 14);

	*ret_row = (struct inode_row){
		.ino = sqlite3_column_int64(st, 0),
		.mode = (uint32_t)sqlite3_column_int64(st, 1),
		.nlink = (uint32_t)sqlite3_column_int64(st, 2),
		.uid = (uint32_t)sqlite3_column_int64(st, 3),
		.gid = (uint32_t)sqlite3_column_int64(st, 4),
		.size = size,
		.atime_ns = time_at(st, 6, 10),
		.mtime_ns = time_at(st, 7, 11),
		.ctime_ns = time_at(st, 8, 12),
		.rdev = (uint64_t)sqlite3_column_int64(st, 9),
		.btime_ns = sqlite3_column_int64(st, 13),
		/* Rows of other programs do not say: as if there were no holes. */
		.blocks = blocks >= 0 ? blocks : (size + 4095) / 4096 * 8,
		.st_ino = (uint64_t)sqlite3_column_int64(st, 15),
		.flags = (uint32_t)sqlite3_column_int64(st, 16),
		.nlink_diff = (int32_t)sqlite3_column_int64(st, 17),
		.base_path = (const char *)sqlite3_column_blob(st, 18),
		.base_path_len = (size_t)sqlite3_column_bytes(st, 18),
		.base_len = sqlite3_column_int64(st, 19),
		.base =
			{
				.size = sqlite3_column_int64(st, 20),
				.mtime_ns = sqlite3_column_int64(st, 21),
				.ctime_ns = sqlite3_column_int64(st, 22),
				.ino = (uint64_t)sqlite3_column_int64(st, 23),
				.dev = (uint64_t)sqlite3_column_int64(st, 24),
			},
	};
	if (ret_row->base_path_len == 0)
		ret_row->base_path = NULL;
	if (ret_row->btime_ns == 0)
		ret_row->btime_ns = ret_row->ctime_ns;
}

/* One row; its path is copied out. The statement is reset. */
static int take_row(struct db *db, sqlite3_stmt *st, struct inode_row *ret_row,
		    struct buf *ret_path)
{
	struct inode_row row;
	int r = db_step(db, st);

	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	inode_from_columns(st, &row);
	buf_clear(ret_path);
	r = buf_add(ret_path, row.base_path, row.base_path_len);
	sqlite3_reset(st);
	if (r < 0)
		return r;
	row.base_path = row.base_path ? ret_path->data : NULL;
	*ret_row = row;
	return 0;
}

int store_inode_get(struct store_branch *b, int64_t ino, struct inode_row *ret_row,
		    struct buf *ret_path)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_INODE_GET);
	int r;

	if (st) {
		sqlite3_bind_int64(st, 1, ino);
		r = take_row(db, st, ret_row, ret_path);
	} else {
		r = db_error(db, "reading");
	}
	store_reader_drop(b->store, db);
	if (r == -ENOENT)
		return error_set(r, "inode %lld is not in the volume", (long long)ino);
	return r;
}

int store_inode_by_base(struct store_branch *b, uint64_t dev, uint64_t base_ino,
			struct inode_row *ret_row, struct buf *ret_path)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_INODE_BY_BASE);
	int r;

	if (st) {
		sqlite3_bind_int64(st, 1, (int64_t)base_ino);
		sqlite3_bind_int64(st, 2, (int64_t)dev);
		r = take_row(db, st, ret_row, ret_path);
	} else {
		r = db_error(db, "reading");
	}
	store_reader_drop(b->store, db);
	return r;
}

static void bind_times(sqlite3_stmt *st, const struct inode_row *row)
{
	struct timespec a = clock_to_timespec(row->atime_ns);
	struct timespec m = clock_to_timespec(row->mtime_ns);
	struct timespec c = clock_to_timespec(row->ctime_ns);

	sqlite3_bind_int64(st, 7, a.tv_sec);
	sqlite3_bind_int64(st, 8, m.tv_sec);
	sqlite3_bind_int64(st, 9, c.tv_sec);
	sqlite3_bind_int64(st, 11, a.tv_nsec);
	sqlite3_bind_int64(st, 12, m.tv_nsec);
	sqlite3_bind_int64(st, 13, c.tv_nsec);
	sqlite3_bind_int64(st, 14, row->btime_ns);
}

static void bind_base(sqlite3_stmt *st, const struct inode_row *row)
{
	if (row->base_path)
		bind_bytes(st, 19, row->base_path, row->base_path_len);
	else
		sqlite3_bind_null(st, 19);
	sqlite3_bind_int64(st, 20, row->base_len);
	sqlite3_bind_int64(st, 21, row->base.size);
	sqlite3_bind_int64(st, 22, row->base.mtime_ns);
	sqlite3_bind_int64(st, 23, row->base.ctime_ns);
	sqlite3_bind_int64(st, 24, (int64_t)row->base.ino);
	sqlite3_bind_int64(st, 25, (int64_t)row->base.dev);
}

int store_by_ino(struct store *s, enum statement which, int64_t ino)
{
	struct db *db = store_writer(s);
	sqlite3_stmt *st = db_statement(db, which);

	if (!st)
		return store_failed(s, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, ino);
	return store_failed(s, db_run(db, st));
}

static int put_linked(struct store *s, const struct inode_row *row)
{
	struct db *db = store_writer(s);
	sqlite3_stmt *st = db_statement(db, ST_LINKED_PUT);

	if (!st)
		return store_failed(s, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, (int64_t)row->base.ino);
	sqlite3_bind_int64(st, 2, (int64_t)row->base.dev);
	sqlite3_bind_int64(st, 3, row->ino);
	return store_failed(s, db_run(db, st));
}

int store_inode_put(struct store_branch *b, const struct inode_row *row)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_INODE_PUT);
	int r;

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, row->ino);
	sqlite3_bind_int64(st, 2, row->mode);
	sqlite3_bind_int64(st, 3, row->nlink);
	sqlite3_bind_int64(st, 4, row->uid);
	sqlite3_bind_int64(st, 5, row->gid);
	sqlite3_bind_int64(st, 6, row->size);
	bind_times(st, row);
	sqlite3_bind_int64(st, 10, (int64_t)row->rdev);
	sqlite3_bind_int64(st, 15, row->blocks);
	sqlite3_bind_int64(st, 16, (int64_t)row->st_ino);
	sqlite3_bind_int64(st, 17, row->flags);
	sqlite3_bind_int64(st, 18, row->nlink_diff);
	bind_base(st, row);
	r = store_failed(b->store, db_run(db, st));
	if (r == 0 && row->flags & INODE_BASE_LINKED)
		r = put_linked(b->store, row);
	if (r == 0 && row->nlink == 0)
		r = store_by_ino(b->store, ST_ORPHAN_PUT, row->ino);
	return r;
}

int store_inode_delete(struct store_branch *b, int64_t ino)
{
	int r = store_by_ino(b->store, ST_INODE_DELETE, ino);

	if (r == 0)
		r = store_chunks_delete(b, ino, 0, INT64_MAX);
	if (r == 0)
		r = store_by_ino(b->store, ST_SYMLINK_DELETE, ino);
	if (r == 0)
		r = store_by_ino(b->store, ST_XATTRS_DELETE, ino);
	return r;
}

int store_symlink_get(struct store_branch *b, int64_t ino, struct buf *ret_target)
{
	struct db *db = store_reader_take(b->store);
	sqlite3_stmt *st = db_statement(db, ST_SYMLINK_GET);
	int r;

	if (!st) {
		r = db_error(db, "reading");
	} else {
		sqlite3_bind_int64(st, 1, ino);
		r = db_step(db, st);
		if (r > 0) {
			r = buf_add(ret_target, sqlite3_column_blob(st, 0),
				    (size_t)sqlite3_column_bytes(st, 0));
			sqlite3_reset(st);
		} else if (r == 0) {
			r = error_set(-ENOENT, "link %lld has no target in the volume",
				      (long long)ino);
		}
	}
	store_reader_drop(b->store, db);
	return r;
}

int store_symlink_put(struct store_branch *b, int64_t ino, const char *target,
		      size_t len)
{
	struct db *db = store_writer(b->store);
	sqlite3_stmt *st = db_statement(db, ST_SYMLINK_PUT);

	if (!st)
		return store_failed(b->store, db_error(db, "writing"));
	sqlite3_bind_int64(st, 1, ino);
	bind_bytes(st, 2, target, len);
	return store_failed(b->store, db_run(db, st));
}
