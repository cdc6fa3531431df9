/* SPDX-License-Identifier: ISC */
/* OpenSSH public keys. Security-critical: the MUST rules are in sshkey.h. A key passes only by matching a
 * row of the table below field by field; every refusal says what to do instead. */
#include "lib/sshkey.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/strbuf.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384
#define FIELDS_MAX 3

/* What follows the type in the blob. */
enum field {
	FIELD_NONE,
	FIELD_RAW,	   /* exactly `len` bytes */
	FIELD_POINT,	   /* an uncompressed curve point (SEC 1, 2.3.3) of `len` bytes */
	FIELD_CURVE,	   /* the name in `curve` */
	FIELD_EXPONENT,	   /* RSA e: positive, odd, above 1 */
	FIELD_MODULUS,	   /* RSA n: positive, odd, RSA_BITS_MIN..RSA_BITS_MAX */
	FIELD_APPLICATION, /* the token's application (PROTOCOL.u2f): short printable ASCII */
};

static const struct key_type {
	const char *name;
	enum field fields[FIELDS_MAX];
	size_t len;
	const char *curve;
} key_types[] = {
	{ "ssh-ed25519", { FIELD_RAW }, 32, NULL },		   /* RFC 8709 4 */
	{ "ssh-rsa", { FIELD_EXPONENT, FIELD_MODULUS }, 0, NULL }, /* RFC 4253 6.6 */
	/* RFC 5656 3.1 */
	{ "ecdsa-sha2-nistp256", { FIELD_CURVE, FIELD_POINT }, 65, "nistp256" },
	{ "ecdsa-sha2-nistp384", { FIELD_CURVE, FIELD_POINT }, 97, "nistp384" },
	{ "ecdsa-sha2-nistp521", { FIELD_CURVE, FIELD_POINT }, 133, "nistp521" },
	/* PROTOCOL.u2f of OpenSSH */
	{ "sk-ssh-ed25519@openssh.com", { FIELD_RAW, FIELD_APPLICATION }, 32, NULL },
	{ "sk-ecdsa-sha2-nistp256@openssh.com",
	  { FIELD_CURVE, FIELD_POINT, FIELD_APPLICATION },
	  65,
	  "nistp256" },
};

static const char why_empty[] =
	"no ssh key was given: send the one line of your .pub file, such as ~/.ssh/id_ed25519.pub";
static const char why_long[] =
	"this is too long for an ssh key: send the one line of your .pub file";
static const char why_private[] =
	"this is a private key: keep it secret, and send the .pub file beside it instead";
static const char why_pem[] =
	"this key is in another format: send the line that 'ssh-keygen -i -f <file>' prints";
static const char why_control[] =
	"the ssh key has control characters in it: send the .pub file as it is";
static const char why_lines[] = "more than one line was given: send one ssh key at a time";
static const char why_options[] =
	"options in front of the key are not accepted: start with the key type, as the .pub file does";
static const char why_certificate[] =
	"this is an ssh certificate: send the public key that it was made for instead";
static const char why_dss[] =
	"DSA keys are too weak: make a new key with 'ssh-keygen -t ed25519' and send its .pub file";
static const char why_type[] =
	"this is not an ssh key of a known type: send the .pub file of an ed25519, ecdsa or rsa key";
static const char why_no_blob[] =
	"the key itself is missing behind its type: send the whole line of the .pub file";
static const char why_blob[] = "the ssh key is damaged: copy the whole line of the .pub file again";
static const char why_mismatch[] =
	"the key type in front differs from the one inside the key: send the .pub file unchanged";
static const char why_rsa_short[] =
	"RSA keys below 2048 bits are too weak: make a new key with 'ssh-keygen -t ed25519'";
static const char why_rsa_long[] =
	"RSA keys above 16384 bits are not accepted: make a new key with 'ssh-keygen -t ed25519'";

/* ---- the blob ---- */
struct bytes {
	const unsigned char *p;
	size_t len;
};

/* RFC 4251 5, "string". */
static int get_string(struct bytes *in, struct bytes *ret)
{
	size_t len;

	if (in->len < 4)
		return -EINVAL;
	len = (size_t)in->p[0] << 24 | (size_t)in->p[1] << 16 | (size_t)in->p[2] << 8 | in->p[3];
	if (len > in->len - 4)
		return -EINVAL;
	*ret = (struct bytes){ in->p + 4, len };
	in->p += 4 + len;
	in->len -= 4 + len;
	return 0;
}

static int is_text(const struct bytes *b, const char *text)
{
	return b->len == strlen(text) && !memcmp(b->p, text, b->len);
}

/* Bits of a positive mpint (RFC 4251 5) in its only legal spelling; 0 for any other. */
static size_t mpint_bits(const struct bytes *b)
{
	size_t skip, bits;
	unsigned char top;

	if (!b->len || b->p[0] & 0x80)
		return 0;
	skip = b->p[0] == 0;
	if (skip && (b->len == 1 || !(b->p[1] & 0x80)))
		return 0;
	bits = (b->len - skip - 1) * 8;
	for (top = b->p[skip]; top; top >>= 1)
		bits++;
	return bits;
}

static int is_odd(const struct bytes *b)
{
	return b->p[b->len - 1] & 1;
}

static int is_application(const struct bytes *b)
{
	size_t i;

	for (i = 0; i < b->len; i++)
		if (b->p[i] < 0x21 || b->p[i] > 0x7e)
			return 0;
	return b->len > 0 && b->len <= 255;
}

/* NULL if the field is as the table wants it, else why not. */
static const char *check_field(const struct key_type *t, enum field kind, const struct bytes *b)
{
	size_t bits;

	switch (kind) {
	case FIELD_RAW:
		return b->len == t->len ? NULL : why_blob;
	case FIELD_POINT:
		return b->len == t->len && b->p[0] == 4 ? NULL : why_blob;
	case FIELD_CURVE:
		return is_text(b, t->curve) ? NULL : why_mismatch;
	case FIELD_APPLICATION:
		return is_application(b) ? NULL : why_blob;
	case FIELD_EXPONENT:
		bits = mpint_bits(b);
		return bits >= 2 && bits <= 256 && is_odd(b) ? NULL : why_blob;
	case FIELD_MODULUS:
		bits = mpint_bits(b);
		if (!bits || !is_odd(b))
			return why_blob;
		if (bits < RSA_BITS_MIN)
			return why_rsa_short;
		return bits <= RSA_BITS_MAX ? NULL : why_rsa_long;
	case FIELD_NONE:
		break;
	}
	return why_blob;
}

static const char *check_blob(const struct key_type *t, const unsigned char *blob, size_t len)
{
	struct bytes in = { blob, len }, b;
	const char *why = NULL;
	size_t i;

	if (get_string(&in, &b) < 0)
		return why_blob;
	if (!is_text(&b, t->name))
		return why_mismatch;
	for (i = 0; i < FIELDS_MAX && t->fields[i] != FIELD_NONE && !why; i++)
		why = get_string(&in, &b) < 0 ? why_blob : check_field(t, t->fields[i], &b);
	return why || !in.len ? why : why_blob;
}

/* ---- the text ---- */
static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int starts_with(const char *s, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && !memcmp(s, prefix, strlen(prefix));
}

/* True if `text` holds `word` anywhere. */
static int contains(const char *s, size_t len, const char *word)
{
	return memmem(s, len, word, strlen(word)) != NULL;
}

static const struct key_type *find_type(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(key_types); i++)
		if (strlen(key_types[i].name) == len && !memcmp(key_types[i].name, s, len))
			return &key_types[i];
	return NULL;
}

static void trim(const char **s, size_t *len)
{
	while (*len && (is_blank((*s)[0]) || (*s)[0] == '\r' || (*s)[0] == '\n')) {
		(*s)++;
		(*len)--;
	}
	while (*len &&
	       (is_blank((*s)[*len - 1]) || (*s)[*len - 1] == '\r' || (*s)[*len - 1] == '\n'))
		(*len)--;
}

/* What is wrong with the text as a whole, before it is taken apart; NULL if nothing is. */
static const char *check_text(const char *s, size_t len)
{
	size_t i;

	if (!len)
		return why_empty;
	/* Before the length: an RSA private key may be long, and deserves its own warning. */
	if (contains(s, len, "PRIVATE KEY-----") || starts_with(s, len, "PuTTY-User-Key-File"))
		return why_private;
	if (len > SSHKEY_TEXT_MAX)
		return why_long;
	if (starts_with(s, len, "-----BEGIN") || starts_with(s, len, "---- BEGIN"))
		return why_pem;
	for (i = 0; i < len; i++)
		if (s[i] == '\n' || s[i] == '\r')
			return why_lines;
	for (i = 0; i < len; i++)
		if (((unsigned char)s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return why_control;
	return NULL;
}

/* Why the first word, which is no type of ours, cannot stand there. `s`: the whole line. */
static const char *refuse_type(const char *s, size_t word, size_t len)
{
	size_t i;

	if (word == strlen("ssh-dss") && starts_with(s, word, "ssh-dss"))
		return why_dss;
	if (contains(s, word, "-cert-v0") && contains(s, word, "@openssh.com"))
		return why_certificate;
	/* A type of ours further on: what stands before it are options. */
	for (i = 0; i < ARRAY_SIZE(key_types); i++) {
		const char *at = memmem(s, len, key_types[i].name, strlen(key_types[i].name));

		if (at && at > s && is_blank(at[-1]))
			return why_options;
	}
	return why_type;
}

static size_t word_len(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && !is_blank(s[n]))
		n++;
	return n;
}

static void skip(const char **s, size_t *len, size_t n)
{
	*s += n;
	*len -= n;
	trim(s, len);
}

/* Whole escaped characters, as many as fit. */
static void set_comment(struct sshkey *key, const char *s, size_t len)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(sizeof(key->comment) - 1);
	size_t i = 0;

	while (i < len) {
		unsigned cp;
		size_t n = escape_utf8_next(s + i, len - i, &cp);

		memcpy(key->comment, sb.buf, sb.len + 1);
		escape_add(&sb, s + i, n ? n : 1);
		if (strbuf_error(&sb))
			return;
		i += n ? n : 1;
	}
	memcpy(key->comment, sb.buf, sb.len + 1);
}

static int refuse(const char *why, const char **ret_why)
{
	*ret_why = why;
	return -EINVAL;
}

int sshkey_parse(const char *text, size_t len, struct sshkey *ret_key, const char **ret_why)
{
	struct sshkey key = { 0 };
	auto_free unsigned char *blob = NULL;
	const struct key_type *t;
	const char *why;
	size_t word;
	int r;

	trim(&text, &len);
	why = check_text(text, len);
	if (why)
		return refuse(why, ret_why);
	word = word_len(text, len);
	t = find_type(text, word);
	if (!t)
		return refuse(refuse_type(text, word, len), ret_why);
	skip(&text, &len, word);
	if (!len)
		return refuse(why_no_blob, ret_why);
	word = word_len(text, len);
	r = base64_decode(text, word, &blob, &key.blob_len);
	if (r < 0)
		return r == -EINVAL ? refuse(why_blob, ret_why) : r;
	why = check_blob(t, blob, key.blob_len);
	if (why)
		return refuse(why, ret_why);
	skip(&text, &len, word);
	set_comment(&key, text, len);
	key.type = t->name;
	key.blob = take_ptr(blob);
	*ret_key = key;
	return 0;
}

void sshkey_print(const struct sshkey *key, struct strbuf *sb)
{
	strbuf_adds(sb, key->type);
	strbuf_addch(sb, ' ');
	base64_encode(sb, key->blob, key->blob_len);
}

int sshkey_equal(const struct sshkey *a, const struct sshkey *b)
{
	return !strcmp(a->type, b->type) && a->blob_len == b->blob_len &&
	       !memcmp(a->blob, b->blob, a->blob_len);
}

void sshkey_clear(struct sshkey *key)
{
	free(key->blob);
	*key = (struct sshkey){ 0 };
}
