#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A host name of one's own, from mysocketctl to the visitor.
# shellcheck disable=SC2153 # ctl_up sets NAME

load service
load ctl
load domain

setup_file() {
	zone_up
	ctl_service "dns_server = 127.0.0.1:5353"
}

teardown_file() {
	zone_down
	ctl_service_end
}

teardown() {
	ctl_test_end
}

served() { # host [curl option...]
	local host=$1
	shift
	[ "$(curl -sS --max-time 60 "$@" --resolve "$host:80:127.0.0.1" --resolve "$host:443:127.0.0.1")" = 'the bytes of the origin' ]
}

status_of() { # URL [curl option...]
	curl -sS -o /dev/null -w '%{http_code}' --max-time 60 "$@"
}

# Until a visitor of the name gets that status.
status_becomes() { # code host
	[ "$(curl -sS -o /dev/null -w '%{http_code}' --max-time 60 --resolve "$2:80:127.0.0.1" "http://$2/page.txt")" = "$1" ]
}

@test "a name is added, proven by a TXT record, listed and removed" {
	local value
	run mysocketctl domain ls
	[[ "$output" == *"You have no domains yet"* ]]
	run mysocketctl domain add one.example.com
	[ "$status" = 0 ]
	[[ "$output" == *"| verified | no "* ]]
	[[ "$output" == *"| _mysocket-challenge.one.example.com | TXT "* ]]
	[[ "$output" == *"mysocketctl domain check one.example.com"* ]]
	run mysocketctl domain check one.example.com
	[ "$status" = 1 ]
	[[ "$output" == *"the DNS does not say that 'one.example.com' is yours: make a TXT record"* ]]
	value=$(mysocketctl domain ls --json | jq -r '.[0].challenge')
	echo "_mysocket-challenge.one.example.com TXT $value" >"$ZONE"
	run mysocketctl domain check one.example.com
	[ "$status" = 0 ]
	[[ "$output" == *"| verified | yes "* ]]
	[[ "$output" == *"It leads nowhere yet"* ]]
	run mysocketctl domain ls
	[[ "$output" == *"| one.example.com |"*"| yes "* ]]
	[ "$(mysocketctl domain rm one.example.com --json | jq -r .deleted_domain)" = one.example.com ]
	run mysocketctl domain rm one.example.com
	[ "$status" = 1 ]
	[[ "$output" == *"you have no such domain; see: mysocketctl domain ls"* ]]
}

@test "a certificate of one's own is shown to visitors of that name, and of no other" {
	local at="$BATS_TEST_TMPDIR" first
	ctl_up connect --port 8000 --name mine
	first=$(shown api.mysocket.localhost)
	certificate "$at/a" 'tls.example.com,DNS:api.mysocket.localhost,DNS:*.mysocket.localhost'
	mysocketctl domain add tls.example.com --socket_id mine
	echo "tls.example.com CNAME $NAME" >"$ZONE"
	run mysocketctl domain check tls.example.com
	[[ "$output" == *"mysocketctl domain certify tls.example.com --certificate FILE --key FILE"* ]]
	run mysocketctl domain certify tls.example.com --certificate "$at/a.crt" --key "$at/a.key"
	[ "$status" = 0 ]
	[[ "$output" == *"| certificate until | $(date -u -d "$(openssl x509 -noout -enddate -in "$at/a.crt" | cut -d = -f 2)" +%F) "* ]]
	wait_for 5 shows_certificate tls.example.com "$at/a.crt"
	served tls.example.com https://tls.example.com/page.txt --cacert "$at/a.crt"
	# Whatever names are in it.
	shows api.mysocket.localhost "$first"
	shows "$NAME" "$first"
	# A new one takes its place at once.
	certificate "$at/b" tls.example.com
	mysocketctl domain certify tls.example.com --certificate "$at/b.crt" --key "$at/b.key"
	wait_for 5 shows_certificate tls.example.com "$at/b.crt"
	# A new HAProxy gets it again.
	service_stop edge
	service_start edge
	wait_for 5 shows_certificate tls.example.com "$at/b.crt"
	wait_for 5 served tls.example.com https://tls.example.com/page.txt --cacert "$at/b.crt"
	mysocketctl domain rm tls.example.com
	wait_for 5 shows tls.example.com "$first"
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
}

# The names of a web and a tls socket of one account, and the latter's port: sets WEB, TLS, PORT.
both_up() {
	printf '[web]\nport = 8000\n[bytes]\ntype = tls\nport = 8000\n' >"$BATS_TEST_TMPDIR/up.conf"
	ctl_start up "$BATS_TEST_TMPDIR/up.conf"
	wait_for 15 two_are_connected || { cat "$OUT"; return 1; }
	WEB=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "web") | .dnsname')
	TLS=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "bytes") | .dnsname')
	PORT=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "bytes") | .socket_tcp_ports[0]')
}

two_are_connected() {
	[ "$(grep -c Connected "$OUT")" = 2 ]
}

# What the tls socket's origin says to who asks for that name there, whoever vouches for it.
tls_served() { # host [curl option...]
	local host=$1
	shift
	served "$host" "https://$host:$PORT/page.txt" --resolve "$host:$PORT:127.0.0.1" "${@--k}"
}

# Claimed, proven, led to that socket, and given a certificate, in the file $BATS_TEST_TMPDIR/<name>.crt.
own() { # domain socket its-public-name
	mysocketctl domain add "$1" --socket_id "$2"
	echo "$1 CNAME $3" >>"$ZONE"
	mysocketctl domain check "$1"
	certificate "$BATS_TEST_TMPDIR/$1" "$1"
	mysocketctl domain certify "$1" --certificate "$BATS_TEST_TMPDIR/$1.crt" --key "$BATS_TEST_TMPDIR/$1.key"
}

@test "a tls socket's port shows the certificate of its owner's own name, and serves under no other's" {
	local at="$BATS_TEST_TMPDIR" first name
	both_up
	first=$(shown "$TLS" "$PORT")
	own tls.example.com bytes "$TLS" >"$at/said"
	grep -q "^| url  *| tls://tls.example.com:$PORT " "$at/said"
	own web.example.com web "$WEB"
	wait_for 5 shows_certificate tls.example.com "$at/tls.example.com.crt" "$PORT"
	wait_for 5 served web.example.com https://web.example.com/page.txt --cacert "$at/web.example.com.crt"
	tls_served tls.example.com --cacert "$at/tls.example.com.crt"
	tls_served TLS.example.com
	# Its public name, no name, and one that nobody here knows.
	tls_served "$TLS" --cacert "$SERVICE_STATE/ca.crt"
	served 127.0.0.1 "https://127.0.0.1:$PORT/page.txt" -k
	tls_served unknown.example.com
	shows unknown.example.com "$first" "$PORT"
	# Names of the service, of another socket, and of that one's owner, whoever that is.
	for name in web.example.com "$WEB" "api.$DOMAIN" "x.$TLS" "$DOMAIN"; do
		refute tls_served "$name"
	done
	# It is no website.
	run curl -sS --max-time 60 -i --resolve tls.example.com:443:127.0.0.1 --cacert "$at/tls.example.com.crt" https://tls.example.com/page.txt
	[[ "$output" == 'HTTP/2 404'*'tls service'*"port $PORT of this name"* ]]
	status_becomes 404 tls.example.com
	[ "$(status_of http://127.0.0.1/page.txt -H "Host: ${TLS%%.*}")" = 404 ]
	# The same after a reload and a crash of HAProxy, and with the API away.
	kill -USR2 "$(service_pid edge)"
	both_names_are_served
	service_stop api
	kill -9 "$(service_pid edge)" $(pgrep -P "$(service_pid edge)")
	service_start edge
	both_names_are_served
	refute tls_served web.example.com
	service_start api
	# Its public name changes.
	mysocketctl socket set --socket_id bytes --subdomain my-bytes >/dev/null
	wait_for 5 tls_served "my-bytes.$DOMAIN"
	refute tls_served "$TLS"
	# Led elsewhere, a name goes with its certificate.
	mysocketctl domain add web.example.com --socket_id bytes
	wait_for 5 tls_served web.example.com --cacert "$at/web.example.com.crt"
	wait_for 5 status_becomes 404 web.example.com
	mysocketctl domain rm web.example.com
	mysocketctl domain rm tls.example.com
	wait_for 5 shows tls.example.com "$first" "$PORT"
	shows web.example.com "$first" "$PORT"
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
}

both_names_are_served() {
	wait_for 10 tls_served tls.example.com --cacert "$BATS_TEST_TMPDIR/tls.example.com.crt"
	wait_for 10 served web.example.com https://web.example.com/page.txt --cacert "$BATS_TEST_TMPDIR/web.example.com.crt"
}

@test "a tcp socket needs nothing but the DNS: what is to be done there is said" {
	local name port
	mysocketctl socket create --name plain --type tcp >/dev/null
	name=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "plain") | .dnsname')
	port=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "plain") | .socket_tcp_ports[0]')
	run mysocketctl domain add tcp.example.com --socket_id plain
	[ "$status" = 1 ]
	[[ "$output" == *"make 'tcp.example.com' a CNAME of '$name' in the DNS, and visitors reach it at tcp.example.com:$port"* ]]
}

@test "what is no name is said before anybody is asked" {
	run mysocketctl domain add
	[ "$status" = 2 ]
	[[ "$output" == *"give one host name"* ]]
	run mysocketctl domain check ../user
	[ "$status" = 2 ]
	[[ "$output" == *"is not a host name"* ]]
	run mysocketctl domain certify a.example.com --certificate /nonexistent --key /nonexistent
	[ "$status" = 1 ]
	[[ "$output" == *"cannot read '/nonexistent'"* ]]
}

@test "visitors of one's own name reach the socket that it leads to, while it is live" {
	ctl_up connect --port 8000 --name mine
	run mysocketctl domain add app.example.com --socket_id mine
	[ "$status" = 0 ]
	[[ "$output" == *"| app.example.com "*"| CNAME | $NAME "* ]]
	status_becomes 404 app.example.com
	echo "app.example.com CNAME $NAME" >"$ZONE"
	mysocketctl domain check app.example.com
	wait_for 5 served app.example.com http://app.example.com/page.txt
	served app.example.com http://app.example.com:80/page.txt
	status_becomes 404 other.example.com
	mysocketctl domain rm app.example.com
	wait_for 5 status_becomes 404 app.example.com
	[ "$(status_of "http://127.0.0.1/page.txt" -H "Host: $NAME")" = 200 ]
}
