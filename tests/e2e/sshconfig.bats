# SPDX-License-Identifier: ISC
# mysocketctl ssh-config: tunnels for plain ssh, which reads what was written and connects with it.

load service

setup_file() {
	export HOME="$BATS_FILE_TMPDIR/home" ORIGIN="$BATS_FILE_TMPDIR/origin"
	export MYSOCKET_API=$API_URL
	unset XDG_CONFIG_HOME MYSOCKET_TOKEN_FILE COLUMNS
	service_up
	export MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt"
	# ssh asks the password database, not $HOME. (/etc is this test's own.)
	sed -i "s|^\(root:[^:]*:[^:]*:[^:]*:[^:]*:\)[^:]*|\1$HOME|" /etc/passwd
	install -d -m 0700 "$HOME" "$HOME/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	mkdir -p "$ORIGIN"
	echo 'the bytes of the origin' >"$ORIGIN/page.txt"
	origin_up 8000 "$ORIGIN"
	mysocketctl account create --name Ann --email ann@example.net --password 'ann password 1' >/dev/null
	mysocketctl login --email ann@example.net --password 'ann password 1' >/dev/null
	socket_new 'my test service'
	socket_new 'My Test: SERVICE'
	socket_new 'x ProxyCommand touch /tmp/injected'
	socket_new '"*" !host %h ${HOME}'
	mysocketctl socket create --name 'no tunnel' >/dev/null
	far_up
}

teardown_file() {
	kill "$(cat "$FAR/pid")" || true
	service_down
}

setup() {
	[ "$(getent passwd root | cut -d : -f 6)" = "$HOME" ]
	rm -rf "$HOME/.ssh/config" "$HOME/.ssh/mysocket" "$HOME/dotfiles"
}

# A socket with a tunnel.
socket_new() { # name [type]
	mysocketctl tunnel create --socket_id \
		"$(mysocketctl socket create --name "$1" --type "${2-http}" --json | jq -r .socket_id)" >/dev/null
}

# An ssh server that visitors reach by a tcp and a tls socket, whose tunnels lead to it: plain ssh, too.
far_up() {
	export FAR="$BATS_FILE_TMPDIR/far"
	mkdir -p "$FAR" /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$FAR/host"
	/usr/sbin/sshd -f /dev/null -h "$FAR/host" -p 2200 -o ListenAddress=127.0.0.1 -o PidFile="$FAR/pid" -o StrictModes=no \
		-o AuthorizedKeysFile="$HOME/.ssh/id_ed25519.pub" -o PermitRootLogin=prohibit-password \
		-o Subsystem='sftp internal-sftp' 3>&- 4>&-
	wait_for 5 listening 2200
	socket_new 'My pi; touch $HOME/injected' tcp
	socket_new 'secure `touch $HOME/injected`' tls
	socket_new 'an idle one' tcp
	mysocketctl ssh-config --write --port my-pi-touch-home-injected=2200 --port secure-touch-home-injected=2200 >/dev/null
	for name in my-pi secure; do
		ssh "$name-touch-home-injected.mysocket" </dev/null >"$FAR/$name" 2>&1 3>&- 4>&- &
		wait_for 10 grep -q '^Logs' "$FAR/$name" || { cat "$FAR/$name" >&2; return 1; }
	done
}

hosts() {
	mysocketctl ssh-config --json | jq -r '.hosts[].host'
}

# Every host gets a port; the arguments are prepared in ALL.
all_ports() {
	local host
	ALL=()
	for host in $(hosts); do
		ALL+=(--port "$host=8000")
	done
}

@test "each tunnel is a host with a name of its own, whatever its socket is called" {
	run hosts
	[ "${#lines[@]}" = 7 ]
	[ "$(printf '%s\n' "${lines[@]}" | sort -u | wc -l)" = 7 ]
	[ "$(grep -cvE '^[a-z0-9-]+\.mysocket$' <<<"$output")" = 0 ]
	grep -q '^my-test-service\.mysocket$' <<<"$output"
	grep -qE '^my-test-service-[0-9a-f]{8}\.mysocket$' <<<"$output"
}

@test "printed: stanzas for ssh, what is missing as a comment, and nothing is changed" {
	run mysocketctl ssh-config --port 'my test service=8000'
	[ "$status" = 0 ]
	grep -q '^Host my-test-service.mysocket$' <<<"$output"
	[ "$(grep '^Host ' <<<"$output" | grep -vc '\.mysocket-visit$')" = 1 ]
	grep -q 'ssh-config --write --port x-proxycommand-touch-tmp-injected=PORT$' <<<"$output"
	grep -q 'mysocketctl tunnel create --socket_id' <<<"$output"
	grep -q "^#.ssh.$DOMAIN ssh-ed25519 " <<<"$output"
	refute_file "$HOME/.ssh/config"
	refute_file "$HOME/.ssh/mysocket"
}

refute_file() {
	[ ! -e "$1" ] || { echo "should not be there: $1"; return 1; }
}

@test "ssh -G understands every host as it is meant, and no name is a directive" {
	all_ports
	mysocketctl ssh-config --write "${ALL[@]}"
	for host in $(hosts); do
		relay=$(mysocketctl ssh-config --json | jq -r --arg h "$host" '.hosts[] | select(.host == $h) .tunnel_id')
		ssh -G "$host" >"$BATS_TEST_TMPDIR/g"
		grep -q "^user $(mysocketctl account show --json | jq -r .user_name)\$" "$BATS_TEST_TMPDIR/g"
		grep -q "^hostkeyalias ssh.$DOMAIN\$" "$BATS_TEST_TMPDIR/g"
		grep -q '^stricthostkeychecking true$' "$BATS_TEST_TMPDIR/g"
		grep -q "^userknownhostsfile $HOME/.ssh/mysocket/known_hosts\$" "$BATS_TEST_TMPDIR/g"
		grep -q '^exitonforwardfailure yes$' "$BATS_TEST_TMPDIR/g"
		grep -qE '^remoteforward [0-9]+ \[127.0.0.1\]:8000$' "$BATS_TEST_TMPDIR/g"
		grep -q "^# port $relay 8000\$" "$HOME/.ssh/mysocket/config"
		[ "$(grep -c -i -e '^proxycommand' -e '^localcommand' -e '^knownhostscommand' "$BATS_TEST_TMPDIR/g")" = 0 ]
	done
	[ "$(grep -ciE '^\s*match' "$HOME/.ssh/mysocket/config")" = 0 ]
	[ "$(grep -iE '^\s*proxycommand' "$HOME/.ssh/mysocket/config" | grep -vcxE $'\tProxyCommand mysocket-proxycommand (--fdpass --type tcp|--type tls) %h %p')" = 0 ]
	# Other hosts are as ever.
	[ "$(ssh -G other.example | grep -c '^remoteforward')" = 0 ]
	ssh -G other.example | grep -q '^stricthostkeychecking ask$'
	refute_file /tmp/injected
}

@test "ssh NAME.mysocket brings the tunnel up, and a visitor gets the page" {
	mysocketctl ssh-config --write --port my-test-service=8000
	name=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "my test service") .dnsname')
	echo "127.0.0.1 $name" >>/etc/hosts
	ssh my-test-service.mysocket </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	pid=$!
	wait_for 10 grep -q '^Logs' "$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	[ "$(public_get "https://$name/page.txt")" = 'the bytes of the origin' ]
	wait_for 5 grep -q '/page.txt' "$BATS_TEST_TMPDIR/out"
	kill "$pid"
}

@test "ssh -G understands every visitor's host: ssh gets the connection, but for TLS" {
	mysocketctl ssh-config --write
	mysocketctl ssh-config --json | jq -r '.visit_hosts[] | [.host, .url] | @tsv' >"$BATS_TEST_TMPDIR/visits"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/visits")" = 3 ]
	while read -r host url; do
		ssh -G "$host" </dev/null >"$BATS_TEST_TMPDIR/g"
		name=${url#*//}
		grep -qx "hostname ${name%:*}" "$BATS_TEST_TMPDIR/g"
		grep -qx "port ${url##*:}" "$BATS_TEST_TMPDIR/g"
		if [ "${url%%:*}" = tls ]; then
			grep -qx 'proxyusefdpass no' "$BATS_TEST_TMPDIR/g"
			grep -qx 'proxycommand mysocket-proxycommand --type tls %h %p' "$BATS_TEST_TMPDIR/g"
		else
			grep -qx 'proxyusefdpass yes' "$BATS_TEST_TMPDIR/g"
			grep -qx 'proxycommand mysocket-proxycommand --fdpass --type tcp %h %p' "$BATS_TEST_TMPDIR/g"
		fi
		# The rest is the visitor's own.
		[ "$(grep -c -e '^remoteforward' "$BATS_TEST_TMPDIR/g")" = 0 ]
		grep -qx 'user root' "$BATS_TEST_TMPDIR/g"
		grep -qx 'stricthostkeychecking ask' "$BATS_TEST_TMPDIR/g"
	done <"$BATS_TEST_TMPDIR/visits"
}

visit() { # host [command...]
	env -u MYSOCKET_CA_FILE -u MYSOCKET_API timeout 60 ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new "$@"
}

@test "ssh NAME.mysocket-visit logs in at the far end of a tcp and a tls socket; scp takes the same name" {
	mysocketctl ssh-config --write
	for host in my-pi-touch-home-injected secure-touch-home-injected; do
		[ "$(visit "$host.mysocket-visit" -- echo '$SSH_CONNECTION' </dev/null | cut -d ' ' -f 4)" = 2200 ]
		env -u MYSOCKET_CA_FILE -u MYSOCKET_API scp -q "$host.mysocket-visit:$ORIGIN/page.txt" "$BATS_TEST_TMPDIR/$host"
		cmp "$ORIGIN/page.txt" "$BATS_TEST_TMPDIR/$host"
	done
	[ "$(visit my-pi-touch-home-injected.mysocket-visit -- cat <"$ORIGIN/page.txt")" = 'the bytes of the origin' ]
	refute_file "$HOME/injected"
	run visit an-idle-one.mysocket-visit -- true
	[ "$status" = 255 ]
}

@test "a visitor's far end with another host key than before is not logged in to" {
	mysocketctl ssh-config --write
	name=$(mysocketctl ssh-config --json | jq -r '.visit_hosts[] | select(.host | startswith("my-pi")) .url')
	name=${name#*//}
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/other"
	cp "$HOME/.ssh/known_hosts" "$BATS_TEST_TMPDIR/known_hosts"
	echo "[${name%:*}]:${name##*:} $(cut -d ' ' -f 1-2 "$BATS_TEST_TMPDIR/other.pub")" >"$HOME/.ssh/known_hosts"
	run visit my-pi-touch-home-injected.mysocket-visit -- true
	mv "$BATS_TEST_TMPDIR/known_hosts" "$HOME/.ssh/known_hosts"
	[ "$status" = 255 ]
	[[ "$output" == *"Host key verification failed"* ]]
}

@test "a key that signs host keys is pinned as such: a server whose own key nobody named is connected to" {
	ca="$BATS_TEST_TMPDIR/ca" host="$BATS_TEST_TMPDIR/host"
	ssh-keygen -q -t ed25519 -N '' -f "$ca"
	ssh-keygen -q -t ed25519 -N '' -f "$host"
	ssh-keygen -q -s "$ca" -I host -h -n "ssh.$DOMAIN" "$host.pub"
	echo "@cert-authority $(cat "$ca.pub")" >/etc/mysocket/ssh_host_ca_key.pub
	pinned() { mysocketctl ssh-config --json | jq -r .known_hosts | grep -qx "@cert-authority ssh.$DOMAIN $(cut -d ' ' -f 1-2 "$ca.pub")"; }
	wait_for 10 pinned
	mysocketctl ssh-config --write --port my-test-service=8000
	rm /etc/mysocket/ssh_host_ca_key.pub
	/usr/lib/mysocket/mysocket-sshd -f /usr/share/mysocket/sshd_config.d/mysocket-sshd.conf -p 2222 -o HostKey="$host" \
		-o HostCertificate="$host-cert.pub" -o PidFile="$BATS_TEST_TMPDIR/pid" 3>&- 4>&-
	wait_for 5 listening 2222
	ssh -p 2222 my-test-service.mysocket </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	pid=$!
	wait_for 10 grep -q '^Logs' "$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	kill "$pid" "$(cat "$BATS_TEST_TMPDIR/pid")"
	# A certificate for another name is none.
	ssh-keygen -q -s "$ca" -I host -h -n other.example "$host.pub"
	/usr/lib/mysocket/mysocket-sshd -f /usr/share/mysocket/sshd_config.d/mysocket-sshd.conf -p 2223 -o HostKey="$host" \
		-o HostCertificate="$host-cert.pub" -o PidFile="$BATS_TEST_TMPDIR/pid" 3>&- 4>&-
	wait_for 5 listening 2223
	run timeout 60 ssh -p 2223 my-test-service.mysocket </dev/null
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	[ "$status" = 255 ]
	[[ "$output" == *"verification failed"* ]]
}

@test "a tunnel server with another key is not connected to" {
	mysocketctl ssh-config --write --port my-test-service=8000
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/other"
	echo "ssh.$DOMAIN $(cut -d ' ' -f 1-2 "$BATS_TEST_TMPDIR/other.pub")" >"$HOME/.ssh/mysocket/known_hosts"
	run ssh my-test-service.mysocket </dev/null
	[ "$status" = 255 ]
	[[ "$output" == *"Host key verification failed"* ]]
}

@test "write: files for oneself alone, once or twice the same, ports remembered" {
	mysocketctl ssh-config --write --port my-test-service=8000
	[ "$(stat -c %a "$HOME/.ssh/config" "$HOME/.ssh/mysocket" "$HOME/.ssh/mysocket/config" | tr '\n' ' ')" = '600 700 600 ' ]
	[ "$(cat "$HOME/.ssh/config")" = 'Include mysocket/config' ]
	cp -a "$HOME/.ssh" "$BATS_TEST_TMPDIR/before"
	run mysocketctl ssh-config --write
	[ "$status" = 0 ]
	[[ "$output" == *"| my-test-service.mysocket "*"| 8000 "* ]]
	[[ "$output" == *"Those without a port cannot be used yet"* ]]
	[[ "$output" == *"| ssh, as a visitor "*"| my-pi-touch-home-injected.mysocket-visit "* ]]
	diff -r "$BATS_TEST_TMPDIR/before" "$HOME/.ssh"
	mysocketctl ssh-config --write --port my-test-service=8001
	grep -q 'RemoteForward [0-9]* 127.0.0.1:8001$' "$HOME/.ssh/mysocket/config"
}

@test "remove: everything is as it was before, to the byte, behind a symlink too" {
	mkdir "$HOME/dotfiles"
	printf 'Host a\r\n  Port 1\r\nMatch all\r\n  User me' >"$HOME/dotfiles/config"
	chmod 0644 "$HOME/dotfiles/config"
	ln -s ../dotfiles/config "$HOME/.ssh/config"
	cp -a "$HOME/.ssh" "$BATS_TEST_TMPDIR/ssh"
	cp -a "$HOME/dotfiles" "$BATS_TEST_TMPDIR/dotfiles"
	mysocketctl ssh-config --write --port my-test-service=8000
	mysocketctl ssh-config --write
	[ -L "$HOME/.ssh/config" ]
	[ "$(stat -c %a "$HOME/dotfiles/config")" = 644 ]
	[ "$(head -n 1 "$HOME/dotfiles/config" | od -An -c | tr -d ' \n')" = 'Includemysocket/config\r\n' ]
	ssh -G my-test-service.mysocket | grep -q '^remoteforward'
	ssh -G a | grep -q '^port 1$'
	run mysocketctl ssh-config --remove
	[ "$output" = 'Removed.' ]
	diff -r --no-dereference "$BATS_TEST_TMPDIR/ssh" "$HOME/.ssh"
	cmp "$BATS_TEST_TMPDIR/dotfiles/config" "$HOME/dotfiles/config"
	run mysocketctl ssh-config --remove
	[ "$status" = 0 ]
	[ "$output" = 'Nothing to remove.' ]
}

@test "remove: a config that was made goes, needs neither token nor service, and tells it as JSON" {
	mysocketctl ssh-config --write
	run env MYSOCKET_TOKEN_FILE=/nonexistent MYSOCKET_API=https://127.0.0.1:1 mysocketctl ssh-config --remove --json
	[ "$status" = 0 ]
	[ "$(jq .removed <<<"$output")" = true ]
	refute_file "$HOME/.ssh/config"
	refute_file "$HOME/.ssh/mysocket"
}

@test "a home folder that ssh does not know is warned of" {
	cp -a "$HOME" "$BATS_TEST_TMPDIR/elsewhere"
	run env HOME="$BATS_TEST_TMPDIR/elsewhere" mysocketctl ssh-config --write
	[ "$status" = 0 ]
	[[ "$output" == *"ssh reads its files in '$HOME'"* ]]
	run mysocketctl ssh-config --write
	[[ "$output" != *"ssh reads its files"* ]]
}

@test "write: what cannot be written whole is not written at all" {
	printf 'Host a\n\tPort 1\n' >"$HOME/.ssh/config"
	mv "$HOME/.ssh" "$BATS_TEST_TMPDIR/kept"
	mkdir "$HOME/.ssh"
	mount -t tmpfs -o size=16k,mode=0700 tmpfs "$HOME/.ssh"
	cp "$BATS_TEST_TMPDIR/kept/config" "$HOME/.ssh"
	cat /dev/zero >"$HOME/.ssh/full" 2>/dev/null || true
	run mysocketctl ssh-config --write --port my-test-service=8000
	cmp "$BATS_TEST_TMPDIR/kept/config" "$HOME/.ssh/config"
	files=$(find "$HOME/.ssh" -type f -printf '%P ')
	umount "$HOME/.ssh"
	rmdir "$HOME/.ssh"
	mv "$BATS_TEST_TMPDIR/kept" "$HOME/.ssh"
	[ "$status" = 1 ]
	[[ "$output" == *'No space left'* ]]
	[ "$(tr ' ' '\n' <<<"$files" | sort | xargs)" = 'config full' ]
}

@test "wrong ports and options change nothing" {
	run mysocketctl ssh-config --write --port my-test-service=0
	[ "$status" = 2 ]
	run mysocketctl ssh-config --write --port other=8000
	[ "$status" = 1 ]
	[[ "$output" == *"no socket 'other' with a tunnel"* ]]
	run mysocketctl ssh-config --write --remove
	[ "$status" = 2 ]
	refute_file "$HOME/.ssh/config"
	refute_file "$HOME/.ssh/mysocket"
}
