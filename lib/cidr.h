/* SPDX-License-Identifier: ISC */
/* Networks of IPv4 and IPv6 addresses as text: "10.0.0.0/8", "2001:db8::/32", "192.0.2.7" (a network of one). */
#ifndef LIB_CIDR_H
#define LIB_CIDR_H

#include <netinet/in.h>

#define CIDR_SIZE (INET6_ADDRSTRLEN + 4) /* "/128" besides */
#define CIDR_ERROR_SIZE 160

struct cidr {
	unsigned char address[16]; /* network order; of IPv4 the first 4, the rest 0 */
	unsigned char prefix;	   /* bits: 0..32 or 0..128 */
	unsigned char is_v6;
};

/* 0; -EINVAL with a sentence that quotes the text and names the remedy ("'10.0.0.5/8' has bits beyond its prefix:
 * did you mean 10.0.0.0/8?"). IPv4 addresses written as IPv6 ones (::ffff:10.0.0.0/104) are taken as IPv4. */
int cidr_parse(const char *text, struct cidr *ret_cidr, char ret_why[CIDR_ERROR_SIZE]);
/* The one spelling of it (RFC 5952), always with the prefix. */
void cidr_print(const struct cidr *cidr, char ret_text[CIDR_SIZE]);

#endif
