/* What a volume holds, in numbers. */
#include <stdio.h>
#include <sys/stat.h>

#include "store/db.h"

static int64_t file_size(const char *path, const char *ending)
{
	char whole[4200];
	struct stat st;

	snprintf(whole, sizeof(whole), "%s%s", path, ending);
	return stat(whole, &st) == 0 ? st.st_size : 0;
}

/*
 * Plain: nothing that a program which knows only SPEC 0.4 would misread (DESIGN.md): no
 * history, no content left in the base, no holes, no directory that names another base
 * path than its own, no whiteout of a path that was made again.
 */
static const char plain_sql[] =
	"WITH RECURSIVE dir(ino, path) AS (SELECT 1, '' UNION ALL "
	"SELECT d.ino, dir.path || '/' || d.name FROM dir "
	"JOIN fs_dentry d ON d.parent_ino = dir.ino "
	"JOIN fs_inode i ON i.ino = d.ino AND i.mode & 61440 = 16384) "
	"SELECT NOT EXISTS (SELECT 1 FROM agentfs_snapshot) "
	"AND (SELECT count(*) FROM agentfs_branch) = 1 "
	"AND NOT EXISTS (SELECT 1 FROM fs_inode WHERE base_len > 0 "
	"OR typeof(base_path) = 'blob') "
	"AND NOT EXISTS (SELECT 1 FROM fs_inode i WHERE mode & 61440 = 32768 AND size "
	"> 0 "
	"AND coalesce((SELECT sum(length(data)) FROM fs_data f WHERE f.ino = i.ino), "
	"0) "
	"<> size) "
	"AND NOT EXISTS (SELECT 1 FROM dir JOIN fs_inode i ON i.ino = dir.ino "
	"WHERE dir.ino <> 1 AND i.base_path IS NOT NULL AND i.base_path <> dir.path) "
	"AND NOT EXISTS (SELECT 1 FROM dir JOIN fs_dentry d ON d.parent_ino = dir.ino "
	"JOIN fs_whiteout w ON w.path = dir.path || '/' || d.name)";

int store_stats(struct store *s, struct store_stats *ret_stats)
{
	struct store_stats stats = {0};
	const struct {
		const char *sql;
		int64_t *value;
	} queries[] = {
		{"SELECT count(*) FROM fs_inode", &stats.n_inodes},
		{"SELECT count(*) FROM fs_dentry", &stats.n_dentries},
		{"SELECT count(*) FROM fs_data", &stats.n_chunks},
		{"SELECT count(*) FROM fs_whiteout", &stats.n_whiteouts},
		{"SELECT coalesce(sum(length(data)), 0) FROM fs_data",
		 &stats.data_bytes},
		{"SELECT count(*) FROM agentfs_branch", &stats.n_branches},
		{"SELECT count(*) FROM agentfs_snapshot", &stats.n_snapshots},
	};
	struct db *db = store_reader_take(s);
	int64_t plain = 0, r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(queries) / sizeof(queries[0]); i++)
		r = store_scalar(db, queries[i].sql, queries[i].value);
	if (r == 0)
		r = store_scalar(db, plain_sql, &plain);
	store_reader_drop(s, db);
	if (r < 0)
		return (int)r;
	stats.plain = plain != 0;
	stats.file_bytes = file_size(s->path, "") + file_size(s->path, "-wal");
	*ret_stats = stats;
	return 0;
}
