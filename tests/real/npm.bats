#!/usr/bin/env bats
# npm ci of a project with over 300 packages, in a view; then again over a base that holds
# them already.
load ../lib/common

# Once for the file: the project without and with its packages, and npm's cache, so that
# nothing is loaded twice.
setup_file() {
	NPM_PLACE=$(mktemp -d "${AGENTFS_TEST_ROOT:-/var/tmp}/agentfs-npm-XXXXXX")
	npm_config_cache=$NPM_PLACE/cache
	npm_config_userconfig=$(getent passwd "$(id -u)" | cut -d: -f6)/.npmrc
	export NPM_PLACE npm_config_cache npm_config_userconfig
	mkdir "$NPM_PLACE/lean"
	cd "$NPM_PLACE/lean"
	cat >package.json <<-'JSON'
		{ "name": "project", "version": "1.0.0", "private": true,
		  "dependencies": { "express": "4", "jest": "29", "lodash": "4" } }
	JSON
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit \
		--no-fund --loglevel=error
	cat >use.js <<-'JS'
		const lodash = require("lodash"), express = require("express");
		require("@babel/core");
		console.log(lodash.sum([1, 2]), typeof express());
	JS
	cp -a "$NPM_PLACE/lean" "$NPM_PLACE/full"
	cd "$NPM_PLACE/full"
	npm ci --no-audit --no-fund --loglevel=error
}
teardown_file() { rm -rf "$NPM_PLACE"; }

# The cache lies where a sandboxed npm may write.
setup() {
	common_setup
	cp -a "$NPM_PLACE/cache" "$HOME/.npm"
	npm_config_cache=$HOME/.npm
}
teardown() { common_teardown; }

npm_ci() {
	agentfs run -q --session n -- npm ci --prefer-offline --no-audit --no-fund \
		--loglevel=error
	agentfs run -q --session n -- node use.js | grep -qx '3 function'
}

@test "npm ci in a view, node runs what it installed, the base is untouched" {
	cp -a "$NPM_PLACE/lean" project
	cd project
	before=$(tree_hash .)
	npm_ci
	[ "$(agentfs run -q --session n -- sh -c 'find node_modules -name package.json -path "*node_modules/*/package.json" | wc -l')" -ge 300 ]
	[ "$(tree_hash .)" = "$before" ]
	[ ! -e node_modules ]
	agentfs check n
}

@test "npm ci over a base that already holds node_modules" {
	cp -a "$NPM_PLACE/full" project
	cd project
	before=$(tree_hash .)
	npm_ci
	[ "$(tree_hash .)" = "$before" ]
}
