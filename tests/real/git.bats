#!/usr/bin/env bats
# git in a view: the whole life of a repository, with the base untouched.
load ../lib/common
load ../lib/user

setup() { common_setup; }
teardown() { common_teardown; }

generate_repository() {
	local i
	mkdir "$1"
	(
		cd "$1" || exit 1
		git init -q .
		for i in $(seq 1 1500); do
			mkdir -p "d$((i % 37))/e$((i % 7))"
			seq "$i" $((i + 20)) >"d$((i % 37))/e$((i % 7))/f$i"
		done
		git add . && git commit -qm first
	)
}

work_with_git() {
	cat >work.sh <<-'SH'
		set -eux
		git status --porcelain | grep . && exit 1
		git checkout -q -b topic
		for i in 1 2 3; do echo "change $i" >>d1/e1/f1; git commit -qam "topic $i"; done
		git checkout -q main
		echo other >>d2/e2/f2 && git commit -qam other
		git checkout -q topic && git rebase -q main
		git mv d3 renamed && git commit -qm moved
		git rm -q -r d4 && git commit -qm removed
		git gc -q && git fsck --strict
		git clone -q . ../project/copy
		test "$(git -C copy rev-parse HEAD)" = "$(git rev-parse HEAD)"
		git stash -q 2>/dev/null || true
		git log --oneline | wc -l | grep -qx 7
	SH
	mv work.sh project/.git/work.sh
}

git_in_a_view() {
	generate_repository project
	work_with_git
	local before
	before=$(tree_hash project)
	[ "$1" = root ] || user_own "$TEST_DIR"
	before=$(tree_hash project)
	cd project
	$2 agentfs run -q --session g -- sh .git/work.sh
	$2 agentfs run -q --session g -- git fsck
	$2 agentfs run -q --session g -- git -C copy fsck
	[ "$(tree_hash .)" = "$before" ]
	$2 agentfs check g
}

@test "clone, branch, commit, rebase, gc and fsck, as root" {
	require_root
	git_in_a_view root ""
}

@test "clone, branch, commit, rebase, gc and fsck, as a user" {
	user_create
	git_in_a_view user as_user
}
