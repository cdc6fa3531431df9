# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Measuring: load, login, memory, and the table. Figures of one kind are kept in files below $WORK/figures, a line for
# each round. Sourced by `inside`, after rivals.bash.
#
# load NAME URL        requests/s to NAME.rps, the 99th percentile in ms to NAME.p99, and to NAME.cpu the processor
#                      time in us that each request took, of all programs but wrk; fails if a request failed
# bulk NAME URL        MB/s to NAME.bulk
# login NAME PORT HOST COMMAND...  ms from starting COMMAND, which starts a tunnel NAME, to the first answer: NAME.login
# startup NAME COMMAND...  ms that it takes from its start to its end, to NAME.startup
# private_kib PID...   private memory, in KiB
# dirty_kib PID...     the part of it that the processes wrote: what others map from files does not change it
# descriptors PID      how many it has
# below PID            the process ids of its descendants
# median NAME          of what was noted
# row LABEL DIRECT BARE OURS   a line of the table; '' where there is none; the ratio is OURS / BARE

note() { # name value
	echo "$2" >>"$WORK/figures/$1"
}

median() { # name
	sort -n "$WORK/figures/$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# Of all processes of this namespace, in us, except for those that have ended.
processor_time() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v hz="$(getconf CLK_TCK)" '
		{ sub(/.*\) /, ""); ticks += $12 + $13 }
		END { printf "%.0f", ticks * 1e6 / hz }'
}

load() { # name url
	local before
	before=$(processor_time)
	if ! timeout 30 wrk -t 2 -c 32 -d "${BENCH_SECONDS-3}s" --latency "$2" >"$WORK/wrk" 2>&1 ||
		grep -q 'Non-2xx\|Socket errors' "$WORK/wrk"; then
		cat "$WORK/wrk" >&2
		die "requests failed: $1"
	fi
	note "$1.cpu" "$(awk -v us=$(($(processor_time) - before)) '/ requests in / { print us / $1 }' "$WORK/wrk")"
	note "$1.rps" "$(awk '/^Requests\/sec/ { print $2 }' "$WORK/wrk")"
	note "$1.p99" "$(awk '$1 == "99%" { print $2 * ($2 ~ /us$/ ? 0.001 : $2 ~ /ms$/ ? 1 : 1000) }' "$WORK/wrk")"
}

bulk() { # name url
	note "$1.bulk" "$(curl -sf --max-time 30 -o /dev/null -w '%{speed_download}\n' "$2" | awk '{ print $1 / 1e6 }')"
}

login() { # name port host command...
	local name=$1 port=$2 host=$3 begin
	shift 3
	wait_for 10 eval "! got $port $host" || die "the last tunnel '$name' stays"
	begin=${EPOCHREALTIME/[.,]/}
	"$@"
	until got "$port" "$host"; do
		[ $((${EPOCHREALTIME/[.,]/} - begin)) -lt 10000000 ] || die "no tunnel '$name' within 10 s"
		read -r -t 0.002 <>"$WORK/pause" || true
	done
	note "$name.login" $(((${EPOCHREALTIME/[.,]/} - begin) / 1000))
	tunnel_end "$name"
}

startup() { # name command...
	local begin=${EPOCHREALTIME/[.,]/} name=$1 i
	shift
	for ((i = 0; i < 100; i++)); do
		"$@" >"$WORK/startup" 2>&1
	done
	note "$name.startup" "$(awk -v us=$((${EPOCHREALTIME/[.,]/} - begin)) 'BEGIN { print us / 100000 }')"
}

private_kib() { # pid...
	smaps_sum '^Private_(Clean|Dirty)' "$@"
}

dirty_kib() { # pid...
	smaps_sum '^Private_Dirty' "$@"
}

smaps_sum() { # pattern pid...
	local pid
	for pid in "${@:2}"; do
		cat "/proc/$pid/smaps_rollup" 2>/dev/null || true
	done | awk -v pattern="$1" '$1 ~ pattern { sum += $2 } END { print sum + 0 }'
}

descriptors() { # pid
	find "/proc/$1/fd" -mindepth 1 | wc -l
}

below() { # pid
	local pid
	for pid in $(pgrep -P "$1"); do
		echo "$pid"
		below "$pid"
	done
}

row() { # label direct bare ours
	awk -v label="$1" -v direct="$2" -v bare="$3" -v ours="$4" '
		function figure(v) { return v == "" ? "" : sprintf(v < 20 && v != int(v) ? "%.2f" : "%.0f", v) }
		BEGIN { printf "%-48s %9s %9s %9s %7s\n", label, figure(direct), figure(bare), figure(ours),
			(bare + 0 && ours != "" ? sprintf("%.2f", ours / bare) : "") }'
}
