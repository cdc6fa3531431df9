# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests that let hours pass in seconds, by libfaketime, which makes a program's clock and the time that
# it waits run faster; the kernel's own timers, of TCP for one, it leaves alone. Loaded after service.bash.
#
# clock_up PROGRAM...  starts these programs of the service anew, with a clock that can be made faster
# clock_rate N         from now on their time passes N times as fast; within a second
# fast CMD...          runs a command, or starts it, with that clock too

clock_up() { # program...
	local library
	library=$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)
	[ -e "$library" ] || { echo "there is no libfaketime: scripts/packages test" >&2; return 1; }
	mount -t tmpfs tmpfs /dev/shm # where it leaves files
	CLOCK="$BATS_FILE_TMPDIR/clock"
	# The C library's allocator: jemalloc, HAProxy's, asks for the time before libfaketime can tell it, and hangs.
	CLOCK_ENV=(LD_PRELOAD="$library libc.so.6" FAKETIME_TIMESTAMP_FILE="$CLOCK" FAKETIME_CACHE_DURATION=1 FAKETIME_XRESET=1)
	clock_rate 1
	eval "usual_$(declare -f service_command)"
	# shellcheck disable=SC2317 # service_start calls it
	service_command() {
		usual_service_command "$1"
		command=(env "${CLOCK_ENV[@]}" "${command[@]}")
	}
	service_stop "$@"
	service_start "$@"
}

clock_rate() { # n
	echo "+0 x$1" >"$CLOCK.new"
	mv "$CLOCK.new" "$CLOCK" # whoever reads it reads all of it
}

fast() { # command...
	local variable
	(
		for variable in "${CLOCK_ENV[@]}"; do
			export "${variable?}"
		done
		"$@"
	)
}
