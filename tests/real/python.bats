#!/usr/bin/env bats
# Python's own tests of what touches files, with their temporary directory in a view. A
# test that fails on the plain filesystem too does not count.
load ../lib/common

setup() {
	common_setup
	mkdir -p project/tmp plain
	PYTHON=/usr/bin/python3
}
teardown() { common_teardown; }

# Names of the tests that fail, one a line.
failures() {
	grep -E '^(FAIL|ERROR): ' "$1" | awk '{ print $2, $3 }' | sort -u
}

python_tests() {
	cd project
	agentfs run -q --session p -- sh -c "cd tmp && TMPDIR=\$PWD $PYTHON -m test -v $*" >../view.log 2>&1 || true
	cd ..
	(cd plain && TMPDIR=$PWD $PYTHON -m test -v "$@") >plain.log 2>&1 || true
	grep -q 'Ran [1-9]' view.log
	failures view.log >view.failures
	failures plain.log >plain.failures
	comm -23 view.failures plain.failures >ours
	cat ours
	[ ! -s ours ]
	if grep -q 'SUCCESS' plain.log; then grep -q 'SUCCESS' view.log; fi
}

@test "test_os" { python_tests test_os; }
@test "test_shutil" { python_tests test_shutil; }
@test "test_tempfile test_pathlib" { python_tests test_tempfile test_pathlib; }
@test "test_tarfile test_zipfile" { python_tests test_tarfile test_zipfile; }
@test "test_mmap test_fcntl" { python_tests test_mmap test_fcntl; }
