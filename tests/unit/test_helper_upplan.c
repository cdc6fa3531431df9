/* SPDX-License-Identifier: ISC */
/* helper/upplan.h: what is told of a file that says something else. */
#include "tests/unit/unit.h"

#include <json-c/json.h>

#include "helper/upplan.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"

#define ID "334c2e48-8324-47c0-9b03-c0a69c2c783"

/* A plan of that text; each socket has a tunnel, and an id that ends as its origin's port does. */
static void make(struct upplan *plan, const char *text)
{
	char why[UPCONF_WHY_SIZE];
	size_t i;

	*plan = (struct upplan){ 0 };
	assert_int_equal(upconf_parse("up.conf", text, &plan->conf, why), 0);
	plan->sockets.items = calloc(plan->conf.count, sizeof(*plan->sockets.items));
	assert_non_null(plan->sockets.items);
	for (i = 0; i < plan->conf.count; i++) {
		struct upsocket *s = &plan->sockets.items[plan->sockets.count++];
		char id[40];

		s->conf = &plan->conf.sockets[i];
		snprintf(id, sizeof(id), ID "%d", (int)(s->conf->port % 10));
		s->info.socket_id = strdup(id);
		s->info.url = strdup("https://a.example.net");
		s->info.tunnels = calloc(1, sizeof(*s->info.tunnels));
		s->info.tunnel_count = 1;
		s->document = json_object_new_object();
		json_object_object_add(s->document, "name", json_object_new_string(s->conf->name));
	}
	assert_int_equal(upplan_make_jobs(plan), 0);
	assert_int_equal(plan->job_count, plan->conf.count);
}

static char *news(const char *before, const char *now, bool json)
{
	auto_call(upplan_clear) struct upplan a = { 0 }, b = { 0 };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(65536);
	char *text = NULL;

	make(&a, before);
	make(&b, now);
	assert_int_equal(upplan_add_news(&b, &a, json, 80, &sb), 0);
	assert_int_equal(strbuf_take(&sb, &text), 0);
	return text;
}

static void what_is_new_gone_or_otherwise_is_told_and_the_rest_counted(void **state)
{
	auto_free char *text =
		news("[a]\nport = 1\n[b]\nport = 2\n[gone]\nport = 3\n",
		     "[new]\nport = 4\n[b]\nport = 2\nhost = h\n[a]\nport = 1\n", false);

	assert_non_null(strstr(text, "1 added, 1 changed, 1 removed, 1 as before.\n"));
	assert_non_null(strstr(text, "\n[gone] Disconnected: "));
	assert_non_null(strstr(text, "| new "));
	assert_non_null(strstr(text, "h:2"));
	assert_null(strstr(text, "| a "));
}

static void another_order_is_no_news(void **state)
{
	auto_free char *text =
		news("[a]\nport = 1\n[b]\nport = 2\n", "[b]\nport = 2\n[a]\nport = 1\n", false);

	assert_non_null(strstr(text, "0 added, 0 changed, 0 removed, 2 as before.\n"));
	assert_null(strstr(text, "| a "));
}

static void a_socket_that_was_made_again_is_new(void **state)
{
	auto_free char *text =
		news("[a]\nport = 1\n[b]\nport = 2\n", "[a]\nport = 3\n[b]\nport = 2\n", false);

	assert_non_null(strstr(text, "1 added, 0 changed, 0 removed, 1 as before.\n"));
}

static void programs_get_an_event_with_names_and_one_per_socket(void **state)
{
	auto_free char *text =
		news("[a]\nport = 1\n[b]\nport = 2\n[gone]\nport = 3\n",
		     "[new]\nport = 4\n[b]\nport = 2\nhost = h\n[a]\nport = 1\n", true);

	assert_string_equal(
		text, "{\"event\":\"reloaded\",\"added\":[\"new\"],\"changed\":[\"b\"],\"removed\":"
		      "[\"gone\"]}\n"
		      "{\"event\":\"socket\",\"socket\":{\"name\":\"new\"}}\n"
		      "{\"event\":\"socket\",\"socket\":{\"name\":\"b\"}}\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_new_gone_or_otherwise_is_told_and_the_rest_counted),
		cmocka_unit_test(another_order_is_no_news),
		cmocka_unit_test(a_socket_that_was_made_again_is_new),
		cmocka_unit_test(programs_get_an_event_with_names_and_one_per_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
