# Running parts of tests as an ordinary user; the tests themselves run as root.
# shellcheck shell=bash

TEST_USER=agentfs-test

require_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
}

# Makes the user, once for the machine.
user_create() {
	require_root
	id "$TEST_USER" >/dev/null 2>&1 ||
		useradd --no-create-home --home-dir /nonexistent --shell /bin/bash "$TEST_USER"
	[ -d "$TEST_DIR/runtime-user" ] || mkdir -m 700 "$TEST_DIR/runtime-user"
	chown "$TEST_USER:" "$TEST_DIR/runtime-user"
}

# Gives the test's directory to the user.
user_own() {
	chown -R "$TEST_USER:" "$@"
}

# as_user COMMAND...: as that user, with little environment.
as_user() {
	setpriv --reuid "$TEST_USER" --regid "$TEST_USER" --init-groups -- \
		env -i PATH="$PATH" HOME="$HOME" TERM="${TERM:-dumb}" LANG=C.UTF-8 \
		GIT_CONFIG_GLOBAL="$GIT_CONFIG_GLOBAL" TEST_DIR="$TEST_DIR" \
		XDG_RUNTIME_DIR="$TEST_DIR/runtime-user" \
		SHELL=/bin/bash "$@"
}
