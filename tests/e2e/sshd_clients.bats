# SPDX-License-Identifier: ISC
# Stock ssh clients and what a session shows them: with and without -N, with and without a terminal, paramiko.

load service
load sshd

setup_file() {
	service_up
	account_make alice
	socket_make 'my test'
	page_up
}

teardown_file() {
	service_down
}

teardown() {
	clients_end
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	no_session_soon
}

no_session_soon() {
	wait_for 5 no_session
}

forward() {
	echo "$RELAY:127.0.0.1:8000"
}

served() {
	[ "$(public_get "$URL/page")" = origin ]
}

# A client whose far end is a terminal, and whose keys come from the pipe "$BATS_TEST_TMPDIR/keys".
terminal_start() { # tag [option...]
	local options tag=$1
	shift
	mapfile -t options < <(client_options)
	mkfifo "$BATS_TEST_TMPDIR/keys"
	# Open for reading and writing: the client sees no end of its input.
	ssh -tt "${options[@]}" -R "$(forward)" "$@" "$SSH_TARGET" <>"$BATS_TEST_TMPDIR/keys" \
		>"$BATS_TEST_TMPDIR/$tag" 2>&1 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/$tag.pid"
}

type_keys() {
	# shellcheck disable=SC2059 # keys are written as escapes
	printf "$1" >"$BATS_TEST_TMPDIR/keys"
}

@test "plain ssh -R without a terminal: the welcome, the public name, then the requests" {
	client_start plain -T -R "$(forward)"
	shows plain '^Logs'
	[ "$(head -n 6 "$BATS_TEST_TMPDIR/plain")" = "$(printf '%s\n' 'Welcome to Mysocket!' "my test - $URL" '' \
		======= Logs =======)" ]
	served
	shows plain "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9] \(127.0.0.1\|::1\)  *GET  */page  *200 "
}

@test "plain ssh -N -R serves" {
	client_start quiet -N -R "$(forward)"
	wait_for 10 served
	[ ! -s "$BATS_TEST_TMPDIR/quiet" ]
}

@test "with a terminal lines end for terminals, and statuses have colours" {
	TERM=xterm terminal_start term
	shows term '^Logs'
	served
	shows term $'/page .*\033\\[32m200\033\\[m'
	[ "$(grep -c $'\r$' "$BATS_TEST_TMPDIR/term")" -ge 7 ]
}

@test "NO_COLOR and a dumb terminal have no colours" {
	TERM=xterm NO_COLOR=1 terminal_start plain -o SendEnv=NO_COLOR
	shows plain '^Logs'
	served
	shows plain '/page '
	run grep -c $'\033' "$BATS_TEST_TMPDIR/plain"
	[ "$output" = 0 ]
	client_end plain
	rm "$BATS_TEST_TMPDIR/keys"
	TERM=dumb terminal_start dumb
	shows dumb '^Logs'
	served
	shows dumb '/page '
	run grep -c $'\033' "$BATS_TEST_TMPDIR/dumb"
	[ "$output" = 0 ]
}

@test "Ctrl-C ends the login at once" {
	terminal_start term
	shows term '^Logs'
	type_keys '\003'
	wait_for 5 gone "$(client_pid term)"
	grep -q 'Connection to .* closed' "$BATS_TEST_TMPDIR/term"
}

@test "Ctrl-C ends the login also while a visitor's connection is open" {
	terminal_start term
	shows term '^Logs'
	# The edge keeps this one for the next visitor.
	served
	type_keys '\003'
	wait_for 5 gone "$(client_pid term)"
}

@test "without a forward the session says how to ask for one" {
	client_start none -T
	shows none '-R <relay port>:127.0.0.1:<your port>'
	shows none '^Logs'
}

@test "paramiko with a terminal, a shell and localhost, in both orders" {
	for order in forward-first shell-first; do
		/usr/bin/python3 "$BATS_TEST_DIRNAME/paramiko_client.py" "$ACCOUNT_USER" "$ACCOUNT/key" \
			"$ACCOUNT/known_hosts" "ssh.$DOMAIN" 22 "$RELAY" 8000 "$order" \
			</dev/null >"$BATS_TEST_TMPDIR/$order" 2>&1 3>&- &
		echo $! >"$BATS_TEST_TMPDIR/$order.pid"
		shows "$order" '^Logs'
		shows "$order" "^my test - $URL"
		wait_for 10 served
		shows "$order" ' /page '
		client_end "$order"
	done
}

@test "TCP_NODELAY is set on the connection of ssh -N" {
	client_start quiet -N -R "$(forward)"
	wait_for 10 served
	run /usr/bin/python3 - "$(pgrep -f "^(mysocket-sshd|sshd-session): $ACCOUNT_USER \[priv\]")" <<-'PYTHON'
		import ctypes, os, socket, sys
		pid = int(sys.argv[1])
		libc = ctypes.CDLL(None)
		pidfd = libc.syscall(434, pid, 0)
		for name in os.listdir(f"/proc/{pid}/fd"):
		    if "socket:" in os.readlink(f"/proc/{pid}/fd/{name}"):
		        s = socket.socket(fileno=libc.syscall(438, pidfd, int(name), 0))
		        if s.family in (socket.AF_INET, socket.AF_INET6):
		            print(s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
	PYTHON
	[ "$output" = 1 ]
}

@test "a session's private memory stays under 200 KiB, after a thousand lines too" {
	local kib
	client_start other -T # what sessions share, as their program, is nobody's own
	shows other '^Logs'
	client_start plain -T -R "$(forward)"
	shows plain '^Logs'
	public_get "$URL/page?[1-1000]" -o /dev/null
	shows plain 'page?1000 '
	kib=$(awk '/^Private_/ { sum += $2 } END { print sum }' "/proc/$(session_pid)/smaps_rollup")
	echo "# private memory of mysocket-session: $kib KiB" >&3
	[ "$kib" -lt 200 ]
}

@test "a session whose tunnel another login takes over says so, and when it serves again" {
	client_start first -T -R "$(forward)"
	shows first '^Logs'
	client_start second -N -R "$(forward)"
	shows first 'a later login of this tunnel took over'
	client_end second
	shows first 'serves the tunnel again'
}

@test "a client that does not read slows no visitor, and learns how many lines it missed" {
	local options long start
	# Its output goes to a pipe that nobody reads yet.
	mapfile -t options < <(client_options)
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	ssh "${options[@]}" -T -R "$(forward)" "$SSH_TARGET" </dev/null 1<>"$BATS_TEST_TMPDIR/pipe" 2>&1 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/unread.pid"
	wait_for 10 served
	# More than all buffers on the way can hold: ssh's window alone is 2 MiB.
	long=$(printf 'x%.0s' {1..900})
	start=$SECONDS
	public_get "http://$DNSNAME/page?[1-5000]$long" --no-progress-meter --parallel --parallel-max 20 -o /dev/null
	[ $((SECONDS - start)) -lt 40 ]
	served
	cat "$BATS_TEST_TMPDIR/pipe" >"$BATS_TEST_TMPDIR/unread" 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/cat.pid"
	shows unread '^\.\.\. [0-9]* lines not shown (too fast for this terminal)'
	shows unread '/page  '
}

@test "a node that is restarted leaves the session as it is, and its log goes on" {
	client_start plain -T -R "$(forward)"
	shows plain '^Logs'
	kill -9 "$(service_pid node)"
	service_start node
	wait_for 10 served
	logged() { public_get "$URL/page?after" -o /dev/null && grep -q 'page?after' "$BATS_TEST_TMPDIR/plain"; }
	wait_for 10 logged
	[ "$(grep -c "my test - $URL" "$BATS_TEST_TMPDIR/plain")" -eq 1 ]
	run grep -ci 'error\|fail\|lost\|mysocket:' "$BATS_TEST_TMPDIR/plain"
	[ "$output" = 0 ]
}

@test "a session ends with its client, and with sshd's process" {
	local pid
	client_start plain -T -R "$(forward)"
	shows plain '^Logs'
	pid=$(session_pid)
	kill -9 "$(client_pid plain)"
	wait_for 5 gone "$pid"
	client_start plain -T -R "$(forward)"
	shows plain '^Logs'
	pid=$(session_pid)
	kill -9 "$(awk '{ print $4 }' "/proc/$pid/stat")"
	wait_for 5 gone "$pid"
}

@test "a client that is dead without a word is noticed within 45 s" {
	local pid began
	client_start plain -T -R "$(forward)"
	shows plain '^Logs'
	pid=$(session_pid)
	began=$SECONDS
	kill -STOP "$(client_pid plain)"
	wait_for 45 gone "$pid"
	echo "# a dead client was noticed after $((SECONDS - began)) s" >&3
	kill -9 "$(client_pid plain)"
}

@test "while the node is away nobody logs in, and the login after that works" {
	service_stop node
	run client -N -R "$(forward)"
	[ "$status" -eq 255 ]
	[[ $output == *"Permission denied (publickey)"* ]]
	service_start node
	client_start back -N -R "$(forward)"
	wait_for 10 served
}

@test "by hand the session says who starts it" {
	run /usr/lib/mysocket/mysocket-session
	[ "$status" -eq 2 ]
	[[ $output == *"sshd starts this"* ]]
	SSH_CONNECTION='1 2 3 4' run /usr/lib/mysocket/mysocket-session
	[ "$status" -eq 1 ]
	[[ $output == *"add pam_mysocket.so"* ]]
	run /usr/lib/mysocket/mysocket-session --version
	[ "$status" -eq 0 ]
	run /usr/lib/mysocket/mysocket-session --help
	[ "$status" -eq 0 ]
}
