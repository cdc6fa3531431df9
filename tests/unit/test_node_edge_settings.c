/* SPDX-License-Identifier: ISC */
/* node/edge_routes.h, edge_settings.h and edge_map.h: the commands by which HAProxy learns on which terms a name is
 * served, in an order in which it is never served on others. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "node/edge_routes.h"

#define HASH "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
#define SECRET "0123456789abcdef:" HASH
#define OTHER "fedcba9876543210:" HASH

/* 127.64.0.1:5000 and 127.64.0.2:5000 */
static const struct edge_relay relays[] = { { 2134900737, 5000 }, { 2134900738, 5000 } };

#define RELAY_0 "set table mysocket/routes key n/0 data.gpt0 2134900737 data.gpc0 5000\n"
#define RELAY_1 "set table mysocket/routes key n/1 data.gpt0 2134900738 data.gpc0 5000\n"
#define COUNT(n) "set table mysocket/routes key n data.gpt0 " n "\n"
#define ADD "add map protected.map n " SECRET "\n"
#define DEL "del map protected.map n\n"

static struct strbuf said = STRBUF_INIT(65536);
static struct edge_routes routes;
static struct edge_map *const protected = &routes.settings.maps[EDGE_MAP_PROTECTED];

static void record(void *arg, const char *command)
{
	strbuf_adds(&said, command);
	strbuf_addch(&said, '\n');
}

static int setup(void **state)
{
	edge_routes_init(&routes, record, NULL);
	strbuf_reset(&said);
	return 0;
}

static int teardown(void **state)
{
	edge_routes_clear(&routes);
	strbuf_clear(&said);
	return 0;
}

/* All that was said since the last time, in its order. */
static void assert_said(const char *commands)
{
	assert_int_equal(strbuf_error(&said), 0);
	assert_string_equal(said.len ? said.buf : "", commands);
	strbuf_reset(&said);
}

static void set(const char *secret, size_t n)
{
	const struct edge_terms terms = { .type = "http", .secret = secret, .settings = "" };

	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, n), 0);
}

/* What HAProxy has, each as the lines of `show map` and `show table`. */
static void sync_with(const char *map, const char *table)
{
	auto_free char *lines = strdup(map);
	auto_free char *entries = strdup(table);
	char *rest;

	edge_routes_sync_begin(&routes);
	for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		edge_map_sync_line(protected, line);
	edge_map_sync_end(protected);
	for (char *line = strtok_r(entries, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		edge_routes_sync_line(&routes, line);
	edge_routes_sync_end(&routes);
}

#define TABLE_HEAD "# table: routes, type: string, size:1048576, used:2\n"
#define TABLE_COUNT(n) "0x55d4: key=n use=0 exp=0 gpt0=" n " gpc0=0\n"
#define TABLE_0 "0x55d4: key=n/0 use=0 exp=0 gpt0=2134900737 gpc0=5000\n"

static void an_open_name_has_no_secret(void **state)
{
	set("", 1);
	assert_said(RELAY_0 COUNT("1"));
	set("", 1);
	assert_said("");
	set("", 2);
	assert_said(RELAY_1 COUNT("2"));
	set("", 1);
	assert_said(COUNT("1") "clear table mysocket/routes key n/1\n");
	set("", 0);
	assert_said("clear table mysocket/routes key n\nclear table mysocket/routes key n/0\n");
	set("", 0);
	assert_said("");
}

static void a_secret_comes_before_the_route_and_goes_after_it(void **state)
{
	set(SECRET, 2);
	assert_said(ADD RELAY_0 RELAY_1 COUNT("65538"));
	set(SECRET, 1);
	assert_said(COUNT("65537") "clear table mysocket/routes key n/1\n");
	set(SECRET, 0);
	assert_said("clear table mysocket/routes key n\nclear table mysocket/routes key n/0\n" DEL);
}

static void a_name_that_becomes_protected_or_open_is_never_open_too_early(void **state)
{
	set("", 1);
	assert_said(RELAY_0 COUNT("1"));
	set(SECRET, 1);
	assert_said(ADD COUNT("65537"));
	set("", 1);
	assert_said(COUNT("1") DEL);
}

static void another_password_replaces_the_one_that_was(void **state)
{
	set(SECRET, 1);
	assert_said(ADD RELAY_0 COUNT("65537"));
	set(OTHER, 1);
	assert_said("set map protected.map n " OTHER "\n");
}

/* After a reload the table was learned from the old process; the map is empty. */
static void an_empty_map_is_filled_before_any_route_is_touched(void **state)
{
	set(SECRET, 1);
	strbuf_reset(&said);
	sync_with("", TABLE_HEAD TABLE_COUNT("65537") TABLE_0);
	assert_said(ADD);
	sync_with("", TABLE_HEAD);
	assert_said(ADD RELAY_0 COUNT("65537"));
}

static void what_is_right_costs_no_command(void **state)
{
	set(SECRET, 1);
	strbuf_reset(&said);
	sync_with("0x55d4 n " SECRET "\n", TABLE_HEAD TABLE_COUNT("65537") TABLE_0);
	assert_said("");
}

static void a_name_that_is_not_marked_as_protected_is_marked(void **state)
{
	set(SECRET, 1);
	strbuf_reset(&said);
	sync_with("0x55d4 n " SECRET "\n", TABLE_HEAD TABLE_COUNT("1") TABLE_0);
	assert_said(COUNT("65537"));
}

static void a_different_password_is_set(void **state)
{
	set(SECRET, 1);
	strbuf_reset(&said);
	sync_with("0x55d4 n " OTHER "\n", TABLE_HEAD TABLE_COUNT("65537") TABLE_0);
	assert_said("set map protected.map n " SECRET "\n");
}

static void a_stale_password_goes_after_its_stale_route(void **state)
{
	sync_with("0x55d4 n " SECRET "\n", TABLE_HEAD TABLE_COUNT("65537") TABLE_0);
	assert_said("clear table mysocket/routes key n\nclear table mysocket/routes key n/0\n" DEL);
	sync_with("0x55d4 n " SECRET "\n", TABLE_HEAD);
	assert_said(DEL);
}

static void what_changes_while_comparing_is_told_once(void **state)
{
	set(SECRET, 1);
	strbuf_reset(&said);
	edge_routes_sync_begin(&routes);
	set(OTHER, 1); /* of which it is not known whether HAProxy has it */
	assert_said("");
	edge_map_sync_line(protected, "0x55d4 n " SECRET);
	edge_map_sync_end(protected);
	assert_said("set map protected.map n " OTHER "\n");
	edge_routes_sync_end(&routes);
	strbuf_reset(&said);

	edge_routes_sync_begin(&routes);
	assert_int_equal(edge_map_set(protected, "m", SECRET), 0); /* new: added at once */
	assert_said("add map protected.map m " SECRET "\n");
	edge_map_sync_line(protected, "0x55d4 n " OTHER);
	edge_map_sync_end(protected);
	assert_said("");
}

static void what_is_removed_while_comparing_goes_if_it_was_there(void **state)
{
	set(SECRET, 1);
	edge_routes_sync_begin(&routes);
	strbuf_reset(&said);
	set(SECRET, 0);
	assert_said("clear table mysocket/routes key n\nclear table mysocket/routes key n/0\n");
	edge_map_sync_line(protected, "0x55d4 n " SECRET);
	edge_map_sync_end(protected);
	edge_routes_sync_end(&routes);
	assert_said(DEL);
}

static void lines_that_are_no_entries_are_ignored(void **state)
{
	sync_with("\n0x55d4\n0x55d4 n\nUnknown map identifier. Please use #<id> or <file>.\n", "");
	assert_said("");
}

/* ---- settings ---- */
#define CLEAR_N "clear table mysocket/routes key n\n"
#define CLEAR_0 "clear table mysocket/routes key n/0\n"

static void set_terms(const char *type, const char *settings)
{
	const struct edge_terms terms = { .type = type, .secret = "", .settings = settings };

	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), 0);
}

static void an_https_socket_is_marked_as_one(void **state)
{
	set_terms("https", "");
	assert_said(RELAY_0 COUNT("131073"));
	set_terms("http", "");
	assert_said(COUNT("1"));
}

static void networks_become_beginnings_of_addresses_and_denied_ones_win(void **state)
{
	set_terms("http",
		  "{\"allowed_networks\":[\"10.0.0.0/8\",\"192.168.0.0/23\",\"10.9.0.1/32\"],"
		  "\"denied_networks\":[\"10.9.0.0/16\",\"2001:db8::/32\"]}");
	assert_said("add map networks.map n/8/0A09 deny\n"
		    "add map networks.map n/32/20010DB8 deny\n"
		    "add map networks.map n/ deny\n"
		    "add map networks.map n/8/0A allow\n"
		    "add map networks.map n/8/C0A800 allow\n"
		    "add map networks.map n/8/C0A801 allow\n" RELAY_0 COUNT("262145"));
}

static void a_prefix_of_no_bits_is_everybody_of_that_family(void **state)
{
	set_terms("tcp", "{\"denied_networks\":[\"::/0\"]}");
	assert_said(
		"add map networks.map n/32/ deny\nadd map networks.map n/ allow\n" RELAY_0 COUNT(
			"262145"));
}

static void networks_that_changed_are_told_before_what_is_left_over_goes(void **state)
{
	set_terms("http", "{\"denied_networks\":[\"10.0.0.0/8\"]}");
	strbuf_reset(&said);
	set_terms("http", "{\"allowed_networks\":[\"127.0.0.0/8\"]}");
	assert_said("set map networks.map n/ deny\nadd map networks.map n/8/7F allow\n"
		    "del map networks.map n/8/0A\n");
	set_terms("http", "");
	assert_said(COUNT("1") "del map networks.map n/\ndel map networks.map n/8/7F\n");
	set_terms("http", "");
	assert_said("");
}

/* LVgtQQorWC1COiBjOyAiZAo= is "-X-A\n+X-B: c; \"d\n" */
static void headers_rate_and_host_are_one_line_in_which_nothing_is_a_command(void **state)
{
	set_terms(
		"http",
		"{\"rate_limit\":5,\"host_header\":\"app:80\",\"remove_request_headers\":[\"X-A\"],"
		"\"add_request_headers\":[{\"name\":\"X-B\",\"value\":\"c; \\\"d\"}]}");
	assert_said("add map settings.map n 5:LVgtQQorWC1COiBjOyAiZAo=:app:80\n" RELAY_0 COUNT(
		"3670017"));
	set_terms("http", "{\"rate_limit\":6}");
	assert_said("set map settings.map n 6::\n" COUNT("524289"));
	assert_int_equal(edge_routes_set(&routes, "n", NULL, NULL, 0), 0);
	assert_said(CLEAR_N CLEAR_0 "del map settings.map n\n");
}

static void settings_that_were_never_checked_are_not_served(void **state)
{
	const struct edge_terms terms = { .type = "http",
					  .secret = "",
					  .settings = "{\"host_header\":\"a; show info\"}" };

	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), -EINVAL);
	assert_said("");
}

static void a_certificate_goes_with_its_host_name(void **state)
{
	const struct edge_terms with = { .type = "http",
					 .secret = "",
					 .settings = "{\"domains\":[\"a.example\"],"
						     "\"certificates\":[\"a.example/1f\"]}" };
	const struct edge_terms renewed = { .type = "http",
					    .secret = "",
					    .settings = "{\"domains\":[\"a.example\"],"
							"\"certificates\":[\"a.example/2f\"]}" };

	assert_int_equal(edge_routes_set(&routes, "n", &with, relays, 1), 0);
	assert_said("add map domains.map a.example n\nadd map " EDGE_CERTIFICATES_MAP
		    " a.example n/1f\n" RELAY_0 COUNT("1"));
	assert_int_equal(edge_routes_set(&routes, "n", &renewed, relays, 1), 0);
	assert_said("set map " EDGE_CERTIFICATES_MAP " a.example n/2f\n");
	/* Led to another socket before this one hears of it. */
	assert_int_equal(edge_routes_set(&routes, "nn", &renewed, relays, 1), 0);
	strbuf_reset(&said);
	set_terms("http", "");
	assert_said("");
	assert_int_equal(edge_routes_set(&routes, "nn", NULL, relays, 1), 0);
	/* MUST 1: as long as it is shown, it is known whose it is. */
	assert_said("del map " EDGE_CERTIFICATES_MAP " a.example\ndel map domains.map a.example\n");
}

/* What visitors of a tls socket's port may ask for. */
static void a_tls_sockets_port_goes_by_its_names(void **state)
{
	struct edge_terms terms = {
		.type = "tls", .secret = "", .settings = "", .name = "long-hill-8399"
	};

	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), 0);
	assert_said("add map domains.map long-hill-8399 n\n" RELAY_0 COUNT("1"));
	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), 0);
	assert_said("");
	terms.settings = "{\"domains\":[\"a.example\"]}";
	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), 0);
	assert_said("add map domains.map a.example n\n");
	terms.name = "my-app";
	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), 0);
	assert_said("add map domains.map my-app n\ndel map domains.map long-hill-8399\n");
	assert_int_equal(edge_routes_set(&routes, "n", &terms, NULL, 0), 0);
	assert_said(CLEAR_N CLEAR_0 "del map domains.map a.example\ndel map domains.map my-app\n");
	/* The others' visitors do not say whom they mean, or are routed by it. */
	terms = (struct edge_terms){ .type = "tcp", .secret = "", .settings = "", .name = "o" };
	assert_int_equal(edge_routes_set(&routes, "n", &terms, relays, 1), 0);
	assert_said(RELAY_0 COUNT("1"));
}

static void a_host_name_goes_with_its_label_unless_it_is_anothers_by_then(void **state)
{
	const struct edge_terms with = { .type = "http",
					 .secret = "",
					 .settings = "{\"domains\":[\"app.example.com\"]}" };

	assert_int_equal(edge_routes_set(&routes, "n", &with, relays, 1), 0);
	assert_said("add map domains.map app.example.com n\n" RELAY_0 COUNT("1"));
	assert_int_equal(edge_routes_set(&routes, "m", &with, relays, 1), 0);
	strbuf_reset(&said);
	set_terms("http", "");
	assert_said("");
	assert_int_equal(edge_routes_set(&routes, "m", NULL, relays, 1), 0);
	assert_said("del map domains.map app.example.com\n");
}

static void marks_are_told_of_sticky_names_alone(void **state)
{
	static const struct edge_relay marked[] = { { 2134900737, 5000, 7 },
						    { 2134900738, 5000, 9 } };
	const struct edge_terms sticky = { .type = "http",
					   .secret = "",
					   .settings = "{\"sticky\":true}" };

	assert_int_equal(edge_routes_set(&routes, "n", &sticky, marked, 2), 0);
	assert_said(
		"set table mysocket/routes key n/0 data.gpt0 2134900737 data.gpc0 463752\n"
		"set table mysocket/routes key n/s7 data.gpt0 2134900737 data.gpc0 463752\n"
		"set table mysocket/routes key n/1 data.gpt0 2134900738 data.gpc0 594824\n"
		"set table mysocket/routes key n/s9 data.gpt0 2134900738 data.gpc0 594824\n" COUNT(
			"8388610"));
	/* The first one ends: the other one moves to its place, and keeps its mark. */
	assert_int_equal(edge_routes_set(&routes, "n", &sticky, marked + 1, 1), 0);
	assert_said("set table mysocket/routes key n/0 data.gpt0 2134900738 data.gpc0 594824\n" COUNT(
		"8388609") "clear table mysocket/routes key n/1\nclear table mysocket/routes key n/s7\n");
	sync_with("", TABLE_HEAD TABLE_COUNT(
			      "8388609") "0x1: key=n/0 use=0 exp=0 gpt0=2134900738 gpc0=594824\n"
					 "0x1: key=n/s7 use=0 exp=0 gpt0=2134900737 gpc0=463752\n"
					 "0x1: key=n/s9 use=0 exp=0 gpt0=2134900738 gpc0=594824\n");
	assert_said("clear table mysocket/routes key n/s7\n");
	assert_int_equal(edge_routes_set(&routes, "n", NULL, marked + 1, 1), 0);
	assert_said("set table mysocket/routes key n/0 data.gpt0 2134900738 data.gpc0 5000\n" COUNT(
		"1") "clear table mysocket/routes key n/s9\n");
}

#define WITH_ROUTES(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_ROUTES(an_open_name_has_no_secret),
		WITH_ROUTES(a_secret_comes_before_the_route_and_goes_after_it),
		WITH_ROUTES(a_name_that_becomes_protected_or_open_is_never_open_too_early),
		WITH_ROUTES(another_password_replaces_the_one_that_was),
		WITH_ROUTES(an_empty_map_is_filled_before_any_route_is_touched),
		WITH_ROUTES(what_is_right_costs_no_command),
		WITH_ROUTES(a_name_that_is_not_marked_as_protected_is_marked),
		WITH_ROUTES(a_different_password_is_set),
		WITH_ROUTES(a_stale_password_goes_after_its_stale_route),
		WITH_ROUTES(what_changes_while_comparing_is_told_once),
		WITH_ROUTES(what_is_removed_while_comparing_goes_if_it_was_there),
		WITH_ROUTES(lines_that_are_no_entries_are_ignored),
		WITH_ROUTES(an_https_socket_is_marked_as_one),
		WITH_ROUTES(networks_become_beginnings_of_addresses_and_denied_ones_win),
		WITH_ROUTES(a_prefix_of_no_bits_is_everybody_of_that_family),
		WITH_ROUTES(networks_that_changed_are_told_before_what_is_left_over_goes),
		WITH_ROUTES(headers_rate_and_host_are_one_line_in_which_nothing_is_a_command),
		WITH_ROUTES(settings_that_were_never_checked_are_not_served),
		WITH_ROUTES(a_certificate_goes_with_its_host_name),
		WITH_ROUTES(a_tls_sockets_port_goes_by_its_names),
		WITH_ROUTES(a_host_name_goes_with_its_label_unless_it_is_anothers_by_then),
		WITH_ROUTES(marks_are_told_of_sticky_names_alone),
	};

	return cmocka_run_group_tests_name("edge_settings", tests, NULL, NULL);
}
