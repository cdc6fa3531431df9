# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Sourced by quickstart-inside and by the end-to-end tests, in namespaces made by scripts/private: lays out a
# service below SERVICE_STATE and starts and stops its four programs: api, edge, node, sshd.
#
# SERVICE_STATE, SERVICE_DOMAIN, SERVICE_HTTP_PORT, SERVICE_HTTPS_PORT, SERVICE_SSH_PORT: as the names say
# SERVICE_TCP_PORTS, SERVICE_TLS_PORTS: "FIRST-LAST", public ports for tcp and tls sockets
# SERVICE_API    address:port for mysocket-api; SERVICE_METRICS: for HAProxy's metrics (may be empty)
# SERVICE_TRUSTED_PROXIES  addresses whose X-Forwarded-For is believed (may be unset)
# SERVICE_CONF   further lines for mysocket.conf (may be empty)
# What they leave in SERVICE_STATE: etc/ (is /etc/mysocket), ca.crt, db/, log/<program>.log, pid/<program>.

SERVICE_PROGRAMS=(api edge node sshd)

service_layout() {
	install -d -m 0755 "$SERVICE_STATE" "$SERVICE_STATE/etc" "$SERVICE_STATE/pid"
	install -d -m 0700 "$SERVICE_STATE/ca" "$SERVICE_STATE/db" "$SERVICE_STATE/log"
	service_users
	service_folders
	mount --bind "$SERVICE_STATE/etc" /etc/mysocket
	# The database's folder is bound where its user can reach it, whatever lies above SERVICE_STATE.
	mkdir -p /run/mysocket-db && mount --bind "$SERVICE_STATE/db" /run/mysocket-db
	service_secrets
	service_conf >/etc/mysocket/mysocket.conf
	sed -i 's/^passwd:.*/passwd: files mysocket/' /etc/nsswitch.conf
	chown -R mysocket:mysocket /run/mysocket-db /etc/mysocket/*.secret
}

service_users() {
	local name home
	sed -n 's/^u \([^ ]*\) .*" *\([^ ]*\)$/\1 \2/p' /usr/lib/sysusers.d/mysocket.conf |
		while read -r name home; do
			getent passwd "$name" >/dev/null || useradd --system --user-group --no-create-home \
				--home-dir "$home" --shell /usr/sbin/nologin "$name"
		done
}

service_folders() {
	local path mode user group
	sed -n 's,^d \(/run/.*\),\1,p' /usr/lib/tmpfiles.d/mysocket.conf | while read -r path mode user group _; do
		install -d -m "$mode" -o "$user" -g "$group" "$path"
	done
}

service_secrets() {
	local name
	for name in token node; do
		[ -s "/etc/mysocket/$name.secret" ] ||
			(umask 077 && openssl rand -base64 48 >"/etc/mysocket/$name.secret")
	done
	[ -s /etc/mysocket/ssh_host_ed25519_key ] ||
		ssh-keygen -q -t ed25519 -N '' -C "ssh.$SERVICE_DOMAIN" -f /etc/mysocket/ssh_host_ed25519_key
	"$(dirname "${BASH_SOURCE[0]}")/certificate" "$SERVICE_STATE/ca" "$SERVICE_DOMAIN"
	install -m 0644 "$SERVICE_STATE/ca/ca.crt" "$SERVICE_STATE/ca.crt"
}

service_conf() {
	echo "domain = $SERVICE_DOMAIN"
	echo "ssh_port = $SERVICE_SSH_PORT"
	echo "http_port = $SERVICE_HTTP_PORT"
	echo "https_port = $SERVICE_HTTPS_PORT"
	printf 'tcp_port_min = %s\ntcp_port_max = %s\n' "${SERVICE_TCP_PORTS%-*}" "${SERVICE_TCP_PORTS#*-}"
	printf 'tls_port_min = %s\ntls_port_max = %s\n' "${SERVICE_TLS_PORTS%-*}" "${SERVICE_TLS_PORTS#*-}"
	echo "api_listen = $SERVICE_API"
	echo "api_url = http://$SERVICE_API"
	echo "database = /run/mysocket-db/mysocket.db"
	echo "confirm = auto"
	printf '%s\n' "${SERVICE_CONF-}"
}

# Addresses to listen on: this machine's alone for names below .localhost, which nobody else can use.
service_bind() { # port, or first-last
	case "$SERVICE_DOMAIN" in
	*.localhost) printf '127.0.0.1:%s' "$1"; ! have_ipv6 || printf ',[::1]:%s' "$1" ;;
	*) printf '0.0.0.0:%s' "$1"; ! have_ipv6 || printf ',[::]:%s' "$1" ;;
	esac
}

service_command() { # program; the answer is in the array `command`
	local bind as=(setpriv --reuid mysocket --regid mysocket --init-groups) caps='-all,+sys_ptrace,+kill'
	case "$1" in
	api) command=("${as[@]}" --inh-caps=-all --bounding-set=-all /usr/lib/mysocket/mysocket-api) ;;
	node) command=("${as[@]}" --bounding-set="$caps" --inh-caps="$caps" --ambient-caps="$caps"
		/usr/lib/mysocket/mysocket-node) ;;
	edge) command=(env MYSOCKET_DOMAIN="$SERVICE_DOMAIN" MYSOCKET_API_LISTEN="$SERVICE_API"
		MYSOCKET_CERT="$SERVICE_STATE/ca/edge.pem" ${SERVICE_METRICS:+MYSOCKET_METRICS_BIND="$SERVICE_METRICS"}
		MYSOCKET_HTTP_BIND="$(service_bind "$SERVICE_HTTP_PORT")" ${SERVICE_TRUSTED_PROXIES:+MYSOCKET_TRUSTED_PROXIES="$SERVICE_TRUSTED_PROXIES"}
		${SERVICE_MAX_CONNECTIONS_OF_CLIENT:+MYSOCKET_MAX_CONNECTIONS_OF_CLIENT="$SERVICE_MAX_CONNECTIONS_OF_CLIENT"}
		${SERVICE_MAX_CONNECTIONS_OF_NAME:+MYSOCKET_MAX_CONNECTIONS_OF_NAME="$SERVICE_MAX_CONNECTIONS_OF_NAME"}
		MYSOCKET_HTTPS_BIND="$(service_bind "$SERVICE_HTTPS_PORT")" MYSOCKET_HTTPS_PORT="$SERVICE_HTTPS_PORT"
		MYSOCKET_TCP_BIND="$(service_bind "$SERVICE_TCP_PORTS")" MYSOCKET_TLS_BIND="$(service_bind "$SERVICE_TLS_PORTS")"
		haproxy -W -f /usr/share/mysocket/haproxy.d) ;;
	sshd) command=(/usr/lib/mysocket/mysocket-sshd -D -e -f /usr/share/mysocket/sshd_config.d/mysocket-sshd.conf)
		for bind in $(service_bind "$SERVICE_SSH_PORT" | tr ',' ' '); do
			command+=(-o "ListenAddress=$bind")
		done ;;
	esac
}

service_ready() { # program
	case "$1" in
	api) curl -sf -o /dev/null "http://$SERVICE_API/healthz" ;;
	node) [ -S /run/mysocket/node.sock ] ;;
	edge) [ -S /run/mysocket/edge.sock ] && listening "$SERVICE_HTTP_PORT" && listening "$SERVICE_HTTPS_PORT" ;;
	sshd) listening "$SERVICE_SSH_PORT" ;;
	esac
}

service_alive() { # program
	kill -0 "$(cat "$SERVICE_STATE/pid/$1" 2>/dev/null || echo none)" 2>/dev/null
}

service_settled() { # program; ready, or gone: both end the wait
	service_ready "$1" || ! service_alive "$1"
}

service_complain() { # program; says why it is not there: its last words
	echo "mysocket-$1 ended or did not start; the end of $SERVICE_STATE/log/$1.log:" >&2
	tail -n 5 "$SERVICE_STATE/log/$1.log" | sed 's/^/  /' >&2
}

# A start begins without certificates of users' own host names; a reload finds them.
service_no_certificates() {
	sed -n 's,^ExecStartPre=\(/.* /run/mysocket/certificates/.*\),\1,p' /usr/lib/systemd/system/mysocket-edge.service | sh -e
}

# Starts programs (default: all) and waits until each is ready, 15 s at most.
service_start() { # program...
	local name command=()
	[ $# -gt 0 ] || set -- "${SERVICE_PROGRAMS[@]}"
	for name; do
		case "$name" in node | edge) rm -f "/run/mysocket/$name.sock" ;; esac
		[ "$name" != edge ] || service_no_certificates
		service_command "$name"
		(
			ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
			exec setsid env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "${command[@]}"
		) </dev/null >>"$SERVICE_STATE/log/$name.log" 2>&1 3>&- 4>&- &
		echo $! >"$SERVICE_STATE/pid/$name" && disown # or the shell speaks up when it is killed
		if ! wait_for 15 service_settled "$name" || ! service_alive "$name"; then
			service_complain "$name"
			return 1
		fi
	done
}

# Stops programs (default: all): asks, and after 5 s insists.
service_stop() { # program...
	local name pid
	[ $# -gt 0 ] || set -- sshd node edge api
	for name; do
		service_alive "$name" || continue
		pid=$(cat "$SERVICE_STATE/pid/$name")
		kill -TERM "$pid" 2>/dev/null || true
		wait_for 5 eval "! kill -0 $pid 2>/dev/null" || kill -KILL "$pid" 2>/dev/null || true
		rm -f "$SERVICE_STATE/pid/$name"
	done
}
