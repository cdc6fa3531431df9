# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2154 # the variables of its reader
# Sourced by quickstart-inside: publishes the port, and compares what comes back over the public names with what the
# origin itself gives: any answer will do, a 404 of an API as well.

fetch() { # url file option...; prints the status
	: >"$2"
	curl -sS --max-time 20 --output "$2" --write-out '%{http_code}' "${@:3}" "$1"
}

compare() { # url status: is what the public side gives the same?
	local got=$account/got status bytes
	if ! status=$(fetch "$1" "$got" --cacert "$MYSOCKET_CA_FILE" --connect-to '::127.0.0.1:'); then
		echo "$1: failed"
		return 1
	fi
	bytes=$(wc -c <"$got")
	if [ "$status" = "$2" ] && cmp -s "$got" "$account/origin"; then
		echo "$1: status $status, $bytes bytes, those of the origin"
	else
		echo "$1: status $status, $bytes bytes, but the origin gave $2 and $(wc -c <"$account/origin") others"
		return 1
	fi
}

# Once the session has said its welcome, the route is there.
once() {
	local out=$account/session url="http://$origin:$QUICKSTART_PORT/" name status failed=0
	[ "$origin" = 127.0.0.1 ] || url="http://[$origin]:$QUICKSTART_PORT/"
	status=$(fetch "$url" "$account/origin") ||
		die "no http answer from the origin at $url: start it anew, or choose another with --port"
	connect >"$out" 2>&1
	wait_for "${QUICKSTART_PATIENCE:-30}" eval "grep -q '^Logs' '$out' || ! kill -0 $client 2>/dev/null" || true
	[ -z "$stopping" ] || exit 1
	if ! grep -q '^Logs' "$out"; then
		cat "$out" >&2
		die "the tunnel did not come up: see $SERVICE_STATE/log/sshd.log, and node.log beside it"
	fi
	name=$(grep -o "https\?://[a-z0-9-]*\.$SERVICE_DOMAIN" "$out" | head -n 1)
	compare "$(public_url http "${name#*://}")/" "$status" || failed=1
	compare "$(public_url https "${name#*://}")/" "$status" || failed=1
	return "$failed"
}
