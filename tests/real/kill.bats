#!/usr/bin/env bats
# The server dies; the machine does not hang, and nothing that was synced is lost.
load ../lib/common
load ../lib/user

setup() {
	common_setup
	make_project project
	mkdir tarred
	(
		cd tarred || exit 1
		for i in $(seq 1 4000); do
			[ $((i % 100)) -ne 1 ] || mkdir -p "d$((i / 100))"
			echo "content of $i" >"d$(((i - 1) / 100))/f$i"
		done
	)
	cd project || return 1
}
teardown() { common_teardown; }

kill_amid_untar() {
	local server
	$1 tar -cf files.tar -C ../tarred .
	# Again and again: it ends only by the errors that a dead server gives.
	$1 agentfs run -q --session k -- sh -c 'echo synced >mark; sync mark; mkdir t; while tar -xf files.tar -C t; do :; done' >../log 2>&1 &
	wait_until 10 sh -c 'agentfs fs k cat mark 2>/dev/null | grep -q synced' || true
	wait_until 10 sh -c 'test -n "$(agentfs fs k ls t 2>/dev/null)"' || true
	server=$(servers_below "$TEST_DIR" | head -n 1)
	[ -n "$server" ]
	kill -9 "$server"
	# What ran inside gets errors and ends; it does not hang.
	wait_until 20 sh -c "! kill -0 $! 2>/dev/null"
	wait || true
	$1 agentfs check k
	[ "$(sqlite3 .agentfs/k.db 'PRAGMA integrity_check')" = ok ]
	$1 agentfs run -q --session k -- sh -c 'cat mark; rm -rf t; mkdir t; tar -xf files.tar -C t; tar -df files.tar -C t' >../log2 2>&1 || { cat ../log2; false; }
	grep -qx synced ../log2
	$1 agentfs check k
}

@test "kill -9 of the server in the middle of an untar, as root" {
	require_root
	kill_amid_untar ""
}

@test "kill -9 of the server in the middle of an untar, as a user" {
	user_create
	user_own "$TEST_DIR"
	kill_amid_untar as_user
}

@test "after each of many kills the volume holds a state that was" {
	# Writes numbered files in order, syncing each tenth: what is there afterwards is a
	# prefix, at least up to the last one that was reported as synced.
	cat >writer.py <<-'PY'
		import os, sys
		first = int(sys.argv[1])
		for i in range(first, first + 100000):
		    fd = os.open(f"n{i:06}", os.O_CREAT | os.O_WRONLY, 0o644)
		    os.write(fd, str(i).encode() * 100)
		    if i % 10 == 0:
		        os.fsync(fd)
		        print(i, flush=True)
		    os.close(fd)
	PY
	next=0
	for _ in $(seq 1 8); do
		agentfs run -q --session w -- python3 writer.py "$next" >../synced 2>/dev/null &
		sleep "0.$((RANDOM % 5 + 2))"
		server=$(servers_below "$TEST_DIR" | head -n 1)
		[ -n "$server" ] && kill -9 "$server"
		wait || true
		agentfs check w
		agentfs fs w ls / >../names
		last=$(grep -c ' n[0-9]' ../names)
		# no gap: as many as the highest number says
		highest=$(sed -n 's/^f n0*\([0-9]*\)$/\1/p' ../names | sort -n | tail -n 1)
		[ "$last" -eq $((${highest:--1} + 1)) ]
		synced=$(tail -n 1 ../synced)
		[ "${highest:--1}" -ge "${synced:--1}" ]
		next=$last
	done
	[ "$next" -gt 50 ]
}

@test "a mount whose server was killed is cleaned up by the next mount" {
	agentfs init -q m --base .
	agentfs mount m ../mnt
	kill -9 "$(servers_below "$TEST_DIR" | head -n 1)"
	wait_until 10 sh -c '! ls ../mnt 2>/dev/null'
	agentfs mount m ../mnt
	grep -qx first ../mnt/README
	agentfs umount ../mnt
}

@test "SIGTERM: the server writes everything, unmounts and ends" {
	agentfs init -q m --base .
	agentfs mount m ../mnt
	echo kept >../mnt/file
	server=$(servers_below "$TEST_DIR" | head -n 1)
	kill "$server"
	wait_until 10 sh -c "! kill -0 $server 2>/dev/null"
	[ -z "$(mounts_below "$TEST_DIR")" ]
	[ "$(ls -A .agentfs)" = $'.gitignore\nm.db' ]
	[ "$(agentfs fs m cat file)" = kept ]
}

@test "prune removes what a killed server left" {
	agentfs init -q m --base .
	agentfs mount m ../mnt
	kill -9 "$(servers_below "$TEST_DIR" | head -n 1)"
	wait_until 10 sh -c '! ls ../mnt 2>/dev/null'
	agentfs prune >../out
	[ -s ../out ]
	[ -z "$(mounts_below "$TEST_DIR")" ]
	[ ! -e .agentfs/m.sock ]
	[ "$(agentfs fs m cat README)" = first ]
}
