/*
 * Every statement that is used more than once in a volume's life, by number. The texts
 * are in statements.c; a connection prepares each at its first use.
 */
#ifndef AGENTFS_STORE_STATEMENTS_H
#define AGENTFS_STORE_STATEMENTS_H

enum statement {
	ST_BEGIN,
	ST_COMMIT,
	ST_ROLLBACK,
	ST_CONFIG_GET,
	ST_CONFIG_SET,
	ST_INODE_GET,
	ST_INODE_BY_BASE,
	ST_INODE_PUT,
	ST_INODE_DELETE,
	ST_DENTRY_GET,
	ST_DENTRY_PUT,
	ST_DENTRY_DELETE,
	ST_DIR_LOAD,
	ST_SYMLINK_GET,
	ST_SYMLINK_PUT,
	ST_SYMLINK_DELETE,
	ST_CHUNKS_READ,
	ST_CHUNKS_LIST,
	ST_CHUNK_PUT,
	ST_CHUNKS_DELETE,
	ST_XATTRS_LOAD,
	ST_XATTR_PUT,
	ST_XATTR_DELETE,
	ST_XATTRS_DELETE,
	ST_WHITEOUTS_LOAD,
	ST_WHITEOUTS_WALK,
	ST_WHITEOUT_PUT,
	ST_WHITEOUT_DELETE,
	ST_RESERVE,
	ST_RESERVED,
	ST_ORPHANS,
	N_STATEMENTS,
};

const char *statement_text(enum statement which);

#endif
