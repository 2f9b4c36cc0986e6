#!/usr/bin/env bats
# What a change costs in the volume.
load ../lib/common

setup() {
	common_setup
	mkdir project
	cd project || return 1
}
teardown() { common_teardown; }

@test "one byte appended to a base file of 256 MiB stores one chunk" {
	head -c 268435456 /dev/zero >large
	agentfs run -q --session c -- sh -c 'printf x >>large'
	[ "$(sqlite3 .agentfs/c.db 'SELECT count(*) FROM fs_data')" -eq 1 ]
	[ "$(stat -c %s .agentfs/c.db)" -lt 2000000 ]
	agentfs run -q --session c -- sh -c 'tail -c 1 large; stat -c %s large' | grep -q x268435457
	agentfs run -q --session c -- sh -c 'head -c 268435456 large | cmp - /dev/zero -n 268435456'
	agentfs diff -q c | grep -qx 'M f /large'
}

@test "a base directory of 10,000 files renamed is one row" {
	mkdir old
	(cd old && seq 1 10000 | xargs touch)
	agentfs run -q --session c -- mv old new
	[ "$(sqlite3 .agentfs/c.db 'SELECT count(*) FROM fs_inode WHERE ino > 1')" -eq 1 ]
	agentfs run -q --session c -- sh -c 'ls new | wc -l; test -e new/9999; ! test -e old' | grep -qx 10000
	agentfs diff -q c >out
	[ "$(cat out)" = $'A d /new\nD d /old' ]
}

@test "chmod, chown, touch and xattrs copy no data" {
	head -c 3000000 /dev/urandom >file
	before=$(sha256sum <file)
	agentfs run -q --session c -- sh -c 'chmod 600 file; touch -d 2001-01-01 file; setfattr -n user.a -v b file; mv file moved'
	[ "$(sqlite3 .agentfs/c.db 'SELECT count(*) FROM fs_data')" -eq 0 ]
	[ "$(agentfs run -q --session c -- cat moved | sha256sum)" = "$before" ]
}

@test "reading copies nothing" {
	make_project tree
	agentfs run -q --session c -- sh -c 'find . -type f -exec cat {} + >/dev/null; grep -r first . >/dev/null; ls -lR >/dev/null'
	[ "$(sqlite3 .agentfs/c.db 'SELECT count(*) FROM fs_inode WHERE ino > 1')" -eq 0 ]
}
