#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# mysocket-api beside its REST table: nodes and their feed, operators, confirmation, visitors' pages, limits, and its
# life from start to end.
# shellcheck disable=SC2030,SC2031 # each test is a subshell on purpose

load api

setup_file() {
	daemon_start main
	account john
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/john.token"
}

teardown_file() {
	daemons_stop
}

setup() {
	daemon_use main
	TOKEN=$(cat "$BATS_FILE_TMPDIR/john.token")
	USER_ID=$(cut -d . -f 2 <<<"$TOKEN" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -r .user_id)
	USER_NAME=${USER_ID//-/}
}

newest() {
	node GET '/node/feed?since=-1'
	field .seq
}

# Waits in the background for what comes after SINCE; its answer and the time of it are in $BATS_TEST_TMPDIR/poll.
poll() { # since [seconds]
	(
		node GET "/node/feed?since=$1&wait=${2-30}"
		{ now_ms; echo "$code"; echo "$body"; } >"$BATS_TEST_TMPDIR/poll.part"
		mv "$BATS_TEST_TMPDIR/poll.part" "$BATS_TEST_TMPDIR/poll"
	) 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/poll.pid"
	wait_for 5 being_polled
}

# Has the API's end of a connection received anything?
being_polled() {
	ss -Htni state established "( sport = :${BASE##*:} )" | grep -q bytes_received
}

# The poll was answered with 200, and before its own 30 s were over: its events are in `body`.
polled() { # start
	wait_for 30 test -e "$BATS_TEST_TMPDIR/poll"
	local at
	{ read -r at; read -r code; body=$(cat); } <"$BATS_TEST_TMPDIR/poll"
	expect 200
	[ $((at - $1)) -le 25000 ] || { echo "answered after $((at - $1)) ms" >&2; return 1; }
}

# ---- nodes ----------------------------------------------------------------------------------------------

@test "without the node secret the nodes' routes are not there" {
	local path
	for path in "/node/login/$USER_NAME" '/node/feed?since=-1' "/node/tunnel/$USER_ID/up" /node/nothing; do
		call GET "$path"
		expect 404 '.error_message == "there is nothing at this address"'
		call GET "$path" -H 'Authorization: Bearer wrong'
		expect 404
		mine GET "$path"
		expect 404
		node GET "/api/v1$path"
		expect 404
	done
	node GET "/node/tunnel/$USER_ID/up"
	expect 405
}

@test "a node learns an account's keys and tunnels, by the account's user and by a tunnel's" {
	mine POST /connect -d '{"name": "first"}'
	local tunnel
	tunnel=$(field '.tunnels[0].tunnel_id')
	mine POST /connect -d '{"name": "second", "socket_type": "tcp"}'
	node GET "/node/login/$USER_NAME"
	expect 200 '.suspended == false and .confirmed == true and (.seq | type == "number") and (.tunnels | length == 2)'
	expect 200 '.tunnels[1] | .socket_name == "second" and .socket_type == "tcp" and (.url | startswith("tcp://"))
		and (.dnsname | endswith(".mysocket.test")) and (.local_port | type == "number") and .protected == ""'
	[ "$(field .user_id)$(field .user_name)" = "$USER_ID$USER_NAME" ]
	[ "$(field '.keys[0] | .type + " " + .blob')" = "$(cut -d ' ' -f 1,2 "$HOME_DIR/john.pub")" ]
	node GET "/node/login/${tunnel//-/}"
	expect 200 ".user_name == \"$USER_NAME\" and (.keys | length == 1) and (.tunnels | length == 1)
		and .tunnels[0].tunnel_id == \"$tunnel\""
	node GET "/node/login/$(printf '0%.0s' {1..32})"
	expect 404 .error_message
}

@test "the feed begins at a position, and is empty where nothing happened" {
	local since
	node GET '/node/feed?since=-1'
	expect 200 '.event == "start"'
	since=$(field .seq)
	node GET "/node/feed?since=$since"
	expect 200
	[ -z "$body" ]
	node GET "/node/feed?since=$((since + 1))"
	expect 410 .error_message
	node GET '/node/feed?since=5'
	expect 410
	node GET '/node/feed?since=x'
	expect 400
	node GET "/node/feed?since=$since&wait=61"
	expect 400
}

@test "the feed tells what is made and deleted, in order, with whose it is" {
	local since socket tunnel second key
	since=$(newest)
	mine POST /connect -d '{"name": "a"}'
	socket=$(field .socket_id)
	tunnel=$(field '.tunnels[0].tunnel_id')
	mine POST "/socket/$socket/tunnel"
	second=$(field .tunnel_id)
	mine DELETE "/socket/$socket/tunnel/$second"
	mine DELETE "/socket/$socket"
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/key"
	mine POST "/user/$USER_ID/key" -d "{\"sshkey\": \"$(cat "$BATS_TEST_TMPDIR/key.pub")\"}"
	key=$(field .key_id)
	mine DELETE "/user/$USER_ID/key/$key"
	node GET "/node/feed?since=$since" -D "$BATS_TEST_TMPDIR/headers"
	expect 200
	grep -qi 'content-type: application/x-ndjson' "$BATS_TEST_TMPDIR/headers"
	body=$(jq -s . <<<"$body")
	expect 200 "map(.event) == [\"socket_created\", \"tunnel_created\", \"tunnel_created\", \"tunnel_deleted\",
		\"socket_deleted\", \"key_added\", \"key_deleted\"]"
	expect 200 "all(.user_id == \"$USER_ID\" and .user_name == \"$USER_NAME\") and map(.seq) == [range($since + 1; $since + 8)]"
	expect 200 ".[1].tunnel_id == \"$tunnel\" and .[3].tunnel_id == \"$second\" and .[4].socket_id == \"$socket\""
	expect 200 '.[6] | has("socket_id") or has("tunnel_id") or has("node") | not'
	node GET "/node/feed?since=$((since + 6))"
	expect 200 '.event == "key_deleted"'
}

@test "a waiting node is answered when something happens" {
	local since start
	since=$(newest)
	poll "$since"
	mine GET /socket
	[ ! -e "$BATS_TEST_TMPDIR/poll" ]
	start=$(now_ms)
	mine POST /socket -d '{"name": "news"}'
	polled "$start"
	expect 200 '.event == "socket_created"'
}

@test "a waiting node is answered with nothing when its time is over" {
	local start
	start=$(now_ms)
	poll "$(newest)" 1
	polled "$start"
	[ -z "$body" ]
}

@test "two hundred waiting nodes hold no thread and wake together" {
	local since start i
	since=$(newest)
	for i in {1..200}; do
		printf 'next\nurl = "%s/node/feed?since=%s&wait=30"\nheader = "Authorization: Bearer %s"\noutput = "%s"\n' \
			"$BASE" "$since" "$(cat "$HOME_DIR/node.secret")" "$BATS_TEST_TMPDIR/$i.json"
	done >"$BATS_TEST_TMPDIR/curl"
	many "$BATS_TEST_TMPDIR/codes" <"$BATS_TEST_TMPDIR/curl" 3>&- &
	local pid=$! port=${BASE##*:}
	waiting() {
		[ "$(ss -Htn state established "( sport = :$port )" | wc -l)" -ge 200 ]
	}
	wait_for 10 waiting
	start=$(now_ms)
	mine GET /socket
	expect 200
	kill -0 "$pid" # they wait still
	mine POST /socket -d '{"name": "news for all"}'
	ended "$pid"
	[ $(($(now_ms) - start)) -lt 25000 ] # before their own time was over
	jq -es 'length == 200 and all(.event == "socket_created")' "$BATS_TEST_TMPDIR"/*.json
}

@test "a node says where a tunnel is, and others and its owner learn it" {
	mine POST /connect -d '{"name": "up and down"}'
	local at tunnel since
	tunnel=$(field '.tunnels[0].tunnel_id')
	at="/socket/$(field .socket_id)/tunnel/$tunnel"
	since=$(newest)
	node POST "/node/tunnel/$tunnel/up" -d '{"node": "n1", "address": "ssh1.mysocket.test"}'
	expect 204
	mine GET "$at"
	expect 200 '.tunnel_server == "ssh1.mysocket.test"'
	node GET "/node/feed?since=$since"
	expect 200 ".event == \"tunnel_up\" and .node == \"n1\" and .tunnel_id == \"$tunnel\" and .user_name == \"$USER_NAME\""
	node POST "/node/tunnel/$tunnel/down" -d '{"node": "n1"}'
	expect 204
	node GET "/node/feed?since=$((since + 1))"
	expect 200 '.event == "tunnel_down" and .node == "n1"'
	mine GET "$at"
	expect 200 '.tunnel_server == "ssh1.mysocket.test"'
	node POST "/node/tunnel/$tunnel/up" -d '{"node": "n1"}'
	expect 400 .error_message
	node POST "/node/tunnel/$tunnel/up" -d '{"node": "n 1", "address": "x"}'
	expect 400
	mine DELETE "$at"
	node POST "/node/tunnel/$tunnel/up" -d '{"node": "n1", "address": "ssh1.mysocket.test"}'
	expect 404 .error_message
	node POST "/node/tunnel/$tunnel/down" -d '{"node": "n1"}'
	expect 204
}

# ---- operators ------------------------------------------------------------------------------------------

@test "account suspend: its tokens and logins end, and a waiting node hears" {
	account mallory
	local start
	poll "$(newest)"
	start=$(now_ms)
	run "$API" --config "$CONF" account suspend Mallory@example.com
	[ "$status" = 0 ]
	polled "$start"
	expect 200 ".event == \"account_changed\" and .user_id == \"$USER_ID\""
	mine GET /socket
	expect 401 '(.error_message | contains("suspended")) and .code == "suspended"'
	mine POST /login/refresh
	expect 401
	call POST /login -d '{"email": "mallory@example.com", "password": "mallory-password"}'
	expect 401 '.error_message | contains("suspended")'
	call POST /login -d '{"email": "mallory@example.com", "password": "guess-guess"}'
	expect 401 '.error_message | contains("suspended") | not'
	node GET "/node/login/$USER_NAME"
	expect 200 .suspended
	run "$API" --config "$CONF" account ls
	[[ $output == *"suspended"*"mallory@example.com"* ]]
	"$API" --config "$CONF" account unsuspend mallory@example.com
	mine GET /socket
	expect 200
}

@test "account delete: its sockets are told as deleted, its token ends" {
	account gone
	mine POST /connect -d '{"name": "x"}'
	local since
	since=$(newest)
	"$API" --config "$CONF" account delete gone@example.com
	node GET "/node/feed?since=$since"
	body=$(jq -s . <<<"$body")
	expect 200 'map(.event) == ["socket_deleted", "account_changed"]'
	mine GET /socket
	expect 401 '.code == "unknown"'
	node GET "/node/login/$USER_NAME"
	expect 404
}

@test "account: what is wrong is said, with exit statuses" {
	run "$API" --config "$CONF" account suspend nobody@example.com
	[ "$status" = 1 ]
	[[ $output == *"nobody@example.com"* ]]
	run "$API" --config "$CONF" account suspend
	[ "$status" = 2 ]
	run "$API" --config "$CONF" account fire john@example.com
	[ "$status" = 2 ]
	run "$API" --config "$CONF" account ls nobody@example.com
	[ "$status" = 1 ]
}

# ---- confirmation ---------------------------------------------------------------------------------------

@test "confirm = email: no login before the link's button was pressed, and the link works once" {
	daemon_start email 'confirm = email'
	ssh-keygen -q -t ed25519 -N '' -f "$HOME_DIR/anna"
	call POST /user -d "$(jq -n --arg k "$(cat "$HOME_DIR/anna.pub")" \
		'{name: "Anna", email: "anna@example.com", password: "anna-password", sshkey: $k}')"
	expect 200 '.confirmed == false'
	USER_NAME=$(field .user_name)
	local login='{"email": "anna@example.com", "password": "anna-password"}' link
	call POST /login -d "$login"
	expect 401 '.error_message | contains("click the link")'
	call POST /login -d '{"email": "anna@example.com", "password": "wrong-password"}'
	expect 401 '.error_message | contains("link") | not'
	node GET "/node/login/$USER_NAME"
	expect 200 '.confirmed == false'
	# A second login makes no second link.
	[ "$(grep -c 'https://api.mysocket.test/confirm/' "$HOME_DIR/log")" = 1 ]
	link=$(grep -o '/confirm/[0-9a-f]*' "$HOME_DIR/log")
	# What a mail scanner does.
	call GET "$link" -i
	expect 200 2>/dev/null || [ "$code" = 200 ]
	[[ $body == *"anna@example.com"* && $body == *'<form method="post">'* && $body == *"Referrer-Policy: no-referrer"* ]]
	call POST /login -d "$login"
	expect 401
	local since
	since=$(newest)
	call POST "$link"
	[ "$code" = 200 ]
	[[ $body == *"confirmed"* ]]
	call POST /login -d "$login"
	expect 200 .token
	node GET "/node/feed?since=$since"
	expect 200 '.event == "account_changed"'
	call POST "$link"
	[ "$code" = 404 ]
	call GET "$link"
	[ "$code" = 404 ]
	[[ $body == *"not valid any more"* ]]
	call GET "/confirm/$(printf 'a%.0s' {1..64})"
	[ "$code" = 404 ]
	[[ $(grep -c "$(basename "$link")" "$HOME_DIR/log") = 1 ]]
}

# ---- visitors' pages ------------------------------------------------------------------------------------

@test "a name without a tunnel gives visitors a page, as HTML or as text" {
	mine POST /connect -d '{"name": "offline"}'
	local name edge=(-H 'X-Mysocket-Edge: 1')
	name=$(field .dnsname)
	call GET /edge/unavailable -i "${edge[@]}" -H "Host: ${name^^}:8080" -H 'Accept: text/html,*/*;q=0.8'
	[ "$code" = 503 ]
	[[ $body == *"Retry-After: 5"* && $body == *"Content-Type: text/html"* && $body == *"offline"* && $body == *"$name"* ]]
	[[ $body == *"Cache-Control: no-store"* && $body == *"Vary: Accept"* ]]
	call GET /edge/unavailable -i "${edge[@]}" -H "Host: $name"
	[ "$code" = 503 ]
	[[ $body == *"Content-Type: text/plain"* && $body != *"<"* ]]
	call GET /edge/unavailable "${edge[@]}" -H 'Host: no-body-1000.mysocket.test' -H 'Accept: text/html'
	[ "$code" = 404 ]
	[[ $body == *"nothing at this address"* ]]
	call GET /edge/unavailable "${edge[@]}" -H 'Host: <script>alert(1)</script>.mysocket.test' -H 'Accept: text/html'
	[[ $code = 4?? && $body != *"<script>"* ]]
	call GET /edge/unavailable "${edge[@]}" -H "Host: ${name%%.*}.elsewhere.test"
	[ "$code" = 404 ]
}

@test "that page is the edge's alone" {
	call GET /edge/unavailable
	expect 404 '.error_message == "there is nothing at this address"'
	call GET /edge/unavailable -H 'X-Mysocket-Edge: 0'
	expect 404 '.error_message == "there is nothing at this address"'
	call GET /api/v1/edge/unavailable -H 'X-Mysocket-Edge: 1'
	expect 404 '.error_message == "there is nothing at this address"'
}

# ---- lookups --------------------------------------------------------------------------------------------

@test "anybody who knows the name of a tcp or tls socket learns its port, and of no other" {
	local name port type
	for type in tcp tls; do
		mine POST /connect -d "{\"name\": \"by port\", \"socket_type\": \"$type\"}"
		name=$(field .dnsname) port=$(field '.socket_tcp_ports[0]')
		call GET "/lookup/$name"
		expect 200 "keys == [\"dnsname\", \"port\", \"socket_type\"] and .dnsname == \"$name\"
			and .port == $port and .socket_type == \"$type\""
		call GET "/api/v1/lookup/${name^^}."
		expect 200 ".port == $port and .dnsname == \"$name\""
	done
	call DELETE "/lookup/$name"
	expect 405
	mine POST /connect -d '{"name": "web"}'
	for name in "$(field .dnsname)" no-body-1000.mysocket.test "${name%%.*}.elsewhere.test" "www.$name" "${name%%.*}"; do
		call GET "/lookup/$name"
		expect 404 '. == {"error_message": "there is no tcp or tls socket of this name"}'
	done
	call GET "/lookup/x%2f$name"
	expect 404
}

@test "guessing names is limited per address, looking up right ones is not" {
	daemon_start lookups
	account john
	local i name
	mine POST /connect -d '{"name": "by port", "socket_type": "tcp"}'
	name=$(field .dnsname)
	for i in {1..40}; do
		printf 'next\nurl = "%s/lookup/%s"\noutput = /dev/null\n' "$BASE" "$name"
	done | many "$BATS_TEST_TMPDIR/codes"
	[ "$(sort -u "$BATS_TEST_TMPDIR/codes")" = 200 ]
	for i in {1..120}; do
		printf 'next\nurl = "%s/lookup/no-body-10%s.mysocket.test"\noutput = /dev/null\n' "$BASE" "$i"
	done | many "$BATS_TEST_TMPDIR/codes"
	[ "$(grep -c 404 "$BATS_TEST_TMPDIR/codes")" -ge 30 ]
	grep -q 429 "$BATS_TEST_TMPDIR/codes"
	limited() {
		call GET "/lookup/no-body-1000.mysocket.test" -i
		[ "$code" = 429 ]
	}
	wait_for 10 limited # a few are let through again meanwhile
	[[ $body == *"Retry-After: "* && $body == *error_message* ]]
	call GET "/lookup/$name" -H 'X-Forwarded-For: 198.51.100.9'
	expect 200
}

# ---- limits ---------------------------------------------------------------------------------------------

@test "limits of sockets and tunnels are named with what to do" {
	daemon_start small 'max_sockets = 2' 'max_tunnels = 2' 'relay_port_min = 6000' 'relay_port_max = 6002' \
		'tcp_port_min = 20000' 'tcp_port_max = 20000'
	account john
	local socket
	mine POST /connect -d '{"name": "a"}'
	socket=$(field .socket_id)
	mine POST "/socket/$socket/tunnel"
	expect 200 '.local_port >= 6000 and .local_port <= 6002'
	mine POST "/socket/$socket/tunnel"
	expect 403 '.error_message | contains("2 tunnels") and contains("delete")'
	mine POST /connect -d '{"name": "b", "socket_type": "tcp"}'
	expect 200 '.socket_tcp_ports == [20000]'
	mine POST /connect -d '{"name": "c"}'
	expect 403 '.error_message | contains("2 sockets") and contains("delete")'
	mine DELETE "/socket/$socket"
	# A public port is unique, a relay port only within its account.
	account jane
	mine POST /connect -d '{"name": "d", "socket_type": "tcp"}'
	expect 503 '.error_message | contains("public ports")'
	mine POST /connect -d '{"name": "d"}'
	expect 200
	mine POST "/socket/$(field .socket_id)/tunnel"
	expect 200
}

# Sends START, then a byte every second until the API ends the connection; the milliseconds until then go to FILE.
trickle() { # start file
	local began status
	trap '' PIPE
	began=$(now_ms)
	{
		printf %b "$1" >&4
		while [ $(($(now_ms) - began)) -lt 90000 ]; do
			status=0
			read -t 1 -r -n 1 <&4 || status=$?
			[ "$status" -gt 128 ] || break # not a timeout
			printf x >&4 2>/dev/null || break
		done
	} 4<>"/dev/tcp/127.0.0.1/${BASE##*:}"
	echo $(($(now_ms) - began)) >"$2"
}

@test "a request that trickles in is closed, in its headers or its body" {
	local head='POST /login HTTP/1.1\r\nHost: a\r\n' file pids=()
	trickle "${head}X-Long: " "$BATS_TEST_TMPDIR/headers" 3>&- &
	pids+=($!)
	trickle "${head}Content-Length: 60000\r\n\r\n" "$BATS_TEST_TMPDIR/body" 3>&- &
	pids+=($!)
	ended "${pids[@]}"
	for file in "$BATS_TEST_TMPDIR"/{headers,body}; do
		echo "${file##*/}: closed after $(cat "$file") ms"
		[ "$(cat "$file")" -ge 14500 ]
		[ "$(cat "$file")" -lt 60000 ]
	done
	mine GET /socket
	expect 200
}

# Login attempts as a configuration for `many`: address of the proxy's last hop, account, how often
attempts() { # address account number
	local i
	for ((i = 0; i < $3; i++)); do
		printf 'next\nurl = "%s/login"\nheader = "X-Forwarded-For: 203.0.113.%s, %s"\noutput = /dev/null\n' \
			"$BASE" "$i" "${1//N/$i}"
		printf 'data = "{\\"email\\": \\"%s@example.com\\", \\"password\\": \\"guess-guess\\"}"\n' "${2//N/$i}"
	done
}

@test "logins are limited per account, wherever they come from" {
	daemon_start guessed
	account john
	attempts 192.0.2.N john 30 | many "$BATS_TEST_TMPDIR/codes"
	[ "$(grep -c 401 "$BATS_TEST_TMPDIR/codes")" = 10 ]
	[ "$(grep -c 429 "$BATS_TEST_TMPDIR/codes")" = 20 ]
	call POST /login -i -d '{"email": "John@example.com", "password": "john-password"}' -H 'X-Forwarded-For: 192.0.2.99'
	[ "$code" = 429 ]
	[[ $body == *"Retry-After: "* && $body == *error_message* ]]
}

@test "logins are limited per address, whatever it claims and whomever it asks for" {
	daemon_start guessing
	attempts 198.51.100.7 userN 32 | many "$BATS_TEST_TMPDIR/codes"
	[ "$(grep -c 401 "$BATS_TEST_TMPDIR/codes")" = 20 ]
	[ "$(grep -c 429 "$BATS_TEST_TMPDIR/codes")" = 12 ]
	call POST /login -d '{"email": "other@example.com", "password": "guess-guess"}' -H 'X-Forwarded-For: 198.51.100.8'
	expect 401
	attempts 2001:db8::N userN 32 | many "$BATS_TEST_TMPDIR/codes"
	[ "$(grep -c 401 "$BATS_TEST_TMPDIR/codes")" = 20 ]
}

@test "right passwords are never limited" {
	account often
	local i
	for i in {1..25}; do
		login often
	done
}

@test "a crowd of logins is answered or told to come back, and nobody else waits for it" {
	daemon_start crowd
	account john
	local pid
	attempts 10.0.0.N userN 250 | many "$BATS_TEST_TMPDIR/codes" 3>&- &
	pid=$!
	wait_for 10 grep -q "'POST /login' .* with 429" "$HOME_DIR/log"
	mine GET /socket
	expect 200
	kill -0 "$pid" # the crowd waits still
	ended "$pid"
	[ "$(sort "$BATS_TEST_TMPDIR/codes" | uniq | tr '\n' ' ')" = '401 429 ' ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/codes")" = 250 ]
}

# ---- start and end --------------------------------------------------------------------------------------

@test "kill -9 loses nothing that was answered" {
	daemon_start killed
	account john
	mine POST /connect -d '{"name": "kept"}'
	local socket
	socket=$(field .socket_id)
	daemon_stop KILL
	daemon_again
	mine GET "/socket/$socket"
	expect 200 '.name == "kept" and (.tunnels | length == 1)'
	login john
}

@test "SIGTERM ends it, and waiting nodes are answered" {
	daemon_start ended
	local start
	poll "$(newest)"
	start=$(now_ms)
	daemon_stop TERM
	[ $(($(now_ms) - start)) -lt 25000 ]
	polled "$start"
	[ -z "$body" ]
}

@test "the database is its owner's alone" {
	local file
	for file in "$HOME_DIR/db" "$HOME_DIR/db-wal" "$HOME_DIR/db-shm"; do
		[ "$(stat -c %a "$file")" = 600 ]
	done
}

@test "a service manager is told when it is ready" {
	daemon_start notified
	daemon_stop
	socat -u "UNIX-RECV:$HOME_DIR/notify" "CREATE:$HOME_DIR/notified" 3>&- &
	wait_for 5 test -S "$HOME_DIR/notify"
	NOTIFY_SOCKET="$HOME_DIR/notify" daemon_again
	wait_for 5 grep -q READY=1 "$HOME_DIR/notified"
}

@test "what hinders its start is one line with the remedy" {
	run "$API" --config "$CONF"
	[ "$status" = 1 ]
	[[ $output == *"in use"*"api_listen"* ]]
	run "$API" --config /nonexistent
	[ "$status" = 1 ]
	[[ $output == *"/nonexistent"* ]]

	daemon_start broken
	daemon_stop
	chmod 0644 "$HOME_DIR/token.secret"
	run "$API" --config "$CONF" --check-config
	[ "$status" = 1 ]
	[[ $output == *"token.secret"*"0600"* ]]
	echo short >"$HOME_DIR/token.secret"
	chmod 0600 "$HOME_DIR/token.secret"
	run "$API" --config "$CONF" --check-config
	[ "$status" = 1 ]
	[[ $output == *"32"*"openssl rand"* ]]
	openssl rand -hex 32 >"$HOME_DIR/token.secret"
	run "$API" --config "$CONF" --check-config
	[ "$status" = 0 ]
	echo 'colour = blue' >>"$CONF"
	run "$API" --config "$CONF" --check-config
	[ "$status" = 1 ]
	[[ $output == *"colour"* ]]
	sed -i '$d' "$CONF"
	rm -f "$HOME_DIR"/db*
	head -c 5000 /dev/urandom >"$HOME_DIR/db"
	chmod 0600 "$HOME_DIR/db"
	run "$API" --config "$CONF"
	[ "$status" = 1 ]
	[[ $output == *"$HOME_DIR/db"*"not a database"* ]]
}

@test "help, version and wrong options" {
	run "$API" --help
	[ "$status" = 0 ]
	[[ $output == usage:*--config*account\ suspend* ]]
	run "$API" --version
	[ "$status" = 0 ]
	[[ $output == mysocket-api\ * ]]
	run "$API" --colour
	[ "$status" = 2 ]
	run "$API" serve
	[ "$status" = 2 ]
}

@test "the man page knows every option and command that the help shows" {
	local word page="$BATS_TEST_DIRNAME/../../man/mysocket-api.8"
	for word in $("$API" --help | grep -o '^  --[a-z-]*' | sed 's/^  --//'); do
		grep -q "^\.It Fl -$word\b" "$page" || { echo "--$word is not in $page" >&2; return 1; }
	done
	for word in $("$API" --help | sed -n 's/^  account \([a-z]*\).*/\1/p'); do
		grep -q "^\.It Cm account $word\b" "$page" || { echo "account $word is not in $page" >&2; return 1; }
	done
}
