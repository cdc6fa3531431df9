/* SPDX-License-Identifier: ISC */
/* Files and answers to keys. No type is judged: what the service does not know cannot be on an account. */
#include "helper/offered.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#define KEYS_MAX (1 << 20)
#define BLOB_MAX 16384
#define FILE_MAX 65536
#define BLANKS " \t\r\n"

/* PROTOCOL.key of OpenSSH */
#define PRIVATE_BEGIN "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define PRIVATE_END "-----END OPENSSH PRIVATE KEY-----"
#define PRIVATE_MAGIC "openssh-key-v1"
/* RFC 7468 10, 11; and what came before it */
#define PEM_MARK "PRIVATE KEY-----"

#define AGENT_IDENTITIES_ANSWER 12
#define AGENT_KEYS_MAX 2048

void offered_init(struct offered *o)
{
	*o = (struct offered){ .unsure = false };
	strbuf_init(&o->keys, KEYS_MAX);
	strbuf_addch(&o->keys, '\n');
}

void offered_clear(struct offered *o)
{
	strbuf_clear(&o->keys);
}

bool offered_is_sure(const struct offered *o)
{
	return !o->unsure && strbuf_error(&o->keys) == 0;
}

/* ---- one key ---- */
static bool holds(const struct strbuf *keys, const char *base64, size_t len)
{
	const char *at = keys->buf;

	while ((at = memmem(at, strlen(at), base64, len))) {
		if (at[-1] == '\n' && at[len] == '\n')
			return true;
		at++;
	}
	return false;
}

static void add_base64(struct strbuf *keys, const char *base64, size_t len)
{
	if (holds(keys, base64, len))
		return;
	strbuf_add(keys, base64, len);
	strbuf_addch(keys, '\n');
}

static void add_blob(struct offered *o, const unsigned char *blob, size_t len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT((size_t)BLOB_MAX * 2);

	base64_encode(&sb, blob, len);
	if (strbuf_error(&sb) < 0)
		o->unsure = true;
	else
		add_base64(&o->keys, sb.buf, sb.len);
}

/* The second word of "type base64 comment"; 0 bytes if there is none. */
static const char *base64_of(const char *line, size_t *ret_len)
{
	line += strcspn(line, BLANKS);
	line += strspn(line, " \t");
	*ret_len = strcspn(line, BLANKS);
	return line;
}

bool offered_has(const struct offered *o, const char *key)
{
	size_t len;
	const char *base64 = base64_of(key, &len);

	return len && holds(&o->keys, base64, len);
}

bool offered_may_ask(const struct offered *o)
{
	return !offered_is_sure(o) || o->locked;
}

/* ---- ssh's encoding (RFC 4251 5) ---- */
struct bytes {
	const unsigned char *p;
	size_t len;
};

static bool get_u32(struct bytes *in, uint32_t *ret)
{
	if (in->len < 4)
		return false;
	*ret = (uint32_t)in->p[0] << 24 | (uint32_t)in->p[1] << 16 | (uint32_t)in->p[2] << 8 |
	       in->p[3];
	in->p += 4;
	in->len -= 4;
	return true;
}

static bool get_string(struct bytes *in, struct bytes *ret)
{
	uint32_t len;

	if (!get_u32(in, &len) || len > in->len)
		return false;
	*ret = (struct bytes){ in->p, len };
	in->p += len;
	in->len -= len;
	return true;
}

/* ---- files ---- */
static bool add_public(struct offered *o, const char *text)
{
	auto_free unsigned char *blob = NULL;
	size_t len, blob_len;
	const char *base64;

	/* ssh skips comments and empty lines in front, and anything with a mark of a private key. */
	while (*text == '#' || *text == '\n')
		text += strcspn(text, "\n") + (text[strcspn(text, "\n")] == '\n');
	text += strspn(text, " \t");
	base64 = base64_of(text, &len);
	if (*text == '-' || !len || base64_decode(base64, len, &blob, &blob_len) < 0)
		return false;
	add_base64(&o->keys, base64, len);
	return true;
}

struct private_key {
	unsigned char *data; /* heap; what follows points into it */
	size_t len;
	struct bytes cipher, key;
};

static void private_key_clear(struct private_key *p)
{
	if (p->data)
		explicit_bzero(p->data, p->len);
	free(p->data);
}

/* The public part stands in front of the private one, and is not encrypted. */
static bool parse_private(struct private_key *p)
{
	struct bytes in, derivation, options;
	uint32_t count;

	if (p->len < sizeof(PRIVATE_MAGIC) ||
	    memcmp(p->data, PRIVATE_MAGIC, sizeof(PRIVATE_MAGIC)) != 0)
		return false;
	in = (struct bytes){ p->data + sizeof(PRIVATE_MAGIC), p->len - sizeof(PRIVATE_MAGIC) };
	return get_string(&in, &p->cipher) && get_string(&in, &derivation) &&
	       get_string(&in, &options) && get_u32(&in, &count) && count == 1 &&
	       get_string(&in, &p->key) && p->key.len <= BLOB_MAX;
}

static bool read_private(struct private_key *p, const char *text)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(FILE_MAX); /* wipes */
	const char *at = strstr(text, PRIVATE_BEGIN), *end = at ? strstr(at, PRIVATE_END) : NULL;

	if (!end)
		return false;
	for (at += strlen(PRIVATE_BEGIN); at < end; at++)
		if (!strchr(BLANKS, *at))
			strbuf_addch(&sb, *at);
	return strbuf_error(&sb) == 0 && base64_decode(sb.buf, sb.len, &p->data, &p->len) == 0 &&
	       parse_private(p);
}

static bool add_private(struct offered *o, const char *text)
{
	auto_call(private_key_clear) struct private_key p = { NULL };

	if (!read_private(&p, text))
		return false;
	add_blob(o, p.key.p, p.key.len);
	return true;
}

static bool begins_with(struct bytes bytes, const char *text)
{
	return bytes.len >= strlen(text) && !memcmp(bytes.p, text, strlen(text));
}

/* A token's key is not encrypted, but wants to be touched, or a PIN. */
static bool is_open(const struct private_key *p)
{
	struct bytes in = p->key, type;

	return p->cipher.len == strlen("none") && begins_with(p->cipher, "none") &&
	       get_string(&in, &type) && !begins_with(type, "sk-");
}

/* True if ssh can use it, or hand it to an agent, without asking anybody; false also if that cannot be told. */
static bool add_open(struct offered *o, const char *text)
{
	auto_call(private_key_clear) struct private_key p = { NULL };

	if (strstr(text, PRIVATE_BEGIN))
		return read_private(&p, text) && is_open(&p);
	/* "ENCRYPTED PRIVATE KEY", or "Proc-Type: 4,ENCRYPTED" (RFC 1421 4.6.1.1) */
	if (strstr(text, PEM_MARK))
		return !strstr(text, "ENCRYPTED");
	return add_public(o, text);
}

static bool add_from(struct offered *o, const char *path,
		     bool (*add)(struct offered *o, const char *text))
{
	char *text;
	size_t len;
	bool found;

	if (file_read(path, FILE_MAX, &text, &len) < 0)
		return false;
	found = add(o, text);
	explicit_bzero(text, len);
	free(text);
	return found;
}

static void add_key_of(struct offered *o, const char *path)
{
	auto_call(strbuf_clear) struct strbuf pub = STRBUF_INIT(FILE_MAX);

	strbuf_addf(&pub, "%s.pub", path);
	if (strbuf_error(&pub) < 0) {
		o->unsure = true;
		return;
	}
	if (add_from(o, path, add_public) || add_from(o, pub.buf, add_public) ||
	    add_from(o, path, add_private))
		return;
	if (access(path, F_OK) == 0 || access(pub.buf, F_OK) == 0)
		o->unsure = true;
}

void offered_add_file(struct offered *o, const char *path)
{
	auto_call(offered_clear) struct offered one = { .keys = STRBUF_INIT(KEYS_MAX) };
	bool locked;

	offered_init(&one);
	add_key_of(&one, path);
	locked = access(path, F_OK) == 0 && !add_from(&one, path, add_open);
	o->unsure |= !offered_is_sure(&one);
	if (one.keys.len < 2)
		return;
	/* One key, between line feeds. */
	add_base64(&o->keys, one.keys.buf + 1, one.keys.len - 2);
	o->locked |= locked;
}

/* ---- an agent ---- */
int offered_add_agent(struct offered *o, const unsigned char *answer, size_t len)
{
	struct bytes in = { answer, len }, key, comment;
	uint32_t count, i;

	if (!len || answer[0] != AGENT_IDENTITIES_ANSWER)
		return -EINVAL;
	in = (struct bytes){ answer + 1, len - 1 };
	if (!get_u32(&in, &count) || count > AGENT_KEYS_MAX)
		return -EINVAL;
	for (i = 0; i < count; i++) {
		if (!get_string(&in, &key) || !get_string(&in, &comment))
			return -EINVAL;
		/* A key too long for the service is none of an account's. */
		if (key.len && key.len <= BLOB_MAX)
			add_blob(o, key.p, key.len);
	}
	return 0;
}
