/* SPDX-License-Identifier: ISC */
/* helper/sshline.h: what ssh's messages mean to the supervisor. The lines are those of OpenSSH 9.2. */
#include "tests/unit/unit.h"

#include "helper/sshline.h"
#include "lib/cleanup.h"

static const struct {
	const char *line;
	enum ssh_reason reason;
	enum supervisor_event event;
} lines[] = {
	{ "", SSH_REASON_NONE, SUPERVISOR_LOST },
	{ "Load key \"/root/.ssh/id_rsa\": error in libcrypto", SSH_REASON_NONE, SUPERVISOR_LOST },
	{ "ssh: connect to host 127.0.0.1 port 1: Connection refused", SSH_REASON_CONNECT,
	  SUPERVISOR_LOST },
	{ "ssh: connect to host 192.0.2.1 port 22: Connection timed out", SSH_REASON_CONNECT,
	  SUPERVISOR_LOST },
	{ "ssh: connect to host 192.0.2.1 port 22: Network is unreachable", SSH_REASON_CONNECT,
	  SUPERVISOR_LOST },
	{ "ssh: Could not resolve hostname x.invalid: Name or service not known",
	  SSH_REASON_RESOLVE, SUPERVISOR_LOST },
	{ "mysocket-proxycommand: cannot connect to ssh.example.net port 22 through proxy "
	  "http://proxy:3128: x",
	  SSH_REASON_PROXY, SUPERVISOR_LOST },
	{ "/bin/sh: 1: exec: mysocket-proxycommand: not found", SSH_REASON_NO_PROXYCOMMAND,
	  SUPERVISOR_DENIED },
	{ "/bin/bash: line 1: exec: mysocket-proxycommand: not found", SSH_REASON_NO_PROXYCOMMAND,
	  SUPERVISOR_DENIED },
	{ "zsh:1: command not found: mysocket-proxycommand", SSH_REASON_NO_PROXYCOMMAND,
	  SUPERVISOR_DENIED },
	{ "Connection closed by 127.0.0.1 port 2222", SSH_REASON_CLOSED, SUPERVISOR_LOST },
	{ "kex_exchange_identification: Connection closed by remote host", SSH_REASON_CLOSED,
	  SUPERVISOR_LOST },
	{ "Connection to 127.0.0.1 closed by remote host.", SSH_REASON_CLOSED, SUPERVISOR_LOST },
	{ "client_loop: send disconnect: Broken pipe", SSH_REASON_CLOSED, SUPERVISOR_LOST },
	{ "Timeout, server 127.0.0.1 not responding.", SSH_REASON_SILENT, SUPERVISOR_LOST },
	{ "Error: remote port forwarding failed for listen port 6054", SSH_REASON_FORWARD,
	  SUPERVISOR_REFUSED },
	{ "b2f1b59fbcba428698189f0b6e685e93@127.0.0.1: Permission denied (publickey).",
	  SSH_REASON_KEY, SUPERVISOR_REFUSED },
	{ "Received disconnect from 127.0.0.1 port 2222:2: Too many authentication failures",
	  SSH_REASON_KEYS, SUPERVISOR_REFUSED },
	{ "command-line: line 0: Bad configuration option: nonsense", SSH_REASON_OPTIONS,
	  SUPERVISOR_DENIED },
	{ "Unable to negotiate with 127.0.0.1 port 22: no matching host key type found. Their "
	  "offer: ssh-rsa",
	  SSH_REASON_VERSION, SUPERVISOR_DENIED },
	{ "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @", SSH_REASON_HOST_KEY,
	  SUPERVISOR_DENIED },
	{ "No ED25519 host key is known for ssh.mysocket.localhost and you have requested strict "
	  "checking.",
	  SSH_REASON_HOST_KEY, SUPERVISOR_DENIED },
	{ "Host key verification failed.", SSH_REASON_HOST_KEY, SUPERVISOR_DENIED },
	{ "mysocket: the socket or tunnel was deleted [deleted]", SSH_REASON_DENIED,
	  SUPERVISOR_DENIED },
	{ "mysocket: this account is suspended [suspended]", SSH_REASON_DENIED, SUPERVISOR_DENIED },
	{ "mysocket: too many sessions [limit]", SSH_REASON_DENIED, SUPERVISOR_LOST },
	{ "mysocket: try again in a moment [unavailable]", SSH_REASON_DENIED, SUPERVISOR_LOST },
};

static void each_message_of_ssh_has_its_meaning(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct sshline s = { SSH_REASON_NONE };

		sshline_from_ssh(&s, lines[i].line);
		if (s.reason != lines[i].reason || sshline_event(&s) != lines[i].event)
			fail_msg("'%s' is reason %d, event %s", lines[i].line, (int)s.reason,
				 supervisor_event_name(sshline_event(&s)));
	}
}

static void a_key_that_ssh_passes_over_counts_if_none_is_taken(void **state)
{
	static const char passed_over[] = "Load key \"/root/.ssh/id_rsa\": bad permissions";
	struct sshline s = { SSH_REASON_NONE };

	sshline_from_ssh(&s, passed_over);
	sshline_from_ssh(&s, "Connection closed by 127.0.0.1 port 2222");
	assert_int_equal(s.reason, SSH_REASON_CLOSED);
	s = (struct sshline){ SSH_REASON_NONE };
	sshline_from_ssh(&s, passed_over);
	sshline_from_ssh(&s, "x@h: Permission denied (publickey).");
	assert_int_equal(s.reason, SSH_REASON_KEY_FILE);
	assert_int_equal(sshline_event(&s), SUPERVISOR_REFUSED);
	assert_non_null(strstr(sshline_explain(&s), "chmod 600"));
}

static void every_reason_explains_itself(void **state)
{
	int i;

	for (i = 0; i < SSH_REASON_COUNT; i++) {
		struct sshline s = { (enum ssh_reason)i, DENIAL_DELETED };

		assert_non_null(sshline_explain(&s));
		assert_true(strlen(sshline_explain(&s)) > 5);
	}
}

static void the_telling_reason_outlives_the_one_that_follows(void **state)
{
	struct sshline s = { SSH_REASON_NONE };

	sshline_from_ssh(&s, "mysocket: this account is suspended [suspended]");
	sshline_from_ssh(&s, "x@h: Permission denied (publickey).");
	sshline_from_ssh(&s, "Connection closed by 127.0.0.1 port 2222");
	assert_int_equal(s.reason, SSH_REASON_DENIED);
	assert_int_equal(s.denial, DENIAL_SUSPENDED);
}

static void a_visitor_cannot_end_a_tunnel_by_asking_for_a_path(void **state)
{
	struct sshline s = { SSH_REASON_NONE };

	sshline_from_session(&s, "12:00:00 203.0.113.7 GET /mysocket: gone [deleted]");
	sshline_from_session(&s, "Permission denied (publickey).");
	sshline_from_session(&s, "Host key verification failed.");
	assert_int_equal(s.reason, SSH_REASON_NONE);
	sshline_from_session(&s, "mysocket: the socket or tunnel was deleted [deleted]");
	assert_int_equal(s.denial, DENIAL_DELETED);
}

static void only_the_line_that_we_say_ourselves_is_noise(void **state)
{
	assert_true(sshline_is_noise("Connection to 127.0.0.1 closed."));
	assert_false(sshline_is_noise("Connection to 127.0.0.1 closed by remote host."));
	assert_false(sshline_is_noise("Connection to"));
	assert_true(sshline_is_noise("connect_to 127.0.0.1 port 8000: failed."));
	assert_false(sshline_is_noise("connect_to nas: unknown host (Name or service not known)"));
	assert_false(sshline_is_noise(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_message_of_ssh_has_its_meaning),
		cmocka_unit_test(a_key_that_ssh_passes_over_counts_if_none_is_taken),
		cmocka_unit_test(every_reason_explains_itself),
		cmocka_unit_test(the_telling_reason_outlives_the_one_that_follows),
		cmocka_unit_test(a_visitor_cannot_end_a_tunnel_by_asking_for_a_path),
		cmocka_unit_test(only_the_line_that_we_say_ourselves_is_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
