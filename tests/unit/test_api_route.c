/* SPDX-License-Identifier: ISC */
/* api/route.h: finding the row for a request. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "api/route.h"
#include "lib/cleanup.h"

#define UUID "24cd3fa2-b56a-486f-a554-30924bae54d0"
#define UUID2 "dc620ec5-76d6-455e-865c-eac238472bee"
#define USER "24cd3fa2b56a486fa55430924bae54d0"
#define LINK USER USER
#define NAME "Long-Hill-8399.example.net"

static const struct route *found;
static char params[HTTP_PARAMS_MAX][HTTP_PARAM_SIZE];
static char allow[HTTP_ALLOW_SIZE];

static int find(const char *method, const char *path)
{
	found = NULL;
	return api_route_find(method, path, &found, params, allow);
}

static void paths_lead_to_their_handlers(void **state)
{
	assert_int_equal(find("POST", "/user"), 0);
	assert_ptr_equal(found->run, api_user_create);
	assert_int_equal(find("GET", "/"), 0);
	assert_ptr_equal(found->run, api_info);
	assert_int_equal(find("POST", "/login/refresh"), 0);
	assert_ptr_equal(found->run, api_login_refresh);
	assert_int_equal(find("GET", "/connect"), 0);
	assert_ptr_equal(found->run, api_socket_list);
}

static void parameters_are_taken_from_the_path(void **state)
{
	assert_int_equal(find("DELETE", "/socket/" UUID "/tunnel/" UUID2), 0);
	assert_ptr_equal(found->run, api_tunnel_delete);
	assert_string_equal(params[0], UUID);
	assert_string_equal(params[1], UUID2);
	assert_int_equal(find("GET", "/node/login/" USER), 0);
	assert_string_equal(params[0], USER);
	assert_int_equal(find("GET", "/lookup/" NAME), 0);
	assert_string_equal(params[0], NAME);
	assert_int_equal(find("POST", "/confirm/" LINK), 0);
	assert_string_equal(params[0], LINK);
}

static void a_parameter_of_the_wrong_form_is_no_path_of_ours(void **state)
{
	static const char *const paths[] = {
		"/socket/1",
		"/socket/" USER,
		"/socket/" UUID "0",
		"/socket/../user",
		"/socket/24CD3FA2-b56a-486f-a554-30924bae54d0",
		"/node/login/" UUID,
		"/confirm/" USER,
		"/socket/%32" UUID,
		"/socket//tunnel",
		"/lookup",
		"/lookup/",
		"/lookup/a_b.example.net",
		"/lookup/a%2eexample.net",
		"/lookup/a.example.net:22",
		"/lookup/a.example.net/b",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(find("GET", paths[i]), -ENOENT);
}

static void unknown_paths_are_not_found(void **state)
{
	static const char *const paths[] = { "",	"/users",      "/use",	   "user",
					     "/user/x", "/socket/a/b", "//socket", "/api/v2/socket",
					     "/api/v1", "/socket?",    "/user " };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_int_equal(find("GET", paths[i]), -ENOENT);
}

static void another_method_is_told_which_are_allowed(void **state)
{
	assert_int_equal(find("PUT", "/socket"), -EOPNOTSUPP);
	assert_string_equal(allow, "GET, POST");
	assert_int_equal(find("POST", "/socket/" UUID), -EOPNOTSUPP);
	assert_string_equal(allow, "GET, PATCH, DELETE");
	assert_int_equal(find("get", "/socket"), -EOPNOTSUPP);
}

static void one_slash_at_the_end_is_forgiven(void **state)
{
	assert_int_equal(find("GET", "/socket/"), 0);
	assert_int_equal(find("GET", "/socket/" UUID "/"), 0);
	assert_int_equal(find("GET", "/socket//"), -ENOENT);
}

static void public_routes_answer_below_api_v1(void **state)
{
	assert_int_equal(find("GET", "/api/v1/socket/" UUID), 0);
	assert_ptr_equal(found->run, api_socket_show);
	assert_string_equal(params[0], UUID);
	assert_int_equal(find("POST", "/api/v1/login"), 0);
	assert_int_equal(find("GET", "/api/v1/"), 0);
	assert_int_equal(find("GET", "/api/v1/api/v1/socket"), -ENOENT);
}

static void what_the_edge_refuses_has_no_second_path(void **state)
{
	assert_int_equal(find("GET", "/node/feed"), 0);
	assert_int_equal(find("GET", "/api/v1/node/feed"), -ENOENT);
	assert_int_equal(find("GET", "/edge/unavailable"), 0);
	assert_int_equal(find("GET", "/api/v1/edge/unavailable"), -ENOENT);
}

static void every_row_is_complete_and_reachable(void **state)
{
	const struct route *route;

	for (size_t i = 0; (route = api_route(i)); i++) {
		char path[200] = "";
		const char *rest = route->path;
		const char *colon;

		while ((colon = strchr(rest, ':'))) {
			size_t used = strlen(path), len = strcspn(colon, "/");
			const char *value = strncmp(colon, ":uuid", len) == 0	? UUID
					    : strncmp(colon, ":user", len) == 0 ? USER
					    : strncmp(colon, ":name", len) == 0 ? NAME
										: LINK;

			snprintf(path + used, sizeof(path) - used, "%.*s%s", (int)(colon - rest),
				 rest, value);
			rest = colon + len;
		}
		snprintf(path + strlen(path), sizeof(path) - strlen(path), "%s", rest);
		assert_non_null(route->run);
		assert_int_equal(find(route->method, path), 0);
		assert_ptr_equal(found, route);
	}
}

static void paths_of_nodes_need_the_secret_and_the_edge_its_mark(void **state)
{
	const struct route *route;

	for (size_t i = 0; (route = api_route(i)); i++) {
		if (strncmp(route->path, "/node", 5) == 0)
			assert_int_equal(route->auth, ROUTE_NODE);
		if (strncmp(route->path, "/edge", 5) == 0)
			assert_int_equal(route->auth, ROUTE_EDGE);
		if (strncmp(route->path, "/socket", 7) == 0 ||
		    strncmp(route->path, "/connect", 8) == 0 ||
		    strncmp(route->path, "/user/", 6) == 0)
			assert_int_equal(route->auth, ROUTE_TOKEN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_to_their_handlers),
		cmocka_unit_test(parameters_are_taken_from_the_path),
		cmocka_unit_test(a_parameter_of_the_wrong_form_is_no_path_of_ours),
		cmocka_unit_test(unknown_paths_are_not_found),
		cmocka_unit_test(another_method_is_told_which_are_allowed),
		cmocka_unit_test(one_slash_at_the_end_is_forgiven),
		cmocka_unit_test(public_routes_answer_below_api_v1),
		cmocka_unit_test(what_the_edge_refuses_has_no_second_path),
		cmocka_unit_test(every_row_is_complete_and_reachable),
		cmocka_unit_test(paths_of_nodes_need_the_secret_and_the_edge_its_mark),
	};

	return cmocka_run_group_tests_name("api/route", tests, NULL, NULL);
}
