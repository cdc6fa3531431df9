/* SPDX-License-Identifier: ISC */
/* Tells the service manager how a run of tunnels is doing (sd_notify(3), lib/notify.h): READY=1 only when traffic can flow
 * through each tunnel that has not failed for good, STATUS= lines, the watchdog's WATCHDOG=1. Nothing is sent where nobody
 * asked. */
#ifndef HELPER_ANNOUNCE_H
#define HELPER_ANNOUNCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct runstatus_tunnel;
struct strbuf;

struct announce {
	bool ready;	 /* READY=1 has been sent */
	int64_t beat_ms; /* between two WATCHDOG=1; 0: nobody watches */
	int64_t next_ms; /* when the next is due, of a clock that only goes forward */
};

/* Reads $WATCHDOG_USEC and $WATCHDOG_PID. */
void announce_init(struct announce *a);

/* A status of the tunnels is another now. */
void announce_change(struct announce *a, const struct runstatus_tunnel *tunnels, size_t count);
/* What it does before there are tunnels: "waiting for the API: ...". */
void announce_message(const char *text);
void announce_stopping(void);

/* WATCHDOG=1 if it is due. Returns in how many milliseconds it wants to be called again. */
int64_t announce_tick(struct announce *a, int64_t now_ms);

/* ---- what the above go by ---- */
/* True if at least one is connected, and the others are too or have failed for good. */
bool announce_is_ready(const struct runstatus_tunnel *tunnels, size_t count);
/* Appends one line: "2 of 3 connected; 'home ssh': cannot connect to the tunnel server". */
void announce_text(const struct runstatus_tunnel *tunnels, size_t count, struct strbuf *sb);

#endif
