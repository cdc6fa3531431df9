# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests with visitors all the time; loaded after service.bash.
#
# origins_up            origins that say who they are, in the body and in the header X-Origin: "first" on port 8001,
#                       "second" on 8002
# load_start SECONDS    500 GET/s to $DNSNAME, by 25 visitors with a kept connection each, in the background
# load_end              waits for them, shows what they got and the slowest; fails unless all got 200
# load_wait             only waits; load_lines prints "<time> <status> <X-Origin> <seconds>" for each request so far
# tunnel_more           a further tunnel for the current socket: sets TUNNEL_ID and RELAY

origins_up() {
	cat >"$BATS_FILE_TMPDIR/origins.cfg" <<-TEXT
		defaults
			mode http
			timeout client 60s
		frontend first
			bind 127.0.0.1:8001
			http-request return status 200 content-type text/plain hdr X-Origin first string first
		frontend second
			bind 127.0.0.1:8002
			http-request return status 200 content-type text/plain hdr X-Origin second string second
	TEXT
	haproxy -db -f "$BATS_FILE_TMPDIR/origins.cfg" </dev/null >/dev/null 2>&1 3>&- &
	wait_for 10 listening 8001
	wait_for 10 listening 8002
}

load_start() { # seconds
	local i
	export LOAD="$BATS_TEST_TMPDIR/load" LOAD_COUNT=$(($1 * 20 * 25))
	mkdir -p "$LOAD"
	LOAD_PIDS=()
	for i in $(seq 25); do
		stdbuf -o0 curl -s "http://$DNSNAME/?[1-$(($1 * 20))]" --rate 20/s -o /dev/null \
			-w '%{http_code} %header{x-origin} %{time_total}\n' 2>&1 3>&- |
			while read -r line; do echo "$EPOCHREALTIME $line"; done >"$LOAD/$i" 3>&- &
		LOAD_PIDS+=($!)
	done
	wait_for 10 load_has_answers
}

load_has_answers() {
	[ "$(load_lines | wc -l)" -ge 25 ]
}

load_lines() {
	cat "$LOAD"/*
}

load_wait() {
	ended "${LOAD_PIDS[@]}" || true
}

load_end() {
	load_wait
	load_lines | cut -d ' ' -f 2,3 | sort | uniq -c
	echo "slowest: $(load_lines | cut -d ' ' -f 4 | sort -n | tail -n 1) s"
	[ "$(load_lines | grep -c '^[0-9.]* 200 ')" = "$LOAD_COUNT" ]
}

tunnel_more() {
	local answer
	answer=$(api POST "/socket/$SOCKET_ID/tunnel" '{}') || { echo "$answer" >&2; return 1; }
	TUNNEL_ID=$(json tunnel_id <<<"$answer")
	RELAY=$(json local_port <<<"$answer")
	export TUNNEL_ID RELAY
}
