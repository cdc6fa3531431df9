# SPDX-License-Identifier: ISC
# bats file_tags=timed
# Who serves a tunnel's visitors when logins come and go, by themselves or by kill -9, and when the programs around
# them are restarted: no request is lost.

load service
load load

setup_file() {
	service_up "hold_seconds = 10" # the default
	account_make alice
	origins_up
	socket_make takeover
}

teardown_file() {
	service_down
}

# Each test begins without sessions.
teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	kill -9 "${LOAD_PIDS[@]-}" 2>/dev/null || true
	[ -z "${SUPERVISOR-}" ] || kill -9 "$SUPERVISOR" 2>/dev/null || true
	pkill -x ssh || true
	wait_for 10 no_session
}

# What the next N requests get, counted: "50 first".
served_by() { # n
	public_get "http://$DNSNAME/?[1-$1]" -o /dev/null -w '%{http_code} %header{x-origin}\n' | sort |
		uniq -c | sed 's/^ *//'
}

online() {
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
}

offline() {
	[ "$(public_status "http://$DNSNAME/")" = 503 ]
}

# The tunnel's supervisor, on the user's machine; its ssh is its child.
supervisor_up() { # port
	SUPERVISED="$BATS_TEST_TMPDIR/supervised"
	: >"$SUPERVISED"
	chmod 600 "$ACCOUNT/token"
	MYSOCKET_API=$API_URL MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt" MYSOCKET_TOKEN_FILE="$ACCOUNT/token" \
		mysocketctl tunnel connect --socket_id "$SOCKET_ID" --tunnel_id "$TUNNEL_ID" \
		--identity "$ACCOUNT/key" --port "$1" </dev/null >"$SUPERVISED" 2>&1 3>&- &
	SUPERVISOR=$!
	wait_for 10 grep -q '^Logs' "$SUPERVISED" || { cat "$SUPERVISED"; return 1; }
}

supervisor_down() {
	kill -TERM "$SUPERVISOR"
	ended "$SUPERVISOR" || true
}

supervised_ssh() {
	pgrep -P "$SUPERVISOR" -x ssh
}

welcomes() { # how often the session said its welcome
	grep -c '^Welcome' "$SUPERVISED"
}

back_again() { # welcomes so far
	[ "$(welcomes)" -gt "$1" ]
}

# sshd's root process of the only session, after which its record is named; the user's one is its child.
sshd_root_process() {
	basename /run/mysocket/sessions/*.json | cut -d - -f 1
}

another_root_process() { # than
	[ "$(sshd_root_process)" != "$1" ]
}

no_session() {
	refute ls /run/mysocket/sessions/*.json >/dev/null 2>&1
}

@test "of two logins the later gets all new requests, and the earlier all when it ends" {
	tunnel_up one 8001
	[ "$(served_by 20)" = "20 200 first" ]
	tunnel_up two 8002
	[ "$(served_by 50)" = "50 200 second" ]
	kill -0 "$(tunnel_pid one)"
	tunnel_down two
	[ "$(served_by 50)" = "50 200 first" ]
	tunnel_down one
}

@test "logins that come and go under load lose no request" {
	tunnel_up one 8001
	load_start 8
	for _ in 1 2 3; do
		tunnel_up two 8002
		wait_for 5 eval "tail -qn 1 $LOAD/* | grep -q second"
		kill -9 "$(tunnel_pid two)"
		wait_for 5 eval "! tail -qn 1 $LOAD/* | grep -q second"
	done
	load_end
	tunnel_down one
}

@test "a request to a tunnel that just ended waits for the next login" {
	tunnel_up one 8001
	tunnel_down one
	wait_for 5 no_session
	public_get "http://$DNSNAME/" >"$BATS_TEST_TMPDIR/waited" 3>&- &
	local visitor=$!
	tunnel_up two 8002
	ended "$visitor"
	[ "$(cat "$BATS_TEST_TMPDIR/waited")" = second ]
	tunnel_down two
}

@test "after hold_seconds without a login visitors are told that the tunnel is offline" {
	tunnel_up one 8001
	tunnel_down one
	wait_for 20 offline
	tunnel_up one 8001
	[ "$(served_by 5)" = "5 200 first" ]
	tunnel_down one
}

@test "kill -9 of the ssh client under load loses no request" {
	supervisor_up 8001
	load_start 6
	local before
	before=$(welcomes)
	kill -9 "$(supervised_ssh)"
	wait_for 15 back_again "$before"
	load_end
	supervisor_down
}

@test "kill -9 of sshd's processes of the session under load loses no request" {
	supervisor_up 8001
	load_start 10
	local before root_process
	before=$(welcomes)
	root_process=$(sshd_root_process)
	kill -9 "$(pgrep -P "$root_process")"
	wait_for 15 back_again "$before"
	before=$(welcomes)
	wait_for 5 another_root_process "$root_process"
	kill -9 "$(sshd_root_process)"
	wait_for 15 back_again "$before"
	load_end
	supervisor_down
}

@test "a node killed with -9 and started again: live tunnels go on, new logins work, nothing is lost" {
	tunnel_up one 8001
	load_start 8
	kill -9 "$(service_pid node)"
	[ "$(served_by 20)" = "20 200 first" ]
	service_start node
	[ "$(served_by 20)" = "20 200 first" ]
	# Its log is passed on again,
	public_get "http://$DNSNAME/after-the-restart" >/dev/null
	wait_for 10 eval "public_get http://$DNSNAME/after-the-restart >/dev/null; grep -q after-the-restart $(tunnel_out one)"
	# a later login takes over, and ends,
	tunnel_up two 8002
	[ "$(served_by 20)" = "20 200 second" ]
	tunnel_down two
	[ "$(served_by 20)" = "20 200 first" ]
	load_end
	# and the end of a session that was found again is seen.
	tunnel_down one
	wait_for 5 no_session
	wait_for 20 offline
}

@test "sessions that ended while the node was away are forgotten, and their routes" {
	tunnel_up one 8001
	kill -9 "$(service_pid node)"
	tunnel_down one
	service_start node
	wait_for 5 no_session
	wait_for 5 offline
}

@test "a reload of HAProxy keeps the routes, and the new process gets the later ones" {
	tunnel_up one 8001
	kill -USR2 "$(service_pid edge)"
	wait_for 5 grep -q 'leave HAProxy' "$SERVICE_STATE/log/node.log"
	[ "$(served_by 20)" = "20 200 first" ]
	tunnel_up two 8002
	[ "$(served_by 20)" = "20 200 second" ]
	tunnel_down two
	[ "$(served_by 20)" = "20 200 first" ]
}

@test "HAProxy killed with -9 and started again has all routes" {
	tunnel_up one 8001
	kill -9 "$(service_pid edge)" $(pgrep -P "$(service_pid edge)")
	service_start edge
	wait_for 5 online
	[ "$(served_by 20)" = "20 200 first" ]
	tunnel_down one
}

@test "deleting the socket ends its session, with the reason, and its route" {
	local deleted
	socket_make deleted
	tunnel_up gone 8001
	[ "$(served_by 1)" = "1 200 first" ]
	deleted=$(tunnel_pid gone)
	api DELETE "/socket/$SOCKET_ID"
	wait_for 5 eval "! kill -0 $deleted 2>/dev/null"
	cat "$(tunnel_out gone)"
	grep -q 'mysocket: .*\[deleted\]' "$(tunnel_out gone)"
	[ "$(public_status "http://$DNSNAME/")" = 404 ]
}

@test "a session of two tunnels goes on with one when the other is deleted" {
	local kept_name=$DNSNAME kept_relay=$RELAY
	socket_make other
	local other_id=$SOCKET_ID other_relay=$RELAY
	export DNSNAME=$kept_name RELAY=$kept_relay
	tunnel_up both 8001 -R "$other_relay:127.0.0.1:8002"
	[ "$(served_by 5)" = "5 200 first" ]
	api DELETE "/socket/$other_id"
	wait_for 5 grep -q 'deleted' "$(tunnel_out both)"
	[ "$(served_by 5)" = "5 200 first" ]
	kill -0 "$(tunnel_pid both)"
	tunnel_down both
}

@test "known accounts log in while the API is away" {
	tunnel_up one 8001
	tunnel_down one
	service_stop api
	tunnel_up one 8001
	[ "$(served_by 5)" = "5 200 first" ]
	service_start api
	tunnel_down one
}
