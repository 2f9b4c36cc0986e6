/*
 * What a file's schema is: ours, SPEC 0.4 made by others, older, newer, or something
 * else. A file of others gets our columns and tables by comparison with schema.sql, so
 * that nothing about the format is said twice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "store/db.h"
#include "store/volume.h"

static int64_t count(struct db *db, const char *sql)
{
	int64_t n, r = store_scalar(db, sql, &n);

	return r < 0 ? r : n;
}

/* A text of fs_config. 1: found, 0: not there, or an error. */
static int config_text(struct db *db, const char *key, char *ret, size_t size)
{
	sqlite3_stmt *st = db_statement(db, ST_CONFIG_GET);
	int r;

	if (!st)
		return db_error(db, "reading");
	sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC);
	r = db_step(db, st);
	if (r > 0) {
		const char *text = (const char *)sqlite3_column_text(st, 0);

		snprintf(ret, size, "%s", text ? text : "");
		sqlite3_reset(st);
	}
	return r;
}

static int check_version(struct db *db, const char *version)
{
	int major = 0, minor = 0;

	if (strcmp(version, "0.4") == 0)
		return 0;
	if (sscanf(version, "%d.%d", &major, &minor) == 2 && major == 0 && minor < 4)
		return error_set(-EPROTONOSUPPORT,
				 "%s has the older schema %s; bring it to 0.4 with "
				 "`agentfs migrate`",
				 db->path, version);
	return error_set(
		-EPROTONOSUPPORT,
		"%s has schema %s, made by a newer version; this agentfs knows "
		"0.4",
		db->path, version);
}

int volume_check_schema(struct db *db, int *ret_foreign)
{
	char text[64];
	int64_t n;
	int r;

	n = count(db,
		  "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN "
		  "('fs_config', 'fs_inode', 'fs_dentry', 'fs_data')");
	if (n < 0)
		return (int)n;
	if (n < 4)
		return error_set(-EINVAL,
				 "%s is not an AgentFS volume (a SQLite database of "
				 "something else)",
				 db->path);
	r = config_text(db, "schema_version", text, sizeof(text));
	if (r == 0)
		strcpy(text, "0.0");
	if (r >= 0)
		r = check_version(db, text);
	if (r < 0)
		return r;
	r = config_text(db, "agentfs.format", text, sizeof(text));
	if (r < 0)
		return r;
	*ret_foreign = r == 0;
	if (r > 0 && atoi(text) > STORE_FORMAT)
		return error_set(
			-EPROTONOSUPPORT,
			"%s has format %s, made by a newer version; this agentfs "
			"knows up to %d",
			db->path, text, STORE_FORMAT);
	n = count(db, "SELECT count(*) FROM fs_inode WHERE ino = 1");
	if (n < 0)
		return (int)n;
	if (n == 0)
		return error_set(-EUCLEAN, "%s is damaged: it has no root directory",
				 db->path);
	return 0;
}

/* Runs every line of text that a query on schema.sql's own database returns. */
static int copy_sql(struct db *model, struct db *db, const char *query)
{
	sqlite3_stmt *st;
	int r;

	if (sqlite3_prepare_v2(model->handle, query, -1, &st, NULL) != SQLITE_OK)
		return db_error(model, "reading the schema for");
	while ((r = db_step(model, st)) > 0) {
		r = db_exec(db, (const char *)sqlite3_column_text(st, 0));
		if (r < 0)
			break;
	}
	sqlite3_finalize(st);
	return r;
}

static int attach_names(struct db *db, struct db *model)
{
	sqlite3_stmt *st;
	int r;

	r = db_exec(model, "CREATE TEMP TABLE have (kind, tbl, name)");
	if (r < 0)
		return r;
	if (sqlite3_prepare_v2(
		    db->handle,
		    "SELECT type, tbl_name, name FROM sqlite_schema UNION ALL "
		    "SELECT 'column', m.name, c.name FROM sqlite_schema m, "
		    "pragma_table_info(m.name) c WHERE m.type = 'table'",
		    -1, &st, NULL) != SQLITE_OK)
		return db_error(db, "reading the schema of");
	while ((r = db_step(db, st)) > 0) {
		char *sql = sqlite3_mprintf("INSERT INTO have VALUES (%Q, %Q, %Q)",
					    sqlite3_column_text(st, 0),
					    sqlite3_column_text(st, 1),
					    sqlite3_column_text(st, 2));

		r = sql ? db_exec(model, sql) : -ENOMEM;
		sqlite3_free(sql);
		if (r < 0)
			break;
	}
	sqlite3_finalize(st);
	return r;
}

static int add_missing(struct db *model, struct db *db)
{
	int r = copy_sql(model, db,
			 "SELECT sql FROM main.sqlite_schema s WHERE type = 'table' "
			 "AND name NOT LIKE 'sqlite_%' AND NOT EXISTS (SELECT 1 FROM "
			 "have h WHERE h.kind = 'table' AND h.name = s.name)");
	if (r == 0)
		r = copy_sql(
			model, db,
			"SELECT 'ALTER TABLE ' || s.name || ' ADD COLUMN ' || c.name "
			"|| ' ' || c.type || iif(c.\"notnull\", ' NOT NULL', '') || "
			"' DEFAULT ' || coalesce(c.dflt_value, 'NULL') "
			"FROM main.sqlite_schema s, pragma_table_info(s.name) c "
			"WHERE s.type = 'table' AND c.pk = 0 "
			"AND EXISTS (SELECT 1 FROM have h WHERE h.kind = 'table' "
			"AND h.name = s.name) "
			"AND NOT EXISTS (SELECT 1 FROM have h WHERE h.kind = 'column' "
			"AND h.tbl = s.name AND h.name = c.name) "
			"AND coalesce(c.dflt_value, '') NOT LIKE '%(%'");
	if (r == 0)
		r = copy_sql(
			model, db,
			"SELECT sql FROM main.sqlite_schema s WHERE type = 'index' "
			"AND sql IS NOT NULL AND NOT EXISTS (SELECT 1 FROM have h "
			"WHERE h.kind = 'index' AND h.name = s.name)");
	return r;
}

/* Parents of whiteouts written by programs that keep only their paths. */
static const char fill_sql[] =
	"UPDATE fs_whiteout SET parent_path = iif(rtrim(path, replace(path, '/', '')) "
	"= "
	"'/', '/', rtrim(rtrim(path, replace(path, '/', '')), '/')) "
	"WHERE parent_path = '';"
	"INSERT OR REPLACE INTO fs_config (key, value) VALUES ('agentfs.format', '1');"
	"INSERT INTO agentfs_layer (id, parent, created_ns) SELECT 1, NULL, "
	"unixepoch() * 1000000000 WHERE NOT EXISTS (SELECT 1 FROM agentfs_layer);"
	"INSERT OR IGNORE INTO agentfs_branch (name, layer, created_ns) VALUES "
	"('main', 1, "
	"unixepoch() * 1000000000);";

int volume_adopt(struct db *db)
{
	struct db model;
	int r = db_open(&model, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	if (r < 0)
		return r;
	r = db_exec(&model, schema_sql);
	if (r == 0)
		r = attach_names(db, &model);
	if (r == 0)
		r = db_exec(db, "BEGIN IMMEDIATE");
	if (r == 0) {
		r = add_missing(&model, db);
		if (r == 0)
			r = db_exec(db, fill_sql);
		if (r == 0)
			r = db_exec(db, "COMMIT");
		if (r < 0)
			sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
	}
	db_close(&model);
	return r;
}
