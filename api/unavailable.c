/* SPDX-License-Identifier: ISC */
/* What a visitor sees when no tunnel serves a name: HAProxy sends such requests here, with the visitor's own
 * Host and Accept. 404 if the name is not in use, or for a tcp or tls
 * socket, 503 if its tunnel is offline. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/names.h"
#include "api/page.h"
#include "api/route.h"
#include "api/store_domain.h"
#include "lib/cleanup.h"

#define RETRY_AFTER_S 5

/* Lower case, without port and final dot. */
static void host_name(const struct http_request *rq, char *ret_host, size_t size)
{
	const char *header = api_http_header(rq, "Host");
	size_t len = 0;

	for (; header && header[len] && header[len] != ':' && len < size - 1; len++)
		ret_host[len] =
			(char)(header[len] >= 'A' && header[len] <= 'Z' ? header[len] - 'A' + 'a'
									: header[len]);
	if (len && ret_host[len - 1] == '.')
		len--;
	ret_host[len] = '\0';
}

/* What there is under a name. */
struct named {
	bool exists;
	char type[STORE_TYPE_SIZE];
	int64_t port; /* 0: none of its own, it is a web site */
};

static int find_name(struct http_request *rq, const char *host, struct named *ret_named)
{
	char label[NAMES_LABEL_SIZE];
	int r = names_label(host, rq->api->conf.domain, label);

	*ret_named = (struct named){ 0 };
	if (r == 0) {
		r = store_label_port(rq->db, label, ret_named->type, &ret_named->port);
		if (r == -ENOENT)
			r = store_label_check(rq->db, label);
	} else {
		r = store_domain_port(rq->db, host, ret_named->type, &ret_named->port);
	}
	ret_named->exists = r == 0;
	return r == -ENOENT ? 0 : r;
}

/* The status. `text`: room for a paragraph. */
static int describe(struct http_request *rq, const struct named *named, struct page *page,
		    char *text, size_t size)
{
	if (!named->exists) {
		page->heading = "There is nothing at this address";
		page->text[0] =
			"This name is not in use. Check its spelling; if you were given it, "
			"its owner may have removed it since.";
		return 404;
	}
	if (named->port) {
		page->heading = "This address is no website";
		snprintf(text, size,
			 "The name is in use, for a %s service: what talks to it connects to port "
			 "%" PRId64 " of this name.",
			 named->type, named->port);
		page->text[0] = text;
		return 404;
	}
	page->heading = "This address is offline at the moment";
	page->text[0] = "The name is in use, but the computer behind it is not connected "
			"right now. Please try again in a few seconds.";
	page->text[1] = "Is it yours? Then start its tunnel again.";
	rq->retry_after = RETRY_AFTER_S;
	return 503;
}

int api_unavailable(struct http_request *rq)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(16384);
	const char *accept = api_http_header(rq, "Accept");
	bool html = accept && strstr(accept, "text/html");
	struct page page = { .service = rq->api->conf.service_name };
	char host[STORE_SERVER_SIZE], text[200];
	struct named named;
	int r, status;

	host_name(rq, host, sizeof(host));
	page.subject = host[0] ? host : NULL;
	r = find_name(rq, host, &named);
	if (r < 0)
		return r;
	status = describe(rq, &named, &page, text, sizeof(text));
	if (html)
		page_html(&sb, &page);
	else
		page_plain(&sb, &page);
	return api_http_text(rq, status,
			     html ? "text/html; charset=utf-8" : "text/plain; charset=utf-8", &sb);
}
