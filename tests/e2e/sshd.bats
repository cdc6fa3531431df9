# SPDX-License-Identifier: ISC
# A tunnel's login can listen on its own relay ports, and gets nothing else (DESIGN.md 6, rule 2).

load service
load sshd

setup_file() {
	service_up
	# Relay ports are per account: one of bob's that is not alice's.
	account_make bob
	socket_make first
	socket_make second
	export BOB_USER=$ACCOUNT_USER BOB_RELAY=$RELAY
	account_make alice
	socket_make web
	[ "$RELAY" != "$BOB_RELAY" ]
	page_up
}

teardown_file() {
	service_down
}

teardown() {
	clients_end
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
}

# Asks for a forward and nothing else: refused with ssh's own words.
refused_forward() { # option...
	run client -N -o ExitOnForwardFailure=yes "$@"
	[ "$status" -eq 255 ]
	[[ $output == *"remote port forwarding failed for listen p"* ]]
}

@test "its own relay port is given, whatever address is asked for" {
	for address in '' localhost: 127.0.0.1: 0.0.0.0: '*:'; do
		client_start own -v -N -o ExitOnForwardFailure=yes -R "$address$RELAY:127.0.0.1:8000"
		shows own 'remote forward success'
		[ "$(public_get "$URL/page")" = origin ]
		client_end own
	done
}

@test "another account's relay port is refused" {
	refused_forward -R "$BOB_RELAY:127.0.0.1:8000"
}

@test "an unlisted port, a chosen one and a privileged one are refused" {
	refused_forward -R 1:127.0.0.1:8000
	refused_forward -R 7080:127.0.0.1:8000
	refused_forward -R 65535:127.0.0.1:8000
	refused_forward -R 0:127.0.0.1:8000
}

@test "a listener on a Unix socket is refused" {
	refused_forward -R /run/mysocket/tunnel/socket:127.0.0.1:8000
	refused_forward -R /tmp/socket:127.0.0.1:8000
	[ ! -e /tmp/socket ]
}

@test "-L reaches nothing, be it a port or a Unix socket" {
	client_start local -N -L 7001:127.0.0.1:8000 -L 7002:/run/mysocket/node.sock
	wait_for 10 listening 7001
	wait_for 10 listening 7002
	run curl -s --max-time 60 http://127.0.0.1:7001/page
	[ "$status" -ne 0 ]
	[ -z "$output" ]
	run curl -s --max-time 60 http://127.0.0.1:7002/
	[ "$status" -ne 0 ]
	[ -z "$output" ]
	shows local 'administratively prohibited'
}

@test "-W and -D reach nothing" {
	run client -W 127.0.0.1:8000
	[ "$status" -eq 255 ]
	[[ $output == *"stdio forwarding failed"* ]]
	client_start dynamic -N -D 7003
	wait_for 10 listening 7003
	run curl -s --max-time 60 --socks5 127.0.0.1:7003 http://127.0.0.1:8000/page
	[ "$status" -ne 0 ]
	[ -z "$output" ]
}

@test "a command is refused with what to do instead" {
	for command in id 'sh -c id' /bin/sh 'scp -t /tmp' 'rsync --server . /tmp'; do
		run client -R "$RELAY:127.0.0.1:8000" -- "$command"
		[ "$status" -eq 1 ]
		[ "${#lines[@]}" -eq 1 ]
		[[ $output == "mysocket: no commands"*"ssh -R <relay port>:127.0.0.1:<your port>"* ]]
	done
}

@test "sftp is refused, and any subsystem" {
	for subsystem in sftp netconf; do
		run client -s -- "$subsystem"
		[ "$status" -ne 0 ]
		[[ $output == *"subsystem request failed"* ]]
	done
	run timeout 60 sftp -F /dev/null -P "$SSH_PORT" -i "$ACCOUNT/key" -o BatchMode=yes -b /dev/null \
		-o "UserKnownHostsFile=$ACCOUNT/known_hosts" "$ACCOUNT_USER@$SSH_TARGET"
	[ "$status" -ne 0 ]
}

@test "X11 is refused" {
	DISPLAY=127.0.0.1:9 client_start x11 -v -T -o ForwardX11=yes -o ForwardX11Trusted=yes \
		-R "$RELAY:127.0.0.1:8000"
	shows x11 'X11 forwarding request failed'
	shows x11 '^Logs'
	run grep -c --text 'DISPLAY=' "/proc/$(session_pid)/environ"
	[ "$output" = 0 ]
}

@test "an agent is not forwarded, and no variable of the client's choice arrives" {
	eval "$(ssh-agent -a "$BATS_TEST_TMPDIR/agent" 3>&-)"
	LD_PRELOAD_TEST=1 client_start fwd -v -A -T -R "$RELAY:127.0.0.1:8000" -o SendEnv=LD_PRELOAD_TEST
	shows fwd '^Logs'
	kill "$SSH_AGENT_PID"
	tr '\0' '\n' <"/proc/$(session_pid)/environ" >"$BATS_TEST_TMPDIR/environ"
	grep -q '^SSH_CONNECTION=' "$BATS_TEST_TMPDIR/environ"
	run grep '^SSH_AUTH_SOCK=\|^LD_PRELOAD_TEST=' "$BATS_TEST_TMPDIR/environ"
	[ -z "$output" ]
	run find /tmp /run/mysocket -name 'agent.*' -type s
	[ -z "$output" ]
}

@test "a second session in one connection is refused" {
	client_start first -M -S "$BATS_TEST_TMPDIR/mux" -T -R "$RELAY:127.0.0.1:8000"
	shows first '^Logs'
	run timeout 60 ssh -F /dev/null -S "$BATS_TEST_TMPDIR/mux" "$SSH_TARGET" </dev/null
	[ "$status" -ne 0 ]
	[ "$(pgrep -c -x mysocket-sessio)" -eq 1 ]
}

@test "a session's processes have no rights, and a filter between them and bind" {
	client_start own -T -R "$RELAY:127.0.0.1:8000"
	shows own '^Logs'
	local pid
	pid=$(session_pid)
	[ "$(stat -c %U "/proc/$pid/environ")" = root ] # not dumpable: other sessions cannot look into it
	[ "$(awk '/^Uid:/ { print $2, $3, $4, $5 }' "/proc/$pid/status" | sort -u)" = \
		"$(id -u mysocket-tunnel) $(id -u mysocket-tunnel) $(id -u mysocket-tunnel) $(id -u mysocket-tunnel)" ]
	grep -q '^CapEff:	0000000000000000$' "/proc/$pid/status"
	grep -q '^NoNewPrivs:	1$' "/proc/$pid/status"
	grep -q '^Seccomp:	2$' "/proc/$pid/status"
}

@test "the token is not to be found in the session's environment" {
	client_start own -T -R "$RELAY:127.0.0.1:8000"
	shows own '^Logs'
	run grep -c 'MYSOCKET_SESSION_TOKEN=[0-9a-f]' --text "/proc/$(session_pid)/environ"
	[ "$output" = 0 ]
}

@test "another's key, no key and a password do not log in" {
	CLIENT_USER=$BOB_USER run client -N
	[ "$status" -eq 255 ]
	[[ $output == *"Permission denied (publickey)"* ]]
	CLIENT_KEY=/nonexistent run client -N
	[[ $output == *"Permission denied (publickey)"* ]]
	run client -N -o PubkeyAuthentication=no -o BatchMode=no -o NumberOfPasswordPrompts=1
	[[ $output == *"Permission denied (publickey)"* ]]
}

@test "users that are not tunnels do not log in here" {
	for user in root mysocket mysocket-tunnel 00000000000000000000000000000000; do
		CLIENT_USER=$user run client -N
		[ "$status" -eq 255 ]
		[[ $output == *"Permission denied (publickey"* ]]
	done
}

@test "a certificate made with the account's key does not log in" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/key"
	ssh-keygen -q -s "$ACCOUNT/key" -I me -n "$ACCOUNT_USER" "$BATS_TEST_TMPDIR/key.pub"
	CLIENT_KEY=$BATS_TEST_TMPDIR/key run client -N
	[ "$status" -eq 255 ]
	[[ $output == *"Permission denied (publickey)"* ]]
}

@test "a suspended account is told so, and its session had ended" {
	account_make carol
	socket_make web
	client_start carol -T -R "$RELAY:127.0.0.1:8000"
	shows carol '^Logs'
	setpriv --reuid mysocket --regid mysocket --init-groups /usr/lib/mysocket/mysocket-api account suspend \
		"$ACCOUNT_EMAIL"
	shows carol '^mysocket: .*\[suspended\]'
	run client -N -R "$RELAY:127.0.0.1:8000"
	[ "$status" -eq 255 ]
	[[ $output == *"[suspended]"* ]]
}

@test "the key's line is exactly what it has to be, and only the key command's user is told" {
	local blob line expected
	blob=$(cut -d ' ' -f 2 "$ACCOUNT/key.pub")
	line=$(setpriv --reuid mysocket-keys --regid mysocket-keys --clear-groups \
		/usr/lib/mysocket/mysocket-authkeys "$ACCOUNT_USER" ssh-ed25519 "$blob")
	expected="restrict,pty,port-forwarding,permitlisten=\"$RELAY\" ssh-ed25519 $blob"
	[ "$line" = "$expected" ]
	for user in mysocket-tunnel nobody; do
		run setpriv --reuid "$user" --clear-groups \
			/usr/lib/mysocket/mysocket-authkeys "$ACCOUNT_USER" ssh-ed25519 "$blob"
		[ "$status" -eq 1 ]
		refute grep ssh-ed25519 <<<"$output"
	done
}

@test "what is no key, no account's key or no user prints no line" {
	local keys="/usr/lib/mysocket/mysocket-authkeys" blob
	blob=$(cut -d ' ' -f 2 "$ACCOUNT/key.pub")
	run "$keys" "$ACCOUNT_USER" ssh-rsa "$blob"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$keys" "$ACCOUNT_USER" ssh-ed25519-cert-v01@openssh.com "$blob"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$keys" "$ACCOUNT_USER" 'command="sh" ssh-ed25519' "$blob"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$keys" 00000000000000000000000000000000 ssh-ed25519 "$blob"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	run "$keys" root ssh-ed25519 "$blob"
	[ "$status" -eq 2 ]
	[[ $output == *"asked for a user that is not ours"* ]]
	run "$keys" "$ACCOUNT_USER"
	[ "$status" -eq 2 ]
	[[ $output == Usage:* ]]
}

@test "sshd's effective rules are the ones that are meant" {
	local rules
	rules=$(/usr/lib/mysocket/mysocket-sshd -T -f /usr/share/mysocket/sshd_config.d/mysocket-sshd.conf \
		-C "user=$ACCOUNT_USER,host=x,addr=127.0.0.1")
	for rule in 'authenticationmethods publickey' 'allowtcpforwarding remote' 'permitopen none' 'gatewayports no' \
		'allowstreamlocalforwarding no' 'allowagentforwarding no' 'x11forwarding no' 'permittunnel no' \
		'permituserrc no' 'permituserenvironment no' 'maxsessions 1' 'clientaliveinterval 6' \
		'clientalivecountmax 2' 'authorizedkeysfile none' 'forcecommand /usr/lib/mysocket/mysocket-session'; do
		grep -qxi "$rule" <<<"$rules" || { echo "missing: $rule"; return 1; }
	done
}
