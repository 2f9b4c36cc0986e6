#!/usr/bin/env bats
# Sizes and names at the edges.
load ../lib/common

setup() {
	common_setup
	make_project project
	cd project || return 1
}
teardown() { common_teardown; }

@test "100,000 files in one directory, listed, then deleted" {
	agentfs run -q --session b -- python3 -c '
import os
os.mkdir("many")
for i in range(100000):
    os.close(os.open(f"many/f{i:06}", os.O_CREAT | os.O_WRONLY))
assert len(os.listdir("many")) == 100000
assert sorted(os.listdir("many"))[99999] == "f099999"
'
	agentfs run -q --session b -- sh -c 'ls -f many | wc -l' | grep -qx 100002
	agentfs run -q --session b -- sh -c 'rm -rf many; ! test -e many'
	run agentfs diff -q b
	[ "$output" = "No changes" ]
}

@test "a tree 3,000 directories deep" {
	agentfs run -q --session b -- python3 -c '
import os
for i in range(3000):
    os.mkdir("d")
    os.chdir("d")
open("leaf", "w").write("deep")
'
	agentfs run -q --session b -- python3 -c '
import os
for i in range(3000):
    os.chdir("d")
assert open("leaf").read() == "deep"
'
	agentfs diff -q b | wc -l | grep -qx 3001
	agentfs run -q --session b -- rm -rf d
	agentfs check b
}

@test "a sparse file of 6 GiB" {
	agentfs run -q --session b -- python3 -c '
import os
with open("sparse", "wb") as f:
    f.seek(6 << 30)
    f.write(b"end")
    f.seek(3 << 30)
    f.write(b"middle")
with open("sparse", "rb") as f:
    assert f.seek(0, os.SEEK_END) == (6 << 30) + 3
    f.seek(3 << 30)
    assert f.read(7) == b"middle\0"
    assert os.lseek(f.fileno(), 0, os.SEEK_DATA) <= 3 << 30
assert os.stat("sparse").st_blocks < 4096
'
	[ "$(stat -c %s .agentfs/b.db)" -lt 10000000 ]
	agentfs fs b stat sparse | grep -qx 'Size: 6442450947'
}

@test "names of 255 odd bytes; 256 are too long" {
	agentfs run -q --session b -- python3 -c '
import errno, os
odd = b"a\nb\"c\\d\xff\xfe" + b"x" * 246
assert len(odd) == 255
open(odd, "w").write("odd")
assert odd in os.listdir(b".")
try:
    open(odd + b"y", "w")
    raise SystemExit("256 bytes were taken")
except OSError as e:
    assert e.errno == errno.ENAMETOOLONG
'
	agentfs run -q --session b -- python3 -c '
import os
name = [n for n in os.listdir(b".") if n.startswith(b"a\n")][0]
assert open(name).read() == "odd"
os.rename(name, b"plain")
'
	agentfs fs b cat plain | grep -qx odd
}

@test "a link to itself; links of the project with attributes set on them" {
	ln -s "$PWD/README" inward
	agentfs run -q --session b -- python3 -c '
import errno, os
os.symlink("self", "self")
try:
    open("self")
    raise SystemExit("opened")
except OSError as e:
    assert e.errno == errno.ELOOP
assert open("inward").read() == "first\n"
try:
    os.setxattr("inward", "user.a", b"x", follow_symlinks=False)
    raise SystemExit("user attributes on a link")
except OSError as e:
    assert e.errno == errno.EPERM
os.setxattr("inward", "user.a", b"x")
assert os.getxattr("README", "user.a") == b"x"
'
	run getfattr -n user.a README
	[ "$status" -ne 0 ]
}

@test "30,000 files known: the server's descriptors stay few" {
	mkdir many
	(cd many && seq 1 30000 | xargs touch)
	agentfs init -q d --base .
	agentfs mount d ../mnt
	find ../mnt -size 0 | wc -l | grep -qx 30000
	head -qc 1 ../mnt/many/* | wc -c | grep -qx 0
	server=$(servers_below "$TEST_DIR" | head -n 1)
	[ "$(find "/proc/$server/fd" | wc -l)" -lt 1000 ]
	agentfs umount ../mnt
}

@test "O_TRUNC truncates, also after remounting" {
	agentfs init -q d --base .
	agentfs mount d ../mnt
	for _ in 1 2; do
		echo longer >../mnt/f
		echo x >../mnt/f
		[ "$(cat ../mnt/f)" = x ]
		echo longer >../mnt/README
		: >../mnt/README
		[ ! -s ../mnt/README ]
		agentfs umount ../mnt
		agentfs mount d ../mnt
		[ "$(cat ../mnt/f)" = x ]
		[ ! -s ../mnt/README ]
	done
	agentfs umount ../mnt
}
