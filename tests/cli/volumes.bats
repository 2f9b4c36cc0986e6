#!/usr/bin/env bats
# Volumes: made, found, mounted, removed; and files that are none.
load ../lib/common
load ../lib/user

setup() {
	common_setup
	make_project project
	cd project || return 1
}
teardown() { common_teardown; }

@test "init: messages, default ID, --base, --force, exists" {
	run agentfs init v
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "Created agent filesystem: $PWD/.agentfs/v.db" ]
	[ "${lines[1]}" = 'Agent ID: v' ]
	run agentfs init w --base ../project
	[ "${lines[0]}" = "Created overlay filesystem: $PWD/.agentfs/w.db" ]
	[ "${lines[2]}" = "Base: $TEST_DIR/project" ]
	run agentfs init v
	[ "$status" -eq 1 ]
	agentfs init -q vv
	agentfs init -q v --force
	[ -e .agentfs/vv.db ]
	run agentfs init
	[[ "${lines[1]}" == 'Agent ID: agent-'* ]]
	[ "$(stat -c %a .agentfs)" = 700 ]
	[ "$(cat .agentfs/.gitignore)" = '*' ]
	run agentfs init 'bad/id'
	[ "$status" -ne 0 ]
}

@test "init -c runs a command in a mount and passes its status" {
	run agentfs init -q c --base . -c 'cat README; echo made >made; exit 5'
	[ "$status" -eq 5 ]
	[ "$output" = first ]
	[ "$(agentfs fs c cat made)" = made ]
	[ -z "$(mounts_below "$TEST_DIR")" ]
}

@test "making .agentfs does not move the project's mtime" {
	touch -d 2001-01-01 .
	before=$(stat -c %Y .)
	agentfs run -q --session s -- true
	[ "$(stat -c %Y .)" = "$before" ]
}

@test "mount, table, umount by directory and by ID" {
	[ "$(agentfs mount)" = 'No agentfs filesystems mounted.' ]
	agentfs init -q v --base .
	[ -z "$(agentfs mount v ../mnt)" ]
	agentfs mount | grep -q "^v  *$TEST_DIR/mnt"
	grep -q ' agentfs:v ' /proc/self/mountinfo
	echo x >../mnt/x
	agentfs umount ../mnt
	[ "$(ls -A .agentfs)" = $'.gitignore\nv.db' ]
	agentfs mount v ../mnt
	[ "$(cat ../mnt/x)" = x ]
	agentfs umount v
	run agentfs umount ../mnt
	[ "$status" -eq 1 ]
	agentfs mount v ../mnt
	fusermount3 -u ../mnt || umount ../mnt
	wait_until 10 sh -c '[ "$(ls -A .agentfs | wc -l)" -eq 2 ]'
}

@test "umount of a busy mount fails and says so" {
	agentfs init -q v --base .
	agentfs mount v ../mnt
	(exec 8<../mnt/README; exec sleep 30) &
	run agentfs umount ../mnt
	kill $!
	[ "$status" -eq 1 ]
	[[ "$output" == *use* ]]
	wait || true
	wait_until 5 agentfs umount ../mnt
}

@test "mount inside of the base itself appears there as an empty directory" {
	agentfs init -q v --base .
	agentfs mount v ./mnt
	[ "$(ls -A mnt/mnt)" = '' ]
	find mnt >/dev/null
	agentfs umount ./mnt
}

@test "a mounted branch is not mounted twice: the owner is named" {
	agentfs init -q v --base .
	agentfs mount v ../mnt
	run agentfs mount v ../mnt2
	[ "$status" -eq 1 ]
	[[ "$output" == *"$TEST_DIR/mnt"* ]]
	agentfs umount v
}

@test "exec: mounted for one command, its status, no trace" {
	agentfs init -q v --base .
	run agentfs exec v sh -c 'cat README; echo e >e; exit 6'
	[ "$status" -eq 6 ]
	[ "$output" = first ]
	[ "$(agentfs fs v cat e)" = e ]
	run agentfs exec v no-such-command
	[ "$status" -eq 127 ]
	run agentfs exec v
	[ "$status" -eq 2 ]
}

@test "list, info, rm" {
	agentfs init -q one --base .
	agentfs init -q two
	agentfs list | grep -q '^one .*idle'
	agentfs list --json | jq -e 'map(.id) | sort == ["one", "two"]'
	agentfs info one | grep -q "$PWD"
	agentfs info --json one | jq -e '.base and .stats and .requests'
	run agentfs rm one </dev/null
	[ "$status" -eq 1 ]
	[ -e .agentfs/one.db ]
	agentfs rm --yes one
	[ ! -e .agentfs/one.db ]
	agentfs mount two ../mnt
	run agentfs rm --yes two
	[ "$status" -eq 1 ]
	[ -e .agentfs/two.db ]
	agentfs umount two
	rm .agentfs/two.db
	agentfs run -q --session two -- cat README | grep -qx first
}

@test "an ID is looked for upwards; a path means that volume; errors say what was looked for" {
	agentfs init -q v --base .
	cd src/deep
	agentfs fs v cat README | grep -qx first
	agentfs fs ../../.agentfs/v.db cat README | grep -qx first
	run agentfs diff nothing
	[ "$status" -eq 1 ]
	[[ "$output" == *nothing* && "$output" == *.agentfs* ]]
}

# refused FILE TEXT: every command refuses it, with that text, and leaves it as it is.
refused() {
	local before
	before=$(sha256sum <"$1"; stat -c %Y "$1")
	for command in diff info check 'run -q --session' 'fs ls'; do
		case $command in
		run*) run agentfs run -q --session "$1" -- true ;;
		'fs ls') run agentfs fs "$1" ls ;;
		*) run agentfs "$command" "$1" ;;
		esac
		echo "$command: $output"
		[ "$status" -eq 1 ]
		[[ "$output" == *"$2"* ]]
	done
	[ "$(sha256sum <"$1"; stat -c %Y "$1")" = "$before" ]
}

@test "files that are no volumes, damaged or newer ones: clear errors, nothing written" {
	echo 'just text' >text.db
	refused "$PWD/text.db" 'not an AgentFS volume'
	: >empty.db
	refused "$PWD/empty.db" 'not an AgentFS volume'
	sqlite3 other.db 'CREATE TABLE t(a)'
	refused "$PWD/other.db" 'not an AgentFS volume'
	agentfs init -q v --base .
	for size in 50 5000 100000; do
		head -c $size .agentfs/v.db >cut.db
		refused "$PWD/cut.db" damaged
	done
	cp .agentfs/v.db newer.db
	sqlite3 newer.db "UPDATE fs_config SET value = '99' WHERE key = 'agentfs.format'" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	refused "$PWD/newer.db" newer
	cp .agentfs/v.db spec.db
	sqlite3 spec.db "UPDATE fs_config SET value = '0.9' WHERE key = 'schema_version'" 'PRAGMA wal_checkpoint(TRUNCATE)' >/dev/null
	refused "$PWD/spec.db" newer
}

@test "a second writer is told who has the volume" {
	agentfs init -q v --base .
	exec 9<.agentfs/v.db
	flock -x 9
	run agentfs run -q --session v -- true
	exec 9<&-
	[ "$status" -eq 1 ]
	[[ "$output" == *process* || "$output" == *use* ]]
}

@test "a volume that the peer's own tables alone make up is adopted" {
	sqlite3 peer.db <<-'SQL'
		CREATE TABLE fs_config (key TEXT PRIMARY KEY, value TEXT NOT NULL);
		CREATE TABLE fs_inode (ino INTEGER PRIMARY KEY AUTOINCREMENT, mode INTEGER NOT NULL,
			nlink INTEGER NOT NULL DEFAULT 0, uid INTEGER NOT NULL DEFAULT 0,
			gid INTEGER NOT NULL DEFAULT 0, size INTEGER NOT NULL DEFAULT 0,
			atime INTEGER NOT NULL, mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,
			rdev INTEGER NOT NULL DEFAULT 0, atime_nsec INTEGER NOT NULL DEFAULT 0,
			mtime_nsec INTEGER NOT NULL DEFAULT 0, ctime_nsec INTEGER NOT NULL DEFAULT 0);
		CREATE TABLE fs_dentry (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
			parent_ino INTEGER NOT NULL, ino INTEGER NOT NULL, UNIQUE(parent_ino, name));
		CREATE TABLE fs_data (ino INTEGER NOT NULL, chunk_index INTEGER NOT NULL,
			data BLOB NOT NULL, PRIMARY KEY (ino, chunk_index));
		CREATE TABLE fs_symlink (ino INTEGER PRIMARY KEY, target TEXT NOT NULL);
		INSERT INTO fs_config VALUES ('chunk_size', '4096'), ('schema_version', '0.4');
		INSERT INTO fs_inode (ino, mode, nlink, atime, mtime, ctime) VALUES (1, 16877, 1, 0, 0, 0);
		INSERT INTO fs_inode (ino, mode, nlink, size, atime, mtime, ctime) VALUES (2, 33188, 1, 5000, 1, 1, 1);
		INSERT INTO fs_dentry (name, parent_ino, ino) VALUES ('file', 1, 2);
		INSERT INTO fs_data VALUES (2, 0, replace(hex(zeroblob(2048)), '0', 'a')),
			(2, 1, replace(hex(zeroblob(452)), '0', 'b'));
	SQL
	agentfs mount "$PWD/peer.db" ../mnt
	[ "$(head -c 4096 ../mnt/file | tr -d a | wc -c)" -eq 0 ]
	[ "$(tail -c 904 ../mnt/file | tr -d b | wc -c)" -eq 0 ]
	printf new >>../mnt/file
	mkdir ../mnt/dir
	agentfs umount ../mnt
	agentfs check "$PWD/peer.db"
	[ "$(sqlite3 peer.db 'SELECT count(*) FROM fs_data WHERE ino = 2')" -eq 2 ]
	[ "$(sqlite3 peer.db 'SELECT max(length(data)) FROM fs_data')" -eq 4096 ]
}

@test "a project that cannot be written: the volume goes to the state directory" {
	user_create
	user_own "$HOME"
	chown -R root: .
	as_user agentfs run -q --session ro -- sh -c 'id -u; cat README' >../out
	grep -qx first ../out
	[ ! -e .agentfs ]
	as_user agentfs diff -q ro >../out
	grep -qx 'No changes' ../out
}
