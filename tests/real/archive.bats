#!/usr/bin/env bats
# tar and rsync carry trees into a view and out of it, equal in all they keep.
load ../lib/common
load ../lib/user

setup() {
	common_setup
	make_project project
	mkdir source
	make_project source/tree
	cd source/tree || return 1
	ln README hard
	mkfifo fifo
	setfattr -n user.note -v hello README
	touch -d '2001-02-03 04:05:06.789' docs/text
	chmod 4750 src/main.c
	truncate -s 5M sparse
	printf 'odd' >$'name with\nnewline "and" \xff'
	[ "$(id -u)" -ne 0 ] || { chown 12:34 docs/text && mknod null c 1 3; }
	cd ../..
}
teardown() { common_teardown; }

@test "rsync -aHAX both ways is equal" {
	require_root
	cp -a source project/source
	agentfs init -q v --base project
	agentfs mount v mnt
	rsync -aHAX mnt/source/tree/ back/
	rsync -aHAXni --delete --checksum source/tree/ back/ >differences
	[ ! -s differences ]
	rsync -aHAX source/tree/ mnt/copy/
	rsync -aHAXni --delete --checksum source/tree/ mnt/copy/ >differences
	[ ! -s differences ]
	agentfs umount mnt
	agentfs mount v mnt
	rsync -aHAXni --delete --checksum source/tree/ mnt/copy/ >differences
	[ ! -s differences ]
}

@test "tar out of a view and into it is equal" {
	agentfs init -q v --base project
	agentfs mount v mnt
	tar -C source --xattrs --acls -cf tree.tar tree
	tar -C mnt --xattrs --acls -xpf tree.tar
	tar -C mnt --xattrs --acls -df tree.tar
	tar -C mnt --xattrs --acls -cf again.tar tree
	mkdir out
	tar -C out --xattrs --acls -xpf again.tar
	[ "$(tree_hash out/tree)" = "$(tree_hash source/tree)" ]
}
