#!/usr/bin/env bats
# npm ci of a project with over 300 packages, in a view; then again over a base that holds
# them already.
load ../lib/common

setup_file() {
	# shellcheck disable=SC2031
	export NPM_PROJECT=/var/tmp/agentfs-npm-project
	rm -rf "$NPM_PROJECT"
	mkdir -p "$NPM_PROJECT"
	cd "$NPM_PROJECT" || return 1
	cat >package.json <<-'JSON'
		{ "name": "project", "version": "1.0.0", "private": true,
		  "dependencies": { "express": "4", "eslint": "8", "webpack": "5",
		    "webpack-cli": "5", "mocha": "10", "lodash": "4", "@babel/core": "7",
		    "@babel/preset-env": "7" } }
	JSON
	npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit \
		--no-fund --loglevel=error >npm.log 2>&1 || cat npm.log
	cat >use.js <<-'JS'
		const lodash = require("lodash"), express = require("express");
		require("webpack"); require("@babel/core");
		console.log(lodash.sum([1, 2]), typeof express());
	JS
}
teardown_file() { rm -rf "$NPM_PROJECT"; }

setup() {
	common_setup
	# The real cache of packages, so that nothing is loaded twice.
	[ -z "$(npm config get cache --location=user 2>/dev/null)" ] || true
}
teardown() { common_teardown; }

install_packages() {
	cp -a "$NPM_PROJECT" project
	cd project
	npm_config_userconfig=$(getent passwd "$(id -u)" | cut -d: -f6)/.npmrc
	export npm_config_userconfig npm_config_cache=$HOME/.npm
	mkdir -p "$HOME/.npm"
}

@test "npm ci in a view, node runs what it installed, the base is untouched" {
	install_packages
	before=$(tree_hash .)
	agentfs run -q --session n -- npm ci --no-audit --no-fund --loglevel=error
	[ "$(agentfs run -q --session n -- sh -c 'find node_modules -name package.json -path "*node_modules/*/package.json" | wc -l')" -ge 300 ]
	agentfs run -q --session n -- node use.js | grep -qx '3 function'
	[ "$(tree_hash .)" = "$before" ]
	[ ! -e node_modules ]
	agentfs check n
}

@test "npm ci over a base that already holds node_modules" {
	install_packages
	npm ci --no-audit --no-fund --loglevel=error
	before=$(tree_hash .)
	agentfs run -q --session n -- npm ci --no-audit --no-fund --loglevel=error
	agentfs run -q --session n -- node use.js | grep -qx '3 function'
	[ "$(tree_hash .)" = "$before" ]
}
