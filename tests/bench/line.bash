# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Puts a client into a network namespace of its own, far away. Sourced by `tunnels`, after tests/e2e/service.bash.
#
# network_up           the namespace, and two ways to it: a pair of devices without any delay, and the line (link.c)
# in_client CMD...     runs a command there; in the background, that is its own process: "${IN_CLIENT[@]}" CMD... &
# way NETWORK MS       from now on the client reaches the service this way, with this delay each way
# line COMMAND         to link.c: drop, pass

NEAR=10.9.1 FAR=10.9.0

in_client() {
	"${IN_CLIENT[@]}" "$@"
}

network_up() {
	unshare --net sleep infinity &
	CLIENT=$!
	IN_CLIENT=(nsenter --net="/proc/$CLIENT/ns/net")
	wait_for 5 eval "[ \$(readlink /proc/$CLIENT/ns/net) != \$(readlink /proc/self/ns/net) ]"
	# shellcheck disable=SC2154 # here: of who sources this
	"${CC-cc}" -D_GNU_SOURCE -std=gnu17 -O2 -I"$here/../.." -o "$WORK/link" "$here/link.c"
	mkfifo "$WORK/commands"
	"$WORK/link" "/proc/$CLIENT/ns/net" <"$WORK/commands" &
	exec 7>"$WORK/commands"
	wait_for 5 in_client ip link show line >/dev/null 2>&1
	ip link add near type veth peer name near netns "$CLIENT"
	in_client ip link set lo up
	device_up "$NEAR" near 1500
	device_up "$FAR" line 9000
}

# With room for a window of data: nothing is lost.
device_up() { # network device mtu
	ip addr add "$1.1/24" dev "$2"
	ip link set "$2" mtu "$3" txqueuelen 20000 up
	in_client ip addr add "$1.2/24" dev "$2"
	in_client ip link set "$2" mtu "$3" txqueuelen 20000 up
}

# The client's way to the service. ssh looks the name up at each connection.
way() { # network, delay one way in ms
	sed "/ ssh.$DOMAIN /d" /etc/hosts >"$WORK/hosts"
	echo "$1.1 ssh.$DOMAIN api.$DOMAIN" >>"$WORK/hosts"
	cat "$WORK/hosts" >/etc/hosts
	line "delay $2"
}

line() { # command
	echo "$1" >&7
}
