#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# mysocketctl: how the edge is to serve a socket, at its making and while it is live.
# shellcheck disable=SC2153 # ctl_up sets NAME

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

make() { # option...
	output=$(mysocketctl socket create --name mine --json "$@") || return 1
	ID=$(jq -r .socket_id <<<"$output")
}

has() { # jq filter
	jq -e "$1" <<<"$output" >/dev/null || { echo "$output"; return 1; }
}

@test "socket create: every setting reaches the service" {
	make --sticky --proxy-protocol --allow 192.0.2.0/24,2001:db8::/32 --allow 198.51.100.7 --deny 192.0.2.9 \
		--host-header app.local --add-header 'X-Key:  a: b ' --add-header 'X-Two: 2' --remove-header Cookie,DNT \
		--rate-limit 50
	has '.sticky and .proxy_protocol and .rate_limit == 50 and .host_header == "app.local"'
	has '.allowed_networks == ["192.0.2.0/24", "2001:db8::/32", "198.51.100.7/32"] and .denied_networks == ["192.0.2.9/32"]'
	has '.add_request_headers == [{"name": "X-Key", "value": "a: b"}, {"name": "X-Two", "value": "2"}]'
	has '.remove_request_headers == ["Cookie", "DNT"]'
}

@test "socket show prints what is set, and nothing that is not" {
	make --deny 10.0.0.0/8 --deny ::/0 --add-header 'X-Key: secret'
	run mysocketctl socket show --socket_id "$ID"
	[ "$status" = 0 ]
	[[ "$output" == *"| denied_networks "*"| 10.0.0.0/8, ::/0 "* ]]
	[[ "$output" == *"| add_request_headers | X-Key: secret "* ]]
	[[ "$output" != *sticky* ]]
	[[ "$output" != *rate_limit* ]]
}

@test "socket set changes what is given and keeps the rest" {
	make --sticky --deny 10.0.0.0/8 --rate-limit 5 --add-header 'A: b'
	run mysocketctl socket set --socket_id "$ID" --rate-limit 0 --host-header app.local --name renamed
	[ "$status" = 0 ]
	[[ "$output" == *"| name "*"| renamed "* ]]
	[[ "$output" == *"| host_header "*"| app.local "* ]]
	[[ "$output" != *rate_limit* ]]
	output=$(mysocketctl socket set --socket_id "$ID" --no-sticky --deny none --add-header none --host-header none --json)
	has '(.sticky | not) and .denied_networks == [] and .add_request_headers == [] and .host_header == ""'
	output=$(mysocketctl socket set --socket_id "$ID" --proxy-protocol --json)
	has .proxy_protocol
	output=$(mysocketctl socket set --socket_id "$ID" --no-proxy-protocol --json)
	has '.proxy_protocol | not'
}

@test "an empty value changes nothing: a variable that was never set must not open a socket" {
	local option
	make --allow 192.0.2.0/24
	for option in --allow --deny --add-header --remove-header --host-header --subdomain; do
		run mysocketctl socket set --socket_id "$ID" "$option" ' '
		[ "$status" = 2 ]
		[[ "$output" == *"option '$option' is empty; to take away what is set, give 'none'"* ]]
	done
	output=$(mysocketctl socket show --socket_id "$ID" --json)
	has '.allowed_networks == ["192.0.2.0/24"]'
}

@test "a socket is found by id, by name, by public name and by its first part" {
	local name
	make --subdomain found-by-name
	mysocketctl socket set --socket_id "$ID" --name 'the one'
	for name in 'the one' found-by-name "found-by-name.$DOMAIN" FOUND-BY-NAME; do
		output=$(mysocketctl socket set --socket_id "$name" --rate-limit 9 --json)
		has ".socket_id == \"$ID\""
	done
	run mysocketctl socket set --socket_id nothing --sticky
	[ "$status" = 1 ]
	[[ "$output" == *"you have no socket 'nothing': 'mysocketctl socket ls' lists them"* ]]
	make
	make
	run mysocketctl socket set --socket_id mine --sticky
	[ "$status" = 1 ]
	[[ "$output" == *"of your sockets are called 'mine': give the id"* ]]
}

@test "a name of one's choice can be had once" {
	make --subdomain my-very-own
	[ "$(jq -r .dnsname <<<"$output")" = "my-very-own.$DOMAIN" ]
	run mysocketctl socket create --name other --subdomain my-very-own
	[ "$status" = 1 ]
	[[ "$output" == *"the name 'my-very-own' is taken: choose another one"* ]]
	run mysocketctl socket create --name other --subdomain admin
	[ "$status" = 1 ]
	[[ "$output" == *"keeps for itself"* ]]
}

@test "what is wrong is said, with the remedy" {
	make
	run mysocketctl socket set --socket_id "$ID"
	[ "$status" = 2 ]
	[[ "$output" == *"there is nothing to change"* ]]
	run mysocketctl socket set --socket_id "$ID" --sticky --no-sticky
	[ "$status" = 2 ]
	[[ "$output" == *"--sticky and --no-sticky exclude each other"* ]]
	run mysocketctl socket set --socket_id "$ID" --rate-limit many
	[ "$status" = 2 ]
	[[ "$output" == *"'--rate-limit' must be a number from 0 to 100000, not 'many'"* ]]
	run mysocketctl socket set --socket_id "$ID" --add-header X-Key
	[ "$status" = 2 ]
	[[ "$output" == *"--add-header 'Name: value', not 'X-Key'"* ]]
	run mysocketctl socket set --socket_id "$ID" --deny 10.0.0.5/8
	[ "$status" = 1 ]
	[[ "$output" == *"'deny': "*"did you mean 10.0.0.0/8?"* ]]
	refute grep -q field <<<"$output" # the API's word
	run mysocketctl socket create --name x --type tcp --sticky
	[ "$status" = 1 ]
	[[ "$output" == *"'sticky': only http and https sockets can have it"* ]]
}

public_is() { # name status
	[ "$(curl -s -o /dev/null -w '%{http_code}' --max-time 60 -H "Host: $1" http://127.0.0.1/page.txt)" = "$2" ]
}

@test "a live socket's name can be changed: visitors come by the new one, and not by the old one" {
	local pid
	ctl_up connect --port 8000 --subdomain first-name
	pid=$(ctl_ssh)
	wait_for 5 public_is "first-name.$DOMAIN" 200
	mysocketctl socket set --socket_id first-name --subdomain second-name
	wait_for 5 public_is "second-name.$DOMAIN" 200
	wait_for 5 public_is "first-name.$DOMAIN" 404
	[ "$(ctl_ssh)" = "$pid" ]
}

@test "connect takes the same options, and a live socket changes without a new login" {
	local pid
	ctl_up connect --port 8000 --subdomain live-one --sticky
	[ "$NAME" = "live-one.$DOMAIN" ]
	pid=$(ctl_ssh)
	run mysocketctl socket set --socket_id live-one --deny 203.0.113.0/24
	[ "$status" = 0 ]
	[[ "$output" == *"| sticky "*"| yes "* ]]
	[[ "$output" == *"| denied_networks "*"| 203.0.113.0/24 "* ]]
	[ "$(ctl_ssh)" = "$pid" ]
	kill -TERM "$CTL"
	ctl_end || true
}
