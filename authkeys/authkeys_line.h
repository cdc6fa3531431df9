/* SPDX-License-Identifier: ISC */
/* The one line that sshd is given for a key. Pure: no I/O. DESIGN.md 6, rules 1 and 2:
 *
 * MUST 1: the line starts with "restrict"; "pty" and "port-forwarding" are all that it gives back.
 * MUST 2: the key is printed from parsed data (lib/sshkey.h): no option, comment or newline of anybody's.
 * MUST 3: it holds exactly the given ports; without one, no forwarding either: without any permitlisten sshd would allow all.
 * MUST 4: more ports than sshd takes is an error, not a shorter list and not a line that sshd refuses. */
#ifndef AUTHKEYS_AUTHKEYS_LINE_H
#define AUTHKEYS_AUTHKEYS_LINE_H

#include <stddef.h>
#include <stdint.h>

struct sshkey;
struct strbuf;

/* SSH_AUTHOPT_PERMIT_MAX of sshd: with one more it refuses the key. */
#define AUTHKEYS_PORTS_MAX 4096
/* Enough for the line of so many ports and any key. */
#define AUTHKEYS_LINE_MAX (160 * 1024)

/* Parses "6054,6055". 0 with *ret_count entries in ret_ports; -EINVAL for an empty list and for anything but
 * decimal numbers from 1 to 65535 with single commas between; -E2BIG for more than AUTHKEYS_PORTS_MAX. */
int authkeys_ports_parse(const char *text, uint16_t ret_ports[AUTHKEYS_PORTS_MAX],
			 size_t *ret_count);

/* Appends the line with its newline. 0; -EINVAL with port 0; -E2BIG; the strbuf's error. */
int authkeys_line(const struct sshkey *key, const uint16_t *ports, size_t count, struct strbuf *sb);

#endif
