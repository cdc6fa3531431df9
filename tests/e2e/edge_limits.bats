# SPDX-License-Identifier: ISC
# What one visitor cannot take from the others.

load service

setup_file() {
	export SERVICE_MAX_CONNECTIONS_OF_CLIENT=100
	service_up
}

teardown_file() {
	service_down
}

hold_connections() { # port count
	local i fd
	for i in $(seq "$2"); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$1"
		HELD+=("$fd")
	done
}

# Requests that never end, each over a connection of its own.
hold_requests() { # count
	local fd
	hold_connections 80 "$1"
	for fd in "${HELD[@]}"; do
		printf 'POST /login HTTP/1.1\r\nHost: api.%s\r\nContent-Length: 10\r\n\r\n{' "$DOMAIN" >&"$fd"
	done
}

release_requests() {
	local fd
	for fd in "${HELD[@]}"; do
		exec {fd}>&-
	done
}

health_from() { # address
	public_status "$API_URL/healthz" --interface "$1"
}

health_is() { # status
	[ "$(health_from 127.0.0.1)" = "$1" ]
}

@test "an address with 64 requests at the API waits, others do not" {
	HELD=()
	[ "$(health_from 127.0.0.1)" = 200 ]
	hold_requests 64
	wait_for 5 health_is 429
	run public_get "$API_URL/healthz" -i --interface 127.0.0.1
	[[ "$output" == *'"error_message"'* ]]
	[[ "${output,,}" == *$'\nretry-after: '[0-9]* ]]
	[ "$(health_from 127.0.0.2)" = 200 ]
	[ "$(curl -s -o /dev/null -w '%{http_code}' "http://$SERVICE_API/healthz")" = 200 ]
	release_requests
	wait_for 5 health_is 200
}

no_more_fit() {
	[ "$(health_from 127.0.0.1)" = 000 ]
}

@test "an address has so many connections to all ports together, others have theirs" {
	account_make alice
	socket_make tcp '"socket_type": "tcp"'
	socat TCP-LISTEN:9001,bind=127.0.0.1,fork,reuseaddr,backlog=64 EXEC:cat </dev/null >/dev/null 2>&1 3>&- 4>&- &
	wait_for 10 listening 9001
	tunnel_up tcp 9001
	HELD=()
	hold_connections 80 60
	[ "$(health_from 127.0.0.1)" = 200 ]
	hold_connections "${URL##*:}" 40
	wait_for 5 no_more_fit
	[ "$(health_from 127.0.0.2)" = 200 ]
	release_requests
	wait_for 5 health_is 200
	tunnel_down tcp
	kill %1
}
