/* SPDX-License-Identifier: ISC */
/* The ssh_config stanza and the known_hosts file of one tunnel, and the stanza of a visitor. What the API said ends up in all,
 * and a visitor's host name in the shell that runs ProxyCommand, so:
 *
 * MUST 1: a name or number from outside is checked by an allow-list before it is written; nothing that is not on it
 *         reaches the file, so that no name can inject a directive.
 * MUST 2: host keys are parsed (lib/sshkey.h) and printed again.
 * MUST 3: the server's key is checked strictly, against the API's keys alone.
 * MUST 4: a path that ssh_config cannot hold as it is is refused, not bent. */
#ifndef HELPER_SSHCONF_H
#define HELPER_SSHCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct strbuf;

struct ssh_target {
	const char *alias;  /* what is typed after ssh; NULL: the server's name */
	const char *server; /* name or address */
	int64_t port;
	const char *user;	      /* 32 hex digits */
	const char *const *host_keys; /* "type base64" each, or "@cert-authority type base64" */
	size_t host_key_count;
	const char *known_hosts; /* path of the file with sshconf_add_known_hosts() in it */
	const char *identity;	 /* path of the one key to offer; NULL: the next, and the agent's */
	const char *const *identities; /* paths; those that ssh_config cannot hold are left out */
	size_t identity_count;	       /* 0: ssh's own defaults */
	bool pty;		       /* ask for a terminal, so that the session shows colours */
	bool batch;		       /* nobody can be asked for a passphrase */
	bool by_hand; /* a person runs ssh: it sees for itself what terminal there is */
};

/* A tcp or tls socket, to whose far end a person logs in with their own user and keys. */
struct ssh_visit {
	const char *alias;
	const char *host; /* the socket's public name */
	int64_t port;
	bool tls; /* else ssh gets the connection itself (ProxyUseFdpass) */
};

#define SSHCONF_WHY_SIZE 400

/* Each: 0, or -EINVAL with a sentence, or the strbuf's error. */
int sshconf_add_stanza(const struct ssh_target *t, struct strbuf *sb, char why[SSHCONF_WHY_SIZE]);
int sshconf_add_visit(const struct ssh_visit *v, struct strbuf *sb, char why[SSHCONF_WHY_SIZE]);
int sshconf_add_known_hosts(const struct ssh_target *t, struct strbuf *sb,
			    char why[SSHCONF_WHY_SIZE]);
/* "<relay>:<host>:<port>" for -R; an IPv6 host gets its brackets. */
int sshconf_add_forward(int64_t relay, const char *host, int64_t port, struct strbuf *sb,
			char why[SSHCONF_WHY_SIZE]);

/* The same as a line of a stanza: "RemoteForward <relay> <host>:<port>". */
int sshconf_add_forward_line(int64_t relay, const char *host, int64_t port, struct strbuf *sb,
			     char why[SSHCONF_WHY_SIZE]);

/* What to connect to for this server: itself; the loopback address for names below localhost (RFC 6761 6.3), which the system's
 * resolver may not know. */
const char *sshconf_address(const char *server);

/* True for a host name (letters, digits, dots, dashes, underscores; no dash or dot in front) and for an IPv4 or IPv6 address. */
bool sshconf_is_host(const char *host);
/* True for a path that can stand between double quotes in ssh_config and means itself there: absolute, no control
 * character, double quote, backslash, '%' or "${". */
bool sshconf_is_path(const char *path);

#endif
