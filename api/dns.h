/* SPDX-License-Identifier: ISC */
/* Asking the DNS what its owner says about a name. Blocks for some seconds at most: for worker threads. */
#ifndef API_DNS_H
#define API_DNS_H

#include <netinet/in.h>
#include <stddef.h>

#define DNS_ANSWERS_MAX 16
#define DNS_TEXT_SIZE 256

struct dns_answers {
	char texts[DNS_ANSWERS_MAX][DNS_TEXT_SIZE];
	size_t count;
};

enum dns_type { DNS_CNAME, DNS_TXT };

/* "127.0.0.1:5353": 0; or -EINVAL. */
int dns_server_parse(const char *text, struct sockaddr_in *ret_server);

/* Asks `server` (NULL: those of resolv.conf(5)) for the records of a name. A target's name in lower case without a
 * dot at its end; a text of several strings as one; longer texts and further records are left out. 0, also with no
 * such record or name (count is 0 then); -EHOSTDOWN: no answer. */
int dns_ask(const struct sockaddr_in *server, const char *name, enum dns_type type,
	    struct dns_answers *ret_answers);

#endif
