# SPDX-License-Identifier: ISC
# bats file_tags=timed
# The finer points of HTTP and TCP, each with a real client: trailers, 100-continue, uploads in chunks, large headers,
# half-closed TLS, a database, an hour of silence.

load service
load websocket
load clock

setup_file() {
	service_up
	account_make alice
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8001 8002 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	export RAW_HEARD="$BATS_FILE_TMPDIR/raw.heard"
	/usr/bin/python3 "$root/tests/e2e/raw_origin.py" 8004 </dev/null >"$RAW_HEARD" 2>&1 3>&- 4>&- &
	wait_for 10 listening 8001
	wait_for 10 listening 8004
	socket_make lab
	tunnel_up lab 8001
	export LAB=$DNSNAME
	socket_make raw
	tunnel_up raw 8004
	export RAW=$DNSNAME
}

teardown_file() {
	service_down
}

@test "trailers of an answer reach visitors, over HTTP/1.1 and HTTP/2" {
	printf 'GET /trailers HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$RAW" |
		socat -t 5 - TCP:127.0.0.1:80,shut-none | tr -d '\r' >"$BATS_TEST_TMPDIR/got"
	grep -qi '^transfer-encoding: chunked' "$BATS_TEST_TMPDIR/got"
	grep -qix 'x-sum: 42' "$BATS_TEST_TMPDIR/got"
	grep -qx hello "$BATS_TEST_TMPDIR/got"
	nghttp -v --no-verify-peer "https://$RAW/trailers" >"$BATS_TEST_TMPDIR/got" 2>&1
	grep -q 'hello' "$BATS_TEST_TMPDIR/got"
	grep -q 'x-sum: 42' "$BATS_TEST_TMPDIR/got"
}

@test "trailers of a request reach the origin, over HTTP/1.1 and HTTP/2" {
	printf 'POST /request HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 43\r\n\r\n' \
		"$RAW" | socat -t 5 - TCP:127.0.0.1:80,shut-none | tr -d '\r' >"$BATS_TEST_TMPDIR/got"
	grep -qx hello "$BATS_TEST_TMPDIR/got"
	grep -qix 'x-sum: 43' "$BATS_TEST_TMPDIR/got"
	echo hello >"$BATS_TEST_TMPDIR/body"
	nghttp --no-verify-peer --no-content-length --trailer 'x-sum: 44' -d "$BATS_TEST_TMPDIR/body" "https://$RAW/request" |
		tr -d '\r' >"$BATS_TEST_TMPDIR/got"
	grep -qx hello "$BATS_TEST_TMPDIR/got"
	grep -qix 'x-sum: 44' "$BATS_TEST_TMPDIR/got"
}

@test "an upload in chunks and its answer pass as they come" {
	local line
	exec 5<>/dev/tcp/127.0.0.1/80
	printf 'POST /stream HTTP/1.1\r\nHost: %s\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n' "$RAW" >&5
	until [[ "$line" == *'got 3 one'* ]]; do
		read -r -t 30 line <&5
	done
	printf '3\r\ntwo\r\n' >&5
	until [[ "$line" == *'got 3 two'* ]]; do
		read -r -t 30 line <&5
	done
	printf '0\r\n\r\n' >&5
	until [[ "$line" == 'got 0'* ]]; do
		read -r -t 30 line <&5
	done
	exec 5>&-
}

# curl waits for its input, and reads the answer after that: so the origin is asked what it has.
@test "an upload of unknown length over HTTP/2 passes as it comes: the origin has the first bytes before the last are sent" {
	local word input
	mkfifo "$BATS_TEST_TMPDIR/input"
	public_get "https://$RAW/stream" --http2 -T - -w '%{http_version}\n' <"$BATS_TEST_TMPDIR/input" \
		>"$BATS_TEST_TMPDIR/got" 3>&- 4>&- &
	exec {input}>"$BATS_TEST_TMPDIR/input"
	for word in first second; do
		echo "$word" >&"$input"
		wait_for 10 grep -q " $word\$" "$RAW_HEARD"
	done
	exec {input}>&-
	ended $!
	[ "$(tr '\n' ' ' <"$BATS_TEST_TMPDIR/got")" = 'got 6 first got 7 second got 0 2 ' ]
}

@test "curl waits for 100 Continue, and is told so or refused by the origin" {
	local version
	head -c 2M /dev/urandom >"$BATS_TEST_TMPDIR/body"
	for version in 1.1 2; do
		run public_get "https://$LAB/x" "--http$version" -v -H 'Expect: 100-continue' --expect100-timeout 60 \
			--data-binary "@$BATS_TEST_TMPDIR/body"
		[ "$status" = 0 ]
		[[ "$output" == *"HTTP/$version 100"*"HTTP/$version 200"* ]]
		run public_get "https://$RAW/refuse" "--http$version" -v -H 'Expect: 100-continue' --expect100-timeout 60 \
			--data-binary "@$BATS_TEST_TMPDIR/body" -w '%{http_code} %{size_upload}'
		[[ "$output" == *'413 0'* ]]
		[[ "$output" != *"HTTP/$version 100"* ]]
	done
}

@test "headers of 15,000 bytes pass whole, and larger ones are refused at once" {
	local size many=() i
	for size in 4000 8000 15000; do
		[ "$(public_get "https://$LAB/headers" -H "X-Large: $(head -c "$size" /dev/zero | tr '\0' v)" |
			sed -n 's/^x-large: //Ip' | tr -cd v | wc -c)" = "$size" ]
	done
	for size in 16000 40000; do
		[ "$(public_status "http://$LAB/headers" --http1.1 --max-time 60 \
			-H "X-Large: $(head -c "$size" /dev/zero | tr '\0' v)")" = 400 ]
		# Of HTTP/2 the visitor is told by an end of its stream or connection, and gets no answer.
		run public_status "https://$LAB/headers" --http2 --max-time 60 -H "X-Large: $(head -c "$size" /dev/zero | tr '\0' v)"
		[ "$status" != 0 ]
		[ "$status" != 28 ] # too late
		[ "$output" = 000 ]
	done
	for i in $(seq 80); do
		many+=(-H "X-Many-$i: $i")
	done
	[ "$(public_get "https://$LAB/headers" "${many[@]}" | grep -ci '^x-many')" = 80 ]
	for i in $(seq 120); do
		many+=(-H "X-More-$i: $i")
	done
	[ "$(public_status "http://$LAB/headers" --max-time 60 "${many[@]}")" = 400 ]
}

@test "a visitor over TLS that has said all still gets the answer" {
	socat -t 30 TCP-LISTEN:9002,bind=127.0.0.1,fork,reuseaddr EXEC:sha256sum </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 9002
	socket_make sum '"socket_type": "tls"'
	tunnel_up sum 9002
	head -c 5M /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	[ "$(socat -t 20 - "OPENSSL:$DNSNAME:${URL##*:},cafile=$SERVICE_STATE/ca.crt" <"$BATS_TEST_TMPDIR/sent")" = \
		"$(sha256sum <"$BATS_TEST_TMPDIR/sent")" ]
	tunnel_down sum
}

# Reads up to the end of the other direction, and says something then.
last_word() { # host port
	SSL_CERT_FILE="$SERVICE_STATE/ca.crt" timeout 60 /usr/bin/python3 -c '
import socket, ssl, sys
host, port = sys.argv[1], int(sys.argv[2])
with ssl.create_default_context().wrap_socket(socket.create_connection((host, port)), server_hostname=host,
                                              suppress_ragged_eofs=False) as visitor:
    heard = b""
    while part := visitor.recv(100):
        heard += part
    print(heard.decode(), end="")
    visitor.sendall(b"sent afterwards\n")' "$@"
}

@test "an origin of a tls socket that has said all still gets the rest, and the visitor knows that it was all" {
	echo hello >"$BATS_TEST_TMPDIR/hello"
	socat -t 30 TCP-LISTEN:9005,bind=127.0.0.1,fork,reuseaddr \
		"OPEN:$BATS_TEST_TMPDIR/hello,rdonly!!CREATE:$BATS_TEST_TMPDIR/kept" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 9005
	socket_make word '"socket_type": "tls"'
	tunnel_up word 9005
	[ "$(last_word "$DNSNAME" "${URL##*:}")" = hello ]
	wait_for 5 grep -qx 'sent afterwards' "$BATS_TEST_TMPDIR/kept"
	tunnel_down word
}

# A database of its own on 9432.
postgres_up() {
	local bin
	bin=$(echo /usr/lib/postgresql/*/bin)
	POSTGRES="$BATS_TEST_TMPDIR/db"
	install -d -o postgres "$POSTGRES"
	chmod 0755 "$BATS_TEST_TMPDIR"
	setpriv --reuid postgres --regid postgres --init-groups "$bin/initdb" -D "$POSTGRES/data" -A trust -U alice \
		>"$POSTGRES.log" 2>&1
	setpriv --reuid postgres --regid postgres --init-groups "$bin/postgres" -D "$POSTGRES/data" -p 9432 \
		-c listen_addresses=127.0.0.1 -c unix_socket_directories='' </dev/null >>"$POSTGRES.log" 2>&1 3>&- 4>&- &
	wait_for 20 eval 'psql -h 127.0.0.1 -p 9432 -U alice -d postgres -c "select 1" >/dev/null 2>&1' ||
		{ cat "$POSTGRES.log"; return 1; }
}

sql() { # host port statement
	timeout 60 psql -h "$1" -p "$2" -U alice -d postgres -X -A -t -c "$3"
}

@test "psql through a tcp socket and through a tls socket" {
	postgres_up
	socket_make database '"socket_type": "tcp"'
	tunnel_up database 9432
	[ "$(sql "$DNSNAME" "${URL##*:}" 'select 6 * 7')" = 42 ]
	sql "$DNSNAME" "${URL##*:}" 'create table t as select generate_series(1, 100000) as i' >/dev/null
	[ "$(sql "$DNSNAME" "${URL##*:}" 'select sum(i) from t')" = 5000050000 ]
	[ "$(sql "$DNSNAME" "${URL##*:}" 'select i from t' | wc -l)" = 100000 ]
	socket_make secure '"socket_type": "tls"'
	tunnel_up secure 9432
	# psql begins in the clear: TLS from the first byte is what a wrapper does for it.
	socat TCP-LISTEN:9433,bind=127.0.0.1,fork,reuseaddr \
		"OPENSSL:$DNSNAME:${URL##*:},cafile=$SERVICE_STATE/ca.crt" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 9433
	[ "$(sql 127.0.0.1 9433 'select sum(i) from t')" = 5000050000 ]
	[ "$(sql 127.0.0.1 9433 'select i from t' | wc -l)" = 100000 ]
}

# On 9003 a web server that answers /<file> once the test has made that file.
origin_slow() {
	cat >"$BATS_FILE_TMPDIR/slow" <<-TEXT
		#!/bin/bash
		read -r _ path _
		touch "$BATS_TEST_TMPDIR\$path.asked"
		until [ -e "$BATS_TEST_TMPDIR\$path" ]; do sleep 0.1; done
		printf 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nslow\n'
	TEXT
	chmod +x "$BATS_FILE_TMPDIR/slow"
	socat TCP-LISTEN:9003,bind=127.0.0.1,fork,reuseaddr "EXEC:$BATS_FILE_TMPDIR/slow" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	socat TCP-LISTEN:9004,bind=127.0.0.1,fork,reuseaddr EXEC:cat </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 9003
	wait_for 10 listening 9004
}

# A tunnel by the ssh command that says what it says and hears.
tunnel_of() { # tag port json-members [ssh option...]
	socket_make "$1" "$3"
	fast tunnel_up "$1" "$2" -vvv "${@:4}"
}

# sshd asks ssh every 6 s whether it is still there, up to 9.4 every 12 s. One that is told to ask every 10 s, as by
# mysocketctl, is the first to do so up to 9.4.
hour_passed_in_ssh() {
	local tag
	for tag in plain secure talk; do
		[ "$(grep -c 'rtype keepalive@openssh.com\|send packet: type 80' "$(tunnel_out "$tag")")" -ge 200 ] # SSH_MSG_GLOBAL_REQUEST
	done
}

edge_seconds() {
	echo 'show info' | socat -t 5 - UNIX-CONNECT:/run/mysocket/edge.sock | sed -n 's/^Uptime_sec: //p'
}

edge_ran() { # seconds of its own time
	[ "$(edge_seconds)" -ge "$1" ]
}

# Asks for a file of the slow origin, and returns when that was asked.
ask() { # file url [curl option...]
	public_get "$2/$1" --max-time 300 -o /dev/null -w '%{http_code}' "${@:3}" >"$BATS_TEST_TMPDIR/$1.got" 3>&- 4>&- &
	wait_for 20 [ -e "$BATS_TEST_TMPDIR/$1.asked" ]
}

got() { # file
	wait_for 120 [ -s "$BATS_TEST_TMPDIR/$1.got" ]
	cat "$BATS_TEST_TMPDIR/$1.got"
}

echoes() { # descriptor to write to, to read from, text
	local line
	echo "$3" >&"$1"
	read -r -t 30 line <&"$2"
	[ "$line" = "$3" ]
}

# The clock of HAProxy, sshd and ssh goes 60 times as fast, so ssh has 300 ms to answer sshd (18 s). That it counts is seen by the answer that does not come in time.
@test "an hour of silence ends no connection to a tcp or tls socket but before its handshake, and no WebSocket; an answer may take 50 minutes" {
	local asks=(-o ServerAliveInterval=10 -o ServerAliveCountMax=3) began
	clock_up edge sshd
	origin_slow
	tunnel_of plain 9004 '"socket_type": "tcp"'
	exec 5<>"/dev/tcp/127.0.0.1/${URL##*:}"
	tunnel_of secure 9004 '"socket_type": "tls"' "${asks[@]}"
	coproc TLS { socat - "OPENSSL:$DNSNAME:${URL##*:},cafile=$SERVICE_STATE/ca.crt" 3>&- 4>&-; }
	exec 6<>"/dev/tcp/127.0.0.1/${URL##*:}" # and not a word of TLS
	echoes 5 5 before
	echoes "${TLS[1]}" "${TLS[0]}" before
	tunnel_of talk 8002 '"socket_type": "http"' "${asks[@]}"
	ws_open plain "ws://$DNSNAME/"
	ws_open secure "wss://$DNSNAME/"
	ws_echoes plain before
	ws_echoes secure before
	tunnel_of slow 9003 '"socket_type": "http"' "${asks[@]}"
	ask get "https://$DNSNAME" --http2
	ask post "http://$DNSNAME" -d body
	ask late "https://$DNSNAME"

	began=$(edge_seconds)
	clock_rate 60
	wait_for 120 edge_ran $((began + 3000))
	touch "$BATS_TEST_TMPDIR/get" "$BATS_TEST_TMPDIR/post"
	[ "$(got get)" = 200 ]
	[ "$(got post)" = 200 ]
	[ "$(got late)" = 504 ]
	edge_ran $((began + 3590))
	wait_for 60 hour_passed_in_ssh # what is busy with other things may need longer for as many questions
	clock_rate 1
	timeout 60 cat <&6 # up to its end
	echoes 5 5 after
	echoes "${TLS[1]}" "${TLS[0]}" after
	ws_echoes plain after
	ws_echoes secure after
	kill "$TLS_PID"
	ws_close_all
}
