/* SPDX-License-Identifier: ISC */
/* Messages between programs of one host, over Unix SOCK_SEQPACKET: one record is one message, and may carry
 * one descriptor. libc only: NSS-, PAM- and sshd-side programs use it. What is said: lib/nodewire.h.
 *
 *	message = verb LF *( name "=" value LF )
 *	verb    = name = 1*32( "a"-"z" / "0"-"9" / "_" )
 *	value   = *( any byte but 0x00-0x1F and 0x7F )
 *
 * At most WIRE_MAX bytes and WIRE_FIELDS fields; a name occurs once. Anything else is -EPROTO. Unknown
 * fields are ignored, so that fields can be added. */
#ifndef LIB_WIRE_H
#define LIB_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/strbuf.h"

#define WIRE_MAX 65536
#define WIRE_FIELDS 24

struct wire_field {
	const char *name;
	const char *value;
};

/* A parsed message: points into the buffer that it was parsed from. */
struct wire_msg {
	const char *verb;
	struct wire_field fields[WIRE_FIELDS];
	size_t count;
};

/* ---- building: strbuf_init(&sb, WIRE_MAX) before, strbuf_error(&sb) after ---- */
void wire_begin(struct strbuf *sb, const char *verb);
/* Latches -EINVAL if the value has a control byte: escape or refuse it before. */
void wire_add(struct strbuf *sb, const char *name, const char *value);
void wire_add_int(struct strbuf *sb, const char *name, int64_t value);

/* ---- reading ---- */
/* Parses in place (buf[len] must be writable: it becomes NUL). 0, -EPROTO. */
int wire_parse(char *buf, size_t len, struct wire_msg *ret_msg);
/* NULL if absent. */
const char *wire_get(const struct wire_msg *msg, const char *name);
/* 0; -ENOENT if absent; -EINVAL if not a decimal integer in [min, max]. */
int wire_get_int(const struct wire_msg *msg, const char *name, int64_t min, int64_t max,
		 int64_t *ret_value);
/* The same for what is only shown: "" and -1 where there is none, or no whole number from 0 on. */
const char *wire_text(const struct wire_msg *msg, const char *name);
int64_t wire_number(const struct wire_msg *msg, const char *name);

/* ---- transport; every call has a deadline in milliseconds, -1 for none, 0 for "do not block" ---- */
/* Connects to `path`. 0 with *ret_fd (non-blocking, close-on-exec); -ENOENT or -ECONNREFUSED if nobody listens;
 * -EAGAIN if its queue is full; -ETIMEDOUT. */
int wire_connect(const char *path, int timeout_ms, int *ret_fd);
/* Sends sb as one record, with descriptor `pass_fd` unless it is -1 (the caller keeps its own). 0; the
 * strbuf's latched error; -ETIMEDOUT (-EAGAIN when timeout_ms is 0); another negative errno. */
int wire_send(int fd, const struct strbuf *sb, int pass_fd, int timeout_ms);
/* Receives one record into buf (size > WIRE_MAX or longer records are -EMSGSIZE) and parses it. *ret_fd (may be NULL: descriptors are
 * closed) is the passed descriptor or -1. 0; -ECONNRESET at end of stream; -EPROTO; -ETIMEDOUT (-EAGAIN
 * when timeout_ms is 0). */
int wire_recv(int fd, char *buf, size_t size, struct wire_msg *ret_msg, int *ret_fd,
	      int timeout_ms);
/* Connect, send, receive one answer into buf, close; one deadline over all. Errors as above. */
int wire_call(const char *path, const struct strbuf *request, int pass_fd, char *buf, size_t size,
	      struct wire_msg *ret_msg, int timeout_ms);

#endif
