# SPDX-License-Identifier: ISC
# mysocketctl up, status and service: many sockets of one file under one supervisor, what others can see of it, and systemd.

load service
load ctl

setup_file() {
	ctl_service
	echo 'the password' >"$HOME/password"
	chmod 0600 "$HOME/password"
	mkdir -p "$HOME/.config/mysocket"
	UP="$HOME/.config/mysocket/up.conf"
	export UP
	cat >"$UP" <<-END
		[web]
		port = 8000

		[my tcp]   # the same origin, as it is
		type = tcp
		port = 8000

		[hidden]
		port = 8000
		protected = yes
		username = john
		password_file = ~/password
	END
}

teardown_file() {
	ctl_service_end
}

teardown() {
	api_signal CONT 2>/dev/null || true
	touch "$BATS_TEST_TMPDIR/stop" # for visitor()
	ctl_test_end
	[ -z "${NOTIFY-}" ] || kill "$NOTIFY" 2>/dev/null || true
}

# ---- helpers -----------------------------------------------------------------------------------------------------
connected() { # number
	[ "$(mysocketctl status --json | jq '[.[].tunnels[] | select(.state == "connected")] | length')" = "$1" ]
}

up_start() { # number of tunnels, arguments of up
	local count=$1
	shift
	ctl_start up "$@"
	wait_for 15 connected "$count" || { cat "$OUT"; return 1; }
	url_hosts
}

up_stop() {
	kill -TERM "$CTL"
	ctl_end
}

of() { # name, member: of that tunnel's status
	mysocketctl status --json | jq -r --arg name "$1" --arg member "$2" \
		'.[].tunnels[] | select(.name == $name) | .[$member]'
}

url_hosts() { # every name resolves to here
	local host
	for host in $(mysocketctl status --json | jq -r '.[].tunnels[].url | sub("^[a-z]*://"; "") | sub("[:/].*"; "")'); do
		grep -q " $host\$" /etc/hosts || echo "127.0.0.1 $host" >>/etc/hosts
	done
}

page_of() { # name, curl options
	local url
	url=$(of "$1" url)
	shift
	public_get "${url/#tcp:/http:}/page.txt" "$@"
}

nothing_runs() {
	[ "$(mysocketctl status --json | jq length)" = 0 ]
}

@test "three sockets under one up: each is reached, the protected one with its password" {
	ctl_start up
	wait_for 15 connected 3 || { cat "$OUT"; return 1; }
	url_hosts
	grep -q "^| web  *| https://" "$OUT"
	[ "$(page_of web)" = 'the bytes of the origin' ]
	[ "$(page_of 'my tcp')" = 'the bytes of the origin' ]
	[ "$(page_of hidden -o /dev/null -w '%{http_code}')" = 401 ]
	[ "$(page_of hidden -u 'john:the password')" = 'the bytes of the origin' ]
	wait_for 5 grep -q '^\[web\] .*GET.*/page.txt.*200' "$OUT"
	[ "$(ctl_ssh | wc -l)" = 3 ]
	up_stop
	nothing_runs
	no_run_folder
	[ "$(mysocketctl socket ls --json | jq length)" = 3 ]
}

@test "the second start has the same names" {
	up_start 3
	before=$(mysocketctl status --json | jq -cS '[.[].tunnels[] | {name, url, socket_id, tunnel_id}]')
	up_stop
	up_start 3
	[ "$(mysocketctl status --json | jq -cS '[.[].tunnels[] | {name, url, socket_id, tunnel_id}]')" = "$before" ]
	[ "$(page_of web)" = 'the bytes of the origin' ]
	up_stop
	[ "$(mysocketctl socket ls --json | jq length)" = 3 ]
}

@test "an ssh that is killed is connected again, status counts it and says why; the others go on" {
	up_start 3
	victim=$(pgrep -P "$CTL" -x ssh | head -n 1)
	kill -9 "$victim"
	reconnected() { [ "$(mysocketctl status --json | jq '[.[].tunnels[].reconnects] | add')" = 1 ]; }
	wait_for 10 reconnected || { mysocketctl status --json; cat "$OUT"; false; }
	wait_for 10 connected 3
	[ "$(mysocketctl status --json | jq -r '[.[].tunnels[].error | select(. != "")] | length')" = 1 ]
	for name in web 'my tcp'; do [ "$(page_of "$name")" = 'the bytes of the origin' ]; done
	up_stop
}

@test "status: a table of 80 columns, JSON, and that nothing runs" {
	run mysocketctl status
	[ "$output" = "Nothing runs. Start something with 'mysocketctl up' or 'mysocketctl connect'." ]
	[ "$(mysocketctl status --json | jq -c .)" = '[]' ]
	up_start 3
	[ "$(mysocketctl status --json | jq -r '.[0] | "\(.pid) \(.command) \(.file)"')" = "$CTL up $UP" ]
	[ "$(of web state) $(of web origin) $(of web reconnects)" = 'connected 127.0.0.1:8000 0' ]
	COLUMNS=80 run mysocketctl status
	[ "${lines[0]}" = "mysocketctl up $UP (process $CTL, for ${lines[0]##*for }" ]
	[[ "$output" == *connected* ]]
	[[ "$output" == *"$(of hidden url)"* ]]
	for line in "${lines[@]:1}"; do [ ${#line} -le 80 ]; done
	up_stop
	nothing_runs
}

@test "status knows connect too, and what was killed with -9 is gone from it" {
	ctl_up connect --port 8000 --name quick
	[ "$(of quick state)" = connected ]
	kill -9 "$CTL"
	wait_for 5 nothing_runs
	ctl_end || true
	mysocketctl socket delete --socket_id "$SOCKET"
}

@test "a file is up once" {
	up_start 3
	run mysocketctl up
	[ "$status" = 1 ]
	[[ "$output" == *"is up already, as process $CTL"*"kill $CTL"* ]]
	up_stop
}

@test "READY comes when traffic can flow, with a status line; STOPPING at the end" {
	url=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "web") .url')
	host=${url#*://}
	grep -q " ${host%%[:/]*}\$" /etc/hosts || echo "127.0.0.1 ${host%%[:/]*}" >>/etc/hosts
	export NOTIFY_SOCKET="$BATS_TEST_TMPDIR/notify"
	# A GET at the moment of READY: its answer, or what went wrong, stands behind it.
	cat >"$BATS_TEST_TMPDIR/manager" <<-END
		#!/bin/bash
		message=\$(cat)
		echo "\$message" >>"$BATS_TEST_TMPDIR/messages"
		[[ "\$message" != *READY=1* ]] ||
			curl -s --max-time 60 --cacert "$SERVICE_STATE/ca.crt" "$url/page.txt" >"$BATS_TEST_TMPDIR/answer"
	END
	chmod +x "$BATS_TEST_TMPDIR/manager"
	socat -b 4096 UNIX-RECVFROM:"$NOTIFY_SOCKET",fork EXEC:"$BATS_TEST_TMPDIR/manager" 3>&- 4>&- &
	NOTIFY=$!
	wait_for 5 test -S "$NOTIFY_SOCKET"
	up_start 3
	wait_for 5 test -s "$BATS_TEST_TMPDIR/answer"
	[ "$(cat "$BATS_TEST_TMPDIR/answer")" = 'the bytes of the origin' ]
	[ "$(grep -c READY=1 "$BATS_TEST_TMPDIR/messages")" = 1 ]
	grep -A 1 READY=1 "$BATS_TEST_TMPDIR/messages" | grep -q '^STATUS=3 of 3 connected$'
	up_stop
	wait_for 5 grep -q STOPPING=1 "$BATS_TEST_TMPDIR/messages"
}

@test "a wrong file: said with its line and the remedy, and nothing is made" {
	before=$(mysocketctl socket ls --json | jq length)
	printf '[one]\nport = 8000\n[two]\nprot = 1\n' >"$BATS_TEST_TMPDIR/bad.conf"
	run mysocketctl up "$BATS_TEST_TMPDIR/bad.conf"
	[ "$status" = 1 ]
	[[ "$output" == *"bad.conf:4: unknown setting 'prot'; did you mean 'port'?" ]]
	run mysocketctl up --check "$BATS_TEST_TMPDIR/bad.conf" --json
	[ "$status" = 1 ]
	[[ "$(jq -r .error_message <<<"$output")" == *"bad.conf:4:"* ]]
	run mysocketctl up "$BATS_TEST_TMPDIR/none.conf"
	[ "$status" = 1 ]
	[[ "$output" == *"there is no file"*"mysocketctl.conf(5)"* ]]
	printf '[one]\nport = 8000\nidentity = /nonexistent/key\n' | run mysocketctl up -
	[ "$status" = 1 ]
	run mysocketctl up --check one two
	[ "$status" = 2 ]
	[ "$(mysocketctl socket ls --json | jq length)" = "$before" ]
	run mysocketctl up --check
	[ "$output" = "$UP: ok (3 sockets)" ]
}

@test "a socket that is protected otherwise than the file says is not taken" {
	printf '[hidden]\nport = 8000\n' >"$BATS_TEST_TMPDIR/open.conf"
	run mysocketctl up "$BATS_TEST_TMPDIR/open.conf"
	[ "$status" = 1 ]
	[[ "$output" == *"open.conf:1: the socket 'hidden' is there already, but is protected"*"socket delete --socket_id "* ]]
}

@test "several tunnels for one socket share its visitors" {
	printf '[many]\nport = 8000\ntunnels = 3\n' >"$BATS_TEST_TMPDIR/many.conf"
	up_start 3 "$BATS_TEST_TMPDIR/many.conf"
	[ "$(mysocketctl status --json | jq '[.[].tunnels[].tunnel_id] | unique | length')" = 3 ]
	[ "$(mysocketctl status --json | jq '[.[].tunnels[].url] | unique | length')" = 1 ]
	mysocketctl status | grep -q '^| many 3 '
	many=$(mysocketctl status --json | jq -r '.[0].tunnels[0].socket_id')
	up_stop
	mysocketctl socket delete --socket_id "$many"
}

@test "without a token it says what to do; with one that expired it starts from what it knows" {
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/none" run mysocketctl up
	[ "$status" = 1 ]
	[[ "$output" == 'mysocketctl: not logged in; run: mysocketctl login'* ]]
	token_for -10 >"$BATS_TEST_TMPDIR/token"
	chmod 0600 "$BATS_TEST_TMPDIR/token"
	export MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token"
	XDG_STATE_HOME="$BATS_TEST_TMPDIR" run mysocketctl up
	[ "$status" = 1 ]
	[[ "$output" == *'the login has expired; run: mysocketctl login'* ]]
	up_start 3
	grep -q 'the login has expired; run: mysocketctl login' "$OUT"
	grep -q 'using the sockets as they were when the API was last asked' "$OUT"
	[ "$(page_of web)" = 'the bytes of the origin' ]
	up_stop
}

@test "the API away: what is known starts at once, what is not waits for it" {
	printf '[new one]\nport = 8000\n' >"$BATS_TEST_TMPDIR/new.conf"
	service_stop api
	up_start 3
	[ "$(page_of web)" = 'the bytes of the origin' ]
	up_stop
	ctl_start up "$BATS_TEST_TMPDIR/new.conf"
	wait_for 10 grep -q 'trying again in' "$OUT"
	[ "$(mysocketctl status --json | jq -r '.[0].message')" = 'waiting for the API' ]
	service_start api
	wait_for 20 connected 1
	new=$(mysocketctl status --json | jq -r '.[0].tunnels[0].socket_id')
	up_stop
	mysocketctl socket delete --socket_id "$new"
	printf '[newer one]\nport = 8000\n' >"$BATS_TEST_TMPDIR/new.conf"
	service_stop api
	ctl_start up "$BATS_TEST_TMPDIR/new.conf"
	wait_for 10 grep -q 'trying again in' "$OUT"
	# SIGHUP has the file read again, while it waits: what it names now is known.
	printf '[web]\nprot = 8000\n' >"$BATS_TEST_TMPDIR/new.conf"
	kill -HUP "$CTL"
	wait_for 10 grep -q "new.conf:2: unknown setting 'prot'" "$OUT"
	printf '[web]\nport = 8000\n' >"$BATS_TEST_TMPDIR/new.conf"
	kill -HUP "$CTL"
	wait_for 20 connected 1 || { cat "$OUT"; return 1; }
	[ "$(page_of web)" = 'the bytes of the origin' ]
	up_stop
	service_start api
	nothing_runs
}

@test "a node that has just started and an API that is away: no key is taken, and it is tried until one is" {
	up_start 3 # the sockets are remembered from now on
	up_stop
	service_stop api node
	service_start node
	ctl_start up
	wait_for 20 grep -q 'none of your ssh keys.*trying again in' "$OUT"
	service_start api
	wait_for 60 connected 3 || { cat "$OUT"; return 1; }
	refute grep -q 'giving up' "$OUT"
	up_stop
}

@test "up --json: an event per socket, then those of the tunnels by name" {
	ctl_start up --json
	wait_for 15 connected 3
	up_stop
	[ "$(jq -r 'select(.event == "socket") .socket.name' "$OUT" | tr '\n' ' ')" = 'web my tcp hidden ' ]
	[ "$(jq -r 'select(.event == "up") .tunnel' "$OUT" | sort | tr '\n' ' ')" = 'hidden my tcp web ' ]
	[ "$(tail -n 1 "$OUT" | jq -r .event)" = ended ]
}

@test "a socket that is deleted elsewhere fails with the reason; the others go on" {
	printf '[web]\nport = 8000\n[brief]\nport = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	up_start 2 "$BATS_TEST_TMPDIR/two.conf"
	mysocketctl socket delete --socket_id "$(of brief socket_id)"
	has_failed() { [ "$(of brief state)" = failed ]; }
	wait_for 10 has_failed
	[[ "$(of brief error)" == *deleted* ]]
	connected 1
	[ "$(page_of web)" = 'the bytes of the origin' ]
	kill -0 "$CTL"
	up_stop
}

@test "a socket that is deleted while its tunnels are not connected fails alone" {
	printf '[web]\nport = 8000\n[brief]\nport = 8000\ntunnels = 2\n' >"$BATS_TEST_TMPDIR/two.conf"
	up_start 3 "$BATS_TEST_TMPDIR/two.conf"
	service_stop sshd
	ctl_ssh | xargs kill -9
	nothing_connected() { connected 0; }
	wait_for 30 nothing_connected
	mysocketctl socket delete --socket_id "$(of brief socket_id | head -n 1)"
	service_start sshd
	have_failed() { [ "$(of brief 'state')" = $'failed\nfailed' ]; }
	wait_for 30 have_failed || { cat "$OUT"; mysocketctl status --json; return 1; }
	[ "$(of brief code)" = $'deleted\ndeleted' ]
	wait_for 30 connected 1
	grep -q 'remote port forwarding failed' "$OUT"
	[ "$(grep -c '^mysocketctl: \[brief [12]\] giving up: the socket or tunnel was deleted' "$OUT")" = 2 ]
	[ "$(page_of web)" = 'the bytes of the origin' ]
	up_stop
}

@test "how the edge serves a socket: set when it is made, and again at each start" {
	printf '[shop]\nport = 8000\nsubdomain = my-shop\nrate_limit = 500\n' >"$BATS_TEST_TMPDIR/shop.conf"
	up_start 1 "$BATS_TEST_TMPDIR/shop.conf"
	[[ "$(of shop url)" == "https://my-shop.$DOMAIN"* ]]
	[ "$(page_of shop)" = 'the bytes of the origin' ]
	shop=$(of shop socket_id)
	up_stop
	[ "$(mysocketctl socket show --socket_id "$shop" --json | jq .rate_limit)" = 500 ]
	printf '[shop]\nport = 8000\nrate_limit = 600\n' >"$BATS_TEST_TMPDIR/shop.conf"
	up_start 1 "$BATS_TEST_TMPDIR/shop.conf"
	[ "$(of shop socket_id)" = "$shop" ]
	[[ "$(of shop url)" == "https://my-shop.$DOMAIN"* ]]
	[ "$(mysocketctl socket show --socket_id "$shop" --json | jq .rate_limit)" = 600 ]
	up_stop
	printf '[shop]\nport = 8000\nsubdomain = -x\n' >"$BATS_TEST_TMPDIR/shop.conf"
	run mysocketctl up "$BATS_TEST_TMPDIR/shop.conf"
	[ "$status" = 1 ]
	[[ "$output" == *"'subdomain' must be "*"shop.conf:1: 'shop' is not ready" ]]
	# What can be seen without the service is, before anything is made.
	printf '[before]\nport = 8000\n[shop]\nport = 8000\nallow = nonsense\n' >"$BATS_TEST_TMPDIR/shop.conf"
	run mysocketctl up "$BATS_TEST_TMPDIR/shop.conf"
	[ "$status" = 1 ]
	[[ "$output" == *"shop.conf:3: 'allow': 'nonsense' is not a network"* ]]
	[ "$(mysocketctl socket ls --json | jq '[.[] | select(.name == "before")] | length')" = 0 ]
	mysocketctl socket delete --socket_id "$shop"
}

# Requests one after the other, until it is told to stop; each that failed leaves a line.
visitor() { # url
	until [ -e "$BATS_TEST_TMPDIR/stop" ]; do
		public_get "$1/page.txt" -f -o /dev/null || echo "failed" >>"$BATS_TEST_TMPDIR/failed"
		echo >>"$BATS_TEST_TMPDIR/visits"
	done
}

more_visits() { # than there were
	[ "$(wc -l <"$BATS_TEST_TMPDIR/visits")" -gt $(($1 + 5)) ]
}

@test "SIGHUP connects each anew, or as the file says now; so does a restart: no request fails" {
	printf '[web]\nport = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	up_start 1 "$BATS_TEST_TMPDIR/two.conf"
	: >"$BATS_TEST_TMPDIR/visits"
	visitor "$(of web url)" 3>&- 4>&- &
	visits=$!
	wait_for 10 more_visits 0
	old=$(ctl_ssh)
	kill -HUP "$CTL"
	renewed() { [ "$(of web reconnects)" = 1 ]; }
	wait_for 10 renewed
	[[ "$(ctl_ssh)" != "$old" ]]
	wait_for 10 more_visits "$(wc -l <"$BATS_TEST_TMPDIR/visits")"
	printf '[web]\nport = 8000\n[my tcp]\ntype = tcp\nport = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	kill -HUP "$CTL"
	wait_for 15 connected 2 || { cat "$OUT"; return 1; }
	[ "$(of web origin) $(of 'my tcp' state)" = '127.0.0.1:8000 connected' ]
	[ "$(mysocketctl status --json | jq -r '.[].pid')" = "$CTL" ]
	wait_for 10 more_visits "$(wc -l <"$BATS_TEST_TMPDIR/visits")"
	up_stop
	up_start 2 "$BATS_TEST_TMPDIR/two.conf"
	wait_for 10 more_visits "$(wc -l <"$BATS_TEST_TMPDIR/visits")"
	printf '[web]\nprot = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	kill -HUP "$CTL"
	wait_for 10 grep -q "two.conf:2: unknown setting 'prot'" "$OUT"
	wait_for 5 grep -q 'going on with the file as it was before' "$OUT"
	# Somebody else has logged in meanwhile: what is connected is not theirs.
	mysocketctl account create --name Guest --email guest@example.net --password 'guest password 1' >/dev/null
	cp -p "$HOME/.mysocketio_token" "$BATS_TEST_TMPDIR/token"
	mysocketctl login --email guest@example.net --password 'guest password 1' >/dev/null
	printf '[web]\nport = 8000\n[new]\nport = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	kill -HUP "$CTL"
	wait_for 10 grep -q 'the login is that of another account now' "$OUT"
	wait_for 5 eval '[ "$(grep -c "going on with the file as it was before" "$OUT")" = 2 ]'
	[ "$(mysocketctl socket ls --json | jq length)" = 0 ]
	cp -p "$BATS_TEST_TMPDIR/token" "$HOME/.mysocketio_token"
	connected 2
	touch "$BATS_TEST_TMPDIR/stop"
	ended "$visits"
	[ ! -e "$BATS_TEST_TMPDIR/failed" ]
	up_stop
}

@test "SIGTERM is not kept waiting by a SIGHUP that came just before" {
	printf '[web]\nport = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	up_start 1 "$BATS_TEST_TMPDIR/two.conf"
	printf '[web]\nprot = 8000\n' >"$BATS_TEST_TMPDIR/two.conf"
	kill -STOP "$CTL"
	kill -HUP "$CTL"
	kill -TERM "$CTL"
	kill -CONT "$CTL"
	ctl_end
	refute grep -q "unknown setting 'prot'" "$OUT"
}

ssh_of() { # name: the process id of its ssh
	pgrep -P "$CTL" -f "tunnel-$(of "$1" tunnel_id)"
}

is_not() { # name, member, what it was
	[ "$(of "$1" state)" = connected ] || return 1
	[ "$(of "$1" "$2")" != "$3" ]
}

@test "SIGHUP with another origin, and no second ssh comes up: status tells where it leads, and it is tried again" {
	local other
	printf '[web]\nport = 8000\n' >"$BATS_TEST_TMPDIR/moved.conf"
	mkdir "$BATS_TEST_TMPDIR/other"
	echo 'the bytes of another' >"$BATS_TEST_TMPDIR/other/page.txt"
	origin_up 18102 "$BATS_TEST_TMPDIR/other"
	other=$!
	up_start 1 "$BATS_TEST_TMPDIR/moved.conf"
	service_stop sshd
	printf '[web]\nport = 18102\n' >"$BATS_TEST_TMPDIR/moved.conf"
	kill -HUP "$CTL"
	wait_for 20 grep -q '^mysocketctl: \[web\] cannot connect anew: .*, trying again$' "$OUT"
	[ "$(of web origin) $(of web state)" = '127.0.0.1:8000 connected' ]
	[ "$(page_of web)" = 'the bytes of the origin' ]
	service_start sshd
	moved() { [ "$(of web origin)" = 127.0.0.1:18102 ]; }
	wait_for 60 moved || { cat "$OUT"; return 1; }
	[ "$(page_of web)" = 'the bytes of another' ]
	[ "$(grep -c 'cannot connect anew' "$OUT")" = 1 ]
	kill "$other"
	up_stop
}

@test "SIGHUP, a changed file and an API that does not answer: another origin needs none, the rest soon gives up" {
	local file="$BATS_TEST_TMPDIR/moved.conf" web
	printf '[web]\nport = 8000\n[my tcp]\ntype = tcp\nport = 8000\n' >"$file"
	up_start 2 "$file"
	api_signal STOP
	printf '[web]\nhost = localhost\nport = 8000\n' >"$file"
	kill -HUP "$CTL"
	wait_for 20 is_not web reconnects 0 || { cat "$OUT"; return 1; }
	[ "$(of web origin)" = localhost:8000 ]
	[ "$(mysocketctl status --json | jq '.[].tunnels | length')" = 1 ]
	# What only the API can make: others are not left alone for long meanwhile.
	printf '[web]\nport = 8000\n[unmade]\nport = 8000\n' >"$file"
	web=$(ssh_of web | sort -n | tail -n 1)
	SECONDS=0
	kill -HUP "$CTL"
	kill -9 "$web"
	wait_for 25 grep -q 'cannot reload, going on with the file as it was before; send SIGHUP again' "$OUT"
	wait_for 25 is_not web reconnects 1 || { cat "$OUT"; return 1; }
	[ "$SECONDS" -lt 75 ]
	[ "$(of web origin)" = localhost:8000 ]
	api_signal CONT
	kill -HUP "$CTL"
	is_made() { [ "$(of unmade state)" = connected ]; }
	wait_for 20 is_made || { cat "$OUT"; return 1; }
	mysocketctl socket delete --socket_id "$(of unmade socket_id)"
	up_stop
}

@test "SIGHUP with a changed file touches only what changed in it" {
	local file="$BATS_TEST_TMPDIR/changing.conf" web tcp fresh socket reconnects tunnel
	printf '[web]\nport = 8000\n[my tcp]\ntype = tcp\nport = 8000\n' >"$file"
	up_start 2 "$file"
	web=$(ssh_of web)
	tcp=$(ssh_of 'my tcp')
	: >"$BATS_TEST_TMPDIR/visits"
	visitor "$(of web url)" 3>&- 4>&- &
	visits=$!
	# One removed, one new; and of one that stays, something that only the edge goes by.
	printf '[fresh]\nport = 8000\n[web]\nport = 8000\nrate_limit = 50000\n' >"$file"
	kill -HUP "$CTL"
	is_fresh() { [ "$(of fresh state)" = connected ]; }
	wait_for 15 is_fresh || { cat "$OUT"; return 1; }
	wait_for 10 eval "! kill -0 $tcp 2>/dev/null"
	grep -q '1 added, 1 changed, 1 removed, 0 as before' "$OUT"
	grep -q '^\[my tcp\] Disconnected' "$OUT"
	url_hosts
	[ "$(page_of fresh)" = 'the bytes of the origin' ]
	[ "$(ssh_of web) $(of web reconnects)" = "$web 0" ]
	[ "$(mysocketctl socket show --socket_id "$(of web socket_id)" --json | jq .rate_limit)" = 50000 ]
	[ "$(mysocketctl status --json | jq '.[].tunnels | length')" = 2 ]
	mysocketctl socket ls --json | jq -e 'any(.name == "my tcp")'
	# Another origin: a second ssh takes the first one's place.
	fresh=$(ssh_of fresh)
	printf '[web]\nport = 8000\n[fresh]\nhost = localhost\nport = 8000\n' >"$file"
	kill -HUP "$CTL"
	wait_for 15 is_not fresh reconnects 0 || { cat "$OUT"; return 1; }
	[ "$(of fresh origin)" = localhost:8000 ]
	[ "$(page_of fresh)" = 'the bytes of the origin' ]
	wait_for 20 eval "! kill -0 $fresh 2>/dev/null"
	[ "$(ssh_of web) $(of web reconnects)" = "$web 0" ]
	# What failed for good has another chance with the same file.
	socket=$(of fresh socket_id)
	mysocketctl socket delete --socket_id "$socket"
	has_failed() { [ "$(of fresh state)" = failed ]; }
	wait_for 15 has_failed
	kill -HUP "$CTL"
	wait_for 15 is_not fresh socket_id "$socket" || { cat "$OUT"; return 1; }
	wait_for 15 is_not web reconnects 0
	touch "$BATS_TEST_TMPDIR/stop"
	ended "$visits"
	[ ! -e "$BATS_TEST_TMPDIR/failed" ]
	# Just connected anew, it has two; neither serves when it is removed.
	reconnects=$(of fresh reconnects)
	kill -HUP "$CTL"
	wait_for 15 is_not fresh reconnects "$reconnects"
	tunnel=$(of fresh tunnel_id)
	socket=$(of fresh socket_id)
	printf '[web]\nport = 8000\n' >"$file"
	kill -HUP "$CTL"
	wait_for 5 eval "! pgrep -f 'tunnel-$tunnel'"
	up_stop
	mysocketctl socket delete --socket_id "$socket"
	mysocketctl socket set --socket_id web --rate-limit 0
}
