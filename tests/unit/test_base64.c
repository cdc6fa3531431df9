/* SPDX-License-Identifier: ISC */
/* lib/base64.h: RFC 4648's vectors, and one text per value. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/base64.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

/* RFC 4648 section 10, and the two characters that no vector there has. */
static const struct {
	const char *data, *text;
} vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
	{ "\xfb\xff\xbf", "+/+/" },
};

static void assert_invalid(const char *text)
{
	unsigned char *data = (unsigned char *)1;
	size_t len = 77;

	assert_int_equal(base64_decode(text, strlen(text), &data, &len), -EINVAL);
	assert_ptr_equal(data, (unsigned char *)1);
	assert_int_equal(len, 77);
}

static void vectors_encode(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(100);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		strbuf_reset(&sb);
		base64_encode(&sb, vectors[i].data, strlen(vectors[i].data));
		assert_string_equal(sb.buf, vectors[i].text);
	}
}

static void vectors_decode(void **state)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		auto_free unsigned char *data = NULL;

		assert_int_equal(base64_decode(vectors[i].text, strlen(vectors[i].text), &data,
					       &len),
				 0);
		assert_int_equal(len, strlen(vectors[i].data));
		assert_memory_equal(data, vectors[i].data, len);
	}
}

static void every_byte_survives_at_every_offset(void **state)
{
	unsigned char all[258];
	size_t i, start, len;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (unsigned char)i;
	for (start = 0; start < 3; start++) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);
		auto_free unsigned char *data = NULL;

		base64_encode(&sb, all + start, sizeof(all) - start);
		assert_int_equal(base64_decode(sb.buf, sb.len, &data, &len), 0);
		assert_int_equal(len, sizeof(all) - start);
		assert_memory_equal(data, all + start, len);
	}
}

static void missing_or_misplaced_padding_is_refused(void **state)
{
	assert_invalid("Zg");
	assert_invalid("Zg=");
	assert_invalid("Zm8");
	assert_invalid("=");
	assert_invalid("====");
	assert_invalid("Z===");
	assert_invalid("Zm9v====");
	assert_invalid("Zg==Zg==");
	assert_invalid("Zm=v");
}

static void bytes_outside_the_alphabet_are_refused(void **state)
{
	assert_invalid("Zm9\n");
	assert_invalid("Zm 9");
	assert_invalid("Zm-_");
	assert_invalid("Zm9\xff");
	assert_invalid(" Zm9v");
	assert_invalid("@[`{");
	assert_invalid("/:.,");
}

static void a_nul_inside_is_refused(void **state)
{
	unsigned char *data = NULL;
	size_t len;

	assert_int_equal(base64_decode("Zm\0v", 4, &data, &len), -EINVAL);
	assert_null(data);
}

static void unused_bits_must_be_zero(void **state)
{
	assert_invalid("Zh==");
	assert_invalid("Zm9=");
	assert_invalid("Zv==");
	assert_invalid("Zm+=");
}

static void a_full_buffer_latches_its_error(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(7);

	base64_encode(&sb, "foobar", 6);
	assert_int_equal(strbuf_error(&sb), -EMSGSIZE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_encode),
		cmocka_unit_test(vectors_decode),
		cmocka_unit_test(every_byte_survives_at_every_offset),
		cmocka_unit_test(missing_or_misplaced_padding_is_refused),
		cmocka_unit_test(bytes_outside_the_alphabet_are_refused),
		cmocka_unit_test(a_nul_inside_is_refused),
		cmocka_unit_test(unused_bits_must_be_zero),
		cmocka_unit_test(a_full_buffer_latches_its_error),
	};

	return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
