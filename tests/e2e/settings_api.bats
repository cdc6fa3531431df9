#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What an owner may set of a socket: at its making and while it is live, what nodes are told of it, and chosen names.
# shellcheck disable=SC2030,SC2031 # each test is a subshell on purpose

load api

setup_file() {
	daemon_start main "max_sockets = 40"
	account john
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/john.token"
	account jane
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/jane.token"
}

teardown_file() {
	daemons_stop
}

setup() {
	daemon_use main
	as john
}

as() { # name
	TOKEN=$(cat "$BATS_FILE_TMPDIR/$1.token")
	USER_ID=$(cut -d . -f 2 <<<"$TOKEN" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -r .user_id)
	USER_NAME=${USER_ID//-/}
}

# A new socket with these members besides its name: sets ID
make() { # json [path]
	mine POST "${2-/socket}" -d "$(jq -c '{name: "s"} + .' <<<"$1")"
	expect 200 || return 1
	ID=$(field .socket_id)
}

change() { # json
	mine PATCH "/socket/$ID" -d "$1"
}

# The position of the feed's newest row.
newest() {
	node GET '/node/feed?since=-1'
	field .seq
}

refuses() { # json words...
	local json=$1
	shift
	mine POST /socket -d "$(jq -c '{name: "s"} + .' <<<"$json")"
	expect 400 ".error_message | contains(\"$*\")"
}

DEFAULTS='.sticky == false and .proxy_protocol == false and .allowed_networks == [] and .denied_networks == [] and
	.host_header == "" and .add_request_headers == [] and .remove_request_headers == [] and .rate_limit == 0'
SETTINGS='{"sticky": true, "proxy_protocol": true, "allowed_networks": ["192.0.2.0/24", "2001:DB8::/32"],
	"denied_networks": ["192.0.2.7"], "host_header": "app.local:8080", "rate_limit": 50,
	"add_request_headers": [{"name": "X-Key", "value": "it \"is\" / a %[src] secret"}],
	"remove_request_headers": ["Cookie", "cookie", "DNT"]}'
SHOWN='.sticky and .proxy_protocol and .allowed_networks == ["192.0.2.0/24", "2001:db8::/32"] and
	.denied_networks == ["192.0.2.7/32"] and .host_header == "app.local:8080" and .rate_limit == 50 and
	.add_request_headers == [{"name": "X-Key", "value": "it \"is\" / a %[src] secret"}] and
	.remove_request_headers == ["Cookie", "DNT"]'

@test "a socket without a word about settings has the defaults, and nodes hear nothing of them" {
	make '{}' /connect
	expect 200 "$DEFAULTS and .subdomain == \"\""
	node GET "/node/login/$USER_NAME"
	expect 200 ".tunnels[] | select(.socket_id == \"$ID\") | has(\"settings\") | not"
}

@test "what POST /connect sets is shown and told to nodes, normalized" {
	make "$SETTINGS" /connect
	expect 200 "$SHOWN"
	mine GET "/socket/$ID"
	expect 200 "$SHOWN"
	mine GET /socket
	expect 200 "any(.[]; .socket_id == \"$ID\" and $SHOWN)"
	node GET "/node/login/$USER_NAME"
	expect 200 ".tunnels[] | select(.socket_id == \"$ID\") | .settings | $SHOWN"
}

@test "null and the default's own value are the same as nothing" {
	make '{"sticky": false, "rate_limit": null, "host_header": "", "denied_networks": [], "proxy_protocol": null}' /connect
	expect 200 "$DEFAULTS"
	node GET "/node/login/$USER_NAME"
	expect 200 ".tunnels[] | select(.socket_id == \"$ID\") | has(\"settings\") | not"
}

@test "what is wrong is a 400 that names the field and the remedy" {
	refuses '{"sticky": 1}' "'sticky' must be true or false"
	refuses '{"allowed_networks": ["10.0.0.5/8"]}' "'allowed_networks': '10.0.0.5/8' has bits beyond its prefix: did you mean 10.0.0.0/8?"
	refuses '{"denied_networks": ["2001:db8::1/64"]}' 'did you mean 2001:db8::/64?'
	refuses '{"denied_networks": ["here"]}' "'here' is not a network"
	refuses '{"denied_networks": ["10.0.0.0/40"]}' 'after the slash belongs 0 to 32'
	refuses '{"rate_limit": 100001}' "'rate_limit' must be an integer from 0 to 100000"
	refuses '{"host_header": "a b"}' "'host_header': must be a host name or an address"
	refuses '{"remove_request_headers": ["Content-Length"]}' "'Content-Length' cannot be changed: it says where the request ends"
	refuses '{"remove_request_headers": ["x_forwarded_for"]}' 'the edge tells the origin about the visitor in it'
	refuses '{"add_request_headers": [{"name": "Host", "value": "a"}]}' 'set host_header instead'
	refuses '{"add_request_headers": [{"name": "X-Mysocket-Port", "value": "1"}]}' 'cannot be changed'
	refuses '{"add_request_headers": [{"name": "A b", "value": "1"}]}' "is not a header's name"
	refuses '{"add_request_headers": [{"name": "A", "value": "1\r\nB: 2"}]}' 'has a control or other character'
	refuses '{"add_request_headers": ["A: 1"]}' "'add_request_headers'"
	refuses "$(jq -n '{denied_networks: [range(33) | "10.0.\(.).0/24"]}')" 'more than 32 items'
	refuses "$(jq -n '{add_request_headers: [range(17) | {name: "N\(.)", value: "v"}]}')" 'more than 16 items'
	refuses "$(jq -n '{add_request_headers: [range(5) | {name: "N\(.)", value: ("v" * 1000)}]}')" '4096 is the limit'
}

@test "all settings of an account together have a bound" {
	local i value
	value=$(printf 'v%.0s' {1..1000})
	for i in $(seq 32); do
		make "$(jq -n --arg v "$value" '{add_request_headers: [range(4) | {name: "N\(.)", value: ($v[:970])}]}')"
	done
	mine POST /socket -d "$(jq -n --arg v "$value" '{name: "s", add_request_headers: [range(4) | {name: "N\(.)", value: ($v[:970])}]}')"
	expect 403 '.error_message | contains("take more than 128 KB together")'
	change '{"add_request_headers": []}'
	expect 200
	make '{}'
	node GET "/node/login/$USER_NAME"
	expect 200
	mine GET /socket
	for i in $(field '.[].socket_id'); do mine DELETE "/socket/$i"; done
}

@test "tcp and tls sockets have networks, the PROXY protocol and a rate limit, and nothing of HTTP" {
	local type
	for type in tcp tls; do
		refuses "{\"socket_type\": \"$type\", \"sticky\": true}" "'sticky': only http and https sockets"
		refuses "{\"socket_type\": \"$type\", \"host_header\": \"a\"}" "leave it out for a $type socket"
		refuses "{\"socket_type\": \"$type\", \"remove_request_headers\": [\"Cookie\"]}" 'only http and https'
		make "{\"socket_type\": \"$type\", \"proxy_protocol\": true, \"denied_networks\": [\"::/0\"],
			\"rate_limit\": 5}"
		expect 200 '.proxy_protocol and .denied_networks == ["::/0"] and .rate_limit == 5'
		change '{"host_header": "a"}'
		expect 400 ".error_message | contains(\"'host_header': only http and https\")"
		mine DELETE "/socket/$ID"
	done
}

@test "PATCH changes what it names and nothing else, and the feed says so" {
	local seq
	make "$SETTINGS" /connect
	seq=$(newest)
	change '{"rate_limit": 7, "host_header": null, "allowed_networks": []}'
	expect 200 '.rate_limit == 7 and .host_header == "" and .allowed_networks == [] and .sticky and .proxy_protocol'
	expect 200 '.denied_networks == ["192.0.2.7/32"] and .name == "s" and (.tunnels | length) == 1'
	node GET "/node/feed?since=$seq"
	expect 200 ".event == \"socket_changed\" and .socket_id == \"$ID\" and .user_id == \"$USER_ID\" and (has(\"tunnel_id\") | not)"
	node GET "/node/login/$USER_NAME"
	expect 200 ".tunnels[] | select(.socket_id == \"$ID\") | .settings | .rate_limit == 7 and (has(\"host_header\") | not)"
	change '{"name": "better"}'
	expect 200 '.name == "better" and .rate_limit == 7'
}

@test "a PATCH that changes nothing is no news" {
	local seq
	make "$SETTINGS"
	seq=$(newest)
	change "$SETTINGS"
	expect 200 "$SHOWN"
	change '{}'
	expect 200 "$SHOWN"
	node GET "/node/feed?since=$seq"
	[ -z "$body" ]
}

@test "a follower of the feed hears of a PATCH" {
	local seq started
	make '{}'
	seq=$(newest)
	curl -sS -H "Authorization: Bearer $(cat "$HOME_DIR/node.secret")" -H 'X-Mysocket-Node: n1' \
		"$BASE/node/feed?since=$seq&wait=20" >"$BATS_TEST_TMPDIR/feed" 3>&- &
	started=$(now_ms)
	change '{"sticky": true}'
	ended $!
	[ "$(jq -r .event "$BATS_TEST_TMPDIR/feed")" = socket_changed ]
	[ $(($(now_ms) - started)) -lt 15000 ] # before its own time was over
}

@test "PATCH refuses what it does not know, so that nothing mistyped passes for done" {
	make '{}'
	change '{"denied_network": ["10.0.0.0/8"]}'
	expect 400 ".error_message | contains(\"'denied_network' is not one that can be changed\")"
	change '{"socket_type": "tcp"}'
	expect 400 ".error_message | contains(\"'socket_type' cannot be changed: make a new socket\")"
	change '{"protected_password": "x"}'
	expect 400 ".error_message | contains(\"make a new socket\")"
	change '{"domains": ["a.example.com"]}'
	expect 400
	change '{"name": ""}'
	expect 400 ".error_message | contains(\"'name'\")"
	change '[]'
	expect 400
	mine PATCH "/socket/$ID"
	expect 400 '.error_message | contains("no body")'
	mine GET "/socket/$ID"
	expect 200 "$DEFAULTS"
}

@test "a change that is refused changes nothing of the rest" {
	make "$SETTINGS"
	change '{"sticky": false, "rate_limit": -1}'
	expect 400
	change '{"sticky": false, "subdomain": "www"}'
	expect 400
	mine GET "/socket/$ID"
	expect 200 "$SHOWN"
}

@test "another's socket is not there, and without a token nothing is" {
	make '{}'
	as jane
	change '{"sticky": true}'
	expect 404
	call PATCH "/socket/$ID" -d '{"sticky": true}'
	expect 401
	as john
	mine PATCH "/api/v1/socket/$ID" -d '{"sticky": true}'
	expect 200 .sticky
}

@test "settings outlive the program" {
	make "$SETTINGS"
	daemon_stop
	daemon_again
	mine GET "/socket/$ID"
	expect 200 "$SHOWN"
}

@test "a name of one's choice: first come, first served" {
	make '{"subdomain": "my-first-app"}' /connect
	expect 200 '.dnsname == "my-first-app.mysocket.test" and .subdomain == "my-first-app" and .url == "https://my-first-app.mysocket.test"'
	as jane
	mine POST /socket -d '{"name": "s", "subdomain": "my-first-app"}'
	expect 409 ".error_message == \"the name 'my-first-app' is taken: choose another one\""
	as john
	mine POST /socket -d '{"name": "s", "subdomain": "my-first-app"}'
	expect 409
}

@test "names that mean something or could be made by us cannot be chosen" {
	local name
	for name in api www ssh admin mail ns1 My-App a_b ab -abc xn--abc 12345 long-hill-8399 "$(printf 'a%.0s' {1..41})"; do
		mine POST /socket -d "{\"name\": \"s\", \"subdomain\": \"$name\"}"
		expect 400 ".error_message | startswith(\"field 'subdomain' \")"
	done
	make '{"subdomain": ""}'
	expect 200 '.subdomain == "" and (.dnsname | test("^[a-z]+-[a-z]+-[0-9]{4}[.]"))'
}

@test "a name that was given up is kept for its owner" {
	local first
	make '{"subdomain": "kept-name"}'
	first=$ID
	mine DELETE "/socket/$first"
	expect 204
	as jane
	mine POST /socket -d '{"name": "s", "subdomain": "kept-name"}'
	expect 409
	as john
	make '{"subdomain": "kept-name"}'
	expect 200 '.subdomain == "kept-name"'
	[ "$ID" != "$first" ]
}

@test "a name can be changed while the socket is live; the old one is kept for its owner" {
	local seq other
	make '{"subdomain": "old-name", "sticky": true}' /connect
	seq=$(newest)
	change '{"subdomain": "new-name"}'
	expect 200 '.subdomain == "new-name" and .dnsname == "new-name.mysocket.test" and .sticky'
	node GET "/node/feed?since=$seq"
	expect 200 '.event == "socket_changed"'
	node GET "/node/login/$USER_NAME"
	expect 200 ".tunnels[] | select(.socket_id == \"$ID\") | .dnsname == \"new-name.mysocket.test\" and .url == \"https://new-name.mysocket.test\""
	as jane
	for other in old-name new-name; do
		mine POST /socket -d "{\"name\": \"s\", \"subdomain\": \"$other\"}"
		expect 409
	done
	as john
	change '{"subdomain": "old-name"}'
	expect 200 '.subdomain == "old-name"'
	change '{"subdomain": ""}'
	expect 400
}

@test "an account keeps no more names than it may have sockets, those of deleted ones included" {
	daemon_start few "max_sockets = 2"
	account john
	make '{"subdomain": "name-one"}'
	change '{"subdomain": "name-two"}'
	expect 200
	change '{"subdomain": "name-three"}'
	expect 403 '.error_message | contains("2 chosen names") and contains("30 days")'
	change '{"subdomain": "name-one"}'
	expect 200 '.subdomain == "name-one"'
}

@test "without a rest, names are free at once" {
	daemon_start restless "name_rest_days = 0"
	account john
	make '{"subdomain": "name-one"}'
	mine DELETE "/socket/$ID"
	account jane
	make '{"subdomain": "name-one"}'
	expect 200 '.subdomain == "name-one"'
}

@test "a public port is not given out again while others are free" {
	local first
	daemon_start ports "tcp_port_min = 21000" "tcp_port_max = 21002"
	account john
	make '{"socket_type": "tcp"}'
	first=$(field '.socket_tcp_ports[0]')
	mine DELETE "/socket/$ID"
	make '{"socket_type": "tcp"}'
	expect 200 ".socket_tcp_ports != [$first]"
	make '{"socket_type": "tcp"}'
	expect 200 ".socket_tcp_ports != [$first]"
	# None is left but the one that rests.
	make '{"socket_type": "tcp"}'
	expect 200 ".socket_tcp_ports == [$first]"
	mine POST /socket -d '{"name": "s", "socket_type": "tcp"}'
	expect 503 '.error_message | contains("all public ports for tcp sockets are in use")'
}

@test "a public port rests for 24 hours" {
	daemon_start rest "tcp_port_min = 21000" "tcp_port_max = 21063"
	account john
	/usr/bin/python3 - "$HOME_DIR/db" <<-'PYTHON'
		import sqlite3, sys, time
		hour, now = 3600000, int(time.time() * 1000)
		minute = hour // 60
		with sqlite3.connect(sys.argv[1], timeout=10) as db:
		    for port in range(21000, 21064):
		        freed = now - 24 * hour + (minute if port != 21042 else -minute)
		        db.execute("INSERT INTO resting_port (port, freed_at) VALUES (?, ?)", (port, freed))
	PYTHON
	make '{"socket_type": "tcp"}'
	expect 200 ".socket_tcp_ports == [21042]"
	make '{"socket_type": "tcp"}'
	expect 200 ".socket_tcp_ports != [21042]"
}
