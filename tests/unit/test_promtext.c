/* SPDX-License-Identifier: ISC */
/* lib/promtext.h: the lines as Prometheus' text format has them, to the byte. */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "lib/promtext.h"
#include "lib/strbuf.h"

static void a_family_begins_with_help_and_type(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);

	promtext_family(&sb, "a_total", "counter", "What is counted.");
	promtext_sample(&sb, "a_total", "method=\"GET\",status=\"200\"", 7);
	promtext_sample(&sb, "a_total", NULL, INT64_MAX);
	assert_string_equal(sb.buf, "# HELP a_total What is counted.\n"
				    "# TYPE a_total counter\n"
				    "a_total{method=\"GET\",status=\"200\"} 7\n"
				    "a_total 9223372036854775807\n");
}

static void seconds_keep_their_microseconds(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);

	promtext_seconds(&sb, "t", NULL, 0);
	promtext_seconds(&sb, "t", NULL, 1);
	promtext_seconds(&sb, "t", "le=\"1\"", 12000034);
	assert_string_equal(sb.buf, "t 0.000000\nt 0.000001\nt{le=\"1\"} 12.000034\n");
}

static void a_single_sample_is_a_family_of_its_own(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(1000);

	promtext_single(&sb, "g", "gauge", "Now.", -3);
	assert_string_equal(sb.buf, "# HELP g Now.\n# TYPE g gauge\ng -3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_begins_with_help_and_type),
		cmocka_unit_test(seconds_keep_their_microseconds),
		cmocka_unit_test(a_single_sample_is_a_family_of_its_own),
	};

	return cmocka_run_group_tests_name("promtext", tests, NULL, NULL);
}
