/* SPDX-License-Identifier: ISC */
/* Datagrams to the service manager; that one is not there, or does not read, is its own business. */
#include "helper/announce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/runstatus.h"
#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/escape.h"
#include "lib/notify.h"
#include "lib/strbuf.h"

#define LINE_MAX_SIZE 1000
#define IDLE_MS 30000
#define BEAT_MIN_MS 10

/* A number of the environment; 0 if it is not one. */
static int64_t number_of(const char *name)
{
	const char *text = clientconf_environment(name);
	char *end;
	intmax_t n;

	if (!text)
		return 0;
	errno = 0;
	n = strtoimax(text, &end, 10);
	return errno || *end || n < 0 ? 0 : n;
}

void announce_init(struct announce *a)
{
	int64_t pid = number_of("WATCHDOG_PID"), usec = number_of("WATCHDOG_USEC");

	*a = (struct announce){ 0 };
	if (!usec || (pid && pid != getpid()))
		return;
	a->beat_ms = usec / 2000;
	if (a->beat_ms < BEAT_MIN_MS)
		a->beat_ms = BEAT_MIN_MS;
}

bool announce_is_ready(const struct runstatus_tunnel *tunnels, size_t count)
{
	size_t i, connected = 0;

	for (i = 0; i < count; i++) {
		if (tunnels[i].status.state == SUPERVISE_CONNECTED)
			connected++;
		else if (tunnels[i].status.state != SUPERVISE_FAILED)
			return false;
	}
	return connected > 0;
}

void announce_text(const struct runstatus_tunnel *tunnels, size_t count, struct strbuf *sb)
{
	const struct runstatus_tunnel *troubled = NULL;
	size_t i, connected = 0;

	for (i = 0; i < count; i++) {
		const struct supervise_status *s = &tunnels[i].status;

		if (s->state == SUPERVISE_CONNECTED)
			connected++;
		else if (s->error && (!troubled || (s->state == SUPERVISE_FAILED &&
						    troubled->status.state != SUPERVISE_FAILED)))
			troubled = &tunnels[i];
	}
	strbuf_addf(sb, "%zu of %zu connected", connected, count);
	if (!troubled)
		return;
	strbuf_adds(sb, "; '");
	escape_add(sb, troubled->name, strlen(troubled->name));
	strbuf_addf(sb, "'%s: %s", troubled->status.state == SUPERVISE_FAILED ? " failed" : "",
		    troubled->status.error);
}

static void send_line(const char *prefix, const char *text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(LINE_MAX_SIZE);

	strbuf_addf(&sb, "%s%s", prefix, text);
	if (strbuf_error(&sb) == 0)
		(void)notify_send(sb.buf);
}

void announce_change(struct announce *a, const struct runstatus_tunnel *tunnels, size_t count)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(LINE_MAX_SIZE / 2);
	bool first = !a->ready && announce_is_ready(tunnels, count);

	announce_text(tunnels, count, &sb);
	if (first)
		a->ready = true;
	send_line(first ? "READY=1\nSTATUS=" : "STATUS=", sb.buf);
}

void announce_message(const char *text)
{
	send_line("STATUS=", text);
}

void announce_stopping(void)
{
	send_line("STOPPING=1\nSTATUS=", "ending");
}

int64_t announce_tick(struct announce *a, int64_t now_ms)
{
	if (!a->beat_ms)
		return IDLE_MS;
	if (now_ms >= a->next_ms) {
		(void)notify_send("WATCHDOG=1");
		a->next_ms = now_ms + a->beat_ms;
	}
	return a->next_ms - now_ms;
}
