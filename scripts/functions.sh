# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Sourced by the scripts here and by the end-to-end tests: errors, waiting, ports.

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# wait_for SECONDS COMMAND...: repeats the command until it succeeds; 1 if it did not within the time, or, for tests on
# slow machines, PATIENCE times as long.
wait_for() {
	local deadline=$((${EPOCHREALTIME/[.,]/} + $1 * ${PATIENCE:-1} * 1000000))
	shift
	until "$@"; do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 1
		sleep 0.03
	done
}

# await PID: waits for a child and returns its status, however often a trap interrupts the wait.
await() {
	local status=129
	while [ "$status" -gt 128 ] && kill -0 "$1" 2>/dev/null; do
		wait "$1" && status=0 || status=$?
	done
	wait "$1"
}

# ended PID...: waits for children, a minute at most (wait_for) for each, and returns the last status; who does not end by
# then is named, and killed.
ended() {
	local pid status
	for pid; do
		if ! wait_for 60 eval "! kill -0 $pid 2>/dev/null"; then
			echo "did not end: $(tr '\0' ' ' <"/proc/$pid/cmdline")" >&2
			kill -KILL "$pid"
		fi
		wait "$pid" && status=0 || status=$?
	done
	return "$status"
}

# pass_on TARGET COMMAND...: runs a command and returns its status; a request to stop goes on to the process that
# TARGET prints: itself, or its_child. The command has every signal as a new process has it, whatever this script was
# started under (nohup ignores SIGHUP, a command in the background interrupts), and this script's input.
pass_on() {
	local pid target=$1
	shift
	env --default-signal "$@" 0<&0 &
	pid=$!
	trap 'kill -TERM $($target "$pid") 2>/dev/null || true' TERM HUP
	trap ':' INT
	await "$pid"
}

itself() {
	echo "$1"
}

# unshare(1) blocks SIGTERM: the one to tell is process 1 of the namespace, its child.
its_child() {
	cat "/proc/$1/task/$1/children"
}

# listening PORT [ADDRESS]: does anybody in this network namespace listen there (IPv4 and IPv6)? With an
# IPv4 address: on that one, or on all. FIRST-LAST in place of the port: on any of these.
listening() {
	local first last want=''
	first=$(printf '%04X' "${1%-*}")
	last=$(printf '%04X' "${1#*-}")
	[ $# -lt 2 ] || want=$(address_hex "$2")
	# The "" is for awk, which else takes 0E10 and 0E20 for the same number.
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk -v first="$first" -v last="$last" -v want="$want" '
		$4 != "0A" { next }
		{ split($2, local, ":") }
		local[2] "" < first "" || local[2] "" > last "" { next }
		want "" == "" || local[1] "" == want "" || local[1] ~ /^0+$/ { found = 1 }
		END { exit !found }'
}

# 127.0.0.1 -> 0100007F, as /proc/net/tcp has it.
address_hex() {
	local a b c d
	IFS=. read -r a b c d <<<"$1"
	printf '%02X%02X%02X%02X' "$d" "$c" "$b" "$a"
}

# Can a listener have an IPv6 address here?
have_ipv6() {
	[ -n "$(cat /proc/net/if_inet6 2>/dev/null)" ]
}

# As mysocket-api shows it: the port is left out where it is the usual one.
public_url() { # scheme name
	local port=$SERVICE_HTTPS_PORT usual=443
	[ "$1" = https ] || port=$SERVICE_HTTP_PORT usual=80
	[ "$port" = "$usual" ] && echo "$1://$2" || echo "$1://$2:$port"
}
