/* SPDX-License-Identifier: ISC */
/* The question, in two requests; and the judgement. */
#include "helper/refusal.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/ctl.h"
#include "helper/rest.h"
#include "lib/cleanup.h"

#define STEP_MS 25
#define IDLE_MS 30000

/* ---- keys ---- */
/* Beginnings of options by which ssh may come to other keys, or to another user. */
static bool may_name_keys(const char *option)
{
	static const char *const names[] = { "identit", "certificate", "pkcs11",    "include",
					     "match",	"user",	       "preferred", "pubkey" };
	size_t i;

	option += strspn(option, " \t");
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncasecmp(option, names[i], strlen(names[i])))
			return true;
	return false;
}

static void read_files(struct refusal_keys *k)
{
	size_t i;

	for (i = 0; i < k->count; i++)
		offered_add_file(&k->offered, k->files[i]);
}

void refusal_keys_init(struct refusal_keys *k, const char *const *files, size_t count, bool agent,
		       const struct ctl_list *ssh_options)
{
	size_t i;

	*k = (struct refusal_keys){ .files = files, .count = count, .agent = agent };
	offered_init(&k->offered);
	for (i = 0; i < ssh_options->count; i++)
		if (may_name_keys(ssh_options->items[i]))
			k->offered.unsure = true;
	read_files(k);
}

void refusal_keys_clear(struct refusal_keys *k)
{
	offered_clear(&k->offered);
}

/* ---- the judgement ---- */
static const char *text_of(struct json_object *o, const char *name)
{
	struct json_object *text = NULL;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, name, &text) ||
	    !json_object_is_type(text, json_type_string))
		return NULL;
	return json_object_get_string(text);
}

/* True only if the list can be read to its end, and the tunnel is not in it. */
static bool lacks_tunnel(struct json_object *sockets, const char *tunnel_id)
{
	size_t i, j;

	if (!json_object_is_type(sockets, json_type_array))
		return false;
	for (i = 0; i < json_object_array_length(sockets); i++) {
		struct json_object *o = json_object_array_get_idx(sockets, i), *tunnels = NULL;

		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, "tunnels", &tunnels) ||
		    !json_object_is_type(tunnels, json_type_array))
			return false;
		for (j = 0; j < json_object_array_length(tunnels); j++) {
			const char *id =
				text_of(json_object_array_get_idx(tunnels, j), "tunnel_id");

			if (!id || !strcmp(id, tunnel_id))
				return false;
		}
	}
	return true;
}

static bool is_offered(const char *key, const struct refusal_keys *keys,
		       const struct offered *agent)
{
	return offered_has(&keys->offered, key) || (keys->agent && offered_has(agent, key));
}

enum known { KNOWN_NO, KNOWN_YES, KNOWN_NOTHING };

/* Is one of the account's keys one that ssh offers? Likewise: "no" is for a list that can be read to its end. */
static enum known shares_key(struct json_object *list, const struct refusal_keys *keys,
			     const struct offered *agent)
{
	enum known known = KNOWN_NO;
	size_t i;

	if (!json_object_is_type(list, json_type_array))
		return KNOWN_NOTHING;
	if (!offered_is_sure(&keys->offered) || (keys->agent && !offered_is_sure(agent)))
		known = KNOWN_NOTHING;
	for (i = 0; i < json_object_array_length(list); i++) {
		const char *key = text_of(json_object_array_get_idx(list, i), "sshkey");

		if (!key)
			return KNOWN_NOTHING;
		if (is_offered(key, keys, agent))
			return KNOWN_YES;
	}
	return known;
}

static int denied(enum denial denial, struct sshline *ret_why)
{
	*ret_why = (struct sshline){ SSH_REASON_DENIED, denial };
	return 1;
}

int refusal_judge(const struct refusal_facts *facts, const char *tunnel_id,
		  const struct refusal_keys *keys, const struct offered *agent,
		  const struct supervise_refusal *refused, struct sshline *ret_why)
{
	enum known known;

	if (denial_is_final(facts->account))
		return denied(facts->account, ret_why);
	if (lacks_tunnel(facts->sockets, tunnel_id))
		return denied(DENIAL_DELETED, ret_why);
	if (refused->why.reason == SSH_REASON_FORWARD)
		return 0;
	known = shares_key(facts->keys, keys, agent);
	if (refused->was_up)
		return known == KNOWN_NO ? denied(DENIAL_KEY, ret_why) : 0;
	/* None was ever taken. One that the account has is refused while the tunnel server cannot check it; or nobody unlocked
	 * it, or its file is open to others, and is asked again. But if ssh did not get as far as to offer it, it will not the
	 * next time. */
	if (known == KNOWN_NOTHING ||
	    (known == KNOWN_YES &&
	     (refused->why.reason == SSH_REASON_KEY || refused->why.reason == SSH_REASON_KEY_FILE)))
		return 0;
	*ret_why = refused->why;
	return 1;
}

/* ---- the agent ---- */
static const char *agent_path(void)
{
	const char *path = getenv("SSH_AUTH_SOCK");

	return path ? path : "";
}

static int64_t agent_tick(struct refusal *r, int64_t now_ms)
{
	int result = 0;

	if (r->agent_wanted) {
		r->agent_wanted = false;
		result = agent_ask(&r->agent, agent_path(), now_ms);
	}
	if (agent_is_asked(&r->agent))
		result = agent_step(&r->agent, &r->agent_keys, now_ms);
	/* One that is not there offers nothing to ssh either. */
	if (result < 0 && result != -ENOENT && result != -EINPROGRESS)
		r->agent_keys.unsure = true;
	return result == -EINPROGRESS ? STEP_MS : IDLE_MS;
}

/* ---- the question ---- */
static void facts_clear(struct refusal_facts *facts)
{
	json_object_put(facts->sockets);
	json_object_put(facts->keys);
	*facts = (struct refusal_facts){ .account = DENIAL_NONE };
}

void refusal_init(struct refusal *r, struct ctl *ctl)
{
	*r = (struct refusal){ .ctl = ctl };
	agent_init(&r->agent);
	offered_init(&r->agent_keys);
}

void refusal_clear(struct refusal *r)
{
	facts_clear(&r->facts);
	agent_clear(&r->agent);
	offered_clear(&r->agent_keys);
}

void refusal_note_up(struct refusal *r)
{
	r->agent_wanted = *agent_path();
}

void refusal_ask(struct refusal *r, int64_t now_ms)
{
	if (r->stage != REFUSAL_IDLE || now_ms < r->next_ms)
		return;
	if (!r->interval_ms || now_ms - r->begun_ms > REFUSAL_CALM_MS)
		r->interval_ms = REFUSAL_MIN_MS;
	else if (r->interval_ms * 2 < REFUSAL_MAX_MS)
		r->interval_ms *= 2;
	else
		r->interval_ms = REFUSAL_MAX_MS;
	r->begun_ms = now_ms;
	r->next_ms = now_ms + r->interval_ms;
	facts_clear(&r->facts);
	r->stage = REFUSAL_SOCKETS;
	r->agent_wanted = *agent_path();
}

static int begin(struct refusal *r)
{
	char path[80] = "/socket";

	if (r->stage == REFUSAL_KEYS)
		snprintf(path, sizeof(path), "/user/%s/key", r->ctl->token.user_id);
	return rest_begin(r->ctl->rest, "GET", path, NULL);
}

/* Takes the answer over. */
static void take(struct refusal *r, int result, struct json_object *answer)
{
	struct refusal_facts *facts = &r->facts;

	if (result == -EACCES)
		facts->account = denial_from_code(rest_code(r->ctl->rest));
	*(r->stage == REFUSAL_SOCKETS ? &facts->sockets : &facts->keys) = answer;
	r->stage = result == 0 && r->stage == REFUSAL_SOCKETS ? REFUSAL_KEYS : REFUSAL_IDLE;
}

static int64_t question_tick(struct refusal *r)
{
	struct json_object *answer = NULL;
	int result = 0;

	if (r->stage == REFUSAL_IDLE)
		return IDLE_MS;
	if (!r->running && rest_is_busy(r->ctl->rest))
		return STEP_MS;
	if (!r->running)
		result = begin(r);
	r->running = result == 0;
	if (result == 0)
		result = rest_step(r->ctl->rest, &answer);
	if (result == -EINPROGRESS)
		return STEP_MS;
	r->running = false;
	take(r, result, answer);
	return r->stage == REFUSAL_IDLE ? IDLE_MS : 0;
}

int64_t refusal_tick(struct refusal *r, int64_t now_ms)
{
	int64_t agent = agent_tick(r, now_ms), question = question_tick(r);

	return agent < question ? agent : question;
}

int refusal_answer(struct refusal *r, const char *tunnel_id, struct refusal_keys *keys,
		   const struct supervise_refusal *refused, struct sshline *ret_why)
{
	if (r->stage != REFUSAL_IDLE || r->agent_wanted || agent_is_asked(&r->agent))
		return -EINPROGRESS;
	/* What a file holds now, ssh may have offered as well. */
	read_files(keys);
	return refusal_judge(&r->facts, tunnel_id, keys, &r->agent_keys, refused, ret_why);
}
