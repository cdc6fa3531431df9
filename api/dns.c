/* SPDX-License-Identifier: ISC */
/* Asking the DNS: the C library's resolver asks and takes answers apart. */
#include "api/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"

#define ANSWER_MAX 8192
#define WAIT_S 2
#define TRIES 2

int dns_server_parse(const char *text, struct sockaddr_in *ret_server)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in server = { .sin_family = AF_INET };
	char host[INET_ADDRSTRLEN];
	size_t len = colon ? (size_t)(colon - text) : 0;
	unsigned long port;
	char *end;

	if (!len || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, len);
	host[len] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (*end || end == colon + 1 || port < 1 || port > 65535 ||
	    inet_pton(AF_INET, host, &server.sin_addr) != 1)
		return -EINVAL;
	server.sin_port = htons((uint16_t)port);
	*ret_server = server;
	return 0;
}

/* The strings of a TXT record, one behind the other (RFC 1035 3.3.14). False: longer than we have use for. */
static bool read_txt(const unsigned char *data, size_t len, char ret_text[DNS_TEXT_SIZE])
{
	size_t used = 0, n;

	for (; len > 0; data += n + 1, len -= n + 1) {
		n = data[0];
		if (n + 1 > len || used + n >= DNS_TEXT_SIZE)
			return false;
		memcpy(ret_text + used, data + 1, n);
		used += n;
	}
	ret_text[used] = '\0';
	return strlen(ret_text) == used;
}

static bool read_cname(const ns_msg *msg, const unsigned char *data, char ret_text[DNS_TEXT_SIZE])
{
	size_t len;

	if (ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg), data, ret_text, DNS_TEXT_SIZE) <
	    0)
		return false;
	for (char *p = ret_text; *p; p++)
		*p = (char)(*p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p);
	len = strlen(ret_text);
	if (len && ret_text[len - 1] == '.')
		ret_text[len - 1] = '\0';
	return true;
}

static int read_answers(const unsigned char *answer, int len, ns_type type,
			struct dns_answers *ret_answers)
{
	struct dns_answers *a = ret_answers;
	ns_msg msg;
	ns_rr rr;

	if (ns_initparse(answer, len, &msg) < 0)
		return -EHOSTDOWN;
	for (int i = 0; i < ns_msg_count(msg, ns_s_an) && a->count < DNS_ANSWERS_MAX; i++) {
		bool taken;

		if (ns_parserr(&msg, ns_s_an, i, &rr) < 0)
			return -EHOSTDOWN;
		if (ns_rr_type(rr) != type)
			continue;
		taken = type == ns_t_txt
				? read_txt(ns_rr_rdata(rr), ns_rr_rdlen(rr), a->texts[a->count])
				: read_cname(&msg, ns_rr_rdata(rr), a->texts[a->count]);
		a->count += taken;
	}
	return 0;
}

static int ask(struct __res_state *res, const struct sockaddr_in *server, const char *name,
	       ns_type type, struct dns_answers *ret_answers)
{
	auto_free unsigned char *answer = malloc(ANSWER_MAX);
	int len;

	if (!answer)
		return -ENOMEM;
	if (server) {
		res->nscount = 1;
		res->nsaddr_list[0] = *server;
	}
	res->retrans = WAIT_S;
	res->retry = TRIES;
	len = res_nquery(res, name, ns_c_in, (int)type, answer, ANSWER_MAX);
	if (len < 0)
		return res->res_h_errno == HOST_NOT_FOUND || res->res_h_errno == NO_DATA
			       ? 0
			       : -EHOSTDOWN;
	/* What did not fit is cut off. */
	return read_answers(answer, len < ANSWER_MAX ? len : ANSWER_MAX, type, ret_answers);
}

int dns_ask(const struct sockaddr_in *server, const char *name, enum dns_type type,
	    struct dns_answers *ret_answers)
{
	struct __res_state res = { 0 };
	int r;

	ret_answers->count = 0;
	if (res_ninit(&res) < 0)
		return -EHOSTDOWN;
	r = ask(&res, server, name, type == DNS_TXT ? ns_t_txt : ns_t_cname, ret_answers);
	res_nclose(&res);
	return r;
}
