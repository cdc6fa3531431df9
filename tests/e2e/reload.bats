# SPDX-License-Identifier: ISC
# bats file_tags=timed
# HAProxy reloaded again and again while visitors come by every way: no request is lost, none waits long.

load service
load websocket
load reload

setup_file() {
	service_up
	account_make alice
	origins_up
	socket_make web
	tunnel_up web 8001
	export WEB=$DNSNAME
	socket_make echo '"socket_type": "tcp"'
	tunnel_up echo 9001
	export ECHO_PORT=${URL##*:}
	socket_make secure '"socket_type": "tls"'
	tunnel_up secure 9001
	export SECURE=$DNSNAME SECURE_PORT=${URL##*:}
	socket_make web-tcp '"socket_type": "tcp"'
	tunnel_up web-tcp 8001
	export WEB_TCP="http://$DNSNAME:${URL##*:}/"
	socket_make web-tls '"socket_type": "tls"'
	tunnel_up web-tls 8001
	export WEB_TLS="https://$DNSNAME:${URL##*:}/"
	socket_make protected '"protected_socket": true, "protected_username": "alice", "protected_password": "secret"'
	tunnel_up protected 8001
	export PROTECTED=$DNSNAME
	socket_make limited '"rate_limit": 100'
	tunnel_up limited 8001
	export LIMITED=$DNSNAME
	socket_make sticky '"sticky": true'
	tunnel_up sticky1 8001
	RELAY=$(api POST "/socket/$SOCKET_ID/tunnel" '{}' | json local_port)
	tunnel_up sticky2 8002
	export STICKY=$DNSNAME
	socket_make talk
	tunnel_up talk 8004
	export TALK=$DNSNAME
}

teardown_file() {
	service_down
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	ws_close_all
	visitors_end
}

# On 8001 and 8002 web servers that say their name, on 8004 a WebSocket that echoes, on 9001 an echo.
origins_up() {
	cat >"$BATS_FILE_TMPDIR/origin.cfg" <<-TEXT
		defaults origins
			mode http
			timeout client 60s
			http-request return status 200 content-type text/plain string hello hdr X-Origin "%f"
		frontend one from origins
			bind 127.0.0.1:8001
		frontend two from origins
			bind 127.0.0.1:8002
	TEXT
	haproxy -db -f "$BATS_FILE_TMPDIR/origin.cfg" </dev/null >/dev/null 2>&1 3>&- &
	socat -t 30 TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr,backlog=64 EXEC:cat </dev/null >/dev/null 2>&1 3>&- &
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8003 8004 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8002
	wait_for 10 listening 8004
	wait_for 10 listening 9001
}

# Some requests over one connection; curl tries again by itself where a kept connection is closed before an answer.
several() { # url [curl option...]
	public_get "$1?[1-50]" -o /dev/null -w '%{http_code}\n' --rate 50/s "${@:2}"
}

# A connection for each.
each() { # url [curl option...]
	several "$1" -H 'Connection: close' "${@:2}"
}

# One request over a connection that was kept for some time.
later() { # url
	public_get "$1?[1-4]" -o /dev/null -w '%{http_code}\n' --rate 40/m
}

# Kept connections, and nothing is tried again.
strict() { # url [wrk option...]
	wrk -t 1 -c 4 -d 2s "$@" | grep -E 'Non-2xx|Socket errors' || echo 200
}

# A visitor that ends its own direction at once; and one that waits for the answer first.
tcp() {
	[ "$(echo hello | socat -t 10 - "TCP:127.0.0.1:$ECHO_PORT")" != hello ] || echo 200
	exec 7<>"/dev/tcp/127.0.0.1/$ECHO_PORT"
	echo hello >&7
	read -r -t 30 line <&7
	[ "$line" != hello ] || echo 200
	exec 7>&-
}

# A visitor of a tls socket that ends its own direction at once.
tls() {
	# socat 1.8 warns whoever trusts an authority that it knows no list of revoked certificates.
	[ "$(echo hello | socat -t 10 - "OPENSSL:$SECURE:$SECURE_PORT,cafile=$SERVICE_STATE/ca.crt" \
		2> >(grep -v 'does not check CRLs' >&2))" != hello ] || echo 200
}

# Requests with the cookie of the first one: by the same tunnel, or they are no 200.
sticky() { # url [curl option...]
	local jar="$BATS_TEST_TMPDIR/jar.$BASHPID"
	[ -s "$jar" ] || public_get "$1" -c "$jar" -o /dev/null -w '%header{x-origin}' >"$jar.origin"
	public_get "$1?[1-50]" -o /dev/null -w '%{http_code} %header{x-origin}\n' -b "$jar" --rate 50/s "${@:2}" |
		sed "s/^200 $(cat "$jar.origin")\$/200/"
}

# A WebSocket for each message.
websocket() { # name
	local line frame
	exec 8<>"/dev/tcp/127.0.0.1/80"
	printf '%s\r\n' 'GET / HTTP/1.1' "Host: $1" 'Connection: Upgrade' 'Upgrade: websocket' 'Sec-WebSocket-Version: 13' \
		'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' '' >&8
	read -r -t 30 line <&8
	echo "$line" | sed 's/^HTTP.1.1 101 .*/200/'
	until [ -z "${line%$'\r'}" ]; do
		read -r -t 30 line <&8 || break
	done
	printf '\x81\x85\0\0\0\0hello' >&8
	LC_ALL=C read -r -t 30 -N 7 frame <&8
	[ "$frame" = $'\x81\x05hello' ] && echo 200 || echo "$frame"
	exec 8>&-
}

@test "no request over http and https is lost by reloads of HAProxy" {
	VISITORS=()
	visitor http several "http://$WEB/"
	visitor http-each each "http://$WEB/"
	visitor http-post each "http://$WEB/" -d x
	visitor https several "https://$WEB/" --http1.1
	visitor https-each each "https://$WEB/" --http1.1
	visitor http2 several "https://$WEB/" --http2
	visitor http2-post several "https://$WEB/" --http2 -d x
	visitor strict strict "http://$WEB/"
	visitor strict-https strict "https://$WEB/"
	for i in $(seq 8); do
		visitor "later-$i" later "http://$WEB/"
	done
	visit_during_reloads
}

@test "no request to protected, limited and sticky names is lost by reloads of HAProxy" {
	VISITORS=()
	visitor protected several "http://$PROTECTED/" -u alice:secret
	visitor protected-each each "http://$PROTECTED/" -u alice:secret
	visitor protected-post each "https://$PROTECTED/" -u alice:secret -d x --http1.1
	visitor protected-http2 several "https://$PROTECTED/" -u alice:secret --http2
	visitor limited several "http://$LIMITED/" --interface 127.0.0.2
	visitor limited-each each "http://$LIMITED/" --interface 127.0.0.3
	visitor limited-http2 several "https://$LIMITED/" --http2 --interface 127.0.0.4
	visitor sticky sticky "http://$STICKY/"
	visitor sticky-each sticky "http://$STICKY/" -H 'Connection: close'
	visitor sticky-http2 sticky "https://$STICKY/" --http2
	visit_during_reloads 150
}

@test "no connection to a tcp or tls socket is lost by reloads of HAProxy" {
	VISITORS=()
	for i in 1 2 3 4; do
		visitor "tcp-$i" tcp
		visitor "tls-$i" tls
	done
	# Quick enough to meet the first milliseconds of each process.
	visitor web-tcp strict "$WEB_TCP" -H 'Connection: close'
	visitor web-tls strict "$WEB_TLS" -H 'Connection: close'
	visit_during_reloads
}

# Each process lives as long as its WebSockets.
@test "WebSockets live across reloads of HAProxy, and new ones are not lost" {
	local i
	VISITORS=()
	for i in 1 2 3 4; do
		visitor "new-$i" websocket "$TALK"
	done
	ws_open plain "ws://$TALK/"
	ws_open secure "wss://$TALK/"
	after_reload() {
		[ "$1" != 2 ] || ws_open later "wss://$TALK/"
		ws_echoes plain "after $1"
		ws_echoes secure "after $1"
		[ "$1" -lt 2 ] || ws_echoes later "after $1"
	}
	RELOADS=4
	visit_during_reloads 40
}
