-- The format of a volume, format 1. The tables of AgentFS SPEC 0.4 come first, with our
-- extra columns behind theirs; everything of ours has a default, so that programs that
-- know only the published columns can write too. docs/FORMAT.md explains each of them.
--
-- No triggers, generated columns, CHECK constraints or virtual tables: other engines
-- refuse files that have them.

CREATE TABLE fs_config (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE fs_inode (
	ino INTEGER PRIMARY KEY AUTOINCREMENT,
	mode INTEGER NOT NULL,
	nlink INTEGER NOT NULL DEFAULT 0,
	uid INTEGER NOT NULL DEFAULT 0,
	gid INTEGER NOT NULL DEFAULT 0,
	size INTEGER NOT NULL DEFAULT 0,
	atime INTEGER NOT NULL,
	mtime INTEGER NOT NULL,
	ctime INTEGER NOT NULL,
	rdev INTEGER NOT NULL DEFAULT 0,
	atime_nsec INTEGER NOT NULL DEFAULT 0,
	mtime_nsec INTEGER NOT NULL DEFAULT 0,
	ctime_nsec INTEGER NOT NULL DEFAULT 0,
	-- ours
	btime_ns INTEGER NOT NULL DEFAULT 0,
	blocks INTEGER NOT NULL DEFAULT -1,
	st_ino INTEGER NOT NULL DEFAULT 0,
	flags INTEGER NOT NULL DEFAULT 0,
	nlink_diff INTEGER NOT NULL DEFAULT 0,
	base_path DEFAULT NULL,
	base_len INTEGER NOT NULL DEFAULT 0,
	base_size INTEGER NOT NULL DEFAULT 0,
	base_mtime_ns INTEGER NOT NULL DEFAULT 0,
	base_ctime_ns INTEGER NOT NULL DEFAULT 0,
	base_ino INTEGER NOT NULL DEFAULT 0,
	base_dev INTEGER NOT NULL DEFAULT 0,
	layer INTEGER NOT NULL DEFAULT 4611686018427387904
);

CREATE TABLE fs_dentry (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	parent_ino INTEGER NOT NULL,
	ino INTEGER NOT NULL,
	-- ours
	layer INTEGER NOT NULL DEFAULT 4611686018427387904,
	UNIQUE(parent_ino, name)
);
-- The published index of this name repeats the unique one. A partial one, always empty,
-- keeps others from making it.
CREATE INDEX idx_fs_dentry_parent ON fs_dentry(parent_ino, name) WHERE id < 0;
CREATE INDEX agentfs_dentry_ino ON fs_dentry(ino);

CREATE TABLE fs_data (
	ino INTEGER NOT NULL,
	chunk_index INTEGER NOT NULL,
	data BLOB NOT NULL,
	-- ours
	layer INTEGER NOT NULL DEFAULT 4611686018427387904,
	PRIMARY KEY (ino, chunk_index)
);

CREATE TABLE fs_symlink (
	ino INTEGER PRIMARY KEY,
	target TEXT NOT NULL
);

CREATE TABLE fs_whiteout (
	path TEXT PRIMARY KEY,
	parent_path TEXT NOT NULL DEFAULT '',
	created_at INTEGER NOT NULL,
	-- ours: what was deleted
	mode INTEGER NOT NULL DEFAULT 0,
	base_size INTEGER NOT NULL DEFAULT 0,
	base_mtime_ns INTEGER NOT NULL DEFAULT 0,
	base_ctime_ns INTEGER NOT NULL DEFAULT 0,
	base_ino INTEGER NOT NULL DEFAULT 0,
	base_dev INTEGER NOT NULL DEFAULT 0,
	layer INTEGER NOT NULL DEFAULT 4611686018427387904
);
CREATE INDEX idx_fs_whiteout_parent ON fs_whiteout(parent_path);

CREATE TABLE fs_origin (
	delta_ino INTEGER PRIMARY KEY,
	base_ino INTEGER NOT NULL
);

CREATE TABLE fs_overlay_config (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
);

CREATE TABLE kv_store (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL,
	created_at INTEGER DEFAULT (unixepoch()),
	updated_at INTEGER DEFAULT (unixepoch())
);
CREATE INDEX idx_kv_store_created_at ON kv_store(created_at);

CREATE TABLE tool_calls (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	name TEXT NOT NULL,
	parameters TEXT,
	result TEXT,
	error TEXT,
	status TEXT NOT NULL DEFAULT 'pending',
	started_at INTEGER NOT NULL,
	completed_at INTEGER,
	duration_ms INTEGER
);
CREATE INDEX idx_tool_calls_name ON tool_calls(name);
CREATE INDEX idx_tool_calls_started_at ON tool_calls(started_at);

-- Ours alone.

CREATE TABLE agentfs_xattr (
	ino INTEGER NOT NULL,
	name NOT NULL,
	value BLOB NOT NULL,
	layer INTEGER NOT NULL DEFAULT 4611686018427387904,
	PRIMARY KEY (ino, name)
) WITHOUT ROWID;

-- Copied-up base files with several names, by their identity there; and inodes that lost
-- their last name while they were open. A row may be stale: the inode has the say. (Not
-- indices of fs_inode: other engines damage partial ones when they change a row.)
CREATE TABLE agentfs_linked (
	base_ino INTEGER NOT NULL,
	base_dev INTEGER NOT NULL,
	ino INTEGER NOT NULL,
	PRIMARY KEY (base_ino, base_dev)
) WITHOUT ROWID;
CREATE TABLE agentfs_orphan (
	ino INTEGER PRIMARY KEY
);

-- Layers form a tree; a branch names its top layer, a snapshot a sealed one. Row versions
-- of anything but the head of `main` live in history tables keyed (key, layer); a volume
-- without history has no such tables yet.
CREATE TABLE agentfs_layer (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	parent INTEGER,
	sealed INTEGER NOT NULL DEFAULT 0,
	created_ns INTEGER NOT NULL
);
CREATE TABLE agentfs_branch (
	name TEXT PRIMARY KEY,
	layer INTEGER NOT NULL,
	created_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE agentfs_snapshot (
	name TEXT PRIMARY KEY,
	layer INTEGER NOT NULL,
	branch TEXT NOT NULL,
	created_ns INTEGER NOT NULL
) WITHOUT ROWID;
