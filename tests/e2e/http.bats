# SPDX-License-Identifier: ISC
# What a visitor gets through a tunnel, from edge to origin and back, over http, https and HTTP/2; and what the
# tunnel's owner sees of it.

load service

setup_file() {
	export ORIGIN="$BATS_FILE_TMPDIR/origin"
	service_up
	account_make alice
	mkdir -p "$ORIGIN"
	echo 'the bytes of the origin' >"$ORIGIN/page.txt"
	head -c 200M /dev/urandom >"$ORIGIN/large"
	nginx_up
	lab_up
	socket_make web
	tunnel_up web 8000
	export WEB=$DNSNAME
	socket_make lab
	tunnel_up lab 8001
	export LAB=$DNSNAME
	socket_make echo
	tunnel_up echo 8002
	export ECHO=$DNSNAME
}

teardown_file() {
	service_down
}

# nginx on 8000: files, and uploads by PUT. It runs as root: the folders are root's.
nginx_up() {
	mkdir -p "$ORIGIN/nginx" "$ORIGIN/up"
	cat >"$ORIGIN/nginx/conf" <<-TEXT
		user root;
		pid $ORIGIN/nginx/pid;
		error_log $ORIGIN/nginx/log;
		events {}
		http {
			access_log off;
			client_max_body_size 1g;
			client_body_temp_path $ORIGIN/nginx/body;
			server {
				listen 127.0.0.1:8000;
				root $ORIGIN;
				location /up/ { dav_methods PUT; }
			}
		}
	TEXT
	nginx -c "$ORIGIN/nginx/conf" -g 'daemon off;' </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8000
}

lab_up() {
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8001 8002 </dev/null >"$ORIGIN/lab.log" 2>&1 3>&- 4>&- &
	wait_for 10 listening 8001
	wait_for 10 listening 8002
}

same_file() { # a b
	[ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]
}

@test "http, https and HTTP/2 return the origin's bytes" {
	[ "$(public_get "http://$WEB/page.txt")" = 'the bytes of the origin' ]
	[ "$(public_get "https://$WEB/page.txt" --http1.1)" = 'the bytes of the origin' ]
	[ "$(public_get "https://$WEB/page.txt" --http2)" = 'the bytes of the origin' ]
	[ "$(public_get "https://$WEB/page.txt" --http2 -o /dev/null -w '%{http_version}')" = 2 ]
}

@test "the name is found in any case, with a port and with a final dot" {
	[ "$(public_get "http://127.0.0.1/page.txt" -H "Host: ${WEB^^}")" = 'the bytes of the origin' ]
	[ "$(public_get "http://127.0.0.1/page.txt" -H "Host: $WEB:80")" = 'the bytes of the origin' ]
	[ "$(public_get "http://127.0.0.1/page.txt" -H "Host: $WEB.")" = 'the bytes of the origin' ]
	[ "$(public_status "http://127.0.0.1/page.txt" -H "Host: www.$WEB")" = 404 ]
	[ "$(public_status "http://127.0.0.1/page.txt" -H "Host: ${WEB%%.*}.example.org")" = 404 ]
	[ "$(public_status "http://127.0.0.1/page.txt" -H "Host: ${WEB%%.*}/0.$DOMAIN")" != 200 ]
	# It is the whole of Host, since the origin gets that. HAProxy 3.0 takes no comma for a part of a name.
	[[ "$(public_status "http://127.0.0.1/page.txt" -H "Host: example.org,$WEB")" == 40[04] ]]
	[[ "$(public_status "http://127.0.0.1/page.txt" -H "Host: $WEB,$WEB")" == 40[04] ]]
}

@test "the certificate is valid for the name" {
	run public_get "https://$WEB/page.txt" -v
	[ "$status" = 0 ]
	[[ "$output" == *'SSL certificate verify ok'* ]]
}

@test "a request's line is in the session's output, with status and origin time" {
	[ "$(public_status "https://$WEB/page.txt?line=one")" = 200 ]
	wait_for 5 grep -q 'GET .*/page.txt?line=one' "$(tunnel_out web)"
	line=$(grep '/page.txt?line=one' "$(tunnel_out web)")
	[[ "$line" =~ (127\.0\.0\.1|::1)\ +GET\ +/page.txt ]]
	[[ "$line" =~ \ 200\ +[0-9]+\ +[0-9]+ms\ +[0-9]+ms$ ]]
	[ "$(public_status "https://$WEB/nothing-here?line=two")" = 404 ]
	wait_for 5 grep -q '/nothing-here?line=two' "$(tunnel_out web)"
	[[ "$(grep '/nothing-here?line=two' "$(tunnel_out web)")" =~ \ 404\  ]]
	refute grep -q 'line=' "$(tunnel_out lab)"
}

@test "a request line cannot act on the terminal" {
	public_get "http://$WEB/%1b%5b31mred?line=escape" -o /dev/null
	# From a file, and so in one piece: it is refused as soon as the raw bytes are seen.
	printf 'GET /\xc2\x9b31m?line=raw HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$WEB" >"$BATS_TEST_TMPDIR/raw"
	socat -t 5 - TCP:127.0.0.1:80,shut-none <"$BATS_TEST_TMPDIR/raw" | grep -q '^HTTP/1.1 400'
	wait_for 5 grep -q 'line=escape' "$(tunnel_out web)"
	refute grep -q "$(printf '\033\\|\302\233')" "$(tunnel_out web)"
}

# What HAProxy logs of a request whose body turns out to be none; 3.0 refuses such a Host before it looks at the body.
@test "a visitor's Host cannot speak of another's tunnel in the log" {
	service_log node | sed -n "s/.* current '\([0-9.]*\):\([0-9]*\)' of '${WEB%%.*}'.*/\1 \2/p" | tail -n 1 >"$BATS_TEST_TMPDIR/relay"
	read -r address port <"$BATS_TEST_TMPDIR/relay"
	exec {visitor}<>/dev/tcp/127.0.0.1/80
	printf 'POST / HTTP/1.1\r\nHost: x","relay":"%s","port":%d,"status":500,"path":"\\u002fforged","z":":1\r\n%s\r\n\r\n' \
		"${address//./\\u002e}" "$port" $'Expect: 100-continue\r\nTransfer-Encoding: chunked' >&"$visitor"
	read -r -t 30 -u "$visitor" line
	[[ "$line" == 'HTTP/1.1 100 '* ]] || [[ "$line" == 'HTTP/1.1 400 '* ]]
	printf 'ZZZ\r\n' >&"$visitor" || true
	[[ "$line" == 'HTTP/1.1 400 '* ]] || while read -r -t 30 -u "$visitor" line; do [[ "$line" != 'HTTP/1.1 400 '* ]] || break; done
	[[ "$line" == 'HTTP/1.1 400 '* ]]
	exec {visitor}>&-
	public_get "http://$WEB/page.txt?after=it" -o /dev/null
	wait_for 5 grep -q 'after=it' "$(tunnel_out web)"
	refute grep forged "$(tunnel_out web)"
}

@test "no visitor leads an origin to speak HTTP/2 past the edge" {
	seen=$(public_get "http://$LAB/headers" --http2)
	grep -qix "host: $LAB" <<<"$seen"
	refute grep -qi '^upgrade:\|http2-settings\|^connection: .*upgrade' <<<"$seen"
}

@test "no visitor makes a tunnel through the edge with CONNECT" {
	printf 'CONNECT %s:80 HTTP/1.1\r\nHost: %s\r\n\r\nGET /headers HTTP/1.1\r\nHost: %s\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n' \
		"$LAB" "$LAB" "$LAB" | socat -t 5 - TCP:127.0.0.1:80,shut-none | tr -d '\r' >"$BATS_TEST_TMPDIR/got"
	head -n 1 "$BATS_TEST_TMPDIR/got" | grep -q '^HTTP/1.1 501'
	grep -qix 'x-forwarded-for: 127.0.0.1' "$BATS_TEST_TMPDIR/got"
	refute grep -q '6\.6\.6\.6' "$BATS_TEST_TMPDIR/got"
	wait_for 5 grep -q ' CONNECT .* 501 ' "$(tunnel_out lab)"
}

# Its origin reads no GET's body: it takes what it says for the next request.
@test "a GET with a body shares no connection with other visitors, whatever announces it" {
	printf 'GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n' >"$BATS_TEST_TMPDIR/body"
	for url in "http://$LAB/headers" "https://$LAB/headers"; do
		public_get "$url" -X GET --data-binary "@$BATS_TEST_TMPDIR/body" | grep -qix 'connection: close'
		refute grep -qix 'connection: close' < <(public_get "$url")
	done
	public_get "http://$LAB/headers" -X GET --data-binary "@$BATS_TEST_TMPDIR/body" -H 'Transfer-Encoding: chunked' |
		grep -qix 'connection: close'
	nghttp --no-verify-peer --no-content-length -H ':method: GET' -d "$BATS_TEST_TMPDIR/body" "https://$LAB/headers" |
		grep -qix 'connection: close'
	[ "$(public_get "http://$LAB/count?/smuggled")" = 0 ]
}

@test "a request without Host is told so, over HTTP/1.1 and HTTP/1.0" {
	for version in 1.1 1.0; do
		printf 'GET / HTTP/%s\r\nConnection: close\r\n\r\n' "$version" |
			socat -t 5 - TCP:127.0.0.1:80,shut-none | tr -d '\r' >"$BATS_TEST_TMPDIR/got"
		head -n 1 "$BATS_TEST_TMPDIR/got" | grep -q '^HTTP/1.1 400'
		[ "$(tail -n 1 "$BATS_TEST_TMPDIR/got")" = 'A request must say in Host which name it is for.' ]
	done
}

@test "the origin learns who visits, and visitors' own claims are replaced" {
	seen=$(public_get "https://$LAB/headers" -H 'X-Forwarded-For: 6.6.6.6' -H 'X_Forwarded_For: 6.6.6.6' \
		-H 'X-Forwarded-Host: evil' -H 'X-Forwarded-Proto: gopher' -H 'X-Real-IP: 6.6.6.6' -H 'X-Real_IP: 6.6.6.6' \
		-H 'True-Client-IP: 6.6.6.6' -H 'X-Client-Ip: 6.6.6.6' -H 'X-Cluster-Client-IP: 6.6.6.6' \
		-H 'Client-IP: 6.6.6.6' -H 'CF-Connecting-IP: 6.6.6.6' -H 'Fastly-Client-IP: 6.6.6.6' \
		-H 'X-Scheme: gopher' -H 'X-Url-Scheme: gopher' -H 'Front-End-Https: gopher' \
		-H 'Forwarded: for=6.6.6.6' -H 'X-Mysocket-Edge: 1' -H 'Connection: X-Forwarded-For' -H 'X-Custom: stays' --ipv4)
	grep -qix "host: $LAB" <<<"$seen"
	grep -qix 'x-forwarded-for: 127.0.0.1' <<<"$seen"
	grep -qix 'x-forwarded-proto: https' <<<"$seen"
	grep -qix "x-forwarded-host: $LAB" <<<"$seen"
	grep -qix 'x-custom: stays' <<<"$seen"
	refute grep -qi '6\.6\.6\.6\|evil\|gopher\|x-mysocket' <<<"$seen"
	refute grep -qi '^connection: .*x-forwarded' <<<"$seen"
	public_get "http://$LAB/headers" | grep -qix 'x-forwarded-proto: http'
}

@test "a WebSocket echoes over http and https" {
	run /usr/bin/python3 "$root/tests/e2e/websocket.py" "ws://$ECHO/" "wss://$ECHO/" "$SERVICE_STATE/ca.crt"
	[ "$status" = 0 ]
	[ "${lines[0]}" = "ws://$ECHO/: 3 messages echoed" ]
	[ "${lines[1]}" = "wss://$ECHO/: 3 messages echoed" ]
	wait_for 5 grep -q '[^0-9]101[^0-9]' "$(tunnel_out echo)"
}

@test "200 MB arrive intact in both directions" {
	public_get "https://$WEB/large" -o "$BATS_TEST_TMPDIR/down"
	same_file "$ORIGIN/large" "$BATS_TEST_TMPDIR/down"
	[ "$(public_status "https://$WEB/up/large" -T "$ORIGIN/large")" = 201 ]
	same_file "$ORIGIN/large" "$ORIGIN/up/large"
	public_get "http://$WEB/large" -o "$BATS_TEST_TMPDIR/down"
	same_file "$ORIGIN/large" "$BATS_TEST_TMPDIR/down"
	rm -f "$ORIGIN/up/large"
	[ "$(public_status "http://$WEB/up/large" -T "$ORIGIN/large")" = 201 ]
	same_file "$ORIGIN/large" "$ORIGIN/up/large"
}

@test "100 clients at once all get the answer" {
	run h2load -t 1 -n 2000 -c 100 "https://$WEB/page.txt"
	[[ "$output" == *'2000 succeeded, 0 failed, 0 errored, 0 timeout'* ]]
	[[ "$output" == *'2000 2xx'* ]]
	run h2load --h1 -t 1 -n 2000 -c 100 "http://$WEB/page.txt"
	[[ "$output" == *'2000 succeeded, 0 failed, 0 errored, 0 timeout'* ]]
	[[ "$output" == *'2000 2xx'* ]]
}

@test "a GET that the origin does not answer is repeated, a POST never" {
	[ "$(public_status "https://$LAB/hang-up?get")" = 502 ]
	[ "$(public_status "https://$LAB/hang-up?post" -d x)" = 502 ]
	[ "$(public_get "https://$LAB/count?/hang-up?post")" = 1 ]
	[ "$(public_get "https://$LAB/count?/hang-up?get")" -ge 2 ]
}

@test "an origin that is down is a 502 that says so" {
	socket_make nobody
	tunnel_up nobody 8009
	run public_get "https://$DNSNAME/" -i
	[[ "$output" == 'HTTP/2 502'* ]]
	[[ "${output,,}" == *$'\nretry-after: '* ]]
	[[ "$output" == *'Nothing answers behind this tunnel'* ]]
	tunnel_down nobody
}

@test "a visitor who leaves without an answer is not waited for: the origin learns it, and the log says 499" {
	local gone="$BATS_TEST_TMPDIR/gone" url
	socat TCP-LISTEN:8010,bind=127.0.0.1,fork,reuseaddr SYSTEM:"read -r line; cat >/dev/null; echo \$line >>$gone" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local waits=$!
	wait_for 10 listening 8010
	socket_make waits
	tunnel_up waits 8010
	for url in "http://$DNSNAME/?h1" "https://$DNSNAME/?h2"; do
		[ "$(public_status "$url&get" --max-time 1)" = 000 ]
		[ "$(public_status "$url&post" --max-time 1 -d x)" = 000 ]
	done
	wait_for 10 eval '[ "$(grep -c "/?h[12]&" "$gone")" = 4 ]' # mysocket-node asks as well, what is wrong
	wait_for 5 eval '[ "$(grep -c "  *499  *0  *[0-9.]*m\{0,1\}s  *-$" "$(tunnel_out waits)")" = 4 ]'
	tunnel_down waits
	kill "$waits"
}

@test "an unknown name is a 404 page, as HTML or plain text" {
	run public_get "https://no-such-name-1.$DOMAIN/x?y" -i -H 'Accept: text/html,*/*'
	[[ "$output" == 'HTTP/2 404'* ]]
	[[ "${output,,}" == *'content-type: text/html'* ]]
	[[ "${output,,}" == *'<!doctype html>'* ]]
	run public_get "http://no-such-name-1.$DOMAIN/" -i -H 'Accept: text/plain'
	[[ "$output" == 'HTTP/1.1 404'* ]]
	[[ "${output,,}" == *'content-type: text/plain'* ]]
	[[ "${output,,}" != *'<'* ]]
}

@test "a name whose tunnel is offline is a 503 with Retry-After" {
	socket_make offline
	run public_get "https://$DNSNAME/" -i -H 'Accept: text/html'
	[[ "$output" == 'HTTP/2 503'* ]]
	[[ "${output,,}" == *$'\nretry-after: '[0-9]* ]]
	[[ "${output,,}" == *'<!doctype html>'* ]]
	run public_get "http://$DNSNAME/" -i
	[[ "$output" == 'HTTP/1.1 503'* ]]
	[[ "${output,,}" == *'content-type: text/plain'* ]]
	# A webhook with a body larger than the API would take is told the same.
	[ "$(head -c 900K /dev/zero | public_status "https://$DNSNAME/hook" --data-binary @-)" = 503 ]
}

@test "a deleted socket's name is a 404, and its session ends" {
	socket_make gone
	tunnel_up gone 8000
	[ "$(public_get "https://$DNSNAME/page.txt")" = 'the bytes of the origin' ]
	api DELETE "/socket/$SOCKET_ID"
	wait_for 5 eval '[ "$(public_status "https://$DNSNAME/page.txt")" = 404 ]'
	wait_for 5 eval '! kill -0 "$(tunnel_pid gone)" 2>/dev/null'
	grep -q 'mysocket: .*\[deleted\]' "$(tunnel_out gone)"
}

@test "with the API away tunnels go on, and other names are a 503 page" {
	service_stop api
	[ "$(public_get "https://$WEB/page.txt")" = 'the bytes of the origin' ]
	run public_get "https://no-such-name-1.$DOMAIN/" -i
	[[ "$output" == 'HTTP/2 503'* ]]
	[[ "${output,,}" == *$'\nretry-after: '[0-9]* ]]
	run public_get "$API_URL/healthz" -i
	[[ "$output" == 'HTTP/2 503'* ]]
	[[ "$output" == *'"error_message"'* ]]
	service_start api
	[ "$(public_status "$API_URL/healthz")" = 200 ]
}

@test "the nodes' side of the API is not public" {
	for path in /node/feed //node/feed /NODE/feed /%6eode/feed /x/../node/feed /api/v1/node/feed /edge/unavailable; do
		[ "$(public_status "$API_URL$path" --path-as-is -H 'X-Mysocket-Edge: 1' \
			-H "Authorization: Bearer $(cat /etc/mysocket/node.secret)")" = 404 ]
	done
}

@test "HAProxy killed and started again gets the routes back" {
	kill -KILL "$(service_pid edge)"
	wait_for 5 eval '! listening 443'
	service_start edge
	wait_for 5 eval '[ "$(public_get "https://$WEB/page.txt")" = "the bytes of the origin" ]'
}
