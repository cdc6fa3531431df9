/* SPDX-License-Identifier: ISC */
/* helper/rest.h, helper/rest_why.h, helper/resource.h: the API's answers, good and bad. A thread plays the API. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <json-c/json.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include "helper/resource.h"
#include "helper/rest.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/json.h"

/* ---- an API of one answer ---- */
struct server {
	int fd;
	char api[64];
	char *answer; /* sent whole to each connection, which is then closed */
	size_t answer_len;
	char request[4096]; /* the last one */
	pthread_t thread;
};

static void *serve(void *context)
{
	struct server *s = context;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		ssize_t n = read(fd, s->request, sizeof(s->request) - 1);

		s->request[n > 0 ? n : 0] = '\0';
		(void)file_write_all(fd, s->answer, s->answer_len);
		shutdown(fd, SHUT_WR);
		/* What the client still has to say must not become a reset. */
		while (read(fd, s->request + (n > 0 ? n : 0), 1) > 0)
			;
		close(fd);
	}
	return NULL;
}

static void server_start(struct server *s, const char *answer, size_t len)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(a);

	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(s->fd, 8), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &size), 0);
	snprintf(s->api, sizeof(s->api), "http://127.0.0.1:%d", ntohs(a.sin_port));
	s->answer = malloc(len);
	memcpy(s->answer, answer, len);
	s->answer_len = len;
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	close(s->fd);
	pthread_join(s->thread, NULL);
	free(s->answer);
}

static char why[REST_WHY_SIZE];
static char code[REST_CODE_SIZE];

/* One call against `answer`; the sentence of a failure is left in `why`. */
static int call_raw(const char *answer, size_t len, struct json_object **ret_o)
{
	static struct server s;
	struct rest_config config = { .api = s.api };
	struct rest *rest;
	int r;

	*ret_o = NULL;
	server_start(&s, answer, len);
	assert_int_equal(rest_new(&config, &rest), 0);
	rest_set_timeout(rest, 5000);
	r = rest_call(rest, "GET", "/x", NULL, ret_o);
	snprintf(why, sizeof(why), "%s", rest_error(rest));
	snprintf(code, sizeof(code), "%s", rest_code(rest));
	assert_false(rest_is_busy(rest));
	rest_free(rest);
	server_stop(&s);
	return r;
}

static int call(const char *status, const char *body, struct json_object **ret_o)
{
	char answer[2000];
	int len = snprintf(answer, sizeof(answer),
			   "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
			   status, strlen(body), body);

	return call_raw(answer, (size_t)len, ret_o);
}

static void a_document_is_returned(void **state)
{
	struct json_object *o;

	assert_int_equal(call("200 OK", "{\"a\": 1}", &o), 0);
	assert_int_equal(json_object_object_length(o), 1);
	json_object_put(o);
	assert_int_equal(call("204 No Content", "", &o), 0);
	assert_null(o);
}

static void each_status_has_its_error_and_keeps_the_apis_words(void **state)
{
	static const struct {
		const char *status;
		int error;
	} cases[] = { { "400 x", -EINVAL }, { "401 x", -EACCES },    { "403 x", -EPERM },
		      { "404 x", -ENOENT }, { "409 x", -EEXIST },    { "413 x", -EMSGSIZE },
		      { "429 x", -EAGAIN }, { "500 x", -EHOSTDOWN }, { "503 x", -EHOSTDOWN } };
	struct json_object *o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(call(cases[i].status, "{\"error_message\": \"do this\"}", &o),
				 cases[i].error);
		assert_string_equal(why, "do this");
	}
}

static void the_apis_own_word_for_a_refusal_is_kept(void **state)
{
	struct json_object *o;

	assert_int_equal(call("401 x", "{\"error_message\": \"no\", \"code\": \"suspended\"}", &o),
			 -EACCES);
	assert_string_equal(code, "suspended");
	assert_int_equal(call("401 x", "{\"error_message\": \"no\", \"code\": 7}", &o), -EACCES);
	assert_string_equal(code, "");
	assert_int_equal(call("401 x", "[\"code\"]", &o), -EACCES);
	assert_string_equal(code, "");
	assert_int_equal(call("200 OK", "{\"code\": \"suspended\"}", &o), 0);
	assert_string_equal(code, "");
	json_object_put(o);
}

static void too_often_says_when_to_try_again(void **state)
{
	struct json_object *o;

	assert_int_equal(call("429 x\r\nRetry-After: 30", "{\"error_message\": \"too often\"}", &o),
			 -EAGAIN);
	assert_string_equal(why, "too often; try again in 30 s");
}

static void what_is_no_api_of_ours_is_told_so(void **state)
{
	struct json_object *o;

	assert_int_equal(call("404 x", "<html>not here</html>", &o), -ENOENT);
	assert_non_null(strstr(why, "is it a mysocket API? Check MYSOCKET_API"));
	assert_int_equal(call("200 OK", "<html>hello</html>", &o), -EBADMSG);
	assert_non_null(strstr(why, "does not speak JSON"));
	assert_int_equal(call_raw("SSH-2.0-OpenSSH_9.2\r\n", 21, &o), -EBADMSG);
	assert_non_null(strstr(why, "no HTTP is spoken"));
	assert_int_equal(call_raw("", 0, &o), -EHOSTDOWN);
}

static void redirects_are_not_followed(void **state)
{
	struct json_object *o;

	assert_int_equal(call("302 x\r\nLocation: http://127.0.0.1:1/", "", &o), -EBADMSG);
	assert_non_null(strstr(why, "status 302"));
}

static void an_endless_answer_is_given_up(void **state)
{
	size_t len = (5 << 20) + 100, head;
	char *answer = malloc(len);
	struct json_object *o;

	head = (size_t)snprintf(answer, len, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", len);
	memset(answer + head, ' ', len - head);
	assert_int_equal(call_raw(answer, len, &o), -EMSGSIZE);
	assert_non_null(strstr(why, "too large"));
	free(answer);
}

static void nobody_there_is_told_with_the_remedy(void **state)
{
	struct rest_config config = { .api = "http://127.0.0.1:1" };
	struct json_object *o = NULL;
	struct rest *rest;

	assert_int_equal(rest_new(&config, &rest), 0);
	assert_int_equal(rest_call(rest, "GET", "/", NULL, &o), -EHOSTDOWN);
	assert_non_null(strstr(rest_error(rest), "check that the service runs"));
	assert_true(rest_is_temporary(-EHOSTDOWN));
	rest_free(rest);
}

/* One call to `api` where the environment names a proxy; its sentence is left in `why`. */
static int call_behind(const char *proxy, const char *api)
{
	struct rest_config config = { .api = api };
	struct json_object *o = NULL;
	struct rest *rest;
	int r;

	unsetenv("no_proxy");
	setenv("ALL_PROXY", proxy, 1);
	assert_int_equal(rest_new(&config, &rest), 0);
	rest_set_timeout(rest, 5000);
	r = rest_call(rest, "GET", "/", NULL, &o);
	snprintf(why, sizeof(why), "%s", rest_error(rest));
	rest_free(rest);
	json_object_put(o);
	unsetenv("ALL_PROXY");
	setenv("no_proxy", "*", 1);
	return r;
}

static void a_proxy_that_does_not_lead_there_is_told_as_that(void **state)
{
	static const char no[] = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
	static struct server s;

	assert_int_equal(call_behind("http://127.0.0.1:1", "https://api.example.net"), -EHOSTDOWN);
	assert_non_null(strstr(why, "through the proxy"));
	assert_non_null(strstr(why, "check https_proxy"));
	assert_null(strstr(why, "MYSOCKET_API"));
	server_start(&s, no, sizeof(no) - 1);
	assert_int_equal(call_behind(s.api, "https://api.example.net"), -EHOSTDOWN);
	server_stop(&s);
	assert_non_null(strstr(why, "through the proxy"));
	assert_non_null(strstr(why, "403"));
	assert_null(strstr(why, "try again in a moment"));
}

static void a_proxys_password_is_not_shown(void **state)
{
	static const char *const proxies[] = { "http://me:secret@127.0.0.1:1",
					       "ftp://me:secret@127.0.0.1:1",
					       "http://me:secret@a b" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(proxies); i++) {
		assert_int_equal(call_behind(proxies[i], "https://api.example.net"), -EHOSTDOWN);
		if (strstr(why, "secret") || !strstr(why, "check https_proxy"))
			fail_msg("'%s': %s", proxies[i], why);
	}
}

static void no_proxy_leads_to_this_host(void **state)
{
	static const char answer[] = "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n";
	static struct server s;

	server_start(&s, answer, sizeof(answer) - 1);
	assert_int_equal(call_behind("http://127.0.0.1:1", s.api), 0);
	server_stop(&s);
	assert_int_equal(call_behind("http://127.0.0.1:1", "https://api.mysocket.localhost:2"),
			 -EHOSTDOWN);
	assert_null(strstr(why, "proxy"));
	assert_int_equal(call_behind("http://127.0.0.1:1", "https://[::1]:2"), -EHOSTDOWN);
	assert_null(strstr(why, "proxy"));
}

static void the_token_goes_in_its_header_and_the_body_as_json(void **state)
{
	static const char answer[] = "HTTP/1.1 204 x\r\nConnection: close\r\n\r\n";
	static struct server s;
	struct rest_config config = { .api = s.api };
	struct json_object *o = NULL, *body = json_object_new_object();
	struct rest *rest;

	json_object_object_add(body, "name", json_object_new_string("a/b"));
	server_start(&s, answer, sizeof(answer) - 1);
	assert_int_equal(rest_new(&config, &rest), 0);
	assert_int_equal(rest_set_token(rest, "h.p.s"), 0);
	assert_int_equal(rest_call(rest, "POST", "/connect", body, &o), 0);
	rest_free(rest);
	server_stop(&s);
	json_object_put(body);
	assert_ptr_equal(strstr(s.request, "POST /connect HTTP/1.1\r\n"), s.request);
	assert_non_null(strstr(s.request, "\r\nx-access-token: h.p.s\r\n"));
	assert_non_null(strstr(s.request, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(s.request, "{\"name\":\"a/b\"}"));
}

static bool always(void *context)
{
	return true;
}

static void a_call_can_be_cancelled(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	auto_close int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct rest_config config = { .cancelled = always };
	socklen_t size = sizeof(a);
	struct json_object *o = NULL;
	struct rest *rest;
	char api[64];

	/* Listens, and never answers. */
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	snprintf(api, sizeof(api), "http://127.0.0.1:%d", ntohs(a.sin_port));
	config.api = api;
	assert_int_equal(rest_new(&config, &rest), 0);
	assert_int_equal(rest_call(rest, "GET", "/", NULL, &o), -EINTR);
	rest_set_timeout(rest, 100);
	assert_int_equal(rest_begin(rest, "GET", "/", NULL), 0);
	assert_int_equal(rest_step(rest, &o), -EINPROGRESS);
	assert_true(rest_is_busy(rest));
	rest_free(rest);
}

/* ---- resources ---- */
#define ID "24cd3fa2-b56a-486f-a554-30924bae54d0"

static int read_socket(const char *text, struct socket_info *s, char *ret_why)
{
	struct json_object *o;
	int r;

	assert_int_equal(json_parse(text, strlen(text), 100000, &o), 0);
	r = socket_info_read(o, s, ret_why);
	json_object_put(o);
	return r;
}

static void a_socket_is_read_with_its_lists(void **state)
{
	char text_why[RESOURCE_WHY_SIZE];
	struct socket_info s;

	assert_int_equal(read_socket("{\"socket_id\":\"" ID "\",\"dnsname\":\"a.b\",\"name\":\"n\","
				     "\"socket_tcp_ports\":[80,443],\"ssh_port\":2222,"
				     "\"ssh_host_keys\":[\"x\",\"y\"],\"protected_socket\":true,"
				     "\"tunnels\":[{\"tunnel_id\":\"" ID
				     "\",\"local_port\":6054}]}",
				     &s, text_why),
			 0);
	assert_string_equal(s.ports, "80 443");
	assert_int_equal(s.tunnel_count, 1);
	assert_int_equal(s.tunnels[0].local_port, 6054);
	assert_int_equal(s.ssh_host_keys.count, 2);
	assert_int_equal(s.ssh_port, 2222);
	assert_true(s.protected_socket);
	socket_info_clear(&s);
}

static void what_is_wrong_in_a_socket_is_named(void **state)
{
	static const struct {
		const char *text, *field;
	} cases[] = {
		{ "{}", "socket_id" },
		{ "[]", "object" },
		{ "{\"socket_id\":\"../../user\",\"dnsname\":\"a.b\"}", "socket_id" },
		{ "{\"socket_id\":\"" ID "\"}", "dnsname" },
		{ "{\"socket_id\":\"" ID "\",\"dnsname\":\"a\",\"ssh_port\":70000}", "ssh_port" },
		{ "{\"socket_id\":\"" ID "\",\"dnsname\":\"a\",\"socket_tcp_ports\":[0]}",
		  "socket_tcp_ports" },
		{ "{\"socket_id\":\"" ID "\",\"dnsname\":\"a\",\"socket_tcp_ports\":{}}",
		  "socket_tcp_ports" },
		{ "{\"socket_id\":\"" ID "\",\"dnsname\":\"a\",\"tunnels\":[null]}", "object" },
		{ "{\"socket_id\":\"" ID "\",\"dnsname\":\"a\",\"tunnels\":[{\"tunnel_id\":\"" ID
		  "\",\"local_port\":0}]}",
		  "local_port" },
	};
	char text_why[RESOURCE_WHY_SIZE];
	struct socket_info s;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_socket(cases[i].text, &s, text_why), -EINVAL);
		if (!strstr(text_why, cases[i].field))
			fail_msg("'%s' for %s", text_why, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_document_is_returned),
		cmocka_unit_test(each_status_has_its_error_and_keeps_the_apis_words),
		cmocka_unit_test(the_apis_own_word_for_a_refusal_is_kept),
		cmocka_unit_test(too_often_says_when_to_try_again),
		cmocka_unit_test(what_is_no_api_of_ours_is_told_so),
		cmocka_unit_test(redirects_are_not_followed),
		cmocka_unit_test(an_endless_answer_is_given_up),
		cmocka_unit_test(nobody_there_is_told_with_the_remedy),
		cmocka_unit_test(a_proxy_that_does_not_lead_there_is_told_as_that),
		cmocka_unit_test(a_proxys_password_is_not_shown),
		cmocka_unit_test(no_proxy_leads_to_this_host),
		cmocka_unit_test(the_token_goes_in_its_header_and_the_body_as_json),
		cmocka_unit_test(a_call_can_be_cancelled),
		cmocka_unit_test(a_socket_is_read_with_its_lists),
		cmocka_unit_test(what_is_wrong_in_a_socket_is_named),
	};

	setenv("no_proxy", "*", 1);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
