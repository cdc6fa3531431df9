# SPDX-License-Identifier: ISC
# The system's own sshd takes in tunnels beside its other users: 50-mysocket.conf linked into its folder, one
# line in /etc/pam.d/sshd.

load service
load sshd

export SYSTEM_PORT=2022

setup_file() {
	service_up
	account_make alice
	sed -i "1i [ssh.$DOMAIN]:$SYSTEM_PORT $(cut -d ' ' -f 1-2 /etc/mysocket/ssh_host_ed25519_key.pub)" \
		"$ACCOUNT/known_hosts"
	socket_make web
	mkdir -p "$BATS_FILE_TMPDIR/www"
	echo origin >"$BATS_FILE_TMPDIR/www/page"
	origin_up 8000 "$BATS_FILE_TMPDIR/www"
	user_make
	sshd_up
}

teardown_file() {
	kill "$(cat "$BATS_FILE_TMPDIR/sshd.pid")"
	service_down
}

setup() {
	export SSH_PORT=$SYSTEM_PORT
}

teardown() {
	clients_end
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
}

# An ordinary user with a key.
user_make() {
	useradd --system --user-group --shell /bin/bash --home-dir /run/dave --create-home dave
	install -d -m 0700 -o dave /run/dave/.ssh
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_FILE_TMPDIR/dave"
	install -m 0600 -o dave "$BATS_FILE_TMPDIR/dave.pub" /run/dave/.ssh/authorized_keys
}

# The distribution's configuration as it is, but for what 50-mysocket.conf says to do.
sshd_up() {
	ln -s /usr/share/mysocket/sshd_config.d/50-mysocket.conf /etc/ssh/sshd_config.d/
	sed -i '1i @include mysocket' /etc/pam.d/sshd
	/usr/sbin/sshd -D -e -p "$SYSTEM_PORT" -h /etc/mysocket/ssh_host_ed25519_key \
		</dev/null >"$SERVICE_STATE/log/system.log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/sshd.pid"
	wait_for 10 listening "$SYSTEM_PORT"
}

as_dave() {
	CLIENT_USER=dave CLIENT_KEY=$BATS_FILE_TMPDIR/dave client "$@"
}

@test "a tunnel is served" {
	client_start tunnel -T -R "$RELAY:127.0.0.1:8000"
	shows tunnel "^web - $URL"
	shows tunnel '^Logs'
	[ "$(public_get "$URL/page")" = origin ]
	shows tunnel ' /page '
	# No message of the day, no mail, no last login.
	[ "$(head -n 1 "$BATS_TEST_TMPDIR/tunnel")" = 'Welcome to Mysocket!' ]
}

@test "a tunnel's login gets nothing else" {
	run client -- id
	[ "$status" -eq 1 ]
	[[ $output == "mysocket: no commands"* ]]
	# sshd drops what a subsystem writes to its standard error.
	run client -s -- sftp
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	run client -N -o ExitOnForwardFailure=yes -R 1:127.0.0.1:8000
	[ "$status" -eq 255 ]
	run client -W 127.0.0.1:8000
	[ "$status" -eq 255 ]
	[[ $output == *"stdio forwarding failed"* ]]
}

@test "nor by any kind of forward" {
	local way
	run client -N -o ExitOnForwardFailure=yes -R /tmp/socket:127.0.0.1:8000
	[ "$status" -eq 255 ]
	[ ! -e /tmp/socket ]
	client_start local -N -L 7006:127.0.0.1:8000 -L 7007:/run/mysocket/node.sock -D 7008
	wait_for 10 listening 7008
	for way in 127.0.0.1:7006/page 127.0.0.1:7007/ '--socks5 127.0.0.1:7008 127.0.0.1:8000/page'; do
		# shellcheck disable=SC2086 # an option and an address
		run curl -s --max-time 60 $way
		[ "$status" -ne 0 ]
		[ -z "$output" ]
	done
	DISPLAY=127.0.0.1:9 client_start x11 -v -A -T -o ForwardX11=yes -o ForwardX11Trusted=yes \
		-R "$RELAY:127.0.0.1:8000"
	shows x11 'X11 forwarding request failed'
	shows x11 '^Logs'
	run grep -c --text 'DISPLAY=\|SSH_AUTH_SOCK=' "/proc/$(session_pid)/environ"
	[ "$output" = 0 ]
}

@test "what sshd_config says before and behind the drop-in changes nothing for tunnels" {
	local rules rule
	rules=$(/usr/sbin/sshd -T -C "user=$ACCOUNT_USER,host=x,addr=127.0.0.1")
	for rule in 'authenticationmethods publickey' 'allowtcpforwarding remote' 'permitopen none' 'gatewayports no' \
		'allowstreamlocalforwarding no' 'allowagentforwarding no' 'x11forwarding no' 'permittunnel no' \
		'maxsessions 1' 'authorizedkeysfile none' 'forcecommand /usr/lib/mysocket/mysocket-session'; do
		grep -qxi "$rule" <<<"$rules" || { echo "missing: $rule"; return 1; }
	done
}

@test "other users are what they were: a shell, sftp, forwards, and no filter" {
	run as_dave -- 'id -un; grep Seccomp: /proc/self/status'
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = dave ]
	[ "${lines[1]}" = "Seccomp:	0" ]
	run as_dave -s -- sftp
	[ "$status" -eq 0 ]
	[ "$(as_dave -W 127.0.0.1:8000 | wc -c)" -eq 0 ]
	CLIENT_USER=dave CLIENT_KEY=$BATS_FILE_TMPDIR/dave client_start dave -v -N -o ExitOnForwardFailure=yes \
		-L 7004:127.0.0.1:8000 -R 7005:127.0.0.1:8000
	shows dave 'remote forward success'
	[ "$(curl -s http://127.0.0.1:7004/page)" = origin ]
	[ "$(curl -s http://127.0.0.1:7005/page)" = origin ]
}

@test "other users log in while the node is away" {
	service_stop node
	run as_dave -- id -un
	[ "$output" = dave ]
	run client -N
	[[ $output == *"Permission denied"* ]]
	service_start node
}

# Prints the key's line, and what it logs.
keys_command() { # PAM service
	run setpriv --reuid mysocket-keys --regid mysocket-keys --clear-groups \
		/usr/lib/mysocket/mysocket-authkeys --pam-service "$1" "$ACCOUNT_USER" ssh-ed25519 \
		"$(cut -d ' ' -f 2 "$ACCOUNT/key.pub")"
}

# Nobody listens on the relay port, and both sides are told.
login_listens_nowhere() { # reason
	local log='mysocket-authkeys\[[0-9]*\]: allowing no forwarding, sshd would bind relay ports by itself: '
	client_start half -T -R "$RELAY:127.0.0.1:8000"
	shows half "remote port forwarding failed for listen port $RELAY"
	shows half '^mysocket-session: no session was opened for this login: add pam_mysocket.so'
	refute listening "$RELAY" 127.0.0.1
	keys_command sshd
	[ "${#lines[@]}" -eq 2 ]
	grep -q "^$log'/etc/pam.d/sshd' names no pam_mysocket.so for $1, put \"@include mysocket\" at its top$" <<<"$output"
	grep -q '^restrict,pty ssh-ed25519 AAAA' <<<"$output"
}

@test "without our line in its PAM service a tunnel's login may listen nowhere, and both sides are told" {
	sed -i 's/^@include mysocket$/auth required pam_permit.so/' /etc/pam.d/sshd
	login_listens_nowhere 'account and session'
	sed -i 's/^auth required pam_permit.so$/auth include mysocket/' /etc/pam.d/sshd
	login_listens_nowhere 'account and session'
	keys_command mysocket-sshd
	[[ $output == restrict,pty,port-forwarding,* ]]
	run as_dave -- id -un
	[ "$output" = dave ]
	sed -i 's/^auth include mysocket$/@include mysocket/' /etc/pam.d/sshd
	client_start tunnel -T -R "$RELAY:127.0.0.1:8000"
	shows tunnel "^web - $URL"
}

@test "what the distribution's configuration says behind the drop-in is for everybody" {
	local rules
	rules=$(/usr/sbin/sshd -T -C user=dave,host=x,addr=127.0.0.1)
	grep -qx 'subsystem sftp /usr/lib/openssh/sftp-server' <<<"$rules"
	grep -qx 'x11forwarding yes' <<<"$rules"
	grep -qx 'forcecommand none' <<<"$rules"
	grep -qx 'allowtcpforwarding yes' <<<"$rules"
}
