# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests that reload HAProxy while visitors come; loaded after service.bash. A test sets VISITORS=() first.
#
# visitor NAME COMMAND...        visits in the background until visitors_end; the command says "200" for each request that
#                                was answered well
# visit_during_reloads [COUNT]   reloads HAProxy $RELOADS times, with so many requests between two, and fails if a visitor
#                                said anything else
# after_reload NUMBER            called by it after each of them; a test may define its own
# visitors_end                   ends them all; for teardown(), too
# reload                         once; returns when the new process has all routes
# worker                         prints the process id of HAProxy's newest process
# edge_says COMMAND              prints what HAProxy answers to it

RELOADS=5

# Visits until $BATS_TEST_TMPDIR/over exists: the command says "200" for each request that was answered well.
visitor() { # name command...
	local name=$1
	shift
	(until [ -e "$BATS_TEST_TMPDIR/over" ]; do "$@" || true; done) >"$BATS_TEST_TMPDIR/said.$name" 2>&1 3>&- 4>&- &
	VISITORS+=($!)
}

visitors_end() {
	touch "$BATS_TEST_TMPDIR/over"
	[ "${#VISITORS[@]}" = 0 ] || wait "${VISITORS[@]}" || true
}

worker() {
	pgrep -n -P "$(service_pid edge)"
}

another_worker() { # than
	[ "$(worker)" != "$1" ] || return 1
	[ "$(edge_says 'show map ready.map')" ]
}

edge_says() { # command
	echo "$1" | socat -t 5 - unix:/run/mysocket/edge.sock 2>/dev/null
}

reload() {
	local before
	before=$(worker)
	kill -USR2 "$(service_pid edge)"
	wait_for 10 another_worker "$before"
}

all_came() {
	[ -z "$(find "$BATS_TEST_TMPDIR"/said.* -empty)" ]
}

has_had() { # requests and connections
	[ "$(edge_says 'show info' | sed -n 's/^CumReq: //p')" -ge "$1" ]
}

after_reload() { # how many there were
	:
}

visit_during_reloads() { # [requests between two]; the visitors were started
	local i
	wait_for 10 all_came
	for i in $(seq "$RELOADS"); do
		reload
		wait_for 30 has_had "${1-300}"
		after_reload "$i"
	done
	visitors_end
	for i in "$BATS_TEST_TMPDIR"/said.*; do
		echo "${i##*.}: $(sort "$i" | uniq -c | tr -s ' \n' ' ')"
	done
	refute grep -v '^200$' "$BATS_TEST_TMPDIR"/said.*
}
