/* SPDX-License-Identifier: ISC */
/* Public names of sockets: word-word-number, such as long-hill-8399. Two hyphens and four digits, so none can
 * be a name that the service itself uses (api, ssh, www). */
#ifndef API_NAMES_H
#define API_NAMES_H

#include <stddef.h>

#define NAMES_LABEL_SIZE 64 /* RFC 1035 2.3.4: 63 and a NUL */
#define NAMES_NUMBER_MIN 1000
#define NAMES_NUMBER_MAX 9999

/* A random one out of about a thousand million; who uses it tries again if it is taken. */
void names_pick(char ret_label[NAMES_LABEL_SIZE]);

/* Is it a name that an owner may choose: one DNS label of 3 to 40 characters in lower case, none that the service or
 * the web at large gives a meaning, none that names_pick() could give to somebody else? 0, or -EINVAL with a sentence
 * that names the field 'subdomain' and the remedy. */
int names_check_chosen(const char *label, const char **ret_why);

/* The label of a public name `host`, in lower case: what stands before `domain`, however both are spelled; a dot at
 * the end is allowed. 0, or -ENOENT. */
int names_label(const char *host, const char *domain, char ret_label[NAMES_LABEL_SIZE]);

/* For tests: word `i` of the first (0) or second (1) list, NULL past the end. */
const char *names_word(int list, size_t i);

#endif
