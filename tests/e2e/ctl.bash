# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests that use mysocketctl as a person does; loaded after service.bash.
#
# ctl_service [LINE...]  service_up, with a home folder, the account ann@example.net, logged in, and an origin on port
#                        8000 with page.txt
# ctl_service_end        teardown_file()
# ctl_test_end           teardown()
# ctl_start COMMAND...   mysocketctl in the background: its output is in $OUT, its process id in $CTL
# ctl_up COMMAND...      the same, until the session says Logs: sets SOCKET (its id) and NAME (its public name)
# ctl_end                waits for its end; its status
# ctl_ssh                prints the process ids of its ssh
# api_signal NAME        to the API and what it has started: STOP, CONT
# socket_is_gone         does the API not know $SOCKET any more?
# run_folders            prints the private folders of running tunnels
# no_run_folder          are there none?
# token_for SECONDS      a token that is rightly signed, good for so many seconds from now on
# term_up COMMAND        a shell in a terminal of 80 columns, and a command line typed there
# term ARGS...           tmux; screen: what it shows
# expect REGEX           waits until it shows that
# shows REGEX, times_shown REGEX NUMBER

ctl_service() {
	export HOME="$BATS_FILE_TMPDIR/home" TERMINAL="$BATS_FILE_TMPDIR/tmux" ORIGIN="$BATS_FILE_TMPDIR/origin"
	export MYSOCKET_API=$API_URL
	unset XDG_RUNTIME_DIR XDG_CONFIG_HOME MYSOCKET_TOKEN_FILE MYSOCKET_PASSWORD NO_COLOR COLUMNS
	service_up "$@"
	export MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt"
	mkdir -p "$ORIGIN"
	install -d -m 0700 "$HOME" "$HOME/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	echo 'the bytes of the origin' >"$ORIGIN/page.txt"
	origin_up 8000 "$ORIGIN"
	mysocketctl account create --name Ann --email ann@example.net --password 'ann password 1' >/dev/null
	mysocketctl login --email ann@example.net --password 'ann password 1' >/dev/null
}

ctl_service_end() {
	tmux -S "$TERMINAL" kill-server 2>/dev/null || true
	service_down
}

ctl_test_end() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	tmux -S "$TERMINAL" kill-server 2>/dev/null || true
	[ -z "${CTL-}" ] || kill -TERM "$CTL" 2>/dev/null || true
	unset CTL
}

ctl_start() { # command and options
	OUT="$BATS_TEST_TMPDIR/out"
	: >"$OUT" # or what the last one said may be read
	env --default-signal=INT mysocketctl "$@" </dev/null >"$OUT" 2>&1 3>&- &
	CTL=$!
}

ctl_up() {
	ctl_start "$@"
	wait_for 10 grep -q '^Logs' "$OUT" || { cat "$OUT"; return 1; }
	SOCKET=$(sed -n 's/^| \([0-9a-f-]\{36\}\) .*/\1/p' "$OUT" | head -n 1)
	NAME=$(sed -n 's/^| [0-9a-f-]\{36\} | \([^ ]*\) .*/\1/p' "$OUT" | head -n 1)
	echo "127.0.0.1 $NAME" >>/etc/hosts
}

ctl_end() { # its status
	local status=0
	ended "$CTL" || status=$?
	unset CTL
	return "$status"
}

ctl_ssh() {
	pgrep -P "$CTL" -x ssh
}

api_signal() { # name: to the API and what it has started
	local pid
	pid=$(service_pid api)
	# shellcheck disable=SC2046
	kill "-$1" "$pid" $(pgrep -P "$pid")
}

socket_is_gone() {
	run mysocketctl socket show --socket_id "$SOCKET"
	[ "$status" = 1 ]
}

run_folders() {
	find "$HOME/.cache/mysocket" -mindepth 1 -maxdepth 1 -name 'mysocketctl-*' 2>/dev/null
}

token_for() { # seconds
	local head body
	head=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
	body=$(printf '{"user_id":"%s","exp":%d}' "$(mysocketctl account show --json | jq -r .user_id)" \
		$(($(date +%s) + $1)) | base64url)
	printf '%s.%s.%s\n' "$head" "$body" "$(printf %s "$head.$body" |
		openssl dgst -sha256 -hmac "$(cat /etc/mysocket/token.secret)" -binary | base64url)"
}

base64url() {
	base64 -w 0 | tr '+/' '-_' | tr -d =
}

no_run_folder() {
	[ -z "$(run_folders)" ]
}

# ---- in a terminal -----------------------------------------------------------------------------------------------
term() {
	tmux -S "$TERMINAL" "$@" 3>&-
}

term_up() { # command line
	term -u -f /dev/null new-session -d -x 80 -y 40 "env PS1='$ ' bash --norc --noprofile"
	term send-keys "$1" Enter
}

screen() {
	term capture-pane -p -S - | sed 's/ *$//'
}

shows() { # regular expression
	screen | grep -q -- "$1"
}

expect() { # regular expression
	wait_for 15 shows "$1" || { screen; echo "not shown: $1"; return 1; }
}

times_shown() { # regular expression, number
	[ "$(screen | grep -c -- "$1")" = "$2" ]
}
