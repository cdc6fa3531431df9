# SPDX-License-Identifier: ISC
# mysocketctl account key, and logout.

load service

setup_file() {
	export HOME="$BATS_FILE_TMPDIR/home"
	export MYSOCKET_API=$API_URL
	unset XDG_RUNTIME_DIR XDG_CONFIG_HOME MYSOCKET_TOKEN_FILE COLUMNS
	service_up
	export MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt"
	install -d -m 0700 "$HOME" "$HOME/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	ssh-keygen -q -t ecdsa -N '' -C 'my other machine' -f "$HOME/other"
	mysocketctl account create --name Ann --email ann@example.net --password 'ann password 1' >/dev/null
	mysocketctl login --email ann@example.net --password 'ann password 1' >/dev/null
}

teardown_file() {
	service_down
}

fingerprint() { # file
	ssh-keygen -l -f "$1" | cut -d ' ' -f 2
}

# Connects with the other key alone; its output is in $OUT.
connects() {
	OUT="$BATS_TEST_TMPDIR/out"
	: >"$OUT" # or what the last one said may be read
	timeout 60 mysocketctl connect --port 8000 --identity "$HOME/other" </dev/null >"$OUT" 2>&1 3>&- &
	wait_for 15 grep -q -e '^Logs' -e 'takes none of your ssh keys' "$OUT" || { cat "$OUT"; return 1; }
	kill -TERM $! 2>/dev/null || true
	ended $! || true
	grep -q '^Logs' "$OUT"
}

@test "account key: add, list, connect with it, remove, refused" {
	run mysocketctl account key ls
	[ "$status" = 0 ]
	[[ "$output" == *"| ssh-ed25519 "*" $(fingerprint "$HOME/.ssh/id_ed25519.pub") |"* ]]
	run mysocketctl account key add --sshkey "$HOME/other.pub"
	[ "$status" = 0 ]
	[[ "$output" == *"| ecdsa-sha2-nistp256 | my other machine | $(fingerprint "$HOME/other.pub") |"* ]]
	[ "$(mysocketctl account key ls --json | jq length)" = 2 ]
	connects
	id=$(mysocketctl account key ls --json | jq -r '.[] | select(.type == "ecdsa-sha2-nistp256") .key_id')
	run mysocketctl account key rm --key-id "$id"
	[ "$status" = 0 ]
	[ "$output" = "Key $id removed" ]
	[ "$(mysocketctl account key ls --json | jq length)" = 1 ]
	run connects
	[ "$status" = 1 ]
}

@test "account key ls: at 80 columns too, each key is told with its fingerprint" {
	id=$(mysocketctl account key add --sshkey "$HOME/other.pub" --json | jq -r .key_id)
	run env COLUMNS=80 mysocketctl account key ls
	[ "$status" = 0 ]
	for key in "$HOME/.ssh/id_ed25519.pub" "$HOME/other.pub"; do
		grep -qF "| $(fingerprint "$key") " <<<"$output"
	done
	[ "$(wc -L <<<"$output")" -le 80 ]
	mysocketctl account key rm --key_id "$id" >/dev/null
}

@test "account key: what is wrong is said, as JSON too" {
	run mysocketctl account key add
	[ "$status" = 1 ]
	[[ "$output" == *"has this ssh key already"* ]]
	run mysocketctl account key add --sshkey "$HOME/other"
	[ "$status" = 1 ]
	[[ "$output" == *"private key"* ]]
	run mysocketctl account key rm --key_id 24cd3fa2-b56a-486f-a554-30924bae54d0 --json
	[ "$status" = 1 ]
	[ "$(jq -r .error_message <<<"$output")" = 'your account has no such ssh key; see: mysocketctl account key ls' ]
	run mysocketctl account key rm
	[ "$status" = 2 ]
	run mysocketctl account key rn
	[ "$status" = 2 ]
	[[ "$output" == *"did you mean 'account key rm'?"* ]]
	run mysocketctl account key
	[ "$status" = 2 ]
}

@test "account key: adding and removing as JSON" {
	id=$(mysocketctl account key add --sshkey "$(cat "$HOME/other.pub")" --json | jq -r .key_id)
	run mysocketctl account key rm --key_id "$id" --json
	[ "$(jq -r .deleted_key_id <<<"$output")" = "$id" ]
	# The last one: allowed, and said.
	id=$(mysocketctl account key ls --json | jq -r '.[0].key_id')
	run mysocketctl account key rm --key_id "$id"
	[ "$status" = 0 ]
	[[ "$output" == "Key $id removed"*"your only ssh key"*"mysocketctl account key add"* ]]
	mysocketctl account key add
}

@test "logout: the token is gone, the service is still known" {
	run mysocketctl logout
	[ "$status" = 0 ]
	[ "$output" = "Logged out. Token removed: $HOME/.mysocketio_token" ]
	[ ! -e "$HOME/.mysocketio_token" ]
	run mysocketctl account show
	[ "$status" = 1 ]
	[[ "$output" == *"mysocketctl login"* ]]
	run mysocketctl logout --json
	[ "$status" = 0 ]
	[ "$(jq .removed <<<"$output")" = false ]
	env -u MYSOCKET_API -u MYSOCKET_CA_FILE mysocketctl login --email ann@example.net --password 'ann password 1'
}
