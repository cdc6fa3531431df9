# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# What our edge is compared with: Debian's sshd as it comes and the least HAProxy that does the job, before the same
# origin; and the tunnels through both ways. Sourced by `inside`, after tests/e2e/service.bash.
#
# origin_start        nginx on ORIGIN: /, a small answer, and /big, 200 MB
# bare_start          the bare sshd on BARE_SSH; its HAProxy: http on BARE_HTTP, https on BARE_HTTPS, http on BARE_N
# bare_tunnel TAG RELAY [-N]  a tunnel through it to the origin, in the background: with a session, or without
# our_tunnel TAG [-N]         the same through ours, for the last socket_make
# tunnel_end TAG      ends it (tests/e2e/service.bash has tunnel_down: a word for ours)
# got PORT HOST       is the answer to GET / there 200? In this shell, without a process: it is used for polling
# online PORT HOST    waits for that

ORIGIN=8000 BARE_SSH=2022 BARE_HTTP=8080 BARE_HTTPS=8443 BARE_N=8081 BARE_RELAY=9001 BARE_RELAY_N=9002

origin_start() {
	mkdir "$WORK/www"
	printf 'hello from the origin\n' >"$WORK/www/index.html"
	truncate -s 200M "$WORK/www/big"
	cat >"$WORK/nginx.conf" <<-TEXT
		daemon off;
		worker_processes 1;
		pid $WORK/nginx.pid;
		error_log $WORK/nginx.log;
		events { worker_connections 4096; }
		http {
			access_log off;
			sendfile on;
			tcp_nopush on;
			server { listen 127.0.0.1:$ORIGIN backlog=4096; root $WORK/www; }
		}
	TEXT
	nginx -c "$WORK/nginx.conf" 2>/dev/null &
	wait_for 10 listening "$ORIGIN"
}

bare_start() {
	useradd --no-create-home --shell /bin/sh bench
	usermod -p '*' bench
	install -m 0644 "$ACCOUNT/key.pub" "$WORK/authorized_keys"
	echo "[127.0.0.1]:$BARE_SSH $(cut -d ' ' -f 1-2 /etc/mysocket/ssh_host_ed25519_key.pub)" >"$WORK/known_hosts"
	sed '/^Include/d' /etc/ssh/sshd_config >"$WORK/sshd_config"
	/usr/sbin/sshd -D -f "$WORK/sshd_config" -h /etc/mysocket/ssh_host_ed25519_key -o "StrictModes=no" \
		-o "ListenAddress=127.0.0.1:$BARE_SSH" -o "AuthorizedKeysFile=$WORK/authorized_keys" 2>"$WORK/sshd.log" &
	cat >"$WORK/bare.cfg" <<-TEXT
		defaults
			mode http
			retries 0
			timeout connect 5s
			timeout client 60s
			timeout server 60s
		frontend session
			bind 127.0.0.1:$BARE_HTTP
			bind 127.0.0.1:$BARE_HTTPS ssl crt $SERVICE_STATE/ca/edge.pem
			default_backend session
		backend session
			server relay 127.0.0.1:$BARE_RELAY
		frontend n
			bind 127.0.0.1:$BARE_N
			default_backend n
		backend n
			server relay 127.0.0.1:$BARE_RELAY_N
	TEXT
	haproxy -db -f "$WORK/bare.cfg" 2>"$WORK/haproxy.log" &
	wait_for 10 listening "$BARE_SSH" && wait_for 10 listening "$BARE_N"
}

# Both ways have the same client, but for its user, its server and, with a session, what it runs there.
client_start() { # tag known_hosts option...
	local tag=$1
	ssh -F /dev/null -i "$ACCOUNT/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ExitOnForwardFailure=yes \
		-o UserKnownHostsFile="$2" "${@:3}" </dev/null >"$WORK/ssh.$tag" 2>&1 &
	# shellcheck disable=SC2004 # the index is a word: CLIENT is declared so in `inside`
	CLIENT[$tag]=$!
}

bare_tunnel() { # tag relay [-N]
	local run=(sleep infinity)
	[ "${3-}" != -N ] || run=()
	client_start "$1" "$WORK/known_hosts" -l bench -p "$BARE_SSH" -R "$2:127.0.0.1:$ORIGIN" "${@:3}" 127.0.0.1 "${run[@]}"
}

our_tunnel() { # tag [-N]
	client_start "$1" "$ACCOUNT/known_hosts" -l "$ACCOUNT_USER" -R "$RELAY:127.0.0.1:$ORIGIN" "${@:2}" "ssh.$DOMAIN"
}

tunnel_end() { # tag
	kill "${CLIENT[$1]}" 2>/dev/null || true
	wait "${CLIENT[$1]}" 2>/dev/null || true
	unset "CLIENT[$1]"
}

got() { # port host
	local line=''
	{ exec 9<>"/dev/tcp/127.0.0.1/$1"; } 2>/dev/null || return 1
	printf 'GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$2" >&9 2>/dev/null || true
	read -r -t 5 line <&9 || true
	exec 9>&-
	[[ "$line" == "HTTP/1.1 200"* ]]
}

online() { # port host
	wait_for 15 got "$@" || { tail -n 3 "$WORK"/ssh.* >&2; die "no tunnel at port $1 for '$2'"; }
}
