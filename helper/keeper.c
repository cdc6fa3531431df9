/* SPDX-License-Identifier: ISC */
/* Token refresh in the background of a running tunnel. */
#include "helper/keeper.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>
#include <time.h>

#include "helper/ctl.h"
#include "helper/rest.h"

#define MARGIN_S (30 * 60)
#define RETRY_S 60
#define LOOK_S 30
#define STEP_MS 100
#define IDLE_MS 30000

int64_t keeper_due(int64_t now, int64_t expires)
{
	int64_t left = expires - now, margin = left / 2 < MARGIN_S ? left / 2 : MARGIN_S;

	return left <= 0 ? now : expires - margin;
}

void keeper_init(struct keeper *k, struct ctl *ctl)
{
	*k = (struct keeper){ .ctl = ctl };
	/* Without a date there is nothing to plan by. */
	k->refused = !ctl->token.expires;
	k->due = keeper_due(time(NULL), ctl->token.expires);
}

static int adopt(struct keeper *k, struct token *token)
{
	int r = rest_set_token(k->ctl->rest, token->text);

	if (r < 0)
		return r;
	token_clear(&k->ctl->token);
	k->ctl->token = *token;
	*token = (struct token){ 0 };
	k->refused = false;
	k->due = keeper_due(time(NULL), k->ctl->token.expires);
	return 0;
}

/* True if the file now holds a later token of the same account. */
static bool adopt_from_file(struct keeper *k)
{
	struct token token = { 0 };
	bool later;

	if (token_load(k->ctl->settings.token_file, &token) < 0)
		return false;
	later = !strcmp(token.user_id, k->ctl->token.user_id) &&
		token.expires > k->ctl->token.expires && adopt(k, &token) == 0;
	token_clear(&token);
	return later;
}

/* The file is left alone if somebody else has logged in meanwhile. */
static void save(struct keeper *k, const char *text)
{
	const char *path = k->ctl->settings.token_file;
	struct token token = { 0 };
	int r = token_load(path, &token);

	if (r == -ENOENT || (r == 0 && !strcmp(token.user_id, k->ctl->token.user_id)))
		(void)token_save(path, text);
	token_clear(&token);
}

static void take_answer(struct keeper *k, struct json_object *answer)
{
	struct json_object *text = NULL;
	struct token token = { 0 };

	k->due = time(NULL) + RETRY_S;
	if (!json_object_object_get_ex(answer, "token", &text) ||
	    token_parse(json_object_get_string(text), &token) < 0)
		return;
	save(k, token.text);
	(void)adopt(k, &token);
	token_clear(&token);
}

static int64_t until_due(const struct keeper *k)
{
	int64_t left_ms = (k->due - time(NULL)) * 1000;

	if (left_ms > IDLE_MS)
		return IDLE_MS;
	return left_ms > STEP_MS ? left_ms : STEP_MS;
}

static int64_t go_on(struct keeper *k)
{
	struct json_object *answer = NULL;
	int r = rest_step(k->ctl->rest, &answer);

	if (r == -EINPROGRESS)
		return STEP_MS;
	k->running = false;
	k->refused = r == -EACCES;
	if (r == 0)
		take_answer(k, answer);
	else
		k->due = time(NULL) + (k->refused ? LOOK_S : RETRY_S);
	json_object_put(answer);
	return until_due(k);
}

int64_t keeper_tick(void *keeper)
{
	struct keeper *k = keeper;

	if (k->running)
		return go_on(k);
	if (time(NULL) < k->due || adopt_from_file(k))
		return until_due(k);
	if (k->refused) {
		k->due = time(NULL) + LOOK_S;
		return until_due(k);
	}
	if (rest_is_busy(k->ctl->rest))
		return STEP_MS;
	if (rest_begin(k->ctl->rest, "POST", "/login/refresh", NULL) < 0) {
		k->due = time(NULL) + RETRY_S;
		return until_due(k);
	}
	k->running = true;
	return 0;
}
