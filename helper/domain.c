/* SPDX-License-Identifier: ISC */
/* Host names of one's own: read from the API's documents and printed. */
#include "helper/domain.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "helper/ctl.h"
#include "helper/table.h"
#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/strbuf.h"

struct domain {
	char *domain, *socket_id, *url, *challenge_name, *challenge, *cname;
	bool verified;
	int64_t certificate_expires; /* seconds since the epoch; 0: it has none */
};

static const struct json_field fields[] = {
	{ "domain", JSON_STRING, offsetof(struct domain, domain), .required = true },
	{ "socket_id", JSON_STRING, offsetof(struct domain, socket_id) },
	{ "url", JSON_STRING, offsetof(struct domain, url), .max = 400 },
	{ "challenge_name", JSON_STRING, offsetof(struct domain, challenge_name), .max = 300 },
	{ "challenge", JSON_STRING, offsetof(struct domain, challenge) },
	{ "cname", JSON_STRING, offsetof(struct domain, cname), .max = 320 },
	{ "verified", JSON_BOOL, offsetof(struct domain, verified) },
	{ "certificate_expires", JSON_INT, offsetof(struct domain, certificate_expires) },
};

static void domain_clear(struct domain *d)
{
	json_clear(fields, ARRAY_SIZE(fields), d);
}

int domain_path(struct ctl *ctl, const char *behind, char ret_path[DOMAIN_PATH_SIZE])
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	const char *name = ctl->args.count ? ctl->args.items[0] : "";
	size_t len = strlen(name);

	if (ctl->args.count != 1)
		return ctl_usage(ctl, "give one host name, such as app.example.com");
	if (len == 0 || len > 253 || strspn(name, allowed) != len)
		return ctl_usage(ctl, "'%.60s' is not a host name such as app.example.com", name);
	snprintf(ret_path, DOMAIN_PATH_SIZE, "/domain/%s%s", name, behind);
	return 0;
}

/* "2027-01-31", "expired 2026-01-31", or "". */
static void print_end(const struct domain *d, char *ret_text, size_t size)
{
	time_t end = (time_t)d->certificate_expires;
	char day[32];
	struct tm tm;

	ret_text[0] = '\0';
	if (end <= 0 || !gmtime_r(&end, &tm) || !strftime(day, sizeof(day), "%Y-%m-%d", &tm))
		return;
	snprintf(ret_text, size, "%s%s", end < time(NULL) ? "expired " : "", day);
}

static int print_box(struct ctl *ctl, const struct domain *d)
{
	static const struct table_column columns[] = { { "name" }, { "value" } };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	char end[64];
	const char *const rows[][2] = {
		{ "domain", d->domain },
		{ "leads to", d->cname },
		{ "socket_id", d->socket_id },
		{ "url", d->url },
		{ "verified", d->verified ? "yes" : "no" },
		{ "certificate until", end },
	};
	struct table t;
	int r;

	print_end(d, end, sizeof(end));
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i][1] && *rows[i][1])
			table_add(&t, rows[i]);
	r = table_print_pairs(&t, ctl_width(), &sb);
	table_clear(&t);
	return r < 0 ? ctl_fail(ctl, r, "out of memory") : ctl_print(ctl, sb.buf);
}

/* What the DNS must say. */
static int print_proof(struct ctl *ctl, const struct domain *d)
{
	static const struct table_column columns[] = { { "record" }, { "type" }, { "value" } };
	struct table t;
	int r = ctl_print(ctl, "\nProve that it is yours by one of these records in the DNS:\n");

	if (r < 0)
		return r;
	table_init(&t, columns, ARRAY_SIZE(columns));
	if (d->cname && *d->cname)
		table_add(&t, (const char *const[]){ d->domain, "CNAME", d->cname });
	table_add(&t, (const char *const[]){ d->challenge_name, "TXT", d->challenge });
	r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}

static int print_next(struct ctl *ctl, const struct domain *d)
{
	char text[400];
	int r = d->verified ? 0 : print_proof(ctl, d);

	if (r < 0)
		return r;
	if (!d->verified)
		snprintf(text, sizeof(text), "and then: mysocketctl domain check %s\n", d->domain);
	else if (!d->socket_id || !*d->socket_id)
		snprintf(text, sizeof(text),
			 "\nIt leads nowhere yet: mysocketctl domain add %s --socket_id NAME\n",
			 d->domain);
	else if (!d->certificate_expires)
		snprintf(text, sizeof(text),
			 "\nFor %s it needs a certificate:\n"
			 "  mysocketctl domain certify %s --certificate FILE --key FILE\n",
			 d->url && strncmp(d->url, "tls:", 4) == 0 ? "tls" : "https", d->domain);
	else
		return 0;
	return ctl_print(ctl, text);
}

int domain_print(struct ctl *ctl, struct json_object *answer)
{
	char why[JSON_ERROR_SIZE];
	struct domain d;
	int r;

	if (json_read(answer, fields, ARRAY_SIZE(fields), &d, why) < 0)
		return ctl_bad_answer(ctl, why);
	if (ctl->json) {
		r = ctl_print_json(ctl, answer);
	} else {
		r = print_box(ctl, &d);
		if (r == 0)
			r = print_next(ctl, &d);
	}
	domain_clear(&d);
	return r;
}

static int add_row(struct ctl *ctl, struct table *t, struct json_object *item)
{
	char why[JSON_ERROR_SIZE], end[64];
	struct domain d;

	if (json_read(item, fields, ARRAY_SIZE(fields), &d, why) < 0)
		return ctl_bad_answer(ctl, why);
	print_end(&d, end, sizeof(end));
	table_add(t, (const char *const[]){ d.domain, d.cname, d.verified ? "yes" : "no", end });
	domain_clear(&d);
	return 0;
}

int domain_print_list(struct ctl *ctl, struct json_object *list)
{
	static const struct table_column columns[] = {
		{ "domain" },
		{ "leads to" },
		{ "verified" },
		{ "certificate until", true },
	};
	struct table t;
	int r = 0;

	if (!json_object_is_type(list, json_type_array))
		return ctl_bad_answer(ctl, "a list of domains is expected");
	if (ctl->json)
		return ctl_print_json(ctl, list);
	if (!json_object_array_length(list))
		return ctl_print(ctl,
				 "You have no domains yet. Lead one to a socket:\n"
				 "  mysocketctl domain add app.example.com --socket_id NAME\n");
	table_init(&t, columns, ARRAY_SIZE(columns));
	for (size_t i = 0; r == 0 && i < json_object_array_length(list); i++)
		r = add_row(ctl, &t, json_object_array_get_idx(list, i));
	if (r == 0)
		r = ctl_print_table(ctl, &t);
	table_clear(&t);
	return r;
}
