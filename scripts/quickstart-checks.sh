# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# shellcheck disable=SC2154 # the variables of its reader
# Sourced by quickstart: what must be so before anything is started. Whatever stands in the way is said in one line,
# with the remedy.

# Labels of letters, digits and inner dashes (RFC 1123 2.1), with room before them for a public name of the longest.
check_domain() {
	local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
	[[ "$1" =~ ^($label\.)+[a-z]($label)?$ && "${1##*.}" =~ ^.{1,63}$ && ${#1} -le 189 ]] ||
		bad_usage "--domain takes a name such as example.net"
}

# make, mount's options and the settings for another shell all take the path as it stands.
check_path() { # path as given, and resolved
	[[ "$1" = /* && "$2" =~ ^/[A-Za-z0-9._/-]+$ ]] ||
		bad_usage "--state takes an absolute path of letters, digits and . _ / - alone"
	[[ ! "$2/" =~ ^/(run|etc|usr)/ ]] || bad_usage "--state takes a path that is not below /run, /etc or /usr"
}

# Of two that overlap, one could not start, or the service would publish itself.
check_overlaps() {
	local option first last options=() firsts=() lasts=() i published=$mode
	[ "$mode" != server ] || published=''
	while read -r option first last && [ -n "$option" ]; do
		for i in "${!options[@]}"; do
			[ "$first" -gt "${lasts[i]}" ] || [ "$last" -lt "${firsts[i]}" ] ||
				bad_usage "$option ($(range "$first" "$last")) and ${options[i]}" \
					"($(range "${firsts[i]}" "${lasts[i]}")) overlap: choose another port for one of them"
		done
		options+=("$option") firsts+=("$first") lasts+=("$last")
	done <<-PORTS
		--http-port $http $http
		--https-port $https $https
		--ssh-port $ssh $ssh
		--tcp-port $tcp $((tcp + 31))
		${published:+--port $port $port}
	PORTS
}

range() { # first last
	[ "$1" = "$2" ] && echo "$1" || echo "$1 to $2"
}

# Capabilities, by their numbers in linux/capability.h, that root may lack in a container: for the namespaces and
# mounts (SYS_ADMIN), for sshd (SYS_CHROOT), for mysocket-node (SYS_PTRACE, KILL), for users and files of their own.
NEEDED='0:CHOWN 1:DAC_OVERRIDE 3:FOWNER 5:KILL 6:SETGID 7:SETUID 18:SYS_CHROOT 19:SYS_PTRACE 21:SYS_ADMIN'

missing_rights() {
	local has word
	has=$((16#$(awk '/^CapEff:/ { print $2 }' /proc/self/status)))
	for word in $NEEDED; do
		((has >> ${word%%:*} & 1)) || printf ' CAP_%s' "${word#*:}"
	done
}

# In a user namespace of one id (unshare -r) there are no others to give files and programs to. One that has the ids
# of all system users (a container of LXC or of rootless podman) will do.
enough_ids() {
	local map
	for map in /proc/self/uid_map /proc/self/gid_map; do
		awk '{ ids += $3 } END { exit ids < 1000 }' "$map" || return 1
	done
}

check_machine() {
	local release lacks place='use a machine of its own, or a container with'
	[ "$(id -u)" = 0 ] || die "needs root, for private namespaces and an sshd: run it with sudo"
	release=$(uname -r)
	if [ "$(printf '5.9\n%s\n' "$release" | sort -V | head -n 1)" != 5.9 ] ||
		! grep -qs user_notif /proc/sys/kernel/seccomp/actions_avail; then
		die "Linux $release lacks seccomp user notification: boot Linux 5.9 or newer"
	fi
	enough_ids || die "root of a user namespace without the ids of other users: leave it, and run this with sudo"
	lacks=$(missing_rights)
	case "$lacks" in
	'') ;;
	*SYS_ADMIN*) die "root lacks$lacks here: $place docker run --privileged" ;; # for mounts AppArmor must step aside too
	*) die "root lacks$lacks here: $place docker run${lacks// CAP_/ --cap-add } (or --privileged)" ;;
	esac
	unshare --mount --pid --fork true 2>/dev/null ||
		die "private namespaces are not allowed here: $place docker run --privileged"
}

check_free() { # option port
	! listening "$2" || die "port $2 is in use: choose another one with $1"
}

check_ports_free() {
	check_free --http-port "$http"
	check_free --https-port "$https"
	check_free --ssh-port "$ssh"
	! listening "$tcp-$((tcp + 31))" ||
		die "one of the ports $tcp to $((tcp + 31)) is in use: choose 32 others with --tcp-port"
}

# Only root may change what lies on the way to the state folder: programs run from there. What is in it is ours to
# replace: a folder that somebody else uses is not taken. Nothing is made before all is well.
check_state() {
	local path=$state
	[ ! -d "$state" ] || [ -e "$state/.mysocket-quickstart" ] || [ -z "$(ls -A "$state")" ] ||
		die "'$state' is not empty, and no quickstart made it: choose a new folder with --state"
	while :; do
		[ ! -e "$path" ] || [ -n "$(find "$path" -maxdepth 0 -uid 0 \( ! -perm /022 -o -perm -1000 \))" ] ||
			die "others can write to '$path': choose a folder of root with --state"
		[ "$path" != / ] || break
		path=$(dirname "$path")
	done
}
