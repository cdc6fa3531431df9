# SPDX-License-Identifier: ISC
# bats file_tags=timed
# Several tunnels of one socket: visitors are spread over them, at once over the others when one ends, and keep to
# theirs if the socket asks for it.

load service
load websocket

setup_file() {
	service_up "hold_seconds = 6"
	account_make alice
	origins_up
	socket_make many
	export NAME=$DNSNAME MANY_ID=$SOCKET_ID
	RELAY_one=$RELAY
	tunnel_up one 8001
	tunnel_add "$MANY_ID"
	tunnel_up two 8002
	RELAY_two=$RELAY
	tunnel_add "$MANY_ID"
	tunnel_up three 8003
	export RELAY_one RELAY_two
}

teardown_file() {
	service_down
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	ws_close_all
}

# On 8001 to 8003 origins that say their name and the cookies that they got, and echo over WebSockets; on 9001 and 9002
# such as say their name.
origins_up() {
	export COUNTS="$BATS_FILE_TMPDIR/origins.sock"
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8010 8011 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8011
	cat >"$BATS_FILE_TMPDIR/origins.cfg" <<-TEXT
		global
			stats socket unix@$COUNTS
		defaults all
			mode http
			timeout connect 5s
			timeout client 60s
			timeout server 60s
		backend websockets from all
			server lab 127.0.0.1:8011
		defaults origins from all
			http-request return status 200 content-type text/plain lf-string "%f %[req.fhdr(cookie)]\n" unless { req.hdr(upgrade) -m found }
			http-response set-header X-Origin "%f"
			default_backend websockets
		frontend one from origins
			bind 127.0.0.1:8001
		frontend two from origins
			bind 127.0.0.1:8002
		frontend three from origins
			bind 127.0.0.1:8003
	TEXT
	haproxy -db -f "$BATS_FILE_TMPDIR/origins.cfg" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8003
	socat TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo one' </dev/null >/dev/null 2>&1 3>&- 4>&- &
	socat TCP-LISTEN:9002,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo two' </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 9001
	wait_for 10 listening 9002
}

# A further tunnel of that socket, for tunnel_up.
tunnel_add() { # socket_id
	RELAY=$(api POST "/socket/$1/tunnel" '{}' | json local_port)
	export RELAY
}

# How many requests an origin has had.
count_of() { # one|two|three
	echo 'show stat' | socat - "UNIX-CONNECT:$COUNTS" | awk -F , -v name="$1" '
		/^# / { for (i = 1; i <= NF; i++) column[$i] = i }
		$1 == name && $2 == "FRONTEND" { print $column["req_tot"] }'
}

# Who answers, how often, of so many requests one after the other.
who() { # requests [curl option...]
	public_get "http://$NAME/?[1-$1]" "${@:2}" | cut -d ' ' -f 1 | sort | uniq -c | sed 's/^ *//' | tr '\n' ' '
}

@test "10,000 requests are spread evenly over three tunnels, within 5 %" {
	local name before=() i=0 got
	for name in one two three; do
		before+=("$(count_of "$name")")
	done
	run h2load --h1 -t 1 -n 10000 -c 50 "http://$NAME/"
	[[ "$output" == *'10000 2xx'* ]]
	for name in one two three; do
		got=$(($(count_of "$name") - before[i++]))
		echo "$name: $got"
		[ "$got" -ge 3167 ]
		[ "$got" -le 3500 ]
	done
}

# What a tcp socket's origin says.
heard() { # port
	timeout 60 cat <"/dev/tcp/127.0.0.1/$1"
}

@test "connections to a tcp socket take turns too" {
	socket_make bytes '"socket_type": "tcp"'
	tunnel_up bytes1 9001
	tunnel_add "$SOCKET_ID"
	tunnel_up bytes2 9002
	local i port=${URL##*:}
	for i in $(seq 20); do
		heard "$port"
	done >"$BATS_TEST_TMPDIR/got"
	[ "$(sort "$BATS_TEST_TMPDIR/got" | uniq -c | sed 's/^ *//' | tr '\n' ' ')" = '10 one 10 two ' ]
	kill -9 "$(tunnel_pid bytes1)"
	for i in $(seq 10); do
		[ "$(heard "$port")" = two ]
	done
	tunnel_down bytes2
}

@test "a tunnel killed with -9 under load: no request fails, and nobody waits for it" {
	h2load --h1 -t 1 -n 6000 -c 20 "http://$NAME/" >"$BATS_TEST_TMPDIR/load" 2>&1 3>&- 4>&- &
	local load=$! before
	before=$(count_of three)
	wait_for 5 eval '[ "$(count_of three)" -gt $((before + 100)) ]'
	kill -9 "$(tunnel_pid three)"
	ended "$load"
	grep -E 'requests:|status codes|request  ' "$BATS_TEST_TMPDIR/load" || cat "$BATS_TEST_TMPDIR/load"
	grep -q '6000 2xx' "$BATS_TEST_TMPDIR/load"
	# Of the others each has its turn, and answers at once.
	before=${EPOCHREALTIME/[.,]/}
	[ "$(who 20)" = '10 one 10 two ' ]
	[ $((${EPOCHREALTIME/[.,]/} - before)) -lt 15000000 ] # a wait for the third would be as long for each that is led there: 10 s
}

@test "visitors of a sticky socket keep to their tunnel, by a cookie that the origin does not get" {
	local jar="$BATS_TEST_TMPDIR/jar" first
	api PATCH "/socket/$MANY_ID" '{"sticky": true}'
	wait_for 5 eval 'public_get "http://$NAME/" -i | grep -qi "^set-cookie: mysocket_tunnel="'
	public_get "https://$NAME/" -i | grep -qix $'set-cookie: mysocket_tunnel=[0-9]*; Path=/; HttpOnly; SameSite=Lax; Secure\r'
	public_get "http://$NAME/" -i | grep -qix $'set-cookie: mysocket_tunnel=[0-9]*; Path=/; HttpOnly; SameSite=Lax\r'
	[ "$(who 20)" = '10 one 10 two ' ] # without a cookie
	first=$(public_get "http://$NAME/" -c "$jar" | cut -d ' ' -f 1)
	[ "$(who 20 -b "$jar")" = "20 $first " ]
	[ "$(who 3 -b "$jar" -d body)" = "3 $first " ]
	refute eval 'public_get "http://$NAME/" -b "$jar" -i | grep -qi "^set-cookie"'
	# The visitor's other cookies arrive as they are.
	local mark
	mark=$(awk '$6 == "mysocket_tunnel" { print $7 }' "$jar")
	[ "$(public_get "http://$NAME/" -H "Cookie: a=1; mysocket_tunnel=$mark; b=2")" = "$first a=1; b=2" ]
	[ "$(public_get "http://$NAME/" -H "Cookie: mysocket_tunnel=$mark; b=2")" = "$first b=2" ]
	[ "$(public_get "http://$NAME/" -H "Cookie: a=1; mysocket_tunnel=$mark")" = "$first a=1" ]
	[ "$(public_get "https://$NAME/" -H "Cookie: a=1; mysocket_tunnel=$mark")" = "$first a=1" ]
	[ "$(public_get "http://$NAME/" -H "Cookie: mysocket_tunnel=$mark" | tr -d ' ')" = "$first" ]
	# What is no mark of a tunnel chooses none.
	local cookie
	for cookie in 0 1 x "$mark/0" "../$mark" '%00' "$(head -c 3000 /dev/zero | tr '\0' 9)"; do
		[ "$(public_get "http://$NAME/?[1-4]" -H "Cookie: mysocket_tunnel=$cookie" | sort | uniq -c | wc -l)" = 2 ]
	done
}

# The cookie of what ws_open said.
mark_in() { # text
	sed 's/.*mysocket_tunnel=\([0-9]*\);.*/\1/' <<<"$1"
}

@test "a WebSocket of a sticky socket keeps to its tunnel, and leads the requests after it there" {
	local i opened first mark
	for i in 1 2 3 4; do
		# The first thing that this visitor does: its answer has the cookie.
		opened=$(ws_open "first$i" "ws://$NAME/")
		first=$(cut -d ' ' -f 2 <<<"$opened")
		mark=$(mark_in "$opened")
		[[ "$first" == one || "$first" == two ]]
		[ "$(who 10 -H "Cookie: mysocket_tunnel=$mark")" = "10 $first " ]
		# Further ones of the page go there too, however they come, and are told nothing new.
		[ "$(ws_open "second$i" "wss://$NAME/" "Cookie: mysocket_tunnel=$mark")" = "open $first " ]
		[ "$(ws_open "third$i" "ws://$NAME/" "Cookie: a=1; mysocket_tunnel=$mark")" = "open $first " ]
		ws_echoes "first$i" "$first, still"
		ws_echoes "second$i" "$first, secure"
		echo "$first" >>"$BATS_TEST_TMPDIR/origins"
	done
	[ "$(sort "$BATS_TEST_TMPDIR/origins" | uniq -c | wc -l)" = 2 ]
}

@test "when the tunnel of a sticky visitor ends, another one serves; after its next login it is theirs again" {
	local jar="$BATS_TEST_TMPDIR/jar" relay=RELAY_one port=8001 first=one other=two
	until [ "$(public_get "http://$NAME/" -c "$jar" | cut -d ' ' -f 1)" = one ]; do
		rm -f "$jar"
	done
	kill -9 "$(tunnel_pid one)"
	wait_for 5 eval '[ "$(who 4 -b "$jar")" = "4 two " ]'
	public_get "http://$NAME/" -b "$jar" -i | grep -qi '^set-cookie: mysocket_tunnel='
	RELAY=$RELAY_one
	tunnel_up one 8001
	wait_for 5 eval '[ "$(who 10 -b "$jar")" = "10 one " ]'
	[ "$(who 10)" = '5 one 5 two ' ]
	api PATCH "/socket/$MANY_ID" '{"sticky": false}'
	wait_for 5 eval '[ "$(who 10 -b "$jar")" = "5 one 5 two " ]'
}

@test "a sticky visitor's WebSocket ends with its tunnel, and its next one goes to another and keeps to that" {
	local opened mark
	api PATCH "/socket/$MANY_ID" '{"sticky": true}'
	wait_for 5 eval 'public_get "http://$NAME/" -i | grep -qi "^set-cookie: mysocket_tunnel="'
	until opened=$(ws_open own "ws://$NAME/") && [[ "$opened" == 'open one '* ]]; do
		ws_close own
	done
	mark=$(mark_in "$opened")
	opened=$(ws_open other "ws://$NAME/" "Cookie: mysocket_tunnel=1$mark")
	while [[ "$opened" == 'open one '* ]]; do
		ws_close other
		opened=$(ws_open other "ws://$NAME/")
	done
	kill -9 "$(tunnel_pid one)"
	ws_ended own
	ws_echoes other 'another tunnel is not mine'
	opened=$(ws_open own "ws://$NAME/" "Cookie: mysocket_tunnel=$mark")
	[[ "$opened" == 'open two '* ]]
	[ "$(ws_open own "ws://$NAME/" "Cookie: mysocket_tunnel=$(mark_in "$opened")")" = 'open two ' ]
	RELAY=$RELAY_one
	tunnel_up one 8001
	[ "$(ws_open own "ws://$NAME/" "Cookie: mysocket_tunnel=$(mark_in "$opened")")" = 'open two ' ]
	wait_for 10 eval '[[ "$(ws_open own "ws://$NAME/" "Cookie: mysocket_tunnel=$mark")" == "open one "* ]]'
	api PATCH "/socket/$MANY_ID" '{"sticky": false}'
	wait_for 5 eval '[ "$(who 10)" = "5 one 5 two " ]'
}

@test "a tunnel that was the only one left holds its visitors" {
	kill -9 "$(tunnel_pid one)"
	wait_for 5 eval '[ "$(who 10)" = "10 two " ]'
	kill -9 "$(tunnel_pid two)"
	public_get "http://$NAME/" >"$BATS_TEST_TMPDIR/held" 3>&- 4>&- &
	local visitor=$!
	RELAY=$RELAY_two
	tunnel_up two 8002
	ended "$visitor"
	[ "$(tr -d ' ' <"$BATS_TEST_TMPDIR/held")" = two ]
}

# Sends something in the background; the answer's status goes to "$BATS_TEST_TMPDIR/posted.<tag>", its body to "said.<tag>".
post() { # tag url [curl option...]
	public_get "$2" -o "$BATS_TEST_TMPDIR/said.$1" -w '%{http_code}\n' "${@:3}" >"$BATS_TEST_TMPDIR/posted.$1" 3>&- 4>&- &
}

posted() { # how many have an answer
	[ "$(cat "$BATS_TEST_TMPDIR"/posted.* | wc -l)" = "$1" ]
}

# No tunnel is there any more, and its listener waits for the next login.
holding() {
	curl -sf http://127.0.0.1:7081/metrics | grep -qx 'mysocket_node_listeners{role="hold"} 1'
}

# Connections to the tunnel's relay that nobody has accepted yet, as the kernel counts them.
queued() { # count
	[ "$(ss -Htln "sport = :$RELAY" | awk '{ n += $2 } END { print n + 0 }')" -ge "$1" ]
}

@test "what may not be repeated is held too while no tunnel is there, and sent to the next login, once" {
	local before tag
	RELAY=$RELAY_two
	kill -9 "$(tunnel_pid two)"
	wait_for 5 holding
	head -c 3M /dev/zero >"$BATS_TEST_TMPDIR/body"
	before=$(count_of two)
	post small "http://$NAME/" -d body
	post large "http://$NAME/" --data-binary "@$BATS_TEST_TMPDIR/body"
	post put "http://$NAME/" -X PUT -d body
	post delete "http://$NAME/" -X DELETE
	post http2 "https://$NAME/" --http2 -d body
	wait_for 5 queued 5
	posted 0
	tunnel_up two 8002
	wait_for 20 posted 5
	for tag in small large put delete http2; do
		[ "$(cat "$BATS_TEST_TMPDIR/posted.$tag")" = 200 ]
		[ "$(tr -d ' ' <"$BATS_TEST_TMPDIR/said.$tag")" = two ]
	done
	[ $(($(count_of two) - before)) = 5 ]
}

@test "if nobody logs in within hold_seconds, what may not be repeated is a 502 and goes nowhere, also not later" {
	local before
	RELAY=$RELAY_two
	before=$(count_of two)
	kill -9 "$(tunnel_pid two)"
	wait_for 5 holding
	post late "http://$NAME/" -d body
	wait_for 5 queued 1
	wait_for 20 posted 1
	[ "$(cat "$BATS_TEST_TMPDIR/posted.late")" = 502 ]
	tunnel_up two 8002
	[ "$(who 1)" = '1 two ' ]
	[ $(($(count_of two) - before)) = 1 ]
}
