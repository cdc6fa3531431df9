/* SPDX-License-Identifier: ISC */
/* One ssh of a tunnel: the process, what it says, and why it ends. */
#ifndef HELPER_SSHSESSION_H
#define HELPER_SSHSESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/sshline.h"
#include "helper/sshproc.h"
#include "helper/voice.h"

struct sshsession {
	struct sshproc proc;
	struct sshline why;
	struct voice voice;
	char *given; /* what it was started with, and where it leads: the caller's to set, heap */
	char *origin;
	bool spoke;		 /* its session has written: traffic can flow */
	int64_t end_ms;		 /* of a retired one: when it is to end; then SIGKILL */
	bool asked;		 /* a retired one has had its SIGTERM */
	struct sshsession *next; /* in a list of retired ones */
};

/* Starts it; its terminal, if it gets one, is `indent` columns narrower than ours. 0 with *ret_s; or a negative errno, and *ret_why tells what it means: sshsession_free() is not
 * needed then. */
int sshsession_start(const char *const *argv, bool pty, unsigned indent, const struct voice *voice,
		     struct sshsession **ret_s, struct sshline *ret_why);

/* Reads what is there, at most a chunk of each stream, so that no side starves another: messages first, since a
 * reason is to be known before the end that it explains. */
void sshsession_read_messages(struct sshsession *s);
void sshsession_read_output(struct sshsession *s);

/* True once ssh has ended; then what it left in its pipes is taken. Another process of its may hold them open, so
 * their end is not waited for. */
bool sshsession_reap(struct sshsession *s);

/* Kills it for want of an answer: ssh itself will not say why. */
void sshsession_give_up(struct sshsession *s);

/* After sshsession_reap(). NULL is legal. */
void sshsession_free(struct sshsession *s);

#endif
