#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Names of their owners' own: claimed, proven by the DNS, led to a socket, given a certificate.
# shellcheck disable=SC2030,SC2031,SC2154 # each test is a subshell on purpose; call sets code and body

load api

setup_file() {
	local port
	port=$(free_port)
	export ZONE="$BATS_FILE_TMPDIR/zone"
	: >"$ZONE"
	python3 "$BATS_TEST_DIRNAME/dns.py" "$port" "$ZONE" >"$BATS_FILE_TMPDIR/dns.log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/dns.pid"
	wait_for 10 grep -q ready "$BATS_FILE_TMPDIR/dns.log"
	daemon_start main "max_sockets = 20" "dns_server = 127.0.0.1:$port"
	account john
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/john.token"
	account jane
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/jane.token"
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/dns.pid")"
	daemons_stop
}

setup() {
	daemon_use main
	as john
	: >"$ZONE"
}

teardown() {
	local name who
	for who in john jane; do
		as "$who"
		mine GET /domain
		for name in $(field '.[].domain'); do mine DELETE "/domain/$name"; done
		mine GET /socket
		for name in $(field '.[].socket_id'); do mine DELETE "/socket/$name"; done
	done
}

as() { # name
	TOKEN=$(cat "$BATS_FILE_TMPDIR/$1.token")
	USER_ID=$(cut -d . -f 2 <<<"$TOKEN" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -r .user_id)
	USER_NAME=${USER_ID//-/}
}

# A socket with a tunnel: sets ID and NAME
make() { # [json]
	mine POST /connect -d "$(jq -c '{name: "s"} + .' <<<"${1-{\}}")"
	expect 200 || return 1
	ID=$(field .socket_id)
	NAME=$(field .dnsname)
}

claim() { # domain [socket id]
	mine POST /domain -d "{\"domain\": \"$1\", \"socket_id\": \"${2-}\"}"
	expect 200
}

check() { # domain
	mine POST "/domain/$1/check"
}

# Claims, proves by a TXT record and leads to a new socket.
own() { # domain
	make
	claim "$1" "$ID" || return 1
	echo "_mysocket-challenge.$1 TXT $(field .challenge)" >>"$ZONE"
	check "$1"
	expect 200 .verified
}

newest() {
	node GET '/node/feed?since=-1'
	field .seq
}

# The names that nodes serve the socket under.
domains_of() { # socket id
	node GET "/node/login/$USER_NAME"
	jq -c "[.tunnels[] | select(.socket_id == \"$1\") | .settings.domains // []][0]" <<<"$body"
}

# A certificate: FILE.crt and FILE.key; of an authority of ours if there is one
certificate() { # file subjectAltName [openssl option...]
	local file=$1 names=$2
	shift 2
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 30 \
		-addext "subjectAltName = $names" -keyout "$file.key" -out "$file.crt" "$@" 2>/dev/null
}

certify() { # domain certificate key
	mine PUT "/domain/$1/certificate" -d "$(jq -n --rawfile c "$2" --rawfile k "$3" '{certificate: $c, key: $k}')"
}

@test "a claim says how to prove it, and nodes hear nothing of it yet" {
	make
	claim App.Example.COM. "$ID"
	expect 200 ".domain == \"app.example.com\" and .socket_id == \"$ID\" and (.verified | not) and .certificate_expires == 0"
	expect 200 ".challenge_name == \"_mysocket-challenge.app.example.com\" and .cname == \"$NAME\""
	expect 200 '.challenge | test("^[0-9a-f]{32}$")'
	[ "$(domains_of "$ID")" = '[]' ]
	mine GET /domain
	expect 200 'length == 1 and .[0].domain == "app.example.com"'
	mine GET /domain/APP.example.com
	expect 200 '.domain == "app.example.com"'
	mine POST /domain -d '{"domain": "app.example.com"}'
	expect 409
}

@test "what is no name of one's own is refused" {
	local name
	for name in '' localhost a..b -a.example.com 192.0.2.1 'a b.example.com' "$(printf 'a%.0s' {1..64}).example.com" 'ex_ample.com'; do
		mine POST /domain -d "{\"domain\": \"$name\"}"
		expect 400 ".error_message | contains(\"'domain'\")"
	done
	for name in mysocket.test app.mysocket.test a.b.MYSOCKET.test; do
		mine POST /domain -d "{\"domain\": \"$name\"}"
		expect 400 ".error_message | contains(\"below the service's own\")"
	done
	make '{"socket_type": "tcp"}'
	mine POST /domain -d "{\"domain\": \"app.example.com\", \"socket_id\": \"$ID\"}"
	expect 400 ".error_message | contains(\"make 'app.example.com' a CNAME of '$NAME' in the DNS\")"
	mine POST /domain -d '{"domain": "app.example.com", "socket_id": "00000000-0000-4000-8000-000000000000"}'
	expect 404
}

@test "a TXT record proves it: nodes hear of it by the feed" {
	local seq
	make
	claim app.example.com "$ID"
	printf '_mysocket-challenge.app.example.com TXT %s\n' 'something else' "$(field .challenge)" >"$ZONE"
	seq=$(newest)
	check app.example.com
	expect 200 .verified
	node GET "/node/feed?since=$seq"
	expect 200 ".event == \"socket_changed\" and .socket_id == \"$ID\""
	[ "$(domains_of "$ID")" = '["app.example.com"]' ]
}

@test "a CNAME to the socket's public name proves it, to another's does not" {
	make
	claim app.example.com "$ID"
	echo "app.example.com CNAME other.mysocket.test" >"$ZONE"
	check app.example.com
	expect 400
	echo "App.example.com CNAME ${NAME^^}." >"$ZONE"
	check app.example.com
	expect 200 .verified
}

@test "without a proof the answer says what to do; without a DNS, that" {
	make
	claim app.example.com "$ID"
	check app.example.com
	expect 400 ".error_message | contains(\"make it a CNAME of '$NAME'\") and contains(\"'_mysocket-challenge.app.example.com'\")"
	claim bare.example.com
	check bare.example.com
	expect 400 '.error_message | contains("make a TXT record") and (contains("CNAME") | not)'
	echo silent >"$ZONE"
	check bare.example.com
	expect 503 '.error_message | contains("no answer about this name")'
	[ "$(domains_of "$ID")" = '[]' ]
}

@test "logins go on while the DNS is silent" {
	local i checks=()
	claim bare.example.com
	echo silent >"$ZONE"
	for i in 1 2 3 4; do
		curl -sS -X POST -H "x-access-token: $TOKEN" "$BASE/domain/bare.example.com/check" >/dev/null 3>&- &
		checks+=($!)
	done
	login john
	kill -0 "${checks[@]}" # they wait still
	ended "${checks[@]}"
}

@test "a name is led elsewhere, and nowhere" {
	local first
	own app.example.com
	first=$ID
	make
	mine PATCH /domain/app.example.com -d "{\"socket_id\": \"$ID\"}"
	expect 200 ".socket_id == \"$ID\" and .verified"
	[ "$(domains_of "$first")" = '[]' ]
	[ "$(domains_of "$ID")" = '["app.example.com"]' ]
	mine PATCH /domain/app.example.com -d '{"socket_id": ""}'
	expect 200 '.socket_id == "" and .cname == ""'
	[ "$(domains_of "$ID")" = '[]' ]
}

@test "a deleted socket's name stays claimed, a deleted claim is gone" {
	own app.example.com
	mine DELETE "/socket/$ID"
	mine GET /domain/app.example.com
	expect 200 '.socket_id == "" and .verified'
	mine DELETE /domain/app.example.com
	expect 204
	mine GET /domain/app.example.com
	expect 404
}

@test "others may claim a name, but only who proves it has it" {
	local johns
	own app.example.com
	johns=$ID
	as jane
	mine GET /domain/app.example.com
	expect 404
	make
	claim app.example.com "$ID"
	check app.example.com
	expect 400
	mine GET /domain/app.example.com
	expect 200 '.verified | not'
	# It was sold: its new owner says so in the DNS.
	echo "app.example.com CNAME $NAME" >"$ZONE"
	check app.example.com
	expect 200 .verified
	[ "$(domains_of "$ID")" = '["app.example.com"]' ]
	as john
	mine GET /domain/app.example.com
	expect 200 '.verified | not'
	[ "$(domains_of "$johns")" = '[]' ]
}

@test "a certificate is taken with its key, and only nodes get it" {
	local seq at="$BATS_TEST_TMPDIR/a"
	own app.example.com
	certificate "$at" DNS:app.example.com,DNS:other.example.com
	seq=$(newest)
	certify app.example.com "$at.crt" "$at.key"
	expect 200 '.certificate_expires > now and (has("certificate") or has("key") | not)'
	node GET "/node/feed?since=$seq"
	expect 200 '.event == "socket_changed"'
	node GET /node/certificate/app.example.com
	expect 200
	printf '%s\n' "$body" >"$at.pem"
	[ "$(openssl x509 -noout -fingerprint <"$at.pem")" = "$(openssl x509 -noout -fingerprint <"$at.crt")" ]
	[ "$(openssl pkey -pubout <"$at.pem")" = "$(openssl pkey -pubout <"$at.key")" ]
	mine GET /node/certificate/app.example.com
	expect 404
	node GET /node/certificate/other.example.com
	expect 404
	[ "$(stat -c %a "$HOME_DIR/db")" = 600 ]
	[ "$(grep -c 'PRIVATE KEY' "$HOME_DIR/log")" = 0 ]
}

@test "a certificate of a name that is not proven goes nowhere" {
	local at="$BATS_TEST_TMPDIR/a"
	claim app.example.com
	certificate "$at" DNS:app.example.com
	certify app.example.com "$at.crt" "$at.key"
	expect 200
	node GET /node/certificate/app.example.com
	expect 404
}

@test "a chain is taken in its order, and nothing else with it" {
	local at="$BATS_TEST_TMPDIR"
	claim app.example.com
	certificate "$at/ca" DNS:ca
	openssl req -newkey rsa:2048 -nodes -subj /CN=leaf -keyout "$at/leaf.key" -out "$at/leaf.csr" 2>/dev/null
	openssl x509 -req -in "$at/leaf.csr" -CA "$at/ca.crt" -CAkey "$at/ca.key" -CAcreateserial -days 5 -out "$at/leaf.crt" \
		-extfile <(echo 'subjectAltName = DNS:*.example.com') 2>/dev/null
	cat "$at/leaf.crt" <(echo 'some words between') "$at/ca.crt" >"$at/chain.crt"
	certify app.example.com "$at/chain.crt" "$at/leaf.key"
	expect 200 '.certificate_expires < now + 6 * 86400'
	cat "$at/ca.crt" "$at/leaf.crt" >"$at/wrong.crt"
	certify app.example.com "$at/wrong.crt" "$at/ca.key"
	expect 400
	cat "$at/leaf.crt" "$at/leaf.crt" >"$at/twice.crt"
	certify app.example.com "$at/twice.crt" "$at/leaf.key"
	expect 400 '.error_message | contains("followed by the one that signed it")'
}

@test "a certificate that cannot serve is refused with the reason" {
	local at="$BATS_TEST_TMPDIR"
	claim app.example.com
	certificate "$at/good" DNS:app.example.com
	certificate "$at/other" DNS:other.example.com
	openssl req -new -key "$at/good.key" -subj /CN=old -out "$at/old.csr"
	LD_PRELOAD=$(echo /usr/lib/*/faketime/libfaketime.so.1) FAKETIME=-10d \
		openssl x509 -req -in "$at/old.csr" -signkey "$at/good.key" -days 1 -out "$at/old.crt" \
		-extfile <(echo 'subjectAltName = DNS:app.example.com') 2>/dev/null
	openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=weak -days 5 -addext subjectAltName=DNS:app.example.com \
		-keyout "$at/weak.key" -out "$at/weak.crt" 2>/dev/null
	openssl pkey -in "$at/good.key" -aes256 -passout pass:secret -out "$at/locked.key"
	certify app.example.com "$at/other.crt" "$at/other.key"
	expect 400 '.error_message | contains("is not for this domain")'
	certify app.example.com "$at/good.crt" "$at/other.key"
	expect 400 '.error_message | contains("is not the key of the first certificate")'
	certify app.example.com "$at/good.crt" "$at/locked.key"
	expect 400 '.error_message | contains("is encrypted: take the passphrase off")'
	certify app.example.com "$at/weak.crt" "$at/weak.key"
	expect 400 '.error_message | contains("too weak")'
	certify app.example.com "$at/good.key" "$at/good.key"
	expect 400 '.error_message | contains("has no certificate")'
	certify app.example.com "$at/good.crt" "$at/good.crt"
	expect 400 '.error_message | contains("has no private key")'
	certify app.example.com <(head -c 300 "$at/good.crt") "$at/good.key"
	expect 400 ".error_message | contains(\"'certificate'\")"
	certify app.example.com "$at/old.crt" "$at/good.key"
	expect 400 '.error_message | contains("has expired: get a new one")'
}

@test "visitors of a proven name whose tunnel is offline are told so" {
	own app.example.com
	call GET /edge/unavailable -H 'Host: app.example.com:443' -H 'X-Mysocket-Edge: 1'
	[ "$code" = 503 ]
	call GET /edge/unavailable -H 'Host: other.example.com' -H 'X-Mysocket-Edge: 1'
	[ "$code" = 404 ]
}

@test "a tls socket has names of its own: nodes, visitors of the wrong port and proxycommands are told" {
	local port
	make '{"socket_type": "tls"}'
	port=$(field '.socket_tcp_ports[0]')
	claim app.example.com "$ID"
	expect 200 ".cname == \"$NAME\" and .url == \"tls://app.example.com:$port\""
	call GET /lookup/app.example.com
	expect 404
	echo "app.example.com CNAME $NAME" >>"$ZONE"
	check app.example.com
	expect 200 .verified
	[ "$(domains_of "$ID")" = '["app.example.com"]' ]
	call GET /lookup/APP.example.com.
	expect 200 ".dnsname == \"app.example.com\" and .socket_type == \"tls\" and .port == $port"
	call GET /edge/unavailable -H 'Host: app.example.com' -H 'X-Mysocket-Edge: 1'
	[ "$code" = 404 ]
	[[ "$body" == *"for a tls service"*"port $port of this name"* ]]
	# To a web site there is nothing to look up; to a tcp socket it cannot go.
	make
	mine PATCH /domain/app.example.com -d "{\"socket_id\": \"$ID\"}"
	expect 200 '.url == "https://app.example.com"'
	call GET /lookup/app.example.com
	expect 404
	make '{"socket_type": "tcp"}'
	mine PATCH /domain/app.example.com -d "{\"socket_id\": \"$ID\"}"
	expect 400 ".error_message | contains(\"a CNAME of '$NAME'\")"
}

@test "a socket has a few names at most" {
	local i
	make
	for i in 1 2 3 4 5 6 7 8; do claim "a$i.example.com" "$ID"; done
	mine POST /domain -d "{\"domain\": \"a9.example.com\", \"socket_id\": \"$ID\"}"
	expect 403 '.error_message | contains("this socket has 8 domains")'
}
