/* SPDX-License-Identifier: ISC */
/* api/names.h: public names are pronounceable, distinct and never one of the service's own. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sodium.h>

#include "api/names.h"
#include "lib/cleanup.h"

static size_t list_length(int list)
{
	size_t n = 0;

	while (names_word(list, n))
		n++;
	return n;
}

static void each_list_has_at_least_256_words(void **state)
{
	assert_true(list_length(0) >= 256);
	assert_true(list_length(1) >= 256);
}

static void words_are_short_lower_case_and_listed_once(void **state)
{
	for (int list = 0; list < 2; list++) {
		const char *word, *before = "";

		for (size_t i = 0; (word = names_word(list, i)); i++) {
			size_t len = strlen(word);

			assert_in_range(len, 2, 10);
			assert_int_equal(strspn(word, "abcdefghijklmnopqrstuvwxyz"), len);
			assert_true(strcmp(before, word) < 0); /* sorted, so distinct */
			before = word;
		}
	}
}

static void names_are_word_word_number(void **state)
{
	char label[NAMES_LABEL_SIZE];
	char rest[NAMES_LABEL_SIZE];
	unsigned number;

	for (int i = 0; i < 1000; i++) {
		names_pick(label);
		assert_int_equal(sscanf(label, "%*[a-z]-%*[a-z]-%u%63s", &number, rest), 1);
		assert_in_range(number, NAMES_NUMBER_MIN, NAMES_NUMBER_MAX);
	}
}

static void a_thousand_names_hardly_ever_repeat(void **state)
{
	static char labels[1000][NAMES_LABEL_SIZE];
	int same = 0;

	for (int i = 0; i < 1000; i++) {
		names_pick(labels[i]);
		for (int j = 0; j < i; j++)
			same += strcmp(labels[i], labels[j]) == 0;
	}
	assert_true(same <= 1);
}

static void a_public_name_below_the_domain_has_a_label(void **state)
{
	static const char *const good[] = { "long-hill-8399.example.net",
					    "Long-Hill-8399.EXAMPLE.net",
					    "long-hill-8399.example.net." };
	static const char *const bad[] = {
		"",
		".",
		"example.net",
		".example.net",
		"long-hill-8399",
		"long-hill-8399.",
		"long-hill-8399.example.org",
		"long-hill-8399.example.net.org",
		"long-hill-8399.example.net..",
		"long-hill-8399.example.ne",
		"www.long-hill-8399.example.net",
		"long-hill-8399-long-hill-8399-long-hill-8399-long-hill-8399-long.example.net",
	};
	char label[NAMES_LABEL_SIZE] = "untouched";

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(names_label(bad[i], "example.net", label), -ENOENT);
		assert_string_equal(label, "untouched");
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(names_label(good[i], "example.net", label), 0);
		assert_string_equal(label, "long-hill-8399");
	}
}

static void an_owner_may_choose_a_plain_label(void **state)
{
	static const char *const good[] = { "abc",
					    "my-app",
					    "shop-42",
					    "a1b",
					    "john-hill-839",
					    "long-hill-83990",
					    "apidocs",
					    "nsa",
					    "w--w",
					    "my-www",
					    "x1234567890123456789012345678901234567-9" };
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(names_check_chosen(good[i], &why), 0);
}

static void names_with_a_meaning_cannot_be_chosen(void **state)
{
	static const char *const bad[] = {
		"",
		"ab",
		"-abc",
		"abc-",
		"My-app",
		"my_app",
		"my.app",
		"my app",
		"caf\xc3\xa9",
		"xn--caf-dma",
		"ab--cd",
		"123",
		"api",
		"www",
		"ssh",
		"admin",
		"mail",
		"ns1",
		"ns",
		"mx20",
		"www2",
		"mysocket",
		"wpad",
		"autodiscover",
		"localhost",
		"long-hill-8399",
		"zzz-qqq-0000",
		"a1234567890123456789012345678901234567890",
	};
	const char *why;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		why = "";
		assert_int_equal(names_check_chosen(bad[i], &why), -EINVAL);
		assert_int_equal(strncmp(why, "field 'subdomain' ", 18), 0);
	}
}

static void no_name_that_is_made_can_be_chosen(void **state)
{
	char label[NAMES_LABEL_SIZE];
	const char *why;

	for (int i = 0; i < 1000; i++) {
		names_pick(label);
		assert_int_equal(names_check_chosen(label, &why), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_list_has_at_least_256_words),
		cmocka_unit_test(words_are_short_lower_case_and_listed_once),
		cmocka_unit_test(names_are_word_word_number),
		cmocka_unit_test(a_public_name_below_the_domain_has_a_label),
		cmocka_unit_test(a_thousand_names_hardly_ever_repeat),
		cmocka_unit_test(an_owner_may_choose_a_plain_label),
		cmocka_unit_test(names_with_a_meaning_cannot_be_chosen),
		cmocka_unit_test(no_name_that_is_made_can_be_chosen),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests_name("api/names", tests, NULL, NULL);
}
