# SPDX-License-Identifier: ISC
# bats file_tags=timed
# HAProxy killed with -9 and started again, with many live routes: they come from the part of mysocket-node that keeps
# them, in a program of their own (many_routes.c), since that many ssh sessions would measure something else.

load service

setup_file() {
	export MANY="$BUILD_DIR/tests/e2e/many_routes"
	make -s -C "$root" O="$O" "$MANY"
	service_up
	service_stop node
	cat >"$BATS_FILE_TMPDIR/origin.cfg" <<-TEXT
		defaults
			mode http
			timeout client 60s
		frontend web
			bind 127.0.0.1:8001
			http-request return status 200 content-type text/plain string hello
	TEXT
	haproxy -db -f "$BATS_FILE_TMPDIR/origin.cfg" </dev/null >/dev/null 2>&1 3>&- &
	wait_for 10 listening 8001
}

teardown_file() {
	service_down
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	kill "${ROUTES-}" "${VISITOR-}" 2>/dev/null || true
	ended "${ROUTES-}" "${VISITOR-}" 2>/dev/null || true
}

edge_says() { # command
	echo "$1" | socat -t 10 - unix:/run/mysocket/edge.sock 2>/dev/null
}

# Each route is two entries of the table: the count and the relay.
has_routes() { # count
	[ "$(edge_says 'show map ready.map')" ] || return 1
	edge_says 'show table mysocket/routes' | grep -q "used:$(($1 * 2))$"
}

routes_up() { # count
	"$MANY" /run/mysocket/edge.sock "$1" 127.0.0.1 8001 </dev/null >"$BATS_TEST_TMPDIR/routes.log" 2>&1 3>&- &
	ROUTES=$!
	wait_for 20 has_routes "$1"
}

worker() {
	pgrep -n -P "$(service_pid edge)"
}

another_worker() { # than
	[ "$(worker)" != "$1" ]
}

visit() { # number
	public_status "http://127.0.0.1/" -H "Host: many-$1.$DOMAIN"
}

# What the last of the names answers, from the crash on; 000 while nobody listens.
watch() { # number
	until [ "$(visit "$1" | tee -a "$BATS_TEST_TMPDIR/seen"; echo >>"$BATS_TEST_TMPDIR/seen")" = 200 ]; do
		:
	done
}

crash() {
	kill -9 "$(service_pid edge)" $(pgrep -P "$(service_pid edge)")
	wait_for 5 eval '! listening 80'
	CRASHED=${EPOCHREALTIME/[.,]/}
	watch "$1" 3>&- &
	VISITOR=$!
	service_start edge
}

# All are back, and the visitor of the last one was told nothing but where to go.
back_within() { # seconds count
	ended "$VISITOR"
	wait_for "$1" has_routes "$2"
	local ms=$(((${EPOCHREALTIME/[.,]/} - CRASHED) / 1000))
	echo "# $2 routes are back $ms ms after the crash" >&3
	[ "$ms" -lt $(($1 * 1000)) ]
	[ "$(sort -u "$BATS_TEST_TMPDIR/seen" | tr '\n' ' ')" = "000 200 " ]
	for i in $(seq 0 $(($2 / 100)) $(($2 - 1))); do
		[ "$(visit "$i")" = 200 ]
	done
}

@test "10,000 routes are back after a crash of HAProxy, and no visitor is turned away meanwhile" {
	routes_up 10000
	crash 9999
	back_within 20 10000
}

@test "60,000 routes come back, too" {
	routes_up 60000
	crash 59999
	back_within 60 60000
}

@test "a reload with 10,000 routes keeps all of them" {
	routes_up 10000
	local before
	before=$(worker)
	kill -USR2 "$(service_pid edge)"
	wait_for 10 another_worker "$before"
	[ "$(visit 9999)" = 200 ]
	wait_for 5 has_routes 10000
}
