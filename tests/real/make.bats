#!/usr/bin/env bats
# A C project: built, edited, built again.
load ../lib/common

setup() { common_setup; }
teardown() { common_teardown; }

@test "make builds once, and after an edit only what changed" {
	mkdir project && cd project
	for i in $(seq 1 30); do
		echo "int f$i(void) { return $i; }" >"f$i.c"
	done
	{
		for i in $(seq 1 30); do echo "int f$i(void);"; done
		echo '#include <stdio.h>'
		echo 'int main(void) { printf("%d\n", f1() + f30()); return 0; }'
	} >main.c
	# shellcheck disable=SC2016
	printf '%s\n' 'OBJS = $(patsubst %.c,%.o,$(wildcard *.c))' 'prog: $(OBJS)' \
		'	$(CC) -o $@ $(OBJS)' >Makefile
	before=$(tree_hash .)
	agentfs run -q --session m -- sh -c 'make -j2 >log && ./prog' | grep -qx 31
	agentfs run -q --session m -- sh -c 'make -q'
	agentfs run -q --session m -- sh -c 'sleep 0.01; echo "int f1(void) { return 100; }" >f1.c
		make >log2 && ./prog' | grep -qx 130
	[ "$(agentfs fs m cat log2 | grep -c -- '-c -o')" -eq 1 ]
	[ "$(tree_hash .)" = "$before" ]
}
