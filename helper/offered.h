/* SPDX-License-Identifier: ISC */
/* The public keys that ssh may offer to a tunnel server: those of identity files and of an agent. What they are only ever
 * grows, so that a file or an agent that is away for a while takes nothing from it. Whoever finds none of them on an
 * account knows that ssh cannot log in there, unless `unsure`.
 *
 * MUST: of a private key's file, only the public part is kept, and the rest is wiped. */
#ifndef HELPER_OFFERED_H
#define HELPER_OFFERED_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/strbuf.h"

struct offered {
	struct strbuf keys; /* in base64, each between line feeds */
	bool unsure;	    /* there may be others */
	bool locked; /* one of them needs somebody to type a passphrase, or to touch a token */
};

void offered_init(struct offered *o);
void offered_clear(struct offered *o);

/* What ssh offers for IdentityFile `path`: the key in it if that is a public one, else in "<path>.pub", else the public part
 * of the private key. One that is there and does not tell makes it unsure; one that is not there adds nothing. */
void offered_add_file(struct offered *o, const char *path);

/* An agent's answer to SSH_AGENTC_REQUEST_IDENTITIES, without its length (draft-miller-ssh-agent 3.5). 0 or -EINVAL. */
int offered_add_agent(struct offered *o, const unsigned char *answer, size_t len);

/* `key`: "type base64", with or without a comment. */
bool offered_has(const struct offered *o, const char *key);
bool offered_is_sure(const struct offered *o);

/* ssh may have to ask somebody. */
bool offered_may_ask(const struct offered *o);

#endif
