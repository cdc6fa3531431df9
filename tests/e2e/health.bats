# SPDX-License-Identifier: ISC
# bats file_tags=timed
# Tunnels whose origin or ssh client goes away while visitors come all the time, beside a second tunnel of the socket;
# and what their users are told.

load service
load sshd
load load

setup_file() {
	service_up "hold_seconds = 15"
	account_make alice
	socket_make busy
}

teardown_file() {
	service_down
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	kill -9 "${LOAD_PIDS[@]-}" 2>/dev/null || true
	LOAD_PIDS=()
	clients_end
	pkill -CONT -x 'ssh|nginx' || true
	pkill -x ssh || true
	nginx_down 8001 first
	nginx_down 8002 second
	wait_for 10 no_session
}

# An origin that says who it is in X-Origin. With a host: it wants PROXY protocol, and closes what is for another host.
nginx_up() { # port name [host]
	local folder="$BATS_FILE_TMPDIR/$2" listen="127.0.0.1:$1${3+ proxy_protocol}"
	mkdir -p "$folder"
	truncate -s 256M "$folder/big"
	cat >"$folder/conf" <<-TEXT
		user root;
		daemon on;
		master_process off;
		pid $folder/pid;
		error_log $folder/log;
		events {}
		http {
			access_log $folder/access;
			client_body_temp_path $folder/body;
			server {
				listen $listen;
				server_name ${3-_};
				add_header X-Origin $2 always;
				location / { return 200 $2; }
				location = /big { root $folder; }
			}
			${3+server { listen $listen default_server; return 444; \}}
		}
	TEXT
	nginx -c "$folder/conf" </dev/null >/dev/null 2>&1 3>&- 4>&-
	wait_for 10 listening "$1"
}

nginx_pid() { # name
	cat "$BATS_FILE_TMPDIR/$1/pid"
}

nginx_down() { # port name
	[ ! -s "$BATS_FILE_TMPDIR/$2/pid" ] || kill "$(nginx_pid "$2")" 2>/dev/null || true
	wait_for 10 silent "$1"
}

silent() { # port
	refute listening "$1"
}

# Closes every connection once it was asked for something.
closing_origin() { # port
	socat "TCP-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr" SYSTEM:'head -n 1 >/dev/null' </dev/null >/dev/null 2>&1 3>&- 4>&- &
	CLOSING=$!
	wait_for 10 listening "$1"
}

# Answers everything, after so long.
slow_origin() { # port name seconds
	echo "core.register_action('wait', { 'http-req' }, function() core.sleep($3) end, 0)" >"$BATS_TEST_TMPDIR/slow.lua"
	cat >"$BATS_TEST_TMPDIR/slow.cfg" <<-TEXT
		global
			lua-load $BATS_TEST_TMPDIR/slow.lua
		frontend slow
			mode http
			timeout client 60s
			bind 127.0.0.1:$1
			http-request lua.wait
			http-request return status 200 content-type text/plain hdr X-Origin $2 string $2
	TEXT
	haproxy -db -f "$BATS_TEST_TMPDIR/slow.cfg" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	LOAD_PIDS+=($!)
	wait_for 10 listening "$1"
}

two_tunnels() { # [json members]
	socket_make pair "$@"
	tunnel_up one 8001
	tunnel_more
	tunnel_up two 8002
	wait_for 5 both_serve
}

both_serve() {
	[ "$(answers_now 40)" = 'first second' ]
}

only_serves() { # name
	[ "$(answers_now 40)" = "$1" ]
}

# Who answers N requests.
answers_now() { # n
	public_get "http://$DNSNAME/?[1-$1]" -o /dev/null -w '%header{x-origin}\n' | sort -u | xargs
}

# Failed requests: how many, and the seconds from a time to the last.
failures() { # since
	load_lines | awk -v since="$1" '$2 != 200 { n++; t = $1 - since; if (t > last) last = t }
		END { printf "%d %.3f\n", n, last }'
}

visit() { # seconds
	echo "$EPOCHREALTIME $(public_get "http://$DNSNAME/" --max-time "$1" -o /dev/null -w '%{http_code} %header{x-origin}')"
}

# Visitors who come again and again, each with one request at a time, and leave when it takes too long.
visits_start() { # visitors seconds
	local i
	export VISITS="$BATS_TEST_TMPDIR/visits"
	mkdir -p "$VISITS"
	for i in $(seq "$1"); do
		while true; do
			visit "$2"
			sleep 0.05
		done >"$VISITS/$i" 2>&1 3>&- 4>&- &
		LOAD_PIDS+=($!)
	done
}

# Ten visitors a second, whatever becomes of those before, who are patient.
visits_pour() {
	export VISITS="$BATS_TEST_TMPDIR/visits"
	mkdir -p "$VISITS"
	while true; do
		visit 60 &
		sleep 0.1
	done >"$VISITS/all" 2>&1 3>&- 4>&- &
	LOAD_PIDS+=($!)
}

# Visits that failed: how many, and the seconds from a time to the last one's beginning.
lost_visits() { # since
	cat "$VISITS"/* | awk -v since="$1" '$2 != 200 { n++; t = $1 - since; if (t > last) last = t }
		END { printf "%d %.1f\n", n, last }'
}

visits_of() { # name
	cat "$VISITS"/* | grep -c " 200 $1\$"
}

download() { # file for its head
	curl -s --limit-rate 10k -o /dev/null -D "$BATS_TEST_TMPDIR/$1" "http://$DNSNAME/big" \
		</dev/null >/dev/null 2>&1 3>&- 4>&- &
	DOWNLOADS+=($!)
	LOAD_PIDS+=($!)
	wait_for 10 grep -qis '^x-origin:' "$BATS_TEST_TMPDIR/$1"
}

downloads_end() {
	[ "${#DOWNLOADS[@]}" -gt 0 ] || return 0
	kill "${DOWNLOADS[@]}"
	DOWNLOADS=()
	wait_for 10 grep -q ' /big ' "$(tunnel_out one)"
}

# A process on the way of the first of two tunnels is stopped while visitors come, and goes on later. A
# download that was begun before ends meanwhile: that is no answer.
hang() { # pid
	local stopped lost last
	visits_start 4 1
	wait_for 10 eval '[ "$(visits_of first)" -gt 4 ]'
	kill -STOP "$1"
	stopped=$EPOCHREALTIME
	wait_for 30 eval "service_log node | grep -q \"does not answer ('${DNSNAME%%.*}')\""
	downloads_end
	[ "$(public_status "http://$DNSNAME/?[1-40]" --max-time 60 | sed 's/200/./g')" = "$(printf '%40s' | tr ' ' .)" ]
	read -r lost last < <(lost_visits "$stopped")
	echo "# $lost visits of 4 visitors were lost, the last one began $last s after the stop" >&3
	[ "$lost" -gt 0 ]
	[ "${last%.*}" -lt 60 ]
	refute grep -q 'answers again' "$(tunnel_out one)"
	kill -CONT "$1"
	stopped=$EPOCHREALTIME
	wait_for 20 both_serve
	echo "# back in the rotation after $(((${EPOCHREALTIME/[.,]/} - ${stopped/[.,]/}) / 1000)) ms" >&3
	wait_for 5 grep -q 'takes connections but does not answer; start it again' "$(tunnel_out one)"
	wait_for 5 grep -q 'answers again' "$(tunnel_out one)"
	run grep -c 'answer' "$(tunnel_out two)"
	[ "$output" = 0 ]
}

refused_said() {
	grep -q "^mysocket: $1: connections to your service are refused: is anything listening on $2?\$" "$(tunnel_out "$3")"
}

@test "a session shows that its origin refuses, where to look, and when it answers again" {
	tunnel_up plain 8001
	[ "$(public_status "http://$DNSNAME/")" = 502 ]
	wait_for 5 refused_said busy 'the port that -R leads to' plain
	public_status "http://$DNSNAME/?[1-20]" >/dev/null
	nginx_up 8001 first
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
	wait_for 5 grep -q '^mysocket: busy: your service answers again$' "$(tunnel_out plain)"
	[ "$(grep -c '^mysocket: .* are refused' "$(tunnel_out plain)")" = 1 ]
}

@test "the client's word on where the tunnel leads to is shown" {
	MYSOCKET_ORIGIN=8001 tunnel_up told 8001 -o SendEnv=MYSOCKET_ORIGIN
	[ "$(public_status "http://$DNSNAME/")" = 502 ]
	wait_for 5 refused_said busy 'port 8001' told
}

@test "mysocketctl names the port, and keeps ssh's own words on each connection to itself" {
	chmod 600 "$ACCOUNT/token"
	MYSOCKET_API=$API_URL MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt" MYSOCKET_TOKEN_FILE="$ACCOUNT/token" \
		mysocketctl tunnel connect --socket_id "$SOCKET_ID" --tunnel_id "$TUNNEL_ID" \
		--identity "$ACCOUNT/key" --port 8001 </dev/null >"$BATS_TEST_TMPDIR/ctl" 2>&1 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/ctl.pid"
	shows ctl '^Logs'
	[ "$(public_status "http://$DNSNAME/")" = 502 ]
	shows ctl '^mysocket: busy: .* refused: is anything listening on port 8001?$'
	run grep -c 'connect_to' "$BATS_TEST_TMPDIR/ctl"
	[ "$output" = 0 ]
}

@test "a tcp socket's origin that refuses is shown too" {
	socket_make raw '"socket_type": "tcp"'
	tunnel_up raw 8001
	[ -z "$(echo hello | socat -t 5 - "TCP:127.0.0.1:${URL##*:}")" ]
	wait_for 5 refused_said raw 'the port that -R leads to' raw
	api DELETE "/socket/$SOCKET_ID"
}

@test "a login says how many visitors waited for it" {
	local i
	socket_make waited
	nginx_up 8001 first
	tunnel_up gone 8001
	tunnel_down gone
	wait_for 5 no_session
	for i in 1 2 3; do
		public_get "http://$DNSNAME/" -o /dev/null 3>&- &
	done
	wait_for 5 eval '[ "$(ss -Hltn "sport = :$RELAY" | awk "{ print \$2 }")" = 3 ]'
	tunnel_up back 8001
	wait_for 5 grep -qx 'mysocket: 3 visitors waited for this login' "$(tunnel_out back)"
}

@test "an origin stopped and started under load beside a second tunnel: failures only at that moment" {
	local stopped started failed last
	nginx_up 8001 first
	nginx_up 8002 second
	two_tunnels
	load_start 10
	stopped=$EPOCHREALTIME
	nginx_down 8001 first
	wait_for 5 only_serves second
	wait_for 5 grep -q 'are refused: is anything' "$(tunnel_out one)"
	nginx_up 8001 first
	started=$EPOCHREALTIME
	wait_for 10 both_serve
	echo "# back in the rotation after $(((${EPOCHREALTIME/[.,]/} - ${started/[.,]/}) / 1000)) ms" >&3
	load_wait
	read -r failed last < <(failures "$stopped")
	echo "# $failed of $LOAD_COUNT requests failed, the last $last s after the origin was told to stop" >&3
	[ "$(load_lines | wc -l)" = "$LOAD_COUNT" ]
	[ "${last%.*}" -lt 5 ]
	[ "$failed" -lt $((LOAD_COUNT / 3)) ]
	wait_for 5 grep -q 'answers again' "$(tunnel_out one)"
	run grep -c 'refused' "$(tunnel_out two)"
	[ "$output" = 0 ]
}

@test "an origin that closes every connection without an answer is left out while another answers" {
	closing_origin 8001
	nginx_up 8002 second
	socket_make pair
	tunnel_up one 8001
	tunnel_more
	tunnel_up two 8002
	public_status "http://$DNSNAME/?[1-60]" >/dev/null
	wait_for 5 only_serves second
	wait_for 5 grep -q 'closes connections without an answer' "$(tunnel_out one)"
	kill "$CLOSING"
	wait_for 5 silent 8001
	nginx_up 8001 first
	wait_for 20 both_serve
}

@test "an origin that hangs is left out while another answers, and asked by its own Host, behind a PROXY header" {
	nginx_up 8001 first inner.example
	nginx_up 8002 second inner.example
	two_tunnels '"proxy_protocol": true, "host_header": "inner.example"'
	download head1
	download head2 # one of them is the first's
	hang "$(nginx_pid first)"
	grep -q '"HEAD / HTTP/1.1" 200 .* "mysocket-health"$' "$BATS_FILE_TMPDIR/first/access"
	refute grep -q mysocket-health "$BATS_FILE_TMPDIR/second/access"
}

# What a visitor of a sticky socket meets who keeps his cookies and leaves after a second: the status, who answered, and
# how many cookies he was given.
sticky_visit() {
	public_get "http://$DNSNAME/" -b "$JAR" -c "$JAR" --max-time 1 -o /dev/null -D "$BATS_TEST_TMPDIR/head" \
		-w '%{http_code} %header{x-origin} ' || true
	grep -ci '^set-cookie: mysocket_tunnel=' "$BATS_TEST_TMPDIR/head" || true
}

new_visit() {
	rm -f "$JAR"
	sticky_visit | tee "$BATS_TEST_TMPDIR/new"
}

# The visitor keeps to the first tunnel, which answers no more: until it is left out he waits or is told so, and then he is
# moved once, and sent to nobody else again.
is_moved() { # statuses that he may meet meanwhile
	local got i
	wait_for 30 eval 'got=$(sticky_visit) && echo "$got" >>"$BATS_TEST_TMPDIR/met" && [[ "$got" == "200 second "* ]]'
	sort "$BATS_TEST_TMPDIR/met" | uniq -c | sed 's/^/# /' >&3
	[ "$got" = '200 second 1' ]
	refute grep -Evq "^($1)  0\$|^200 second 1\$" "$BATS_TEST_TMPDIR/met"
	for i in $(seq 20); do
		[ "$(sticky_visit)" = '200 second 0' ]
	done
	# Nor is anybody who comes for the first time, or who has the first one's cookie and did not come meanwhile.
	only_serves second
	[ "$(public_get "http://$DNSNAME/?[1-20]" -b "$BATS_TEST_TMPDIR/old" -o /dev/null -w '%header{x-origin}\n' |
		sort -u)" = second ]
}

sticky_up() {
	export JAR="$BATS_TEST_TMPDIR/jar"
	nginx_up 8001 first
	nginx_up 8002 second
	two_tunnels '"sticky": true'
	wait_for 10 eval '[ "$(new_visit)" = "200 first 1" ]'
	[ "$(sticky_visit)" = '200 first 0' ]
	cp "$JAR" "$BATS_TEST_TMPDIR/old"
}

@test "a sticky visitor whose tunnel's origin refuses is moved to the other tunnel, and stays there" {
	sticky_up
	nginx_down 8001 first
	is_moved 502
	nginx_up 8001 first
	wait_for 20 both_serve
	[ "$(sticky_visit)" = '200 second 0' ]
	# Nobody is bound to a tunnel that gave him no answer.
	nginx_down 8001 first
	wait_for 10 eval '[[ "$(new_visit)" == 502* ]]'
	[ "$(cat "$BATS_TEST_TMPDIR/new")" = '502  0' ]
}

@test "a sticky visitor whose tunnel's origin hangs is moved to the other tunnel, and stays there" {
	sticky_up
	kill -STOP "$(nginx_pid first)"
	visits_start 2 1
	is_moved 000
	kill -CONT "$(nginx_pid first)"
	wait_for 20 both_serve
	[ "$(sticky_visit)" = '200 second 0' ]
}

@test "an ssh client that is stopped is left out as well" {
	nginx_up 8001 first
	nginx_up 8002 second
	two_tunnels
	hang "$(tunnel_pid one)"
}

@test "a tunnel that hangs alone stays: its visitors wait, and its user knows" {
	nginx_up 8001 first
	tunnel_up alone 8001
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
	kill -STOP "$(nginx_pid first)"
	[ "$(public_status "http://$DNSNAME/" --max-time 2)" = 000 ]
	wait_for 20 grep -q 'takes connections but does not answer' "$(tunnel_out alone)"
	wait_for 5 grep -q ' GET  *[^ ]*  *499  *0 ' "$(tunnel_out alone)"
	curl -s http://127.0.0.1:7081/metrics | grep -qx 'mysocket_node_origins{state="silent"} 1'
	[ "$(public_status "http://$DNSNAME/" --max-time 1)" = 000 ]
	kill -CONT "$(nginx_pid first)"
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
	wait_for 5 grep -q 'answers again' "$(tunnel_out alone)"
	curl -s http://127.0.0.1:7081/metrics | grep -qx 'mysocket_node_origins{state="answers"} 1'
}

@test "an origin that is slow to answer stays, beside a quick one" {
	slow_origin 8001 first 4
	nginx_up 8002 second
	socket_make pair
	tunnel_up one 8001
	tunnel_more
	tunnel_up two 8002
	visits_pour
	wait_for 60 eval '[ "$(visits_of first)" -ge 30 ]'
	echo "# $(visits_of first) slow answers, $(visits_of second) quick ones" >&3
	read -r lost last < <(lost_visits 0)
	[ "$lost" = 0 ]
	run grep -c 'answer' "$(tunnel_out one)"
	[ "$output" = 0 ]
}

@test "with no origin at all visitors are told so, and the first that is back gets all" {
	socket_make pair
	tunnel_up one 8001
	tunnel_more
	tunnel_up two 8002
	public_status "http://$DNSNAME/?[1-20]" >/dev/null
	[ "$(public_status "http://$DNSNAME/")" = 502 ]
	nginx_up 8002 second
	wait_for 15 only_serves second
}

echoes() { # times
	local i
	for i in $(seq "$1"); do
		[ "$(echo hello | socat -t 5 - "TCP:127.0.0.1:${URL##*:}")" = hello ] || return 1
	done
}

@test "a tcp socket's tunnel whose origin refuses is left out while another answers" {
	socat TCP-LISTEN:8003,bind=127.0.0.1,fork,reuseaddr EXEC:cat </dev/null >/dev/null 2>&1 3>&- 4>&- &
	local echo_pid=$!
	wait_for 10 listening 8003
	socket_make rawpair '"socket_type": "tcp"'
	tunnel_up one 8001
	tunnel_more
	tunnel_up two 8003
	refute echoes 40
	wait_for 5 echoes 40
	refused_said rawpair 'the port that -R leads to' one
	kill "$echo_pid"
}

# Says a name to whoever says a line first.
naming_origin() { # port name
	socat "TCP-LISTEN:$1,bind=127.0.0.1,fork,reuseaddr" "SYSTEM:read -r line && echo $2" </dev/null >/dev/null 2>&1 3>&- 4>&- &
	LOAD_PIDS+=($!)
	wait_for 10 listening "$1"
}

# Who is met by so many connections to the tcp socket, one after the other.
met() { # connections
	local i
	for i in $(seq "$1"); do
		echo hello | socat -t 1 - "TCP:127.0.0.1:${URL##*:},shut-none"
	done | sort -u | xargs
}

@test "a tcp socket's tunnel that says nothing is left out where the other one reacts to the end of a connection" {
	local i
	naming_origin 8003 first
	naming_origin 8004 second
	socket_make rawhang '"socket_type": "tcp"'
	tunnel_up one 8003
	tunnel_more
	tunnel_up two 8004
	[ "$(met 10)" = 'first second' ]
	kill -STOP "${LOAD_PIDS[0]}"
	(while true; do met 1; done) >/dev/null 2>&1 3>&- 4>&- &
	LOAD_PIDS+=($!)
	wait_for 40 grep -q 'takes connections but does not answer' "$(tunnel_out one)"
	for i in $(seq 10); do
		[ "$(met 1)" = second ]
	done
	kill -CONT "${LOAD_PIDS[0]}"
	wait_for 20 eval '[ "$(met 4)" = "first second" ]'
	run grep -c 'answer' "$(tunnel_out two)"
	[ "$output" = 0 ]
}

@test "kill -9 of one of two tunnels under load: no request fails" {
	nginx_up 8001 first
	nginx_up 8002 second
	two_tunnels
	load_start 6
	kill -9 "$(tunnel_pid one)"
	wait_for 5 only_serves second
	load_end
}

@test "10,000 requests while another login takes over every second: none fails" {
	local i
	nginx_up 8001 first
	tunnel_up login0 8001
	load_start 22
	for i in $(seq 20); do
		tunnel_up "login$i" 8001
		[ "$i" -lt 3 ] || kill "$(tunnel_pid "login$((i - 3))")"
		wait_for 5 eval "[ \$(load_lines | wc -l) -ge $((i * 500)) ]"
	done
	load_end
	[ "$LOAD_COUNT" -ge 10000 ]
}
