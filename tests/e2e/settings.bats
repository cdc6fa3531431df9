# SPDX-License-Identifier: ISC
# What the owner of a socket may set: who is served, how often, and what the origin gets. Each takes effect within a
# second, while the tunnel is connected, and none is forgotten by a program that starts anew.

load service

setup_file() {
	dns_up
	service_up "dns_server = 127.0.0.1:5353"
	account_make alice
	/usr/bin/python3 "$root/tests/e2e/lab.py" 8001 8002 </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8001
	wait_for 10 listening 8002
	nginx_up
	origin_bytes 9001
	socket_make web
	tunnel_up web 8001
	export WEB=$DNSNAME WEB_ID=$SOCKET_ID
	socket_make secure '"socket_type": "https"'
	tunnel_up secure 8001
	export SECURE=$DNSNAME SECURE_ID=$SOCKET_ID
	socket_make bytes '"socket_type": "tcp"'
	tunnel_up bytes 9001
	export BYTES_PORT=${URL##*:} BYTES_ID=$SOCKET_ID
	socket_make sealed '"socket_type": "tls"'
	tunnel_up sealed 9001
	export SEALED=$DNSNAME:${URL##*:} SEALED_ID=$SOCKET_ID
}

teardown_file() {
	service_down
}

# A name server that says what is in $ZONE.
dns_up() {
	export ZONE="$BATS_FILE_TMPDIR/zone"
	: >"$ZONE"
	/usr/bin/python3 "$root/tests/e2e/dns.py" 5353 "$ZONE" </dev/null >"$BATS_FILE_TMPDIR/dns.log" 2>&1 3>&- 4>&- &
	wait_for 10 grep -q ready "$BATS_FILE_TMPDIR/dns.log"
}

# An origin on 8003 that wants PROXY protocol, and says whom it heard from.
nginx_up() {
	mkdir -p "$BATS_FILE_TMPDIR/nginx"
	cat >"$BATS_FILE_TMPDIR/nginx/conf" <<-TEXT
		user root;
		pid $BATS_FILE_TMPDIR/nginx/pid;
		error_log $BATS_FILE_TMPDIR/nginx/log;
		events {}
		http {
			access_log off;
			client_body_temp_path $BATS_FILE_TMPDIR/nginx/body;
			server {
				listen 127.0.0.1:8003 proxy_protocol;
				return 200 "\$proxy_protocol_addr \$http_x_forwarded_for \\n";
			}
		}
	TEXT
	nginx -c "$BATS_FILE_TMPDIR/nginx/conf" -g 'daemon off;' </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8003
}

# Says the first 28 bytes that it gets, in hex.
origin_bytes() { # port
	printf '#!/bin/sh\nhead -c 28 | od -An -v -tx1 | tr -d " \\n"\n' >"$BATS_FILE_TMPDIR/hex"
	chmod +x "$BATS_FILE_TMPDIR/hex"
	socat "TCP-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr" "EXEC:$BATS_FILE_TMPDIR/hex" \
		</dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening "$1"
}

change() { # socket_id members
	api PATCH "/socket/$1" "{$2}"
}

# The address under which visitors come who call themselves so.
from() { # address url [option...]
	local address=$1 url=$2
	shift 2
	public_status "$url" --interface "$address" "$@"
}

# Within a second the command prints that.
becomes() { # text command...
	wait_for 5 prints "$@" || { echo "it is $("${@:2}"), not $1"; return 1; }
}

prints() { # text command...
	[ "$("${@:2}")" = "$1" ]
}

@test "an http socket serves both ports, an https socket leads from http to https" {
	[ "$(public_status "http://$WEB/headers")" = 200 ]
	[ "$(public_status "https://$WEB/headers")" = 200 ]
	[ "$(public_status "https://$SECURE/headers")" = 200 ]
	[ "$(public_get "http://$SECURE/a/b?c=d&e=%20f" -o /dev/null -w '%{http_code} %{redirect_url}')" = \
		"308 https://$SECURE/a/b?c=d&e=%20f" ]
	[ "$(public_get "http://$SECURE/x" -d body -o /dev/null -w '%{http_code} %{redirect_url}')" = "308 https://$SECURE/x" ]
	[ "$(public_get "http://127.0.0.1/x" -H "Host: ${SECURE^^}.:80" -o /dev/null -w '%{http_code} %{redirect_url}')" = \
		"308 https://$SECURE/x" ]
	[ "$(public_status "http://$SECURE/" -H 'Connection: Upgrade' -H 'Upgrade: websocket' -H 'Sec-WebSocket-Version: 13' \
		-H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==')" = 308 ]
	[ "$(public_get "http://$SECURE/headers" -L -o /dev/null -w '%{http_code} %{num_redirects}')" = '200 1' ]
}

@test "client networks: allowed ones only, denied ones never, with a page and a line in the log" {
	change "$WEB_ID" '"allowed_networks": ["127.0.0.0/30", "127.1.0.0/16"], "denied_networks": ["127.0.0.2"]'
	becomes 403 from 127.0.0.4 "http://$WEB/headers"
	[ "$(from 127.0.0.1 "http://$WEB/headers")" = 200 ]
	[ "$(from 127.0.0.2 "http://$WEB/headers")" = 403 ]
	[ "$(from 127.0.0.3 "https://$WEB/headers")" = 200 ]
	[ "$(from 127.1.2.3 "http://$WEB/headers")" = 200 ]
	[ "$(from 127.2.2.3 "http://$WEB/headers")" = 403 ]
	run public_get "https://$WEB/refused" --interface 127.2.2.3 -i -H 'Accept: text/html'
	[[ "$output" == 'HTTP/2 403'*'Not from your address'* ]]
	run public_get "http://$WEB/refused" --interface 127.2.2.3 -i
	[[ "$output" == 'HTTP/1.1 403'*'text/plain'*'not admitted here'* ]]
	wait_for 5 grep -Eq ' 127\.2\.2\.3 +GET +/refused +403 ' "$(tunnel_out web)"
	# An X-Forwarded-For of their own does not help.
	[ "$(from 127.2.2.3 "http://$WEB/headers" -H 'X-Forwarded-For: 127.0.0.1')" = 403 ]
}

@test "client networks of IPv6" {
	change "$WEB_ID" '"allowed_networks": ["::/127", "127.0.0.1"], "denied_networks": []'
	becomes 200 public_status "http://[::1]/headers" -H "Host: $WEB"
	change "$WEB_ID" '"allowed_networks": ["2001:db8::/32", "127.0.0.1"]'
	becomes 403 public_status "http://[::1]/headers" -H "Host: $WEB"
	change "$WEB_ID" '"allowed_networks": [], "denied_networks": ["fe80::/10", "::/120"]'
	becomes 200 from 127.7.7.7 "http://$WEB/headers"
	[ "$(public_status "http://[::1]/headers" -H "Host: $WEB")" = 403 ]
	change "$WEB_ID" '"denied_networks": null'
	becomes 200 public_status "http://[::1]/headers" -H "Host: $WEB"
}

# What a tcp socket's origin says to a visitor from that address.
bytes_from() { # address
	printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' | socat -t 5 - "TCP:127.0.0.1:$BYTES_PORT,bind=$1" 2>/dev/null || true
}

@test "client networks of a tcp socket: others' connections are closed" {
	[ -n "$(bytes_from 127.0.0.1)" ]
	change "$BYTES_ID" '"denied_networks": ["127.3.0.0/16"]'
	becomes '' bytes_from 127.3.3.3
	wait_for 5 grep -Eq ' 127\.3\.3\.3 +TCP +not admitted' "$(tunnel_out bytes)"
	# However many they are: that says nothing about the tunnel.
	local i
	for i in $(seq 30); do
		[ -z "$(bytes_from 127.3.3.3)" ]
	done
	[ -n "$(bytes_from 127.0.0.1)" ]
	refute grep -qi 'left out\|refuses' "$(tunnel_out bytes)"
	change "$BYTES_ID" '"denied_networks": []'
	wait_for 5 eval '[ -n "$(bytes_from 127.3.3.3)" ]'
}

# And a tls socket's.
sealed_from() { # address
	printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' |
		socat -t 5 - "OPENSSL:$SEALED,cafile=$SERVICE_STATE/ca.crt,bind=$1" 2>/dev/null || true
}

@test "client networks of a tls socket: allowed ones only" {
	change "$SEALED_ID" '"allowed_networks": ["127.0.0.1", "127.4.0.0/16"], "denied_networks": ["127.4.4.4"]'
	becomes '' sealed_from 127.0.0.4
	[ -n "$(sealed_from 127.0.0.1)" ]
	[ -n "$(sealed_from 127.4.4.5)" ]
	[ -z "$(sealed_from 127.4.4.4)" ]
	wait_for 5 grep -Eq ' 127\.4\.4\.4 +TLS +not admitted' "$(tunnel_out sealed)"
	refute grep -Eq ' 127\.4\.4\.5 +TLS +not admitted' "$(tunnel_out sealed)"
	change "$SEALED_ID" '"allowed_networks": [], "denied_networks": []'
	wait_for 5 eval '[ -n "$(sealed_from 127.0.0.4)" ]'
}

# So many requests in a row, over one connection: how many were served, refused, and the milliseconds that it took.
rush() { # address requests [curl option...]
	local began=${EPOCHREALTIME/[.,]/}
	public_get "http://$WEB/headers?[1-$2]" --interface "$1" -o /dev/null -w '%{http_code}\n' "${@:3}" \
		>"$BATS_TEST_TMPDIR/rush"
	echo "$(grep -c 200 "$BATS_TEST_TMPDIR/rush") $(grep -c 429 "$BATS_TEST_TMPDIR/rush")" \
		"$(((${EPOCHREALTIME/[.,]/} - began) / 1000))"
}

# Of requests without a pause, a client's first so many are served, and later ones as their second goes by: at 5 per second
# one each 200 ms, and one that may come at either end. (HAProxy's rate is that of a second that slides.)
@test "a rate limit: so many requests in a second are served, more are a 429, and other clients' are not" {
	local served refused ms i
	change "$WEB_ID" '"rate_limit": 5'
	wait_for 5 eval 'edge_cli "show map settings.map" | grep -q " ${WEB%%.*} 5:"'
	for i in 1 2 3; do
		read -r served refused ms < <(rush "127.0.1.$i" 100)
		echo "$served served, $refused refused in $ms ms"
		[ $((served + refused)) = 100 ]
		[ "$served" -ge 5 ]
		[ "$served" -le $((5 + (ms < 1000 ? 0 : (ms - 1000) / 200 + 2))) ]
	done
	# And so for seconds: what is refused does not count.
	read -r served refused ms < <(rush 127.0.1.4 80 --rate 20/s)
	echo "$served served, $refused refused in $ms ms"
	[ "$served" -ge 10 ]
	[ "$served" -le $((5 + (ms < 1000 ? 0 : (ms - 1000) / 200 + 2))) ]
	run public_get "http://$WEB/headers?[1-12]" --interface 127.0.0.10 -i
	[[ "$output" == *'HTTP/1.1 429'*'retry-after: 1'*'Too many requests'* ]]
	[ "$(from 127.0.0.11 "http://$WEB/headers")" = 200 ]
	[ "$(from 127.0.0.9 "https://$SECURE/headers")" = 200 ]
	wait_for 5 eval '[ "$(from 127.0.0.9 "http://$WEB/headers")" = 200 ]'
	change "$WEB_ID" '"rate_limit": 0'
	wait_for 5 eval '! edge_cli "show map settings.map" | grep -q " ${WEB%%.*} "'
	public_get "http://$WEB/headers?[1-20]" --interface 127.0.0.9 -o /dev/null -w '%{http_code}\n' | sort | uniq -c |
		grep -qx ' *20 200'
}

edge_cli() { # command
	socat -t 5 - UNIX-CONNECT:/run/mysocket/edge.sock <<<"$1"
}

seen() { # [curl option...]
	public_get "https://$WEB/headers" "$@"
}

@test "Host, added and removed request headers, for GET and POST" {
	local options=(-H 'X-Secret: visitor' -H 'X-Version: visitor' -H 'X-Version: again' -H 'Accept-Language: de') way
	change "$WEB_ID" '"host_header": "app.local:8080", "remove_request_headers": ["accept-language", "X-Secret"],
		"add_request_headers": [{"name": "X-Version", "value": "a; b \\ \" c"}, {"name": "X-Secret", "value": "edge"}]'
	wait_for 5 eval 'seen | grep -qix "host: app.local:8080"'
	for way in '--http1.1' '--http2' '-d body'; do
		seen $way "${options[@]}" >"$BATS_TEST_TMPDIR/seen"
		grep -qix 'host: app.local:8080' "$BATS_TEST_TMPDIR/seen"
		grep -qix 'x-version: a; b \\ " c' "$BATS_TEST_TMPDIR/seen"
		grep -qix 'x-secret: edge' "$BATS_TEST_TMPDIR/seen"
		grep -qix "x-forwarded-host: $WEB" "$BATS_TEST_TMPDIR/seen"
		refute grep -qi 'visitor\|again\|accept-language' "$BATS_TEST_TMPDIR/seen"
	done
	change "$WEB_ID" '"host_header": "", "remove_request_headers": [], "add_request_headers": []'
	wait_for 5 eval 'seen | grep -qix "host: $WEB"'
	seen "${options[@]}" | grep -qix 'accept-language: de'
}

@test "4 KiB of added headers reach the origin, beside as many of the visitor's and a body" {
	local value names='' i
	value=$(head -c 900 /dev/zero | tr '\0' v)
	for i in 1 2 3 4; do
		names+="${names:+, }{\"name\": \"X-Long-$i\", \"value\": \"$value\"}"
	done
	change "$WEB_ID" "\"add_request_headers\": [$names]"
	wait_for 5 eval 'seen | grep -qi "^x-long-4: $value"'
	head -c 300K /dev/zero >"$BATS_TEST_TMPDIR/body"
	seen -H "X-Visitor: $(head -c 8000 /dev/zero | tr '\0' w)" --data-binary "@$BATS_TEST_TMPDIR/body" >"$BATS_TEST_TMPDIR/seen"
	[ "$(grep -ci '^x-long' "$BATS_TEST_TMPDIR/seen")" = 4 ]
	grep -qi '^x-visitor: wwww' "$BATS_TEST_TMPDIR/seen"
	change "$WEB_ID" '"add_request_headers": null'
}

@test "PROXY protocol to an http origin: each visitor's own address, and no connection of another's" {
	socket_make proxied '"proxy_protocol": true'
	tunnel_up proxied 8003
	local address
	for address in 127.0.0.21 127.0.0.22; do
		for way in '' '-d body'; do
			[[ "$(public_get "http://$DNSNAME/" --interface "$address" $way)" == "$address $address "* ]]
		done
	done
	[[ "$(public_get "http://[::1]/" -H "Host: $DNSNAME")" == '::1 ::1 '* ]]
	(public_get "http://$DNSNAME/?[1-200]" --interface 127.0.0.24 >"$BATS_TEST_TMPDIR/a") 3>&- 4>&- &
	public_get "http://$DNSNAME/?[1-200]" --interface 127.0.0.25 >"$BATS_TEST_TMPDIR/b"
	ended $!
	[ "$(grep -c '^127.0.0.24 127.0.0.24 ' "$BATS_TEST_TMPDIR/a")" = 200 ]
	[ "$(grep -c '^127.0.0.25 127.0.0.25 ' "$BATS_TEST_TMPDIR/b")" = 200 ]
	tunnel_down proxied
}

@test "PROXY protocol to a tcp origin: version 2, with the visitor's address" {
	change "$BYTES_ID" '"proxy_protocol": true'
	# Signature, version 2 PROXY, TCP over IPv4, 12 bytes, source address.
	wait_for 5 eval '[[ "$(bytes_from 127.0.0.31)" == 0d0a0d0a000d0a515549540a2111000c7f00001f* ]]'
	change "$BYTES_ID" '"proxy_protocol": false'
	wait_for 5 eval '[[ "$(bytes_from 127.0.0.31)" == 474554202f* ]]'
}

@test "PROXY protocol to a tls socket's origin: version 2, in front of what the visitor sealed" {
	change "$SEALED_ID" '"proxy_protocol": true'
	wait_for 5 eval '[[ "$(sealed_from 127.0.0.32)" == 0d0a0d0a000d0a515549540a2111000c7f000020* ]]'
	change "$SEALED_ID" '"proxy_protocol": false'
	wait_for 5 eval '[[ "$(sealed_from 127.0.0.32)" == 474554202f* ]]'
}

# A host name of one's own that leads to a socket.
own() { # domain socket-id public-name
	api POST /domain "{\"domain\": \"$1\", \"socket_id\": \"$2\"}"
	echo "$1 CNAME $3" >>"$ZONE"
	api POST "/domain/$1/check" '{}'
	echo "127.0.0.1 $1" >>/etc/hosts
}

@test "a host name of one's own is served on the same terms: password, networks, https, headers, rate" {
	socket_make owned '"protected_socket": true, "protected_username": "alice", "protected_password": "secret",
		"denied_networks": ["127.5.0.0/16"], "add_request_headers": [{"name": "X-Kept", "value": "yes"}]'
	tunnel_up owned 8001
	own app.example.com "$SOCKET_ID" "$DNSNAME"
	own shop.example.com "$SECURE_ID" "$SECURE"
	wait_for 5 eval '[ "$(public_status "http://app.example.com/headers" -u alice:secret)" = 200 ]'
	[ "$(public_status "http://app.example.com/headers")" = 401 ]
	[ "$(public_status "http://app.example.com/headers" -u alice:wrong)" = 401 ]
	[ "$(from 127.5.0.1 "http://app.example.com/headers" -u alice:secret)" = 403 ]
	[ "$(public_status "https://app.example.com/headers" -k -u alice:secret)" = 200 ]
	[ "$(public_status "https://app.example.com/headers" -k)" = 401 ]
	[ "$(from 127.5.0.1 "https://app.example.com/headers" -k -u alice:secret)" = 403 ]
	public_get "http://APP.example.com.:80/headers" --resolve APP.example.com.:80:127.0.0.1 -u alice:secret \
		>"$BATS_TEST_TMPDIR/seen"
	grep -qix 'x-kept: yes' "$BATS_TEST_TMPDIR/seen"
	refute grep -qi authorization "$BATS_TEST_TMPDIR/seen"
	change "$SOCKET_ID" '"host_header": "kept.local", "rate_limit": 5'
	wait_for 5 eval 'public_get "http://app.example.com/headers" -u alice:secret | grep -qix "host: kept.local"'
	# One limit for both names: a client who used it up under one has nothing left under the other.
	local i status=''
	for i in $(seq 20); do
		[ "$status" = 429 ] || status=$(public_get "http://$DNSNAME/headers?last" -u alice:secret -o /dev/null \
			--interface "127.6.0.$i" -w '%{http_code}\n' "http://app.example.com/headers?[1-10]" -o /dev/null | tail -n 1)
	done
	[ "$status" = 429 ]
	wait_for 5 eval '[ "$(public_get "http://shop.example.com/x?y" -o /dev/null -w "%{http_code} %{redirect_url}")" = \
		"308 https://shop.example.com/x?y" ]'
	api DELETE /domain/app.example.com
	api DELETE /domain/shop.example.com
	wait_for 5 eval '[ "$(public_status "http://app.example.com/headers" -u alice:secret)" = 404 ]'
	tunnel_down owned
}

@test "settings outlast a reload and a crash of HAProxy, and a new start of the node" {
	change "$WEB_ID" '"allowed_networks": ["127.0.0.1"], "host_header": "kept.local"'
	change "$SECURE_ID" '"rate_limit": 1000, "add_request_headers": [{"name": "X-Kept", "value": "yes"}]'
	becomes 403 from 127.0.0.2 "http://$WEB/headers"
	local how
	for how in reload crash node; do
		leaks_start
		case $how in
		reload) kill -USR2 "$(service_pid edge)" ;;
		crash) kill -9 "$(service_pid edge)" $(pgrep -P "$(service_pid edge)"); service_start edge ;;
		node) kill -9 "$(service_pid node)"; service_start node ;;
		esac
		wait_for 5 eval '[ "$(from 127.0.0.1 "http://$WEB/headers")" = 200 ]'
		wait_for 5 eval 'seen | grep -qix "host: kept.local"'
		wait_for 5 eval 'public_get "https://$SECURE/headers" | grep -qix "x-kept: yes"'
		[ "$(public_status "http://$SECURE/headers")" = 308 ]
		leaks_end
	done
	change "$WEB_ID" '"allowed_networks": [], "host_header": ""'
	change "$SECURE_ID" '"rate_limit": 0, "add_request_headers": []'
	becomes 200 from 127.0.0.2 "http://$WEB/headers"
	wait_for 5 eval '! edge_cli "show map networks.map" | grep -q "^0x"'
	wait_for 5 eval '! edge_cli "show map settings.map" | grep -q "^0x"'
}

# Somebody from a network that is not allowed tries all the time: nobody but the edge ever answers.
leaks_start() {
	: >"$BATS_TEST_TMPDIR/leaks"
	(while :; do
		from 127.0.0.2 "http://$WEB/headers" || echo none
		echo
	done >>"$BATS_TEST_TMPDIR/leaks" 2>/dev/null) 3>&- 4>&- &
	LEAKS=$!
}

leaks_end() {
	wait_for 5 eval '[ "$(tail -n 1 "$BATS_TEST_TMPDIR/leaks")" = 403 ]'
	kill "$LEAKS"
	ended "$LEAKS" || true
	sort "$BATS_TEST_TMPDIR/leaks" | uniq -c
	refute grep -q 200 "$BATS_TEST_TMPDIR/leaks"
}

@test "a proxy in front that is trusted says who visits, and nobody else does" {
	change "$WEB_ID" '"denied_networks": ["192.0.2.0/24"]'
	service_stop edge
	SERVICE_TRUSTED_PROXIES='127.0.0.40 127.0.0.48/28' service_start edge
	wait_for 5 eval '[ "$(from 127.0.0.1 "http://$WEB/headers")" = 200 ]'
	[ "$(from 127.0.0.40 "http://$WEB/headers" -H 'X-Forwarded-For: 198.51.100.7, 192.0.2.1')" = 403 ]
	[ "$(from 127.0.0.50 "http://$WEB/headers" -H 'X-Forwarded-For: ::ffff:192.0.2.1')" = 403 ]
	[ "$(from 127.0.0.41 "http://$WEB/headers" -H 'X-Forwarded-For: 192.0.2.1')" = 200 ]
	public_get "http://$WEB/headers" --interface 127.0.0.40 -H 'X-Forwarded-For: 192.0.2.1, 203.0.113.9' >"$BATS_TEST_TMPDIR/seen"
	grep -qix 'x-forwarded-for: 203.0.113.9' "$BATS_TEST_TMPDIR/seen"
	wait_for 5 grep -Eq ' 203\.0\.113\.9 +GET +/headers ' "$(tunnel_out web)"
	public_get "http://$WEB/headers" --interface 127.0.0.41 -H 'X-Forwarded-For: 203.0.113.9' |
		grep -qix 'x-forwarded-for: 127.0.0.41'
	# It may be the one that ends TLS.
	[ "$(from 127.0.0.40 "http://$SECURE/headers" -H 'X-Forwarded-For: 203.0.113.9' -H 'X-Forwarded-Proto: https')" = 200 ]
	[ "$(from 127.0.0.41 "http://$SECURE/headers" -H 'X-Forwarded-Proto: https')" = 308 ]
	change "$WEB_ID" '"denied_networks": []'
}
