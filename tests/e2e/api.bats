#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The REST API as published clients speak it: every row of its table, with its errors.
# shellcheck disable=SC2030,SC2031 # each test is a subshell on purpose

load api

setup_file() {
	daemon_start main "max_keys = 3"
	account john
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/john.token"
	account jane
	echo "$TOKEN" >"$BATS_FILE_TMPDIR/jane.token"
}

teardown_file() {
	daemons_stop
}

setup() {
	daemon_use main
	as john
}

as() { # name
	TOKEN=$(cat "$BATS_FILE_TMPDIR/$1.token")
	USER_ID=$(cut -d . -f 2 <<<"$TOKEN" | tr -- '-_' '+/' | base64 -d 2>/dev/null | jq -r .user_id)
	USER_NAME=${USER_ID//-/}
}

# Neither in the database nor in the log.
nowhere() { # text
	if grep -qa -e "$1" "$HOME_DIR/db" "$HOME_DIR/db-wal" "$HOME_DIR/log"; then return 1; fi
}

# A new account's fields, with one of them changed: user_form '.name = ""'
user_form() { # jq filter
	jq -n --arg k "$(cat "$HOME_DIR/john.pub")" \
		'{name: "New", email: "new@example.com", password: "12345678", sshkey: $k}' | jq -c "$1"
}

IS_UUID='test("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")'

@test "what this is, whether it works and the host keys need no token" {
	call GET /
	expect 200 '.service == "Mysocket" and .domain == "mysocket.test"'
	call GET /healthz
	expect 200 '. == {"status": "ok"}'
	call GET /ssh
	expect 200 '.ssh_server == "ssh.mysocket.test" and .ssh_port == 22'
	[ "$(field '.ssh_host_keys[0]')" = "$(cut -d ' ' -f 1,2 "$HOME_DIR/ssh_host_ed25519_key.pub")" ]
}

@test "answers are not stored, not sniffed, not framed" {
	call GET / -D -
	[[ $body == *"Cache-Control: no-store"* ]]
	[[ $body == *"X-Content-Type-Options: nosniff"* ]]
	[[ $body == *"Content-Type: application/json"* ]]
	[[ $body == *"frame-ancestors 'none'"* ]]
}

@test "POST /user: the account, with one spelling of the address" {
	call POST /user -d "$(user_form '.email = " Mixed.Case@Example.COM " | .name = "M. Case"')"
	expect 200 '.email == "mixed.case@example.com" and .name == "M. Case" and .confirmed'
	expect 200 ".user_id | $IS_UUID"
	[ "$(field .user_name)" = "$(field '.user_id | gsub("-"; "")')" ]
	[ "$(field .sshkey)" = "$(cat "$HOME_DIR/john.pub")" ]
	call POST /user -d "$(user_form '.email = "MIXED.case@example.com"')"
	expect 409 '.error_message | contains("mixed.case@example.com")'
}

@test "POST /user: what is missing or wrong is a 400 that names it" {
	local name
	for name in name email password sshkey; do
		call POST /user -d "$(user_form "del(.$name)")"
		expect 400 ".error_message | contains(\"'$name'\")"
		call POST /user -d "$(user_form ".$name = null")"
		expect 400 ".error_message | contains(\"'$name'\")"
		call POST /user -d "$(user_form ".$name = 7")"
		expect 400 ".error_message | contains(\"'$name'\")"
		call POST /user -d "$(user_form ".$name = \"\"")"
		expect 400 ".error_message | contains(\"'$name'\")"
	done
	call POST /user -d "$(user_form '.email = "john at example"')"
	expect 400 ".error_message | contains(\"'email'\")"
	call POST /user -d "$(user_form '.password = "1234567"')"
	expect 400 '.error_message | contains("8 characters")'
	call POST /user -d "$(user_form '.password = ("x" * 1025)')"
	expect 400 '.error_message | contains("1024")'
	call POST /user -d "$(user_form '.name = "a\u001b[31mb"')"
	expect 400 ".error_message | contains(\"'name'\")"
}

@test "POST /user: keys with options, several lines, a wrong inner type, private ones and noise are refused" {
	local key noise
	key=$(cat "$HOME_DIR/john.pub")
	noise=$(head -c 15000 /dev/urandom | base64 -w 0)
	refused() { # text words
		call POST /user -d "$(user_form ".sshkey = $(jq -Rs . <<<"$1")")"
		expect 400 ".error_message | contains(\"'sshkey'\") and contains(\"$2\")"
	}
	refused "command=\"id\" $key" 'options in front of the key are not accepted'
	refused "no-pty,permitlisten=\"22\" $key" 'options in front of the key are not accepted'
	refused "$key"$'\n'"$key" line
	refused "ssh-rsa ${key#ssh-ed25519 }" 'differs from the one inside'
	refused "$(cat "$HOME_DIR/john")" 'private key'
	refused "$noise" 'too long for an ssh key'
	refused "ssh-ed25519 $noise" 'too long for an ssh key'
	refused "ssh-ed25519 AAAA" 'damaged'
	[ ${#noise} -ge 20000 ]
	call GET /healthz
	expect 200
}

@test "POST /login: a token whose payload clients can read" {
	call POST /login -d '{"email": "JOHN@example.com ", "password": "john-password"}'
	expect 200 'keys == ["token"]'
	field .token | cut -d . -f 2 | tr -- '-_' '+/' | base64 -d 2>/dev/null >"$BATS_TEST_TMPDIR/payload" || true
	jq -e --arg id "$USER_ID" '.user_id == $id and .exp - .iat == 18000' "$BATS_TEST_TMPDIR/payload"
}

@test "POST /login: a wrong password and an unknown address get the same answer" {
	call POST /login -d '{"email": "john@example.com", "password": "jane-password"}'
	expect 401 .error_message
	local wrong=$body
	call POST /login -d '{"email": "nobody@example.com", "password": "jane-password"}'
	expect 401
	[ "$body" = "$wrong" ]
	call POST /login -d '{"email": "no address", "password": "jane-password"}'
	expect 401
	[ "$body" = "$wrong" ]
	call POST /login -d '{"email": "john@example.com"}'
	expect 400 ".error_message | contains(\"'password'\")"
}

@test "POST /login/refresh: a new token for a good one" {
	mine POST /login/refresh
	expect 200 .token
	TOKEN=$(field .token)
	mine GET /socket
	expect 200
	call POST /login/refresh
	expect 401
}

@test "tokens that are missing, noise, expired, of nobody or signed otherwise are refused" {
	local secret header='{"alg":"HS256","typ":"JWT"}' soon=$((EPOCHSECONDS + 100))
	secret=$(cat "$HOME_DIR/token.secret")
	call GET /socket
	expect 401 '.error_message | contains("log in")'
	TOKEN=noise mine GET /socket
	expect 401
	TOKEN=$(jwt "$header" "{\"user_id\":\"$USER_ID\",\"exp\":$soon}" "$secret") mine GET /socket
	expect 200
	TOKEN=$(jwt "$header" "{\"user_id\":\"$USER_ID\",\"exp\":$((EPOCHSECONDS - 1))}" "$secret") mine GET /socket
	expect 401 '(.error_message | contains("expired")) and (has("code") | not)'
	TOKEN=$(jwt "$header" "{\"user_id\":\"$USER_ID\",\"exp\":$soon}" "not-$secret") mine GET /socket
	expect 401
	TOKEN=$(jwt '{"alg":"none"}' "{\"user_id\":\"$USER_ID\",\"exp\":$soon}" "$secret") mine GET /socket
	expect 401
	TOKEN=$(jwt '{"alg":"none"}' "{\"user_id\":\"$USER_ID\",\"exp\":$soon}" "$secret")
	TOKEN="${TOKEN%.*}." mine GET /socket
	expect 401
	TOKEN=$(jwt "$header" "{\"user_id\":\"24cd3fa2-b56a-486f-a554-30924bae54d0\",\"exp\":$soon}" "$secret") \
		mine GET /socket
	expect 401
}

@test "both headers carry a token, and both prefixes the routes" {
	call GET /socket -H "Authorization: Bearer $TOKEN"
	expect 200 'type == "array"'
	mine GET /api/v1/socket
	expect 200 'type == "array"'
	mine GET /api/v1/connect/
	expect 200 'type == "array"'
}

@test "GET /user/{id}: one's own account alone" {
	mine GET "/user/$USER_ID"
	expect 200 '.name == "john" and .email == "john@example.com" and (.sshkey | startswith("ssh-ed25519 "))'
	[ "$(field .user_id)$(field .user_name)" = "$USER_ID$USER_NAME" ]
	[[ $body != *argon2* ]]
	as jane
	mine GET "/user/$(as john; echo "$USER_ID")"
	expect 404 .error_message
	mine GET /user/1
	expect 404
}

@test "several keys per account, up to a limit" {
	local keys="/user/$USER_ID/key" id
	mine GET "$keys"
	expect 200 'length == 1 and (.[0].fingerprint | startswith("SHA256:")) and .[0].comment == "john@host"'
	[ "$(field '.[0].fingerprint')" = "$(ssh-keygen -lf "$HOME_DIR/john.pub" | cut -d ' ' -f 2)" ]
	ssh-keygen -q -t ecdsa -N '' -C 'two <b>' -f "$BATS_TEST_TMPDIR/two"
	ssh-keygen -q -t rsa -b 2048 -N '' -C '' -f "$BATS_TEST_TMPDIR/three"
	ssh-keygen -q -t ed25519 -N '' -f "$BATS_TEST_TMPDIR/four"
	mine POST "$keys" -d "{\"sshkey\": \"$(cat "$BATS_TEST_TMPDIR/two.pub")\"}"
	expect 200 '.type == "ecdsa-sha2-nistp256"'
	id=$(field .key_id)
	mine POST "$keys" -d "{\"sshkey\": \"$(cat "$BATS_TEST_TMPDIR/two.pub")\"}"
	expect 409
	mine POST "$keys" -d "{\"sshkey\": \"$(cat "$BATS_TEST_TMPDIR/three.pub")\"}"
	expect 200
	mine POST "$keys" -d "{\"sshkey\": \"$(cat "$BATS_TEST_TMPDIR/four.pub")\"}"
	expect 403 '.error_message | contains("3") and contains("delete")'
	mine POST "$keys" -d '{"sshkey": "x"}'
	expect 400
	(as jane; mine GET "$keys"; expect 404; mine DELETE "$keys/$id"; expect 404)
	mine DELETE "$keys/$id"
	expect 204
	mine DELETE "$keys/$id"
	expect 404
	mine GET "$keys"
	expect 200 'length == 2'
}

@test "POST /socket: exactly the fields and kinds that clients decode" {
	mine POST /socket -d '{"name": "my test service", "protected_socket": false, "protected_username": "",
		"protected_password": null, "socket_type": "http", "cloud_authentication_enabled": false,
		"cloud_authentication_email_allowed_addressses": [], "unknown": {"a": [1]}}'
	expect 200 ".socket_id | $IS_UUID"
	expect 200 '.name == "my test service" and .socket_type == "http" and .socket_tcp_ports == [80, 443]'
	expect 200 '.dnsname | test("^[a-z]+-[a-z]+-[0-9]{4}[.]mysocket[.]test$")'
	expect 200 '.protected_socket == false and .protected_username == "" and .protected_password == ""'
	expect 200 '.cloud_authentication_enabled == false and .cloud_authentication_email_allowed_domains == []
		and .cloud_authentication_email_allowed_addressses == [] and .tunnels == []'
	expect 200 '.url == "https://" + .dnsname and .ssh_server == "ssh.mysocket.test" and .ssh_port == 22
		and (.ssh_host_keys | length == 1)'
	[ "$(field .user_name)" = "$USER_NAME" ]
}

@test "POST /connect: a socket with a tunnel, as GET /connect and GET /socket list it" {
	mine POST /connect -d '{"name": "Local port 8000"}'
	expect 200 '(.tunnels | length == 1) and .socket_type == "http"'
	expect 200 ".tunnels[0] | (.tunnel_id | $IS_UUID) and .tunnel_server == \"\"
		and (.local_port | type == \"number\" and . >= 5000 and . <= 64999 and . == floor)"
	expect 200 '.tunnels[0].socket_id == .socket_id'
	local made=$body id
	id=$(field .socket_id)
	mine GET /connect
	[ "$(field ".[] | select(.socket_id == \"$id\")" | jq -S .)" = "$(jq -S . <<<"$made")" ]
	mine GET /socket
	[ "$(field ".[] | select(.socket_id == \"$id\")" | jq -S .)" = "$(jq -S . <<<"$made")" ]
	mine GET "/socket/$id"
	[ "$(jq -S . <<<"$body")" = "$(jq -S . <<<"$made")" ]
}

@test "an account without sockets has a list, not null" {
	as jane
	mine GET /socket
	expect 200 '. == []'
}

@test "DELETE /socket/{id}: 204 without a body, then 404" {
	mine POST /connect -d '{"name": "short-lived"}'
	local id tunnel
	id=$(field .socket_id)
	tunnel=$(field '.tunnels[0].tunnel_id')
	mine DELETE "/socket/$id"
	expect 204
	[ -z "$body" ]
	mine GET "/socket/$id"
	expect 404 .error_message
	mine DELETE "/socket/$id"
	expect 404
	mine GET "/socket/$id/tunnel"
	expect 404
	mine GET "/socket/$id/tunnel/$tunnel"
	expect 404
}

@test "a password is in the answer that creates it, and nowhere else" {
	mine POST /socket -d '{"name": "p", "protected_socket": true, "protected_username": "john",
		"protected_password": "Very-Secret-Word"}'
	expect 200 '.protected_socket and .protected_username == "john" and .protected_password == "Very-Secret-Word"'
	mine GET "/socket/$(field .socket_id)"
	expect 200 '.protected_socket and .protected_username == "john" and .protected_password == ""'
	mine POST /socket -d '{"name": "p", "protected_socket": true, "protected_username": "john"}'
	expect 200 '.protected_password | length == 20'
	nowhere Very-Secret-Word
	nowhere "$(field .protected_password)"
	nowhere john-password
}

@test "tcp and tls sockets have a public port of their own range" {
	mine POST /connect -d '{"name": "ssh", "socket_type": "tcp"}'
	expect 200 '.socket_type == "tcp" and (.socket_tcp_ports | length == 1 and .[0] >= 20000 and .[0] <= 25999)'
	expect 200 '.url == "tcp://\(.dnsname):\(.socket_tcp_ports[0])"'
	mine POST /connect -d '{"name": "mysql", "socket_type": "tls"}'
	expect 200 '.socket_type == "tls" and (.socket_tcp_ports | length == 1 and .[0] >= 26000 and .[0] <= 31999)'
	expect 200 '.url == "tls://\(.dnsname):\(.socket_tcp_ports[0])"'
}

@test "POST /socket: what is missing, wrong or not available is a 400 that names it" {
	bad() { # json words
		local route
		for route in /socket /connect; do
			mine POST "$route" -d "$1"
			expect 400 ".error_message | contains(\"$2\")"
		done
	}
	bad '{}' "'name'"
	bad '{"name": ""}' "'name'"
	bad '{"name": 5}' "'name'"
	bad '{"name": "a\u0007b"}' "'name'"
	bad "{\"name\": \"$(printf 'x%.0s' {1..101})\"}" "'name'"
	bad '{"name": "a", "socket_type": "udp"}' "'socket_type'"
	bad '{"name": "a", "protected_socket": "yes"}' "'protected_socket'"
	bad '{"name": "a", "protected_socket": true}' "'protected_username'"
	bad '{"name": "a", "protected_socket": true, "protected_username": "a:b"}' "'protected_username'"
	bad '{"name": "a", "protected_socket": true, "protected_username": "a", "socket_type": "tcp"}' "'protected_socket'"
	bad '{"name": "a", "cloud_authentication_enabled": true}' "'cloud_authentication_enabled'"
	mine POST /socket -d '{"name": "a", "cloud_authentication_enabled": null}'
	expect 200 '.cloud_authentication_enabled == false'
}

@test "tunnels: made, listed, shown and deleted" {
	mine POST /socket -d '{"name": "several origins"}'
	local at id
	at="/socket/$(field .socket_id)/tunnel"
	mine GET "$at"
	expect 200 '. == []'
	mine POST "$at" -d '{}'
	expect 200 'keys == ["local_port", "socket_id", "tunnel_id", "tunnel_server"]'
	id=$(field .tunnel_id)
	mine GET "$at/$id"
	expect 200 ".tunnel_id == \"$id\""
	mine POST "$at"
	expect 200
	mine GET "$at"
	expect 200 'length == 2 and .[0].local_port != .[1].local_port'
	mine DELETE "$at/$id"
	expect 204
	mine GET "$at/$id"
	expect 404 .error_message
	mine DELETE "$at/$id"
	expect 404
	mine GET "$at"
	expect 200 'length == 1'
}

@test "what is another account's is not there, whatever is done with it" {
	mine POST /connect -d '{"name": "mine"}'
	local socket tunnel own
	socket=$(field .socket_id)
	tunnel=$(field '.tunnels[0].tunnel_id')
	as jane
	mine POST /connect -d '{"name": "hers"}'
	own=$(field .socket_id)
	local what
	for what in "GET /socket/$socket" "DELETE /socket/$socket" "GET /socket/$socket/tunnel" \
		"POST /socket/$socket/tunnel" "GET /socket/$socket/tunnel/$tunnel" \
		"DELETE /socket/$socket/tunnel/$tunnel" "GET /socket/$own/tunnel/$tunnel" \
		"DELETE /socket/$own/tunnel/$tunnel"; do
		# shellcheck disable=SC2086 # method and path
		mine $what
		expect 404 .error_message || { echo "$what" >&2; false; }
	done
	mine GET /socket
	expect 200 "length == 1 and .[0].socket_id == \"$own\""
	mine DELETE "/socket/$own"
	as john
	mine GET "/socket/$socket/tunnel/$tunnel"
	expect 200
}

@test "another method is a 405 with Allow, an unknown path a 404 in JSON" {
	call PUT /socket -i
	expect 405
	[[ $body == *"Allow: GET, POST"* ]]
	call GET /login -i
	expect 405
	[[ $body == *"Allow: POST"* ]]
	call GET /nowhere
	expect 404 .error_message
	call GET /socket/../user --path-as-is
	expect 404
	call GET "/socket/%2e%2e" --path-as-is -H "x-access-token: $TOKEN"
	expect 404
	[ "$(curl -sI -o /dev/null -w '%{http_code}' "$BASE/healthz")" = 200 ]
}

@test "a body that is no JSON object is a 400" {
	local body_text
	for body_text in '{' '[]' '"x"' 'null' '{"name": "a"} x' 'name=a' "$(printf '{"name": "\xff"}')" \
		"$(printf '[%.0s' {1..5000})"; do
		mine POST /socket --data-binary "$body_text"
		expect 400 .error_message || { echo "$body_text" >&2; false; }
	done
	mine POST /socket
	expect 400 .error_message
}

@test "a body over 64 KB is a 413, in every way it may come" {
	head -c 66000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/large"
	head -c 3000000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/huge"
	mine POST /socket --data-binary "@$BATS_TEST_TMPDIR/large"
	expect 413 .error_message
	mine POST /socket --data-binary "@$BATS_TEST_TMPDIR/large" -H 'Transfer-Encoding: chunked'
	expect 413
	mine POST /socket --data-binary "@$BATS_TEST_TMPDIR/huge"
	expect 413
	mine GET /socket
	expect 200
}

@test "a hundred requests at once are all answered, and no two names or ports are the same" {
	account busy
	local i
	for i in {1..100}; do
		printf 'next\nurl = "%s/connect"\nheader = "x-access-token: %s"\ndata = "{\\"name\\": \\"%s\\"}"\noutput = "%s"\n' \
			"$BASE" "$TOKEN" "$i" "$BATS_TEST_TMPDIR/$i.json"
	done | many "$BATS_TEST_TMPDIR/codes"
	[ "$(uniq "$BATS_TEST_TMPDIR/codes")" = 200 ]
	jq -es 'length == 100 and (map(.dnsname) | unique | length == 100)
		and (map(.tunnels[0].local_port) | unique | length == 100)' "$BATS_TEST_TMPDIR"/*.json
	mine GET /socket
	expect 200 'length == 100'
	mine POST /socket -d '{"name": "one more"}'
	expect 403 '.error_message | contains("100") and contains("delete")'
}
