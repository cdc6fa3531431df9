/* SPDX-License-Identifier: ISC */
/* Links that confirm an account's e-mail address (conf: confirm = email). */
#ifndef API_CONFIRM_H
#define API_CONFIRM_H

#include "api/store.h"

struct http_request;

#define CONFIRM_VALID_MS INT64_C(86400000)

/* Makes the account's link, within the caller's transaction; the caller sends it after the commit. */
int api_confirm_add(struct db *db, const char *user_id, char *ret_link, size_t link_size);
/* Sends the link to the account's address. As long as the service sends no mail, that is a line in its log. */
void api_confirm_send(struct http_request *rq, const struct store_account *account,
		      const char *link);
/* Makes and sends a new link unless an unexpired one is on its way. */
int api_confirm_renew(struct http_request *rq, const struct store_account *account);

#endif
