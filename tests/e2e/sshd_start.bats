# SPDX-License-Identifier: ISC
# bats file_tags=timed
# mysocket-sshd: how the dedicated sshd starts, refuses to, starts again, and lets a crowd in.

load service
load sshd

CONF=/usr/share/mysocket/sshd_config.d/mysocket-sshd.conf

setup_file() {
	service_up 'max_sessions = 500'
	account_make alice
	socket_make web
	page_up
}

teardown_file() {
	service_down
}

teardown() {
	clients_end
	umount -l /usr/sbin/sshd 2>/dev/null || true
	installed_pam
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
}

# PAM's files as they are installed.
installed_pam() {
	install -m 0644 "$root/sshd_config.d/mysocket.pam" /etc/pam.d/mysocket
	install -m 0644 "$root/sshd_config.d/mysocket-sshd.pam" /etc/pam.d/mysocket-sshd
}

# It ends at once, with one line that says this.
refuses() { # words [option...]
	local words=$1
	shift
	run timeout 60 /usr/lib/mysocket/mysocket-sshd -D -e -f "$CONF" -p 2222 "$@"
	[ "$status" -eq 1 ]
	[ "${#lines[@]}" -eq 1 ]
	[[ $output == "mysocket-sshd: refusing to start, sshd would bind relay ports by itself: $words" ]] ||
		{ echo "$output"; return 1; }
}

@test "without our PAM service it does not start, and says what to do" {
	echo 'session required pam_mysocket.so' >/etc/pam.d/mysocket-sshd
	refuses "'/etc/pam.d/mysocket-sshd' names no pam_mysocket.so for account, put \"@include mysocket\" at its top"
	cp /etc/pam.d/sshd /etc/pam.d/mysocket-sshd
	refuses "'/etc/pam.d/mysocket-sshd' names no pam_mysocket.so for account and session, put \"@include mysocket\" at its top"
	rm /etc/pam.d/mysocket-sshd
	refuses "'/etc/pam.d/mysocket-sshd' is missing, install mysocket again"
	installed_pam
	rm /etc/pam.d/mysocket
	refuses "'/etc/pam.d/mysocket' is missing, install mysocket again"
	installed_pam
	refuses 'sshd would not ask PAM, set "UsePAM yes"' -o UsePAM=no
	sed -i 's,pam_mysocket.so,/nowhere/pam_mysocket.so,' /etc/pam.d/mysocket
	refuses "cannot read '/nowhere/pam_mysocket.so' (No such file or directory), install mysocket again"
}

@test "so does sshd's test of its configuration, which says its own errors itself" {
	/usr/lib/mysocket/mysocket-sshd -t -f "$CONF"
	refuses 'sshd would not ask PAM, set "UsePAM yes"' -o UsePAM=no -t
	run /usr/lib/mysocket/mysocket-sshd -D -f "$CONF" -o NoSuchKeyword=yes
	[ "$status" -ne 0 ]
	[[ $output == 'command-line: line 0: Bad configuration option: NoSuchKeyword'* ]]
	run /usr/lib/mysocket/mysocket-sshd -D -f /nowhere
	[ "$status" -ne 0 ]
	[[ $output == "/nowhere: No such file or directory"* ]]
	run /usr/lib/mysocket/mysocket-sshd -V
	[[ $output == OpenSSH_* ]]
}

@test "its PAM service is ours, whatever name it is started with" {
	local pid
	ln -s /usr/lib/mysocket/mysocket-sshd "$BATS_TEST_TMPDIR/sshd"
	service_stop sshd
	"$BATS_TEST_TMPDIR/sshd" -f "$CONF" -o PidFile="$BATS_TEST_TMPDIR/sshd.pid" 3>&-
	wait_for 10 listening 22
	client_start web -T -R "$RELAY:127.0.0.1:8000"
	shows web '^Logs'
	[ "$(public_get "$URL/page")" = origin ]
	pid=$(cat "$BATS_TEST_TMPDIR/sshd.pid")
	kill "$pid"
	wait_for 10 gone "$pid"
	service_start sshd
}

# Another release of sshd: tells these settings, and which arguments it was started with.
other_sshd() { # setting...
	local file="$BATS_TEST_TMPDIR/other"
	printf '%s\n' usepam\ yes "$@" >"$file.settings"
	cat >"$file" <<-SH
		#!/bin/sh
		[ "\$*" = "\${*%-T}" ] || { touch "$file.asked"; exec cat "$file.settings"; }
		echo "\$@" >"$file.arguments"
	SH
	chmod 0755 "$file"
	mount --bind "$file" /usr/sbin/sshd
}

# Started with these arguments, the other sshd is given those.
becomes() { # arguments expected
	# shellcheck disable=SC2086 # a list
	/usr/lib/mysocket/mysocket-sshd $1
	[ "$(cat "$BATS_TEST_TMPDIR/other.arguments")" = "$2" ] || { cat "$BATS_TEST_TMPDIR/other.arguments"; return 1; }
}

@test "sshd is given the keywords that it knows, once, and before all others" {
	local service='-o PAMServiceName=mysocket-sshd' both
	both="$service -o PerSourcePenalties=no"
	other_sshd 'pamservicename sshd' 'persourcepenalties crash:90 authfail:5'
	becomes '-D -o PAMServiceName=sshd -p 22' "$both -D -o PAMServiceName=sshd -p 22"
	becomes "$both -D -p 22" "$both -D -p 22" # as SIGHUP does
	umount /usr/sbin/sshd
	other_sshd 'pamservicename sshd'
	becomes "$both -D -p 22" "$service -D -p 22"
	umount /usr/sbin/sshd
	other_sshd
	becomes "$both -D -p 22" '-D -p 22'
}

@test "a connection of up to OpenSSH 9.7 costs no question" {
	other_sshd
	becomes '-D -p 22 -R' '-D -p 22 -R'
	[ ! -e "$BATS_TEST_TMPDIR/other.asked" ]
	becomes '-D -p 22' '-D -p 22'
	[ -e "$BATS_TEST_TMPDIR/other.asked" ]
}

@test "SIGHUP starts it again, and ends no tunnel" {
	local listener before
	listener=$(service_pid sshd)
	client_start old -T -R "$RELAY:127.0.0.1:8000"
	shows old '^Logs'
	before=$(service_log sshd | wc -l)
	kill -HUP "$listener"
	wait_for 10 eval 'service_log sshd | tail -n "+$((before + 1))" | grep -q "^Server listening"'
	[ "$(service_pid sshd)" = "$listener" ]
	client_start new -T -R "$RELAY:127.0.0.1:8000"
	shows new '^Logs'
	kill -0 "$(client_pid old)"
	[ "$(public_get "$URL/page")" = origin ]
}

# Until OpenSSH 9.7 the listener starts what is installed for each connection; a newer one could not serve it.
@test "a listener whose sshd was replaced is started again by the next connection" {
	local before
	client_start old -T -R "$RELAY:127.0.0.1:8000"
	shows old '^Logs'
	before=$(service_log sshd | wc -l)
	cp /usr/sbin/sshd "$BATS_TEST_TMPDIR/upgraded"
	mount --bind "$BATS_TEST_TMPDIR/upgraded" /usr/sbin/sshd
	if [ ! -e /usr/lib/openssh/sshd-session ]; then
		client -N || true
		service_log sshd | tail -n "+$((before + 1))" | grep -q 'restarting the listener$'
		wait_for 10 eval 'service_log sshd | tail -n "+$((before + 1))" | grep -q "^Server listening"'
	fi
	client_start new -T -R "$RELAY:127.0.0.1:8000"
	shows new '^Logs'
	kill -0 "$(client_pid old)"
	client_end old
	[ "$(public_get "$URL/page")" = origin ]
	umount -l /usr/sbin/sshd
	service_stop sshd
	service_start sshd
}

# Its logins take longer than anywhere else, the clients being here too: -g.
crowd_sshd() {
	/usr/lib/mysocket/mysocket-sshd -D -e -f "$CONF" -p 2222 -g 120 </dev/null >>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- &
	echo $! >"$BATS_TEST_TMPDIR/sshd.pid"
	wait_for 10 listening 2222
}

crowd_sshd_ends() {
	kill "$(cat "$BATS_TEST_TMPDIR/sshd.pid")"
	wait_for 10 gone "$(cat "$BATS_TEST_TMPDIR/sshd.pid")"
}

crowd_comes() { # key count
	local i options
	mapfile -t options < <(SSH_PORT=2222 CLIENT_KEY=$1 client_options)
	options+=(-v -N -o KexAlgorithms=curve25519-sha256 -o "HostKeyAlias=$SSH_TARGET" -o ExitOnForwardFailure=yes -R "$RELAY:127.0.0.1:8000")
	for ((i = 0; i < $2; i++)); do
		ssh "${options[@]}" "$SSH_TARGET" </dev/null >"$BATS_TEST_TMPDIR/crowd.$2.$i" 2>&1 3>&- &
	done
}

crowd_shows() { # pattern count
	[ "$(grep -ls "$1" "$BATS_TEST_TMPDIR/crowd.$2".* | wc -l)" -eq "$2" ]
}

# A cluster behind one address, some of whose clients have a key that was removed.
crowd_comes_in() {
	rm -f "$BATS_TEST_TMPDIR"/crowd.*
	crowd_comes "$BATS_TEST_TMPDIR/removed" 20
	crowd_comes "$ACCOUNT/key" 180
	wait_for 120 crowd_shows 'remote forward success' 180 &&
		wait_for 120 crowd_shows 'Permission denied (publickey)' 20 && return
	tail -qn 1 "$BATS_TEST_TMPDIR"/crowd.* | sort | uniq -c
	return 1
}

crowd_leaves() {
	pgrep -x ssh -P $$ | xargs -r kill
	wait_for 20 eval '! pgrep -x ssh -P $$'
}

@test "200 logins from one address, 20 of them with a removed key: all others get in, also after a restart" {
	local answer
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/removed"
	answer=$(api POST "/user/$ACCOUNT_ID/key" "{\"sshkey\": \"$(cat "$BATS_TEST_TMPDIR/removed.pub")\"}")
	CLIENT_KEY=$BATS_TEST_TMPDIR/removed client -- help
	api DELETE "/user/$ACCOUNT_ID/key/$(json key_id <<<"$answer")"
	crowd_sshd
	crowd_comes_in
	crowd_sshd_ends
	crowd_leaves
	crowd_sshd
	crowd_comes_in
	[ "$(public_get "$URL/page")" = origin ]
	SSH_PORT=2222 client -o "HostKeyAlias=$SSH_TARGET" -- help
	crowd_sshd_ends
	crowd_leaves
	refute grep -i 'penalt\|drop connection\|maxstartups' "$BATS_TEST_TMPDIR/log"
}
