/* SPDX-License-Identifier: ISC */
/* Asks ssh-agent for its public keys, as ssh does before it offers them; never blocks. */
#ifndef HELPER_AGENT_H
#define HELPER_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/strbuf.h"

struct offered;

/* How long it may take. */
#define AGENT_MS 3000

struct agent {
	int fd; /* -1: nothing is asked */
	int64_t end_ms;
	struct strbuf answer;
};

void agent_init(struct agent *a);
void agent_clear(struct agent *a);

/* Asks the one that listens at `path` ($SSH_AUTH_SOCK). 0; -ENOENT if there is none; another negative errno. */
int agent_ask(struct agent *a, const char *path, int64_t now_ms);
bool agent_is_asked(const struct agent *a);

/* 0 once its keys are in `offered`; -EINPROGRESS; another negative errno if it does not tell. */
int agent_step(struct agent *a, struct offered *offered, int64_t now_ms);

#endif
