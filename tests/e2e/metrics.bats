# SPDX-License-Identifier: ISC
# What an operator's Prometheus is told by mysocket-node, mysocket-api and HAProxy, on this host alone.

load service

NODE_METRICS=http://127.0.0.1:7081/metrics
API_METRICS=http://127.0.0.1:7080/metrics
EDGE_METRICS=http://127.0.0.1:7082/metrics

setup_file() {
	service_up "hold_seconds = 2"
	account_make alice
	mkdir -p "$BATS_FILE_TMPDIR/www"
	echo hello >"$BATS_FILE_TMPDIR/www/index.html"
	origin_up 8000 "$BATS_FILE_TMPDIR/www"
	socket_make web
}

teardown_file() {
	service_down
}

# Holds a page of metrics to the text format: a family's help and type come first and once, its samples follow, none
# twice; names, labels and values look as they must; a histogram's buckets end with +Inf.
is_well_formed() { # file
	awk '
		function bad(why) { print FILENAME ":" FNR ": " why ": " $0; failed = 1 }
		BEGIN { name = "[a-zA-Z_:][a-zA-Z0-9_:]*"; label = "[a-zA-Z_][a-zA-Z0-9_]*=\"[^\"]*\"" }
		/^# HELP / { if (help[$3]++) bad("a second help"); family = $3; typed = ""; next }
		/^# TYPE / {
			if ($3 != family) bad("no help before")
			if ($4 !~ /^(counter|gauge|histogram)$/) bad("no such type")
			if ($4 == "counter" && $3 !~ /_total$/) bad("a counter ends in _total")
			typed = $4; next
		}
		{
			if ($0 !~ "^" name "({" label "(," label ")*,?})? (-?[0-9]+([.][0-9]+)?(e[+-][0-9]+)?|NaN|[+]Inf)$") bad("no sample")
			key = $0; sub(/ [^ ]*$/, "", key)
			if (seen[key]++) bad("twice")
			of = key; sub(/{.*/, "", of)
			if (typed == "histogram") sub(/_(bucket|sum|count)$/, "", of)
			if (of != family || typed == "") bad("not of the family before")
			if (key ~ /_bucket{le="[+]Inf"}$/) inf[of] = $NF
			if (typed == "histogram" && key ~ /_count$/ && inf[of] != $NF) bad("+Inf is not the count")
			samples++
		}
		END { exit failed || !samples }' "$1"
}

# One sample of a page; its name with labels, as it is there.
value() { # url sample
	curl -sf "$1" | awk -v sample="$2" 'index($0, sample " ") == 1 { print $NF }'
}

node_says() { # sample value
	[ "$(value "$NODE_METRICS" "mysocket_node_$1")" = "$2" ]
}

@test "the pages of node and API hold to Prometheus' text format" {
	for url in "$NODE_METRICS" "$API_METRICS"; do
		curl -sfi "$url" | tr -d '\r' >"$BATS_TEST_TMPDIR/page"
		grep -qi '^content-type: text/plain; version=0.0.4' "$BATS_TEST_TMPDIR/page"
		sed '1,/^$/d' "$BATS_TEST_TMPDIR/page" >"$BATS_TEST_TMPDIR/body"
		is_well_formed "$BATS_TEST_TMPDIR/body"
	done
}

@test "the node counts sessions, takeovers, holds, refusals and the log" {
	local before
	before=$(value "$NODE_METRICS" mysocket_node_takeovers_total)
	node_says sessions 0
	tunnel_up one 8000
	node_says sessions 1
	node_says tunnels 1
	node_says routes 1
	node_says 'listeners{role="current"}' 1
	node_says edge_ready 1
	node_says feed_lag_seconds 0.000000
	tunnel_up two 8000
	node_says takeovers_total $((before + 1))
	node_says 'listeners{role="standby"}' 1
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
	wait_for 5 node_says log_records_total 1
	node_says 'broker_refusals_total{reason="port"}' 0
	node_says 'logins_denied_total{code="limit"}' 0
	tunnel_down two
	tunnel_down one
	wait_for 5 node_says holds_total 1
	wait_for 5 node_says sessions 0
	wait_for 5 node_says routes 0
}

# Lines of requests that the session shows, and those of which it says that they are left out.
accounted() { # tag
	awk '/GET +\/slow/ { n++ } match($0, /[0-9]+ lines not shown/) { n += substr($0, RSTART) } END { print n + 0 }' \
		"$(tunnel_out "$1")"
}

@test "log lines that a session is too slow to take are counted, and it says how many" {
	local dropped before session asked=0
	tunnel_up slow 8000
	session=$(pgrep -n -x mysocket-sessio)
	before=$(value "$NODE_METRICS" mysocket_node_log_lines_dropped_total)
	kill -STOP "$session"
	while node_says log_lines_dropped_total "$before" && [ "$asked" -lt 4000 ]; do
		public_get "http://$DNSNAME/slow?[1-200]" -o /dev/null
		asked=$((asked + 200))
	done
	kill -CONT "$session"
	wait_for 10 eval '[ "$(accounted slow)" = "$asked" ]' || { echo "$(accounted slow) of $asked"; tail "$(tunnel_out slow)"; return 1; }
	dropped=$(($(value "$NODE_METRICS" mysocket_node_log_lines_dropped_total) - before))
	echo "$dropped of $asked"
	[ "$dropped" -gt 0 ]
	[ "$(grep -c 'GET */slow' "$(tunnel_out slow)")" = $((asked - dropped)) ]
	tunnel_down slow
}

control() { # ssh's words to the tunnel that is up...
	ssh -F /dev/null -o ControlPath="$BATS_TEST_TMPDIR/control" "$@" "ssh.$DOMAIN"
}

@test "binds that the broker refuses are counted by reason: one port twice, and one of a socket that was deleted" {
	local port id in_use of_others
	in_use=$(value "$NODE_METRICS" 'mysocket_node_broker_refusals_total{reason="in_use"}')
	of_others=$(value "$NODE_METRICS" 'mysocket_node_broker_refusals_total{reason="port"}')
	socket_make gone
	port=$RELAY id=$SOCKET_ID
	socket_make kept
	tunnel_up kept 8000 -M -o ControlPath="$BATS_TEST_TMPDIR/control" -R "$port:127.0.0.1:8000"
	refute control -O forward -R "$RELAY:127.0.0.1:8001"
	wait_for 5 node_says 'broker_refusals_total{reason="in_use"}' $((in_use + 1))
	node_says 'broker_refusals_total{reason="port"}' "$of_others"
	# sshd's list of the session's ports is as old as its login.
	api DELETE "/socket/$id"
	wait_for 5 grep -q deleted "$(tunnel_out kept)"
	refute control -O forward -R "$port:127.0.0.1:8001"
	wait_for 5 node_says 'broker_refusals_total{reason="port"}' $((of_others + 1))
	node_says 'broker_refusals_total{reason="in_use"}' $((in_use + 1))
	[ "$(public_status "http://$DNSNAME/")" = 200 ]
	tunnel_down kept
}

@test "the node shows that HAProxy was reloaded, and that the API is away" {
	local before
	before=$(value "$NODE_METRICS" mysocket_node_edge_connections_total)
	kill -USR2 "$(service_pid edge)"
	wait_for 10 eval '[ "$(value "$NODE_METRICS" mysocket_node_edge_connections_total)" -gt "$before" ]'
	wait_for 5 node_says edge_ready 1
	service_stop api
	wait_for 10 eval 'refute node_says feed_lag_seconds 0.000000'
	service_start api
	wait_for 20 node_says feed_lag_seconds 0.000000
}

@test "the API counts requests by route and status, and knows the size of its database" {
	local route='mysocket_api_requests_total{method="GET",route="/socket/:uuid",status="404"}' before
	before=$(value "$API_METRICS" "$route")
	run api GET /socket/00000000-0000-4000-8000-000000000000
	[ "$(value "$API_METRICS" "$route")" = $((${before:-0} + 1)) ]
	[ "$(value "$API_METRICS" mysocket_api_database_bytes)" -gt 4096 ]
	[ "$(value "$API_METRICS" mysocket_api_request_seconds_count)" -gt 0 ]
}

@test "HAProxy has its own metrics" {
	[ "$(value "$EDGE_METRICS" 'haproxy_frontend_status{proxy="web",state="UP"}')" = 1 ]
	[ "$(curl -so /dev/null -w '%{http_code}' "${EDGE_METRICS%/metrics}/")" = 404 ]
}

@test "no metrics are to be had through the public edge" {
	for path in /metrics //metrics /METRICS /%6detrics /x/../metrics /api/v1/metrics /metrics/; do
		[ "$(public_status "$API_URL$path" --path-as-is)" = 404 ]
		[ "$(public_status "http://api.$DOMAIN$path" --path-as-is -H 'X-Forwarded-For: 127.0.0.1')" = 404 ]
	done
	for path in /metrics /edge/unavailable; do
		[ "$(curl -s -o /dev/null -w '%{http_code}' -H 'X-Forwarded-For: 127.0.0.1' "${API_METRICS%/metrics}$path")" = 404 ]
	done
}
