/* SPDX-License-Identifier: ISC */
/* One request as HAProxy logs it: a flat JSON object (haproxy.d, log-format), parsed by hand, since it is parsed for
 * every request of every visitor and mostly for nobody to read:
 *
 *	{"at":<epoch ms>,"client":"<address>","method":"GET","path":"/x?y","status":200,"bytes":123,"total_ms":3,
 *	 "origin_ms":2,"relay":"127.64.0.1","port":6054,"by":"<two characters: who ended it, and when (%ts)>"}
 *
 * or a connection to a tcp or tls socket: "method" is TCP or TLS, "path" is "", "status" 0, and it has besides
 *
 *	"sent":<bytes of the visitor (%U)>,"end":"<two characters: how HAProxy says that it ended (%ts)>"
 *
 * Of a request that HAProxy could not read it writes - for a number and "-" for a string: 0, and no relay's address.
 *
 * A syslog header in front of the "{" is skipped; unknown members of type string or number are ignored; anything
 * nested is an error, and so is a member that comes twice: one of them would be a visitor's. */
#ifndef NODE_EDGE_RECORD_H
#define NODE_EDGE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDGE_RECORD_MAX 8192
/* The status of a visitor who left before there was an answer, in place of HAProxy's 400 that nobody got. */
#define EDGE_RECORD_LEFT 499
/* How long they have to have waited for that to say anything. */
#define EDGE_RECORD_WAITED_MS 1000
/* A connection to a tcp or tls socket that lasts longer without a byte is one that only the visitor speaks on. */
#define EDGE_RECORD_SHORT_MS 10000

struct edge_record {
	int64_t at, status, bytes, sent, total_ms, origin_ms, port;
	/* Into the parsed text; NUL-terminated, unescaped, may hold any byte but NUL. "" if absent. */
	const char *client, *method, *path, *relay, *end, *by;
};

/* Parses in place; text[len] must be writable. 0; -ENOMSG: no object in it (HAProxy's words about
 * itself); -EPROTO. What is absent is "" or 0. */
int edge_record_parse(char *text, size_t len, struct edge_record *ret_record);

/* How many bytes passed, for those who read the log: of a connection both ways, of a request the answer's. */
int64_t edge_record_bytes(const struct edge_record *record);

/* To a tcp or tls socket? */
bool edge_record_is_connection(const struct edge_record *record);
/* Did the origin say anything? */
bool edge_record_is_answered(const struct edge_record *record);
/* Did it end the connection without a byte? (HAProxy says so, or the bytes of a short connection.) A 503 that HAProxy
 * gives without asking it, to one visitor too many, says nothing of it. */
bool edge_record_is_unanswered(const struct edge_record *record);

/* Did a visitor wait for an answer, and leave? */
bool edge_record_is_left(const struct edge_record *record);

/* Why a connection ended, in words, from its record's `end`. */
const char *edge_record_end(const char *end);

#endif
