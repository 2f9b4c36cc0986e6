#!/usr/bin/env bats
# A small disk that runs full: writers are told at write or fsync, deleting goes on, and
# nothing that was acknowledged is lost.
load ../lib/common
load ../lib/user

setup() {
	common_setup
	require_root
	truncate -s 64M disk
	mkfs.ext4 -q disk
	mkdir small
	mount -o loop disk small || skip "needs loop devices"
	mkdir small/project
	cd small/project || return 1
	echo base >base
}
teardown() {
	cd /
	for mount in $(mounts_below "$TEST_DIR"); do umount -l "$mount"; done
	end_servers_below "$TEST_DIR"
	umount -l "$TEST_DIR/small" 2>/dev/null
	common_teardown
}

@test "ENOSPC at write; deleting and writing again; what was written is whole" {
	agentfs run -q --session f -- python3 -c '
import errno, os
block = os.urandom(65536)
n = 0
f = open("large", "wb", buffering=0)
try:
    while n < 2000:
        f.write(block)
        n += 1
    raise SystemExit("the disk never ran full")
except OSError as e:
    assert e.errno == errno.ENOSPC, e
assert n > 100
f.close()
data = open("large", "rb").read()
assert len(data) == n * 65536 and data == block * n
os.unlink("large")
small = b"x" * 100000
for i in range(3):
    open(f"small{i}", "wb").write(small)
    os.sync()
print("finished")
' | grep -qx finished
	[ "$(agentfs fs f cat small2 | wc -c)" -eq 100000 ]
	agentfs check f
	[ "$(cat base)" = base ]
}
