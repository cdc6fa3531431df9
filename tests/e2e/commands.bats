# SPDX-License-Identifier: ISC
# What a login may ask for over plain ssh instead of a tunnel: who, log, kick, doctor, help; and nothing else.

load service
load sshd

setup_file() {
	export ZONE="$BATS_FILE_TMPDIR/zone"
	: >"$ZONE"
	/usr/bin/python3 "$BATS_TEST_DIRNAME/dns.py" 5353 "$ZONE" </dev/null >"$BATS_FILE_TMPDIR/dns.log" 2>&1 3>&- 4>&- &
	wait_for 10 grep -q ready "$BATS_FILE_TMPDIR/dns.log"
	service_up "dns_server = 127.0.0.1:5353"
	account_make bob
	socket_make bobs
	export BOB_USER=$ACCOUNT_USER
	tunnel_up bob 8000
	account_make alice
	socket_make web
	page_up
}

teardown_file() {
	service_down
}

teardown() {
	clients_end
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	wait_for 5 nobody
}

ask() { # word...
	client -- "$*"
}

# In the background, its output in "$BATS_TEST_TMPDIR/TAG".
ask_start() { # tag word...
	local options tag=$1
	shift
	mapfile -t options < <(client_options)
	: >"$BATS_TEST_TMPDIR/$tag"
	# shellcheck disable=SC2029 # it is the far end's to understand
	ssh "${options[@]}" "$SSH_TARGET" "$*" </dev/null >"$BATS_TEST_TMPDIR/$tag" 2>&1 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/$tag.pid"
}

nobody() {
	ask who | grep -q 'nobody holds a tunnel'
}

first_up() {
	client_start first -T -R "$RELAY:127.0.0.1:8000"
	shows first '^Logs'
}

# The number of the first session in that state.
session_of() { # state
	ask who | awk -v state="$1" '$2 == state { print $1; exit }'
}

@test "who: holder and standby, from where, since when, requests, and no other account's" {
	first_up
	[ "$(public_get "$URL/page?[1-3]" -o /dev/null -w '%{http_code} ')" = '200 200 200 ' ]
	client_start second -T -R "$RELAY:127.0.0.1:8000"
	shows second '^Logs'
	public_get "$URL/page" >/dev/null
	wait_for 5 eval "ask who | grep -Eq '^[0-9]+ +current +127\.0\.0\.1 +20[-0-9]+ [0-9:]+ +1  web - $URL$'"
	run ask who
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 3 ]
	[[ ${lines[0]} == session*state*client*since*requests*tunnel ]]
	grep -Eq "^[0-9]+ +standby +127\.0\.0\.1 +20[-0-9]+ [0-9:]+ +3  web - $URL$" <<<"$output"
	[[ $output != *bobs* ]]
}

@test "log: requests of all tunnels as they come, as text and as JSON" {
	first_up
	ask_start text log
	ask_start json log --json
	wait_for 5 eval "grep -c \"answer 'command'\" $SERVICE_STATE/log/node.log | grep -q '[2-9]'"
	sought() { public_get "$URL/page?a\"b" -o /dev/null; grep -qs 'page?a' "$BATS_TEST_TMPDIR/$1"; }
	wait_for 5 sought text
	wait_for 5 sought json
	shows text " GET  *${DNSNAME%%.*}/page?a"
	run /usr/bin/python3 - "$BATS_TEST_TMPDIR/json" <<-'PYTHON'
		import json, sys
		for line in open(sys.argv[1]):
		    o = json.loads(line)
		    print(*o.keys())
		    print(o["method"], o["path"], o["status"], o["bytes"] > 0, o["name"], o["client"])
	PYTHON
	echo "$output"
	[ "${lines[0]}" = 'at name url client method path status bytes total_ms origin_ms' ]
	[ "${lines[1]}" = 'GET /page?a"b 200 True web 127.0.0.1' ]
}

# What `log --json` said of the current socket's last connection.
logged() { # jq filter
	jq -c "select(.url == \"$URL\") | $1" "$BATS_TEST_TMPDIR/json" | tail -n 1
}

lines_are() { # count
	[ "$(wc -l <"$BATS_TEST_TMPDIR/json")" = "$1" ]
}

# Twenty lines there and back; `took` is then how long the connection was open, in milliseconds: at least, and at most.
talk() { # port lines-logged-by-then
	local i began opened line
	began=${EPOCHREALTIME/[.,]/}
	exec {talk}<>"/dev/tcp/127.0.0.1/$1"
	opened=${EPOCHREALTIME/[.,]/}
	for i in $(seq 20); do
		echo hello >&"$talk"
		read -r -t 30 line <&"$talk"
		[ "$line" = hello ]
	done
	took=$(((${EPOCHREALTIME/[.,]/} - opened) / 1000))
	exec {talk}>&-
	wait_for 5 lines_are "$2"
	took+=" $(((${EPOCHREALTIME/[.,]/} - began) / 1000 + 1))"
}

@test "log --json of tcp and tls connections: who, how long, bytes of both ways, and why they ended" {
	local origin took
	socat TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr EXEC:cat </dev/null >/dev/null 2>&1 3>&- 4>&- &
	origin=$!
	wait_for 10 listening 9001
	ask_start json log --json
	wait_for 5 eval 'pgrep -x mysocket-sessio >/dev/null'
	socket_make raw '"socket_type": "tcp"'
	client_start raw -T -R "$RELAY:127.0.0.1:9001"
	shows raw '^Logs'
	talk "${URL##*:}" 1
	cat "$BATS_TEST_TMPDIR/json"
	[ "$(logged '[.name, .client, .method, .path, .status, .bytes, .origin_ms, .end]')" = \
		'["raw","127.0.0.1","TCP","",0,240,-1,"closed"]' ]
	echo "open for $took ms"
	[ "$(logged .total_ms)" -ge "${took% *}" ]
	[ "$(logged .total_ms)" -le "${took#* }" ]
	[ $((${EPOCHREALTIME%[.,]*} - $(logged .at) / 1000)) -le 60 ]
	api PATCH "/socket/$SOCKET_ID" '{"denied_networks": ["127.0.0.3"]}' >/dev/null
	refused() { [ -z "$(echo hello | socat -t 5 - "TCP:127.0.0.1:${URL##*:},bind=127.0.0.3")" ]; }
	wait_for 5 refused
	wait_for 5 eval '[ "$(logged "[.client, .end]")" = "[\"127.0.0.3\",\"not admitted\"]" ]'
	api DELETE "/socket/$SOCKET_ID" # `doctor` would miss its tunnel later
	socket_make sealed '"socket_type": "tls"'
	client_start sealed -T -R "$RELAY:127.0.0.1:9001"
	shows sealed '^Logs'
	[ "$(echo hello | socat -t 5 - "OPENSSL:$DNSNAME:${URL##*:},cafile=$SERVICE_STATE/ca.crt,bind=127.0.0.4")" = hello ]
	wait_for 5 eval '[ "$(logged "[.name, .client, .method, .path, .status, .bytes, .origin_ms, .end]")" = \
		"[\"sealed\",\"127.0.0.4\",\"TLS\",\"\",0,12,-1,\"closed\"]" ]'
	jq -e 'keys_unsorted == ["at", "name", "url", "client", "method", "path", "status", "bytes", "total_ms",
		"origin_ms", "end"]' "$BATS_TEST_TMPDIR/json"
	api DELETE "/socket/$SOCKET_ID"
	kill "$origin"
}

@test "kick: another session of one's own ends, and its user is told why" {
	local number
	first_up
	number=$(session_of current)
	run ask kick "$number"
	[ "$status" -eq 0 ]
	[ "$output" = 'mysocket: it was ended' ]
	wait_for 5 gone "$(client_pid first)"
	shows first '^mysocket: another login of your account ended this session.*\[kicked\]'
}

@test "kick: no other account's session, and none that is not there" {
	local bobs
	bobs=$(ACCOUNT="$SERVICE_STATE/users/bob" ACCOUNT_USER=$BOB_USER session_of current)
	[ -n "$bobs" ]
	for number in "$bobs" 1 4294967295; do
		run ask kick "$number"
		[ "$status" -eq 1 ]
		[[ $output == *'no such session'* ]]
	done
	kill -0 "$(tunnel_pid bob)"
}

@test "doctor: all is well, and what to do where it is not" {
	first_up
	run ask doctor
	echo "$output"
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "web - $URL" ]
	[[ ${lines[1]} == "  ok   dns "*"$DNSNAME leads to this server"* ]]
	[[ ${lines[2]} == "  ok   certificate covers $DNSNAME until 20"* ]]
	[[ ${lines[3]} =~ ^'  ok   tunnel      held by session '[0-9]+' from 127.0.0.1'$ ]]
	[ "${lines[4]}" = '  ok   origin      answers' ]
	[ "${lines[5]}" = 'mysocket: all is well' ]
	client_end first
	wait_for 5 nobody
	client_start dead -T -R "$RELAY:127.0.0.1:8999"
	shows dead '^Logs'
	run ask doctor
	[ "$status" -eq 1 ]
	[[ ${lines[4]} == '  FAIL origin '*'is anything listening'* ]]
	client_end dead
	run ask doctor
	[ "$status" -eq 1 ]
	[[ ${lines[3]} == '  FAIL tunnel '*"ssh -R $RELAY:127.0.0.1:"* ]]
}

@test "doctor: a name that leads elsewhere, and one that leads nowhere" {
	first_up
	cp /etc/hosts "$BATS_TEST_TMPDIR/hosts"
	sed "s/^127.0.0.1 $DNSNAME\$/127.0.0.9 $DNSNAME/" "$BATS_TEST_TMPDIR/hosts" >/etc/hosts
	run ask doctor
	cat "$BATS_TEST_TMPDIR/hosts" >/etc/hosts
	echo "$output"
	[ "$status" -eq 1 ]
	[[ ${lines[1]} == '  FAIL dns '*'is at 127.0.0.9, but this server at '* ]]
	[[ ${lines[2]} == '  ok   tunnel '* ]]
}

@test "doctor: where a host name of one's own leads is not looked at, unless it is this server" {
	local inside
	first_up
	socat -u "TCP-LISTEN:443,bind=127.0.0.9,reuseport,fork" "CREATE:$BATS_TEST_TMPDIR/visited" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	inside=$!
	wait_for 10 listening 443 127.0.0.9
	api POST /domain "{\"domain\": \"in.example.com\", \"socket_id\": \"$SOCKET_ID\"}"
	echo "in.example.com CNAME $DNSNAME" >"$ZONE"
	echo '127.0.0.9 in.example.com' >>/etc/hosts
	api POST /domain/in.example.com/check '{}'
	wait_for 10 doctor_says "^  FAIL dns  *in.example.com is at 127.0.0.9, but this server at .*: make it a CNAME of $DNSNAME$"
	kill "$inside"
	[ ! -e "$BATS_TEST_TMPDIR/visited" ]
	[ "$(grep -c certificate "$BATS_TEST_TMPDIR/doctor")" = 1 ]
	api DELETE /domain/in.example.com
}

@test "doctor: names below localhost need no DNS" {
	first_up
	cp /etc/hosts "$BATS_TEST_TMPDIR/hosts"
	grep -v "$DNSNAME" "$BATS_TEST_TMPDIR/hosts" >/etc/hosts
	run ask doctor
	cat "$BATS_TEST_TMPDIR/hosts" >/etc/hosts
	echo "$output"
	[[ ${lines[1]} == '  ok   dns '* ]]
}

doctor_says() { # pattern
	ask doctor | tee "$BATS_TEST_TMPDIR/doctor" | grep -q -- "$1"
}

@test "doctor: a host name of one's own, without an address and without a certificate" {
	first_up
	api POST /domain "{\"domain\": \"app.example.com\", \"socket_id\": \"$SOCKET_ID\"}"
	echo "app.example.com CNAME $DNSNAME" >"$ZONE"
	api POST /domain/app.example.com/check '{}'
	wait_for 10 doctor_says "^  FAIL dns  *app.example.com has no address (.*): make it a CNAME of $DNSNAME$"
	echo '127.0.0.1 app.example.com' >>/etc/hosts
	wait_for 30 doctor_says '^  ok   dns  *app.example.com leads to this server'
	grep -q '^  FAIL certificate does not name app.example.com: .*mysocketctl domain certify' "$BATS_TEST_TMPDIR/doctor"
	grep -q "^  ok   certificate covers $DNSNAME until" "$BATS_TEST_TMPDIR/doctor"
	api DELETE /domain/app.example.com
}

@test "doctor: a tls socket's port and the certificate that it shows for each name" {
	local web=$RELAY
	first_up
	socket_make bytes '"socket_type": "tls"'
	RELAY=$web
	api POST /domain "{\"domain\": \"tls.example.com\", \"socket_id\": \"$SOCKET_ID\"}"
	echo "tls.example.com CNAME $DNSNAME" >"$ZONE"
	echo '127.0.0.1 tls.example.com' >>/etc/hosts
	api POST /domain/tls.example.com/check '{}'
	wait_for 10 doctor_says '^  FAIL certificate does not name tls.example.com: .*mysocketctl domain certify'
	grep -q "^  ok   certificate covers $DNSNAME until" "$BATS_TEST_TMPDIR/doctor"
	# An edge that does not serve these ports.
	service_stop edge
	SERVICE_TLS_PORTS=31000-31001 service_start edge
	doctor_says "^  FAIL certificate no TLS with $DNSNAME from here (.*): the operator should look at HAProxy and its ports"
	service_stop edge
	service_start edge
	wait_for 10 doctor_says "^  ok   certificate covers $DNSNAME until"
	api DELETE "/socket/$SOCKET_ID"
	api DELETE /domain/tls.example.com
}

# The edge shows a certificate that is good for so many days more, until $UNTIL.
edge_certificate() { # days
	local ca="$SERVICE_STATE/ca"
	openssl x509 -in "$ca/edge.pem" -signkey "$ca/edge.pem" -x509toreq 2>/dev/null |
		openssl x509 -req -CA "$ca/ca.crt" -CAkey "$ca/ca.key" -days "$1" \
			-extfile <(echo "subjectAltName=DNS:$DOMAIN,DNS:*.$DOMAIN") -out "$BATS_TEST_TMPDIR/edge.crt"
	openssl pkey -in "$ca/edge.pem" >>"$BATS_TEST_TMPDIR/edge.crt"
	cp "$BATS_TEST_TMPDIR/edge.crt" "$ca/edge.pem"
	service_stop edge
	service_start edge
	UNTIL=$(date -u -d "$(openssl x509 -in "$ca/edge.pem" -noout -enddate | cut -d = -f 2)" +%F)
}

@test "doctor: a certificate that is good for less than 14 days is a finding, with the day" {
	first_up
	edge_certificate 13
	wait_for 10 doctor_says "^  FAIL certificate expires on $UNTIL: the operator has to get one for"
	edge_certificate 15
	wait_for 10 doctor_says "^  ok   certificate covers $DNSNAME until $UNTIL"
}

@test "help, and the words in the refusal of others" {
	run ask help
	[ "$status" -eq 0 ]
	[[ ${lines[0]} == 'who '* ]]
	[ "${#lines[@]}" -eq 5 ]
	run ask whoami
	[ "$status" -eq 1 ]
	[[ $output == *'who, log [--json], kick <session>, doctor, help'* ]]
}

@test "a command takes no traffic, though its client forwards, and the tunnel's own login is not disturbed" {
	local i
	first_up
	public_get "$URL/page?[1-2000]" -o /dev/null -w '%{http_code}\n' >"$BATS_TEST_TMPDIR/codes" 3>&- &
	for i in 1 2 3 4 5; do
		run client -R "$RELAY:127.0.0.1:8999" -- who
		[ "$status" -eq 0 ]
		[[ $output == *" web - $URL"* ]]
		[ "${#lines[@]}" -eq 2 ]
	done
	ended $!
	[ "$(sort "$BATS_TEST_TMPDIR/codes" | uniq -c | xargs)" = '2000 200' ]
	run grep -c 'took over' "$BATS_TEST_TMPDIR/first"
	[ "$output" = 0 ]
}

@test "a command whose client forwards a tunnel that nobody holds is refused with the remedy" {
	run client -R "$RELAY:127.0.0.1:8000" -- who
	[ "$status" -eq 1 ]
	[[ $output == *'ClearAllForwardings=yes'* ]]
}

@test "the tunnel's own login asks about its tunnel, and ends only its holders" {
	socket_make other
	client_start other -T -R "$RELAY:127.0.0.1:8000"
	shows other '^Logs'
	local tunnel_user=${TUNNEL_ID//-/} number
	socket_make third
	client_start both -T -R "$RELAY:127.0.0.1:8000"
	shows both '^Logs'
	CLIENT_USER=$tunnel_user run ask who
	echo "$output"
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[1]} == *' other - '* ]]
	number=$(ask who | awk '/ third - / { print $1 }')
	CLIENT_USER=$tunnel_user run ask kick "$number"
	[ "$status" -eq 1 ]
	number=$(ask who | awk '/ other - / { print $1 }')
	CLIENT_USER=$tunnel_user run ask kick "$number"
	[ "$status" -eq 0 ]
}

@test "an account has at most 16 commands at a time, beside its tunnels" {
	local i
	for i in $(seq 16); do
		ask_start "log$i" log
	done
	wait_for 20 eval '[ "$(pgrep -c -x mysocket-sessio)" -ge 17 ]'
	first_up
	run ask who
	[ "$status" -eq 1 ]
	[[ $output == 'mysocket: '*'[limit]' ]]
	for i in $(seq 16); do
		client_end "log$i"
	done
	wait_for 10 ask who
	[ "$(public_status "$URL/page")" = 200 ]
}

@test "a command's private memory stays under 200 KiB" {
	local kib
	ask_start json log --json
	wait_for 5 eval 'pgrep -x mysocket-sessio >/dev/null'
	kib=$(awk '/^Private_/ { sum += $2 } END { print sum }' "/proc/$(session_pid)/smaps_rollup")
	echo "# private memory of log --json: $kib KiB" >&3
	[ "$kib" -lt 200 ]
}

@test "an account without a tunnel may ask, and listen nowhere" {
	account_make carol
	run ask doctor
	[ "$status" = 1 ]
	[[ "$output" == *'there is no tunnel yet: make one with mysocketctl connect'* ]]
	run ask who
	[ "$status" = 0 ]
	[[ "$output" == *'nobody holds a tunnel'* ]]
	run client -T -o ExitOnForwardFailure=yes -R "$RELAY:127.0.0.1:8000"
	[ "$status" = 255 ]
	[[ "$output" == *'remote port forwarding failed'* ]]
	account_use alice
}
