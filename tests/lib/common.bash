# Loaded by every bats file: the program under test, a directory of the test's own on a
# real filesystem, and an end that leaves nothing behind.
# shellcheck shell=bash

AGENTFS_BUILD=${AGENTFS_BUILD:-$(cd "${BATS_TEST_DIRNAME:-.}/../.." && pwd)/build}
export AGENTFS_BUILD
PATH=$AGENTFS_BUILD/src/cli:$PATH
export PATH

# Where tests work: not /tmp, which may be a tmpfs and is private in a sandbox.
TEST_ROOT=${AGENTFS_TEST_ROOT:-/var/tmp}

common_setup() {
	TEST_DIR=$(mktemp -d "$TEST_ROOT/agentfs-test-XXXXXX")
	chmod 755 "$TEST_DIR"
	export TEST_DIR HOME=$TEST_DIR/home
	export GIT_CONFIG_GLOBAL=$HOME/.gitconfig
	# Lists of what is live are each test's own, as tests run side by side.
	export XDG_RUNTIME_DIR=$TEST_DIR/runtime
	mkdir "$HOME"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	cat >"$GIT_CONFIG_GLOBAL" <<-GIT
		[user]
			name = Test
			email = test@example.org
		[safe]
			directory = *
		[init]
			defaultBranch = main
	GIT
	chmod 644 "$GIT_CONFIG_GLOBAL"
	cd "$TEST_DIR" || return 1
}

# Mount points of agentfs below a directory, deepest first.
mounts_below() {
	awk -v top="$1/" '$0 ~ / - fuse/ && index($5 "/", top) == 1 { print $5 }' \
		/proc/self/mountinfo | sort -r
}

# Ends the servers whose volumes lie below a directory, by their pids.
end_servers_below() {
	local pid
	for pid in $(servers_below "$1"); do
		kill -9 "$pid" 2>/dev/null
	done
}

servers_below() {
	local dir fd
	for dir in /proc/[0-9]*; do
		case $(tr "\\0" " " 2>/dev/null <"$dir/cmdline") in
		"agentfs serve "*) ;;
		*) continue ;;
		esac
		for fd in "$dir"/fd/*; do
			case $(readlink "$fd" 2>/dev/null) in
			"$1"/*)
				echo "${dir#/proc/}"
				break
				;;
			esac
		done
	done
	return 0
}

common_teardown() {
	local mount
	cd /
	for mount in $(mounts_below "$TEST_DIR"); do
		umount -l "$mount" 2>/dev/null || fusermount3 -uz "$mount" 2>/dev/null
	done
	end_servers_below "$TEST_DIR"
	[ -n "$TEST_DIR" ] && rm -rf "$TEST_DIR"
	return 0
}

# A hash of a tree's names, content, modes, owners, mtimes, links and xattrs. The volume
# directory at its top is left out.
tree_hash() {
	(
		cd "$1" || exit 1
		find . -path ./.agentfs -prune -o -printf '%P %y %m %U %G %T@ %l\n' |
			grep -v '^ d' | LC_ALL=C sort
		find . -path ./.agentfs -prune -o -type f -print0 | LC_ALL=C sort -z |
			xargs -0 -r sha256sum
		find . -path ./.agentfs -prune -o -print0 | LC_ALL=C sort -z |
			xargs -0 -r getfattr -h -d -m- -- 2>/dev/null
	) | sha256sum
}

# Polls until a command succeeds, for at most so many seconds.
wait_until() {
	local limit=$1 end
	shift
	end=$((SECONDS + limit))
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# A small project with files of several kinds.
make_project() {
	mkdir -p "$1/src/deep" "$1/docs"
	echo 'first' >"$1/README"
	printf 'int main(void) { return 0; }\n' >"$1/src/main.c"
	seq 1 1000 >"$1/src/deep/numbers"
	echo 'text' >"$1/docs/text"
	ln -s ../README "$1/docs/link"
	chmod 755 "$1/src/deep/numbers"
}
