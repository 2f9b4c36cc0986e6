#!/usr/bin/env bats
# A database in a view: locks, shared memory, journals.
load ../lib/common

setup() {
	common_setup
	mkdir project
	cd project || return 1
	sqlite3 old.db 'CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
		INSERT INTO t(b) VALUES (hex(randomblob(2000)));' >/dev/null
}
teardown() { common_teardown; }

@test "WAL and rollback journals, two writers at once, integrity_check" {
	cat >work.sh <<-'SH'
		set -eu
		for mode in wal delete; do
			sqlite3 new-$mode.db "PRAGMA journal_mode=$mode;
				CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);" >/dev/null
			for w in 1 2; do
				for i in $(seq 1 50); do
					sqlite3 -cmd '.timeout 20000' new-$mode.db \
						"INSERT INTO t(b) VALUES (hex(randomblob(500)))" || exit 1
				done &
			done
			wait
			test "$(sqlite3 new-$mode.db 'SELECT count(*) FROM t')" = 100
			test "$(sqlite3 new-$mode.db 'PRAGMA integrity_check')" = ok
		done
		sqlite3 old.db "UPDATE t SET b = 'changed'; PRAGMA integrity_check" | grep -qx ok
	SH
	agentfs run -q --session s -- sh work.sh
	agentfs run -q --session s -- sh -c 'sqlite3 old.db "SELECT b FROM t"' | grep -qx changed
	[ "$(sqlite3 old.db 'SELECT length(b) FROM t')" = 4000 ]
}
