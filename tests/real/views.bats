#!/usr/bin/env bats
# Views side by side, and what the host does under them.
load ../lib/common

setup() {
	common_setup
	make_project project
	cd project || return 1
}
teardown() { common_teardown; }

# A session that runs until the file `stop` appears in it.
hold() {
	agentfs run -q --session "$1" -- sh -c 'until test -e stop; do sleep 0.05; done' &
	wait_until 10 session_is_live "$1"
}
session_is_live() { agentfs ps | grep -q "^$1 "; }
release() {
	agentfs fs "$1" write stop now
	wait
}

@test "two sessions over one base do not see each other" {
	hold one
	hold two
	agentfs run -q --session one -- sh -c 'echo 1 >only; echo one >README; rm docs/text'
	agentfs run -q --session two -- sh -c 'test ! -e only; grep -qx first README; test -e docs/text; echo 2 >only'
	[ "$(agentfs run -q --session one -- cat only)" = 1 ]
	[ "$(cat README)" = first ]
	agentfs fs one write stop now
	release two
}

sees() { [ "$(agentfs run -q --session "$1" -- cat "$2" 2>/dev/null)" = "$3" ]; }
lacks() { agentfs run -q --session "$1" -- test ! -e "$2"; }

@test "a host edit of untouched base files shows in both within a second" {
	hold one
	hold two
	agentfs run -q --session one -- cat README docs/text src/main.c >/dev/null
	agentfs run -q --session two -- sh -c 'cat README; ls docs' >/dev/null
	echo edited >README
	echo new >docs/new
	rm docs/text
	mkdir made
	for s in one two; do
		wait_until 1 sees $s README edited
		wait_until 1 sees $s docs/new new
		wait_until 1 lacks $s docs/text
	done
	echo replaced >src/next && mv src/next src/main.c
	wait_until 1 sees one src/main.c replaced
	agentfs fs one write stop now
	release two
}

@test "rm -rf of everything: the base stays, diff says D for all of it, after remount too" {
	before=$(tree_hash .)
	find . -mindepth 1 -path ./.agentfs -prune -o -mindepth 1 -print | sed 's/^\.//' | LC_ALL=C sort >../paths
	agentfs run -q --session r -- sh -c 'rm -rf ./* && ls -A | wc -l' | grep -qx 0
	[ "$(tree_hash .)" = "$before" ]
	agentfs diff -q r | awk '{ print $1, $3 }' >../diff1
	sed 's/^/D /' ../paths | cmp - ../diff1
	agentfs run -q --session r -- sh -c 'ls -A | wc -l' | grep -qx 0
	agentfs diff -q r | awk '{ print $1, $3 }' | cmp - ../diff1
}

@test "a partly copied file whose base changed is an error there, and a conflict" {
	head -c 3000000 /dev/zero >large
	agentfs run -q --session p -- sh -c 'printf new | dd of=large conv=notrunc status=none'
	echo changed >>large
	run agentfs run -q --session p -- sh -c 'head -c 3 large && tail -c 100 large'
	[ "$status" -ne 0 ]
	[[ "$output" == new* ]]
	agentfs diff --json -q p | jq -e '.[] | select(.path == "/large") | .conflict'
}
