# SPDX-License-Identifier: ISC
# mysocketctl against a whole service, as a person uses it: accounts, sockets, connect in a terminal, and what it
# says when something is wrong.

load service
load ctl

setup_file() {
	ctl_service
}

teardown_file() {
	ctl_service_end
}

teardown() {
	ctl_test_end
}

@test "account create: the documented options, a key as text or as a path, one's own by default" {
	run mysocketctl account create --name "Bob" --email bob@example.net --password 'bob password 1' \
		--sshkey "$(cat "$HOME/.ssh/id_ed25519.pub") "
	[ "$status" = 0 ]
	[[ "$output" == *"account has been created"*"mysocketctl login --email bob@example.net"* ]]
	run mysocketctl account create --name "Cid" --email cid@example.net --password=c1c1c1c1c1 \
		--sshkey="$HOME/.ssh/id_ed25519.pub" --json
	[ "$(jq -r .email <<<"$output")" = cid@example.net ]
	[ "$(jq -r .sshkey <<<"$output")" = "$(cat "$HOME/.ssh/id_ed25519.pub")" ]
}

@test "account create: what is wrong is said, and a private key goes nowhere" {
	run mysocketctl account create --name Ann --email ann@example.net --password 'ann password 1'
	[ "$status" = 1 ]
	[[ "$output" == *"ann@example.net already"* ]]
	run mysocketctl account create --name D --email d@example.net --password dddddddddd \
		--sshkey "$HOME/.ssh/id_ed25519"
	[ "$status" = 1 ]
	[[ "$output" == *"private key"* ]]
	[ "$(service_log api | grep -c 'BEGIN OPENSSH')" = 0 ]
	run mysocketctl account create --name D --email nonsense --password dddddddddd
	[ "$status" = 1 ]
	[[ "$output" == *"email"* ]]
	run mysocketctl account create --email d@example.net
	[ "$status" = 2 ]
	[[ "$output" == *"option '--name TEXT' is missing"* ]]
}

@test "login: the documented words, a private file, and the service is remembered" {
	run mysocketctl login --email ann@example.net --password 'ann password 1'
	[ "$status" = 0 ]
	[ "$output" = "Logged in! Token stored in $HOME/.mysocketio_token" ]
	[ "$(stat -c %a "$HOME/.mysocketio_token")" = 600 ]
	run env -u MYSOCKET_API -u MYSOCKET_CA_FILE mysocketctl account show
	[ "$status" = 0 ]
	[[ "$output" == *"| Email        | ann@example.net "* ]]
	[[ "$output" == *"...SNIP TOO LONG |"* ]]
}

@test "login: the password from a file, from standard input, from the environment" {
	printf 'ann password 1\n' >"$BATS_TEST_TMPDIR/password"
	mysocketctl login --email ann@example.net --password-file "$BATS_TEST_TMPDIR/password"
	mysocketctl login --email ann@example.net --password-file - <"$BATS_TEST_TMPDIR/password"
	MYSOCKET_PASSWORD='ann password 1' mysocketctl login --email ann@example.net
	run setsid mysocketctl login --email ann@example.net
	[ "$status" = 1 ]
	[[ "$output" == *"set MYSOCKET_PASSWORD or use --password-file"* ]]
}

@test "login: asked in a terminal, without echo" {
	term_up 'mysocketctl login --email ann@example.net'
	expect '^Password for ann@example.net:'
	term send-keys 'ann password 1' Enter
	expect '^Logged in!'
	refute shows 'ann password'
}

@test "a password prompt that is interrupted leaves the terminal as it was" {
	term_up 'mysocketctl login --email ann@example.net'
	expect '^Password for'
	term send-keys C-c
	expect '^\$$'
	term send-keys 'stty -a' Enter
	expect ' echo '
}

@test "a wrong password, an unknown account, an expired and a missing token: said with the remedy" {
	run mysocketctl login --email ann@example.net --password wrong
	[ "$status" = 1 ]
	[[ "$output" == *"wrong e-mail address or password" ]]
	run mysocketctl login --email nobody@example.net --password wrong
	[ "$status" = 1 ]
	[[ "$output" == *"wrong e-mail address or password" ]]
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/none" run mysocketctl socket ls
	[ "$status" = 1 ]
	[ "$output" = "mysocketctl: not logged in; run: mysocketctl login --email EMAIL" ]
	token_for -10 >"$BATS_TEST_TMPDIR/token" && chmod 0600 "$BATS_TEST_TMPDIR/token"
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token" run mysocketctl socket ls
	[ "$status" = 1 ]
	[ "$output" = "mysocketctl: the login has expired; run: mysocketctl login --email EMAIL" ]
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token" run mysocketctl connect --port 8000
	[ "$status" = 1 ]
	[ "$output" = "mysocketctl: the login has expired; run: mysocketctl login --email EMAIL" ]
	cp "$HOME/.mysocketio_token" "$BATS_TEST_TMPDIR/open" && chmod 0644 "$BATS_TEST_TMPDIR/open"
	MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/open" run mysocketctl socket ls
	[ "$status" = 1 ]
	[[ "$output" == *"run: chmod 600 '$BATS_TEST_TMPDIR/open'" ]]
}

@test "no API, another service, an untrusted certificate, plain http: each said with the remedy" {
	MYSOCKET_API=https://127.0.0.1:1 run mysocketctl login --email a@b.c --password x
	[ "$status" = 1 ]
	[[ "$output" == *"check that the service runs"* ]]
	MYSOCKET_API=https://api.nowhere.invalid run mysocketctl login --email a@b.c --password x
	[ "$status" = 1 ]
	[[ "$output" == *"check MYSOCKET_API and your network" ]]
	MYSOCKET_CA_FILE=/etc/ssl/certs/ca-certificates.crt run mysocketctl login --email a@b.c --password x
	[ "$status" = 1 ]
	[[ "$output" == *"set MYSOCKET_CA_FILE to its certificate" ]]
	MYSOCKET_API=http://api.example.com run mysocketctl login --email a@b.c --password x
	[ "$status" = 1 ]
	[[ "$output" == *"must begin with https://"* ]]
	HOME=$BATS_TEST_TMPDIR run env -u MYSOCKET_API mysocketctl login --email a@b.c --password x
	[ "$status" = 1 ]
	[[ "$output" == *"export MYSOCKET_API="* ]]
	MYSOCKET_API=https://127.0.0.1:1 run mysocketctl socket ls --json
	[ "$status" = 1 ]
	[[ "$(jq -r .error_message <<<"$output")" == *"cannot connect"* ]]
}

@test "a password from two places, and what is not UTF-8, are refused before anything is sent" {
	echo 'ann password 1' >"$BATS_TEST_TMPDIR/password"
	for command in 'login --email ann@example.net' 'account create --name D --email d@example.net' \
		'socket create --name x --protected --username u'; do
		# shellcheck disable=SC2086 # words
		run mysocketctl $command --password 'ann password 1' --password-file "$BATS_TEST_TMPDIR/password"
		[ "$status" = 2 ]
		[[ "$output" == *"give --password or --password-file, not both"* ]]
	done
	run mysocketctl socket create --name $'\xff'
	[ "$status" = 2 ]
	[[ "$output" == *"option '--name' must be UTF-8; "* ]]
	printf 'a\xff\n' >"$BATS_TEST_TMPDIR/password"
	run mysocketctl login --email ann@example.net --password-file "$BATS_TEST_TMPDIR/password"
	[ "$status" = 1 ]
	[[ "$output" == *"the password must be UTF-8; "* ]]
}

@test "unknown commands and options: a near one is named, and the status is 2" {
	run mysocketctl conect --port 8000
	[ "$status" = 2 ]
	[[ "$output" == *"did you mean 'connect'?"* ]]
	run mysocketctl socket create --nmae x
	[ "$status" = 2 ]
	[[ "$output" == *"did you mean '--name'?"* ]]
	run mysocketctl connect --port 70000
	[ "$status" = 2 ]
	[[ "$output" == *"from 1 to 65535"* ]]
	run mysocketctl connect 8000
	[ "$status" = 2 ]
	[[ "$output" == *"did you mean '--port 8000'?"* ]]
	run mysocketctl account key add "$HOME/.ssh/id_ed25519.pub"
	[ "$status" = 2 ]
	[[ "$output" == *"did you mean '--sshkey $HOME/.ssh/id_ed25519.pub"* ]]
	run mysocketctl connect --port 8000 8001
	[ "$status" = 2 ]
	[[ "$output" == *"'connect' takes no argument: '8001'"* ]]
	run mysocketctl
	[ "$status" = 2 ]
	[[ "$output" == *"Commands:"* ]]
	run mysocketctl socket
	[ "$status" = 2 ]
	mysocketctl --help | grep -q '^Usage: mysocketctl'
	mysocketctl socket create --help | grep -q -- '--protected / --not-protected'
	[ "$(mysocketctl --version)" = "$(mysocketctl version)" ]
}

@test "socket create, ls, show, delete and tunnel create, ls, delete: the documented output" {
	run mysocketctl socket create --name 'my local http service' --type http
	[[ "${lines[1]}" == "| socket_id "*"| dns_name "*"| port(s) | type | name "* ]]
	SOCKET=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "my local http service") .socket_id')
	run mysocketctl socket ls
	[[ "$output" == *"| $SOCKET |"* ]]
	COLUMNS=80 run mysocketctl socket ls
	for line in "${lines[@]}"; do [[ "$line" != [+\|]* || ${#line} -le 80 ]]; done
	run mysocketctl tunnel create --socket_id "$SOCKET"
	[[ "${lines[1]}" == "| socket_id "*"| tunnel_id "*"| tunnel_server | relay_port |" ]]
	TUNNEL=$(mysocketctl tunnel ls --socket-id "$SOCKET" --json | jq -r '.[0].tunnel_id')
	mysocketctl socket show --socket_id "$SOCKET" | grep -q "$TUNNEL"
	# By its name, too.
	mysocketctl socket show --socket_id 'my local http service' | grep -q "$TUNNEL"
	mysocketctl tunnel ls --socket_id 'my local http service' | grep -q "$TUNNEL"
	run mysocketctl socket delete --socket_id 'another service'
	[ "$status" = 1 ]
	[[ "$output" == *"you have no socket 'another service': 'mysocketctl socket ls' lists them"* ]]
	run mysocketctl tunnel delete --socket_id "$SOCKET" --tunnel_id "$TUNNEL"
	[ "$output" = "Tunnel $TUNNEL deleted" ]
	run mysocketctl socket delete --socket_id "$SOCKET"
	[ "$output" = "Socket $SOCKET deleted" ]
	run mysocketctl socket delete --socket_id "$SOCKET"
	[ "$status" = 1 ]
	run mysocketctl socket create --name p --type http --protected --username john --password secret
	[[ "$output" == *"Protected Socket, login details:"*"| john     | secret   |"* ]]
}

@test "names with wide characters line up, and control characters are shown" {
	mysocketctl socket create --name '日本語の名前' >/dev/null
	run mysocketctl socket ls
	[[ "$output" == *"日本語の名前 |"* ]]
	term_up 'clear; mysocketctl socket ls --json; mysocketctl socket ls'
	expect '日本語の名前'
	printf '{"name": "a\\u001b[31mb", "socket_type": "http"}' >"$BATS_TEST_TMPDIR/body"
	ACCOUNT_TOKEN=$(cat "$HOME/.mysocketio_token")
	# Whether the API takes such a name or not: no escape sequence is printed.
	public_get "$API_URL/socket" -X POST -H "x-access-token: $ACCOUNT_TOKEN" -d @"$BATS_TEST_TMPDIR/body" >/dev/null
	run mysocketctl socket ls
	[[ "$output" != *$'\033'* ]]
}

@test "connect: table, welcome, requests; SIGTERM deletes the socket and leaves nothing behind" {
	ctl_up connect --port 8000 --name 'my test service'
	grep -q '^Connecting to Server: ssh.mysocket.localhost$' "$OUT"
	grep -q "^my test service - https://$NAME$" "$OUT"
	[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
	wait_for 5 grep -q 'GET.*/page.txt.*200' "$OUT"
	refute grep -q $'\033' "$OUT"
	[ "$(stat -c '%a' "$(run_folders)")" = 700 ]
	SSH=$(ctl_ssh)
	kill -TERM "$CTL"
	ctl_end
	grep -q '^cleaning up...$' "$OUT"
	refute kill -0 "$SSH"
	no_run_folder
	socket_is_gone
}

@test "connect in a terminal: colours, 80 columns; Ctrl-C disconnects and it connects again; twice ends" {
	term_up 'mysocketctl connect --port 8000 --name "my test service"; echo "status $?"'
	expect '^Logs'
	NAME=$(screen | sed -n 's/^| dns_name  | \([^ ]*\) .*/\1/p')
	SOCKET=$(screen | sed -n 's/^| socket_id | \([^ ]*\) .*/\1/p')
	echo "127.0.0.1 $NAME" >>/etc/hosts
	public_get "https://$NAME/page.txt?$(printf 'x%.0s' {1..200})" >/dev/null
	expect 'GET     /page.txt'
	[[ "$(screen | grep 'GET     /page.txt')" == *ms ]]
	term capture-pane -p -e | grep 'GET' | grep -q $'\033\['
	term send-keys C-c
	expect '^Connection to ssh.mysocket.localhost closed.$'
	expect '^Disconnected... Automatically reconnecting now..$'
	expect '^Press ctrl-c to exit$'
	wait_for 10 times_shown '^Logs' 2
	[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
	term send-keys C-c
	wait_for 5 times_shown '^Press ctrl-c to exit' 2
	term send-keys C-c
	expect '^Bye$'
	expect '^cleaning up...$'
	expect '^status 0$'
	socket_is_gone
}

@test "connect: the size of the terminal reaches the session, and its changes" {
	term_up 'stty cols 80; mysocketctl connect --port 8000; echo "status $?"'
	expect '^Logs'
	NAME=$(screen | sed -n 's/^| dns_name  | \([^ ]*\) .*/\1/p')
	echo "127.0.0.1 $NAME" >>/etc/hosts
	term resize-window -x 120 -y 40
	path=$(printf 'y%.0s' {1..110})
	request_is_wide() {
		public_get "https://$NAME/$path" >/dev/null
		screen | grep -q 'GET     /y\{50\}.*ms$'
	}
	wait_for 10 request_is_wide
	term send-keys C-c
	expect '^Press ctrl-c to exit'
	term send-keys C-c
	expect '^status 0$'
}

@test "connect: ssh killed with -9 is back, and the terminal is sane" {
	term_up 'mysocketctl connect --port 8000; echo "status $?"; stty -a | grep -o -e "-*icanon"'
	expect '^Logs'
	pkill -9 -f "^ssh -F $HOME"
	wait_for 5 times_shown '^Logs' 2
	term send-keys C-c
	expect '^Press ctrl-c to exit'
	wait_for 5 times_shown '^Press ctrl-c to exit' 2
	term send-keys C-c
	expect '^status 0$'
	expect '^icanon$'
}

@test "ssh never outlives mysocketctl, not even its kill -9; the run folder goes too" {
	ctl_up connect --port 8000
	SSH=$(ctl_ssh)
	kill -9 "$CTL"
	wait_for 5 eval "! kill -0 $SSH 2>/dev/null"
	wait_for 5 no_run_folder
	ctl_end || true
	mysocketctl socket delete --socket_id "$SOCKET"
}

@test "the end of the reader ends it, and the socket is deleted all the same" {
	timeout 60 mysocketctl connect --port 8000 2>/dev/null </dev/null | sed '/^Logs/q' >"$BATS_TEST_TMPDIR/out"
	SOCKET=$(sed -n 's/^| \([0-9a-f-]\{36\}\) .*/\1/p' "$BATS_TEST_TMPDIR/out")
	socket_is_gone
}

@test "the API away at the end: it tries, then prints the command that does it" {
	ctl_up connect --port 8000
	service_stop api
	kill -TERM "$CTL"
	refute ctl_end
	grep -q "delete it with: mysocketctl socket delete --socket_id $SOCKET\$" "$OUT"
	service_start api
	mysocketctl socket delete --socket_id "$SOCKET"
}

@test "the API back within the time: the socket is deleted" {
	ctl_up connect --port 8000
	service_stop api
	kill -TERM "$CTL"
	wait_for 5 grep -q 'cleaning up' "$OUT"
	service_start api
	ctl_end
	socket_is_gone
}

@test "the tunnel server away: it says so, tries again, and comes up when that is back" {
	service_stop sshd
	ctl_start connect --port 8000
	wait_for 10 grep -q 'cannot connect to the tunnel server.*trying again in' "$OUT"
	service_start sshd
	wait_for 20 grep -q '^Logs' "$OUT"
	kill -TERM "$CTL"
	ctl_end
}

@test "a key that is not the account's ends it with the remedy, and the socket is deleted" {
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/other"
	run mysocketctl connect --port 8000 --name refused --identity "$BATS_TEST_TMPDIR/other"
	[ "$status" = 1 ]
	[[ "$output" == *"takes none of your ssh keys"*"--identity"*"cleaning up..."* ]]
	[ "$(mysocketctl socket ls --json | jq '[.[] | select(.name == "refused")] | length')" = 0 ]
}

@test "a tunnel server with another host key is never connected to" {
	mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/host"
	/usr/sbin/sshd -f /dev/null -h "$BATS_TEST_TMPDIR/host" -p 2200 -o PidFile="$BATS_TEST_TMPDIR/pid" 3>&-
	wait_for 5 listening 2200
	run mysocketctl connect --port 8000 --ssh-option Port=2200
	kill "$(cat "$BATS_TEST_TMPDIR/pid")"
	[ "$status" = 1 ]
	[[ "$output" == *"the tunnel server's key is not the one that the API named"* ]]
	[[ "$output" != *"trying again"* ]]
}

@test "a socket deleted elsewhere ends its tunnel with the reason" {
	ctl_up connect --port 8000
	mysocketctl socket delete --socket_id "$SOCKET"
	refute ctl_end
	grep -q 'giving up: the socket or tunnel was deleted' "$OUT"
	refute grep -q 'still there' "$OUT"
}

@test "the token is refreshed while a tunnel runs, and the socket is deleted with the new one" {
	export MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token"
	MYSOCKET_TOKEN_FILE="$HOME/.mysocketio_token" token_for 6 >"$MYSOCKET_TOKEN_FILE"
	chmod 0600 "$MYSOCKET_TOKEN_FILE"
	cp "$MYSOCKET_TOKEN_FILE" "$BATS_TEST_TMPDIR/before"
	ctl_up connect --port 8000
	wait_for 20 eval "! cmp -s '$MYSOCKET_TOKEN_FILE' '$BATS_TEST_TMPDIR/before'"
	[ "$(stat -c %a "$MYSOCKET_TOKEN_FILE")" = 600 ]
	kill -TERM "$CTL"
	ctl_end
	socket_is_gone
}

@test "a key with a passphrase: ssh asks for it in the terminal" {
	ssh-keygen -q -t ed25519 -N 'a phrase' -f "$BATS_TEST_TMPDIR/locked"
	mysocketctl account create --name Eve --email eve@example.net --password 'eve password 1' \
		--sshkey "$BATS_TEST_TMPDIR/locked.pub" >/dev/null
	export MYSOCKET_TOKEN_FILE="$BATS_TEST_TMPDIR/token"
	mysocketctl login --email eve@example.net --password 'eve password 1' >/dev/null
	term_up "mysocketctl connect --port 8000 --identity $BATS_TEST_TMPDIR/locked"
	expect "^Enter passphrase for key '$BATS_TEST_TMPDIR/locked'"
	term send-keys 'a phrase' Enter
	expect '^Logs'
	refute shows 'a phrase'
	term send-keys C-c
	expect '^Press ctrl-c to exit'
	term send-keys C-c
	expect '^cleaning up...'
}

@test "a terminal that is closed ends it, and the socket is deleted" {
	term_up 'mysocketctl connect --port 8000'
	expect '^Logs'
	SOCKET=$(screen | sed -n 's/^| socket_id | \([^ ]*\) .*/\1/p')
	term kill-server
	wait_for 10 socket_is_gone
	wait_for 5 no_run_folder
}

@test "one Ctrl-C ends it while it is not connected" {
	service_stop sshd
	term_up 'mysocketctl connect --port 8000; echo "status $?"'
	expect 'cannot connect to the tunnel server'
	term send-keys C-c
	expect '^Bye$'
	expect '^status 0$'
	service_start sshd
}

@test "without an ssh to run, and with options that ssh does not take: said, and the socket is deleted" {
	run env PATH=/nonexistent "$(command -v mysocketctl)" connect --port 8000 --name nossh
	[ "$status" = 1 ]
	[[ "$output" == *"install the OpenSSH client"*"cleaning up..."* ]]
	run mysocketctl connect --port 8000 --name nossh --ssh-option Nonsense=1
	[ "$status" = 1 ]
	[[ "$output" == *"check --ssh-option"*"cleaning up..."* ]]
	[ "$(mysocketctl socket ls --json | jq '[.[] | select(.name == "nossh")] | length')" = 0 ]
}

@test "an origin that does not listen is told, and the tunnel goes on" {
	ctl_up connect --port 8009
	grep -q 'nothing listens on 127.0.0.1 port 8009 yet' "$OUT"
	kill -TERM "$CTL"
	ctl_end
}

@test "an origin that listens on ::1 alone is told, with the option for it" {
	have_ipv6 || skip "no IPv6 here"
	python3 -m http.server --bind ::1 8011 >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 8011
	run mysocketctl connect --port 8011 --ssh-option Nonsense=1
	kill $!
	[[ "$output" == *'nothing listens on 127.0.0.1 port 8011, but something does on ::1; '*'use --host ::1'* ]]
}

@test "wrong options of connect make nothing on the server" {
	before=$(mysocketctl socket ls --json | jq length)
	run mysocketctl connect --port 8000 --identity /nonexistent/key
	[ "$status" = 1 ]
	[[ "$output" == *"'/nonexistent/key'"* ]]
	run mysocketctl connect --port 8000 --host 'a b'
	[ "$status" = 2 ]
	run mysocketctl connect --port 8000 --username x
	[ "$status" = 2 ]
	[[ "$output" == *"--username belongs to --protected"* ]]
	run mysocketctl connect --port 8000 --protected --username x --password-file /nonexistent
	[ "$status" = 1 ]
	[[ "$output" == *"cannot read the password file '/nonexistent'"* ]]
	run mysocketctl connect --port 8000 --type tcp --protected --username x --password y
	[ "$status" = 2 ]
	[ "$(mysocketctl socket ls --json | jq length)" = "$before" ]
}

@test "connect --protected: the login details are printed; a password that nobody gave is made by the service" {
	ctl_up connect --port 8000 --protected --username john --password secret
	grep -q '^Protected Socket, login details:$' "$OUT"
	grep -q '^| john     | secret   |$' "$OUT"
	kill -TERM "$CTL"
	ctl_end
	run setsid -w mysocketctl socket create --name p --protected --username john
	[ "$status" = 0 ]
	[[ "$output" =~ \|\ john\ +\|\ [^\ ]{8,}\ +\| ]]
	run mysocketctl socket create --name p --protected --username john --password-file - <<<'of a file'
	[ "$status" = 0 ]
	[[ "$output" == *"| john     | of a file |"* ]]
}

@test "connect --json: one event per line, from socket to ended" {
	ctl_start connect --port 8000 --json
	wait_for 10 grep -q '"event":"up"' "$OUT"
	kill -9 "$(ctl_ssh)"
	wait_for 10 grep -q '"reconnects":1' "$OUT"
	kill -TERM "$CTL"
	ctl_end
	[ "$(jq -r 'select(.event != "log") .event' "$OUT" | tr '\n' ' ')" = \
		"socket connecting up disconnected up ended " ]
	[ "$(jq -r 'select(.event == "ended") .socket_deleted' "$OUT")" = true ]
}

@test "tunnel connect: the name stays, and so does the socket at the end" {
	mysocketctl socket create --name stays >/dev/null
	SOCKET=$(mysocketctl socket ls --json | jq -r '.[] | select(.name == "stays") .socket_id')
	TUNNEL=$(mysocketctl tunnel create --socket_id "$SOCKET" --json | jq -r .tunnel_id)
	NAME=$(mysocketctl socket show --socket_id "$SOCKET" --json | jq -r .dnsname)
	echo "127.0.0.1 $NAME" >>/etc/hosts
	ctl_start tunnel connect --socket_id "$SOCKET" --tunnel_id "$TUNNEL" --port 8000
	wait_for 10 grep -q '^Logs' "$OUT"
	[ "$(public_get "https://$NAME/page.txt")" = 'the bytes of the origin' ]
	mysocketctl tunnel ls --socket_id "$SOCKET" | grep -q "$TUNNEL | [^ ]"
	kill -INT "$CTL"
	wait_for 5 grep -q '^Press ctrl-c to exit' "$OUT"
	kill -INT "$CTL"
	ctl_end
	refute grep -q 'cleaning up' "$OUT"
	mysocketctl socket show --socket_id "$SOCKET" >/dev/null
	run mysocketctl tunnel connect --socket_id "$SOCKET" --tunnel_id "$SOCKET" --port 8000
	[ "$status" = 1 ]
	[[ "$output" == *"the socket has no such tunnel"* ]]
}
