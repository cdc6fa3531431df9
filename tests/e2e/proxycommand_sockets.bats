# SPDX-License-Identifier: ISC
# mysocket-proxycommand at a whole service: visitors of tcp and tls sockets who know a name and nothing else, and
# tunnels that are opened through a proxy.

load service
load proxycommand

bats_require_minimum_version 1.5.0

setup_file() {
	unset http_proxy https_proxy HTTPS_PROXY ALL_PROXY all_proxy NO_PROXY no_proxy MYSOCKET_API MYSOCKET_CA_FILE
	export HOME="$BATS_FILE_TMPDIR/home" ANY_PROXY="http://192.0.2.10:8890"
	mkdir "$HOME"
	export ZONE="$BATS_FILE_TMPDIR/zone"
	: >"$ZONE"
	/usr/bin/python3 "$BATS_TEST_DIRNAME/dns.py" 5353 "$ZONE" </dev/null >"$BATS_FILE_TMPDIR/dns.log" 2>&1 3>&- 4>&- &
	wait_for 10 grep -q ready "$BATS_FILE_TMPDIR/dns.log"
	service_up "dns_server = 127.0.0.1:5353"
	account_make alice
	far_up
	far_tinyproxy any 8890
	wait_for 10 listening 8890
	socket_up pi tcp
	export TCP_NAME=$DNSNAME TCP_PORT=${URL##*:}
	socket_up secure tls
	export TLS_NAME=$DNSNAME TLS_SOCKET_PORT=${URL##*:} TLS_ID=$SOCKET_ID
	mkdir -p "$BATS_FILE_TMPDIR/www"
	echo origin >"$BATS_FILE_TMPDIR/www/page"
	origin_up 8000 "$BATS_FILE_TMPDIR/www"
	socket_make web
	tunnel_up web 8000
	export WEB_NAME=$DNSNAME
}

teardown_file() {
	far_down
	service_down
}

setup() {
	export PORT=22 MYSOCKET_CA_FILE="$SERVICE_STATE/ca.crt"
}

socket_up() { # tag type [json members]; in front of the far host's sshd
	socket_make "$1" "\"socket_type\": \"$2\"${3-}"
	tunnel_up "$1" "$SSHD_PORT"
}

both() { # command... with MODE
	local mode
	for mode in relayed handed; do
		echo "mode: $mode"
		MODE=$mode "$@"
	done
}

hello() { # proxycommand's arguments
	[ "$("$MODE" "$@" -- echo hello)" = hello ]
}

refused() { # pattern [argument...]
	local pattern=$1
	shift
	output=$("$MODE" "$@" -- true 2>&1) && { echo "should have failed: $*"; return 1; }
	grep -q -- "$pattern" <<<"$output" || { echo "$output"; return 1; }
}

@test "ssh reaches a tcp socket by its name alone, in both modes" {
	HOST=$TCP_NAME both hello
	HOST=${TCP_NAME^^} both hello
	HOST=$TCP_NAME PORT=$TCP_PORT both hello
}

@test "ssh reaches a tls socket by its name alone, in both modes" {
	HOST=$TLS_NAME both hello
	HOST=$TLS_NAME PORT=$TLS_SOCKET_PORT both hello
	HOST=$TLS_NAME PORT=$TLS_SOCKET_PORT both hello --type tls
}

@test "a tls socket with another CA's certificate, or for another name, is refused" {
	HOST=$TLS_NAME PORT=$TLS_SOCKET_PORT both refused 'issuer certificate.*MYSOCKET_CA_FILE' --type tls --ca-file "$OTHER_CA/ca.crt"
	echo "127.0.0.1 wrong.example.net" >>/etc/hosts
	HOST=wrong.example.net PORT=$TLS_SOCKET_PORT both refused 'subject name.*somebody else answers' --type tls
}

@test "16 MB pass through a tcp and a tls socket intact" {
	head -c 16M /dev/urandom >"$FAR_DIR/large"
	sum=$(sha256sum <"$FAR_DIR/large")
	there_and_back() {
		[ "$("$MODE" -- sha256sum <"$FAR_DIR/large")" = "$sum" ]
		[ "$("$MODE" -- cat "$FAR_DIR/large" | sha256sum)" = "$sum" ]
	}
	HOST=$TCP_NAME both there_and_back
	HOST=$TLS_NAME both there_and_back
}

@test "another port than the socket's is refused, unless it is asked for" {
	HOST=$TCP_NAME PORT=2222 both refused "has port $TCP_PORT, not 2222; leave the port out"
	HOST=$TCP_NAME PORT=$SSHD_PORT both hello --type tcp
}

@test "an http socket, and a name that nobody has, are refused by name" {
	HOST=$WEB_NAME both refused "has no tcp or tls socket '$WEB_NAME'"
	HOST=no-body-1000.$DOMAIN both refused "has no tcp or tls socket 'no-body-1000.$DOMAIN'"
}

@test "which API is asked: the name's own, the one of --api, and what login has kept" {
	HOST=$TCP_NAME both hello --api http://127.0.0.1:7080
	HOST=$TCP_NAME both refused 'cannot ask https://api.elsewhere.example for the port' --api https://api.elsewhere.example
	HOST=$TCP_NAME both refused 'must begin with https://' --api http://api.elsewhere.example
	MYSOCKET_API=https://api.elsewhere.example HOST=$TCP_NAME both hello
	HOST=long-hill-8399.elsewhere.example both refused 'cannot ask https://api.elsewhere.example for the port'
	unset MYSOCKET_CA_FILE
	HOST=$TCP_NAME both refused 'issuer certificate.*MYSOCKET_CA_FILE'
	mkdir -p "$HOME/.config/mysocket"
	printf 'api = %s/\nca_file = %s\n' "$API_URL" "$SERVICE_STATE/ca.crt" >"$HOME/.config/mysocket/config"
	HOST=$TCP_NAME both hello
	HOST=$TLS_NAME both hello
	HOST=$TLS_NAME PORT=$TLS_SOCKET_PORT both hello --type tls
	# Kept for another service: not this one's CA.
	printf 'api = %s/\nca_file = %s\n' https://api.elsewhere.example "$SERVICE_STATE/ca.crt" >"$HOME/.config/mysocket/config"
	HOST=$TCP_NAME both refused 'issuer certificate'
	rm -r "$HOME/.config"
}

@test "a name that its owner chose is looked up at the API that is named; others are connected to as given" {
	socket_up chosen tcp ', "subdomain": "my-pi"'
	[ "$DNSNAME" = "my-pi.$DOMAIN" ]
	MYSOCKET_API=$API_URL HOST=my-pi.$DOMAIN both hello
	MYSOCKET_API=$API_URL HOST=my-pi.$DOMAIN PORT=${URL##*:} both hello
	MYSOCKET_API=$API_URL HOST=my-pi.$DOMAIN PORT=2222 both refused 'not 2222; leave the port out'
	# Without, it is the host that it is: port 22 is the tunnel server's.
	HOST=my-pi.$DOMAIN both refused 'erification failed'
	MYSOCKET_API=$API_URL HOST=other.$DOMAIN PORT=$SSHD_PORT both hello
	MYSOCKET_API=$API_URL HOST=ssh.$DOMAIN PORT=$SSHD_PORT both hello
	tunnel_down chosen
}

@test "a tls socket under a host name of its owner's own: --api is asked, and its certificate is wanted" {
	local at="$BATS_TEST_TMPDIR"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 30 \
		-addext "subjectAltName = DNS:pi.example.com" -keyout "$at/own.key" -out "$at/own.crt" 2>/dev/null
	cat "$at/own.crt" "$SERVICE_STATE/ca.crt" >"$at/both.crt"
	echo "127.0.0.1 pi.example.com other.example.com" >>/etc/hosts
	api POST /domain "{\"domain\": \"pi.example.com\", \"socket_id\": \"$TLS_ID\"}"
	echo "pi.example.com CNAME $TLS_NAME" >"$ZONE"
	api POST /domain/pi.example.com/check '{}'
	HOST=pi.example.com both refused 'subject name.*somebody else answers' --api "$API_URL"
	api PUT /domain/pi.example.com/certificate \
		"$(jq -n --rawfile c "$at/own.crt" --rawfile k "$at/own.key" '{certificate: $c, key: $k}')"
	HOST=pi.example.com MODE=relayed wait_for 5 hello --api "$API_URL" --ca-file "$at/both.crt"
	HOST=PI.example.com both hello --api "$API_URL" --ca-file "$at/both.crt"
	HOST=pi.example.com PORT=$TLS_SOCKET_PORT both hello --type tls --ca-file "$at/own.crt"
	HOST=pi.example.com both refused 'MYSOCKET_CA_FILE' --api "$API_URL"
	# Without --api nobody is told that one goes there: port 22 is the tunnel server's.
	MYSOCKET_API=$API_URL HOST=pi.example.com both refused 'erification failed'
	HOST=other.example.com PORT=$SSHD_PORT both hello --api "$API_URL"
	api DELETE /domain/pi.example.com
}

@test "what is no mysocket API is not believed" {
	HOST=$TCP_NAME both refused "no mysocket API.*--type tcp" --api "https://$WEB_NAME"
	echo "$FAR_IP api.example.net" >>/etc/hosts
	HOST=long-hill-8399.example.net both refused 'cannot ask https://api.example.net for the port'
}

@test "with the API away the port can be given" {
	service_stop api
	HOST=$TCP_NAME both refused "cannot tell the port of '$TCP_NAME' now .*try again"
	HOST=$TCP_NAME PORT=$TCP_PORT both hello --type tcp
	HOST=$TLS_NAME PORT=$TLS_SOCKET_PORT both hello --type tls
	service_start api
}

@test "a socket whose tunnel is offline says so" {
	socket_make idle '"socket_type": "tcp"'
	HOST=$DNSNAME MODE=relayed refused "$DNSNAME ended the connection without a word: its tunnel may be offline"
	HOST=$DNSNAME MODE=handed refused 'closed'
}

@test "lookup and connection go through a given proxy" {
	HOST=$TCP_NAME both hello --proxy "$ANY_PROXY"
	HOST=$TLS_NAME both hello --proxy "$ANY_PROXY"
	[ "$(grep -c 'CONNECT api.mysocket.localhost:443' "$FAR_DIR/any.log")" = 4 ]
	[ "$(grep -c "CONNECT $TCP_NAME:$TCP_PORT" "$FAR_DIR/any.log")" = 2 ]
	[ "$(grep -c "CONNECT $TLS_NAME:$TLS_SOCKET_PORT" "$FAR_DIR/any.log")" = 2 ]
}

@test "a tunnel is opened through a proxy, in both modes" {
	socket_make proxied
	tunnel_up proxied 8000 -o "ProxyCommand=mysocket-proxycommand --proxy $ANY_PROXY %h %p"
	[ "$(public_get "$URL/page")" = origin ]
	tunnel_down proxied
	wait_for 5 none_left
	tunnel_up proxied 8000 -o "ProxyCommand=mysocket-proxycommand --fdpass --proxy $ANY_PROXY %h %p" \
		-o ProxyUseFdpass=yes
	wait_for 5 none_left
	[ "$(public_get "$URL/page")" = origin ]
	tunnel_down proxied
	[ "$(grep -c 'CONNECT ssh.mysocket.localhost:22' "$FAR_DIR/any.log")" = 2 ]
}

@test "mysocketctl connect on one side, plain ssh on the other" {
	install -m 0600 "$ACCOUNT/token" "$HOME/token"
	MYSOCKET_TOKEN_FILE="$HOME/token" MYSOCKET_API=$API_URL mysocketctl connect --port "$SSHD_PORT" --type tcp \
		--name 'my pi' --identity "$ACCOUNT/key" </dev/null >"$BATS_TEST_TMPDIR/ctl" 2>&1 3>&- 4>&- &
	ctl=$!
	wait_for 15 grep -q '^Logs' "$BATS_TEST_TMPDIR/ctl" || { cat "$BATS_TEST_TMPDIR/ctl"; return 1; }
	name=$(grep -o "[a-z]*-[a-z]*-[0-9]*\.$DOMAIN" "$BATS_TEST_TMPDIR/ctl" | head -n 1)
	HOST=$name both hello
	kill "$ctl"
	ended "$ctl" || true
}
