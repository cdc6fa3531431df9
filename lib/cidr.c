/* SPDX-License-Identifier: ISC */
/* Networks of addresses as text: parsed strictly, printed in one spelling. */
#include "lib/cidr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/escape.h"

#define MAPPED_BITS 96

static __attribute__((format(printf, 2, 3))) int refuse(char *ret_why, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(ret_why, CIDR_ERROR_SIZE, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

/* Decimal without signs, spaces and leading zeros. */
static bool read_prefix(const char *s, unsigned max, unsigned char *ret_prefix)
{
	size_t len = strspn(s, "0123456789");
	unsigned value = 0;

	if (len == 0 || len > 3 || s[len] || (s[0] == '0' && len > 1))
		return false;
	for (; *s; s++)
		value = value * 10 + (unsigned)(*s - '0');
	if (value > max)
		return false;
	*ret_prefix = (unsigned char)value;
	return true;
}

/* Clears what lies beyond the prefix; true if anything did. */
static bool mask(struct cidr *cidr)
{
	bool changed = false;

	for (unsigned i = 0; i < sizeof(cidr->address); i++) {
		unsigned keep = cidr->prefix > i * 8 ? cidr->prefix - i * 8 : 0;
		unsigned char bits = keep >= 8 ? 0xff : (unsigned char)(0xff << (8 - keep));

		changed |= (cidr->address[i] & ~bits) != 0;
		cidr->address[i] &= bits;
	}
	return changed;
}

/* ::ffff:a.b.c.d: visitors of IPv4 are known by their own address. */
static void unmap(struct cidr *cidr)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (!cidr->is_v6 || cidr->prefix < MAPPED_BITS ||
	    memcmp(cidr->address, mapped, sizeof(mapped)) != 0)
		return;
	memmove(cidr->address, cidr->address + sizeof(mapped), 4);
	memset(cidr->address + 4, 0, sizeof(cidr->address) - 4);
	cidr->prefix -= MAPPED_BITS;
	cidr->is_v6 = 0;
}

static int read_cidr(const char *text, struct cidr *ret_cidr, char *ret_why)
{
	char address[INET6_ADDRSTRLEN];
	size_t len = strcspn(text, "/");
	struct cidr cidr = { .is_v6 = memchr(text, ':', len) != NULL };
	unsigned max = cidr.is_v6 ? 128 : 32;

	if (len >= sizeof(address))
		return refuse(ret_why, "'%s' is not a network: write one as 192.0.2.0/24", text);
	memcpy(address, text, len);
	address[len] = '\0';
	if (inet_pton(cidr.is_v6 ? AF_INET6 : AF_INET, address, cidr.address) != 1)
		return refuse(
			ret_why,
			"'%s' is not a network: write one as 192.0.2.0/24, 2001:db8::/32 or a "
			"single address",
			text);
	cidr.prefix = (unsigned char)max;
	if (text[len] == '/' && !read_prefix(text + len + 1, max, &cidr.prefix))
		return refuse(ret_why, "'%s' has no valid prefix: after the slash belongs 0 to %u",
			      text, max);
	*ret_cidr = cidr;
	return 0;
}

int cidr_parse(const char *text, struct cidr *ret_cidr, char ret_why[CIDR_ERROR_SIZE])
{
	char meant[CIDR_SIZE];
	struct cidr cidr = { 0 };
	size_t len = strlen(text);

	/* Quoted in what we say. */
	if (len >= CIDR_SIZE || !escape_is_clean(text, len))
		return refuse(ret_why,
			      "a network is at most %d characters, such as 192.0.2.0/24 or "
			      "2001:db8::/32",
			      CIDR_SIZE - 1);
	if (read_cidr(text, &cidr, ret_why) < 0)
		return -EINVAL;
	if (mask(&cidr)) {
		cidr_print(&cidr, meant);
		return refuse(ret_why, "'%s' has bits beyond its prefix: did you mean %s?", text,
			      meant);
	}
	unmap(&cidr);
	*ret_cidr = cidr;
	return 0;
}

void cidr_print(const struct cidr *cidr, char ret_text[CIDR_SIZE])
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(cidr->is_v6 ? AF_INET6 : AF_INET, cidr->address, address, sizeof(address));
	snprintf(ret_text, CIDR_SIZE, "%s/%u", address, cidr->prefix);
}
