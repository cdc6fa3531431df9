/* SPDX-License-Identifier: ISC */
/* Tells the service manager how a daemon is doing (sd_notify(3), its protocol alone: one datagram to the
 * socket that NOTIFY_SOCKET names). */
#ifndef LIB_NOTIFY_H
#define LIB_NOTIFY_H

/* Sends `state` ("READY=1", "STOPPING=1"). 0; 0 as well if nobody asked (NOTIFY_SOCKET is not set); else a
 * negative errno, which a daemon may ignore. */
int notify_send(const char *state);

#endif
