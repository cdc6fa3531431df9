/* SPDX-License-Identifier: ISC */
/* An account's ssh keys: /user/{user_id}/key. */
#include "api/key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/api.h"
#include "api/route.h"
#include "lib/base64.h"
#include "lib/cleanup.h"

struct key_form {
	char *sshkey;
};

/* Longer than any key, so that sshkey_parse() says what is wrong with it. */
static const struct json_field key_form_fields[] = {
	{ "sshkey", JSON_STRING, offsetof(struct key_form, sshkey), .required = true,
	  .max = HTTP_BODY_MAX },
};

static void key_form_clear(struct key_form *form)
{
	json_clear(key_form_fields, ARRAY_SIZE(key_form_fields), form);
}

/* What an answer says of a key. */
struct key_view {
	const char *key_id, *sshkey, *type, *fingerprint, *comment;
};

static const struct json_field key_view_fields[] = {
	{ "key_id", JSON_STRING, offsetof(struct key_view, key_id) },
	{ "sshkey", JSON_STRING, offsetof(struct key_view, sshkey) },
	{ "type", JSON_STRING, offsetof(struct key_view, type) },
	{ "fingerprint", JSON_STRING, offsetof(struct key_view, fingerprint) },
	{ "comment", JSON_STRING, offsetof(struct key_view, comment) },
};

int api_key_parse(struct http_request *rq, const char *text, struct sshkey *ret_key)
{
	const char *why = "field 'sshkey' is not an ssh public key";
	int r = sshkey_parse(text, strlen(text), ret_key, &why);

	if (r == -EINVAL)
		return api_http_error(rq, 400, "field 'sshkey': %s", why);
	return r;
}

static void key_text(const struct store_key *key, struct strbuf *sb)
{
	strbuf_addf(sb, "%s %s", key->type, key->blob);
	if (key->comment[0])
		strbuf_addf(sb, " %s", key->comment);
}

static int key_first(const struct store_key *key, void *arg)
{
	struct strbuf *sb = arg;

	if (!sb->len)
		key_text(key, sb);
	return strbuf_error(sb);
}

int api_key_first(struct db *db, const char *user_id, struct json_object **ret_text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT((size_t)2 * SSHKEY_TEXT_MAX);
	int r;

	r = store_key_each(db, user_id, key_first, &sb);
	if (r < 0)
		return r;
	*ret_text = json_object_new_string(sb.buf);
	return *ret_text ? 0 : -ENOMEM;
}

/* As ssh-keygen -l shows it: "SHA256:" and unpadded base64. */
static int key_fingerprint(const char *blob, struct strbuf *sb)
{
	auto_free unsigned char *raw = NULL;
	unsigned char hash[crypto_hash_sha256_BYTES];
	char text[64];
	size_t len;
	int r = base64_decode(blob, strlen(blob), &raw, &len);

	if (r < 0)
		return r;
	crypto_hash_sha256(hash, raw, len);
	sodium_bin2base64(text, sizeof(text), hash, sizeof(hash),
			  sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
	strbuf_addf(sb, "SHA256:%s", text);
	return strbuf_error(sb);
}

static int key_json(const struct store_key *key, struct json_object **ret_o)
{
	auto_call(strbuf_clear) struct strbuf text = STRBUF_INIT((size_t)2 * SSHKEY_TEXT_MAX);
	auto_call(strbuf_clear) struct strbuf fingerprint = STRBUF_INIT(128);
	struct key_view view;
	struct json_object *o;
	int r;

	key_text(key, &text);
	r = strbuf_error(&text);
	if (r == 0)
		r = key_fingerprint(key->blob, &fingerprint);
	if (r < 0)
		return r;
	view = (struct key_view){ key->key_id, text.buf, key->type, fingerprint.buf, key->comment };
	o = json_object_new_object();
	if (!o || json_write(o, key_view_fields, ARRAY_SIZE(key_view_fields), &view) < 0) {
		json_object_put(o);
		return -ENOMEM;
	}
	*ret_o = o;
	return 0;
}

/* A user's own keys alone; anybody else's are not there. */
static int key_owner(struct http_request *rq)
{
	if (strcmp(rq->params[0], rq->account.user_id) != 0)
		return api_http_error(rq, 404, "there is no such account");
	return 0;
}

static int key_collect(const struct store_key *key, void *arg)
{
	struct json_object *o;
	int r = key_json(key, &o);

	if (r == 0 && json_object_array_add(arg, o) < 0) {
		json_object_put(o);
		r = -ENOMEM;
	}
	return r;
}

int api_key_list(struct http_request *rq)
{
	struct json_object *list;
	int r = key_owner(rq);

	if (r < 0)
		return r;
	list = json_object_new_array();
	r = list ? store_key_each(rq->db, rq->account.user_id, key_collect, list) : -ENOMEM;
	if (r < 0) {
		json_object_put(list);
		return r;
	}
	return api_http_json(rq, 200, list);
}

static int key_add(struct http_request *rq, const struct sshkey *key, char *ret_key_id)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id;
	int64_t count = 0;
	int r = db_begin(rq->db, DB_DURABLE, &tx);

	if (r == 0)
		r = store_key_count(rq->db, user_id, &count);
	if (r == 0 && count >= rq->api->conf.max_keys)
		return api_http_error(rq, 403,
				      "your account has %" PRId64
				      " ssh keys, which is its limit: delete one first",
				      count);
	if (r == 0)
		r = store_key_add(rq->db, user_id, key, ret_key_id);
	if (r == -EEXIST)
		return api_http_error(rq, 409, "your account has this ssh key already");
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_KEY_ADDED, user_id, NULL, NULL, NULL);
	return r < 0 ? r : api_http_commit(rq, &tx);
}

int api_key_create(struct http_request *rq)
{
	auto_call(key_form_clear) struct key_form form = { 0 };
	auto_call(sshkey_clear) struct sshkey key = { 0 };
	auto_call(strbuf_clear) struct strbuf blob = STRBUF_INIT((size_t)2 * SSHKEY_TEXT_MAX);
	char key_id[ID_UUID_SIZE];
	struct store_key stored;
	struct json_object *o;
	int r;

	r = key_owner(rq);
	if (r == 0)
		r = api_http_body(rq, key_form_fields, ARRAY_SIZE(key_form_fields), &form);
	if (r == 0)
		r = api_key_parse(rq, form.sshkey, &key);
	if (r == 0)
		r = key_add(rq, &key, key_id);
	if (r < 0)
		return r;

	base64_encode(&blob, key.blob, key.blob_len);
	stored = (struct store_key){ .type = key.type, .blob = blob.buf, .comment = key.comment };
	memcpy(stored.key_id, key_id, sizeof(key_id));
	r = key_json(&stored, &o);
	return r < 0 ? r : api_http_json(rq, 200, o);
}

int api_key_delete(struct http_request *rq)
{
	auto_call(db_end) struct db_tx tx = { 0 };
	const char *user_id = rq->account.user_id;
	int r = key_owner(rq);

	if (r == 0)
		r = db_begin(rq->db, DB_DURABLE, &tx);
	if (r == 0)
		r = store_key_delete(rq->db, user_id, rq->params[1]);
	if (r == -ENOENT)
		return api_http_error(rq, 404, "your account has no such ssh key");
	if (r == 0)
		r = store_feed_add(rq->db, NODEAPI_KEY_DELETED, user_id, NULL, NULL, NULL);
	if (r == 0)
		r = api_http_commit(rq, &tx);
	return r < 0 ? r : api_http_empty(rq);
}
