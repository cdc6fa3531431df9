/* SPDX-License-Identifier: ISC */
/* What a border lets in: each check is 0, or -EINVAL with *ret_why set to a sentence for the user. */
#ifndef API_CHECK_H
#define API_CHECK_H

#include "api/store.h"

#define CHECK_PASSWORD_MIN 8
#define CHECK_PASSWORD_MAX 1024
#define CHECK_ACCOUNT_NAME_MAX 100 /* bytes */
#define CHECK_SOCKET_NAME_MAX 100  /* characters */
#define CHECK_DOMAIN_MAX 230	   /* there is room for a label in front */

/* The address trimmed and in lower case: one spelling per account. */
int api_check_email(const char *text, char ret_email[STORE_EMAIL_SIZE], const char **ret_why);
int api_check_password(const char *password, const char **ret_why);
int api_check_account_name(const char *name, const char **ret_why);
int api_check_socket_name(const char *name, const char **ret_why);
int api_check_socket_type(const char *type, const char **ret_why);
/* Of a protected socket: what HTTP's basic authentication can carry (RFC 7617 2). */
int api_check_protected_username(const char *username, const char **ret_why);
int api_check_protected_password(const char *password, const char **ret_why);
/* A host name of a user's own, in lower case without a dot at its end. */
int api_check_domain(const char *text, char ret_domain[CHECK_DOMAIN_MAX + 1], const char **ret_why);
/* A node's name or address: a host name or an IP address. */
int api_check_node(const char *host, const char **ret_why);

#endif
