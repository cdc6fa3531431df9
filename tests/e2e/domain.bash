# shellcheck shell=bash
# SPDX-License-Identifier: ISC
# Helpers of the tests of users' own host names with a whole service, which is told "dns_server = 127.0.0.1:5353"; loaded
# after service.bash.
#
# zone_up, zone_down                      a name server that says what the file $ZONE does (dns.py)
# certificate FILE NAME                   makes FILE.crt and FILE.key
# shown HOST [PORT]                       prints which certificate visitors by https are shown, or those of that port
# shows HOST FINGERPRINT [PORT]           is it that one?
# shows_certificate HOST FILE.crt [PORT]

zone_up() {
	export ZONE="$BATS_FILE_TMPDIR/zone"
	: >"$ZONE"
	python3 "$BATS_TEST_DIRNAME/dns.py" 5353 "$ZONE" >"$BATS_FILE_TMPDIR/dns.log" 2>&1 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/dns.pid"
	wait_for 10 grep -q ready "$BATS_FILE_TMPDIR/dns.log"
}

zone_down() {
	kill "$(cat "$BATS_FILE_TMPDIR/dns.pid")"
}

certificate() { # file name
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 30 \
		-addext "subjectAltName = DNS:$2" -keyout "$1.key" -out "$1.crt" 2>/dev/null
}

shown() { # host [port]
	echo | openssl s_client -connect "127.0.0.1:${2-443}" -servername "$1" 2>/dev/null | openssl x509 -noout -fingerprint
}

shows() { # host fingerprint [port]
	[ "$(shown "$1" "${3-443}")" = "$2" ]
}

shows_certificate() { # host file [port]
	[ "$(shown "$1" "${3-443}")" = "$(openssl x509 -noout -fingerprint -in "$2")" ]
}
