/* SPDX-License-Identifier: ISC */
/* node/node_login.h: what the API says about a login is checked before it is believed; and node/strmap.h. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "node/node_login.h"
#include "node/strmap.h"

#define FACT(name) cmocka_unit_test(name)
#define USER "b2f1b59fbcba428698189f0b6e685e93"
#define UUID "b2f1b59f-bcba-4286-9818-9f0b6e685e93"
#define TUNNEL(port)                                                                             \
	"{\"tunnel_id\":\"" UUID "\",\"socket_id\":\"" UUID "\",\"socket_name\":\"my service\"," \
	"\"dnsname\":\"Long-Hill-8399.example.net\",\"socket_type\":\"http\","                   \
	"\"url\":\"https://long-hill-8399.example.net\",\"protected\":\"\",\"local_port\":" port \
	"}"
#define KEY "{\"type\":\"ssh-ed25519\",\"blob\":\"AAAA\"}"
#define LOGIN(more) "{\"user_id\":\"" UUID "\",\"user_name\":\"" USER "\",\"seq\":7" more "}"

static char why[NODE_LOGIN_ERROR_SIZE];

static struct node_login *parse(const char *text)
{
	struct node_login *login = NULL;

	assert_int_equal(node_login_parse(USER, text, strlen(text), &login, why), 0);
	return login;
}

static void assert_refused(const char *text)
{
	struct node_login *login = NULL;

	why[0] = '\0';
	assert_int_equal(node_login_parse(USER, text, strlen(text), &login, why), -EINVAL);
	assert_null(login);
	assert_string_not_equal(why, "");
}

static void an_answer_is_read(void **state)
{
	struct node_login *login =
		parse(LOGIN(",\"suspended\":false,\"confirmed\":true,\"keys\":[" KEY
			    "],\"tunnels\":[" TUNNEL("6054") "]"));
	const struct node_tunnel *tunnel = node_login_tunnel(login, 6054);

	assert_string_equal(login->user, USER);
	assert_string_equal(login->user_id, UUID);
	assert_int_equal(login->seq, 7);
	assert_int_equal(node_login_denial(login), DENIAL_NONE);
	assert_true(node_login_has_key(login, "ssh-ed25519", "AAAA"));
	assert_false(node_login_has_key(login, "ssh-ed25519", "AAAB"));
	assert_false(node_login_has_key(login, "ssh-rsa", "AAAA"));
	assert_non_null(tunnel);
	assert_string_equal(tunnel->label, "long-hill-8399");
	assert_string_equal(tunnel->socket_name, "my service");
	assert_ptr_equal(node_login_tunnel_by_id(login, UUID), tunnel);
	assert_null(node_login_tunnel(login, 6055));
	node_login_free(login);
}

static void an_account_that_is_suspended_or_unconfirmed_is_denied(void **state)
{
	struct node_login *login = parse(LOGIN(",\"suspended\":true,\"confirmed\":true"));

	assert_int_equal(node_login_denial(login), DENIAL_SUSPENDED);
	node_login_free(login);
	login = parse(LOGIN(""));
	assert_int_equal(node_login_denial(login), DENIAL_UNCONFIRMED);
	node_login_free(login);
}

static void what_is_malformed_is_refused_as_a_whole(void **state)
{
	assert_refused("");
	assert_refused("no JSON");
	assert_refused("[]");
	assert_refused("{}");
	assert_refused("{\"user_id\":\"../x\",\"seq\":7}");
	assert_refused(LOGIN(",\"keys\":{}"));
	assert_refused(LOGIN(",\"keys\":[null]"));
	assert_refused(LOGIN(",\"keys\":[{\"type\":\"ssh-ed25519\"}]"));
	assert_refused(LOGIN(",\"tunnels\":[\"x\"]"));
	assert_refused(LOGIN(",\"tunnels\":[" TUNNEL("0") "]"));
	assert_refused(LOGIN(",\"tunnels\":[" TUNNEL("65536") "]"));
	assert_refused(LOGIN(",\"tunnels\":[" TUNNEL("6054") ",{}]"));
}

static void a_name_that_haproxy_could_misread_is_refused(void **state)
{
	static const char *const names[] = { "",
					     ".example.net",
					     "a b.example.net",
					     "a/0.example.net",
					     "a;b.example.net",
					     "a\\nb.example.net" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char text[1024];

		snprintf(
			text, sizeof(text),
			LOGIN(",\"tunnels\":[{\"tunnel_id\":\"" UUID "\",\"socket_id\":\"" UUID
			      "\",\"dnsname\":\"%s\",\"socket_type\":\"http\",\"protected\":\"\",\"local_port\":6054}]"),
			names[i]);
		assert_refused(text);
	}
}

#define SECRET "0123456789abcdef:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"
#define GUARDED(protected)                                                      \
	LOGIN(",\"tunnels\":[{\"tunnel_id\":\"" UUID "\",\"socket_id\":\"" UUID \
	      "\",\"dnsname\":\"a.example.net\",\"socket_type\":\"http\"," protected "\"local_port\":6054}]")

static void a_secret_is_kept_as_it_is(void **state)
{
	struct node_login *login = parse(GUARDED("\"protected\":\"" SECRET "\","));

	assert_string_equal(login->tunnels[0].secret, SECRET);
	node_login_free(login);
	login = parse(GUARDED("\"protected\":\"\","));
	assert_string_equal(login->tunnels[0].secret, "");
	node_login_free(login);
}

static void a_tunnel_that_does_not_say_whether_it_is_protected_is_refused(void **state)
{
	assert_refused(GUARDED(""));
	assert_refused(GUARDED("\"protected\":null,"));
	assert_refused(GUARDED("\"protected\":false,"));
	assert_refused(GUARDED("\"protected\":\" \","));
	assert_refused(GUARDED("\"protected\":\"x;clear table routes\","));
	assert_refused(GUARDED("\"protected\":\"" SECRET "0\","));
}

#define TYPED(type, more)                                                       \
	LOGIN(",\"tunnels\":[{\"tunnel_id\":\"" UUID "\",\"socket_id\":\"" UUID \
	      "\",\"dnsname\":\"a.example.net\",\"socket_type\":\"" type        \
	      "\",\"local_port\":6054," more "}]")

static void a_route_is_the_name_or_the_public_port(void **state)
{
	struct node_login *login = parse(TYPED("https", "\"protected\":\"\",\"public_port\":0"));

	assert_string_equal(login->tunnels[0].route, "a");
	node_login_free(login);
	login = parse(TYPED("tls", "\"protected\":\"\",\"public_port\":30000"));
	assert_string_equal(login->tunnels[0].route, ":30000");
	assert_int_equal(login->tunnels[0].public_port, 30000);
	node_login_free(login);
}

static void a_type_without_what_it_needs_is_refused(void **state)
{
	assert_refused(TYPED("tcp", "\"protected\":\"\""));
	assert_refused(TYPED("tcp", "\"protected\":\"\",\"public_port\":0"));
	assert_refused(TYPED("tcp", "\"protected\":\"\",\"public_port\":65536"));
	assert_refused(TYPED("tcp", "\"protected\":\"" SECRET "\",\"public_port\":20000"));
	assert_refused(TYPED("http", "\"protected\":\"\",\"public_port\":20000"));
}

/* ---- strmap ---- */
struct item {
	struct strmap_node node;
	char key[16];
};

static void a_map_finds_what_was_added_and_nothing_else(void **state)
{
	enum { N = 1000 };
	static struct item items[N];
	struct strmap map = { 0 };
	struct strmap_cursor cursor = { 0 };
	struct strmap_node *node;
	size_t seen = 0;

	assert_null(strmap_get(&map, "none"));
	for (int i = 0; i < N; i++) {
		snprintf(items[i].key, sizeof(items[i].key), "key %d", i);
		assert_int_equal(strmap_add(&map, &items[i].node, items[i].key), 0);
	}
	assert_int_equal(strmap_add(&map, &items[0].node, "key 7"), -EEXIST);
	for (int i = 0; i < N; i++)
		assert_ptr_equal(strmap_entry(strmap_get(&map, items[i].key), struct item, node),
				 &items[i]);
	assert_null(strmap_get(&map, "key 1000"));
	while ((node = strmap_next(&map, &cursor)) != NULL) {
		strmap_remove(&map, node); /* allowed while walking */
		seen++;
	}
	assert_int_equal(seen, N);
	assert_int_equal(map.count, 0);
	assert_null(strmap_get(&map, "key 1"));
	strmap_clear(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(an_answer_is_read),
		FACT(an_account_that_is_suspended_or_unconfirmed_is_denied),
		FACT(what_is_malformed_is_refused_as_a_whole),
		FACT(a_name_that_haproxy_could_misread_is_refused),
		FACT(a_secret_is_kept_as_it_is),
		FACT(a_tunnel_that_does_not_say_whether_it_is_protected_is_refused),
		FACT(a_route_is_the_name_or_the_public_port),
		FACT(a_type_without_what_it_needs_is_refused),
		FACT(a_map_finds_what_was_added_and_nothing_else),
	};

	return cmocka_run_group_tests_name("node_login", tests, NULL, NULL);
}
