/* SPDX-License-Identifier: ISC */
/* api/page.h: what comes from outside is text, never markup. */
#include "tests/unit/unit.h"

#include "api/page.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

static struct page page(const char *subject)
{
	return (struct page){ .service = "Mysocket",
			      .heading = "A heading",
			      .subject = subject,
			      .text = { "First.", "Second." } };
}

static void markup_in_a_name_is_escaped(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20000);
	struct page p = page("<script>alert('x')</script>\"&");

	page_html(&sb, &p);
	assert_int_equal(strbuf_error(&sb), 0);
	assert_null(strstr(sb.buf, "<script"));
	assert_non_null(
		strstr(sb.buf, "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;"));
}

static void control_bytes_are_shown_not_sent(void **state)
{
	auto_call(strbuf_clear) struct strbuf html = STRBUF_INIT(20000);
	auto_call(strbuf_clear) struct strbuf plain = STRBUF_INIT(20000);
	struct page p = page("a\x1b[31mb\r\nc");

	page_html(&html, &p);
	page_plain(&plain, &p);
	assert_null(strchr(html.buf, '\x1b'));
	assert_null(strchr(plain.buf, '\x1b'));
	assert_null(strchr(plain.buf, '\r'));
	assert_non_null(strstr(plain.buf, "\\x1b"));
}

static void nothing_is_loaded_from_elsewhere(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20000);
	struct page p = page(NULL);

	page_html(&sb, &p);
	assert_null(strstr(sb.buf, "http"));
	assert_null(strstr(sb.buf, "src="));
	assert_null(strstr(sb.buf, "url("));
	assert_null(strstr(sb.buf, "<form"));
	assert_non_null(strstr(sb.buf, "prefers-color-scheme:dark"));
	assert_memory_equal(sb.buf, "<!doctype html>", 15);
}

static void a_button_posts_to_the_same_address(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20000);
	struct page p = page(NULL);

	p.button = "Confirm";
	page_html(&sb, &p);
	assert_non_null(strstr(sb.buf, "<form method=\"post\"><button type=\"submit\">Confirm<"));
}

static void plain_text_has_the_same_words(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(20000);
	struct page p = page("long-hill-8399.example.com");

	page_plain(&sb, &p);
	assert_string_equal(sb.buf, "A heading\nlong-hill-8399.example.com\nFirst.\nSecond.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(markup_in_a_name_is_escaped),
		cmocka_unit_test(control_bytes_are_shown_not_sent),
		cmocka_unit_test(nothing_is_loaded_from_elsewhere),
		cmocka_unit_test(a_button_posts_to_the_same_address),
		cmocka_unit_test(plain_text_has_the_same_words),
	};

	return cmocka_run_group_tests_name("api/page", tests, NULL, NULL);
}
