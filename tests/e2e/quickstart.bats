# SPDX-License-Identifier: ISC
# scripts/quickstart as a newcomer meets it: what it prints, what it publishes, and that nothing is left behind.

root=$(dirname "$(dirname "$BATS_TEST_DIRNAME")")
# shellcheck source=scripts/functions.sh
. "$root/scripts/functions.sh"

setup_file() {
	export WORK="$BATS_FILE_TMPDIR/work"
	mkdir "$WORK"
	chmod 0755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$WORK"
}

setup() {
	state=$(mktemp -d "$WORK/state.XXXXXX")
	chmod 0755 "$state"
}

teardown() {
	[ -z "${pid-}" ] || stop_it TERM
}

quickstart() {
	"$root/scripts/quickstart" --no-install --state "$state" "$@"
}

# In the background, its output in $state.out; sets pid.
start_it() {
	: >"$state.out"
	"$root/scripts/quickstart" --no-install --state "$state" "$@" </dev/null >"$state.out" 2>&1 3>&- 4>&- &
	pid=$!
}

says() { # text
	grep -qe "$1" "$state.out"
}

stop_it() { # signal
	local it=$pid
	pid=''
	kill "-$1" "$it" 2>/dev/null || true
	ended "$it"
}

# An origin as some development servers are: on ::1 alone (where there is one), and nothing at its root.
not_found_on_ipv6() { # port
	local address=::1
	have_ipv6 || address=127.0.0.1
	exec /usr/bin/python3 - "$address" "$1" <<-'PYTHON'
		import http.server, socket, sys
		class Nothing(http.server.BaseHTTPRequestHandler):
		    def do_GET(self):
		        self.send_error(404)
		class Server(http.server.ThreadingHTTPServer):
		    address_family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
		Server((sys.argv[1], int(sys.argv[2])), Nothing).serve_forever()
	PYTHON
}

nothing_left() {
	for port in 8080 8443 2222 7080; do
		if listening "$port"; then
			echo "somebody listens on port $port still"
			return 1
		fi
	done
	[ -z "$(pgrep -x 'mysocket.*|haproxy|sshd.*')" ]
}

@test "--once fetches a sample page over http and https, and leaves nothing behind" {
	before=$(find /etc -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
	run quickstart --once
	[ "$status" = 0 ]
	[[ "$output" == *'nothing listens on port 8000: serving a sample page'* ]]
	[[ "${lines[-2]}" =~ ^http://[a-z]+-[a-z]+-[0-9]+\.mysocket\.localhost:8080/:\ status\ 200,\ [0-9]+\ bytes,\ those\ of\ the\ origin$ ]]
	[[ "${lines[-1]}" =~ ^https://[a-z]+-[a-z]+-[0-9]+\.mysocket\.localhost:8443/:\ status\ 200,\ [0-9]+\ bytes,\ those\ of\ the\ origin$ ]]
	nothing_left
	[ "$before" = "$(find /etc -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)" ]
}

@test "--once publishes what listens already, twice with one state folder" {
	mkdir "$state.web"
	echo 'something of mine' >"$state.web/index.html"
	(cd "$state.web" && exec /usr/bin/python3 -m http.server --bind 127.0.0.1 8123) >/dev/null 2>&1 3>&- 4>&- &
	origin=$!
	wait_for 10 listening 8123
	run quickstart --once --port=8123
	[ "$status" = 0 ]
	[[ "${lines[-1]}" == *': status 200, 18 bytes, those of the origin' ]]
	key=$(cat "$state/account/.ssh/id_ed25519.pub")
	kill "$origin"
	not_found_on_ipv6 8123 >/dev/null 2>&1 3>&- 4>&- &
	origin=$!
	wait_for 10 listening 8123
	run quickstart --once --port 8123
	[ "$status" = 0 ]
	[[ "$output" != *'sample page'* ]]
	[[ "${lines[-1]}" == *': status 404, '*' bytes, those of the origin' ]]
	[ "$key" = "$(cat "$state/account/.ssh/id_ed25519.pub")" ]
	kill "$origin"
}

@test "--once says where to look when the tunnel does not come up" {
	mkdir "$state.bin"
	printf '#!/bin/sh\ncase " $* " in *" -"[GVQ]*) exec /usr/bin/ssh "$@" ;; esac\nexit 255\n' >"$state.bin/ssh"
	chmod +x "$state.bin/ssh"
	PATH="$state.bin:$PATH" QUICKSTART_PATIENCE=2 run quickstart --once
	[ "$status" = 1 ]
	[[ "$output" == *"the tunnel did not come up: see $state/log/sshd.log"* ]]
	nothing_left
}

@test "connect shows each request on the terminal; Ctrl-C ends it, and everything with it" {
	mkfifo "$state.keys"
	exec 5<>"$state.keys" # so that typing never waits for a reader
	script -qfc "$root/scripts/quickstart --no-install --state $state" "$state.out" \
		<"$state.keys" >/dev/null 2>&1 3>&- 4>&- 5>&- &
	pid=$!
	wait_for 60 says '^Logs'
	url=$(grep -o 'https://[a-z0-9-]*\.mysocket\.localhost:8443' "$state.out" | head -n 1)
	curl -sf --cacert "$state/ca.crt" "$url/a/path?of=mine" | cmp - "$root/scripts/sample.html"
	wait_for 5 says 'GET .*/a/path?of=mine'
	printf '\003' >&5
	wait_for 10 says 'cleaning up'
	wait_for 10 eval "! kill -0 $pid 2>/dev/null"
	pid=''
	nothing_left
}

@test "SIGTERM ends it as well, and the name is gone" {
	start_it
	wait_for 60 says '^Logs'
	stop_it TERM || true
	says 'cleaning up'
	nothing_left
}

@test "SIGTERM while it starts ends it too" {
	start_it
	wait_for 60 says '^starting the service'
	kill -TERM "$pid"
	wait_for 20 eval "! kill -0 $pid 2>/dev/null"
	pid=''
	nothing_left
	run says '^Logs'
	[ "$status" = 1 ]
}

@test "kill -9 leaves nothing behind either" {
	start_it
	wait_for 60 says '^Logs'
	stop_it KILL || true
	nothing_left
}

@test "--server prints what another user's shell needs" {
	start_it --server
	wait_for 60 says 'Ctrl-C stops it'
	grep '^export ' "$state.out" >"$state.settings"
	[ "$(wc -l <"$state.settings")" = 3 ]
	install -d -o nobody -g nogroup "$state.home"
	run setpriv --reuid nobody --regid nogroup --clear-groups env -i HOME="$state.home" PATH="$PATH" bash -euc "
		. $state.settings
		ssh-keygen -q -t ed25519 -N '' -f \$HOME/key
		export MYSOCKET_PASSWORD=a-password-of-mine
		mysocketctl account create --name me --email me@example.net --sshkey \$HOME/key.pub
		mysocketctl login --email me@example.net
		mysocketctl socket create --name mine
		mysocketctl socket ls"
	[ "$status" = 0 ]
	[[ "${lines[-2]}" == *.mysocket.localhost* ]]
	stop_it TERM
	nothing_left
}

@test "two runs side by side work, also from a clone with a blank in its path" {
	clone="$WORK/a clone"
	mkdir "$clone"
	find "$root" -mindepth 1 -maxdepth 1 ! -name build ! -name .git -exec cp -a -t "$clone" {} +
	other=$(mktemp -d "$WORK/state.XXXXXX")
	start_it
	wait_for 60 says '^Logs'
	run "$clone/scripts/quickstart" --no-install --once --port 8124 --http-port 8081 --https-port 8444 --ssh-port 2223 \
		--state "$other"
	[ "$status" = 0 ]
	[[ "${lines[-1]}" == *'those of the origin' ]]
	url=$(grep -o 'https://[a-z0-9-]*\.mysocket\.localhost:8443' "$state.out" | head -n 1)
	curl -sf --cacert "$state/ca.crt" "$url/" | cmp - "$root/scripts/sample.html"
}

@test "a program of the service that dies is named, with its last words" {
	start_it --server
	wait_for 60 says 'Ctrl-C stops it'
	kill -KILL "$(pgrep -x mysocket-node)"
	ended "$pid" && status=0 || status=$?
	pid=''
	[ "$status" = 1 ]
	says 'mysocket-node ended'
	says "serve 'mysocket.localhost'"
	nothing_left
}

@test "what stands in the way is said in one line, with the remedy" {
	/usr/bin/python3 -m http.server --bind 127.0.0.1 8443 >/dev/null 2>&1 3>&- 4>&- &
	taken=$!
	wait_for 10 listening 8443
	run quickstart --once
	[ "$status" = 1 ]
	[ "$output" = 'quickstart: port 8443 is in use: choose another one with --https-port' ]
	kill "$taken"

	/usr/bin/python3 -m http.server --bind 127.0.0.1 20040 >/dev/null 2>&1 3>&- 4>&- &
	taken=$!
	wait_for 10 listening 20040
	run quickstart --once --tcp-port 20009
	[ "$status" = 1 ]
	[ "$output" = 'quickstart: one of the ports 20009 to 20040 is in use: choose 32 others with --tcp-port' ]
	kill "$taken"

	run setpriv --reuid nobody --clear-groups "$root/scripts/quickstart" --once
	[ "$status" = 1 ]
	[[ "${#lines[@]}" = 1 && "$output" == 'quickstart: needs root'*sudo ]]

	run setpriv --bounding-set=-sys_ptrace,-kill --inh-caps=-sys_ptrace,-kill "$root/scripts/quickstart" --once
	[ "$status" = 1 ]
	[[ "$output" == 'quickstart: root lacks CAP_KILL CAP_SYS_PTRACE here: '*' --cap-add KILL --cap-add SYS_PTRACE '* ]]
	[ "${#lines[@]}" = 1 ]

	run setpriv --bounding-set=-sys_admin,-sys_ptrace "$root/scripts/quickstart" --once
	[ "$status" = 1 ]
	[[ "$output" == 'quickstart: root lacks CAP_SYS_PTRACE CAP_SYS_ADMIN here: '*' --privileged' ]]
	[ "${#lines[@]}" = 1 ]

	run unshare -Ur "$root/scripts/quickstart" --once
	[ "$status" = 1 ]
	[[ "${#lines[@]}" = 1 && "$output" == 'quickstart: root of a user namespace '*sudo ]]

	mkdir -m 0777 "$WORK/anybody"
	run "$root/scripts/quickstart" --no-install --state "$WORK/anybody/state"
	[ "$status" = 1 ]
	[ "$output" = "quickstart: others can write to '$WORK/anybody': choose a folder of root with --state" ]
	[ ! -e "$WORK/anybody/state" ]

	start_it --server
	wait_for 60 says 'Ctrl-C stops it'
	run quickstart --once --http-port 8081 --https-port 8444 --ssh-port 2223
	[ "$status" = 1 ]
	[ "$output" = "quickstart: another quickstart uses '$state': give this one its own with --state DIR" ]
}

@test "a missing package is named; --no-install prints the command for it" {
	mkdir "$state.bin"
	printf '#!/bin/sh\ncase "$*" in *haproxy*) exit 1 ;; esac\nexec /usr/bin/dpkg-query "$@"\n' >"$state.bin/dpkg-query"
	chmod +x "$state.bin/dpkg-query"
	PATH="$state.bin:$PATH" run quickstart --once
	[ "$status" = 1 ]
	[ "$output" = 'missing packages; install them with: sudo apt-get install --no-install-recommends haproxy ' ]
}

@test "wrong usage ends with 2, --help lists every option" {
	run quickstart --frobnicate
	[ "$status" = 2 ]
	run quickstart --port 70000
	[ "$status" = 2 ]
	run quickstart --http-port 8443
	[ "$status" = 2 ]
	[[ "$output" == *'--https-port (8443) and --http-port (8443) overlap: choose another port for one of them'* ]]
	for wrong in '--port 8080' '--http-port 8000' '--tcp-port 18070 --http-port 18080' '--tcp-port 8412 --once' \
		'--ssh-port 28991' '--port 28960'; do
		# shellcheck disable=SC2086 # words on purpose
		run quickstart $wrong
		[ "$status" = 2 ]
		[[ "$output" == *' overlap: '* ]]
	done
	for wrong in -a.b a-.b a..b localhost 127.0.0.1 "$(printf 'a%.0s' {1..64}).net"; do
		run quickstart --domain "$wrong"
		[ "$status" = 2 ]
		[[ "$output" == 'quickstart: --domain takes '* ]]
	done
	ln -s /etc "$state.link"
	for wrong in "$WORK/my state" "$WORK/a:b" relative '' / /usr/share/x /var/../etc/x "$state.link/x"; do
		run "$root/scripts/quickstart" --state "$wrong"
		[ "$status" = 2 ]
		[[ "${#lines[@]}" = 1 && "$output" == 'quickstart: --state takes '* ]]
	done
	[ ! -e "$WORK/my state" ]
	run quickstart --once --server
	[ "$status" = 2 ]
	run quickstart --help
	[ "$status" = 0 ]
	for option in --port --once --server --domain --http-port --https-port --ssh-port --tcp-port --state --no-install \
		--help; do
		[[ "$output" == *"  $option "* ]]
	done
	for line in "${lines[@]}"; do
		[ "${#line}" -le 80 ]
	done
}
