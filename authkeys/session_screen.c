/* SPDX-License-Identifier: ISC */
/* Welcome, tunnels, heading, requests: in the order in which they become known. */
#include "authkeys/session_screen.h"

#include <string.h>

#include "lib/cleanup.h"
#include "lib/denial.h"
#include "lib/nodewire.h"
#include "lib/strbuf.h"
#include "lib/wire.h"

void session_screen_head(struct session_screen *screen, struct strbuf *sb)
{
	if (screen->headed)
		return;
	screen->headed = true;
	if (!screen->tunnels)
		strbuf_adds(sb, "No port is forwarded yet: ask ssh for it with "
				"-R <relay port>:127.0.0.1:<your port>\n");
	strbuf_adds(sb, "\n=======\nLogs\n=======\n");
	session_line_heading(sb, &screen->style);
}

static void show_ok(struct session_screen *screen, const struct wire_msg *msg, struct strbuf *sb)
{
	if (screen->welcomed)
		return;
	screen->welcomed = true;
	strbuf_adds(sb, "Welcome to ");
	session_line_text(sb, wire_text(msg, "service"));
	strbuf_adds(sb, "!\n");
}

static void show_tunnel(struct session_screen *screen, const struct wire_msg *msg,
			struct strbuf *sb)
{
	bool current = strcmp(wire_text(msg, "state"), "standby") != 0, is_new = true;
	int64_t port = wire_number(msg, "port");
	int64_t waited = wire_number(msg, "waited");
	size_t i, known = screen->tunnels;

	if (known > SESSION_SCREEN_TUNNELS)
		known = SESSION_SCREEN_TUNNELS;
	for (i = 0; i < known && screen->known[i].port != port; i++)
		;
	if (i < known) {
		if (screen->known[i].current == current)
			return;
		is_new = false;
	} else {
		screen->tunnels++;
	}
	if (i < SESSION_SCREEN_TUNNELS) {
		screen->known[i].port = (uint16_t)port;
		screen->known[i].current = current;
	}
	session_line_text(sb, wire_text(msg, "name"));
	strbuf_adds(sb, " - ");
	session_line_text(sb, wire_text(msg, "url"));
	if (!current)
		strbuf_adds(sb, ": a later login of this tunnel took over, this one stands by");
	else if (!is_new)
		strbuf_adds(sb, ": this login serves the tunnel again");
	strbuf_addch(sb, '\n');
	if (waited > 0)
		strbuf_addf(sb, "mysocket: %lld visitor%s waited for this login\n",
			    (long long)waited, waited > 1 ? "s" : "");
}

static bool is_port(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len > 0 && len <= 5 && strspn(text, "0123456789") == len;
}

/* The health of what the forward leads to, in the middle of the log. */
static void show_origin(struct session_screen *screen, const struct wire_msg *msg,
			struct strbuf *sb)
{
	const char *state = wire_text(msg, "state");

	session_screen_head(screen, sb);
	strbuf_adds(sb, "mysocket: ");
	session_line_text(sb, wire_text(msg, "name"));
	if (!strcmp(state, "answers")) {
		strbuf_adds(sb, ": your service answers again\n");
	} else if (!strcmp(state, "closes")) {
		strbuf_adds(
			sb,
			": your service closes connections without an answer; look at its log\n");
	} else if (!strcmp(state, "silent")) {
		strbuf_adds(sb, ": your service takes connections but does not answer; start it "
				"again, or look at its log\n");
	} else {
		strbuf_adds(sb,
			    ": connections to your service are refused: is anything listening on ");
		if (screen->tunnels == 1 && is_port(screen->origin))
			strbuf_addf(sb, "port %s", screen->origin);
		else
			strbuf_adds(sb, "the port that -R leads to");
		strbuf_adds(sb, "?\n");
	}
}

static void show_log(struct session_screen *screen, const struct wire_msg *msg, struct strbuf *sb)
{
	const char *end = wire_get(msg, "end");
	const struct session_request request = {
		.at_ms = wire_number(msg, "at"),
		.client = wire_get(msg, "client"),
		.method = wire_get(msg, "method"),
		.path = end ? end : wire_get(msg, "path"),
		.status = wire_number(msg, "status"),
		.bytes = wire_number(msg, "bytes"),
		.total_ms = wire_number(msg, "total_ms"),
		.origin_ms = wire_number(msg, "origin_ms"),
	};

	session_screen_head(screen, sb);
	session_line_request(sb, &screen->style, &request);
}

static void show_dropped(struct session_screen *screen, const struct wire_msg *msg,
			 struct strbuf *sb)
{
	session_screen_head(screen, sb);
	strbuf_addf(sb, "... %lld lines not shown (too fast for this terminal)\n",
		    (long long)wire_number(msg, "count"));
}

static void show_notice(struct session_screen *screen, const struct wire_msg *msg,
			struct strbuf *sb)
{
	strbuf_adds(sb, "mysocket: ");
	session_line_text(sb, wire_text(msg, "text"));
	strbuf_addch(sb, '\n');
}

/* "mysocket: <message> [<code>]", which the supervisor on the user's machine understands. */
static void show_denial(const struct wire_msg *msg, enum denial denial, struct strbuf *sb)
{
	const char *message = wire_text(msg, "message");

	strbuf_adds(sb, "mysocket: ");
	session_line_text(sb, *message ? message : denial_message(denial));
	strbuf_addf(sb, " [%s]\n", denial_code(denial));
}

/* `denied` and `end`. Refused for a reason that passes, a session waits: the login itself stands. */
static enum session_screen_next refuse(const struct wire_msg *msg, struct strbuf *sb)
{
	enum denial denial = denial_from_code(wire_text(msg, "code"));

	if (denial == DENIAL_NONE)
		denial = DENIAL_UNAVAILABLE;
	if (!strcmp(msg->verb, NODEWIRE_DENIED) && !denial_is_final(denial))
		return SESSION_SCREEN_RETRY;
	show_denial(msg, denial, sb);
	return SESSION_SCREEN_REFUSED;
}

enum session_screen_next session_screen_message(struct session_screen *screen,
						const struct wire_msg *msg, struct strbuf *sb)
{
	static const struct {
		const char *verb;
		void (*show)(struct session_screen *, const struct wire_msg *, struct strbuf *);
	} verbs[] = {
		{ NODEWIRE_OK, show_ok },	  { NODEWIRE_TUNNEL, show_tunnel },
		{ NODEWIRE_LOG, show_log },	  { NODEWIRE_DROPPED, show_dropped },
		{ NODEWIRE_NOTICE, show_notice }, { NODEWIRE_ORIGIN, show_origin },
	};
	size_t i;

	if (!strcmp(msg->verb, NODEWIRE_DENIED) || !strcmp(msg->verb, NODEWIRE_END))
		return refuse(msg, sb);
	for (i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(msg->verb, verbs[i].verb))
			verbs[i].show(screen, msg, sb);
	return SESSION_SCREEN_GO_ON;
}
