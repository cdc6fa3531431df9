# SPDX-License-Identifier: ISC
# What one visitor cannot take from the others, and what one name cannot.

load service

setup_file() {
	export SERVICE_MAX_CONNECTIONS_OF_CLIENT=100 SERVICE_MAX_CONNECTIONS_OF_NAME=50
	service_up "hold_seconds = 60"
	account_make alice
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8001 8002 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	socat TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr,backlog=64 EXEC:cat </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8001
	wait_for 10 listening 9001
	socket_make other
	tunnel_up other 8001
	export OTHER=$DNSNAME
}

teardown_file() {
	service_down
}

hold_connections() { # port count
	local i fd
	for i in $(seq "$2"); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$1"
		HELD+=("$fd")
	done
}

# Requests that never end, each over a connection of its own.
hold_requests() { # count host
	local fd
	hold_connections 80 "$1"
	for fd in "${HELD[@]: -$1}"; do
		printf 'POST /login HTTP/1.1\r\nHost: %s\r\nContent-Length: 10\r\n\r\n{' "$2" >&"$fd"
	done
}

release_requests() {
	local fd
	for fd in "${HELD[@]}"; do
		exec {fd}>&-
	done
	HELD=()
}

health_from() { # address
	public_status "$API_URL/healthz" --interface "$1"
}

health_is() { # status
	[ "$(health_from 127.0.0.1)" = "$1" ]
}

@test "an address with 64 requests at the API waits, others do not" {
	HELD=()
	[ "$(health_from 127.0.0.1)" = 200 ]
	hold_requests 64 "api.$DOMAIN"
	wait_for 5 health_is 429
	run public_get "$API_URL/healthz" -i --interface 127.0.0.1
	[[ "$output" == *'"error_message"'* ]]
	[[ "${output,,}" == *$'\nretry-after: '[0-9]* ]]
	[ "$(health_from 127.0.0.2)" = 200 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$SERVICE_API/healthz")" = 200 ]
	release_requests
	wait_for 5 health_is 200
}

no_more_fit() {
	[ "$(health_from 127.0.0.1)" = 000 ]
}

@test "an address has so many connections to all ports together, others have theirs" {
	socket_make tcp '"socket_type": "tcp"'
	tunnel_up tcp 9001
	HELD=()
	hold_connections 80 60
	[ "$(health_from 127.0.0.1)" = 200 ]
	hold_connections "${URL##*:}" 40
	wait_for 5 no_more_fit
	[ "$(health_from 127.0.0.2)" = 200 ]
	release_requests
	wait_for 5 health_is 200
	tunnel_down tcp
}

# What HAProxy counts for the current socket's name.
under_way() { # count
	turns "key ${DNSNAME%%.*}" | grep -q " conn_cur=$1$"
}

turns() { # what to show
	socat -t 5 - UNIX-CONNECT:/run/mysocket/edge.sock <<<"show table turns $1"
}

# Another address asks.
name_is() { # status [curl option...]
	[ "$(public_status "http://$DNSNAME/new" --interface 127.0.0.2 "${@:2}")" = "$1" ]
}

all_others_are_served() {
	[ "$(public_status "http://$OTHER/other" --interface 127.0.0.2)" = 200 ]
	[ "$(public_status "https://$OTHER/other" --interface 127.0.0.2 -d body)" = 200 ]
	[ "$(health_from 127.0.0.2)" = 200 ]
}

@test "a name has so many requests under way, others and the API have theirs, and its tunnel is not blamed" {
	local before
	HELD=()
	socket_make full
	tunnel_up full 8001
	before=$(public_get "http://$OTHER/count?/")
	[ "$(public_status "http://$DNSNAME/kept?[1-120]")" = "$(printf '200%.0s' {1..120})" ] # they end
	hold_requests 50 "$DNSNAME"
	wait_for 5 under_way 50
	name_is 503
	name_is 503 -d body
	[ "$(public_get "http://$DNSNAME/?[1-3]" --interface 127.0.0.2 -o /dev/null -w '%{http_code} %{num_connects} ')" = \
		'503 1 503 1 503 1 ' ]
	run public_get "https://$DNSNAME/" --interface 127.0.0.2 -i -H 'Accept: text/html'
	[[ "${output,,}" == *$'\nretry-after: '[0-9]*'content-type: text/html'*'<h1>too many visitors'* ]]
	run public_get "http://$DNSNAME/" --interface 127.0.0.2 -i
	[[ "${output,,}" == *$'\nretry-after: '[0-9]*'content-type: text/plain'*'too many visitors'* ]]
	all_others_are_served
	wait_for 5 grep -Eq ' 127\.0\.0\.2 +GET +/new +503 ' "$(tunnel_out full)"
	# mysocket-node was given no reason to ask the tunnel's service by itself.
	[ "$(public_get "http://$OTHER/count?/")" = "$before" ]
	refute grep -q '^mysocket: full: ' "$(tunnel_out full)"
	release_requests
	wait_for 5 under_way 0
	name_is 200
	tunnel_down full
}

@test "a name whose tunnel is away holds so many visitors, over HTTP/2 too, and no more" {
	local got="$BATS_TEST_TMPDIR/got" i
	socket_make away
	tunnel_up away 8001
	tunnel_down away
	for i in 1 2; do # 25 streams of one connection
		public_get "https://$DNSNAME/held?[1-25]" --parallel --parallel-max 25 --http2 -o /dev/null -w '%{http_code}\n' \
			>"$got.$i" 3>&- 4>&- &
	done
	wait_for 5 under_way 50
	name_is 503
	all_others_are_served
	tunnel_up away 8001
	wait_for 10 eval '[ "$(sort "$got".* | uniq -c | xargs)" = "50 200" ]'
	wait_for 5 under_way 0
	name_is 200
	tunnel_down away
}

# What comes back from the current socket's port, or nothing.
echoed() { # address
	echo hello | socat -t 5 - "TCP:127.0.0.1:${URL##*:},bind=$1" 2>/dev/null || true
}

@test "a tcp socket has so many connections, further ones are closed, and others have theirs" {
	HELD=()
	socket_make bytes '"socket_type": "tcp"'
	tunnel_up bytes 9001
	hold_connections "${URL##*:}" 50
	wait_for 5 eval '[ -z "$(echoed 127.0.0.2)" ]'
	all_others_are_served
	wait_for 5 grep -Eq ' 127\.0\.0\.2 +TCP +not admitted' "$(tunnel_out bytes)"
	release_requests
	wait_for 5 eval '[ "$(echoed 127.0.0.2)" = hello ]'
	refute grep -q '^mysocket: bytes: ' "$(tunnel_out bytes)"
	tunnel_down bytes
}

@test "what is under way is counted anew after a reload, and only for names that have a tunnel" {
	HELD=()
	socket_make reloaded
	tunnel_up reloaded 8001
	hold_requests 50 "$DNSNAME"
	wait_for 5 under_way 50
	kill -USR2 "$(service_pid edge)"
	wait_for 5 name_is 200
	hold_requests 50 "$DNSNAME" # beside those that the old process has
	wait_for 5 under_way 50
	[ "$(ss -Htn state established "sport = :80" | wc -l)" -ge 100 ]
	name_is 503
	release_requests
	wait_for 5 under_way 0
	name_is 200
	[ "$(public_status "http://no-such-name.$DOMAIN/" --resolve "no-such-name.$DOMAIN:80:127.0.0.1")" = 404 ]
	[ "$(turns | grep -c key=)" = 1 ]
	tunnel_down reloaded
}
