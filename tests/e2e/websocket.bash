# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests with WebSockets that stay open; loaded after service.bash. What the origin does not send back (lab.py's does) is
# not heard.
#
# ws_open TAG URL [HEADER...]  opens one; prints "open", X-Origin of the answer and its Set-Cookie
# ws_echoes TAG TEXT           fails unless that comes back
# ws_ended TAG                 fails unless the other end closed it
# ws_close TAG                 ends it; ws_close_all those that are left, for teardown

ws_open() { # tag url [header...]
	local at="$BATS_TEST_TMPDIR/ws.$1"
	[ -p "$at" ] || mkfifo "$at"
	: >"$at.heard" # or what the last one heard may be read
	# shellcheck disable=SC2154 # service.bash's
	SSL_CERT_FILE="$SERVICE_STATE/ca.crt" /usr/bin/python3 "$root/tests/e2e/ws_lines.py" "${@:2}" <>"$at" \
		>"$at.heard" 2>&1 3>&- 4>&- &
	echo $! >"$at.pid"
	wait_for 20 grep -q ^open "$at.heard" || { cat "$at.heard"; return 1; }
	head -n 1 "$at.heard"
}

ws_echoes() { # tag text
	echo "$2" 1<>"$BATS_TEST_TMPDIR/ws.$1" # and does not wait for a reader that is gone
	wait_for 10 grep -qx -e "$2" "$BATS_TEST_TMPDIR/ws.$1.heard" || { cat "$BATS_TEST_TMPDIR/ws.$1.heard"; return 1; }
}

ws_ended() { # tag
	wait_for 10 grep -qx closed "$BATS_TEST_TMPDIR/ws.$1.heard"
}

ws_close() { # tag
	kill "$(cat "$BATS_TEST_TMPDIR/ws.$1.pid")" 2>/dev/null || true
}

ws_close_all() {
	local file
	for file in "$BATS_TEST_TMPDIR"/ws.*.pid; do
		[ ! -e "$file" ] || kill "$(cat "$file")" 2>/dev/null || true
	done
}
