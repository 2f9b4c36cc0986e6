/* Making, opening and closing volumes. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/path.h"
#include "store/db.h"
#include "store/volume.h"

/* ---- making ---- */

static const char create_pragmas[] = "PRAGMA page_size = 8192;"
				     "PRAGMA auto_vacuum = NONE;"
				     "PRAGMA secure_delete = OFF;"
				     "PRAGMA journal_mode = WAL;";

static int fill(struct db *db, const struct store_create_options *o)
{
	uint32_t chunk_size = o->chunk_size ? o->chunk_size : STORE_CHUNK_SIZE;
	uint32_t mode = o->root_mode ? o->root_mode & 07777 : 0755;
	int64_t now = clock_real_ns();
	char *sql;
	int r = db_exec(db, create_pragmas);

	if (r == 0)
		r = db_exec(db, "BEGIN");
	if (r == 0)
		r = db_exec(db, schema_sql);
	if (r < 0)
		return r;
	sql = sqlite3_mprintf(
		"INSERT INTO fs_config VALUES ('chunk_size', '%u'), "
		"('schema_version', '0.4'), ('agentfs.format', '%d');"
		"INSERT INTO agentfs_layer (id, parent, created_ns) VALUES (1, NULL, "
		"%lld);"
		"INSERT INTO agentfs_branch VALUES ('main', 1, %lld);"
		"INSERT INTO fs_inode (ino, mode, nlink, uid, gid, size, atime, mtime, "
		"ctime, atime_nsec, mtime_nsec, ctime_nsec, btime_ns, blocks, "
		"base_path) "
		"VALUES (1, %u, 2, %u, %u, 4096, %lld, %lld, %lld, %lld, %lld, %lld, "
		"%lld, 8, %Q);",
		chunk_size, STORE_FORMAT, now, now, S_IFDIR | mode, o->root_uid,
		o->root_gid, now / NS_PER_S, now / NS_PER_S, now / NS_PER_S,
		now % NS_PER_S, now % NS_PER_S, now % NS_PER_S, now,
		o->base_path ? "/" : NULL);
	r = sql ? db_exec(db, sql) : -ENOMEM;
	sqlite3_free(sql);
	if (r == 0 && o->base_path) {
		sqlite3_stmt *st;

		if (sqlite3_prepare_v2(db->handle,
				       "INSERT INTO fs_overlay_config VALUES "
				       "('base_path', ?1)",
				       -1, &st, NULL) != SQLITE_OK)
			return db_error(db, "writing");
		bind_bytes(st, 1, o->base_path, strlen(o->base_path));
		r = db_run(db, st);
		sqlite3_finalize(st);
	}
	if (r == 0)
		r = db_exec(db, "COMMIT");
	return r;
}

static void remove_beside(const char *path)
{
	static const char *const endings[] = {"-wal", "-shm", "-journal"};
	char beside[4200];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		snprintf(beside, sizeof(beside), "%s%s", path, endings[i]);
		unlink(beside);
	}
}

/* The directory entry of a new volume is on disk before anybody relies on it. */
static void sync_directory(const char *path)
{
	char dir[4200];
	size_t len = path_parent_len(path);
	int fd;

	snprintf(dir, sizeof(dir), "%.*s", (int)len, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* Gives the finished file its name, never over another file. */
static int publish(const char *made, const char *path)
{
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno == EEXIST)
		return error_set(-EEXIST, "%s exists already", path);
	if (errno != EINVAL && errno != ENOSYS)
		return error_set(-errno, "making %s: %s", path, strerror(errno));
	/* A filesystem without RENAME_NOREPLACE: a link does not replace either. */
	if (link(made, path) < 0)
		return error_set(-errno, "making %s: %s", path, strerror(errno));
	unlink(made);
	return 0;
}

int store_create(const char *path, const struct store_create_options *options)
{
	char made[4200];
	struct db db;
	int fd, r;

	if (access(path, F_OK) == 0)
		return error_set(-EEXIST, "%s exists already", path);
	if ((size_t)snprintf(made, sizeof(made), "%s.new-%d", path, (int)getpid()) >=
	    sizeof(made))
		return error_set(-ENAMETOOLONG, "the path %s is too long", path);
	unlink(made);
	fd = open(made, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(-errno, "making %s: %s", path, strerror(errno));
	close(fd);
	r = db_open(&db, made, SQLITE_OPEN_READWRITE);
	if (r == 0) {
		r = fill(&db, options);
		db_close(&db);
	}
	if (r == 0) {
		remove_beside(path);
		r = publish(made, path);
	}
	if (r < 0) {
		unlink(made);
		remove_beside(made);
		return r;
	}
	sync_directory(path);
	return 0;
}

/* ---- opening ---- */

static const char writer_pragmas[] = "PRAGMA journal_mode = WAL;"
				     "PRAGMA synchronous = NORMAL;"
				     "PRAGMA secure_delete = OFF;"
				     "PRAGMA wal_autocheckpoint = 2000;"
				     "PRAGMA journal_size_limit = 67108864;"
				     "PRAGMA temp_store = MEMORY;"
				     "PRAGMA cache_size = -32768;";
static const char reader_pragmas[] = "PRAGMA query_only = ON;"
				     "PRAGMA cache_size = -8192;"
				     "PRAGMA mmap_size = 1073741824;";

static int is_beside(const char *path, const char *ending)
{
	char beside[4200];

	snprintf(beside, sizeof(beside), "%s%s", path, ending);
	return access(beside, F_OK) == 0;
}

/*
 * How a reader opens the file: one that nobody writes is only looked at (no lock, no
 * file beside it); what a dead writer left in the log is read through SQLite's
 * recovery.
 */
static int open_reader(struct store *s, struct db *db)
{
	char uri[3 * 4096 + 64], *p = uri;
	int flags =
		s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
	int r;

	if (s->mode == STORE_WRITE || is_beside(s->path, "-wal")) {
		if (s->mode == STORE_READ && access(s->path, W_OK) == 0)
			flags = SQLITE_OPEN_READWRITE;
		r = db_open(db, s->path, flags);
	} else {
		p += sprintf(p, "file:");
		for (const char *c = s->path; *c; c++)
			p += sprintf(p, strchr("%?#", *c) ? "%%%02x" : "%c",
				     (unsigned char)*c);
		sprintf(p, "?immutable=1");
		r = db_open(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
		db->path = s->path;
	}
	return r < 0 ? r : db_exec(db, reader_pragmas);
}

static int open_readers(struct store *s)
{
	int r = 0;

	for (int i = 0; r == 0 && i < STORE_READERS; i++)
		r = open_reader(s, &s->readers[i]);
	return r;
}

/* What a crash left of files that were unlinked while they were open. */
static int remove_orphans(struct store *s)
{
	struct store_branch b = {s};
	struct db *db = &s->writer;
	int64_t n = 0, r = store_scalar(db, "SELECT count(*) FROM agentfs_orphan", &n);
	sqlite3_stmt *st, *clear;

	if (r < 0 || n == 0)
		return (int)r;
	r = store_begin(s);
	if (r < 0)
		return (int)r;
	st = db_statement(db, ST_ORPHANS);
	clear = db_statement(db, ST_ORPHANS_CLEAR);
	if (!st || !clear)
		store_failed(s, db_error(db, "cleaning up"));
	while (st && clear && (r = db_step(db, st)) > 0)
		store_inode_delete(&b, sqlite3_column_int64(st, 0));
	if (st)
		sqlite3_reset(st);
	if (r == 0 && clear)
		store_failed(s, db_run(db, clear));
	store_failed(s, (int)r);
	return store_commit(s, false);
}

static int open_writer(struct store *s)
{
	int foreign, r = db_open(&s->writer, s->path, SQLITE_OPEN_READWRITE);

	/* Nothing is written before the file has shown to be a volume. */
	if (r == 0)
		r = volume_check_schema(&s->writer, &foreign);
	if (r == 0)
		r = db_exec(&s->writer, writer_pragmas);
	if (r == 0 && foreign) {
		r = volume_adopt(&s->writer);
		if (r < 0)
			return error_prefix(r, "preparing %s: ", s->path);
	}
	return r;
}

static int read_settings(struct store *s)
{
	struct db *db = &s->readers[0];
	struct buf value = BUF_INIT;
	sqlite3_stmt *st;
	int foreign, r = volume_check_schema(db, &foreign);

	if (r == 0 && foreign)
		r = error_set(-EINVAL,
			      "%s was made by another program and was never opened for "
			      "writing by agentfs",
			      s->path);
	if (r == 0)
		r = store_config_get(s, "chunk_size", &value);
	if (r == 0 || r == -ENOENT) {
		s->chunk_size = r == 0 ? (uint32_t)strtoul(value.data, NULL, 10) : 4096;
		r = s->chunk_size >= 16 && s->chunk_size <= 16 * 1024 * 1024
			    ? 0
			    : error_set(-EUCLEAN, "%s has the chunk size %s", s->path,
					value.len ? value.data : "?");
	}
	buf_release(&value);
	if (r < 0)
		return r;
	if (sqlite3_prepare_v2(db->handle,
			       "SELECT value FROM fs_overlay_config "
			       "WHERE key = 'base_path'",
			       -1, &st, NULL) != SQLITE_OK)
		return db_error(db, "reading");
	r = db_step(db, st);
	if (r > 0) {
		s->base_path = strndup(sqlite3_column_blob(st, 0),
				       (size_t)sqlite3_column_bytes(st, 0));
		r = s->base_path ? 0 : -ENOMEM;
	}
	sqlite3_finalize(st);
	return r;
}

static int open_store(struct store *s)
{
	int r = volume_open_file(s->path, &s->lock_fd);

	if (r == 0 && s->mode == STORE_WRITE)
		r = volume_lock(s->path, s->lock_fd);
	if (r == 0 && s->mode == STORE_READ)
		flock(s->lock_fd, LOCK_SH | LOCK_NB); /* keeps a writer off a moment */
	if (r == 0 && s->mode == STORE_WRITE)
		r = open_writer(s);
	if (r == 0)
		r = open_readers(s);
	if (r == 0)
		r = read_settings(s);
	if (r == 0 && s->mode == STORE_WRITE)
		r = remove_orphans(s);
	return r;
}

int store_open(const char *path, enum store_mode mode, struct store **ret_store)
{
	struct store *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->mode = mode;
	s->lock_fd = -1;
	s->path = strdup(path);
	lock_init(&s->write_lock, LOCK_DATABASE);
	for (int i = 0; i < STORE_READERS; i++)
		lock_init(&s->read_locks[i], LOCK_DATABASE);
	r = s->path ? open_store(s) : -ENOMEM;
	if (r < 0) {
		store_close(s);
		return r;
	}
	*ret_store = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < STORE_READERS; i++)
		db_close(&s->readers[i]);
	if (s->writer.handle) {
		sqlite3_exec(s->writer.handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL,
			     NULL, NULL);
		db_close(&s->writer);
	}
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s->path);
	free(s->base_path);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

uint32_t store_chunk_size(const struct store *s)
{
	return s->chunk_size;
}

const char *store_base_path(const struct store *s)
{
	return s->base_path;
}
