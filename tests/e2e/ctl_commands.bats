# SPDX-License-Identifier: ISC
# mysocketctl's commands one by one: what each says as JSON and where nothing is there, how wrong command lines are
# answered, the documented spellings, 80 columns.

load service

bats_require_minimum_version 1.5.0

setup_file() {
	export HOME="$BATS_FILE_TMPDIR/home" MYSOCKET_API=$API_URL
	unset XDG_RUNTIME_DIR XDG_CONFIG_HOME MYSOCKET_TOKEN_FILE MYSOCKET_PASSWORD NO_COLOR COLUMNS
	service_up
	export MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt"
	install -d -m 0700 "$HOME" "$HOME/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	mysocketctl account create --name Ann --email ann@example.net --password 'ann password 1' >/dev/null
	mysocketctl login --email ann@example.net --password 'ann password 1' >/dev/null
}

teardown_file() {
	service_down
}

NONE=11111111-2222-3333-4444-555555555555

# ---- nothing there -----------------------------------------------------------------------------------------
@test "an empty list tells what to do, and is an empty list as JSON" {
	[ "$(mysocketctl socket ls --json | jq -c .)" = '[]' ]
	run -0 mysocketctl socket ls
	[[ "$output" == "You have no sockets yet."*"  mysocketctl socket create --name NAME"*"  mysocketctl connect --port PORT" ]]
	id=$(mysocketctl socket create --name x --json | jq -r .socket_id)
	[ "$(mysocketctl tunnel ls --socket_id "$id" --json | jq -c .)" = '[]' ]
	run -0 mysocketctl tunnel ls --socket_id "$id"
	[[ "$output" == "The socket has no tunnels yet."*"  mysocketctl tunnel create --socket_id $id" ]]
	run -0 env MYSOCKET_TOKEN_FILE="$HOME/.mysocketio_token" HOME="$BATS_TEST_TMPDIR" mysocketctl ssh-config --write
	[[ "$output" == *"None of your sockets has a tunnel yet"*"mysocketctl tunnel create"* ]]
	mysocketctl account key ls --json | jq -r '.[].key_id' | while read -r key; do
		mysocketctl account key rm --key_id "$key"
	done
	run mysocketctl account key ls
	[[ "$output" == *"  mysocketctl account key add"* || "$output" == *"| key_id "* ]]
	mysocketctl account key add >/dev/null || true
	mysocketctl socket delete --socket_id "$id"
}

@test "what is not there is answered with the command that lists what is" {
	run -1 mysocketctl socket show --socket_id "$NONE"
	[ "$output" = 'mysocketctl: you have no such socket; see: mysocketctl socket ls' ]
	run -1 mysocketctl socket delete --socket_id "$NONE"
	[ "$output" = 'mysocketctl: you have no such socket; see: mysocketctl socket ls' ]
	run -1 mysocketctl tunnel create --socket_id "$NONE"
	[[ "$output" == *'; see: mysocketctl socket ls' ]]
	run -1 mysocketctl tunnel ls --socket_id "$NONE"
	[[ "$output" == *'; see: mysocketctl socket ls' ]]
	run -1 mysocketctl tunnel connect --socket_id "$NONE" --tunnel_id "$NONE" --port 1
	[[ "$output" == *'; see: mysocketctl socket ls' ]]
	run -1 mysocketctl tunnel delete --socket_id "$NONE" --tunnel_id "$NONE"
	[[ "$output" == *"; see: mysocketctl tunnel ls --socket_id $NONE" ]]
	run -1 mysocketctl account key rm --key_id "$NONE"
	[[ "$output" == *'no such ssh key; see: mysocketctl account key ls' ]]
	run -1 mysocketctl socket show --socket_id "$NONE" --json
	[ "$(jq -r .error_message <<<"$output")" = 'you have no such socket; see: mysocketctl socket ls' ]
}

# ---- wrong command lines -----------------------------------------------------------------------------------
@test "an unknown command of a group is answered with a near one or the group's help, and is no success with --help" {
	run -2 mysocketctl socket bogus
	[ "${lines[0]}" = "mysocketctl: unknown command 'socket bogus'" ]
	[ "${lines[1]}" = 'mysocketctl: run: mysocketctl socket --help' ]
	run -2 mysocketctl socket lst
	[ "${lines[1]}" = "mysocketctl: did you mean 'socket ls'?" ]
	run -2 mysocketctl account sshkey --help
	[ "${lines[0]}" = "mysocketctl: unknown command 'account sshkey'" ]
	run -2 mysocketctl account key ad
	[ "${lines[1]}" = "mysocketctl: did you mean 'account key add'?" ]
	run -2 mysocketctl account key bogus --help
	run -2 mysocketctl help socket bogus
	run -2 mysocketctl help nonsense
	[ "${lines[1]}" = 'mysocketctl: run: mysocketctl --help' ]
	run -2 mysocketctl account key
	[[ "$output" == 'Usage: mysocketctl account'* ]]
	for group in account socket tunnel; do
		[ "$(mysocketctl "$group" --help)" = "$(mysocketctl help "$group")" ]
		[ "$(mysocketctl "$group" -h)" = "$(mysocketctl --help "$group")" ]
	done
	mysocketctl account key --help | grep -q 'key add'
}

@test "options may stand in front of the command, of its last word, and behind it" {
	[ "$(mysocketctl --json version)" = "$(mysocketctl version --json)" ]
	[ "$(mysocketctl socket --json ls)" = "$(mysocketctl socket ls --json)" ]
	[ "$(mysocketctl account key --json ls)" = "$(mysocketctl account key ls --json)" ]
	[ "$(mysocketctl socket --help ls)" = "$(mysocketctl socket ls --help)" ]
}

@test "errors are JSON with --json, wherever that stands, on standard error alone, with the same status" {
	is_error() { # status arguments...
		run "-$1" --separate-stderr mysocketctl "${@:2}"
		[ -z "$output" ]
		[ "$(wc -l <<<"$stderr")" = 1 ]
		[ -n "$(jq -re .error_message <<<"$stderr")" ]
	}
	is_error 2 --json
	is_error 2 bogus --json
	is_error 2 --bogus --json
	is_error 2 socket --json
	is_error 2 socket bogus --json
	is_error 2 socket --json bogus
	is_error 2 connect --json
	is_error 2 connect --bogus --json
	is_error 2 connect --port x --json
	is_error 2 socket create --type nonsense --name x --json
	is_error 2 completion csh --json
	is_error 2 help bogus --json
	is_error 2 ssh-config --write --remove --json
	is_error 1 login --email ann@example.net --password wrong --json
	is_error 1 account create --name x --email nonsense --password 'nonsense 1' --json
	is_error 1 account create --name x --email y@example.net --password 'nonsense 1' --sshkey nonsense --json
	is_error 1 tunnel create --socket_id "$NONE" --json
	is_error 1 account key rm --key_id "$NONE" --json
	MYSOCKET_TOKEN_FILE=/nonexistent is_error 1 socket ls --json
	MYSOCKET_API=https://127.0.0.1:1 is_error 1 socket ls --json
	MYSOCKET_API=nonsense is_error 1 logout --json
}

# ---- JSON --------------------------------------------------------------------------------------------------
# The members that the manual promises for a command: the words below its name in the section JSON.
promised() { # command
	awk -v name=".It Ic $1" '
		/^\.Sh / { inside = $2 == "JSON"; wanted = 0 }
		/^\.(It|El)/ && text { wanted = text = 0 }
		inside && $0 == name { wanted = 1 }
		inside && /^[^.]/ { text = 1; if (wanted) { gsub(/,/, ""); print } }
	' /usr/share/man/man1/mysocketctl.1
}

has() { # jq's path to an object, command line; that has the promised members, in JSON that stands alone
	local command=$2 field
	run -0 --separate-stderr mysocketctl "${@:2}" --json
	[ -z "$stderr" ]
	for command in "${*:2:3}" "${*:2:2}" "$2"; do
		[ -n "$(promised "$command")" ] && break
	done
	[ -n "$(promised "$command")" ] || { echo "the manual promises nothing for '$command'"; return 1; }
	echo "$command: $(promised "$command")"
	for field in $(promised "$command"); do
		jq -e "$1 | has(\"$field\")" <<<"$output" >/dev/null || { echo "no '$field' in $output"; return 1; }
	done
}

@test "every command prints the JSON members that the manual promises" {
	has . account create --name Bob --email bob@example.net --password 'bob password 1'
	has . login --email ann@example.net --password 'ann password 1'
	has . account show
	has . account key add --sshkey "$(ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/key" && cat "$BATS_TEST_TMPDIR/key.pub")"
	key=$(jq -r .key_id <<<"$output")
	has '.[0]' account key ls
	has . account key rm --key_id "$key"
	has . socket create --name 'a name' --type tcp
	socket=$(jq -r .socket_id <<<"$output")
	has '.[0]' socket ls
	has . socket show --socket_id "$socket"
	has . socket set --socket_id "$socket" --proxy-protocol
	has . tunnel create --socket_id "$socket"
	tunnel=$(jq -r .tunnel_id <<<"$output")
	has '.[0]' tunnel ls --socket_id "$socket"
	has . ssh-config --port a-name=8000
	[ "$(jq -r '.hosts[0] | [.host, .socket_id, .tunnel_id, .port, .url] | length' <<<"$output")" = 5 ]
	has . tunnel delete --socket_id "$socket" --tunnel_id "$tunnel"
	has . socket delete --socket_id "$socket"
	has . completion bash
	has . help
	has . version
	has . logout
	mysocketctl login --email ann@example.net --password 'ann password 1'
}

# ---- spellings, widths, files --------------------------------------------------------------------------------
@test "an option's underscores may be dashes, and its value stand behind a space or an equals sign" {
	id=$(mysocketctl socket create --name=x --json | jq -r .socket_id)
	for option in --socket_id --socket-id; do
		mysocketctl socket show "$option" "$id" >/dev/null
		mysocketctl tunnel ls "$option=$id" >/dev/null
	done
	printf 'ann password 1\n' >"$BATS_TEST_TMPDIR/password"
	mysocketctl login --email ann@example.net --password_file "$BATS_TEST_TMPDIR/password" >/dev/null
	mysocketctl login --email=ann@example.net --password-file="$BATS_TEST_TMPDIR/password" >/dev/null
	run -2 mysocketctl socket show --socket.id "$id"
	mysocketctl socket delete --socket-id "$id"
}

@test "every table fits into 80 columns, names of wide characters too" {
	id=$(mysocketctl socket create --name '日本語の名前がここにとても長く書かれています' --json | jq -r .socket_id)
	mysocketctl tunnel create --socket_id "$id" >/dev/null
	export COLUMNS=80
	for command in 'account show' 'account key ls' 'socket ls' "socket show --socket_id $id" "tunnel ls --socket_id $id" \
		'socket create --name 日本語の名前がここにとても長く書かれています' "tunnel create --socket_id $id"; do
		# shellcheck disable=SC2086 # words
		run -0 mysocketctl $command
		[ "$(wc -L <<<"$output")" -le 80 ] || { echo "$output"; return 1; }
		[[ "$output" == *"+--"* ]]
	done
	for command in '' account 'account create' 'account key add' completion connect help login logout socket 'socket create' \
		ssh-config tunnel 'tunnel connect' version; do
		# shellcheck disable=SC2086 # words
		[ "$(mysocketctl $command --help | wc -L)" -le 80 ]
	done
}

@test "what login writes is for oneself alone, and whole or not at all" {
	umask 0
	mysocketctl login --email ann@example.net --password 'ann password 1'
	[ "$(stat -c %a "$HOME/.mysocketio_token" "$HOME/.config/mysocket/config" | tr '\n' ' ')" = '600 600 ' ]
	strace -f -qq -e trace=rename,renameat,renameat2 -o "$BATS_TEST_TMPDIR/calls" \
		mysocketctl login --email ann@example.net --password 'ann password 1'
	grep -q "rename.*, \"$HOME/.mysocketio_token\")* *= 0" "$BATS_TEST_TMPDIR/calls"
	# A disk without room: the old token stays.
	mkdir "$BATS_TEST_TMPDIR/full"
	mount -t tmpfs -o size=16k tmpfs "$BATS_TEST_TMPDIR/full"
	install -m 0600 "$HOME/.mysocketio_token" "$BATS_TEST_TMPDIR/full/token"
	cat /dev/zero >"$BATS_TEST_TMPDIR/full/rest" 2>/dev/null || true
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/full/token" run -1 mysocketctl login --email ann@example.net --password 'ann password 1'
	[[ "$output" == *'No space left'* ]]
	cmp "$HOME/.mysocketio_token" "$BATS_TEST_TMPDIR/full/token"
	[ "$(ls "$BATS_TEST_TMPDIR/full" | tr '\n' ' ')" = 'rest token ' ]
	umount "$BATS_TEST_TMPDIR/full"
}

run_folders() {
	find "$HOME/.cache/mysocket" -mindepth 1 -maxdepth 1 -name 'mysocketctl-*' | wc -l
}

# Runs connect until it is up; its socket's id is in $SOCKET, its process id in $CTL.
connect_up() {
	: >"$BATS_TEST_TMPDIR/out" # or what the last one said may be read
	env --default-signal=INT mysocketctl connect --port 8000 </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- 4>&- &
	CTL=$!
	wait_for 15 grep -q '^Logs' "$BATS_TEST_TMPDIR/out" || { cat "$BATS_TEST_TMPDIR/out"; return 1; }
	SOCKET=$(sed -n 's/^| \([0-9a-f-]\{36\}\) .*/\1/p' "$BATS_TEST_TMPDIR/out" | head -n 1)
}

@test "a run folder that was left, since even the guard was killed, goes with the next run, and that of a run stays" {
	connect_up
	left=$SOCKET
	[ "$(run_folders)" = 1 ]
	kill -STOP "$CTL" # or the guard would be alive for a moment too long
	pkill -KILL -x mysocketctl -P "$CTL"
	kill -KILL "$CTL"
	ended "$CTL" || true
	[ "$(run_folders)" = 1 ]
	connect_up
	[ "$(run_folders)" = 1 ]
	kept=$(find "$HOME/.cache/mysocket" -name 'mysocketctl-*')
	mysocketctl tunnel connect --socket_id "$left" --tunnel_id "$left" --port 8000 2>/dev/null || true
	[ -d "$kept" ]
	kill -TERM "$CTL"
	ended "$CTL"
	[ "$(run_folders)" = 0 ]
	mysocketctl socket delete --socket_id "$left"
}
