# SPDX-License-Identifier: ISC
# Protected sockets: a visitor gets to the origin with the socket's own user name and password, and in no other way,
# whatever happens to the programs in between; and the origin never learns them.

load service

setup_file() {
	service_up
	account_make alice
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8001 8002 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8001
	wait_for 10 listening 8002
	socket_make open
	tunnel_up open 8001
	export OPEN=$DNSNAME
	socket_make other "$(protection bob bobs-password)"
	tunnel_up other 8001
	export OTHER=$DNSNAME
	socket_make echo "$(protection alice echo-password)"
	tunnel_up echo 8002
	export ECHO=$DNSNAME
	socket_make protected "$(protection alice 'pass: wörd')"
	tunnel_up protected 8001
	export NAME=$DNSNAME LABEL=${DNSNAME%%.*}
	export RIGHT='alice:pass: wörd'
}

teardown_file() {
	service_down
}

# Wrong passwords of one test are none of the next one's business.
teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	[ -z "${GUARD-}" ] || kill "$GUARD" 2>/dev/null || true
	edge_cli "set table visitors key ::ffff:127.0.0.1 data.gpc0 0 data.gpc0_rate 0" >/dev/null
}

protection() { # username password
	printf '"protected_socket": true, "protected_username": "%s", "protected_password": "%s"' "$1" "$2"
}

edge_cli() { # command
	socat -t 5 - UNIX-CONNECT:/run/mysocket/edge.sock <<<"$1"
}

edge_pids() {
	echo "$(service_pid edge)" $(pgrep -P "$(service_pid edge)")
}

in_the_map() { # label
	edge_cli 'show map protected.map' | grep -q " $1 "
}

# The status with these credentials; the way is http or https.
visit() { # way credentials
	public_status "$1://$NAME/headers" ${2+-u "$2"}
}

serves() {
	[ "$(visit https "$RIGHT")" = 200 ]
}

# Whoever does not know the password gets nothing, at any moment. From another address than those who know it.
guarded() { # the tries, each with its answer, are in $LEAKS
	while :; do
		public_get "http://$NAME/headers" --interface 127.0.0.7 -o /dev/null -w '%{http_code}\n' || echo none
		public_get "http://$NAME/headers" --interface 127.0.0.7 -u alice:wrong -o /dev/null -w '%{http_code}\n' || echo none
		edge_cli "set table visitors key ::ffff:127.0.0.7 data.gpc0 0 data.gpc0_rate 0" >/dev/null 2>&1 || true
	done >>"$LEAKS"
}

guard_start() {
	LEAKS="$BATS_TEST_TMPDIR/leaks"
	: >"$LEAKS"
	guarded 2>/dev/null 3>&- 4>&- &
	GUARD=$!
	wait_for 5 tried 4
}

tried() { # times
	[ "$(wc -l <"$LEAKS")" -ge "$1" ]
}

guard_end() {
	wait_for 5 tried $(($(wc -l <"$LEAKS") + 4))
	kill "$GUARD"
	ended "$GUARD" || true
	sort "$LEAKS" | uniq -c
	[ "$(wc -l <"$LEAKS")" -gt 8 ]
	refute grep -q '^[123]' "$LEAKS"
}

@test "with the right password the origin answers, over http, https and HTTP/2" {
	[ "$(visit http "$RIGHT")" = 200 ]
	[ "$(visit https "$RIGHT")" = 200 ]
	[ "$(public_get "https://$NAME/headers" --http2 -u "$RIGHT" -o /dev/null -w '%{http_code} %{http_version}')" = '200 2' ]
	[ "$(public_status "https://$NAME/x" -u "$RIGHT" -d 'a body')" = 200 ]
}

@test "a generated password opens its socket" {
	local answer
	answer=$(api POST /connect '{"name": "generated", "protected_socket": true, "protected_username": "bob"}')
	DNSNAME=$(json dnsname <<<"$answer") RELAY=$(json local_port <<<"$answer")
	echo "127.0.0.1 $DNSNAME" >>/etc/hosts
	tunnel_up generated 8001
	[ "$(public_status "https://$DNSNAME/headers" -u "bob:$(json protected_password <<<"$answer")")" = 200 ]
	[ "$(public_status "https://$DNSNAME/headers" -u bob:)" = 401 ]
	tunnel_down generated
}

@test "without a password it is a 401 with a realm, and a page" {
	[ "$(visit http)" = 401 ]
	run public_get "https://$NAME/headers" -i
	[[ "$output" == 'HTTP/2 401'* ]]
	[[ "${output,,}" == *$'\n'"www-authenticate: basic realm=\"$LABEL\""* ]]
	[[ "$output" == *'A password is needed here'* ]]
	[[ "${output,,}" != *"host: "* ]]
}

@test "a wrong user name or password, and those of another socket, are a 401" {
	local credentials
	for credentials in 'alice:wrong' 'alice:' ':' 'alice:pass: wörd ' 'bob:pass: wörd' 'Alice:pass: wörd' 'bob:bobs-password'; do
		[ "$(visit http "$credentials")" = 401 ]
	done
	[ "$(public_status "http://$OTHER/headers" -u bob:bobs-password)" = 200 ]
	[ "$(public_status "http://$OTHER/headers" -u "$RIGHT")" = 401 ]
}

@test "what is no Basic authentication is a 401" {
	local value right
	right=$(printf %s "$RIGHT" | base64 -w0)
	for value in '' Basic 'Basic ' 'Basic !!!' "Basic$right" "Bearer $right" "Basic ${right%??}" "Basic x $right" \
		"$right" "Basic $(printf %s 'no colon' | base64)"; do
		[ "$(public_status "http://$NAME/headers" -H "Authorization: $value")" = 401 ]
		edge_cli "set table visitors key ::ffff:127.0.0.1 data.gpc0 0 data.gpc0_rate 0" >/dev/null
	done
	# Only the last one counts, and only as what it is; a proxy's is another one.
	[ "$(public_status "http://$NAME/headers" -H "Authorization: Basic $right" -H 'Authorization: Basic eDp5')" = 401 ]
	[ "$(public_status "http://$NAME/headers" -H "Proxy-Authorization: Basic $right")" = 401 ]
	# The scheme's name may have any case (RFC 9110 11.1).
	[ "$(public_status "http://$NAME/headers" -H "authorization: bAsIc $right")" = 200 ]
}

@test "a very long Authorization is refused, whatever its length" {
	local length status
	for length in 200 4000 8000 12000 14000 15000 15500 16000 17000 40000; do
		printf 'GET /headers HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nAuthorization: Basic %s\r\n\r\n' "$NAME" \
			"$(head -c "$length" /dev/zero | tr '\0' A)" >"$BATS_TEST_TMPDIR/request"
		status=$(socat -t 5 - TCP:127.0.0.1:80,shut-none <"$BATS_TEST_TMPDIR/request" | head -n 1 | cut -d ' ' -f 2)
		echo "$length: $status"
		[ "$status" = 401 ] || [ "$status" = 400 ]
		edge_cli "set table visitors key ::ffff:127.0.0.1 data.gpc0 0 data.gpc0_rate 0" >/dev/null
	done
	serves
}

@test "HEAD and a WebSocket need the password as well" {
	local script="$root/tests/e2e/websocket.py" ca="$SERVICE_STATE/ca.crt"
	[ "$(public_status "http://$NAME/headers" -I)" = 401 ]
	[ "$(public_status "http://$ECHO/" -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')" = 401 ]
	run /usr/bin/python3 "$script" "ws://$ECHO/" "wss://$ECHO/" "$ca"
	[ "$status" != 0 ]
	[[ "$output" == *'HTTP 401'* ]]
	run /usr/bin/python3 "$script" "ws://alice:echo-password@$ECHO/" "wss://alice:echo-password@$ECHO/" "$ca"
	[ "$status" = 0 ]
	[[ "${lines[1]}" == 'wss://'*': 3 messages echoed' ]]
}

@test "the origin never sees the credentials, nor does any log; an open socket's origin gets its own" {
	local seen right
	right=$(printf %s "$RIGHT" | base64 -w0)
	seen=$(public_get "https://$NAME/headers" -u "$RIGHT" -H "Authorization: Basic $right")
	grep -qix "host: $NAME" <<<"$seen"
	refute grep -qi 'authorization' <<<"$seen"
	refute grep -qi "$right" <<<"$seen"
	public_get "http://$OPEN/headers" -u mine:own | grep -qix "authorization: basic $(printf mine:own | base64)"
	wait_for 5 grep -q '/headers' "$(tunnel_out protected)"
	refute grep -rlF -e "$right" -e 'wörd' "$SERVICE_STATE/log" "$(tunnel_out protected)"
	refute grep -rlE '[0-9a-f]{16}:[0-9A-F]{64}' "$SERVICE_STATE/log"
}

@test "a public claim to be the edge changes nothing" {
	[ "$(public_status "http://$NAME/headers" -H 'X-Mysocket-Edge: 1' -H 'X-Mysocket-Relay: 127.64.0.1')" = 401 ]
	[[ "$(public_status "http://127.0.0.1/headers" -H "Host: $LABEL/0.$DOMAIN")" == 40[04] ]] # HAProxy 3.0 takes no slash
	[ "$(public_status "http://127.0.0.1/headers" -H "Host: ${NAME^^}.:80")" = 401 ]
}

@test "after ten wrong passwords an address must wait, and others need not" {
	local i
	for i in 1 2 3 4 5 6 7 8 9 10; do
		[ "$(public_status "http://$NAME/headers" --interface 127.0.0.2 -u "alice:$i")" = 401 ]
	done
	# The first ones count less the longer ago they are.
	wait_for 5 eval '[ "$(public_status "http://$NAME/headers" --interface 127.0.0.2 -u "alice:again")" = 429 ]'
	run public_get "http://$NAME/headers" --interface 127.0.0.2 -i -u "$RIGHT"
	[[ "$output" == 'HTTP/1.1 429'* ]]
	[[ "${output,,}" == *$'\nretry-after: '[0-9]* ]]
	[ "$(public_status "http://$OTHER/headers" --interface 127.0.0.2 -u bob:bobs-password)" = 429 ]
	[ "$(public_status "http://$OPEN/headers" --interface 127.0.0.2)" = 200 ]
	[ "$(public_status "http://$NAME/headers" --interface 127.0.0.3 -u "$RIGHT")" = 200 ]
}

@test "requests without any password are no wrong ones" {
	public_get "http://$NAME/?[1-30]" -o /dev/null -w '%{http_code}\n' | sort | uniq -c | grep -qx ' *30 401'
	serves
}

@test "a protected name whose password HAProxy does not have is closed to everybody" {
	edge_cli "del map protected.map $LABEL"
	[ "$(visit http "$RIGHT")" = 503 ]
	[ "$(visit http)" = 503 ]
	[ "$(visit http alice:wrong)" = 503 ]
	kill -USR2 "$(service_pid edge)"
	wait_for 10 serves
}

@test "HAProxy killed with -9 and started again: guarded at every moment, served again" {
	guard_start
	kill -9 $(edge_pids)
	service_start edge
	wait_for 5 serves
	guard_end
}

# It teaches its routes to the next process only once it has run for some seconds.
settled() {
	[ "$(edge_cli 'show info' | sed -n 's/^Uptime_sec: //p')" -ge 6 ]
}

reload() {
	kill -USR2 "$(service_pid edge)"
	wait_for 5 eval '[ "$(edge_cli "show info" | sed -n "s/^Uptime_sec: //p")" -lt 3 ]'
}

@test "a reload of HAProxy: guarded and served at every moment" {
	guard_start
	wait_for 15 settled
	local i visitors=()
	for i in 1 2 3 4; do
		public_get "http://$NAME/headers?[1-300]" -H 'Connection: close' --rate 100/s -u "$RIGHT" -o /dev/null \
			-w '%{http_code}\n' >"$BATS_TEST_TMPDIR/served.$i" 3>&- 4>&- &
		visitors+=($!)
	done
	reload
	wait_for 5 in_the_map "$LABEL"
	guard_end
	ended "${visitors[@]}"
	sort "$BATS_TEST_TMPDIR"/served.* | uniq -c | tee "$BATS_TEST_TMPDIR/counted"
	grep -qx ' *1200 200' "$BATS_TEST_TMPDIR/counted"
}

@test "reloads in quick succession: guarded at every moment" {
	guard_start
	reload
	reload
	reload
	wait_for 5 serves
	guard_end
}

@test "a node killed with -9 and started again: guarded at every moment" {
	guard_start
	kill -9 "$(service_pid node)"
	serves
	service_start node
	serves
	tunnel_down protected
	tunnel_up protected 8001
	serves
	guard_end
}

@test "a deleted socket's password is forgotten, after its route" {
	socket_make gone "$(protection alice secret)"
	local label=${DNSNAME%%.*}
	tunnel_up gone 8001
	in_the_map "$label"
	[ "$(public_status "http://$DNSNAME/headers" -u alice:secret)" = 200 ]
	api DELETE "/socket/$SOCKET_ID"
	wait_for 5 eval "! in_the_map $label"
	[ "$(public_status "http://$DNSNAME/headers" -u alice:secret)" = 404 ]
	[ "$(public_status "http://$DNSNAME/headers")" = 404 ]
}
