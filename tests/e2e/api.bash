# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the API's tests: mysocket-api alone, on a free port of loopback, with a database of its own. Runs under
# tests/isolated, and under plain bats as well (BUILD_DIR: where the program is, default build/plain).
#
# daemon_start NAME [LINE...]  starts one with these lines in its configuration besides; sets HOME_DIR, BASE, CONF
# daemon_again                 starts it again as it was
# daemon_use NAME              makes a started one the current one
# daemon_stop [SIGNAL]         ends it and waits for that
# call METHOD PATH [OPTION...] asks it with curl; sets `code` and `body`
# mine METHOD PATH [OPTION...] the same with TOKEN
# node METHOD PATH [OPTION...] the same with the node secret
# expect CODE [FILTER]         the last answer's status was CODE, and jq's filter is true for its body
# field FILTER                 prints from the last body
# many FILE                    sends what a curl configuration on its input says, all at once; status codes go to FILE
# account NAME                 makes one and logs in; sets TOKEN, USER_ID, USER_NAME
# jwt HEADER PAYLOAD SECRET    prints a signed token

root=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
# shellcheck source=scripts/functions.sh
. "$root/scripts/functions.sh"
BUILD_DIR=$(readlink -f "${BUILD_DIR-$root/build/plain}")
API="$BUILD_DIR/mysocket-api"

# Below the ports that the kernel gives to outgoing connections.
free_port() {
	local port
	while port=$((10000 + RANDOM % 20000)) && listening "$port"; do :; done
	echo "$port"
}

daemon_start() { # name [line...]
	local name=$1 port
	shift
	HOME_DIR="$BATS_FILE_TMPDIR/$name"
	mkdir -p "$HOME_DIR"
	(umask 077; openssl rand -hex 32 >"$HOME_DIR/token.secret"; openssl rand -hex 32 >"$HOME_DIR/node.secret")
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$HOME_DIR/ssh_host_ed25519_key"
	port=$(free_port)
	printf '%s\n' "domain = mysocket.test" "api_listen = 127.0.0.1:$port" "database = $HOME_DIR/db" \
		"token_secret_file = $HOME_DIR/token.secret" "node_secret_file = $HOME_DIR/node.secret" \
		"ssh_host_keys = $HOME_DIR/ssh_host_*_key.pub" "$@" >"$HOME_DIR/conf"
	grep -q '^confirm' "$HOME_DIR/conf" || echo 'confirm = auto' >>"$HOME_DIR/conf"
	echo "http://127.0.0.1:$port" >"$HOME_DIR/base"
	daemon_again
}

daemon_use() { # name
	HOME_DIR="$BATS_FILE_TMPDIR/$1"
	CONF="$HOME_DIR/conf"
	BASE=$(cat "$HOME_DIR/base")
	export HOME_DIR CONF BASE
}

daemon_again() {
	daemon_use "${HOME_DIR##*/}"
	"$API" --config "$CONF" --verbose >>"$HOME_DIR/log" 2>&1 </dev/null 3>&- &
	echo $! >"$HOME_DIR/pid"
	wait_for 10 curl -sf -o /dev/null "$BASE/healthz" || { cat "$HOME_DIR/log" >&2; return 1; }
}

daemon_stop() { # [signal]
	local pid
	pid=$(cat "$HOME_DIR/pid")
	kill "-${1-TERM}" "$pid"
	wait_for 5 eval "! kill -0 $pid 2>/dev/null"
}

daemons_stop() {
	local file
	for file in "$BATS_FILE_TMPDIR"/*/pid; do
		kill "$(cat "$file")" 2>/dev/null || true
	done
}

call() { # method path [curl option...]
	local answer method=$1 path=$2
	shift 2
	answer=$(curl -sS --max-time 60 -X "$method" -w '\n%{http_code}' "$@" "$BASE$path") || return 1
	code=${answer##*$'\n'}
	body=${answer%$'\n'*}
}

mine() { # method path [curl option...]
	call "$@" -H "x-access-token: $TOKEN"
}

node() { # method path [curl option...]
	call "$@" -H "Authorization: Bearer $(cat "$HOME_DIR/node.secret")" -H 'X-Mysocket-Node: n1'
}

expect() { # code [jq filter]
	if [ "$code" != "$1" ] || { [ $# -gt 1 ] && ! jq -e "$2" <<<"$body" >/dev/null; }; then
		echo "expected $*, but got $code: $body" >&2
		return 1
	fi
}

# Each request of the configuration begins with a line "next", which makes curl forget the options before.
many() { # file
	sed 's/^next$/next\nsilent\nmax-time = 60\nwrite-out = "%{http_code}\\n"/' | sed 1d |
		curl --parallel --parallel-immediate --parallel-max 300 -K - >"$1" 2>"$1.err"
}

field() { # jq filter
	jq -r "$1" <<<"$body"
}

account() { # name
	[ -e "$HOME_DIR/$1" ] || ssh-keygen -q -t ed25519 -N '' -C "$1@host" -f "$HOME_DIR/$1"
	call POST /user -d "$(jq -n --arg n "$1" --arg k "$(cat "$HOME_DIR/$1.pub")" \
		'{name: $n, email: ($n + "@example.com"), password: ($n + "-password"), sshkey: $k}')"
	expect 200 || return 1
	USER_ID=$(field .user_id)
	USER_NAME=$(field .user_name)
	login "$1"
}

login() { # name
	call POST /login -d "{\"email\": \"$1@example.com\", \"password\": \"$1-password\"}"
	expect 200 || return 1
	TOKEN=$(field .token)
	USER_ID=$(cut -d . -f 2 <<<"$TOKEN" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -r .user_id)
	USER_NAME=${USER_ID//-/}
	export TOKEN USER_ID USER_NAME
}

base64url() {
	openssl base64 -A | tr '+/' '-_' | tr -d =
}

jwt() { # header payload secret
	local text
	text="$(printf %s "$1" | base64url).$(printf %s "$2" | base64url)"
	printf '%s.%s' "$text" "$(printf %s "$text" | openssl dgst -binary -sha256 -hmac "$3" | base64url)"
}

now_ms() {
	echo $((${EPOCHREALTIME/[.,]/} / 1000))
}
