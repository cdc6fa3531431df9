# SPDX-License-Identifier: ISC
# mysocketctl where only a proxy leads out: the API and the tunnel server through http and SOCKS proxies.

load service
load ctl
load proxycommand

# Not below .localhost, which no proxy is asked for.
export DOMAIN=mysocket.example SERVICE_DOMAIN=mysocket.example API_URL=https://api.mysocket.example

setup_file() {
	unset http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY no_proxy NO_PROXY
	ctl_service
	export FAR_DIR="$BATS_FILE_TMPDIR/far"
	mkdir "$FAR_DIR"
	ip addr add "$FAR_IP/32" dev lo
	echo "$FAR_IP $FAR $PROXY" >>/etc/hosts
	far_sshd
	far_tinyproxy tiny "$TINY_PORT" 'ConnectPort 22' 'ConnectPort 443'
	far_tinyproxy auth "$AUTH_PORT" 'BasicAuth me my-secret' 'ConnectPort 22' 'ConnectPort 443'
	for port in "$SSHD_PORT" "$TINY_PORT" "$AUTH_PORT"; do wait_for 10 listening "$port" "$FAR_IP"; done
	far_start socks ssh -N -D "$FAR_IP:$SOCKS_PORT" -F /dev/null -i "$FAR_DIR/key" -o IdentitiesOnly=yes \
		-o BatchMode=yes -o HostKeyAlias=far -o "UserKnownHostsFile=$FAR_DIR/known_hosts" -p "$SSHD_PORT" -l root "$FAR"
	wait_for 10 listening "$SOCKS_PORT" "$FAR_IP"
}

teardown_file() {
	far_down
	ctl_service_end
}

teardown() {
	ctl_test_end
}

connects() { # of the proxy TAG, to HOST:PORT
	grep -c "CONNECT $2" "$FAR_DIR/$1.log" || true
}

# All of it, from the API to the visitor; mysocketctl alone has the proxy in its environment.
works_through() { # variable=url...
	env "$@" mysocketctl socket ls >/dev/null
	ctl_start_in "$@"
	wait_for 10 grep -q '^Logs' "$OUT" || { cat "$OUT"; return 1; }
	SOCKET=$(sed -n 's/^| \([0-9a-f-]\{36\}\) .*/\1/p' "$OUT" | head -n 1)
	NAME=$(sed -n 's/^| [0-9a-f-]\{36\} | \([^ ]*\) .*/\1/p' "$OUT" | head -n 1)
	echo "127.0.0.1 $NAME" >>/etc/hosts
	[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
}

ctl_start_in() { # variable=url...
	OUT="$BATS_TEST_TMPDIR/out"
	: >"$OUT"
	env --default-signal=INT "$@" mysocketctl connect --port 8000 </dev/null >"$OUT" 2>&1 3>&- &
	CTL=$!
}

ends() {
	kill -TERM "$CTL"
	ctl_end
	socket_is_gone
}

@test "https_proxy: the API and ssh go through it, and no process stays in between" {
	api=$(connects tiny "api.$DOMAIN:443") ssh=$(connects tiny "ssh.$DOMAIN:22")
	works_through https_proxy="http://$PROXY:$TINY_PORT"
	[ "$(connects tiny "api.$DOMAIN:443")" -gt "$api" ]
	[ "$(connects tiny "ssh.$DOMAIN:22")" = $((ssh + 1)) ]
	none_left
	kill -9 "$(ctl_ssh)"
	wait_for 5 eval '[ "$(grep -c "^Logs" "$OUT")" = 2 ]'
	kill -HUP "$CTL"
	wait_for 5 grep -q '^Connected anew' "$OUT"
	[ "$(connects tiny "ssh.$DOMAIN:22")" = $((ssh + 3)) ]
	ends
}

@test "ALL_PROXY: a SOCKS proxy, with names looked up there or here" {
	for scheme in socks5h socks5; do
		works_through ALL_PROXY="$scheme://$PROXY:$SOCKS_PORT"
		ss -Htnp state established "dport = :$SOCKS_PORT" | grep -q '"ssh"'
		ends
	done
}

@test "a proxy with user and password" {
	works_through https_proxy="http://me:my-secret@$PROXY:$AUTH_PORT"
	refute grep -q my-secret "$OUT"
	ends
}

@test "NO_PROXY: the tunnel server is reached without" {
	ssh=$(connects tiny "ssh.$DOMAIN:22")
	works_through https_proxy="http://$PROXY:$TINY_PORT" NO_PROXY="ssh.$DOMAIN"
	[ "$(connects tiny "ssh.$DOMAIN:22")" = "$ssh" ]
	ends
}

@test "a proxy that goes away and comes back: it says so, tries again, and comes up" {
	works_through https_proxy="http://$PROXY:$TINY_PORT"
	far_kill tiny
	wait_for 10 grep -q 'through the proxy; check https_proxy.*trying again in' "$OUT"
	far_tinyproxy tiny "$TINY_PORT" 'ConnectPort 22' 'ConnectPort 443'
	wait_for 20 eval '[ "$(grep -c "^Logs" "$OUT")" = 2 ]'
	ends
}

@test "a proxy, and no mysocket-proxycommand to lead through it: it ends with the remedy" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	ln -s "$(command -v mysocketctl)" "$(command -v ssh)" "$BATS_TEST_TMPDIR/bin"
	run env PATH="$BATS_TEST_TMPDIR/bin" https_proxy="http://$PROXY:$TINY_PORT" mysocketctl connect --port 8000
	[ "$status" = 1 ]
	[[ "$output" == *"giving up: "*"no mysocket-proxycommand"*"NO_PROXY"*"cleaning up..."* ]]
}
