#!/usr/bin/env bats
# agentfs diff and agentfs fs: what they print.
load ../lib/common

setup() {
	common_setup
	make_project project
	cd project || return 1
}
teardown() { common_teardown; }

changes() { agentfs diff -q s; }

@test "header lines, nothing to say, no base" {
	agentfs run -q --session s -- true
	agentfs diff s >out 2>err
	[ "$(cat out)" = 'No changes' ]
	[ "$(cat err)" = "Using agent: s"$'\n'"Base: $PWD" ]
	agentfs init -q plain
	[ "$(agentfs diff -q plain)" = 'No diff (non-overlay filesystem)' ]
}

@test "kinds and types, sorted by bytes" {
	agentfs run -q --session s -- sh -c '
		echo n >new; mkdir dir; echo x >dir/x; ln -s t link; mkfifo pipe
		echo more >>README; rm docs/text; chmod 700 src; rm docs/link; ln -s other docs/link'
	[ "$(changes)" = "M f /README
A d /dir
A f /dir/x
M l /docs/link
D f /docs/text
A l /link
A f /new
A p /pipe
M d /src" ]
}

@test "a directory is not listed because a child was copied up; equal files are not" {
	agentfs run -q --session s -- sh -c '
		echo x >>src/deep/numbers; cp README copy; cat copy >README; rm copy
		touch docs/text; chmod 600 docs/text; chmod 644 docs/text'
	[ "$(changes)" = 'M f /src/deep/numbers' ]
	agentfs diff -q --times s | grep -qx 'M f /docs/text'
}

@test "a change of type is M with the new type; JSON has both" {
	agentfs run -q --session s -- sh -c 'rm README; mkdir README; rm -r docs; echo f >docs'
	changes >out
	grep -qx 'M d /README' out
	grep -qx 'M f /docs' out
	agentfs diff -q --json s | jq -e '.[] | select(.path == "/docs") | .type == "f" and .old_type == "d"'
}

@test "deleted and made again with the same content: nothing" {
	agentfs run -q --session s -- sh -c 'cp -a docs /tmp/d; rm -r docs; cp -a /tmp/d docs'
	[ "$(changes)" = 'No changes' ]
}

@test "a renamed file is D and A, attributes and xattrs count" {
	agentfs run -q --session s -- sh -c 'mv README moved; setfattr -n user.a -v b src/main.c'
	[ "$(changes)" = "D f /README
A f /moved
M f /src/main.c" ]
}

@test "odd names: raw with -z, whole in JSON" {
	agentfs run -q --session s -- python3 -c 'open(b"a\nb\xff", "w")'
	agentfs diff -q -z s | tr '\0' '!' | grep -q 'b.!$' || agentfs diff -q -z s | grep -qz 'A f /a'
	agentfs diff -q --json s | jq -e '.[0].path.base64 == "L2EKYv8="'
}

@test "diff of a live session" {
	agentfs run -q --session s -- sh -c 'echo x >x; until test -e stop; do sleep 0.05; done' &
	wait_until 10 sh -c 'agentfs diff -q s 2>/dev/null | grep -qx "A f /x"'
	agentfs fs s write stop now
	wait
}

@test "fs: ls, cat, write, mkdir, mv, cp, rm, stat, tree; idle" {
	agentfs init -q s --base .
	fs_round
}

@test "fs: the same while it is mounted, and the mount sees it at once" {
	agentfs init -q s --base .
	agentfs mount s ../mnt
	ls -R ../mnt >/dev/null
	cat ../mnt/README
	fs_round
	[ "$(cat ../mnt/README)" = written ]
	[ "$(cat ../mnt/new/deep/file)" = text ]
	[ ! -e ../mnt/docs ]
	agentfs umount ../mnt
}

fs_round() {
	agentfs fs s ls >../ls
	[ "$(sed -n 1p ../ls)" = 'f README' ]
	grep -qx 'd src/deep' ../ls
	grep -qx 'l docs/link' ../ls
	[ "$(agentfs fs ls s /src --depth 1)" = $'d src/deep\nf src/main.c' ]
	agentfs fs s write README written
	[ "$(agentfs fs s cat README)" = written ]
	agentfs fs s write new/deep/file text
	seq 1 50000 | agentfs fs s write numbers -
	[ "$(agentfs fs s cat /numbers | tail -n 1)" = 50000 ]
	agentfs fs s mkdir -p a/b/c
	agentfs fs s mv numbers a/moved
	agentfs fs s cp a/moved a/copy
	[ "$(agentfs fs cat s a/copy | head -n 1)" = 1 ]
	agentfs fs s cp -r a a2
	[ "$(agentfs fs s cat a2/copy | wc -l)" -eq 50000 ]
	run agentfs fs s rm docs
	[ "$status" -eq 1 ]
	agentfs fs s rm -r docs
	agentfs fs s stat README | grep -qx 'Size: 7'
	agentfs fs s stat README --json | jq -e '.size == 7'
	agentfs fs s tree a | grep -q copy
	run agentfs fs s cat nothing
	[ "$status" -eq 1 ]
	[[ "$output" == *nothing* ]]
	[ "$(cat README)" = first ]
	[ -e docs/text ]
}

@test "help for every command, usage errors are 2" {
	agentfs help | grep -q '^  run '
	for command in $(agentfs help | awk '/^  [a-z]/ { print $1 }'); do
		agentfs help "$command" | grep -q "^usage: agentfs $command"
		agentfs "$command" --help | grep -q "^usage: agentfs $command"
	done
	run agentfs
	[ "$status" -eq 2 ]
	run agentfs dif
	[ "$status" -eq 2 ]
	[[ "$output" == *diff* ]]
	run agentfs diff
	[ "$status" -eq 2 ]
	run agentfs diff a b
	[ "$status" -eq 2 ]
	agentfs --version | grep -q '^agentfs [0-9]'
	for shell in bash zsh fish; do agentfs completions show $shell | grep -q agentfs; done
	agentfs completions show bash | bash -n
}

@test "JSON of every command that prints data is JSON" {
	agentfs run -q --session s -- sh -c 'echo x >x'
	for command in 'diff -q s' 'fs s ls' 'fs s stat x' list 'info s' 'check s' ps mount version; do
		# shellcheck disable=SC2086
		agentfs $command --json | jq -e . >/dev/null
	done
}
