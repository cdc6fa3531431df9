# SPDX-License-Identifier: ISC
# mysocketctl service: the user unit, with a real systemd of the user where one can be had, and without.

load service
load ctl

setup_file() {
	ctl_service
	mkdir -p "$HOME/.config/mysocket"
	printf '[web]\nport = 8000\n' >"$HOME/.config/mysocket/up.conf"
	UNIT="$HOME/.config/systemd/user/mysocket@up.service"
	export UNIT
}

teardown_file() {
	manager_down
	ctl_service_end
}

teardown() {
	ctl_test_end
	manager_down
}

# ---- a systemd of the user, in a control group of its own --------------------------------------------------------
manager_up() {
	local groups="$BATS_TEST_TMPDIR/groups"
	export XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR/runtime"
	[ -x /usr/lib/systemd/systemd ] || skip "systemd is not installed"
	mkdir -p /run/systemd/system "$groups"
	install -d -m 0700 "$XDG_RUNTIME_DIR"
	mount -t cgroup2 none "$groups" 2>/dev/null || skip "control groups cannot be had here"
	MANAGER_GROUP="$groups/mysocket-test.$$"
	mkdir "$MANAGER_GROUP" 2>/dev/null || skip "no control group can be made here"
	# It sees its own group as the root.
	bash -c 'echo $$ >"$1/cgroup.procs" && exec unshare --mount --cgroup bash -c "
			umount -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup && exec /usr/lib/systemd/systemd --user"' \
		- "$MANAGER_GROUP" </dev/null >"$BATS_TEST_TMPDIR/systemd" 2>&1 3>&- 4>&- &
	wait_for 10 systemctl --user show-environment >/dev/null 2>&1 ||
		skip "systemd does not run here: $(tail -n 1 "$BATS_TEST_TMPDIR/systemd")"
}

manager_down() {
	local pid
	[ -n "${MANAGER_GROUP-}" ] || return 0
	while read -r pid; do kill -9 "$pid" 2>/dev/null || true; done \
		< <(find "$MANAGER_GROUP" -name cgroup.procs -exec cat {} + 2>/dev/null)
	wait_for 5 group_is_gone
	umount "$(dirname "$MANAGER_GROUP")"
	unset MANAGER_GROUP
}

group_is_gone() {
	find "$MANAGER_GROUP" -depth -type d -exec rmdir {} + 2>/dev/null
	[ ! -e "$MANAGER_GROUP" ]
}

unit_is() { # property, value
	[ "$(systemctl --user show -P "$1" mysocket@up.service)" = "$2" ]
}

@test "the units are what systemd takes: the package's, and the one that install writes" {
	command -v systemd-analyze >/dev/null || skip "systemd is not installed"
	export XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR"
	systemd-analyze --user --man=no verify /usr/lib/systemd/user/mysocket@.service
	mysocketctl service install >/dev/null
	run systemd-analyze --user --man=no verify "$UNIT"
	[ "$status" = 0 ]
	[ -z "$output" ]
	mysocketctl service remove >/dev/null
}

@test "without a systemd of the user: the unit is written and enabled, and it says what to run" {
	run mysocketctl service install
	[ "$status" = 0 ]
	[[ "$output" == "Wrote $UNIT"*"systemctl --user daemon-reload"*"systemctl --user restart mysocket@up.service"* ]]
	[[ "$output" == *"loginctl enable-linger"*"journalctl --user -fu mysocket@up.service"* ]]
	grep -q "^ExecStart=\"$(command -v mysocketctl)\" up \"$HOME/.config/mysocket/up.conf\"\$" "$UNIT"
	grep -q "^Environment=\"MYSOCKET_API=$MYSOCKET_API\"\$" "$UNIT"
	[ "$(readlink -f "$HOME/.config/systemd/user/default.target.wants/mysocket@up.service")" = "$UNIT" ]
	run mysocketctl service install --json
	[ "$(jq -r '"\(.unit) \(.changed) \(.started)"' <<<"$output")" = 'mysocket@up.service false false' ]
	run mysocketctl service remove
	[ "$status" = 0 ]
	[[ "$output" == "Removed $UNIT"*"systemctl --user stop mysocket@up.service"* ]]
	[ ! -e "$UNIT" ]
	[ ! -L "$HOME/.config/systemd/user/default.target.wants/mysocket@up.service" ]
	run mysocketctl service remove
	[ "$status" = 0 ]
	[[ "$output" == "Nothing to remove"* ]]
	[ "$(mysocketctl service remove --json | jq -r .removed)" = false ]
}

@test "install refuses what would fail later, and writes nothing" {
	run mysocketctl service install other
	[ "$status" = 1 ]
	[[ "$output" == *"there is no file '$HOME/.config/mysocket/other.conf'"* ]]
	printf '[web]\nprot = 1\n' >"$HOME/.config/mysocket/bad.conf"
	run mysocketctl service install bad
	[ "$status" = 1 ]
	[[ "$output" == *"bad.conf:2: unknown setting 'prot'"* ]]
	run mysocketctl service install ../up
	[ "$status" = 2 ]
	run mysocketctl service install one two
	[ "$status" = 2 ]
	[ ! -e "$HOME/.config/systemd/user/mysocket@bad.service" ]
}

@test "systemd runs it: active when traffic flows, its status, a killed one is back, and remove ends it" {
	manager_up
	mkdir -p "$UNIT.d" # half a minute is too long for a test
	printf '[Service]\nRestartSec=1\n' >"$UNIT.d/soon.conf"
	run mysocketctl service install
	[ "$status" = 0 ]
	[[ "$output" == *"Started mysocket@up.service"* ]]
	wait_for 20 unit_is ActiveState active || { systemctl --user status mysocket@up.service; false; }
	url=$(mysocketctl status --json | jq -r '.[0].tunnels[0].url')
	host=${url#*://}
	echo "127.0.0.1 ${host%%[:/]*}" >>/etc/hosts
	[ "$(public_get "$url/page.txt")" = 'the bytes of the origin' ]
	unit_is StatusText '1 of 1 connected'
	kill -9 "$(systemctl --user show -P MainPID mysocket@up.service)"
	wait_for 30 unit_is NRestarts 1
	wait_for 20 unit_is ActiveState active
	[ "$(public_get "$url/page.txt")" = 'the bytes of the origin' ]
	run mysocketctl service install
	[[ "$output" == "Is up to date: $UNIT"* ]]
	unit_is NRestarts 1
	run mysocketctl service remove
	[ "$status" = 0 ]
	[[ "$output" == "Removed $UNIT"*"stay." ]]
	[ "$(mysocketctl status --json | jq length)" = 0 ]
	[ "$(mysocketctl socket ls --json | jq -r '.[].name')" = web ]
}
