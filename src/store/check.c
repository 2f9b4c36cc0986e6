/*
 * The check of a volume: SQLite's own, then each invariant of docs/FORMAT.md as a query
 * that returns a line of text for every violation.
 */
#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "store/db.h"

#define DIR_TYPE  "16384"
#define FILE_TYPE "32768"
#define LINK_TYPE "40960"
#define TYPE	  "mode & 61440"

static const char *const checks[] = {
	"SELECT 'SQLite: ' || integrity_check FROM pragma_integrity_check "
	"WHERE integrity_check <> 'ok'",
	/* FORMAT-1 */
	"SELECT 'FORMAT-1: the root is no directory' WHERE NOT EXISTS "
	"(SELECT 1 FROM fs_inode WHERE ino = 1 AND " TYPE " = " DIR_TYPE ")",
	/* FORMAT-2 */
	"SELECT 'FORMAT-2: name ' || quote(d.name) || ' in directory ' || d.parent_ino "
	"|| ' leads to inode ' || d.ino || ', which is missing' FROM fs_dentry d "
	"WHERE NOT EXISTS (SELECT 1 FROM fs_inode i WHERE i.ino = d.ino)",
	/* FORMAT-3 */
	"SELECT 'FORMAT-3: name ' || quote(d.name) || ' lies in ' || d.parent_ino || "
	"', which is no directory' FROM fs_dentry d WHERE NOT EXISTS (SELECT 1 FROM "
	"fs_inode i WHERE i.ino = d.parent_ino AND i." TYPE " = " DIR_TYPE ")",
	/* FORMAT-4 */
	"SELECT 'FORMAT-4: bad name ' || quote(name) || ' in directory ' || parent_ino "
	"FROM fs_dentry WHERE name IN ('', '.', '..') OR instr(CAST(name AS BLOB), "
	"x'2f') "
	"OR instr(CAST(name AS BLOB), x'00') OR length(CAST(name AS BLOB)) > 255",
	/* FORMAT-5 */
	"SELECT 'FORMAT-5: directory ' || i.ino || ' has ' || count(d.id) || ' names' "
	"FROM fs_inode i JOIN fs_dentry d ON d.ino = i.ino WHERE i." TYPE " = " DIR_TYPE
	" GROUP BY i.ino HAVING count(d.id) > 1",
	"WITH RECURSIVE reached(ino) AS (SELECT 1 UNION SELECT d.ino FROM reached "
	"JOIN fs_dentry d ON d.parent_ino = reached.ino) "
	"SELECT 'FORMAT-5: inode ' || d.ino || ' cannot be reached from the root' "
	"FROM fs_dentry d WHERE d.ino NOT IN (SELECT ino FROM reached)",
	/* FORMAT-6 */
	"SELECT 'FORMAT-6: inode ' || i.ino || ' has link count ' || i.nlink || ' and "
	"' || "
	"count(d.id) || ' names' FROM fs_inode i LEFT JOIN fs_dentry d ON d.ino = "
	"i.ino "
	"WHERE i." TYPE " <> " DIR_TYPE " AND NOT i.flags & 2 AND i.nlink > 0 "
	"GROUP BY i.ino HAVING i.nlink <> count(d.id)",
	/* FORMAT-7 */
	"SELECT 'FORMAT-7: inode ' || ino || ' has the size ' || size FROM fs_inode "
	"WHERE size < 0 OR base_len < 0 OR base_len > size",
	/* FORMAT-8 */
	"SELECT 'FORMAT-8: chunk ' || f.chunk_index || ' of inode ' || f.ino || "
	"' belongs to no file' FROM fs_data f WHERE NOT EXISTS (SELECT 1 FROM fs_inode "
	"i "
	"WHERE i.ino = f.ino AND i." TYPE " = " FILE_TYPE ")",
	"SELECT 'FORMAT-8: chunk ' || f.chunk_index || ' of inode ' || f.ino || "
	"' lies outside the file' FROM fs_data f JOIN fs_inode i ON i.ino = f.ino "
	"WHERE f.chunk_index < 0 OR length(f.data) = 0 OR length(f.data) > "
	"(SELECT value + 0 FROM fs_config WHERE key = 'chunk_size') OR f.chunk_index * "
	"(SELECT value + 0 FROM fs_config WHERE key = 'chunk_size') + length(f.data) > "
	"i.size",
	/* FORMAT-9 */
	"SELECT 'FORMAT-9: link ' || i.ino || ' has no target, or of another size' "
	"FROM "
	"fs_inode i LEFT JOIN fs_symlink s ON s.ino = i.ino WHERE i." TYPE
	" = " LINK_TYPE
	" AND i.base_path IS NULL AND coalesce(length(CAST(s.target AS BLOB)), -1) <> "
	"i.size",
	"SELECT 'FORMAT-9: target of inode ' || ino || ', which is no link' FROM "
	"fs_symlink s WHERE NOT EXISTS (SELECT 1 FROM fs_inode i WHERE i.ino = s.ino "
	"AND i." TYPE " = " LINK_TYPE ")",
	/* FORMAT-10 */
	"SELECT 'FORMAT-10: extended attribute of inode ' || ino || ', which is "
	"missing' "
	"FROM agentfs_xattr x WHERE NOT EXISTS (SELECT 1 FROM fs_inode i WHERE i.ino = "
	"x.ino)",
	/* FORMAT-11 */
	"SELECT 'FORMAT-11: bad whiteout ' || quote(path) FROM fs_whiteout WHERE "
	"substr(CAST(path AS BLOB), 1, 1) <> x'2f' OR length(path) < 2 OR "
	"CAST(parent_path AS BLOB) <> CAST(iif(rtrim(path, replace(path, '/', '')) = "
	"'/', "
	"'/', rtrim(rtrim(path, replace(path, '/', '')), '/')) AS BLOB) "
	"AND typeof(path) = 'text'",
};

static int64_t run_check(struct db *db, const char *sql,
			 void (*problem)(void *arg, const char *line), void *arg)
{
	sqlite3_stmt *st;
	int64_t n = 0;
	int r;

	if (sqlite3_prepare_v2(db->handle, sql, -1, &st, NULL) != SQLITE_OK)
		return db_error(db, "checking");
	while ((r = db_step(db, st)) > 0) {
		problem(arg, (const char *)sqlite3_column_text(st, 0));
		n++;
	}
	sqlite3_finalize(st);
	return r < 0 ? r : n;
}

int64_t store_check(struct store *s, void (*problem)(void *arg, const char *line),
		    void *arg)
{
	struct db *db = store_reader_take(s);
	int64_t total = 0, n = 0;

	for (size_t i = 0; n >= 0 && i < sizeof(checks) / sizeof(checks[0]); i++) {
		n = run_check(db, checks[i], problem, arg);
		if (n == -EUCLEAN) {
			/* So damaged that a query cannot go on: that is a finding too.
			 */
			problem(arg, error_text(-EUCLEAN));
			n = 1;
		}
		if (n > 0)
			total += n;
	}
	store_reader_drop(s, db);
	return n < 0 ? n : total;
}
