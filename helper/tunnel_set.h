/* SPDX-License-Identifier: ISC */
/* What ssh is told: from jobs (tunnel_run.h) to its arguments, its ssh_config and its known_hosts. */
#ifndef HELPER_TUNNEL_SET_H
#define HELPER_TUNNEL_SET_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "helper/ownkey.h"

struct ctl;
struct prepared;
struct refusal_keys;
struct rundir;
struct supervise_tunnel;
struct tunnel_job;
struct tunnel_request;

/* What all sets of one run have in common: where ssh's files are, and the user's own keys. */
struct tunnel_place {
	struct ctl *ctl;
	const char *folder;
	char config[PATH_MAX], known_hosts[PATH_MAX];
	char own[OWNKEY_MAX][PATH_MAX];
	const char *own_list[OWNKEY_MAX];
	size_t own_count;
};

/* `dir` is kept. 0 or a negative errno. */
int tunnel_place_init(struct tunnel_place *place, struct ctl *ctl, const struct rundir *dir);

/* All zero is an empty one. */
struct tunnel_set {
	struct prepared *prepared;
	struct supervise_tunnel *tunnels; /* for the supervisor */
	size_t count;
};

/* Writes the files, too. What the jobs refer to is kept. 0; or a negative errno, said. */
int tunnel_set_make(const struct tunnel_place *place, const struct tunnel_job *jobs, size_t count,
		    struct tunnel_set *ret_set);
/* Writes the files of a set of before again. 0; or a negative errno, said. */
int tunnel_set_write(const struct tunnel_place *place, const struct tunnel_set *set);
void tunnel_set_clear(struct tunnel_set *set);

const struct tunnel_job *tunnel_set_job(const struct tunnel_set *set, size_t i);
/* What may log in there. */
struct refusal_keys *tunnel_set_keys(const struct tunnel_set *set, size_t i);
/* One of its tunnels leads to the same host and port. */
bool tunnel_set_leads_to(const struct tunnel_set *set, const struct tunnel_request *request);

/* The path of a private key that was given, without links: heap. 0; or a negative errno, said. */
int tunnel_identity(const struct ctl *ctl, const char *given, char **ret_path);
/* ssh gets a terminal of its own. */
bool tunnel_wants_terminal(const struct ctl *ctl);

#endif
