# SPDX-License-Identifier: ISC
# How mysocketctl keeps tunnels connected: several at once, anew without a gap, and never for longer than itself.

load service
load ctl

setup_file() {
	ctl_service
	head -c 30000000 /dev/urandom >"$ORIGIN/large"
}

teardown_file() {
	ctl_service_end
}

teardown() {
	api_signal CONT 2>/dev/null || true
	ctl_test_end
}

ssh_count() { # number
	[ "$(ctl_ssh | wc -l)" = "$1" ]
}

connected() { # number of tunnels
	[ "$(grep -c '^\[[0-9]*\] Connected.$' "$OUT")" = "$1" ]
}

# Which of the tunnels have served a request so far?
served() {
	sed -n 's/^\[\([0-9]*\)\] .*GET.*/\1/p' "$OUT" | sort -un | tr '\n' ' '
}

all_serve() { # "1 2 3 "
	public_get "https://$NAME/page.txt" >/dev/null
	[ "$(served)" = "$1" ]
}

renewed() { # times
	[ "$(grep -c 'Connected anew.$' "$OUT")" = "$1" ]
}

@test "connect --tunnels 3: one socket, three sessions; the welcome once, and lines that name the session" {
	ctl_up connect --port 8000 --tunnels 3 --name three
	wait_for 10 connected 3
	ssh_count 3
	[ "$(mysocketctl tunnel ls --socket_id "$SOCKET" --json | jq length)" = 3 ]
	[ "$(grep -c '^Welcome' "$OUT")" = 1 ]
	[ "$(grep -c '^Connecting to Server' "$OUT")" = 1 ]
	wait_for 10 all_serve '1 2 3 '
	refute grep -v '^\[[123]\] \|^$\|^[|+]' <(sed '1,/^UTC/d' "$OUT")
	kill -TERM "$CTL"
	ctl_end
	socket_is_gone
	no_run_folder
}

@test "connect --tunnels: one that dies is brought back, and the others serve meanwhile" {
	ctl_up connect --port 8000 --tunnels 2
	wait_for 10 connected 2
	kill -9 "$(ctl_ssh | head -n 1)"
	for _ in {1..40}; do
		[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
	done
	wait_for 5 connected 3
	grep -q '^\[[12]\] Disconnected... Automatically reconnecting now..$' "$OUT"
	ssh_count 2
	kill -TERM "$CTL"
	ctl_end
}

@test "connect --tunnels: a Ctrl-C disconnects all, and another ends all" {
	ctl_up connect --port 8000 --tunnels 3
	wait_for 10 connected 3
	kill -INT "$CTL"
	wait_for 5 grep -q '^Press ctrl-c to exit' "$OUT"
	wait_for 5 ssh_count 0
	wait_for 10 connected 6
	[ "$(grep -c '^Connection to' "$OUT")" = 1 ]
	kill -INT "$CTL"
	wait_for 5 ssh_count 0
	kill -INT "$CTL"
	ctl_end
	[ "$(grep -c '^Bye$' "$OUT")" = 1 ]
	socket_is_gone
}

@test "connect --tunnels in a terminal: lines keep to its width, with the number in front" {
	term_up 'mysocketctl connect --port 8000 --tunnels 2; echo "status $?"'
	expect '^\[1\] Connected.$'
	expect '^\[2\] Connected.$'
	NAME=$(screen | sed -n 's/^| dns_name  | \([^ ]*\) .*/\1/p')
	echo "127.0.0.1 $NAME" >>/etc/hosts
	public_get "https://$NAME/page.txt?$(printf 'x%.0s' {1..200})" >/dev/null
	expect '^\[[12]\] .*GET     /page.txt.*ms$'
	term send-keys C-c
	expect '^Press ctrl-c to exit$'
	term send-keys C-c
	expect '^Bye$'
	expect '^status 0$'
}

@test "connect --tunnels: a tunnel deleted elsewhere is given up alone; with the last one it ends" {
	ctl_up connect --port 8000 --tunnels 2
	wait_for 10 connected 2
	for tunnel in $(mysocketctl tunnel ls --socket_id "$SOCKET" --json | jq -r '.[].tunnel_id'); do
		kill -0 "$CTL"
		before=$(ctl_ssh | wc -l)
		mysocketctl tunnel delete --socket_id "$SOCKET" --tunnel_id "$tunnel"
		wait_for 5 eval '[ "$(ctl_ssh | wc -l)" -lt "$before" ]'
	done
	refute ctl_end
	[ "$(grep -c 'giving up: the socket or tunnel was deleted' "$OUT")" = 2 ]
	socket_is_gone
}

@test "connect --tunnels --json: events name their tunnel" {
	ctl_start connect --port 8000 --tunnels 2 --json
	wait_for 10 eval '[ "$(grep -c "\"event\":\"up\"" "$OUT")" = 2 ]'
	kill -TERM "$CTL"
	ctl_end
	[ "$(jq -r 'select(.event == "up") .tunnel' "$OUT" | sort | tr '\n' ' ')" = '1 2 ' ]
	[ "$(jq -r 'select(.event == "socket") .socket.tunnels | length' "$OUT")" = 2 ]
	[ "$(jq -r 'select(.event == "ended") .socket_deleted' "$OUT")" = true ]
}

@test "kill -9 of mysocketctl ends every ssh of several tunnels" {
	ctl_up connect --port 8000 --tunnels 3
	wait_for 10 connected 3
	mapfile -t all < <(ctl_ssh)
	kill -9 "$CTL"
	for pid in "${all[@]}"; do wait_for 5 eval "! kill -0 $pid 2>/dev/null"; done
	wait_for 5 no_run_folder
	ctl_end || true
	mysocketctl socket delete --socket_id "$SOCKET"
}

@test "SIGHUP connects anew without a gap: no request fails under load, nor a download under way" {
	ctl_up connect --port 8000
	wrk -t 1 -c 8 -d 8s --timeout 8s "https://$NAME/page.txt" >"$BATS_TEST_TMPDIR/wrk" 3>&- &
	load=$!
	public_get "https://$NAME/large" --fail --limit-rate 8M -o "$BATS_TEST_TMPDIR/large" 3>&- &
	download=$!
	for n in 1 2 3 4; do
		kill -HUP "$CTL"
		wait_for 5 renewed "$n"
		[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
	done
	ended "$download"
	cmp "$ORIGIN/large" "$BATS_TEST_TMPDIR/large"
	ended "$load"
	cat "$BATS_TEST_TMPDIR/wrk"
	refute grep -q 'Non-2xx\|Socket errors' "$BATS_TEST_TMPDIR/wrk"
	[ "$(sed -n 's/ *\([0-9]*\) requests in.*/\1/p' "$BATS_TEST_TMPDIR/wrk")" -gt 100 ]
	[ "$(grep -c '^Welcome' "$OUT")" = 1 ]
	refute grep -q 'Disconnected' "$OUT"
	wait_for 15 ssh_count 1
	kill -TERM "$CTL"
	ctl_end
	socket_is_gone
}

@test "SIGHUP with the tunnel server away: the connection stays, or is tried again at once" {
	ctl_up connect --port 8000
	service_stop sshd
	kill -HUP "$CTL"
	wait_for 15 grep -q 'cannot connect anew: .*; the connection stays$' "$OUT"
	[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
	kill -9 "$(ctl_ssh)"
	wait_for 10 grep -q 'trying again in' "$OUT"
	service_start sshd
	kill -HUP "$CTL"
	wait_for 5 eval '[ "$(public_get "https://$NAME/page.txt")" = "the bytes of the origin" ]'
	kill -TERM "$CTL"
	ctl_end
}

catches_term() { # does it catch SIGTERM yet? The shell that becomes it may do so, too.
	local caught
	[ "$(cat "/proc/$CTL/comm")" = mysocketctl ] || return 1
	caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$CTL/status")
	[ $((0x$caught & 0x4000)) != 0 ]
}

# An API that has not answered; what it made is found and deleted.
silent_made() {
	local id
	api_signal CONT
	grep -q 'may have made a socket all the same; to see: mysocketctl socket ls' "$OUT"
	for id in $(mysocketctl socket ls --json | jq -r '.[] | select(.name == "silent") .socket_id'); do
		mysocketctl socket delete --socket_id "$id"
	done
}

@test "connect, an API that does not answer, and SIGTERM: it ends, and tells how to find what may have been made" {
	api_signal STOP
	ctl_start connect --port 8000 --name silent
	wait_for 10 catches_term
	SECONDS=0
	kill -TERM "$CTL"
	refute ctl_end
	[ "$SECONDS" -lt 45 ]
	silent_made
}

@test "connect, an API that does not answer, and Ctrl-C: it says what it waits for, and another one ends it" {
	api_signal STOP
	ctl_start connect --port 8000 --name silent
	wait_for 10 catches_term
	kill -INT "$CTL"
	wait_for 5 grep -q 'waiting for the API' "$OUT"
	kill -INT "$CTL"
	refute ctl_end
	[ "$(grep -c 'waiting for the API' "$OUT")" = 1 ]
	silent_made
}

# ---- what cannot pass --------------------------------------------------------------------------------------------
api_command() { # arguments
	setpriv --reuid mysocket --regid mysocket --init-groups /usr/lib/mysocket/mysocket-api "$@" >/dev/null
}

@test "a suspended account ends its tunnels with the reason, and they are not tried again" {
	ctl_up connect --port 8000 --tunnels 2
	wait_for 10 connected 2
	api_command account suspend ann@example.net
	refute ctl_end
	api_command account unsuspend ann@example.net
	[ "$(grep -c 'giving up: .*suspended' "$OUT")" = 2 ]
	refute grep -q 'trying again' "$OUT"
	# Its API is closed to it as well: what is left is the command.
	grep -q "delete it with: mysocketctl socket delete --socket_id $SOCKET$" "$OUT"
	mysocketctl socket delete --socket_id "$SOCKET"
}

@test "a key removed from the account ends the tunnel that used it, with the reason" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/second"
	key=$(mysocketctl account key add --sshkey "$BATS_TEST_TMPDIR/second.pub" --json | jq -r .key_id)
	ctl_up connect --port 8000 --identity "$BATS_TEST_TMPDIR/second"
	mysocketctl account key rm --key_id "$key" >/dev/null
	refute ctl_end
	grep -q 'giving up: ' "$OUT"
	refute grep -q 'trying again' "$OUT"
	socket_is_gone
}

# The connection is lost, and cannot be made again until `service_start sshd`.
lose_it() {
	service_stop sshd
	kill -9 "$(ctl_ssh)"
	wait_for 10 grep -q 'trying again in' "$OUT"
}

is_given_up() { # within this time, and with a failure
	wait_for 30 eval '! kill -0 "$CTL" 2>/dev/null' || { cat "$OUT"; return 1; }
	refute ctl_end
}

@test "a socket deleted while the tunnel was not connected: it ends with the reason" {
	ctl_up connect --port 8000
	lose_it
	mysocketctl socket delete --socket_id "$SOCKET"
	service_start sshd
	is_given_up
	[ "$(grep -c 'giving up: the socket or tunnel was deleted; connect again to make a new one$' "$OUT")" = 1 ]
	# sshd's own reason, which may pass, is not what is said.
	refute grep -q 'of your ssh keys\|relay port' "$OUT"
}

@test "a key removed while the tunnel was not connected: it ends with the reason" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/second"
	key=$(mysocketctl account key add --sshkey "$BATS_TEST_TMPDIR/second.pub" --json | jq -r .key_id)
	rm "$BATS_TEST_TMPDIR/second.pub" # what is public of it stands in the private key as well
	ctl_start connect --port 8000 --identity "$BATS_TEST_TMPDIR/second" --json
	wait_for 15 grep -q '"event":"up"' "$OUT"
	service_stop sshd
	kill -9 "$(ctl_ssh)"
	wait_for 10 grep -q '"event":"disconnected"' "$OUT"
	mysocketctl account key rm --key_id "$key" >/dev/null
	service_start sshd
	is_given_up
	[ "$(jq -r 'select(.event == "denied") | "\(.code): \(.reason)"' "$OUT")" = \
		'key: this ssh key was removed from the account; add it again, or use another' ]
}

@test "an account suspended while the tunnel was not connected: it ends with the reason" {
	ctl_up connect --port 8000
	lose_it
	api_command account suspend ann@example.net
	service_start sshd
	is_given_up
	api_command account unsuspend ann@example.net
	[ "$(grep -c 'giving up: this account is suspended; ask the operator of the service$' "$OUT")" = 1 ]
	mysocketctl socket delete --socket_id "$SOCKET"
}

more_refusals() { # than
	[ "$(jq -c 'select(.event == "disconnected" and (.reason | contains("none of your ssh keys")))' "$OUT" | wc -l)" -gt "$1" ]
}

@test "a node that cannot check keys, and an API that cannot be asked: it is tried again until they are back" {
	ctl_start connect --port 8000 --json
	wait_for 15 grep -q '"event":"up"' "$OUT"
	service_stop api
	# It forgets the account, and cannot ask for it.
	service_stop node
	service_start node
	kill -9 "$(ctl_ssh)"
	wait_for 30 more_refusals 1
	service_start api
	wait_for 60 eval '[ "$(grep -c "\"event\":\"up\"" "$OUT")" = 2 ]'
	refute grep -q '"event":"denied"' "$OUT"
	kill -TERM "$CTL"
	ctl_end
}

@test "a node that is away at the first login: a key that the account has is tried until it is back" {
	service_stop node
	OUT="$BATS_TEST_TMPDIR/out"
	: >"$OUT"
	# In a terminal, where a passphrase that nobody typed would look the same; but the key has none.
	term_up "mysocketctl connect --port 8000 --json >$OUT 2>&1"
	wait_for 30 more_refusals 1
	service_start node
	wait_for 60 grep -q '"event":"up"' "$OUT"
	kill -TERM "$(pgrep -o -x mysocketctl)"
	wait_for 15 grep -q '"event":"ended"' "$OUT"
	refute grep -q '"event":"denied"' "$OUT"
}

up_again() { # times in all
	[ "$(grep -c '"event":"up"' "$OUT")" = "$1" ]
}

@test "keys of an agent: one that it has lost for a while is waited for, one removed from the account is not" {
	mkdir "$BATS_TEST_TMPDIR/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/.ssh/id_ed25519" # never the account's
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/second"
	key=$(mysocketctl account key add --sshkey "$BATS_TEST_TMPDIR/second.pub" --json | jq -r .key_id)
	export SSH_AUTH_SOCK="$BATS_TEST_TMPDIR/agent"
	ssh-agent -D -a "$SSH_AUTH_SOCK" >/dev/null 3>&- 4>&- &
	agent=$!
	wait_for 5 ssh-add -q "$BATS_TEST_TMPDIR/second"
	MYSOCKET_TOKEN_FILE="$HOME/.mysocketio_token" HOME="$BATS_TEST_TMPDIR" ctl_start connect --port 8000 --json
	wait_for 15 up_again 1
	ssh-add -q -D
	kill -9 "$(ctl_ssh)"
	wait_for 30 more_refusals 1
	ssh-add -q "$BATS_TEST_TMPDIR/second"
	wait_for 60 up_again 2
	service_stop sshd
	kill -9 "$(ctl_ssh)"
	mysocketctl account key rm --key_id "$key" >/dev/null
	service_start sshd
	is_given_up
	kill "$agent"
	[ "$(jq -r 'select(.event == "denied") .code' "$OUT")" = key ]
}

@test "a server that has another host key after a reconnect is not given the tunnel" {
	ctl_up connect --port 8000
	service_stop sshd
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/host"
	/usr/sbin/sshd -f /dev/null -h "$BATS_TEST_TMPDIR/host" -p 22 -o PidFile="$BATS_TEST_TMPDIR/pid" 3>&-
	wait_for 5 listening 22
	kill -HUP "$CTL"
	wait_for 5 grep -q 'cannot connect anew: .*key is not the one that the API named.*; the connection stays$' "$OUT"
	kill -9 "$(ctl_ssh)"
	refute ctl_end
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	wait_for 5 eval '! listening 22'
	service_start sshd
	grep -q "giving up: the tunnel server's key is not the one that the API named" "$OUT"
	refute grep -q 'trying again' "$OUT"
	socket_is_gone
}

# ---- the outside -------------------------------------------------------------------------------------------------
# Packets of ssh connections are lost on their way, both ways, and nobody is told: links and addresses stay.
packets_drop() {
	local port
	tc qdisc add dev lo root handle 1: htb default 1 r2q 100000
	tc class add dev lo parent 1: classid 1:1 htb rate 100gbit quantum 60000
	tc class add dev lo parent 1: classid 1:2 htb rate 100gbit quantum 60000
	tc qdisc add dev lo parent 1:2 handle 2: blackhole
	for port in sport dport; do
		packets_drop_of "$port" 22 2
	done
}

packets_drop_of() { # sport or dport, number, rank
	tc filter add dev lo parent 1: protocol ip prio "$3" u32 match ip "$1" "$2" 0xffff flowid 1:2
}

# As a router does that has forgotten the connections of before.
packets_of_new_connections_pass() {
	local port
	for port in $(ss -Htn state established 'dport = 22' | awk '{ sub(/.*:/, "", $3); print $3 }'); do
		packets_drop_of sport "$port" 1
		packets_drop_of dport "$port" 1
	done
	tc filter del dev lo parent 1: prio 2
}

packets_pass() {
	tc qdisc del dev lo root
}

serves() {
	[ "$(public_get "https://$NAME/page.txt" --max-time 1)" = 'the bytes of the origin' ]
}

no_session_on_the_server() {
	refute pgrep -u mysocket-tunnel
}

# A wait of seconds has begun: now $OUT has so many attempts.
waits_long() {
	[ "$(jq 'select(.event == "disconnected") .retry_ms' "$OUT" | tail -n 1)" -gt 3000 ]
}

attempts() {
	grep -c '"event":"disconnected"' "$OUT"
}

more_attempts() { # than
	[ "$(attempts)" -gt "$1" ]
}

@test "a dead peer is noticed by both ends within 45 s, and traffic flows within 5 s of its return" {
	ctl_up connect --port 8000
	serves
	packets_drop
	refute serves
	wait_for 45 grep -q '^Disconnected' "$OUT"
	wait_for 10 no_session_on_the_server
	refute serves
	# The waits between attempts grow meanwhile.
	wait_for 30 eval '[ "$(grep -c "trying again" "$OUT")" -ge 2 ]'
	packets_pass
	wait_for 5 serves
	kill -TERM "$CTL"
	ctl_end
}

# Of the terminal that term_up made.
types_are_shown() {
	stty -F "$(term display-message -p '#{pane_tty}')" -a | grep -q ' echo '
}

prompts() {
	screen | grep -c '^Enter passphrase for key'
}

# Types the passphrase wherever it is asked for once more.
phrase_leads_in() {
	[ "$(prompts)" = "$ANSWERED" ] || { ANSWERED=$(prompts); term send-keys 'a phrase' Enter; }
	shows '^Logs'
}

@test "a peer that dies while ssh waits for a passphrase is noticed within 45 s, and the terminal is put in order" {
	locked="$BATS_TEST_TMPDIR/locked"
	ssh-keygen -q -t ed25519 -N 'a phrase' -f "$locked"
	mysocketctl account key add --sshkey "$locked.pub" >/dev/null
	term_up "mysocketctl connect --port 8000 --identity $locked"
	expect '^Enter passphrase for key'
	refute types_are_shown
	packets_drop
	wait_for 45 shows 'does not answer'
	wait_for 5 types_are_shown
	ANSWERED=1
	packets_pass
	wait_for 30 phrase_leads_in || { screen; return 1; }
	term kill-server
}

@test "a tunnel server that is back is noticed at once, whatever wait has begun" {
	service_stop sshd
	ctl_start connect --port 8000 --json
	wait_for 60 waits_long
	service_start sshd
	wait_for 5 grep -q '"event":"up"' "$OUT"
	kill -TERM "$CTL"
	ctl_end
}

@test "a change of the network ends the wait at once" {
	service_stop sshd
	ctl_start connect --port 8000 --json
	wait_for 60 waits_long
	before=$(attempts)
	ip addr add 192.0.2.77/32 dev lo
	wait_for 5 more_attempts "$before"
	service_start sshd
	wait_for 5 grep -q '"event":"up"' "$OUT"
	kill -TERM "$CTL"
	ctl_end
}

@test "an address that goes may take the connection along: it is connected anew, without a gap" {
	ctl_up connect --port 8000
	ip addr add 192.0.2.78/32 dev lo
	ip addr del 192.0.2.78/32 dev lo
	wait_for 5 renewed 1
	serves
	refute grep -q Disconnected "$OUT"
	kill -TERM "$CTL"
	ctl_end
}

# TCP's own pauses have grown to more than ten seconds: its next try is that far away.
tcp_pauses_long() {
	ss -Htin state established 'dport = 22' | grep -q 'backoff:[6-9]'
}

@test "packets lost for a shorter time than ssh takes to notice: traffic flows within 5 s all the same" {
	ctl_up connect --port 8000
	serves
	packets_drop
	wait_for 40 tcp_pauses_long
	refute grep -q Disconnected "$OUT"
	packets_pass
	wait_for 5 serves
	kill -TERM "$CTL"
	ctl_end
}

@test "packets of the old connection stay lost: a new one takes its place within 5 s, before ssh notices" {
	ctl_up connect --port 8000
	serves
	packets_drop
	wait_for 40 tcp_pauses_long
	packets_of_new_connections_pass
	wait_for 5 serves
	wait_for 5 renewed 1
	refute grep -q Disconnected "$OUT"
	kill -TERM "$CTL"
	ctl_end
}
