# SPDX-License-Identifier: ISC
# mysocket-proxycommand: real ssh through it, relayed and handed over, directly, over TLS and through proxies; what is
# refused, what is said, and what stays afterwards: nothing.

load service
load proxycommand

bats_require_minimum_version 1.5.0

setup_file() {
	unset http_proxy https_proxy HTTPS_PROXY ALL_PROXY all_proxy NO_PROXY no_proxy MYSOCKET_API MYSOCKET_CA_FILE
	export HOME="$BATS_FILE_TMPDIR/home"
	mkdir "$HOME"
	far_up
	head -c 64M /dev/urandom >"$FAR_DIR/large"
}

teardown_file() {
	far_down
}

teardown() {
	wait_for 5 none_left || { pkill -x mysocket-proxyc; echo "a mysocket-proxycommand was left" >&2; return 1; }
}

# Both ways to give ssh a connection must do the same.
both() { # command... with MODE
	local mode
	for mode in relayed handed; do
		echo "mode: $mode"
		MODE=$mode "$@"
	done
}

says() { # arguments -- command; ssh fails, and OUTPUT is what it showed
	OUTPUT=$("$MODE" "$@" 2>&1) && { echo "should have failed: $*"; return 1; }
	return 0
}

hello() { # proxycommand's arguments
	[ "$("$MODE" "$@" -- echo hello)" = hello ]
}

@test "ssh reaches a host, in both modes" {
	both hello
}

@test "the exit status and the output of the far command are ssh's own" {
	ends_with_7() {
		local status=0
		[ "$("$MODE" -- 'cat; echo end >&2; exit 7' <<<"input" 2>"$BATS_TEST_TMPDIR/err" || echo "status $?")" = \
			"$(printf 'input\nstatus 7')" ]
		grep -qx end "$BATS_TEST_TMPDIR/err"
	}
	both ends_with_7
}

@test "64 MB arrive intact in both directions" {
	sum=$(sha256sum <"$FAR_DIR/large")
	there_and_back() {
		[ "$("$MODE" "$@" -- sha256sum <"$FAR_DIR/large")" = "$sum" ]
		[ "$("$MODE" "$@" -- cat "$FAR_DIR/large" | sha256sum)" = "$sum" ]
	}
	both there_and_back
	PORT=$TLS_PORT
	both there_and_back --type tls --ca-file "$CA/ca.crt"
}

# ---- what stays --------------------------------------------------------------------------------------------

ssh_pid() {
	pgrep -n -x ssh
}

session_up() { # mode [argument...]; a session that waits
	local mode=$1
	shift
	rm -f "$BATS_TEST_TMPDIR/up"
	(
		status=0
		"$mode" "$@" -- "touch $BATS_TEST_TMPDIR/up; sleep 1000" || status=$?
		echo "$status" >"$BATS_TEST_TMPDIR/status"
	) </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	wait_for 10 test -e "$BATS_TEST_TMPDIR/up"
}

session_ended() {
	wait_for 10 test -s "$BATS_TEST_TMPDIR/status"
	rm "$BATS_TEST_TMPDIR/status"
	pkill -f '^sleep 1000' || true
}

@test "handed over, ssh itself has the connection, and no process stays" {
	session_up handed
	none_left
	[ "$(ss -Htnp "dport = $SSHD_PORT" | grep -c "\"ssh\",pid=$(ssh_pid),")" = 1 ]
	[ "$(ss -Htnpo "dport = $SSHD_PORT" | grep -c 'timer:(keepalive')" = 1 ]
	kill "$(ssh_pid)"
	session_ended
}

@test "relayed, one process stays as long as ssh" {
	session_up relayed
	[ "$(pgrep -c -x mysocket-proxyc)" = 1 ]
	kill "$(ssh_pid)"
	session_ended
	wait_for 5 none_left
}

@test "ssh killed leaves no process, in any mode" {
	for mode in 'relayed' 'handed' "relayed $TLS_PORT" "handed $TLS_PORT"; do
		read -r mode port <<<"$mode"
		if [ -n "$port" ]; then
			PORT=$port session_up "$mode" --type tls --ca-file "$CA/ca.crt"
			[ "$(pgrep -c -x mysocket-proxyc)" = 1 ]
		else
			session_up "$mode"
		fi
		kill -KILL "$(ssh_pid)"
		session_ended
		wait_for 5 none_left
	done
}

# Both processes that sshd may have for a login: since OpenSSH 9.8 root's has its own too.
far_sessions_killed() {
	local logins
	logins=$(pgrep -d , -P "$(far_pid sshd)")
	pgrep -P "$(far_pid sshd),$logins" | xargs kill -KILL
}

@test "the far end killed ends ssh and leaves no process, in any mode" {
	for mode in 'relayed' 'handed' "relayed $TLS_PORT" "handed $TLS_PORT"; do
		read -r mode port <<<"$mode"
		if [ -n "$port" ]; then
			PORT=$port session_up "$mode" --type tls --ca-file "$CA/ca.crt"
		else
			session_up "$mode"
		fi
		far_sessions_killed
		wait_for 10 test -s "$BATS_TEST_TMPDIR/status"
		[ "$(cat "$BATS_TEST_TMPDIR/status")" = 255 ]
		session_ended
		wait_for 5 none_left
	done
}

# ---- other programs than ssh -------------------------------------------------------------------------------

@test "the end of input is passed on, and the answer still arrives: plain, TLS, through a proxy" {
	sum=$(sha256sum <"$FAR_DIR/large")
	[ "$(mysocket-proxycommand "$FAR" "$SUM_PORT" <"$FAR_DIR/large")" = "$sum" ]
	[ "$(cat "$FAR_DIR/large" | mysocket-proxycommand "$FAR" "$SUM_PORT" | cat)" = "$sum" ]
	[ "$(cat "$FAR_DIR/large" | mysocket-proxycommand --type tls --ca-file "$CA/ca.crt" "$FAR" "$TLS_SUM_PORT" | cat)" = "$sum" ]
	# tinyproxy ends both ways with one, ssh -D does not.
	socks_up
	[ "$(cat "$FAR_DIR/large" | mysocket-proxycommand --proxy "socks5h://$PROXY:$SOCKS_PORT" "$FAR" "$SUM_PORT" | cat)" = "$sum" ]
	far_kill socks
}

@test "a TLS connection that is cut off is told from one that ends" {
	far_start cut socat "OPENSSL-LISTEN:7200,bind=$FAR_IP,reuseaddr,cert=$CA/edge.pem,verify=0" EXEC:'sleep 1000'
	wait_for 5 listening 7200
	mkfifo "$BATS_TEST_TMPDIR/in"
	mysocket-proxycommand --type tls --ca-file "$CA/ca.crt" "$FAR" 7200 <>"$BATS_TEST_TMPDIR/in" \
		2>"$BATS_TEST_TMPDIR/err" 3>&- &
	pid=$!
	wait_for 5 eval '! listening 7200'
	wait_for 5 eval '[ -n "$(ss -Htn state established "dport = 7200")" ]'
	wait_for 5 pgrep -f '^sleep 1000'
	far_kill cut KILL
	status=0
	ended "$pid" || status=$?
	[ "$status" = 1 ]
	grep -q "the tls connection to $FAR was cut off" "$BATS_TEST_TMPDIR/err"
	pkill -f '^sleep 1000'
}

# ---- TLS ---------------------------------------------------------------------------------------------------

@test "ssh through a TLS endpoint with a good certificate, in both modes" {
	PORT=$TLS_PORT
	both hello --type tls --ca-file "$CA/ca.crt"
	MYSOCKET_CA_FILE="$CA/ca.crt" both hello --type tls
}

@test "a certificate that is expired, for another name or from another CA is refused with its reason" {
	refused() { # port reason remedy
		PORT=$1 says --type tls --ca-file "$CA/ca.crt" -- true
		grep -q "cannot connect to $FAR port $1 (tls): .*$2.*; .*$3" <<<"$OUTPUT"
	}
	both refused "$TLS_EXPIRED_PORT" 'certificate has expired' 'must renew it'
	both refused "$TLS_OTHER_NAME_PORT" "no alternative certificate subject name matches" 'somebody else answers'
	both refused "$TLS_OTHER_CA_PORT" 'unable to get local issuer certificate' 'MYSOCKET_CA_FILE'
	both refused "$SSHD_PORT" '.' 'is the port right?'
	CA=$OTHER_CA both refused "$TLS_PORT" 'issuer certificate' 'MYSOCKET_CA_FILE'
	PORT=$TLS_PORT MODE=relayed says --type tls -- true
	PORT=$TLS_PORT MODE=relayed says --type tls --ca-file /nonexistent -- true
	grep -q 'a PEM file' <<<"$OUTPUT"
}

# ---- proxies -----------------------------------------------------------------------------------------------

connects_seen() { # of tinyproxy
	grep -c "Established connection to host \"$FAR\"" "$FAR_DIR/tiny.log" || true
}

@test "ssh through an HTTP proxy of the environment, in both modes" {
	for name in https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
		before=$(connects_seen)
		export "$name=http://$PROXY:$TINY_PORT"
		both hello
		[ "$(connects_seen)" = $((before + 2)) ]
		unset "$name"
	done
}

@test "without one in the environment, for hosts of NO_PROXY and for http_proxy alone there is none" {
	before=$(connects_seen)
	both hello
	http_proxy="http://$PROXY:$TINY_PORT" both hello
	export https_proxy="http://$PROXY:$TINY_PORT"
	NO_PROXY="other.example,.example.net" both hello
	no_proxy='*' both hello
	both hello --proxy "''"
	[ "$(connects_seen)" = "$before" ]
	NO_PROXY="other.example" both hello
	[ "$(connects_seen)" = $((before + 2)) ]
}

@test "a proxy given by option goes before the environment and NO_PROXY" {
	before=$(connects_seen)
	export https_proxy="http://$PROXY:9" NO_PROXY='*'
	both hello --proxy "http://$PROXY:$TINY_PORT"
	[ "$(connects_seen)" = $((before + 2)) ]
}

@test "TLS through an HTTP proxy, and through one that is itself spoken to over TLS" {
	export https_proxy="http://$PROXY:$TINY_PORT"
	PORT=$TLS_PORT both hello --type tls --ca-file "$CA/ca.crt"
	PORT=$TLS_OTHER_CA_PORT MODE=relayed says --type tls --ca-file "$CA/ca.crt" -- true
	grep -q 'issuer certificate' <<<"$OUTPUT"
	export https_proxy="https://$PROXY:$SECURE_PROXY_PORT"
	MODE=relayed says -- true
	grep -q "through proxy https://$PROXY:$SECURE_PROXY_PORT: .*certificate.*the system must trust" <<<"$OUTPUT"
	cat "$CA/ca.crt" >>/etc/ssl/certs/ca-certificates.crt
	before=$(connects_seen)
	both hello
	PORT=$TLS_PORT both hello --type tls --ca-file "$CA/ca.crt"
	[ "$(connects_seen)" = $((before + 4)) ]
}

@test "what a proxy refuses is said with the remedy, and never its password" {
	export https_proxy="http://$PROXY:$TINY_PORT"
	refused() { # reason remedy
		says -- true
		grep -q "$1.*; .*$2" <<<"$OUTPUT"
		refute grep -q 'my-secret' <<<"$OUTPUT"
	}
	PORT=22 both refused '403' 'allow CONNECT to this port'
	https_proxy="http://$PROXY:$AUTH_PORT" both refused '407' 'user and password'
	https_proxy="http://me:my-secret-2@$PROXY:$AUTH_PORT" both refused '40[17]' '.'
	https_proxy="http://me:my-secret@$PROXY:$AUTH_PORT" both hello
	https_proxy="http://me:my-secret@$PROXY:9" both refused 'connect to proxy.example.net port 9' 'check the proxy'
	https_proxy="http://no-such-proxy.example:1" both refused 'resolve proxy' 'https_proxy'
	https_proxy="gopher://me:my-secret@$PROXY:1" both refused '.' 'https_proxy'
	https_proxy="http://me:my-secret@a b" both refused '.' 'https_proxy'
	kill -STOP "$(far_pid tiny)"
	both refused_in_time
	kill -CONT "$(far_pid tiny)"
}

refused_in_time() {
	says --timeout 1 -- true
	grep -q 'timed out\|[Tt]imeout' <<<"$OUTPUT"
}

@test "ssh through a SOCKS proxy, ssh -D, in both modes" {
	socks_up
	by_name=$(asked_for "$FAR") by_address=$(asked_for "$FAR_IP")
	for scheme in socks5h socks5 socks4a socks4; do
		export ALL_PROXY="$scheme://$PROXY:$SOCKS_PORT"
		both hello
	done
	PORT=$TLS_PORT both hello --type tls --ca-file "$CA/ca.crt"
	unset ALL_PROXY
	[ "$(asked_for "$FAR")" = $((by_name + 4)) ]
	[ "$(asked_for "$FAR_IP")" = $((by_address + 4)) ]
	MODE=relayed PORT=9 says --proxy "socks5h://$PROXY:$SOCKS_PORT" -- true
	grep -q "through proxy socks5h://$PROXY:$SOCKS_PORT: .*; check" <<<"$OUTPUT"
	far_kill socks
}

asked_for() { # host, as the SOCKS proxy was told it
	grep -c "server_request_direct_tcpip: .* target $1 port $SSHD_PORT" "$FAR_DIR/sshd.log" || true
}

socks_up() {
	far_start socks ssh -N -D "$FAR_IP:$SOCKS_PORT" -F /dev/null -i "$FAR_DIR/key" -o IdentitiesOnly=yes \
		-o BatchMode=yes -o HostKeyAlias=far -o "UserKnownHostsFile=$FAR_DIR/known_hosts" -p "$SSHD_PORT" "root@$FAR_IP"
	wait_for 10 listening "$SOCKS_PORT" "$FAR_IP"
}

# ---- names and addresses -----------------------------------------------------------------------------------

@test "an IPv6 address that does not answer is not waited for" {
	# An address whose queue of connections is full: further ones stay without an answer.
	ip -6 addr add 2001:db8::2/128 dev lo nodad
	printf '%s\n' '2001:db8::2 both.example.net' "$FAR_IP both.example.net" >>/etc/hosts
	far_start full socat "TCP6-LISTEN:$SSHD_PORT,bind=[2001:db8::2],backlog=0,ipv6only" EXEC:true
	wait_for 5 eval '[ -n "$(ss -Htln6 "src = [2001:db8::2]")" ]'
	kill -STOP "$(far_pid full)"
	until ! timeout 0.5 bash -c "exec 5<>/dev/tcp/2001:db8::2/$SSHD_PORT" 2>/dev/null; do :; done
	start=${EPOCHREALTIME/[.,]/}
	banner=$(mysocket-proxycommand both.example.net "$SSHD_PORT" </dev/null)
	[ $((${EPOCHREALTIME/[.,]/} - start)) -lt 9000000 ] # an attempt may take 10 s
	[[ "$banner" == SSH-2.0-* ]]
	HOST=both.example.net both hello
	far_kill full KILL
}

@test "names below localhost, addresses of both families, and names in capitals" {
	for name in x.y.localhost localhost 127.0.0.1 127.64.1.2 ::1 "$FAR_IP" FAR.Example.net; do
		banner=$(https_proxy=http://127.0.0.1:9 NO_PROXY=$FAR_IP,$FAR mysocket-proxycommand "$name" "$SSHD_PORT" </dev/null)
		[[ "$banner" == SSH-2.0-* ]]
	done
}

# ---- words and statuses ------------------------------------------------------------------------------------

@test "statuses: 2 for bad usage, 1 for what fails, 0 for help and version" {
	run -2 mysocket-proxycommand
	[[ "$output" == *'HOST and PORT are missing'*'--help'* ]]
	run -2 mysocket-proxycommand --no-such-option "$FAR" 22
	run -2 mysocket-proxycommand "bad host" 22
	run -2 mysocket-proxycommand -- -oProxyCommand=x 22
	run -1 mysocket-proxycommand "$FAR" 9
	[[ "$output" == *"cannot connect to $FAR port 9: "*'; check host and port'* ]]
	[ "${#lines[@]}" = 1 ]
	run -1 mysocket-proxycommand no-such-host.example 22
	[[ "$output" == *"resolve host: no-such-host.example"*"spelling"* ]]
	run -0 mysocket-proxycommand --help
	run -0 mysocket-proxycommand --version
	[[ "$output" == 'mysocket-proxycommand '[0-9]* ]]
}

@test "ssh shows what went wrong" {
	refused() {
		PORT=9 says -- true
		grep -q "^mysocket-proxycommand: cannot connect to $FAR port 9: " <<<"$OUTPUT"
	}
	both refused
	OUTPUT=$(visit -- --fdpass -- true 2>&1) && return 1
	grep -q "add 'ProxyUseFdpass yes' to ssh_config" <<<"$OUTPUT"
}

# ---- copies ------------------------------------------------------------------------------------------------

# Sums what calls of these names returned.
returned() { # file call...
	local calls
	calls=$(IFS='|'; echo "${*:2}")
	awk -v calls="^[0-9]+ +($calls)\\\\(" '$0 ~ calls && $NF ~ /^[0-9]+$/ { n += $NF } END { print n + 0 }' "$1"
}

@test "no byte of 64 MB is copied by the process: spliced in one mode, never seen in the other" {
	for mode in relayed handed; do
		WRAP="strace -f -o $BATS_TEST_TMPDIR/$mode -e trace=read,write,readv,writev,recvfrom,recvmsg,sendto,sendmsg,splice" \
			"$mode" -- sha256sum <"$FAR_DIR/large" >/dev/null
		copied=$(returned "$BATS_TEST_TMPDIR/$mode" read write readv writev recvfrom recvmsg sendto sendmsg)
		spliced=$(returned "$BATS_TEST_TMPDIR/$mode" splice)
		echo "# 64 MB to the far end, $mode: $copied bytes read and written, $spliced spliced" >&3
		[ "$copied" -lt 200000 ]
		[ "$mode" != relayed ] || [ "$spliced" -gt $((64 << 20)) ]
		[ "$mode" != handed ] || [ "$spliced" = 0 ]
	done
}
