/* SPDX-License-Identifier: ISC */
/* One connection: made by libcurl (happy eyeballs, proxies, TLS), then read and written here. */
#ifndef PROXYCOMMAND_DIAL_H
#define PROXYCOMMAND_DIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "proxycommand/net.h"
#include "proxycommand/target.h"

struct dial {
	CURL *easy;   /* NULL: a bare descriptor (for tests) */
	int fd;	      /* belongs to easy; without one to whoever set it */
	bool wrapped; /* TLS lies in between: the descriptor alone is of no use to others */
};

/* 0; else a negative errno as net_why(), with a sentence. */
int dial_open(const struct net *net, const struct target *target, struct dial *ret_dial,
	      char *ret_why, size_t size);
void dial_close(struct dial *dial);

/* ---- dial_io.c: none of them blocks ---- */
/* Bytes read; 0: the peer has ended its side; -EAGAIN; another negative errno: -EIO for a TLS connection that was cut off. */
ssize_t dial_read(struct dial *dial, void *buf, size_t len);
/* Bytes written; -EAGAIN: then repeat with the same buffer, and at least the same length; another negative errno. */
ssize_t dial_write(struct dial *dial, const void *buf, size_t len);
/* Ends our side; reading goes on. */
void dial_end(struct dial *dial);

#endif
