/* SPDX-License-Identifier: ISC */
/* HAProxy's log: a Unix datagram socket, one record per request (edge_record.h), passed to the session that served it.
 *
 * MUST 1: only root, HAProxy's user and the node's own are believed (SCM_CREDENTIALS), since any local user may send.
 * MUST 2: what is passed on is escaped (attach.c): paths carry whatever visitors like. */
#ifndef NODE_EDGE_LOG_H
#define NODE_EDGE_LOG_H

struct edge_log;
struct node;

#define EDGE_LOG_BATCH 32
/* While records come, the node looks every few milliseconds instead of waking up for each: a wake-up costs more than a
 * record. Only where the kernel's queue (net.unix.max_dgram_qlen) holds what comes meanwhile. */
#define EDGE_LOG_PAUSE_MS 5
#define EDGE_LOG_QUEUE_MIN 256
#define EDGE_LOG_RCVBUF (4 * 1024 * 1024)

/* 0 with *ret_log; a negative errno (-EADDRINUSE: something else is at the path). */
int edge_log_new(struct node *node, const char *path, struct edge_log **ret_log);
void edge_log_free(struct edge_log *log);

#endif
