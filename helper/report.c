/* SPDX-License-Identifier: ISC */
/* The words, and their JSON. */
#include "helper/report.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "helper/json_text.h"
#include "helper/sshline.h"

void report_init(struct report *r, bool json)
{
	memset(r, 0, sizeof(*r));
	r->json = json;
	outlet_init(&r->out, 1);
	outlet_init(&r->err, 2);
}

void report_clear(struct report *r)
{
	outlet_clear(&r->out);
	outlet_clear(&r->err);
}

/* ---- JSON ---- */
static void event_text(struct json_object *o, const char *name, const char *text)
{
	if (o)
		json_object_object_add(o, name, json_object_new_string(text));
}

static void event_number(struct json_object *o, const char *name, int64_t number)
{
	if (o)
		json_object_object_add(o, name, json_object_new_int64(number));
}

static struct json_object *event_new(const char *event, const struct report_name *name)
{
	struct json_object *o = json_object_new_object();

	event_text(o, "event", event);
	if (name->label)
		event_text(o, "tunnel", name->label);
	return o;
}

/* Writes it, and lets it go. */
static void event_end(struct report *r, struct json_object *o)
{
	if (o && json_text_add(&r->out.pending, o, false) == 0)
		strbuf_addch(&r->out.pending, '\n');
	json_object_put(o);
}

void report_line(struct report *r, const struct report_name *name, const char *event,
		 const char *line)
{
	struct json_object *o = event_new(event, name);

	event_text(o, "line", line);
	event_end(r, o);
}

/* ---- events ---- */
void report_label(const struct report_name *name, struct strbuf *sb)
{
	if (name->label)
		strbuf_addf(sb, "[%s] ", name->label);
}

static struct strbuf *out(struct report *r, const struct report_name *name)
{
	report_label(name, &r->out.pending);
	return &r->out.pending;
}

static struct strbuf *err(struct report *r, const struct report_name *name)
{
	strbuf_adds(&r->err.pending, "mysocketctl: ");
	report_label(name, &r->err.pending);
	return &r->err.pending;
}

void report_connecting(struct report *r, const struct report_name *name)
{
	struct json_object *o;

	if (!r->json) {
		strbuf_addf(&r->out.pending, "Connecting to Server: %s\n\n", name->server);
		return;
	}
	o = event_new("connecting", name);
	event_text(o, "server", name->server);
	event_end(r, o);
}

static void up(struct report *r, const struct report_name *name, unsigned reconnects)
{
	struct json_object *o = event_new("up", name);

	event_number(o, "reconnects", reconnects);
	event_end(r, o);
}

/* People see the session's own welcome. */
void report_up(struct report *r, const struct report_name *name, unsigned reconnects)
{
	if (r->json)
		up(r, name, reconnects);
	else if (name->label)
		strbuf_adds(out(r, name), "Connected.\n");
}

void report_renewed(struct report *r, const struct report_name *name, unsigned reconnects)
{
	if (r->json)
		up(r, name, reconnects);
	else
		strbuf_adds(out(r, name), "Connected anew.\n");
}

void report_not_renewed(struct report *r, const struct report_name *name, const struct sshline *why,
			bool trying)
{
	if (!r->json)
		strbuf_addf(err(r, name), "cannot connect anew: %s; the connection stays%s\n",
			    sshline_explain(why),
			    trying ? " as it was before the file changed, trying again" : "");
}

void report_closed(struct report *r, const struct report_name *name)
{
	if (!r->json)
		strbuf_addf(&r->out.pending, "\nConnection to %s closed.\n", name->server);
}

static void disconnected(struct report *r, const struct report_name *name,
			 const struct sshline *why, int64_t delay_ms)
{
	struct json_object *o = event_new("disconnected", name);

	event_text(o, "reason", sshline_explain(why));
	event_number(o, "retry_ms", delay_ms);
	event_end(r, o);
}

void report_reconnecting(struct report *r, const struct report_name *name,
			 const struct sshline *why, int64_t delay_ms)
{
	if (r->json)
		disconnected(r, name, why, delay_ms);
	else if (name->label)
		strbuf_adds(out(r, name), "Disconnected... Automatically reconnecting now..\n");
	else
		strbuf_adds(&r->out.pending, "Disconnected... Automatically reconnecting now..\n"
					     "Press ctrl-c to exit\n");
}

void report_retry(struct report *r, const struct report_name *name, const struct sshline *why,
		  int64_t delay_ms)
{
	if (r->json)
		disconnected(r, name, why, delay_ms);
	else
		strbuf_addf(err(r, name), "%s; trying again in %" PRId64 ".%" PRId64 " s\n",
			    sshline_explain(why), delay_ms / 1000, delay_ms / 100 % 10);
}

void report_denied(struct report *r, const struct report_name *name, const struct sshline *why)
{
	struct json_object *o;

	if (!r->json) {
		strbuf_addf(err(r, name), "giving up: %s\n", sshline_explain(why));
		return;
	}
	o = event_new("denied", name);
	event_text(o, "reason", sshline_explain(why));
	if (why->reason == SSH_REASON_DENIED)
		event_text(o, "code", denial_code(why->denial));
	event_end(r, o);
}

void report_bye(struct report *r)
{
	if (!r->json)
		strbuf_adds(&r->out.pending, "\nBye\n");
}
