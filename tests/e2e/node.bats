# SPDX-License-Identifier: ISC
# What mysocket-node does for a session besides routing, and what it refuses to everybody else.

load service

setup_file() {
	service_up "hold_seconds = 2" "max_sessions = 3"
	account_make alice
	mkdir -p "$BATS_FILE_TMPDIR/www"
	echo hello >"$BATS_FILE_TMPDIR/www/index.html"
	origin_up 8000 "$BATS_FILE_TMPDIR/www"
	socket_make one
}

teardown_file() {
	service_down
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	pkill -x ssh || true
	wait_for 10 no_session
}

no_session() {
	refute ls /run/mysocket/sessions/*.json >/dev/null 2>&1
}

offline() {
	[ "$(public_status "http://$DNSNAME/")" = 503 ]
}

online() {
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
}

has_tunnel_server() {
	api GET "/socket/$SOCKET_ID" | grep -q "\"tunnel_server\": *\"ssh.$DOMAIN\""
}

# Sends one message to the node as a user; prints its answer.
ask_node() { # user message
	printf '%b' "$2" | timeout 5 setpriv --reuid "$1" --regid "$(id -g "$1")" --clear-groups \
		socat -t 2 - UNIX-CONNECT:/run/mysocket/node.sock,type=5,shut-none
}

token() {
	grep -o '"token":"[0-9a-f]*' /run/mysocket/sessions/*.json | cut -d '"' -f 4
}

@test "users who have no business with the node get no answer" {
	[ -z "$(ask_node nobody "keys\nuser=$ACCOUNT_USER\ntype=x\nblob=x\n")" ]
	[ -z "$(ask_node haproxy "account\nuser=$ACCOUNT_USER\nclient=x\n")" ]
}

@test "each kind of peer may ask its own questions only" {
	[ "$(ask_node mysocket-keys "keys\nuser=$ACCOUNT_USER\ntype=x\nblob=x\n")" = no ]
	[ -z "$(ask_node mysocket-keys "account\nuser=$ACCOUNT_USER\nclient=x\n")" ]
	[ -z "$(ask_node mysocket-keys "open\nuser=$ACCOUNT_USER\nclient=x\n")" ]
	[ -z "$(ask_node mysocket-tunnel "keys\nuser=$ACCOUNT_USER\ntype=x\nblob=x\n")" ]
	[ -z "$(ask_node mysocket-tunnel "account\nuser=$ACCOUNT_USER\nclient=x\n")" ]
	[ -z "$(ask_node root "attach\ntoken=x\ntty=0\n")" ]
	[ "$(ask_node root "account\nuser=$ACCOUNT_USER\nclient=x\n")" = ok ]
}

@test "a token is worth nothing outside its session's processes" {
	tunnel_up one 8000
	[[ "$(ask_node mysocket-tunnel "attach\ntoken=$(token)\ntty=0\n")" = denied* ]]
	[[ "$(ask_node mysocket-tunnel "attach\ntoken=$(token | tr 0-9a-f 1-9a-f0)\ntty=0\n")" = denied* ]]
}

@test "messages that are none, and user names that are not ours, are dropped" {
	local message
	for message in x "x\n" "keys\nuser=root\ntype=x\nblob=x\n" "keys\n" "keys\nuser=$ACCOUNT_USER" \
		"account\nuser=../../etc/passwd\nclient=x\n" "\001\002\003"; do
		[ -z "$(ask_node root "$message")" ]
	done
	[ "$(ask_node root "account\nuser=$ACCOUNT_USER\nclient=x\n")" = ok ]
}

@test "an open without a descriptor is denied" {
	[[ "$(ask_node root "open\nuser=$ACCOUNT_USER\nclient=x\n")" = denied*unavailable* ]]
}

@test "a forward that the client cancels goes offline, and can be asked for again" {
	local control="$BATS_TEST_TMPDIR/control"
	tunnel_up one 8000 -M -S "$control"
	online
	ssh -S "$control" -O cancel -R "$RELAY:127.0.0.1:8000" "ssh.$DOMAIN" </dev/null
	wait_for 15 offline
	ssh -S "$control" -O forward -R "$RELAY:127.0.0.1:8000" "ssh.$DOMAIN" </dev/null
	wait_for 5 online
	# And at once, before the node has noticed.
	ssh -S "$control" -O cancel -R "$RELAY:127.0.0.1:8000" "ssh.$DOMAIN" </dev/null
	ssh -S "$control" -O forward -R "$RELAY:127.0.0.1:8000" "ssh.$DOMAIN" </dev/null
	online
}

@test "the same port twice in one session is refused" {
	run ssh -F /dev/null -i "$ACCOUNT/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ExitOnForwardFailure=yes \
		-o UserKnownHostsFile="$ACCOUNT/known_hosts" -l "$ACCOUNT_USER" \
		-R "127.0.0.1:$RELAY:127.0.0.1:8000" -R "localhost:$RELAY:127.0.0.1:8000" "ssh.$DOMAIN" true </dev/null
	[ "$status" -ne 0 ]
	[[ "$output" = *"remote port forwarding failed"* ]]
}

@test "past max_sessions a login is denied with the reason, and works when another ends" {
	tunnel_up one 8000
	tunnel_up two 8000
	tunnel_up three 8000
	run tunnel_up four 8000
	[ "$status" -ne 0 ]
	grep -q 'mysocket: .*\[limit\]' "$(tunnel_out four)"
	tunnel_down two
	wait_for 5 eval 'tunnel_up four 8000'
}

@test "deleting a key ends the sessions that it opened, and no others" {
	local answer other="$BATS_TEST_TMPDIR/other"
	mkdir "$other"
	cp "$ACCOUNT/known_hosts" "$other"
	ssh-keygen -q -t ed25519 -N '' -f "$other/key"
	answer=$(api POST "/user/$ACCOUNT_ID/key" "{\"sshkey\": \"$(cat "$other/key.pub")\"}")
	tunnel_up first 8000
	ACCOUNT=$other tunnel_up second 8000
	local first second
	first=$(tunnel_pid first)
	second=$(tunnel_pid second)
	api DELETE "/user/$ACCOUNT_ID/key/$(json key_id <<<"$answer")"
	wait_for 5 eval "! kill -0 $second 2>/dev/null"
	grep -q 'mysocket: .*\[key\]' "$(tunnel_out second)"
	kill -0 "$first"
	online
}

@test "the API is told where a tunnel is connected, also if it was away meanwhile" {
	socket_make told
	[ "$(ask_node root "account\nuser=$ACCOUNT_USER\nclient=x\n")" = ok ] # the node knows the tunnel
	service_stop api
	tunnel_up one 8000
	service_start api
	wait_for 10 has_tunnel_server
}

@test "suspending an account ends its sessions and routes, with the reason" {
	tunnel_up one 8000
	local pid
	pid=$(tunnel_pid one)
	setpriv --reuid mysocket --regid mysocket --init-groups /usr/lib/mysocket/mysocket-api account suspend "$ACCOUNT_EMAIL"
	wait_for 5 eval "! kill -0 $pid 2>/dev/null"
	grep -q 'mysocket: .*\[suspended\]' "$(tunnel_out one)"
	offline
	run tunnel_up two 8000
	[ "$status" -ne 0 ]
	grep -q 'mysocket: .*\[suspended\]' "$(tunnel_out two)"
	setpriv --reuid mysocket --regid mysocket --init-groups /usr/lib/mysocket/mysocket-api account unsuspend "$ACCOUNT_EMAIL"
	wait_for 5 eval 'tunnel_up three 8000'
	online
}

@test "a second node refuses to start beside a live one, and says why" {
	local caps='-all,+sys_ptrace,+kill'
	run setpriv --reuid mysocket --regid mysocket --init-groups --inh-caps="$caps" --ambient-caps="$caps" \
		/usr/lib/mysocket/mysocket-node
	[ "$status" = 1 ]
	[[ "$output" = *"another mysocket-node serves"* ]]
	[ "$(ask_node root "account\nuser=$ACCOUNT_USER\nclient=x\n")" = ok ]
}

@test "a node without its capabilities says which" {
	run setpriv --reuid mysocket --regid mysocket --init-groups --inh-caps=-all --bounding-set=-all \
		/usr/lib/mysocket/mysocket-node
	[ "$status" = 1 ]
	[[ "$output" = *"without CAP_SYS_PTRACE and CAP_KILL"* ]]
}

@test "options: help, version, a good and a bad configuration, wrong usage" {
	local node=/usr/lib/mysocket/mysocket-node
	run "$node" --help
	[ "$status" = 0 ]
	[[ "$output" = usage:* ]]
	run "$node" --version
	[ "$status" = 0 ]
	run setpriv --reuid mysocket --regid mysocket --init-groups "$node" --check-config
	[ "$status" = 0 ]
	run setpriv --reuid nobody --regid nogroup --clear-groups "$node" --check-config
	[ "$status" = 1 ]
	[[ "$output" = *node.secret* ]]
	echo "domian = x" >"$BATS_TEST_TMPDIR/bad.conf"
	run "$node" --check-config --config "$BATS_TEST_TMPDIR/bad.conf"
	[ "$status" = 1 ]
	[[ "$output" = *"bad.conf:1:"* ]]
	run "$node" --nonsense
	[ "$status" = 2 ]
}

@test "the node starts without HAProxy and API, and routes when they come" {
	tunnel_up one 8000
	service_stop node edge api
	service_start node
	service_start api edge
	wait_for 5 online
}
