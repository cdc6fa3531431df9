# SPDX-License-Identifier: ISC
# bats file_tags=timed
# Tunnels do not take the kept connections of each other: all of them share one server of HAProxy and its pool.

load service

setup_file() {
	service_up
	account_make alice
	origin_keeping 8001
}

teardown_file() {
	service_down
}

# An origin that keeps its connections.
origin_keeping() { # port
	cat >"$BATS_FILE_TMPDIR/origin.cfg" <<-TEXT
		defaults
			mode http
			timeout client 60s
		frontend origin
			bind 127.0.0.1:$1
			http-request return status 200 content-type text/plain string hello
	TEXT
	haproxy -db -f "$BATS_FILE_TMPDIR/origin.cfg" </dev/null >/dev/null 2>&1 3>&- &
	wait_for 10 listening "$1"
}

# One second of 20 visitors at once, who keep their connections; prints how many requests it were.
visitors() { # name
	wrk -t 1 -c 20 -d 1s "http://$1/" | awk '/requests in/ { print $1 }'
}

# How many connections to relays were opened since the edge began.
connects() {
	echo "show stat" | socat - unix:/run/mysocket/edge.sock | awk -F , '
		/^# / { for (i = 1; i <= NF; i++) column[$i] = i }
		$1 == "relay" && $2 == "relay" { print $column["connect"] }'
}

@test "a tunnel's connections are kept while another one has kept its own" {
	local first=0 requests
	for tag in one two; do
		socket_make "$tag"
		tunnel_up "$tag" 8001
		first=$(connects)
		requests=$(visitors "$DNSNAME")
	done
	echo "$requests requests, $(($(connects) - first)) connections"
	[ "$requests" -gt 100 ]
	[ $((($(connects) - first) * 20)) -lt "$requests" ]
}
