/* SPDX-License-Identifier: ISC */
/* Certificates that users bring for names of their own. What goes on to the edge is printed from parsed data: it can
 * hold nothing but one private key and the certificates that belong to it. */
#ifndef API_CERTIFICATE_H
#define API_CERTIFICATE_H

#include <stdint.h>

#define CERTIFICATE_CHAIN_MAX 10
#define CERTIFICATE_PEM_MAX 16000 /* bytes: HAProxy takes no more at a time */

struct certificate {
	char *pem;	      /* heap: the leaf, the chain, the key; certificate_clear() wipes it */
	int64_t not_after_ms; /* the first to expire */
};

/* `chain`: the certificate of `domain` first, then those that signed it, in order, as PEM; `key`: its private key, not
 * encrypted. 0; -EINVAL with a sentence that names the field and the remedy; -ENOMEM. */
int certificate_read(const char *chain, const char *key, const char *domain,
		     struct certificate *ret_certificate, const char **ret_why);
void certificate_clear(struct certificate *certificate);

#endif
