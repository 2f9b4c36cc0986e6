#!/usr/bin/env bats
# What a sandboxed command cannot do, and what must go on working.
load ../lib/common
load ../lib/user

setup() {
	common_setup
	make_project project
	mkdir outside
	echo safe >outside/file
	echo mine >"$HOME/file"
	cd project || return 1
}
teardown() { common_teardown; }

# Runs a script in the sandbox as root, then as an ordinary user.
both() {
	agentfs run -q --session s "$@"
}

as_both() {
	"$@" ""
	user_create
	user_own "$TEST_DIR"
	rm -rf .agentfs
	"$@" as_user
}

outside_is_read_only() {
	$1 agentfs run -q --session s -- sh -c '
		for f in /etc/x /usr/x '"$HOME"'/x /x /opt/x; do
			if echo x >"$f"; then echo "wrote $f"; exit 1; fi
		done 2>/dev/null
		rm -f '"$HOME"'/file 2>/dev/null; cat '"$HOME"'/file' | grep -qx mine
	[ ! -e /etc/x ] && [ ! -e "$HOME/x" ]
}

@test "outside of the project nothing can be written" {
	as_both outside_is_read_only
}

tmp_is_private() {
	$1 agentfs run -q --session s -- sh -c '
		for d in /tmp /var/tmp /dev/shm; do echo x >$d/agentfs-private-$$ || exit 1; done
		ls /tmp | wc -l' | grep -qx 1
	run ls /tmp/agentfs-private-* /var/tmp/agentfs-private-* /dev/shm/agentfs-private-*
	[ "$status" -ne 0 ]
}

@test "/tmp, /var/tmp and /dev/shm are private" {
	as_both tmp_is_private
}

volume_is_out_of_reach() {
	$1 agentfs run -q --session s -- sh -c '
		test ! -e .agentfs || exit 1
		find '"$TEST_DIR"' -name "s.sock" -o -name "s.db" 2>/dev/null | grep . && exit 1
		test ! -e '"$PWD"'/.agentfs/s.db
		for p in /proc/[0-9]*; do
			case $(tr "\0" " " 2>/dev/null <$p/cmdline) in "agentfs serve "*) ;; *) continue ;; esac
			cat $p/root'"$PWD"'/.agentfs/s.db >/dev/null 2>&1 && exit 2
			ls $p/cwd/ >/dev/null 2>&1 && exit 3
			readlink $p/fd/3 >/dev/null 2>&1 && exit 4
		done
		exit 0'
}

@test "the volume and its socket are out of reach, also through /proc" {
	as_both volume_is_out_of_reach
}

mounts_are_locked() {
	$1 agentfs run -q --session s -- sh -c '
		mount -o remount,rw / 2>/dev/null && exit 1
		mount --bind /etc /mnt 2>/dev/null && exit 2
		umount '"$PWD"' 2>/dev/null && exit 3
		umount -l '"$PWD"' 2>/dev/null && exit 4
		unshare -Urm sh -c "mount -o remount,rw,bind / && echo x >/etc/agentfs-x" 2>/dev/null && exit 5
		unshare -Urm sh -c "umount -l '"$PWD"' && echo x >'"$PWD"'/escaped" 2>/dev/null && exit 6
		exit 0'
	[ ! -e /etc/agentfs-x ] && [ ! -e escaped ]
}

@test "mounts cannot be undone from inside" {
	as_both mounts_are_locked
}

@test "links out of the project lead to read-only places" {
	ln -s "$TEST_DIR/home/file" out
	run agentfs run -q --session s -- sh -c 'echo overwritten >out'
	[ "$status" -ne 0 ]
	[ "$(cat "$HOME/file")" = mine ]
}

@test "--allow makes a path really writable, --no-default-allows takes the defaults away" {
	mkdir "$HOME/.cache" "$HOME/.claude" "$TEST_DIR/home/extra"
	agentfs run -q --session s --allow "$HOME/extra" -- sh -c 'echo x >$HOME/extra/x; echo y >$HOME/.cache/y; echo z >$HOME/.claude/z'
	[ "$(cat "$HOME/extra/x" "$HOME/.cache/y" "$HOME/.claude/z")" = $'x\ny\nz' ]
	run agentfs run -q --session t --no-default-allows -- sh -c 'echo y >$HOME/.cache/no'
	[ "$status" -ne 0 ]
	[ ! -e "$HOME/.cache/no" ]
}

@test "other mounts become read-only, nosuid ones too" {
	require_root
	mkdir "$HOME/mnt"
	mount -t tmpfs -o nosuid,nodev tmpfs "$HOME/mnt"
	run agentfs run -q --session s -- sh -c 'echo x >$HOME/mnt/x'
	umount "$HOME/mnt"
	[ "$status" -ne 0 ]
}

@test "as root, devices and other processes are out of reach" {
	require_root
	agentfs run -q --session s -- sh -c '
		[ "$(ls -d /proc/[0-9]* | wc -l)" -lt 8 ] || exit 1
		mknod null c 1 3 2>/dev/null && exit 2
		echo 1 >/proc/sys/vm/drop_caches 2>/dev/null && exit 3
		cat /proc/1/root/etc/shadow >/dev/null; chown 12:34 README && stat -c %u:%g README' | grep -qx 12:34
	[ "$(stat -c %u:%g README)" = 0:0 ]
}

@test "root-owned files in a user's project can be deleted, renamed and replaced" {
	user_create
	user_own "$TEST_DIR"
	echo root >rooted && echo root2 >rooted2 && echo root3 >rooted3
	echo open >shared && chmod 666 shared
	as_user agentfs run -q --session s -- sh -c '
		rm rooted && mv rooted2 moved && cat moved && sed -i s/root3/edited/ rooted3 && cat rooted3
		echo appended >>shared
		echo no >>moved 2>/dev/null && exit 1; chmod 777 moved 2>/dev/null && exit 2; exit 0' >../out
	[ "$(cat ../out)" = $'root2\nedited' ]
	[ "$(cat rooted shared)" = $'root\nopen' ]
	as_user agentfs fs s cat shared | tail -n 1 | grep -qx appended
}

@test "ssh -G, python's multiprocessing, nested namespaces, git and npm work" {
	user_create
	user_own "$TEST_DIR"
	as_user agentfs run -q --session s -- sh -c '
		ssh -G host >/dev/null 2>&1 || exit 1
		/usr/bin/python3 -c "import multiprocessing as m; m.Lock(); print(m.Pool(2).map(abs, [-1, 2]))" || exit 2
		unshare -Ur id -u | grep -qx 0 || exit 3
		git init -q g && git -C g commit -q --allow-empty -m x || exit 4
		exit 0' | grep -qx '\[1, 2\]'
}

@test "a project, HOME and an agent socket below /tmp" {
	dir=$(mktemp -d /tmp/agentfs-test-XXXXXX)
	mkdir "$dir/home" "$dir/project"
	echo in-home >"$dir/home/file"
	echo base >"$dir/project/file"
	cd "$dir/project"
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(20)' "$dir/agent" &
	listener=$!
	wait_until 5 test -S "$dir/agent"
	status=0
	HOME=$dir/home SSH_AUTH_SOCK=$dir/agent agentfs run -q --session s -- sh -c '
		cat $HOME/file file && echo changed >file && pwd &&
		python3 -c "import os, socket; socket.socket(socket.AF_UNIX).connect(os.environ[\"SSH_AUTH_SOCK\"])" &&
		! touch $HOME/x 2>/dev/null' >out || status=$?
	kill $listener
	result=$(cat out) base=$(cat file)
	cd / && rm -rf "$dir"
	[ "$status" -eq 0 ]
	[ "$result" = $'in-home\nbase\n'"$dir/project" ]
	[ "$base" = base ]
}

@test "agentfs run inside a view works, or says why not" {
	run agentfs run -q --session s -- sh -c 'mkdir inner && cd inner && echo 1 >f && agentfs run -q --session i -- sh -c "echo 2 >f; cat f" && cat f'
	if [ "$status" -eq 0 ]; then
		[ "$output" = $'2\n1' ]
	else
		[[ "$output" == *agentfs:* ]]
	fi
}

@test "where user namespaces are forbidden, run says what is not protected" {
	user_create
	user_own "$TEST_DIR"
	unshare -U true || skip "needs user namespaces"
	# A limit of zero in an outer namespace forbids further ones inside.
	run as_user unshare -U --map-current-user --keep-caps bash -c '
		echo 0 >/proc/sys/user/max_user_namespaces 2>/dev/null || exit 77
		agentfs run --session f -- sh -c "cat README; echo x >new"'
	[ "$status" -ne 77 ] || skip "needs a settable limit of user namespaces"
	[[ "$output" == *"NOT protected"* || "$output" == *fusermount3* ]]
}

other_sockets_are_closed() {
	mkdir -p "$HOME/other"
	[ -z "$1" ] || user_own "$HOME"
	(cd "$HOME/other" && $1 agentfs init -q o --base . && $1 agentfs mount o "$HOME/o")
	# The file can be seen through the read-only machine; its server does not listen.
	$1 agentfs run -q --session s -- python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX)
try:
    s.connect(sys.argv[1])
    s.sendall(b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"write\",\"params\":{\"path\":\"/escaped\",\"data\":\"x\"}}\n")
    print(s.recv(4000).decode())
except OSError as e:
    print(e)
' "$HOME/other/.agentfs/o.sock"
	[ ! -e "$HOME/o/escaped" ]
	$1 agentfs umount o
	rm -rf "$HOME/other" "$HOME/o"
}

@test "servers of other volumes do not listen to a sandboxed process" {
	as_both other_sockets_are_closed
}
