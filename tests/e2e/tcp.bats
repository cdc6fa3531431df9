# SPDX-License-Identifier: ISC
# tcp and tls sockets: a public port of their own, bytes both ways as they are, each direction until its own end.

load service

setup_file() {
	service_up "hold_seconds = 6"
	account_make alice
	origins_up
	socket_up echo tcp 9001
	export ECHO=$DNSNAME ECHO_PORT=${URL##*:} ECHO_ID=$SOCKET_ID
	socket_up sum tcp 9002
	export SUM_PORT=${URL##*:}
	socket_up secure tls 9001
	export SECURE=$DNSNAME SECURE_PORT=${URL##*:} SECURE_ID=$SOCKET_ID
}

teardown_file() {
	service_down
}

# On 9001 and 9003 an echo, 9002 says the checksum of what it got once that has ended, 9004 says hello, ends its own
# direction and keeps what it gets in a file.
origins_up() {
	export KEPT="$BATS_FILE_TMPDIR/kept"
	origin 9001 EXEC:cat
	origin 9002 EXEC:sha256sum
	origin 9003 "SYSTEM:echo second; exec cat"
	echo hello >"$BATS_FILE_TMPDIR/hello"
	origin 9004 "OPEN:$BATS_FILE_TMPDIR/hello,rdonly!!CREATE:$KEPT"
}

origin() { # port what
	socat -t 30 "TCP-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr,backlog=64" "$2" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening "$1"
}

socket_up() { # tag type port
	socket_make "$1" "\"socket_type\": \"$2\""
	tunnel_up "$1" "$3"
}

# The socket of a tunnel that is up, for a further login.
socket_use() { # tag
	RELAY=$(tr '\0' '\n' <"/proc/$(tunnel_pid "$1")/cmdline" | sed -n 's/^\([0-9]*\):127.*/\1/p')
}

# What comes back for what is sent, by a visitor that ends its own direction first.
say() { # port
	socat -t 20 - "TCP:127.0.0.1:$1"
}

same_file() { # a b
	[ "$(sha256sum <"$1")" = "$(sha256sum <"$2")" ]
}

@test "bytes pass both ways, as they are" {
	head -c 20M /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	say "$ECHO_PORT" <"$BATS_TEST_TMPDIR/sent" >"$BATS_TEST_TMPDIR/got"
	same_file "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/got"
}

@test "the name leads to the port, over IPv4 and IPv6" {
	[ "$(echo hello | socat -t 5 - "TCP4:$ECHO:$ECHO_PORT")" = hello ]
	[ "$(echo hello | socat -t 5 - "TCP6:[::1]:$ECHO_PORT")" = hello ]
}

@test "a visitor that has said all still gets the answer" {
	head -c 5M /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	[ "$(say "$SUM_PORT" <"$BATS_TEST_TMPDIR/sent")" = "$(sha256sum <"$BATS_TEST_TMPDIR/sent")" ]
}

@test "an origin that has said all still gets the rest" {
	socket_up hello tcp 9004
	exec 5<>"/dev/tcp/127.0.0.1/${URL##*:}"
	timeout 60 cat <&5 >"$BATS_TEST_TMPDIR/got" # up to the end of its direction
	[ "$(cat "$BATS_TEST_TMPDIR/got")" = hello ]
	echo 'sent afterwards' >&5
	exec 5>&-
	wait_for 5 grep -qx 'sent afterwards' "$KEPT"
	tunnel_down hello
}

@test "100 visitors at once each get their own bytes" {
	local i pids=()
	for i in $(seq 100); do
		(yes "visitor $i" | head -n 5000 | say "$ECHO_PORT" >"$BATS_TEST_TMPDIR/$i" 3>&- 4>&-) &
		pids+=($!)
	done
	ended "${pids[@]}"
	for i in $(seq 100); do
		[ "$(uniq -c "$BATS_TEST_TMPDIR/$i" | sed 's/^ *//')" = "5000 visitor $i" ]
	done
}

@test "ssh through a tcp socket: a command, 10 MB of its output, and its exit status" {
	local folder="$BATS_TEST_TMPDIR/sshd" options
	mkdir "$folder"
	ssh-keygen -q -t ed25519 -N '' -f "$folder/host"
	ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
	/usr/sbin/sshd -D -e -f /dev/null -o HostKey="$folder/host" -o ListenAddress=127.0.0.1:9022 -o UsePAM=no \
		-o AuthorizedKeysFile="$folder/key.pub" -o StrictModes=no -o PermitRootLogin=prohibit-password \
		-o PidFile=none </dev/null >"$folder/log" 2>&1 3>&- 4>&- &
	wait_for 10 listening 9022
	socket_up shell tcp 9022
	echo "[$DNSNAME]:${URL##*:} $(cut -d ' ' -f 1-2 "$folder/host.pub")" >"$folder/known_hosts"
	options=(-F /dev/null -i "$folder/key" -o BatchMode=yes -o UserKnownHostsFile="$folder/known_hosts" -p "${URL##*:}")
	[ "$(ssh "${options[@]}" "root@$DNSNAME" 'head -c 10M /dev/zero | wc -c' </dev/null)" = 10485760 ]
	[ "$(ssh "${options[@]}" "root@$DNSNAME" 'head -c 10M /dev/zero' </dev/null | wc -c)" = 10485760 ]
	run ssh "${options[@]}" "root@$DNSNAME" 'exit 7' </dev/null
	[ "$status" = 7 ]
	tunnel_down shell
}

@test "tls ends at the edge, with the name's certificate" {
	local check=(-connect "127.0.0.1:$SECURE_PORT" -servername "$SECURE" -CAfile "$SERVICE_STATE/ca.crt"
		-verify_return_error)
	run openssl s_client "${check[@]}" -verify_hostname "$SECURE" -brief </dev/null
	[ "$status" = 0 ]
	[[ "$output" == *'Verification: OK'* ]]
	[[ "$output" == *"Verified peername: *.$DOMAIN"* ]]
	run openssl s_client "${check[@]}" -verify_hostname example.org -brief </dev/null
	[ "$status" != 0 ]
	head -c 5M /dev/urandom >"$BATS_TEST_TMPDIR/sent"
	socat -t 20 - "OPENSSL:$SECURE:$SECURE_PORT,cafile=$SERVICE_STATE/ca.crt" \
		<"$BATS_TEST_TMPDIR/sent" >"$BATS_TEST_TMPDIR/got"
	same_file "$BATS_TEST_TMPDIR/sent" "$BATS_TEST_TMPDIR/got"
	# Without TLS nothing of the origin is reached there.
	[ -z "$(echo hello | say "$SECURE_PORT" | grep -a hello)" ]
}

@test "the session shows one line for each connection, when it has ended" {
	local shown='^[0-9:]{8} 127\.0\.0\.1 +TCP +closed +- +74 +[0-9.]+m?s +-$' before
	# What was sent, 6 bytes, and what came back.
	before=$(grep -Ec "$shown" "$(tunnel_out sum)" || true)
	echo hello | say "$SUM_PORT" >/dev/null
	wait_for 5 eval '[ "$(grep -Ec "$shown" "$(tunnel_out sum)")" = $((before + 1)) ]'
	echo hello | socat -t 20 - "OPENSSL:$SECURE:$SECURE_PORT,cafile=$SERVICE_STATE/ca.crt" >/dev/null
	wait_for 5 grep -Eq '^[0-9:]{8} 127\.0\.0\.1 +TLS ' "$(tunnel_out secure)"
}

@test "the session's welcome and mysocketctl name the port" {
	grep -qx "echo - tcp://$ECHO:$ECHO_PORT" "$(tunnel_out echo)"
	grep -qx "secure - tls://$SECURE:$SECURE_PORT" "$(tunnel_out secure)"
	chmod 600 "$ACCOUNT/token"
	export MYSOCKET_API=$API_URL MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt" MYSOCKET_TOKEN_FILE="$ACCOUNT/token"
	run mysocketctl socket create --name ctl --type tcp
	[ "$status" = 0 ]
	[[ "$output" =~ 200[0-3][0-9] ]]
	mysocketctl connect --name ctl --type tcp --port 9001 --identity "$ACCOUNT/key" </dev/null \
		>"$BATS_TEST_TMPDIR/ctl" 2>&1 3>&- 4>&- &
	wait_for 15 grep -q "^ctl - tcp://[a-z0-9-]*\.$DOMAIN:200[0-3][0-9]" "$BATS_TEST_TMPDIR/ctl"
	kill $!
	ended $! || true
}

@test "a web browser is told that the name is no website, and its port" {
	run public_get "https://$ECHO/" -i -H 'Accept: text/html'
	[[ "$output" == 'HTTP/2 404'* ]]
	[[ "$output" == *'This address is no website'* ]]
	[[ "$output" == *"port $ECHO_PORT"* ]]
	run public_get "http://$SECURE/" -i
	[[ "$output" == 'HTTP/1.1 404'* ]]
	[[ "$output" == *"tls service"*"port $SECURE_PORT"* ]]
}

# What comes back to a visitor of the echo from that address: "hello", or nothing.
echoed() { # tcp or tls, address
	case $1 in
	tcp) set -- "TCP:$ECHO:$ECHO_PORT" "$2" ;;
	tls) set -- "OPENSSL:$SECURE:$SECURE_PORT,cafile=$SERVICE_STATE/ca.crt" "$2" ;;
	esac
	echo hello | socat -t 5 - "$1,bind=$2" 2>/dev/null || true
}

# Of 20 visits in a row so many are served as two per second let through, while they last.
is_limited_to_two() { # tcp or tls, address
	local i served=0 began=$SECONDS
	for i in $(seq 20); do
		[ "$(echoed "$1" "$2")" != hello ] || served=$((served + 1))
	done
	echo "$served of 20 served in $((SECONDS - began)) s"
	[ "$served" -ge 2 ]
	[ "$served" -le $((2 * (SECONDS - began + 2))) ]
}

@test "a rate limit: more connections of one address in a second are closed, those of others are served" {
	local type ports="$ECHO_PORT $SECURE_PORT"
	api PATCH "/socket/$ECHO_ID" '{"rate_limit": 2}'
	api PATCH "/socket/$SECURE_ID" '{"rate_limit": 2}'
	wait_for 5 eval '[ "$(edge_cli "show map settings.map" | grep -Ec " :(${ports/ /|}) 2:")" = 2 ]'
	for type in tcp tls; do
		is_limited_to_two "$type" 127.0.0.61
		[ "$(echoed "$type" 127.0.0.62)" = hello ]
		wait_for 5 eval '[ "$(echoed "$type" 127.0.0.61)" = hello ]'
	done
	wait_for 5 grep -Eq ' 127\.0\.0\.61 +TCP +not admitted' "$(tunnel_out echo)"
	api PATCH "/socket/$ECHO_ID" '{"rate_limit": 0}'
	api PATCH "/socket/$SECURE_ID" '{"rate_limit": 0}'
	wait_for 5 eval '[ -z "$(edge_cli "show map settings.map" | grep "^0x")" ]'
	for type in 1 2 3 4 5 6; do [ "$(echoed tcp 127.0.0.61)" = hello ]; done
}

edge_cli() { # command
	socat -t 5 - UNIX-CONNECT:/run/mysocket/edge.sock <<<"$1"
}

no_answer_of_others() {
	local port
	for port in $(seq 20000 20031); do
		[ "$port" = "$ECHO_PORT" ] || [ "$port" = "$SUM_PORT" ] || [ -z "$(say "$port" </dev/null)" ]
	done
	[ -z "$(echo hello | say 30031)" ]
}

@test "where no tunnel is connected the connection ends" {
	local before
	no_answer_of_others # that of the tests before may still be waited for
	before=${EPOCHREALTIME/[.,]/}
	no_answer_of_others
	[ $((${EPOCHREALTIME/[.,]/} - before)) -lt 60000000 ] # 31 times hold_seconds would be three times as long
}

@test "a later login gets new connections, the earlier one keeps its own, and gets new ones again" {
	exec 6<>"/dev/tcp/127.0.0.1/$ECHO_PORT"
	echo before >&6
	read -r -t 30 line <&6
	[ "$line" = before ]
	socket_use echo
	tunnel_up later 9003
	[ "$(echo hello | say "$ECHO_PORT" | tr '\n' ' ')" = 'second hello ' ]
	echo still >&6
	read -r -t 30 line <&6
	[ "$line" = still ]
	tunnel_down later
	[ "$(echo hello | say "$ECHO_PORT")" = hello ]
	exec 6>&-
}

@test "a visitor of a tunnel that just ended waits for the next login" {
	socket_up held tcp 9001
	local port=${URL##*:} visitor
	tunnel_down held
	(echo waited | say "$port") >"$BATS_TEST_TMPDIR/waited" 3>&- 4>&- &
	visitor=$!
	tunnel_up held 9001
	ended "$visitor"
	[ "$(cat "$BATS_TEST_TMPDIR/waited")" = waited ]
	tunnel_down held
}

@test "a deleted socket's port is closed" {
	socket_up gone tcp 9001
	local port=${URL##*:}
	[ "$(echo hello | say "$port")" = hello ]
	api DELETE "/socket/$SOCKET_ID"
	wait_for 5 eval "[ -z \"\$(echo hello | say $port)\" ]"
}

@test "a reload of HAProxy ends no connection and keeps the ports" {
	exec 6<>"/dev/tcp/127.0.0.1/$ECHO_PORT"
	echo before >&6
	read -r -t 30 line <&6
	kill -USR2 "$(service_pid edge)"
	wait_for 5 grep -q 'leave HAProxy' "$SERVICE_STATE/log/node.log"
	[ "$(echo hello | say "$ECHO_PORT")" = hello ]
	echo after >&6
	read -r -t 30 line <&6
	[ "$line" = after ]
	exec 6>&-
}

@test "HAProxy killed with -9 and started again has all ports" {
	kill -9 "$(service_pid edge)" $(pgrep -P "$(service_pid edge)")
	service_start edge
	wait_for 5 eval '[ "$(echo hello | say "$ECHO_PORT")" = hello ]'
	[ "$(echo hello | socat -t 20 - "OPENSSL:$SECURE:$SECURE_PORT,cafile=$SERVICE_STATE/ca.crt")" = hello ]
}

@test "a node killed with -9 and started again: ports and connections go on" {
	exec 6<>"/dev/tcp/127.0.0.1/$ECHO_PORT"
	kill -9 "$(service_pid node)"
	[ "$(echo hello | say "$ECHO_PORT")" = hello ]
	service_start node
	[ "$(echo hello | say "$ECHO_PORT")" = hello ]
	echo still >&6
	read -r -t 30 line <&6
	[ "$line" = still ]
	exec 6>&-
}
