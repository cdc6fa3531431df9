/* SPDX-License-Identifier: ISC */
/* Tables, checks, and lines of JSON. */
#include "authkeys/session_answer.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/denial.h"
#include "lib/nodewire.h"
#include "lib/strbuf.h"
#include "lib/wire.h"

#define VALUE_MAX 16384

/* ---- who ---- */
static void add_date(struct strbuf *sb, int64_t at_ms)
{
	time_t at = (time_t)(at_ms / 1000);
	char text[32] = "-";
	struct tm tm;

	if (at_ms >= 0 && gmtime_r(&at, &tm))
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	strbuf_addf(sb, "%-19s", text);
}

static void add_column(struct strbuf *sb, const char *text, size_t columns)
{
	size_t before = sb->len, width;

	session_line_text(sb, *text ? text : "-");
	for (width = session_line_width(sb->buf + before, sb->len - before); width < columns;
	     width++)
		strbuf_addch(sb, ' ');
	strbuf_addch(sb, ' ');
}

static enum session_answer_next show_holder(struct session_answer *answer,
					    const struct wire_msg *msg, struct strbuf *sb)
{
	const char *origin = wire_text(msg, "origin");

	if (!answer->headed)
		strbuf_addf(sb, "%-10s %-8s %-15s %-19s %8s  %s\n", "session", "state", "client",
			    "since (UTC)", "requests", "tunnel");
	answer->headed = true;
	add_column(sb, wire_text(msg, "session"), 10);
	add_column(sb, wire_text(msg, "state"), 8);
	add_column(sb, wire_text(msg, "client"), 15);
	add_date(sb, wire_number(msg, "since"));
	if (*wire_text(msg, "url")) {
		strbuf_addf(sb, " %8lld  ", (long long)wire_number(msg, "requests"));
		session_line_text(sb, wire_text(msg, "name"));
		strbuf_adds(sb, " - ");
		session_line_text(sb, wire_text(msg, "url"));
	} else {
		strbuf_addf(sb, " %8s  no port is forwarded", "-");
	}
	if (!strcmp(origin, "refuses"))
		strbuf_adds(sb, " (refuses connections)");
	else if (!strcmp(origin, "closes"))
		strbuf_adds(sb, " (closes without an answer)");
	else if (!strcmp(origin, "silent"))
		strbuf_adds(sb, " (does not answer)");
	strbuf_addch(sb, '\n');
	return SESSION_ANSWER_GO_ON;
}

/* ---- log ---- */
static void add_json(struct strbuf *sb, const char *name, const char *text)
{
	auto_call(strbuf_clear) struct strbuf clean = STRBUF_INIT(VALUE_MAX);

	session_line_text(&clean, text);
	strbuf_addf(sb, ",\"%s\":\"", name);
	for (const char *p = clean.buf; *p; p++) {
		if (*p == '"' || *p == '\\')
			strbuf_addch(sb, '\\');
		strbuf_addch(sb, *p);
	}
	strbuf_addch(sb, '"');
}

static void show_json(const struct wire_msg *msg, struct strbuf *sb)
{
	static const char *const texts[] = { "client", "method", "path" };
	static const char *const numbers[] = { "status", "bytes", "total_ms", "origin_ms" };
	size_t i;

	strbuf_addf(sb, "{\"at\":%lld", (long long)wire_number(msg, "at"));
	add_json(sb, "name", wire_text(msg, "name"));
	add_json(sb, "url", wire_text(msg, "url"));
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		add_json(sb, texts[i], wire_text(msg, texts[i]));
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		strbuf_addf(sb, ",\"%s\":%lld", numbers[i],
			    (long long)wire_number(msg, numbers[i]));
	if (wire_get(msg, "end"))
		add_json(sb, "end", wire_get(msg, "end"));
	strbuf_adds(sb, "}\n");
}

/* "long-hill-8399" of "https://long-hill-8399.example.net:8443" */
static void add_label(struct strbuf *sb, const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	strbuf_add(sb, host, strcspn(host, "./:"));
}

static enum session_answer_next show_log(struct session_answer *answer, const struct wire_msg *msg,
					 struct strbuf *sb)
{
	auto_call(strbuf_clear) struct strbuf path = STRBUF_INIT(VALUE_MAX);
	const char *end = wire_get(msg, "end");
	struct session_request request = {
		.at_ms = wire_number(msg, "at"),
		.client = wire_get(msg, "client"),
		.method = wire_get(msg, "method"),
		.status = wire_number(msg, "status"),
		.bytes = wire_number(msg, "bytes"),
		.total_ms = wire_number(msg, "total_ms"),
		.origin_ms = wire_number(msg, "origin_ms"),
	};

	if (answer->json) {
		show_json(msg, sb);
		return SESSION_ANSWER_GO_ON;
	}
	if (!answer->headed)
		session_line_heading(sb, &answer->style);
	answer->headed = true;
	add_label(&path, wire_text(msg, "url"));
	strbuf_adds(&path, end ? ": " : "");
	strbuf_adds(&path, end ? end : wire_text(msg, "path"));
	request.path = strbuf_error(&path) ? "?" : path.buf;
	session_line_request(sb, &answer->style, &request);
	return SESSION_ANSWER_GO_ON;
}

static enum session_answer_next show_dropped(struct session_answer *answer,
					     const struct wire_msg *msg, struct strbuf *sb)
{
	long long count = (long long)wire_number(msg, "count");

	if (answer->json)
		strbuf_addf(sb, "{\"dropped\":%lld}\n", count);
	else
		strbuf_addf(sb, "... %lld lines not shown (too fast for this terminal)\n", count);
	return SESSION_ANSWER_GO_ON;
}

/* ---- doctor ---- */
static enum session_answer_next show_check(struct session_answer *answer,
					   const struct wire_msg *msg, struct strbuf *sb)
{
	const char *url = wire_text(msg, "url");

	if (strcmp(url, answer->url) != 0) {
		snprintf(answer->url, sizeof(answer->url), "%s", url);
		session_line_text(sb, wire_text(msg, "name"));
		strbuf_adds(sb, " - ");
		session_line_text(sb, url);
		strbuf_addch(sb, '\n');
	}
	strbuf_addf(sb, "  %-4s ", wire_number(msg, "ok") == 1 ? "ok" : "FAIL");
	add_column(sb, wire_text(msg, "what"), 11);
	session_line_text(sb, wire_text(msg, "text"));
	strbuf_addch(sb, '\n');
	return SESSION_ANSWER_GO_ON;
}

/* ---- the end ---- */
static enum session_answer_next show_done(struct session_answer *answer, const struct wire_msg *msg,
					  struct strbuf *sb)
{
	bool ok = wire_number(msg, "ok") == 1;

	if (*wire_text(msg, "text")) {
		strbuf_adds(sb, "mysocket: ");
		session_line_text(sb, wire_text(msg, "text"));
		strbuf_addch(sb, '\n');
	}
	return ok ? SESSION_ANSWER_DONE : SESSION_ANSWER_FAILED;
}

/* `denied` and `end` */
static enum session_answer_next show_denial(struct session_answer *answer,
					    const struct wire_msg *msg, struct strbuf *sb)
{
	strbuf_adds(sb, "mysocket: ");
	session_line_text(sb, wire_text(msg, "message"));
	strbuf_addf(sb, " [%s]\n", denial_code(denial_from_code(wire_text(msg, "code"))));
	return SESSION_ANSWER_FAILED;
}

enum session_answer_next session_answer_message(struct session_answer *answer,
						const struct wire_msg *msg, struct strbuf *sb)
{
	static const struct {
		const char *verb;
		enum session_answer_next (*show)(struct session_answer *, const struct wire_msg *,
						 struct strbuf *);
	} verbs[] = {
		{ NODEWIRE_HOLDER, show_holder },   { NODEWIRE_LOG, show_log },
		{ NODEWIRE_DROPPED, show_dropped }, { NODEWIRE_CHECK, show_check },
		{ NODEWIRE_DONE, show_done },	    { NODEWIRE_DENIED, show_denial },
		{ NODEWIRE_END, show_denial },
	};

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(msg->verb, verbs[i].verb))
			return verbs[i].show(answer, msg, sb);
	return SESSION_ANSWER_GO_ON;
}
