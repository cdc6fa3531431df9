/* SPDX-License-Identifier: ISC */
/* What a visitor of a name meets before any tunnel: its addresses and the edge's certificate. Looking up names blocks, so a
 * thread does it. Bounded: SURVEY_MAX at a time in the whole node, SURVEY_OWNER_MAX for one account, each for some seconds.
 *
 * MUST 1: nothing but the edge is connected to, wherever the name leads: who has a name of his own says where that is, and
 *         could look through this machine at what only this machine reaches. */
#ifndef NODE_SURVEY_H
#define NODE_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SURVEY_MAX 8
#define SURVEY_OWNER_MAX 2
#define SURVEY_OWNER_SIZE 64
#define SURVEY_HOST_SIZE 256
#define SURVEY_TEXT_SIZE 200
#define SURVEY_TIMEOUT_S 5

struct survey_result {
	/* Addresses, separated by blanks. */
	char addresses[SURVEY_TEXT_SIZE];
	char wanted[SURVEY_TEXT_SIZE]; /* of the name that surely leads to the edge */
	char lookup[SURVEY_TEXT_SIZE]; /* why there are no addresses; "": there are */
	bool is_here;		       /* one of them is one of `wanted` */
	/* Only if it is here: */
	char connect[SURVEY_TEXT_SIZE]; /* why TLS failed; "": it did not */
	bool is_covered;		/* the certificate names the host */
	int64_t expires_s;		/* since the epoch; 0: not known */
};

struct survey_question {
	const char *owner; /* whose account's */
	const char *host;
	const char *edge_host; /* it surely leads to the edge */
	uint16_t tls_port;
};

struct event_base;
struct survey;

typedef void survey_done(void *arg, const struct survey_result *result);

/* 0 with *ret_survey; `done` is called once, later, and the survey is gone then. -EAGAIN: too many; -ENOMEM ... */
int survey_start(struct event_base *base, const struct survey_question *question, survey_done *done,
		 void *arg, struct survey **ret_survey);
/* Drops it without calling `done`. NULL is fine. */
void survey_cancel(struct survey *survey);

/* ---- for tests ---- */
/* Does a certificate's name ("example.net", "*.example.net") stand for the host? (RFC 6125 6.4) */
bool survey_name_covers(const char *name, size_t len, const char *host);
/* "Nov 23 04:00:00 2026 GMT" to seconds since the epoch; 0 if it is not that. */
int64_t survey_parse_date(const char *text);

#endif
