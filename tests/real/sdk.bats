#!/usr/bin/env bats
# The published SDK and we, on the same files: ours opened and changed by it, then by us.
load ../lib/common

setup() {
	npm_config_userconfig=$(getent passwd "$(id -u)" | cut -d: -f6)/.npmrc
	export npm_config_userconfig
	common_setup
	mkdir project
	cd project || return 1
	npm install --prefix .. --no-audit --no-fund --loglevel=error agentfs-sdk@0.6.4
	cp "$BATS_TEST_DIRNAME/sdk.mjs" ..
}
teardown() { common_teardown; }

@test "the SDK reads what we wrote, writes, and we read that" {
	agentfs init -q v
	agentfs fs v write hello 'hello there'
	agentfs fs v write gone x
	seq 1 30000 | agentfs fs v write numbers -
	node ../sdk.mjs "$PWD/.agentfs/v.db" >../out
	[ "$(cat ../out)" = $'gone hello numbers\nhello there\n168894' ]
	agentfs check v
	agentfs mount v ../mnt
	[ "$(cat ../mnt/from-sdk)" = 'the sdk was here' ]
	[ "$(wc -c <../mnt/sdk/long)" -eq 200000 ]
	[ ! -e ../mnt/gone ]
	echo again >../mnt/gone
	rm ../mnt/from-sdk
	rm -r ../mnt/sdk
	agentfs umount v
	agentfs check v
	node ../sdk.mjs "$PWD/.agentfs/v.db" >../out
	[ "$(head -n 1 ../out)" = 'gone hello numbers' ]
	agentfs check v
}
