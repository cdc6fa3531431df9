/* SPDX-License-Identifier: ISC */
/* The command `doctor`: for each tunnel of a login, one after the other, does its name lead here (DNS), does the edge's
 * certificate cover it, is the tunnel up, does its origin answer. Each answer is sent as it is known. */
#ifndef NODE_DOCTOR_H
#define NODE_DOCTOR_H

#define DOCTOR_TUNNELS 32      /* at most */
#define DOCTOR_PROBE_MS 2000   /* in which an origin has to say something */
#define DOCTOR_EXPIRES_DAYS 14 /* a certificate that ends sooner is a finding */

struct doctor;
struct session;

/* 0; -EAGAIN, -ENOMEM. It ends with `done`, or with doctor_cancel(). */
int doctor_start(struct session *session);
/* NULL is fine. */
void doctor_cancel(struct session *session);

#endif
