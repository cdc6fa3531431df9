/* SPDX-License-Identifier: ISC */
/* node/broker_decide.h: what a session that asks for bind(2) is answered. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "node/broker_decide.h"

#define FACT(name) cmocka_unit_test(name)
#define FD 7

static struct broker_request ipv4(const char *address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct broker_request request = { .address_len = sizeof(in), .fd = FD };

	assert_int_equal(inet_pton(AF_INET, address, &in.sin_addr), 1);
	memcpy(&request.address, &in, sizeof(in));
	return request;
}

static struct broker_request ipv6(const char *address, uint16_t port)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct broker_request request = { .address_len = sizeof(in6), .fd = FD };

	assert_int_equal(inet_pton(AF_INET6, address, &in6.sin6_addr), 1);
	memcpy(&request.address, &in6, sizeof(in6));
	return request;
}

static const struct broker_view known = { .known = true };

static void assert_refused(struct broker_request request, struct broker_view view, int error)
{
	struct broker_answer answer = broker_decide(&request, &view);

	assert_int_equal(answer.action, BROKER_REFUSE);
	assert_int_equal(answer.error, error);
}

static void assert_action(struct broker_request request, struct broker_view view,
			  enum broker_action action, uint16_t port)
{
	struct broker_answer answer = broker_decide(&request, &view);

	assert_int_equal(answer.action, action);
	assert_int_equal(answer.port, port);
}

static void a_relay_port_of_the_login_gets_a_listener(void **state)
{
	assert_action(ipv4("127.0.0.1", 6054), known, BROKER_LISTEN, 6054);
	assert_action(ipv4("0.0.0.0", 6054), known, BROKER_LISTEN, 6054);
}

static void other_ipv4_addresses_are_refused(void **state)
{
	static const char *const addresses[] = { "127.0.0.2", "127.64.0.1",	 "192.0.2.1",
						 "10.0.0.1",  "255.255.255.255", "224.0.0.1" };

	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++)
		assert_refused(ipv4(addresses[i], 6054), known, EACCES);
}

static void port_0_is_refused(void **state)
{
	assert_refused(ipv4("127.0.0.1", 0), known, EACCES);
	assert_refused(ipv4("0.0.0.0", 0), known, EACCES);
}

static void an_unknown_port_is_asked_for_once_and_then_refused(void **state)
{
	struct broker_view view = { 0 };

	assert_action(ipv4("127.0.0.1", 6055), view, BROKER_REFETCH, 6055);
	view.fresh = true;
	assert_refused(ipv4("127.0.0.1", 6055), view, EACCES);
}

static void ipv6_loopback_and_any_are_not_available_on_every_port(void **state)
{
	assert_refused(ipv6("::1", 6054), known, EADDRNOTAVAIL);
	assert_refused(ipv6("::", 6054), known, EADDRNOTAVAIL);
	assert_refused(ipv6("::1", 0), known, EADDRNOTAVAIL);
	assert_refused(ipv6("::1", 6055), (struct broker_view){ 0 }, EADDRNOTAVAIL);
}

static void other_ipv6_addresses_are_refused(void **state)
{
	assert_refused(ipv6("2001:db8::1", 6054), known, EACCES);
	assert_refused(ipv6("::ffff:127.0.0.1", 6054), known, EACCES);
}

static void other_families_are_refused(void **state)
{
	static const sa_family_t families[] = { AF_UNIX,  AF_UNSPEC,	AF_NETLINK, AF_PACKET,
						AF_VSOCK, AF_BLUETOOTH, 65535 };

	for (size_t i = 0; i < ARRAY_SIZE(families); i++) {
		struct broker_request request = ipv4("127.0.0.1", 6054);

		memcpy(&request.address, &families[i], sizeof(families[i]));
		request.address_len = sizeof(request.address);
		assert_refused(request, known, EACCES);
	}
}

static void a_short_or_unread_address_is_refused(void **state)
{
	struct broker_request request = ipv4("127.0.0.1", 6054);

	for (size_t len = 0; len < sizeof(struct sockaddr_in); len++) {
		request.address_len = len;
		assert_int_equal(broker_decide_port(&request), 0);
		assert_refused(request, known, EACCES);
	}
	request = ipv6("::1", 6054);
	for (size_t len = 0; len < sizeof(struct sockaddr_in6); len++) {
		request.address_len = len;
		assert_refused(request, known, EACCES);
	}
}

static void a_longer_address_is_fine(void **state)
{
	struct broker_request request = ipv4("127.0.0.1", 6054);

	request.address_len = sizeof(request.address);
	assert_action(request, known, BROKER_LISTEN, 6054);
}

static void a_session_that_is_ending_gets_nothing(void **state)
{
	struct broker_view view = { .known = true, .ending = true };

	assert_refused(ipv4("127.0.0.1", 6054), view, EACCES);
	view = (struct broker_view){ .ending = true };
	assert_refused(ipv4("127.0.0.1", 6054), view, EACCES);
}

static void a_second_listener_on_a_port_is_refused(void **state)
{
	struct broker_view view = { .known = true, .listening = true, .listening_fd = FD + 1 };

	assert_refused(ipv4("127.0.0.1", 6054), view, EADDRINUSE);
}

static void an_interrupted_bind_gets_the_same_listener_again(void **state)
{
	struct broker_view view = { .known = true, .listening = true, .listening_fd = FD };

	assert_action(ipv4("127.0.0.1", 6054), view, BROKER_REPEAT, 6054);
}

static void a_cancelled_forward_gets_the_same_listener_again(void **state)
{
	struct broker_view view = { .known = true, .listening = true, .listening_fd = -1 };

	assert_action(ipv4("127.0.0.1", 6054), view, BROKER_REPEAT, 6054);
}

static void a_deleted_tunnel_gets_no_listener_again(void **state)
{
	struct broker_view view = { .listening = true, .listening_fd = -1, .fresh = true };

	assert_refused(ipv4("127.0.0.1", 6054), view, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(a_relay_port_of_the_login_gets_a_listener),
		FACT(other_ipv4_addresses_are_refused),
		FACT(port_0_is_refused),
		FACT(an_unknown_port_is_asked_for_once_and_then_refused),
		FACT(ipv6_loopback_and_any_are_not_available_on_every_port),
		FACT(other_ipv6_addresses_are_refused),
		FACT(other_families_are_refused),
		FACT(a_short_or_unread_address_is_refused),
		FACT(a_longer_address_is_fine),
		FACT(a_session_that_is_ending_gets_nothing),
		FACT(a_second_listener_on_a_port_is_refused),
		FACT(an_interrupted_bind_gets_the_same_listener_again),
		FACT(a_cancelled_forward_gets_the_same_listener_again),
		FACT(a_deleted_tunnel_gets_no_listener_again),
	};

	return cmocka_run_group_tests_name("broker_decide", tests, NULL, NULL);
}
