# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests that speak ssh to a tunnel's login; loaded after service.bash.
#
# client [OPTION...] [-- COMMAND]  the system's ssh as the current account, ended after 20 s
# client_start TAG [OPTION...]     the same in the background; its output is in "$BATS_TEST_TMPDIR/TAG"
# client_pid TAG                   its process id
# client_end TAG                   ends it and waits for that
# shows TAG PATTERN                waits until the output has a line that matches
# page_up                          the origin on port 8000, whose /page says "origin"
# session_pid                      the process id of the mysocket-session started last
# CLIENT_USER, CLIENT_KEY, SSH_PORT  instead of the account's own, and of 22

SSH_TARGET=ssh.$DOMAIN
SSH_PORT=22

client_options() {
	printf '%s\n' -F /dev/null -p "$SSH_PORT" -i "${CLIENT_KEY-$ACCOUNT/key}" -o IdentitiesOnly=yes -o BatchMode=yes \
		-o "UserKnownHostsFile=$ACCOUNT/known_hosts" -l "${CLIENT_USER-$ACCOUNT_USER}"
}

client() { # [option...] [-- command]
	local options command=()
	mapfile -t options < <(client_options)
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# -eq 0 ] || command=("${@:2}")
	# shellcheck disable=SC2029 # it is the far end's to refuse
	timeout 60 ssh "${options[@]}" "$SSH_TARGET" "${command[@]}" </dev/null
}

client_start() { # tag [option...]
	local options tag=$1
	shift
	mapfile -t options < <(client_options)
	: >"$BATS_TEST_TMPDIR/$tag" # or what the last one said may be read
	# shellcheck disable=SC2029 # options, not a command
	ssh "${options[@]}" "$@" "$SSH_TARGET" </dev/null >"$BATS_TEST_TMPDIR/$tag" 2>&1 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/$tag.pid"
}

client_pid() { # tag
	cat "$BATS_TEST_TMPDIR/$1.pid"
}

gone() { # pid
	! kill -0 "$1" 2>/dev/null
}

client_end() { # tag
	kill "$(client_pid "$1")" 2>/dev/null || true
	wait_for 5 gone "$(client_pid "$1")"
}

# Whatever a failed test has left behind.
clients_end() {
	local file
	for file in "$BATS_TEST_TMPDIR"/*.pid; do
		[ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
	done
}

shows() { # tag pattern
	wait_for 10 grep -qs -- "$2" "$BATS_TEST_TMPDIR/$1" ||
		{ sed "s/^/$1: /" "$BATS_TEST_TMPDIR/$1"; return 1; }
}

page_up() {
	mkdir -p "$BATS_FILE_TMPDIR/www"
	echo origin >"$BATS_FILE_TMPDIR/www/page"
	origin_up 8000 "$BATS_FILE_TMPDIR/www"
}

session_pid() {
	pgrep -n -x mysocket-sessio
}

no_session() {
	! pgrep -x mysocket-sessio >/dev/null
}
