/* SPDX-License-Identifier: ISC */
/* lib/sshkey.h: its MUST rules, each by name, and a clear sentence for every refusal. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/escape.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

/* ---- keys built field by field ---- */
static void put_string(struct strbuf *blob, const void *data, size_t len)
{
	const char size[4] = { (char)(len >> 24), (char)(len >> 16), (char)(len >> 8), (char)len };

	strbuf_add(blob, size, sizeof(size));
	strbuf_add(blob, data, len);
}

static void put_text(struct strbuf *blob, const char *text)
{
	put_string(blob, text, strlen(text));
}

/* `len` bytes: `first`, then 0x81... */
static void put_bytes(struct strbuf *blob, unsigned char first, size_t len)
{
	unsigned char data[4096];

	assert_true(len <= sizeof(data));
	memset(data, 0x81, sizeof(data));
	data[0] = first;
	put_string(blob, data, len);
}

/* An odd number of exactly `bits` bits as an mpint: a zero byte in front if the top bit is set. */
static void put_number(struct strbuf *blob, size_t bits)
{
	unsigned char data[4096] = { 0 };
	size_t len = bits / 8 + 1;

	assert_true(len <= sizeof(data));
	data[len - 1 - (bits - 1) / 8] = (unsigned char)(1 << (bits - 1) % 8);
	data[len - 1] |= 1;
	put_string(blob, data, len);
}

static void add_line(struct strbuf *line, const char *type, const struct strbuf *blob)
{
	strbuf_reset(line);
	strbuf_adds(line, type);
	strbuf_addch(line, ' ');
	base64_encode(line, blob->buf, blob->len);
	assert_int_equal(strbuf_error(line), 0);
}

/* ---- assertions ---- */
static void assert_key(const char *text, size_t len, const char *type, const char *comment)
{
	auto_call(strbuf_clear) struct strbuf printed = STRBUF_INIT(SSHKEY_TEXT_MAX);
	struct sshkey key;
	const char *why = "untouched";
	int r = sshkey_parse(text, len, &key, &why);

	if (r < 0)
		fail_msg("refused: %s", why);
	assert_string_equal(why, "untouched");
	assert_string_equal(key.type, type);
	assert_string_equal(key.comment, comment);
	/* MUST 4: what is printed is type and base64 alone. */
	sshkey_print(&key, &printed);
	assert_memory_equal(printed.buf, type, strlen(type));
	assert_int_equal(printed.buf[strlen(type)], ' ');
	assert_null(strpbrk(printed.buf + strlen(type) + 1, " \t\r\n\""));
	assert_non_null(
		memmem(text, len, printed.buf + strlen(type) + 1, printed.len - strlen(type) - 1));
	sshkey_clear(&key);
	assert_null(key.blob);
}

static void assert_refused(const char *text, size_t len, const char *expected)
{
	struct sshkey key = { .blob_len = 77 };
	const char *why = "";

	assert_int_equal(sshkey_parse(text, len, &key, &why), -EINVAL);
	if (!strstr(why, expected))
		fail_msg("'%s' does not say '%s'", why, expected);
	assert_int_equal(key.blob_len, 77);
	/* It names a remedy, and goes to a user's terminal as it is. */
	assert_non_null(strchr(why, ':'));
	assert_true(escape_is_clean(why, strlen(why)));
}

static void assert_text_refused(const char *text, const char *expected)
{
	assert_refused(text, strlen(text), expected);
}

/* ---- types ---- */
static void build_ed25519(struct strbuf *blob)
{
	put_text(blob, "ssh-ed25519");
	put_bytes(blob, 0x80, 32);
}

static void build_rsa(struct strbuf *blob)
{
	put_text(blob, "ssh-rsa");
	put_string(blob, "\x01\x00\x01", 3);
	put_number(blob, 3072);
}

static void build_p256(struct strbuf *blob)
{
	put_text(blob, "ecdsa-sha2-nistp256");
	put_text(blob, "nistp256");
	put_bytes(blob, 4, 65);
}

static void build_p384(struct strbuf *blob)
{
	put_text(blob, "ecdsa-sha2-nistp384");
	put_text(blob, "nistp384");
	put_bytes(blob, 4, 97);
}

static void build_p521(struct strbuf *blob)
{
	put_text(blob, "ecdsa-sha2-nistp521");
	put_text(blob, "nistp521");
	put_bytes(blob, 4, 133);
}

static void build_sk_ed25519(struct strbuf *blob)
{
	put_text(blob, "sk-ssh-ed25519@openssh.com");
	put_bytes(blob, 0x80, 32);
	put_text(blob, "ssh:");
}

static void build_sk_p256(struct strbuf *blob)
{
	put_text(blob, "sk-ecdsa-sha2-nistp256@openssh.com");
	put_text(blob, "nistp256");
	put_bytes(blob, 4, 65);
	put_text(blob, "ssh:");
}

static const struct {
	const char *type;
	void (*build)(struct strbuf *blob);
} good[] = {
	{ "ssh-ed25519", build_ed25519 },
	{ "ssh-rsa", build_rsa },
	{ "ecdsa-sha2-nistp256", build_p256 },
	{ "ecdsa-sha2-nistp384", build_p384 },
	{ "ecdsa-sha2-nistp521", build_p521 },
	{ "sk-ssh-ed25519@openssh.com", build_sk_ed25519 },
	{ "sk-ecdsa-sha2-nistp256@openssh.com", build_sk_p256 },
};

static struct strbuf blob, line;

static int begin(void **state)
{
	strbuf_init(&blob, 65536);
	strbuf_init(&line, 65536);
	return 0;
}

static int end(void **state)
{
	strbuf_clear(&blob);
	strbuf_clear(&line);
	return 0;
}

/* The key in `blob` under `type` is refused, and the reason has `expected` in it. */
static void assert_blob_refused(const char *type, const char *expected)
{
	add_line(&line, type, &blob);
	assert_refused(line.buf, line.len, expected);
	strbuf_reset(&blob);
}

static void every_type_of_the_allow_list_passes(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		strbuf_reset(&blob);
		good[i].build(&blob);
		add_line(&line, good[i].type, &blob);
		assert_key(line.buf, line.len, good[i].type, "");
	}
}

static void must_1_no_other_type_passes(void **state)
{
	put_text(&blob, "ssh-ed448");
	put_bytes(&blob, 1, 57);
	assert_blob_refused("ssh-ed448", "not an ssh key of a known type");
	put_text(&blob, "ssh-dss");
	put_bytes(&blob, 1, 128);
	assert_blob_refused("ssh-dss", "DSA keys are too weak");
	assert_text_refused("SSH-ED25519 AAAA", "not an ssh key of a known type");
	assert_text_refused("ssh-ed25519x AAAA", "not an ssh key of a known type");
}

static void must_1_the_inner_type_equals_the_outer(void **state)
{
	size_t outer, inner;

	for (outer = 0; outer < ARRAY_SIZE(good); outer++)
		for (inner = 0; inner < ARRAY_SIZE(good); inner++) {
			if (outer == inner)
				continue;
			good[inner].build(&blob);
			assert_blob_refused(good[outer].type, "differs from the one inside");
		}
}

static void must_2_several_lines_are_refused(void **state)
{
	assert_text_refused(ED25519 "\n" ED25519, "more than one line");
	assert_text_refused(ED25519 "\r" ED25519, "more than one line");
	assert_text_refused(ED25519 " comment\r\nroot", "more than one line");
	assert_text_refused("# comment\n" ED25519, "more than one line");
}

static void must_2_options_in_front_are_refused(void **state)
{
	assert_text_refused("command=\"sh\" " ED25519, "options in front");
	assert_text_refused("restrict,pty " ED25519, "options in front");
	assert_text_refused("permitlisten=\"1 2\" " ED25519, "options in front");
}

static void must_2_control_bytes_are_refused(void **state)
{
	char text[] = ED25519 " com?ent";
	char *mark = strchr(text, '?');
	int c;

	for (c = 0; c < 0x20; c++) {
		*mark = (char)c;
		if (c == '\t')
			assert_key(text, sizeof(text) - 1, "ssh-ed25519", "com\\x09ent");
		else if (c == '\n' || c == '\r')
			assert_refused(text, sizeof(text) - 1, "more than one line");
		else
			assert_refused(text, sizeof(text) - 1, "control characters");
	}
	*mark = 0x7f;
	assert_refused(text, sizeof(text) - 1, "control characters");
}

static void must_3_nothing_may_follow_the_last_field(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		good[i].build(&blob);
		strbuf_addch(&blob, '\0');
		assert_blob_refused(good[i].type, "damaged");
		good[i].build(&blob);
		put_text(&blob, "");
		assert_blob_refused(good[i].type, "damaged");
	}
}

static void must_3_every_field_is_there_whole(void **state)
{
	size_t i, cut;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		auto_call(strbuf_clear) struct strbuf whole = STRBUF_INIT(65536);

		good[i].build(&whole);
		for (cut = 0; cut < whole.len; cut++) {
			struct sshkey key;
			const char *why;

			strbuf_reset(&blob);
			strbuf_add(&blob, whole.buf, cut);
			add_line(&line, good[i].type, &blob);
			assert_int_equal(sshkey_parse(line.buf, line.len, &key, &why), -EINVAL);
		}
	}
}

static void a_length_that_points_past_the_blob_is_refused(void **state)
{
	strbuf_add(&blob, "\xff\xff\xff\xff", 4);
	assert_blob_refused("ssh-ed25519", "damaged");
	put_text(&blob, "ssh-ed25519");
	strbuf_add(&blob, "\x00\x00\x00\x21", 4);
	strbuf_add(&blob, "12345678901234567890123456789012", 32);
	assert_blob_refused("ssh-ed25519", "damaged");
}

static void an_ed25519_key_has_32_bytes(void **state)
{
	put_text(&blob, "ssh-ed25519");
	put_bytes(&blob, 1, 31);
	assert_blob_refused("ssh-ed25519", "damaged");
	put_text(&blob, "ssh-ed25519");
	put_bytes(&blob, 1, 33);
	assert_blob_refused("ssh-ed25519", "damaged");
}

static void assert_rsa(const void *e, size_t e_len, size_t n_bits, const char *refusal)
{
	strbuf_reset(&blob);
	put_text(&blob, "ssh-rsa");
	put_string(&blob, e, e_len);
	put_number(&blob, n_bits);
	add_line(&line, "ssh-rsa", &blob);
	if (refusal)
		assert_refused(line.buf, line.len, refusal);
	else
		assert_key(line.buf, line.len, "ssh-rsa", "");
	strbuf_reset(&blob);
}

static void an_rsa_modulus_has_2048_to_16384_bits(void **state)
{
	assert_rsa("\x03", 1, 1024, "below 2048 bits");
	assert_rsa("\x03", 1, 2047, "below 2048 bits");
	assert_rsa("\x03", 1, 2048, NULL);
	assert_rsa("\x03", 1, 2049, NULL);
	assert_rsa("\x03", 1, 16384, NULL);
	assert_rsa("\x03", 1, 16385, "above 16384 bits");
}

static void an_rsa_exponent_is_odd_and_above_one(void **state)
{
	assert_rsa("", 0, 2048, "damaged");
	assert_rsa("\x00", 1, 2048, "damaged");
	assert_rsa("\x01", 1, 2048, "damaged");
	assert_rsa("\x02", 1, 2048, "damaged");
	assert_rsa("\x81", 1, 2048, "damaged"); /* negative */
	assert_rsa("\x00\x81", 2, 2048, NULL);
	assert_rsa("\x00\x03", 2, 2048, "damaged"); /* not the shortest spelling */
	assert_rsa("\x01\x00\x01", 3, 2048, NULL);
}

static void an_rsa_exponent_has_at_most_256_bits(void **state)
{
	unsigned char e[33] = { 0, 0x80, [32] = 1 };

	assert_rsa(e, sizeof(e), 2048, NULL);
	e[0] = 1;
	assert_rsa(e, sizeof(e), 2048, "damaged");
}

static void an_rsa_modulus_is_positive_odd_and_shortest(void **state)
{
	put_text(&blob, "ssh-rsa");
	put_text(&blob, "\x03");
	put_bytes(&blob, 0x81, 256);
	assert_blob_refused("ssh-rsa", "damaged");
	put_text(&blob, "ssh-rsa");
	put_text(&blob, "\x03");
	put_string(&blob, "", 0);
	assert_blob_refused("ssh-rsa", "damaged");
}

static void a_point_has_its_curves_length_and_is_uncompressed(void **state)
{
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp256");
	put_bytes(&blob, 4, 64);
	assert_blob_refused("ecdsa-sha2-nistp256", "damaged");
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp256");
	put_bytes(&blob, 2, 33);
	assert_blob_refused("ecdsa-sha2-nistp256", "damaged");
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp256");
	put_bytes(&blob, 3, 65);
	assert_blob_refused("ecdsa-sha2-nistp256", "damaged");
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp256");
	put_string(&blob, "", 0);
	assert_blob_refused("ecdsa-sha2-nistp256", "damaged");
}

static void the_curve_is_the_one_of_the_type(void **state)
{
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp384");
	put_bytes(&blob, 4, 97);
	assert_blob_refused("ecdsa-sha2-nistp256", "differs from the one inside");
	put_text(&blob, "ecdsa-sha2-nistp256");
	put_text(&blob, "nistp256 ");
	put_bytes(&blob, 4, 65);
	assert_blob_refused("ecdsa-sha2-nistp256", "differs from the one inside");
}

static void an_application_is_short_and_printable(void **state)
{
	put_text(&blob, "sk-ssh-ed25519@openssh.com");
	put_bytes(&blob, 1, 32);
	put_text(&blob, "");
	assert_blob_refused("sk-ssh-ed25519@openssh.com", "damaged");
	put_text(&blob, "sk-ssh-ed25519@openssh.com");
	put_bytes(&blob, 1, 32);
	put_text(&blob, "ssh:\n");
	assert_blob_refused("sk-ssh-ed25519@openssh.com", "damaged");
	put_text(&blob, "sk-ssh-ed25519@openssh.com");
	put_bytes(&blob, 1, 32);
	strbuf_add(&blob, "\0\0\1\0", 4);
	strbuf_addf(&blob, "%0256d", 0);
	assert_blob_refused("sk-ssh-ed25519@openssh.com", "damaged");
	put_text(&blob, "sk-ssh-ed25519@openssh.com");
	put_bytes(&blob, 1, 32);
	strbuf_add(&blob, "\0\0\0\xff", 4);
	strbuf_addf(&blob, "%0255d", 0);
	add_line(&line, "sk-ssh-ed25519@openssh.com", &blob);
	assert_key(line.buf, line.len, "sk-ssh-ed25519@openssh.com", "");
}

static void private_keys_are_named_as_such(void **state)
{
	char text[30000];

	assert_text_refused("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n", "private key");
	assert_text_refused("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n", "private key");
	assert_text_refused("\n  -----BEGIN PRIVATE KEY-----\nMIIE\n", "private key");
	assert_text_refused("PuTTY-User-Key-File-3: ssh-ed25519\n", "private key");
	memset(text, 'A', sizeof(text));
	snprintf(text, sizeof(text), "-----BEGIN RSA PRIVATE KEY-----");
	assert_refused(text, sizeof(text), "private key");
}

static void other_formats_are_told_how_to_convert(void **state)
{
	assert_text_refused("-----BEGIN PUBLIC KEY-----\nMIIE\n", "ssh-keygen -i");
	assert_text_refused("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n", "ssh-keygen -i");
}

static void certificates_are_refused(void **state)
{
	assert_text_refused("ssh-ed25519-cert-v01@openssh.com AAAA", "certificate");
	assert_text_refused("sk-ssh-ed25519-cert-v01@openssh.com AAAA", "certificate");
}

static void nothing_is_told_to_send_a_key(void **state)
{
	assert_text_refused("", "no ssh key was given");
	assert_text_refused(" \t\r\n", "no ssh key was given");
}

static void a_type_without_a_key_is_incomplete(void **state)
{
	assert_text_refused("ssh-ed25519", "missing behind its type");
	assert_text_refused("ssh-ed25519 \t ", "missing behind its type");
}

static void noise_is_refused(void **state)
{
	char text[20000];
	size_t i;

	memset(text, 'A', sizeof(text));
	assert_refused(text, sizeof(text), "too long");
	assert_refused(text, 100, "not an ssh key of a known type");
	assert_refused(text, SSHKEY_TEXT_MAX, "not an ssh key of a known type");
	assert_refused(text, SSHKEY_TEXT_MAX + 1, "too long");
	for (i = 0; i < 200; i++)
		text[i] = (char)(0x80 + i % 0x80);
	assert_refused(text, 200, "not an ssh key of a known type");
	assert_text_refused("hello", "not an ssh key of a known type");
}

static void base64_that_ssh_did_not_write_is_damaged(void **state)
{
	assert_text_refused(ED25519 "=", "damaged");
	assert_text_refused(ED25519 "\"", "damaged");
	assert_text_refused("ssh-ed25519 !!!!", "damaged");
	assert_text_refused("ssh-ed25519 \"AAAA\"", "damaged");
}

static void white_space_around_and_between_is_ignored(void **state)
{
	static const char text[] = " \n\t" ED25519 "\r\n\n";
	char spaced[] = ED25519 " \t me@host  ";

	assert_key(text, sizeof(text) - 1, "ssh-ed25519", "");
	spaced[strlen("ssh-ed25519")] = '\t';
	assert_key(spaced, sizeof(spaced) - 1, "ssh-ed25519", "me@host");
}

static void a_comment_is_escaped_and_cut_at_a_whole_character(void **state)
{
	char text[1000], expected[SSHKEY_COMMENT_MAX];

	assert_key(ED25519 " two words \u00e9 \xff", sizeof(ED25519) - 1 + 15, "ssh-ed25519",
		   "two words \u00e9 \\xff");
	/* 126 bytes and a euro sign: three more do not fit into 127. */
	snprintf(text, sizeof(text), "%s %0126d\u20ac", ED25519, 0);
	snprintf(expected, sizeof(expected), "%0126d", 0);
	assert_key(text, strlen(text), "ssh-ed25519", expected);
	snprintf(text, sizeof(text), "%s %0127d", ED25519, 0);
	snprintf(expected, sizeof(expected), "%0127d", 0);
	assert_key(text, strlen(text), "ssh-ed25519", expected);
}

static void the_text_needs_no_nul_at_its_end(void **state)
{
	size_t len = strlen(ED25519);
	char *text = malloc(len), *whole = strdup(ED25519);

	assert_non_null(text);
	assert_non_null(whole);
	memcpy(text, whole, len);
	free(whole);
	assert_key(text, len, "ssh-ed25519", "");
	free(text);
}

static void keys_are_equal_by_type_and_blob_alone(void **state)
{
	struct sshkey a, b, c;
	const char *why;

	assert_int_equal(sshkey_parse(ED25519, strlen(ED25519), &a, &why), 0);
	assert_int_equal(sshkey_parse(ED25519 " me", strlen(ED25519) + 3, &b, &why), 0);
	build_ed25519(&blob);
	add_line(&line, "ssh-ed25519", &blob);
	assert_int_equal(sshkey_parse(line.buf, line.len, &c, &why), 0);
	assert_int_equal(sshkey_equal(&a, &b), 1);
	assert_int_equal(sshkey_equal(&a, &c), 0);
	c.blob_len--;
	assert_int_equal(sshkey_equal(&c, &a), 0);
	sshkey_clear(&a);
	sshkey_clear(&b);
	sshkey_clear(&c);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(every_type_of_the_allow_list_passes),
		FACT(must_1_no_other_type_passes),
		FACT(must_1_the_inner_type_equals_the_outer),
		FACT(must_2_several_lines_are_refused),
		FACT(must_2_options_in_front_are_refused),
		FACT(must_2_control_bytes_are_refused),
		FACT(must_3_nothing_may_follow_the_last_field),
		FACT(must_3_every_field_is_there_whole),
		FACT(a_length_that_points_past_the_blob_is_refused),
		FACT(an_ed25519_key_has_32_bytes),
		FACT(an_rsa_modulus_has_2048_to_16384_bits),
		FACT(an_rsa_exponent_is_odd_and_above_one),
		FACT(an_rsa_exponent_has_at_most_256_bits),
		FACT(an_rsa_modulus_is_positive_odd_and_shortest),
		FACT(a_point_has_its_curves_length_and_is_uncompressed),
		FACT(the_curve_is_the_one_of_the_type),
		FACT(an_application_is_short_and_printable),
		FACT(private_keys_are_named_as_such),
		FACT(other_formats_are_told_how_to_convert),
		FACT(certificates_are_refused),
		FACT(nothing_is_told_to_send_a_key),
		FACT(a_type_without_a_key_is_incomplete),
		FACT(noise_is_refused),
		FACT(base64_that_ssh_did_not_write_is_damaged),
		FACT(white_space_around_and_between_is_ignored),
		FACT(a_comment_is_escaped_and_cut_at_a_whole_character),
		FACT(the_text_needs_no_nul_at_its_end),
		FACT(keys_are_equal_by_type_and_blob_alone),
	};

	return cmocka_run_group_tests_name("sshkey", tests, NULL, NULL);
}
