# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests of mysocket-proxycommand; loaded after service.bash. A far host, 192.0.2.10 on the loopback
# interface (so that it is not "this machine" by name or address), with what a visitor may meet on the way to it.
#
# far_up               the far host: sshd, its TLS endpoints, sha256sum behind a port, proxies; in FAR_DIR
# far_down             ends what it started
# far_start TAG CMD... a process of the far host in the background; its output is in "$FAR_DIR/TAG.log"
# far_pid TAG          its process id
# far_kill TAG [SIG]   ends it, and waits for that
# visit OPTIONS ARGUMENTS -- COMMAND...  ssh to the far host (HOST, PORT), its ProxyCommand with these arguments
# relayed ARGS -- CMD  the same in the plain mode, and
# handed ARGS -- CMD   with ProxyUseFdpass
# none_left            is no mysocket-proxycommand there?
# CA, OTHER_CA         folders with ca.crt; the far host's certificates are CA's, but for the one of OTHER_CA

export FAR=far.example.net PROXY=proxy.example.net FAR_IP=192.0.2.10
export SSHD_PORT=2200 SUM_PORT=7100 TINY_PORT=8888 AUTH_PORT=8889 SECURE_PROXY_PORT=8443 SOCKS_PORT=1080
export TLS_PORT=7001 TLS_EXPIRED_PORT=7002 TLS_OTHER_NAME_PORT=7003 TLS_OTHER_CA_PORT=7004 TLS_SUM_PORT=7005
export HOST=$FAR PORT=$SSHD_PORT

far_up() {
	export FAR_DIR="$BATS_FILE_TMPDIR/far" CA="$BATS_FILE_TMPDIR/far/ca" OTHER_CA="$BATS_FILE_TMPDIR/far/other"
	mkdir -p "$FAR_DIR" "$CA" "$OTHER_CA"
	ip addr add "$FAR_IP/32" dev lo
	echo "$FAR_IP $FAR $PROXY" >>/etc/hosts
	far_certificates
	far_sshd
	far_start haproxy haproxy -db -f <(far_haproxy)
	far_start sum socat "TCP-LISTEN:$SUM_PORT,bind=$FAR_IP,fork,reuseaddr" EXEC:sha256sum
	far_tinyproxy tiny "$TINY_PORT" "ConnectPort $SSHD_PORT" "ConnectPort $SUM_PORT" "ConnectPort $TLS_PORT" \
		"ConnectPort $TLS_OTHER_CA_PORT"
	far_tinyproxy auth "$AUTH_PORT" 'BasicAuth me my-secret' "ConnectPort $SSHD_PORT"
	far_ready
}

far_ready() {
	local port
	for port in "$SSHD_PORT" "$SUM_PORT" "$TINY_PORT" "$AUTH_PORT" "$SECURE_PROXY_PORT" "$TLS_PORT" "$TLS_SUM_PORT"; do
		wait_for 10 listening "$port" "$FAR_IP" || { tail -n 20 "$FAR_DIR"/*.log >&2; return 1; }
	done
}

far_down() {
	local file
	for file in "$FAR_DIR"/*.pid; do
		kill "$(cat "$file")" 2>/dev/null || true
	done
}

far_start() { # tag command...
	local tag=$1
	shift
	"$@" </dev/null >"$FAR_DIR/$tag.log" 2>&1 3>&- 4>&- &
	echo $! >"$FAR_DIR/$tag.pid"
}

far_pid() { # tag
	cat "$FAR_DIR/$1.pid"
}

far_kill() { # tag [signal]
	local pid
	pid=$(far_pid "$1")
	kill "-${2-TERM}" "$pid"
	wait_for 5 eval "! kill -0 $pid 2>/dev/null"
}

far_sshd() {
	ssh-keygen -q -t ed25519 -N '' -f "$FAR_DIR/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$FAR_DIR/key"
	echo "far $(cut -d ' ' -f 1-2 "$FAR_DIR/host_key.pub")" >"$FAR_DIR/known_hosts"
	cat >"$FAR_DIR/sshd_config" <<-TEXT
		Port $SSHD_PORT
		HostKey $FAR_DIR/host_key
		PidFile none
		StrictModes no
		UsePAM no
		PermitRootLogin prohibit-password
		AuthorizedKeysFile $FAR_DIR/key.pub
		AllowTcpForwarding yes
		UseDNS no
		ListenAddress 0.0.0.0
		ListenAddress ::1
		LogLevel DEBUG1
	TEXT
	far_start sshd /usr/sbin/sshd -D -e -f "$FAR_DIR/sshd_config"
}

# tag port configuration-line...
far_tinyproxy() {
	printf '%s\n' "Port $2" "Listen $FAR_IP" "Timeout 600" "LogLevel Connect" "${@:3}" >"$FAR_DIR/$1.conf"
	far_start "$1" tinyproxy -d -c "$FAR_DIR/$1.conf"
}

# ---- certificates ------------------------------------------------------------------------------------------
far_certificates() {
	# shellcheck disable=SC2154 # service.bash's
	"$root/scripts/certificate" "$CA" example.net
	"$root/scripts/certificate" "$OTHER_CA" example.net
	mkdir "$FAR_DIR/elsewhere"
	cp "$CA"/ca.* "$FAR_DIR/elsewhere"
	"$root/scripts/certificate" "$FAR_DIR/elsewhere" elsewhere.example
	far_expired
}

# What req(1) cannot: a certificate of the past.
far_expired() {
	local folder="$FAR_DIR/expired"
	mkdir "$folder"
	: >"$folder/index"
	cat >"$folder/conf" <<-TEXT
		[ca]
		default_ca = d
		[d]
		database = $folder/index
		new_certs_dir = $folder
		certificate = $CA/ca.crt
		private_key = $CA/ca.key
		default_md = sha256
		rand_serial = yes
		policy = p
		x509_extensions = x
		[p]
		commonName = supplied
		[x]
		subjectAltName = DNS:$FAR
	TEXT
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "/CN=$FAR" -keyout "$folder/key" \
		-out "$folder/request" 2>/dev/null
	openssl ca -batch -config "$folder/conf" -in "$folder/request" -out "$folder/crt" -notext \
		-startdate 20200101000000Z -enddate 20200102000000Z 2>/dev/null
	cat "$folder/crt" "$folder/key" >"$folder/edge.pem"
}

# TLS endpoints as the edge has them, and a proxy that is spoken to over TLS.
far_haproxy() {
	local name port
	printf '%s\n' defaults 'mode tcp' 'timeout connect 5s' 'timeout client 1h' 'timeout server 1h' \
		'backend sshd' "server s $FAR_IP:$SSHD_PORT" 'backend sum' "server s $FAR_IP:$SUM_PORT" \
		'backend tiny' "server s $FAR_IP:$TINY_PORT"
	for name in "ca $TLS_PORT sshd" "expired $TLS_EXPIRED_PORT sshd" "elsewhere $TLS_OTHER_NAME_PORT sshd" \
		"other $TLS_OTHER_CA_PORT sshd" "ca $TLS_SUM_PORT sum" "ca $SECURE_PROXY_PORT tiny"; do
		read -r name port backend <<<"$name"
		printf '%s\n' "frontend f$port" "bind $FAR_IP:$port ssl crt $FAR_DIR/$name/edge.pem" "default_backend $backend"
	done
}

# ---- visitors ----------------------------------------------------------------------------------------------
# ssh's options, up to a "--"; then arguments of the ProxyCommand, up to the next; then the far command.
visit() {
	local options=(-F /dev/null -i "$FAR_DIR/key" -o IdentitiesOnly=yes -o BatchMode=yes -o HostKeyAlias=far
		-o "UserKnownHostsFile=$FAR_DIR/known_hosts" -p "$PORT" -l root) arguments=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do arguments+=("$1"); shift; done
	# shellcheck disable=SC2029 # the far end is to expand it
	timeout 60 ssh "${options[@]}" -o "ProxyCommand=${WRAP-} mysocket-proxycommand ${arguments[*]} %h %p" "$HOST" "${@:2}"
}

relayed() {
	visit -- "$@"
}

handed() {
	visit -o ProxyUseFdpass=yes -- --fdpass "$@"
}

none_left() {
	! pgrep -x mysocket-proxyc >/dev/null
}
