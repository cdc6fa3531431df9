# SPDX-License-Identifier: ISC
# scripts/mysocket.sh: the client of those who want no more than ssh, curl and jq, in sh and in bash.

load service

setup_file() {
	export HOME="$BATS_FILE_TMPDIR/home" TERMINAL="$BATS_FILE_TMPDIR/tmux" ORIGIN="$BATS_FILE_TMPDIR/origin"
	export MYSOCKET_API=$API_URL SCRIPT=/usr/share/mysocket/scripts/mysocket.sh PASSWORD='a "pass"\word 1'
	unset XDG_RUNTIME_DIR XDG_CONFIG_HOME MYSOCKET_TOKEN_FILE
	service_up
	export MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt" TMPDIR="$BATS_FILE_TMPDIR/tmp"
	mkdir -p "$ORIGIN" "$TMPDIR"
	install -d -m 0700 "$HOME" "$HOME/.ssh"
	# ssh asks the password database, not $HOME. (/etc is this test's own.)
	sed -i "s|^\(root:[^:]*:[^:]*:[^:]*:[^:]*:\)[^:]*|\1$HOME|" /etc/passwd
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	echo 'the bytes of the origin' >"$ORIGIN/page.txt"
	origin_up 8000 "$ORIGIN"
	mysocketctl account create --name Ann --email ann@example.net --password "$PASSWORD" >/dev/null
	"$SCRIPT" login ann@example.net <<<"$PASSWORD" >/dev/null
}

teardown_file() {
	tmux -S "$TERMINAL" kill-server 2>/dev/null || true
	service_down
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || touch "$SERVICE_STATE/failed"
	[ -z "${CLIENT-}" ] || kill -TERM "$CLIENT" 2>/dev/null || true
	unset CLIENT
}

each_shell() { # command... with SHELL_USED; behind "||" only its last line would count
	local shell
	for shell in sh bash; do
		echo "shell: $shell"
		SHELL_USED=$shell "$@"
	done
}

client() {
	"${SHELL_USED-sh}" "$SCRIPT" "$@"
}

start() { # arguments; in the background: its output is in $OUT, its process id in $CLIENT
	OUT="$BATS_TEST_TMPDIR/out"
	: >"$OUT"
	env --default-signal=INT "${SHELL_USED-sh}" "$SCRIPT" "$@" </dev/null >"$OUT" 2>&1 3>&- 4>&- &
	CLIENT=$!
}

up() { # arguments of connect
	start connect "$@"
	wait_for 15 grep -q '^Logs' "$OUT" || { cat "$OUT"; return 1; }
	URL=$(sed -n 's/.* - \([a-z]*:.*\)/\1/p' "$OUT" | head -n 1)
	NAME=${URL#*//}
	echo "127.0.0.1 ${NAME%:*}" >>/etc/hosts
}

end() { # its status
	local status=0
	ended "$CLIENT" || status=$?
	unset CLIENT
	return "$status"
}

nothing_left() {
	[ -z "$(ls -A "$TMPDIR" | grep '^mysocket\.')" ]
	[ "$(mysocketctl socket ls --json | jq length)" = 0 ]
	refute pgrep -x ssh
}

@test "help, and what it was called with wrongly" {
	usage() {
		run client --help
		[ "$status" = 0 ]
		[[ "$output" == "usage: mysocket.sh "*"login EMAIL"*"connect PORT"*"MYSOCKET_API"* ]]
		[ "$(wc -L <<<"$output")" -le 90 ]
		for arguments in '' 'nonsense' 'login' 'connect' 'connect 1 2 3 4' 'ls x' '--nonsense'; do
			# shellcheck disable=SC2086 # words
			run client $arguments
			[ "$status" = 2 ]
			[[ "$output" == *'usage: '* ]]
		done
	}
	each_shell usage
}

@test "login: from a pipe, the token a private file that mysocketctl takes too" {
	login() {
		rm -f "$HOME/.mysocketio_token"
		run client login ann@example.net <<<"$PASSWORD"
		[ "$status" = 0 ]
		[ "$output" = "Logged in! Token stored in $HOME/.mysocketio_token" ]
		[ "$(stat -c %a "$HOME/.mysocketio_token")" = 600 ]
		mysocketctl account show | grep -q ann@example.net
		[ "$(find "$HOME" -maxdepth 1 -name '.mysocketio_token*' | wc -l)" = 1 ]
	}
	each_shell login
	nothing_left
}

term() {
	tmux -S "$TERMINAL" "$@" 3>&- 4>&-
}

expect() { # regular expression
	wait_for 15 eval "tmux -S '$TERMINAL' capture-pane -p | grep -q -e '$1'" || { term capture-pane -p; return 1; }
}

@test "what mysocketctl login has kept is used: the API, and its CA certificate for that API alone" {
	mysocketctl login --email ann@example.net --password "$PASSWORD" >/dev/null
	kept() {
		run env -u MYSOCKET_API -u MYSOCKET_CA_FILE -u CURL_CA_BUNDLE "$SHELL_USED" "$SCRIPT" ls
		[ "$status" = 0 ]
		run env -u MYSOCKET_CA_FILE -u CURL_CA_BUNDLE MYSOCKET_API="$API_URL/" "$SHELL_USED" "$SCRIPT" ls
		[ "$status" = 0 ]
		run env -u MYSOCKET_CA_FILE -u CURL_CA_BUNDLE MYSOCKET_API="https://other.$DOMAIN" "$SHELL_USED" "$SCRIPT" ls
		[ "$status" = 1 ]
		[[ "$output" == *"unable to get local issuer certificate"* ]]
	}
	each_shell kept
	rm "$HOME/.config/mysocket/config"
}

@test "login: asked in a terminal without echo; an interrupt leaves the terminal as it was" {
	term -f /dev/null new-session -d -x 100 -y 30 "env PS1='$ ' bash --norc --noprofile"
	for shell in sh bash; do
		term send-keys "clear; $shell $SCRIPT login ann@example.net" Enter
		expect '^Password for ann@example.net:'
		term send-keys C-c
		expect '^\$$'
		term send-keys 'clear; stty -a' Enter
		expect ' echo '
		term send-keys "clear; $shell $SCRIPT login ann@example.net" Enter
		expect '^Password for ann@example.net:'
		term send-keys "$PASSWORD" Enter
		expect '^Logged in!'
		[ "$(term capture-pane -p | grep -c 'word 1')" = 0 ]
	done
	term kill-server
}

@test "neither the password nor the token is an argument of any program" {
	strace -f -qq -s 9999 -e trace=execve -o "$BATS_TEST_TMPDIR/login" sh "$SCRIPT" login ann@example.net <<<"$PASSWORD"
	grep -q '/login' "$BATS_TEST_TMPDIR/login"
	[ "$(grep -c 'word 1' "$BATS_TEST_TMPDIR/login")" = 0 ]
	strace -f -qq -s 9999 -e trace=execve -o "$BATS_TEST_TMPDIR/ls" sh "$SCRIPT" ls
	grep -q '/socket' "$BATS_TEST_TMPDIR/ls"
	[ "$(cat "$BATS_TEST_TMPDIR"/{login,ls} | grep -cF "$(cut -d . -f 3 "$HOME/.mysocketio_token")")" = 0 ]
}

@test "ls: what to do when there is none, else one line each, without control characters" {
	[[ "$(client ls)" == "You have no sockets yet"*"mysocket.sh connect PORT" ]]
	id=$(mysocketctl socket create --name 'stays' --json | jq -r .socket_id)
	listed() {
		run client ls
		[[ "$output" == "$id  https://"*".$DOMAIN  stays" ]]
	}
	each_shell listed
	[ "$(client rm "$id")" = "Socket $id deleted" ]
	run client rm "$id"
	[ "$status" = 1 ]
	[ "$output" = "mysocket.sh: you have no such socket" ]
	[ "$(jq -r "$(sed -n "/^JQ=/,/;'$/p" "$SCRIPT" | sed "s/^JQ='//; s/'$//") clean" <<<'"a\u001b[31m\u009b\u007fb\nc"')" = 'a[31mbc' ]
}

@test "connect: the page is served; it connects again; its end deletes the socket and leaves nothing" {
	whole() {
		up 8000 'my "test" service'
		grep -q '^my "test" service - https://' "$OUT"
		[ "$(public_get "$URL/page.txt")" = 'the bytes of the origin' ]
		wait_for 5 grep -q 'GET.*/page.txt.*200' "$OUT"
		[ "$(stat -c %a "$TMPDIR"/mysocket.*)" = 700 ]
		pkill -KILL -x ssh
		wait_for 15 eval "[ \"\$(grep -c '^Logs' '$OUT')\" = 2 ]"
		grep -q 'disconnected; connecting again in 2 s' "$OUT"
		[ "$(public_get "$URL/page.txt")" = 'the bytes of the origin' ]
		kill "-$1" "$CLIENT"
		end
		grep -q '^cleaning up...$' "$OUT"
		wait_for 5 nothing_left
	}
	each_shell whole TERM
	each_shell whole INT
}

@test "connect: a tcp socket, without a name" {
	up 8000 '' tcp
	[[ "$URL" == tcp://* ]]
	[ "$(curl -s --max-time 60 "http://${URL#tcp://}/page.txt")" = 'the bytes of the origin' ]
	kill "$CLIENT"
	end
	nothing_left
}

@test "connect: a tunnel server with another key is not connected to, and the socket is deleted" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/host"
	service_stop sshd
	/usr/lib/mysocket/mysocket-sshd -f /usr/share/mysocket/sshd_config.d/mysocket-sshd.conf -p 22 \
		-o HostKey="$BATS_TEST_TMPDIR/host" -o PidFile="$BATS_TEST_TMPDIR/pid" 3>&- 4>&-
	wait_for 5 listening 22
	run client connect 8000
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	service_start sshd
	[ "$status" = 1 ]
	[[ "$output" == *"Host key verification failed"*"no tunnel, for ssh's reason above"*"cleaning up..."* ]]
	nothing_left
}

@test "connect: a key that is not the account's ends it, and the socket is deleted" {
	mv "$HOME/.ssh/id_ed25519" "$BATS_TEST_TMPDIR"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519" <<<y >/dev/null
	run client connect 8000
	mv "$BATS_TEST_TMPDIR/id_ed25519" "$HOME/.ssh"
	[ "$status" = 1 ]
	[[ "$output" == *"Permission denied"*"your keys are those of ~/.ssh"*"cleaning up..."* ]]
	nothing_left
}

@test "rm: what is not a socket's id never becomes part of a path" {
	id=$(mysocketctl socket create --name stays --json | jq -r .socket_id)
	tid=$(mysocketctl tunnel create --socket_id "$id" --json | jq -r .tunnel_id)
	for wrong in nope '' ../user "$id/tunnel/$tid" "$id?x" "$id"$'\n' "${id%?}" "$id-" "${id^^}" '????????-????-????-????-????????????'; do
		each_shell fails "mysocket.sh: SOCKET_ID must be an id that 'mysocket.sh ls' prints*" rm "$wrong"
	done
	[ "$(mysocketctl tunnel ls --socket_id "$id" --json | jq -r .[].tunnel_id)" = "$tid" ]
	client rm "$id"
	nothing_left
}

fails() { # pattern arguments...
	run client "${@:2}"
	[ "$status" = 1 ] || { echo "status $status: $output"; return 1; }
	# shellcheck disable=SC2053 # a pattern
	[[ "$output" == $1 ]] || { echo "$output"; return 1; }
}

@test "what is wrong is said with the remedy" {
	wrong() { fails '*wrong e-mail address or password*' login ann@example.net <<<wrong; }
	each_shell wrong
	each_shell fails '*no password was given*' login ann@example.net </dev/null
	MYSOCKET_TOKEN_FILE=/nonexistent each_shell fails '*not logged in; run: mysocket.sh login EMAIL' ls
	MYSOCKET_API='' each_shell fails "*set MYSOCKET_API to*" ls
	MYSOCKET_API=http://api.example.com each_shell fails "*set MYSOCKET_API to*https://*" ls
	MYSOCKET_API=https://127.0.0.1:1 each_shell fails '*check MYSOCKET_API*' ls
	MYSOCKET_CA_FILE='' each_shell fails '*certificate*MYSOCKET_CA_FILE*' ls
	MYSOCKET_API="$API_URL/nowhere" each_shell fails '*mysocket.sh: *' ls
	for port in 0x1 '' -1 123456 'a;b' 0 080 65536 65540 65600 66000 70000 99999; do
		fails "mysocket.sh: PORT must be a number from 1 to 65535, not '$port'" connect "$port"
	done
	fails '*socket_type*' connect 8000 name nonsense
	printf 'a.b.c\n' >"$BATS_TEST_TMPDIR/token"
	chmod 0600 "$BATS_TEST_TMPDIR/token"
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token" each_shell fails '*run: mysocket.sh login EMAIL' ls
	chmod 0644 "$BATS_TEST_TMPDIR/token"
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token" each_shell fails "*run: chmod 600 '$BATS_TEST_TMPDIR/token'" ls
	nothing_left
}
