/* SPDX-License-Identifier: ISC */
/* What users may say about the headers of requests that reach their origins: each check is 0, or -EINVAL with the
 * reason and the remedy as the end of a sentence ("cannot be changed: the edge tells the visitor's address in it"). */
#ifndef LIB_HTTPHEADER_H
#define LIB_HTTPHEADER_H

#define HTTPHEADER_NAME_MAX 64
#define HTTPHEADER_VALUE_MAX 1024
#define HTTPHEADER_HOST_MAX 255

/* A token that the edge has no business of its own with. */
int httpheader_check_name(const char *name, const char **ret_why);
/* 1 to HTTPHEADER_VALUE_MAX printable ASCII characters without space at either end. */
int httpheader_check_value(const char *value, const char **ret_why);
/* Of Host: a name or an address, and perhaps a port (RFC 9110 7.2). */
int httpheader_check_host(const char *host, const char **ret_why);

#endif
