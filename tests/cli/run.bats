#!/usr/bin/env bats
# agentfs run: sessions, statuses, signals, the terminal, the environment.
load ../lib/common
load ../lib/user

setup() {
	common_setup
	make_project project
	cd project || return 1
}
teardown() { common_teardown; }

@test "exit statuses are the command's" {
	run agentfs run -q --session s -- true
	[ "$status" -eq 0 ]
	run agentfs run -q --session s -- sh -c 'exit 7'
	[ "$status" -eq 7 ]
	run agentfs run -q --session s -- sh -c 'kill -TERM $$'
	[ "$status" -eq 143 ]
	run agentfs run -q --session s -- no-such-command
	[ "$status" -eq 127 ]
	run agentfs run -q --session s -- /etc/passwd
	[ "$status" -eq 126 ]
}

@test "the base stays, changes go to the session, a later run goes on" {
	before=$(tree_hash .)
	agentfs run -q --session s -- sh -c 'echo new >new; rm docs/text; echo more >>README'
	[ "$(tree_hash .)" = "$before" ]
	agentfs run -q --session s -- sh -c 'cat new; test ! -e docs/text; tail -n 1 README' >out
	[ "$(cat out)" = $'new\nmore' ]
}

@test "banner and closing lines on stderr, none with -q, stdout is the command's alone" {
	agentfs run -- echo hello >out 2>err
	[ "$(cat out)" = hello ]
	grep -q 'agentfs diff run-' err
	grep -q 'agentfs run --session run-' err
	grep -q 'agentfs rm run-' err
	agentfs run -q -- echo hello >out 2>err
	[ ! -s err ]
}

@test "a generated session can be found by the name that was printed" {
	agentfs run -- sh -c 'echo x >x' 2>err
	id=$(sed -n 's/.*agentfs diff //p' err)
	agentfs diff -q "$id" | grep -qx 'A f /x'
}

@test "environment and working directory, also from a subdirectory" {
	agentfs run -q --session s -- sh -c 'echo $AGENTFS $AGENTFS_SANDBOX $AGENTFS_SESSION; pwd' >../out
	[ "$(cat ../out)" = "1 linux-namespace s"$'\n'"$PWD" ]
	cd src
	agentfs run -q --session s -- sh -c 'pwd; echo x >here' >../../out
	[ "$(cat ../../out)" = "$PWD" ]
	[ ! -e .agentfs ]
	agentfs diff -q s | grep -qx 'A f /src/here'
}

@test "a second terminal joins a running session; ps shows both" {
	agentfs run -q --session s -- sh -c 'echo 1 >one; until test -e two; do sleep 0.05; done; echo seen >three' &
	wait_until 10 sh -c 'agentfs fs s cat one 2>/dev/null | grep -q 1'
	agentfs run -q --session s -- sh -c 'cat one; until test -e go; do sleep 0.05; done; echo 2 >two' >../out &
	wait_until 20 sh -c '[ "$(agentfs ps | grep -c "^s ")" -eq 2 ]'
	agentfs fs s write go now
	wait
	[ "$(cat ../out)" = 1 ]
	[ "$(agentfs fs s cat three)" = seen ]
	[ "$(agentfs ps)" = 'No active agentfs run sessions.' ]
	[ "$(ls -A .agentfs)" = $'.gitignore\ns.db' ]
}

@test "signals reach the command" {
	agentfs run -q --session s -- sh -c 'trap "echo term >got; exit 3" TERM; echo up >up; while :; do sleep 0.05; done' &
	pid=$!
	wait_until 10 sh -c 'agentfs fs s cat up 2>/dev/null | grep -q up'
	kill -TERM $pid
	status=0
	wait $pid || status=$?
	[ "$status" -eq 3 ]
	[ "$(agentfs fs s cat got)" = term ]
}

@test "a terminal: job control, window size and ^C behave as without us" {
	cat >../typed <<-'SH'
		tty >tty
		stty size >size
		sleep 100 &
		jobs | grep -c Running >jobs
		kill %1
		exit 4
	SH
	# shellcheck disable=SC2094
	status=0
	script -qec "stty rows 33 cols 99; agentfs run -q --session t -- bash -i" /dev/null <../typed >../log 2>&1 || status=$?
	[ "$status" -eq 4 ]
	agentfs fs t cat tty | grep -q /dev/pts/
	[ "$(agentfs fs t cat size)" = '33 99' ]
	[ "$(agentfs fs t cat jobs)" = 1 ]
}

@test "many things at once in one session" {
	agentfs run -q --session s -- bash -c '
		for i in $(seq 1 8); do
			(mkdir d$i; for j in $(seq 1 50); do echo $j >d$i/f$j; mv d$i/f$j d$i/g$j; done) &
		done
		wait
		find . -name "g*" | wc -l' | grep -qx 400
	agentfs check s
}

@test "run on a volume of init --base uses that base, from anywhere" {
	mkdir ../elsewhere
	agentfs init -q v --base .
	cd ../elsewhere
	agentfs run --session ../project/.agentfs/v.db -- pwd >out 2>err
	[ "$(cat out)" = "$TEST_DIR/project" ]
	grep -q "$TEST_DIR/project" err
	[ "$(grep -c 'Entering' err)" -eq 1 ]
}

@test "no command: the shell; a volume without base is refused" {
	echo 'echo from $AGENTFS_SESSION' | SHELL=/bin/sh agentfs run -q --session s | grep -qx 'from s'
	mkdir ../empty && cd ../empty
	agentfs init -q plain
	run agentfs run --session plain -- true
	[ "$status" -eq 1 ]
	[[ "$output" == *base* ]]
}

@test "usage errors" {
	run agentfs run --no-such-option
	[ "$status" -eq 2 ]
	run agentfs run --session 'bad name!' -- true
	[ "$status" -ne 0 ]
	run agentfs run -q --allow /no/such/path -- true
	[ "$status" -eq 1 ]
	[[ "$output" == */no/such/path* ]]
}

@test "everything as an ordinary user" {
	user_create
	user_own "$TEST_DIR"
	before=$(tree_hash .)
	as_user agentfs run -q --session u -- sh -c 'id -un; id -gn; echo x >x; rm README; mkdir d; mv docs d/' >../out
	[ "$(cat ../out)" = $'agentfs-test\nagentfs-test' ]
	[ "$(tree_hash .)" = "$before" ]
	as_user agentfs diff -q u | cut -d' ' -f1,3 | tr '\n' ' ' >../out
	[ "$(cat ../out)" = 'D /README A /d A /d/docs D /docs A /x ' ]
	run as_user agentfs run -q --session u -- sh -c 'exit 9'
	[ "$status" -eq 9 ]
	[ "$(stat -c %U .agentfs/u.db)" = agentfs-test ]
}
