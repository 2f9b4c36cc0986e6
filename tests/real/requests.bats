#!/usr/bin/env bats
# How many requests reach the server, by its own counters. They are exact.
load ../lib/common

setup() {
	common_setup
	mkdir project
	cd project || return 1
	git init -q .
	for i in $(seq 1 1500); do
		mkdir -p "d$((i % 40))"
		echo "$i" >"d$((i % 40))/f$i"
	done
	git add . && git commit -qm all
	cc -O1 -o ../requests "$BATS_TEST_DIRNAME/requests.c"
	agentfs init -q v --base .
	agentfs mount v ../mnt
	cd ../mnt || return 1
}
teardown() { common_teardown; }

# All requests so far but those for giving memory back.
count() {
	(cd ../project && agentfs info --json v) |
		jq '[.requests | to_entries[] | select(.key | test("FORGET") | not) | .value] | add'
}

# costs N COMMAND...: the command costs at most N requests.
costs() {
	local most=$1 before after
	shift
	before=$(count)
	"$@" >/dev/null
	after=$(count)
	echo "$* cost $((after - before)) requests"
	[ $((after - before)) -le "$most" ]
}

@test "open, read and close of a cached file: none" {
	../requests read d1/f1 1
	costs 0 ../requests read d1/f1 100
}

@test "stat of a known and of a known-missing name: none" {
	../requests stat d1/f1 1
	../requests stat d1/missing 1
	costs 0 ../requests stat d1/f1 100
	costs 0 ../requests stat d1/missing 100
}

@test "the second git status of an unchanged tree of 1,500 files: at most 20" {
	git status --porcelain | grep . && false
	git status --porcelain
	costs 20 git status
}

@test "create, write and close: at most 5" {
	../requests create d1/warm 20
	costs 500 ../requests create d2/new 100
}
