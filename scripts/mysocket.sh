#!/bin/sh
# SPDX-License-Identifier: ISC
# A client in one file, to be copied anywhere, for those who want no more than ssh, curl and jq. It does not supervise
# as mysocketctl does, whose token it shares. What must hold: password and token are never an argument of a program;
# host keys are the API's, checked strictly; nothing of an answer is used before it is checked.
set -eu; umask 077
me=${0##*/}

usage() {
	cat <<-TEXT
		usage: $me COMMAND
		  login EMAIL                 asks for your password, keeps a token
		  ls                          lists your sockets
		  connect PORT [NAME [TYPE]]  gives the service on 127.0.0.1 port PORT a public name
		                              until Ctrl-C; TYPE: http (the default), https, tcp, tls
		  rm SOCKET_ID                deletes a socket
		environment:
		  MYSOCKET_API         address of the service's API, https://api.example.com
		  MYSOCKET_CA_FILE     its CA certificate, if it has a CA of its own
		  MYSOCKET_TOKEN_FILE  the token, by default ~/.mysocketio_token
		exit status: 0 done, 1 failed, 2 bad usage
	TEXT
}

say() {
	printf '%s: %s\n' "$me" "$*" >&2
}

die() {
	say "$*"
	exit 1
}

# ---- the API -------------------------------------------------------------------------------------------
# For jq: text without control characters; text of one form, or nothing of the answer is believed.
# shellcheck disable=SC2016 # jq's own
JQ='def clean: tostring | explode | map(select(. > 31 and (. < 127 or . > 159))) | implode;
	def must($form): tostring | if test("\\A(" + $form + ")\\z") then . else error("this is no answer of a mysocket API") end;'

prepare() {
	for tool in curl jq ssh; do command -v "$tool" >/dev/null || die "'$tool' is missing: install it"; done
	kept=$(cat "${XDG_CONFIG_HOME:-$HOME/.config}/mysocket/config" 2>/dev/null || :) # by mysocketctl login
	kept_api=$(echo "$kept" | sed -n 's/^ *api *= *//p') api=${MYSOCKET_API:-$kept_api} ca=${MYSOCKET_CA_FILE:-}
	api=${api%/}; [ "$api" != "$kept_api" ] || ca=${ca:-$(echo "$kept" | sed -n 's/^ *ca_file *= *//p')}
	[ "${api#https://}" != "$api" ] || die "set MYSOCKET_API to your service's API, like https://api.example.com, not '$api'"
	token_file=${MYSOCKET_TOKEN_FILE:-$HOME/.mysocketio_token}
	dir=$(mktemp -d "${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}/mysocket.XXXXXX")
	trap 'rm -rf "$dir"' EXIT; trap 'exit 1' INT TERM HUP; : >"$dir/headers"
}

need_token() {
	[ -s "$token_file" ] || die "not logged in; run: $me login EMAIL"
	[ -z "$(find -H "$token_file" -perm -040 -o -perm -004)" ] || die "others may read your token; run: chmod 600 '$token_file'"
	printf 'x-access-token: %s\n' "$(cat "$token_file")" >"$dir/headers"
}

ask() { # method path [curl's options]; the answer is in $dir/answer
	method=$1 url=$api$2
	shift 2
	[ -z "$ca" ] || set -- --cacert "$ca" "$@"
	: >"$dir/answer"
	status=$(curl -sSg --proto '=https' --max-time 30 -X "$method" -H 'Content-Type: application/json' \
		-H "@$dir/headers" -o "$dir/answer" -w '%{http_code}' "$@" "$url") || status=none
	why=$(jq -r "$JQ"'.error_message | clean' "$dir/answer" 2>/dev/null) || why="is $api a mysocket API? status $status"
	case $status in
	2??) return 0 ;;
	none) why="cannot ask $api; check MYSOCKET_API, MYSOCKET_CA_FILE and your network" ;;
	401) [ ! -s "$dir/headers" ] || why="$why; run: $me login EMAIL" ;;
	esac
	say "$why"
	return 1
}

# ---- commands ------------------------------------------------------------------------------------------
login() { # email; printf is the shell's own
	if [ -t 0 ]; then
		saved=$(stty -g)
		trap 'stty "$saved"; echo >&2; exit 1' INT TERM HUP
		printf 'Password for %s: ' "$1" >&2
		stty -echo
	fi
	IFS= read -r password || [ -n "$password" ] || die "no password was given"
	[ ! -t 0 ] || { stty "$saved"; echo >&2; }
	printf '%s' "$password" | jq -Rs --arg email "$1" '{email: $email, password: .}' | ask POST /login --data-binary @-
	token=$(jq -er "$JQ"'.token | must("[A-Za-z0-9_.-]+")' "$dir/answer")
	new=$(mktemp "$token_file.XXXXXX")
	printf '%s\n' "$token" >"$new" && mv -f "$new" "$token_file"
	echo "Logged in! Token stored in $token_file"
}

list() {
	ask GET /socket
	jq -r --arg me "$me" "$JQ"'if length == 0 then "You have no sockets yet; for one until Ctrl-C: \($me) connect PORT"
		else .[] | [.socket_id, .url // .dnsname, .name] | map(clean) | join("  ") end' "$dir/answer"
}

files() { # port; the answer as ssh's files
	jq -r --arg port "$1" "$JQ"'(.ssh_server | must("[A-Za-z0-9][A-Za-z0-9.-]*")) as $host | "Host tunnel",
		"HostName " + (if $host | endswith(".localhost") then "127.0.0.1" else $host end), "HostKeyAlias " + $host,
		"Port " + (.ssh_port | must("[0-9]{1,5}")), "User " + (.user_name | must("[0-9a-f]{32}")),
		"RemoteForward " + (.tunnels[0].local_port | must("[0-9]{1,5}")) + " 127.0.0.1:" + $port' "$dir/answer" >"$dir/config"
	jq -r "$JQ"'.ssh_server as $host | .ssh_host_keys[] | must("(@cert-authority )?[a-z0-9@.-]+ [A-Za-z0-9+/]+=*") |
		if startswith("@cert-authority ") then sub(" "; " \($host) ") else "\($host) \(.)" end' "$dir/answer" >"$dir/known_hosts"
	printf '%s\n' 'UserKnownHostsFile known_hosts' 'GlobalKnownHostsFile none' 'StrictHostKeyChecking yes' \
		'UpdateHostKeys no' 'PreferredAuthentications publickey' 'ExitOnForwardFailure yes' 'ConnectTimeout 10' \
		'ServerAliveInterval 10' 'RequestTTY no' 'PermitLocalCommand yes' 'LocalCommand : >up' >>"$dir/config"
}

clean_up() {
	trap '' INT TERM HUP
	[ -z "${child:-}" ] || kill "$child" 2>/dev/null || :
	echo "cleaning up..."
	ask DELETE "/socket/$socket" || say "the socket is still there; delete it with: $me rm $socket"
	rm -rf "$dir"
}

connect() { # port [name [type]]
	case $1 in '' | 0* | *[!0-9]* | [7-9]???? | 6[6-9]??? | 65[6-9]?? | 655[4-9]? | 6553[6-9] | ??????*) die "PORT must be a number from 1 to 65535, not '$1'" ;; esac
	trap '' INT TERM HUP # what is made must be deleted: the answer is waited for
	jq -n --arg name "${2:-Local port $1}" --arg type "${3:-http}" '{name: $name, socket_type: $type}' |
		ask POST /connect --data-binary @-
	socket=$(jq -er "$JQ"'.socket_id | must("[0-9a-f-]{36}")' "$dir/answer")
	trap clean_up EXIT
	trap 'exit 0' INT TERM HUP
	jq -r "$JQ"'"\(.name | clean) - \(.url // .dnsname | clean)"' "$dir/answer"
	files "$1"
	worked='' delay=2
	while rm -f "$dir/up"; do
		(cd "$dir" && exec ssh -F config tunnel) </dev/null &
		child=$!; wait "$child" || :
		[ ! -e "$dir/up" ] || worked=yes delay=2
		[ "$worked" ] || die "no tunnel, for ssh's reason above; your keys are those of ~/.ssh and ssh-agent"
		say "disconnected; connecting again in $delay s"
		sleep "$delay" &
		child=$!; wait "$child" || :
		delay=$((delay < 16 ? delay * 2 : 30))
	done
}

case ${1-}:$# in
--help:1) usage ;;
login:2) prepare; login "$2" ;;
ls:1) prepare; need_token; list ;;
connect:[234]) prepare; need_token; shift; connect "$@" ;;
rm:2) # nothing else may become part of a path of the API
	case $2 in *[!0-9a-f-]*) false ;; ????????-????-????-????-????????????) ;; *) false ;; esac ||
		die "SOCKET_ID must be an id that '$me ls' prints first in a line, not '$2'"
	prepare; need_token; ask DELETE "/socket/$2"; echo "Socket $2 deleted" ;;
*) usage >&2; exit 2 ;;
esac
