# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the end-to-end tests: a whole service, accounts, tunnels, visitors. A file of tests begins
#
#	load service
#	setup_file() { service_up; account_make alice; }
#	teardown_file() { service_down; }
#
# and is run by `tests/isolated tests/e2e/<file>.bats`, which gives it namespaces of its own. The service has its
# default ports: visitors at http://<name>.mysocket.localhost and https://, ssh at ssh.mysocket.localhost:22.
# A file that says how soon a thing must happen, or counts requests under load, has "# bats file_tags=timed" as its
# second line: scripts/check runs it by itself.
#
# service_up [LINE...]      lays out and starts api, edge, node and sshd, with these lines in mysocket.conf besides
# service_down              stops them all; shows their logs if a test of the file failed; fails if HAProxy complained
# service_start PROGRAM...  starts api, edge, node or sshd, waits until it is ready   (scripts/service.sh)
# service_stop PROGRAM...   stops it, politely                                        (scripts/service.sh)
# service_pid PROGRAM       prints its process id:  kill -9 "$(service_pid node)"
# service_log PROGRAM       prints its log
# wait_for SECONDS CMD...   repeats a command until it succeeds; fails after that time (scripts/functions.sh)
# refute CMD...             fails if the command succeeds: bats does not notice a failing "! command"
# account_make NAME         an account with an ssh key, logged in; the current one from now on
# account_use NAME          makes it the current one again: sets ACCOUNT (its folder, with key, key.pub, token,
#                           password, known_hosts), ACCOUNT_EMAIL, ACCOUNT_ID (UUID), ACCOUNT_USER (the ssh user)
# api METHOD PATH [JSON]    asks the REST API as the current account, prints the body; fails unless the status is 2xx
# json NAME                 from a JSON text on its input, prints the first string or number of that name
# socket_make LABEL [JSON]  a socket (http, unless these further members of its JSON say else) with one tunnel: sets
#                           SOCKET_ID, TUNNEL_ID, DNSNAME, RELAY (its relay port), URL (a tcp or tls socket's ends in
#                           its port); the name is in /etc/hosts from then on
# tunnel_up TAG PORT [OPT]  plain ssh -R in the background for the last socket_make, with further ssh options; its
#                           output is in the file that `tunnel_out TAG` prints; returns when the session says Logs
# tunnel_pid TAG            prints the process id of that ssh
# tunnel_down TAG           ends it (SIGTERM) and waits for that
# origin_up PORT FOLDER     a web server on 127.0.0.1:PORT that serves the folder's files
# public_get URL [OPT...]   curl from the visitor's side, trusting the test authority; fails on status >= 400 only
#                           if told so by options (-f)
# public_status URL [OPT]   prints the status alone
#
# Processes in the background must not hold the descriptors 3 and 4 of bats, which waits for them to be closed: end
# their commands with 3>&- 4>&-.

root=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
# shellcheck source=scripts/functions.sh
. "$root/scripts/functions.sh"
# shellcheck source=scripts/service.sh
. "$root/scripts/service.sh"

export DOMAIN=mysocket.localhost
export SERVICE_DOMAIN=$DOMAIN SERVICE_HTTP_PORT=80 SERVICE_HTTPS_PORT=443 SERVICE_SSH_PORT=22
export SERVICE_TCP_PORTS=20000-20031 SERVICE_TLS_PORTS=30000-30031
export SERVICE_API=127.0.0.1:7080 SERVICE_METRICS=127.0.0.1:7082
export API_URL=https://api.$DOMAIN

service_up() {
	SERVICE_CONF=$(printf '%s\n' "$@")
	export SERVICE_CONF SERVICE_STATE="$BATS_FILE_TMPDIR/service"
	mountpoint -q /run || { echo "run this file with tests/isolated" >&2; return 1; }
	echo "127.0.0.1 ssh.$DOMAIN api.$DOMAIN" >>/etc/hosts
	service_layout
	chmod 0755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	service_start
}

service_down() {
	local file
	if [ "${SERVICE_SHOW_LOGS-}" ] || [ -e "$SERVICE_STATE/failed" ]; then
		for file in "$SERVICE_STATE"/log/*.log; do
			tail -n 40 "$file" | sed "s/^/# ${file##*/}: /" >&3
		done
	fi
	service_stop
	# bats waits for what setup_file() started: tunnels, origins.
	jobs -p | xargs -r kill 2>/dev/null || true
	edge_complaints >&3
}

# HAProxy, whichever release it is, has nothing to complain of in its configuration or in what it is told. That its
# processes and listeners end and that nobody takes its log are no complaints, nor is what matches EDGE_MAY_SAY.
# Prints the others, and fails.
edge_complaints() {
	! grep -E '^\[(WARNING|ALERT)\]' "$SERVICE_STATE/log/edge.log" |
		grep -vE ' : (Proxy .* stopped |Former worker |Current worker |exit-on-failure: |Exiting Master |All workers exited)' |
		grep -vE "failed in logger|${EDGE_MAY_SAY:-failed in logger}" | sed 's/^/# HAProxy complains: /' | grep .
}

refute() { # command...
	if "$@" 2>/dev/null; then
		echo "should have failed: $*"
		return 1
	fi
}

# bats calls this after each test; a file with its own teardown() calls it there.
teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
}

service_pid() {
	cat "$SERVICE_STATE/pid/$1"
}

service_log() {
	cat "$SERVICE_STATE/log/$1.log"
}

json() {
	grep -o "\"$1\": *\(\"[^\"]*\"\|-\{0,1\}[0-9][0-9]*\)" | head -n 1 | sed 's/^"[^"]*": *//; s/^"//; s/"$//'
}

account_make() { # name
	local folder="$SERVICE_STATE/users/$1" answer
	install -d -m 0755 "$folder"
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$folder/key"
	echo "$1-password-1" >"$folder/password"
	echo "ssh.$DOMAIN $(cut -d ' ' -f 1-2 /etc/mysocket/ssh_host_ed25519_key.pub)" >"$folder/known_hosts"
	answer=$(ACCOUNT='' api POST /user "{\"name\": \"$1\", \"email\": \"$1@example.net\",
		\"password\": \"$1-password-1\", \"sshkey\": \"$(cat "$folder/key.pub")\"}") ||
		{ echo "$answer" >&2; return 1; }
	json user_id <<<"$answer" >"$folder/id"
	ACCOUNT='' api POST /login "{\"email\": \"$1@example.net\", \"password\": \"$1-password-1\"}" |
		json token >"$folder/token"
	account_use "$1"
}

account_use() { # name
	export ACCOUNT="$SERVICE_STATE/users/$1" ACCOUNT_EMAIL="$1@example.net"
	ACCOUNT_ID=$(cat "$ACCOUNT/id")
	ACCOUNT_USER=${ACCOUNT_ID//-/}
	export ACCOUNT_ID ACCOUNT_USER
	[ -s "$ACCOUNT/token" ]
}

api() { # method path [json]
	local options=(-X "$1" -H 'Content-Type: application/json')
	[ -z "${ACCOUNT-}" ] || options+=(-H "x-access-token: $(cat "$ACCOUNT/token")")
	[ $# -lt 3 ] || options+=(--data-binary "$3")
	public_get "$API_URL$2" --fail-with-body "${options[@]}"
}

socket_make() { # label [json members]
	local answer
	answer=$(api POST /connect "{\"name\": \"$1\", \"socket_type\": \"http\"${2+, $2}}") || { echo "$answer" >&2; return 1; }
	SOCKET_ID=$(json socket_id <<<"$answer")
	TUNNEL_ID=$(json tunnel_id <<<"$answer")
	DNSNAME=$(json dnsname <<<"$answer")
	RELAY=$(json local_port <<<"$answer")
	URL=$(json url <<<"$answer")
	export SOCKET_ID TUNNEL_ID DNSNAME RELAY URL
	echo "127.0.0.1 $DNSNAME" >>/etc/hosts
}

tunnel_out() { # tag
	echo "$SERVICE_STATE/users/tunnel.$1"
}

tunnel_pid() { # tag
	cat "$(tunnel_out "$1").pid"
}

tunnel_up() { # tag port [ssh option...]
	local out tag=$1 port=$2
	shift 2
	out=$(tunnel_out "$tag")
	: >"$out" # or what the last one said may be read
	ssh -F /dev/null -i "$ACCOUNT/key" -o IdentitiesOnly=yes -o BatchMode=yes -o ExitOnForwardFailure=yes \
		-o UserKnownHostsFile="$ACCOUNT/known_hosts" -l "$ACCOUNT_USER" -R "$RELAY:127.0.0.1:$port" "$@" \
		"ssh.$DOMAIN" </dev/null >"$out" 2>&1 3>&- 4>&- &
	echo $! >"$out.pid"
	wait_for 10 grep -q '^Logs' "$out" || { cat "$out" >&2; return 1; }
}

tunnel_down() { # tag
	local pid
	pid=$(tunnel_pid "$1")
	kill -TERM "$pid" 2>/dev/null || true
	wait_for 5 eval "! kill -0 $pid 2>/dev/null"
}

origin_up() { # port folder
	(cd "$2" && exec /usr/bin/python3 -m http.server --bind 127.0.0.1 "$1") </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening "$1" 127.0.0.1
}

public_get() { # url [curl option...]
	local url=$1
	shift
	[[ "$url" == *//\[* ]] || set -- --ipv4 "$@" # curl 8 goes to ::1 for names below localhost
	curl -s --cacert "$SERVICE_STATE/ca.crt" --max-time 60 "$@" "$url"
}

public_status() { # url [curl option...]
	public_get "$@" -o /dev/null -w '%{http_code}'
}
