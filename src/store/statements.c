#include "store/statements.h"

#include <stddef.h>

#define INODE_COLUMNS                                                                  \
	"i.ino, i.mode, i.nlink, i.uid, i.gid, i.size, i.atime, i.mtime, i.ctime, "    \
	"i.rdev, i.atime_nsec, i.mtime_nsec, i.ctime_nsec, i.btime_ns, i.blocks, "     \
	"i.st_ino, i.flags, i.nlink_diff, i.base_path, i.base_len, i.base_size, "      \
	"i.base_mtime_ns, i.base_ctime_ns, i.base_ino, i.base_dev"

#define WHITEOUT_COLUMNS                                                               \
	"path, mode, base_size, base_mtime_ns, base_ctime_ns, base_ino, base_dev"

static const char *const texts[N_STATEMENTS] = {
	[ST_BEGIN] = "BEGIN IMMEDIATE",
	[ST_COMMIT] = "COMMIT",
	[ST_ROLLBACK] = "ROLLBACK",
	[ST_CONFIG_GET] = "SELECT value FROM fs_config WHERE key = ?1",
	[ST_CONFIG_SET] = "INSERT INTO fs_config (key, value) VALUES (?1, ?2) "
			  "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
	[ST_INODE_GET] = "SELECT " INODE_COLUMNS " FROM fs_inode i WHERE i.ino = ?1",
	[ST_INODE_BY_BASE] = "SELECT " INODE_COLUMNS " FROM agentfs_linked l "
			     "JOIN fs_inode i ON i.ino = l.ino AND i.flags & 2 "
			     "AND i.base_ino = l.base_ino AND i.base_dev = l.base_dev "
			     "WHERE l.base_ino = ?1 AND l.base_dev = ?2",
	[ST_INODE_PUT] =
		"INSERT INTO fs_inode (ino, mode, nlink, uid, gid, size, atime, mtime, "
		"ctime, rdev, atime_nsec, mtime_nsec, ctime_nsec, btime_ns, blocks, "
		"st_ino, flags, nlink_diff, base_path, base_len, base_size, "
		"base_mtime_ns, base_ctime_ns, base_ino, base_dev) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, "
		"?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25) "
		"ON CONFLICT (ino) DO UPDATE SET mode = ?2, nlink = ?3, uid = ?4, "
		"gid = ?5, size = ?6, atime = ?7, mtime = ?8, ctime = ?9, rdev = ?10, "
		"atime_nsec = ?11, mtime_nsec = ?12, ctime_nsec = ?13, "
		"btime_ns = ?14, blocks = ?15, st_ino = ?16, flags = ?17, "
		"nlink_diff = ?18, base_path = ?19, base_len = ?20, base_size = ?21, "
		"base_mtime_ns = ?22, base_ctime_ns = ?23, base_ino = ?24, "
		"base_dev = ?25",
	[ST_INODE_DELETE] = "DELETE FROM fs_inode WHERE ino = ?1",
	[ST_LINKED_PUT] = "INSERT OR REPLACE INTO agentfs_linked "
			  "(base_ino, base_dev, ino) VALUES (?1, ?2, ?3)",
	[ST_ORPHAN_PUT] = "INSERT OR IGNORE INTO agentfs_orphan (ino) VALUES (?1)",
	[ST_ORPHANS_CLEAR] = "DELETE FROM agentfs_orphan",
	[ST_DENTRY_GET] =
		"SELECT ino FROM fs_dentry WHERE parent_ino = ?1 AND name = ?2",
	[ST_DENTRY_PUT] = "INSERT INTO fs_dentry (name, parent_ino, ino) "
			  "VALUES (?2, ?1, ?3) "
			  "ON CONFLICT (parent_ino, name) DO UPDATE SET ino = ?3",
	[ST_DENTRY_DELETE] =
		"DELETE FROM fs_dentry WHERE parent_ino = ?1 AND name = ?2",
	[ST_DIR_LOAD] = "SELECT " INODE_COLUMNS ", d.name FROM fs_dentry d "
			"JOIN fs_inode i ON i.ino = d.ino WHERE d.parent_ino = ?1",
	[ST_SYMLINK_GET] = "SELECT target FROM fs_symlink WHERE ino = ?1",
	[ST_SYMLINK_PUT] = "INSERT OR REPLACE INTO fs_symlink (ino, target) "
			   "VALUES (?1, ?2)",
	[ST_SYMLINK_DELETE] = "DELETE FROM fs_symlink WHERE ino = ?1",
	[ST_CHUNKS_READ] = "SELECT chunk_index, data FROM fs_data "
			   "WHERE ino = ?1 AND chunk_index >= ?2 AND chunk_index < ?3 "
			   "ORDER BY chunk_index",
	[ST_CHUNKS_LIST] = "SELECT chunk_index FROM fs_data WHERE ino = ?1 "
			   "ORDER BY chunk_index",
	[ST_CHUNK_PUT] = "INSERT INTO fs_data (ino, chunk_index, data) "
			 "VALUES (?1, ?2, ?3) "
			 "ON CONFLICT (ino, chunk_index) DO UPDATE SET data = ?3",
	[ST_CHUNKS_DELETE] = "DELETE FROM fs_data WHERE ino = ?1 "
			     "AND chunk_index >= ?2 AND chunk_index <= ?3",
	[ST_XATTRS_LOAD] = "SELECT name, value FROM agentfs_xattr WHERE ino = ?1",
	[ST_XATTR_PUT] = "INSERT INTO agentfs_xattr (ino, name, value) "
			 "VALUES (?1, ?2, ?3) "
			 "ON CONFLICT (ino, name) DO UPDATE SET value = ?3",
	[ST_XATTR_DELETE] = "DELETE FROM agentfs_xattr WHERE ino = ?1 AND name = ?2",
	[ST_XATTRS_DELETE] = "DELETE FROM agentfs_xattr WHERE ino = ?1",
	[ST_WHITEOUTS_LOAD] = "SELECT " WHITEOUT_COLUMNS " FROM fs_whiteout "
			      "WHERE parent_path = ?1",
	[ST_WHITEOUTS_WALK] = "SELECT " WHITEOUT_COLUMNS " FROM fs_whiteout "
			      "ORDER BY CAST(path AS BLOB)",
	[ST_WHITEOUT_PUT] =
		"INSERT INTO fs_whiteout (path, parent_path, created_at, mode, "
		"base_size, base_mtime_ns, base_ctime_ns, base_ino, base_dev) "
		"VALUES (?1, ?2, unixepoch(), ?3, ?4, ?5, ?6, ?7, ?8) "
		"ON CONFLICT (path) DO UPDATE SET mode = ?3, base_size = ?4, "
		"base_mtime_ns = ?5, base_ctime_ns = ?6, base_ino = ?7, base_dev = ?8",
	[ST_WHITEOUT_DELETE] = "DELETE FROM fs_whiteout WHERE path = ?1",
	[ST_RESERVE] = "UPDATE sqlite_sequence SET seq = max(seq, "
		       "(SELECT coalesce(max(ino), 0) FROM fs_inode)) + ?1 "
		       "WHERE name = 'fs_inode'",
	[ST_RESERVED] = "SELECT seq FROM sqlite_sequence WHERE name = 'fs_inode'",
	[ST_ORPHANS] = "SELECT o.ino FROM agentfs_orphan o JOIN fs_inode i USING (ino) "
		       "WHERE i.nlink = 0 AND i.ino <> 1 AND "
		       "NOT EXISTS (SELECT 1 FROM fs_dentry d WHERE d.ino = i.ino)",
};

const char *statement_text(enum statement which)
{
	return texts[which];
}
