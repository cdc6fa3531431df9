/* SPDX-License-Identifier: ISC */
/* One ssh of a tunnel: the process, what it says, and why it ends. */
#ifndef HELPER_SSHSESSION_H
#define HELPER_SSHSESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/sshline.h"
#include "helper/sshproc.h"
#include "helper/voice.h"

struct guard;

struct sshsession {
	struct sshproc proc;
	const struct guard *guard;
	struct sshline why;
	struct voice voice;
	char *given; /* what it was started with, and where it leads: the caller's to set, heap */
	char *origin;
	bool spoke;		 /* its session has written: traffic can flow */
	bool asked;		 /* it has had its SIGTERM */
	int64_t end_ms;		 /* when it is to have the next signal; 0: never */
	struct sshsession *next; /* retired.h */
};

struct sshsession_params {
	const char *const *argv;
	const struct guard *guard; /* looks after it until it has ended */
	bool pty;
	unsigned indent; /* a terminal that it gets is so many columns narrower than ours */
};

/* Starts it. 0 with *ret_s; or a negative errno, and *ret_why tells what it means: sshsession_free() is not needed then. */
int sshsession_start(const struct sshsession_params *params, const struct voice *voice,
		     struct sshsession **ret_s, struct sshline *ret_why);

/* Reads what is there, at most a chunk of each stream, so that no side starves another: messages first, since a
 * reason is to be known before the end that it explains. */
void sshsession_read_messages(struct sshsession *s);
void sshsession_read_output(struct sshsession *s);

/* True once ssh has ended; then what it left in its pipes is taken. Another process of its may hold them open, so
 * their end is not waited for. */
bool sshsession_reap(struct sshsession *s);

/* Asks it to end: SIGTERM. The second time it is killed. */
void sshsession_stop(struct sshsession *s);
/* Ends it for want of an answer: ssh itself will not say why. It is asked first: at a prompt, it has the terminal to put in
 * order. Killed SUPERVISOR_STOP_MS later. */
void sshsession_give_up(struct sshsession *s);

/* When sshsession_timer() has something to do; -1: never. */
int64_t sshsession_deadline(const struct sshsession *s);
void sshsession_timer(struct sshsession *s, int64_t now_ms);

/* After sshsession_reap(). NULL is legal. */
void sshsession_free(struct sshsession *s);

#endif
