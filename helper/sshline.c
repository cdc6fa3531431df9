/* SPDX-License-Identifier: ISC */
/* OpenSSH's messages, one row each. They are not translated, and have been stable for many years. */
#include "helper/sshline.h"

#include <string.h>

#include "lib/cleanup.h"

#define OUR_PREFIX "mysocket: "
#define PASSED_OVER ": bad permissions" /* Load key "...": bad permissions */

static const struct {
	const char *text;
	enum ssh_reason reason;
} messages[] = {
	{ "Connection closed", SSH_REASON_CLOSED },
	{ "Connection reset", SSH_REASON_CLOSED },
	{ "closed by remote host", SSH_REASON_CLOSED },
	{ "Broken pipe", SSH_REASON_CLOSED },
	{ "Received disconnect", SSH_REASON_CLOSED },
	{ "Timeout, server ", SSH_REASON_SILENT },
	{ "Connection refused", SSH_REASON_CONNECT },
	{ "Connection timed out", SSH_REASON_CONNECT },
	{ "Operation timed out", SSH_REASON_CONNECT },
	{ "No route to host", SSH_REASON_CONNECT },
	{ "Network is unreachable", SSH_REASON_CONNECT },
	{ "Could not resolve hostname", SSH_REASON_RESOLVE },
	{ "remote port forwarding failed", SSH_REASON_FORWARD },
	{ "Permission denied (", SSH_REASON_KEY },
	{ "Too many authentication failures", SSH_REASON_KEYS },
	{ "command-line: line 0:", SSH_REASON_OPTIONS },
	{ "command-line line 0:", SSH_REASON_OPTIONS },
	{ "Bad configuration option", SSH_REASON_OPTIONS },
	{ "Unable to negotiate with", SSH_REASON_VERSION },
	{ "Protocol major versions differ", SSH_REASON_VERSION },
	{ "mysocket-proxycommand: not found", SSH_REASON_NO_PROXYCOMMAND },
	{ "mysocket-proxycommand: command not found", SSH_REASON_NO_PROXYCOMMAND },
	{ "command not found: mysocket-proxycommand", SSH_REASON_NO_PROXYCOMMAND },
	{ "mysocket-proxycommand: cannot connect to ", SSH_REASON_PROXY },
	{ "Host key verification failed", SSH_REASON_HOST_KEY },
	{ "REMOTE HOST IDENTIFICATION HAS CHANGED", SSH_REASON_HOST_KEY },
	{ "host key is known for", SSH_REASON_HOST_KEY },
};

static const struct {
	enum supervisor_event event;
	const char *text;
} reasons[SSH_REASON_COUNT] = {
	[SSH_REASON_NONE] = { SUPERVISOR_LOST, "ssh ended" },
	[SSH_REASON_CLOSED] = { SUPERVISOR_LOST, "the connection was closed" },
	[SSH_REASON_SILENT] = { SUPERVISOR_LOST, "the tunnel server does not answer any more" },
	[SSH_REASON_CONNECT] = { SUPERVISOR_LOST,
				 "cannot connect to the tunnel server; check your network" },
	[SSH_REASON_RESOLVE] = { SUPERVISOR_LOST,
				 "cannot find the tunnel server's address; check your network" },
	[SSH_REASON_PROXY] = { SUPERVISOR_LOST,
			       "cannot connect to the tunnel server through the proxy; check "
			       "https_proxy or ALL_PROXY, and that the proxy allows it" },
	[SSH_REASON_FORWARD] = { SUPERVISOR_REFUSED,
				 "the tunnel server refused the relay port; if this goes on, check "
				 "with 'mysocketctl socket ls' that the socket is still there" },
	[SSH_REASON_KEY] = { SUPERVISOR_REFUSED,
			     "the tunnel server takes none of your ssh keys; name one of your "
			     "account's ('mysocketctl account key ls') with --identity, or add one "
			     "with: mysocketctl account key add; one with a passphrase needs ssh-add "
			     "where nobody can be asked" },
	[SSH_REASON_KEY_FILE] = { SUPERVISOR_REFUSED,
				  "ssh does not use a private key that others may read, and the tunnel "
				  "server takes no other; run chmod 600 on its file" },
	[SSH_REASON_KEYS] = { SUPERVISOR_REFUSED,
			      "ssh offered too many keys before the right one; name it with "
			      "--identity" },
	[SSH_REASON_OPTIONS] = { SUPERVISOR_DENIED,
				 "ssh does not take the options; check --ssh-option, or install a "
				 "newer OpenSSH" },
	[SSH_REASON_VERSION] = { SUPERVISOR_DENIED,
				 "ssh and the tunnel server have no algorithm in common; install a "
				 "newer OpenSSH" },
	[SSH_REASON_HOST_KEY] = { SUPERVISOR_DENIED,
				  "the tunnel server's key is not the one that the API named, so "
				  "somebody may be in between; try from another network, and ask "
				  "the operator of the service if it goes on" },
	[SSH_REASON_NO_PROXYCOMMAND] = { SUPERVISOR_DENIED,
					 "the environment names a proxy, and there is no "
					 "mysocket-proxycommand to lead through it; install it, or "
					 "name the tunnel server in NO_PROXY" },
	[SSH_REASON_NO_SSH] = { SUPERVISOR_DENIED,
				"there is no ssh to run; install the OpenSSH client" },
	[SSH_REASON_DENIED] = { SUPERVISOR_LOST, NULL },
};

static void learn(struct sshline *s, enum ssh_reason reason, enum denial denial)
{
	if (reason < s->reason)
		return;
	s->reason = reason;
	s->denial = denial;
}

static bool begins_ours(const char *line)
{
	return !strncmp(line, OUR_PREFIX, strlen(OUR_PREFIX));
}

void sshline_from_session(struct sshline *s, const char *line)
{
	enum denial denial = begins_ours(line) ? denial_from_line(line) : DENIAL_NONE;

	if (denial != DENIAL_NONE)
		learn(s, SSH_REASON_DENIED, denial);
}

void sshline_from_ssh(struct sshline *s, const char *line)
{
	size_t i;

	/* Without a terminal the session's standard error comes this way. */
	if (begins_ours(line)) {
		sshline_from_session(s, line);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (strstr(line, messages[i].text))
			learn(s, messages[i].reason, DENIAL_NONE);
	/* By itself it tells nothing: another key may be taken. */
	if (strstr(line, PASSED_OVER))
		s->passed_over_key = true;
	if (s->reason == SSH_REASON_KEY && s->passed_over_key)
		s->reason = SSH_REASON_KEY_FILE;
}

bool sshline_is_noise(const char *line)
{
	static const struct {
		const char *start, *end;
	} lines[] = {
		{ "Connection to ", " closed." },
		{ "connect_to ", ": failed." },
	};
	size_t len = strlen(line), i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t head = strlen(lines[i].start), tail = strlen(lines[i].end);

		if (len > head + tail && !strncmp(line, lines[i].start, head) &&
		    !strcmp(line + len - tail, lines[i].end))
			return true;
	}
	return false;
}

enum supervisor_event sshline_event(const struct sshline *s)
{
	if (s->reason == SSH_REASON_DENIED && denial_is_final(s->denial))
		return SUPERVISOR_DENIED;
	return reasons[s->reason].event;
}

const char *sshline_explain(const struct sshline *s)
{
	return s->reason == SSH_REASON_DENIED ? denial_message(s->denial) : reasons[s->reason].text;
}
