/* SPDX-License-Identifier: ISC */
/* The authorized_keys line: ports in, text out. The rules stand in the header. */
#include "authkeys/authkeys_line.h"

#include <errno.h>

#include "lib/sshkey.h"
#include "lib/strbuf.h"

/* One number at *text, which is moved behind it. -EINVAL unless it is 1..65535 without leading zeros. */
static int parse_port(const char **text, uint16_t *ret_port)
{
	const char *s = *text;
	unsigned port = 0;

	if (*s < '1' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		port = port * 10 + (unsigned)(*s - '0');
		if (port > UINT16_MAX)
			return -EINVAL;
	}
	*text = s;
	*ret_port = (uint16_t)port;
	return 0;
}

int authkeys_ports_parse(const char *text, uint16_t ret_ports[AUTHKEYS_PORTS_MAX],
			 size_t *ret_count)
{
	size_t count = 0;
	uint16_t port;
	int r;

	for (;; text++) {
		r = parse_port(&text, &port);
		if (r < 0)
			return r;
		if (count == AUTHKEYS_PORTS_MAX)
			return -E2BIG;
		ret_ports[count++] = port;
		if (*text != ',')
			break;
	}
	if (*text)
		return -EINVAL;
	*ret_count = count;
	return 0;
}

int authkeys_line(const struct sshkey *key, const uint16_t *ports, size_t count, struct strbuf *sb)
{
	size_t i;

	if (count > AUTHKEYS_PORTS_MAX)
		return -E2BIG;
	strbuf_adds(sb, count ? "restrict,pty,port-forwarding" : "restrict,pty");
	for (i = 0; i < count; i++) {
		if (!ports[i])
			return -EINVAL;
		strbuf_addf(sb, ",permitlisten=\"%u\"", (unsigned)ports[i]);
	}
	strbuf_addch(sb, ' ');
	sshkey_print(key, sb);
	strbuf_addch(sb, '\n');
	return strbuf_error(sb);
}
