/* SPDX-License-Identifier: ISC */
/* One reading of the file of `up`: what it says, the sockets as the API knows them, and what is to run for them; and what is
 * another in the next reading. */
#ifndef HELPER_UPPLAN_H
#define HELPER_UPPLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/tunnel_run.h"
#include "helper/upconf.h"
#include "helper/upsockets.h"

#define UPPLAN_LABEL_SIZE 432 /* a name of 100 characters, and a number */

struct strbuf;

/* May be moved. */
struct upplan {
	struct upconf conf;
	struct upsockets sockets;
	struct tunnel_request *requests; /* one per socket */
	struct tunnel_job *jobs;
	char (*labels)[UPPLAN_LABEL_SIZE];
	size_t job_count;
};

/* From the two before it. 0 or -ENOMEM. */
int upplan_make_jobs(struct upplan *plan);
void upplan_clear(struct upplan *plan);

/* True if the file says the same. */
bool upplan_same_file(const struct upconf *a, const struct upconf *b);

/* Appends the sockets: a table of `width` columns, or with `json` an event for each. 0 or a negative errno. */
int upplan_add_sockets(const struct upplan *plan, bool json, size_t width, struct strbuf *sb);
/* Appends what is another than `before`, and the sockets that are new or changed. Likewise. */
int upplan_add_news(const struct upplan *plan, const struct upplan *before, bool json, size_t width,
		    struct strbuf *sb);

#endif
