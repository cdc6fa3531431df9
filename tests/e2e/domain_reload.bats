#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# bats file_tags=timed
# shellcheck disable=SC2034,SC2154 # reload.bash reads VISITORS and RELOADS, service.bash EDGE_MAY_SAY; that sets root
# Certificates of users' own host names across reloads and starts of HAProxy: no visitor is shown another one by a reload.

load service
load domain
load reload

FOLDER=/run/mysocket/certificates
EDGE_MAY_SAY="web\.example\.com\.pem|in section 'frontend' : *$|found in configuration|Loading failure" # a certificate is spoilt on purpose

setup_file() {
	zone_up
	service_up "dns_server = 127.0.0.1:5353"
	account_make alice
	cat >"$BATS_FILE_TMPDIR/origin.cfg" <<-TEXT
		defaults
			mode http
			timeout client 60s
		frontend web
			bind 127.0.0.1:8001
			http-request return status 200 content-type text/plain string hello
	TEXT
	haproxy -db -f "$BATS_FILE_TMPDIR/origin.cfg" </dev/null >/dev/null 2>&1 3>&- &
	wait_for 10 listening 8001
	socket_make web
	tunnel_up web 8001
	export WEB=$DNSNAME WEB_ID=$SOCKET_ID
	socket_make secure '"socket_type": "tls"'
	tunnel_up secure 8001
	export TLS=$DNSNAME TLS_ID=$SOCKET_ID PORT=${URL##*:}
	SERVICES=$(shown "api.$DOMAIN")
	export SERVICES
}

teardown_file() {
	zone_down
	service_down
}

setup() {
	VISITORS=()
	AT=$BATS_TEST_TMPDIR
	own web.example.com "$WEB_ID" "$WEB"
	own tls.example.com "$TLS_ID" "$TLS"
	certify web.example.com "$AT/web"
	certify tls.example.com "$AT/tls"
	wait_for 10 both_are_kept
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	visitors_end
	service_alive node || service_start node
	api DELETE /domain/web.example.com >/dev/null || true
	api DELETE /domain/tls.example.com >/dev/null || true
}

# Claimed, proven, and led to that socket.
own() { # domain socket its-public-name
	api POST /domain "{\"domain\": \"$1\", \"socket_id\": \"$2\"}" >/dev/null
	echo "$1 CNAME $3" >>"$ZONE"
	api POST "/domain/$1/check" '{}' >/dev/null
}

certify() { # domain file; makes FILE.crt and FILE.key unless they are there
	[ -e "$2.crt" ] || certificate "$2" "$1"
	api PUT "/domain/$1/certificate" \
		"$(jq -n --rawfile c "$2.crt" --rawfile k "$2.key" '{certificate: $c, key: $k}')" >/dev/null
}

both_are_shown() {
	shows_certificate web.example.com "$AT/web.crt" && shows_certificate tls.example.com "$AT/tls.crt" "$PORT"
}

is_listed() { # domain
	grep -q "/$1.pem $1\$" "$FOLDER/list" && grep -q "^$1 " "$FOLDER/map"
}

is_not_listed() { # domain
	if grep -q "$1" "$FOLDER/list" "$FOLDER/map"; then
		return 1
	fi
}

is_filed() { # domain file.crt
	[ "$(openssl x509 -noout -fingerprint -in "$FOLDER/$1.pem")" = "$(openssl x509 -noout -fingerprint -in "$2")" ]
}

both_are_kept() {
	is_listed web.example.com && is_listed tls.example.com && is_filed web.example.com "$AT/web.crt" &&
		is_filed tls.example.com "$AT/tls.crt" && both_are_shown
}

# Connections, each with a handshake of its own, in which that certificate is shown and no other.
visits() { # url file.crt
	local host=${1#https://}
	host=${host%%[:/]*}
	curl -s --http1.1 --no-sessionid -H 'Connection: close' --max-time 60 --cacert "$2" -o /dev/null -w '%{http_code}\n' \
		--resolve "$host:443:127.0.0.1" --resolve "$host:$PORT:127.0.0.1" --rate 50/s "$1?[1-20]"
}

# Handshakes alone.
looks() { # host fingerprint [port]
	shows "$@" && echo 200 || echo another
}

# As fast as they can.
visitors_of_both() {
	local i
	for i in 1 2 3; do
		visitor "https-$i" visits https://web.example.com/ "$AT/web.crt"
		visitor "tls-$i" visits "https://tls.example.com:$PORT/" "$AT/tls.crt"
	done
	visitor look looks web.example.com "$(openssl x509 -noout -fingerprint -in "$AT/web.crt")"
}

@test "no visitor of an own name is shown another certificate while HAProxy is reloaded" {
	visitors_of_both
	RELOADS=10
	visit_during_reloads 100
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
	[ "$(edge_says "show map $FOLDER/map" | grep -c example)" = 2 ]
}

@test "keys are in files of mysocket's alone" {
	[ "$(stat -c '%a %U' "$FOLDER")" = '700 mysocket' ]
	[ "$(find "$FOLDER" -type f -not -perm 600)" = '' ]
	[ "$(find "$FOLDER" -type f -not -user mysocket)" = '' ]
	grep -q 'PRIVATE KEY' "$FOLDER/web.example.com.pem"
	[ "$(stat -f -c %T "$FOLDER")" = tmpfs ]
	refute setpriv --reuid haproxy --regid haproxy --clear-groups cat "$FOLDER/web.example.com.pem"
	refute setpriv --reuid mysocket-tunnel --regid mysocket-tunnel --clear-groups ls "$FOLDER"
}

@test "a certificate that was replaced is the one after a reload" {
	local before
	before=$AT/web.crt
	certificate "$AT/new" web.example.com
	certify web.example.com "$AT/new"
	wait_for 5 shows_certificate web.example.com "$AT/new.crt"
	cp "$AT/new.crt" "$before"
	visitors_of_both
	RELOADS=3
	visit_during_reloads 50
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
}

@test "after a name is removed, a reload shows the service's own certificate" {
	api DELETE /domain/web.example.com >/dev/null
	wait_for 5 shows web.example.com "$SERVICES"
	wait_for 5 is_not_listed web.example.com
	visitor gone looks web.example.com "$SERVICES"
	visitor there visits "https://tls.example.com:$PORT/" "$AT/tls.crt"
	RELOADS=3
	visit_during_reloads 20
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
}

@test "a node that was started again, and one that was killed, know what is there" {
	visitors_of_both
	wait_for 10 all_came
	service_stop node
	service_start node
	reload
	kill -9 "$(service_pid node)"
	service_start node
	RELOADS=2
	visit_during_reloads 50
	# Also what they are to remove.
	service_stop node
	api DELETE /domain/web.example.com >/dev/null
	service_start node
	wait_for 10 is_not_listed web.example.com
	wait_for 5 shows web.example.com "$SERVICES"
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
}

tls_visit() { # host
	curl -sk --max-time 60 --resolve "$1:$PORT:127.0.0.1" "https://$1:$PORT/"
}

# Its peers know all by then: it hands its routes on.
runs_for() { # seconds
	[ "$(edge_says 'show info' | sed -n 's/^Uptime_sec: //p')" -ge "$1" ]
}

another_worker_is_there() { # than
	[ "$(worker)" != "$1" ]
}

@test "without a node, a reload shows certificates too, but no port speaks for another's name" {
	local before
	service_stop edge
	service_start edge
	wait_for 10 both_are_kept
	wait_for 10 runs_for 6
	before=$(worker)
	service_stop node
	kill -USR2 "$(service_pid edge)"
	wait_for 10 another_worker_is_there "$before"
	both_are_shown
	# Once they have waited for mysocket-node.
	[ "$(curl -sk --max-time 60 "https://127.0.0.1:$PORT/")" = hello ]
	refute tls_visit web.example.com
	refute tls_visit tls.example.com
	service_start node
	wait_for 10 tls_visit tls.example.com
	both_are_shown
}

crash() {
	kill -9 "$(service_pid edge)" $(pgrep -P "$(service_pid edge)")
	wait_for 5 eval '! listening 443'
}

@test "a start after a crash begins without them, whatever is in their files, and gets them again" {
	service_stop node
	crash
	echo garbage >"$FOLDER/web.example.com.pem"
	printf '%s\n' "$FOLDER/web.example.com.pem web.example.com" "$FOLDER/nobody.pem a b [c" >"$FOLDER/list"
	echo '../../../etc/passwd x/1' >>"$FOLDER/map"
	service_start edge
	shows web.example.com "$SERVICES"
	[ "$(cat "$FOLDER/list" "$FOLDER/map")" = '' ]
	service_start node
	wait_for 10 both_are_kept
	# With the node there all the time.
	crash
	service_start edge
	wait_for 10 both_are_kept
	refute grep 'HAProxy.* says' "$SERVICE_STATE/log/node.log"
}

edge_complains() {
	[ "$(grep -c 'Loading failure' "$SERVICE_STATE/log/edge.log")" -gt "$1" ]
}

@test "a reload that a certificate prevents leaves the old process at work; the manual says what helps" {
	local before remedy failures
	before=$(worker)
	echo garbage >"$FOLDER/web.example.com.pem"
	failures=$(grep -c 'Loading failure' "$SERVICE_STATE/log/edge.log" || true)
	kill -USR2 "$(service_pid edge)"
	wait_for 10 edge_complains "$failures"
	grep -q 'ALERT.*web.example.com.pem' "$SERVICE_STATE/log/edge.log"
	[ "$(worker)" = "$before" ]
	both_are_shown
	visits https://web.example.com/ "$AT/web.crt" | grep -q 200
	remedy=$(man -l "$root/man/mysocket-node.8" | grep -o 'truncate .*')
	eval "$remedy"
	reload
	wait_for 10 both_are_kept
}

# With a chain that HAProxy does not take: its authority's key has 1,024 bits.
weak() { # file name
	openssl req -x509 -newkey rsa:1024 -nodes -subj /CN=weak-ca -days 5 -keyout "$1.ca.key" -out "$1.ca.crt" 2>/dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=weak -keyout "$1.key" -out "$1.csr" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA "$1.ca.crt" -CAkey "$1.ca.key" -CAcreateserial -days 5 -out "$1.leaf" \
		-extfile <(echo "subjectAltName = DNS:$2") 2>/dev/null
	cat "$1.leaf" "$1.ca.crt" >"$1.crt"
}

node_was_told() { # what, more often than
	[ "$(grep -c "$1" "$SERVICE_STATE/log/node.log")" -gt "$2" ]
}

@test "what HAProxy refuses gets into no list, and a better one takes its place" {
	local told
	weak "$AT/weak" web.example.com
	certify web.example.com "$AT/weak"
	wait_for 5 node_was_told "'web.example.com': HAProxy says.*into SSL Context" 0
	reload
	both_are_kept
	# The first one of a name.
	api DELETE /domain/web.example.com >/dev/null
	wait_for 5 is_not_listed web.example.com
	own web.example.com "$WEB_ID" "$WEB"
	told=$(grep -c 'HAProxy says.*into SSL Context' "$SERVICE_STATE/log/node.log")
	certify web.example.com "$AT/weak"
	wait_for 5 node_was_told "'web.example.com': HAProxy says.*into SSL Context" "$told"
	is_not_listed web.example.com
	reload
	shows web.example.com "$SERVICES"
	certify web.example.com "$AT/web"
	wait_for 5 both_are_kept
	reload
	both_are_kept
}
