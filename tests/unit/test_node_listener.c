/* SPDX-License-Identifier: ISC */
/* node/node_listener.h and node/drain.h: listeners on addresses of their own, and what is left in them. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "node/drain.h"
#include "node/node_listener.h"

#define FACT(name) cmocka_unit_test(name)
#define PORT 26054
#define LONG_MS 10000

static void two_listeners_have_the_same_port_on_different_addresses(void **state)
{
	auto_close int a = -1, b = -1;
	uint32_t address_a, address_b;

	assert_int_equal(node_listener_new(PORT, &a, &address_a), 0);
	assert_int_equal(node_listener_new(PORT, &b, &address_b), 0);
	assert_int_not_equal(address_a, address_b);
	assert_int_equal(address_a & NODE_LISTENER_MASK, NODE_LISTENER_NET);
	assert_int_equal(node_listener_check(a, address_a, PORT), 0);
	assert_int_equal(node_listener_check(b, address_b, PORT), 0);
}

static void a_listener_does_not_block_and_is_not_inherited(void **state)
{
	auto_close int fd = -1;
	uint32_t address;

	assert_int_equal(node_listener_new(PORT, &fd, &address), 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

static void what_is_not_that_listener_is_refused(void **state)
{
	auto_close int fd = -1;
	auto_close int plain = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	auto_close int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	uint32_t address;

	assert_int_equal(node_listener_new(PORT, &fd, &address), 0);
	assert_int_equal(node_listener_check(fd, address + 1, PORT), -EBADF);
	assert_int_equal(node_listener_check(fd, address, PORT + 1), -EBADF);
	assert_int_equal(node_listener_check(plain, address, PORT), -EBADF);
	assert_int_equal(node_listener_check(null, address, PORT), -EBADF);
	assert_int_equal(node_listener_check(-1, address, PORT), -EBADF);
}

static void an_address_is_spelled_as_haproxy_logs_it(void **state)
{
	char text[NODE_LISTENER_TEXT];

	node_listener_text(0x7f7fffff, 65535, text);
	assert_string_equal(text, "127.127.255.255:65535");
}

/* ---- drain ---- */
static int connect_to(uint32_t address, uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(address);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	return fd;
}

static bool is_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Lets the drain work until there is something to read from fd. */
static void run_until_readable(struct event_base *base, int fd)
{
	int64_t deadline = clock_mono_ms() + LONG_MS;

	while (!is_readable(fd) && clock_mono_ms() < deadline)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_true(is_readable(fd));
}

struct ends {
	struct event_base *base;
	struct drain *drain;
	int old_fd, new_fd;   /* listeners */
	int visitor, session; /* a relayed connection's two ends */
};

static void ends_make(struct ends *e)
{
	uint32_t old_address, new_address;

	e->base = event_base_new();
	assert_non_null(e->base);
	assert_int_equal(node_listener_new(PORT, &e->old_fd, &old_address), 0);
	assert_int_equal(node_listener_new(PORT, &e->new_fd, &new_address), 0);
	e->visitor = connect_to(old_address, PORT); /* waits in the old backlog */
	e->drain = drain_new(e->base, e->old_fd);
	assert_non_null(e->drain);
	drain_set_target(e->drain, new_address, PORT);
	run_until_readable(e->base, e->new_fd);
	e->session = accept4(e->new_fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(e->session >= 0);
}

static void ends_clear(struct ends *e)
{
	drain_free(e->drain);
	drain_end_all();
	close(e->visitor);
	if (e->session >= 0)
		close(e->session);
	close(e->old_fd);
	close(e->new_fd);
	event_base_free(e->base);
}

static void a_straggler_is_relayed_both_ways_even_after_the_drain_ended(void **state)
{
	struct ends e;
	char buf[16];

	ends_make(&e);
	drain_free(e.drain);
	e.drain = NULL;
	assert_int_equal(send(e.visitor, "request", 7, 0), 7);
	run_until_readable(e.base, e.session);
	assert_int_equal(recv(e.session, buf, sizeof(buf), 0), 7);
	assert_memory_equal(buf, "request", 7);
	assert_int_equal(send(e.session, "answer", 6, 0), 6);
	run_until_readable(e.base, e.visitor);
	assert_int_equal(recv(e.visitor, buf, sizeof(buf), 0), 6);
	assert_memory_equal(buf, "answer", 6);
	ends_clear(&e);
}

static void the_end_of_one_direction_leaves_the_other_open(void **state)
{
	struct ends e;
	char buf[16];

	ends_make(&e);
	assert_int_equal(send(e.visitor, "all", 3, 0), 3);
	shutdown(e.visitor, SHUT_WR);
	run_until_readable(e.base, e.session);
	assert_int_equal(recv(e.session, buf, sizeof(buf), 0), 3);
	run_until_readable(e.base, e.session);
	assert_int_equal(recv(e.session, buf, sizeof(buf), 0), 0);
	assert_int_equal(send(e.session, "late", 4, 0), 4);
	run_until_readable(e.base, e.visitor);
	assert_int_equal(recv(e.visitor, buf, sizeof(buf), 0), 4);
	ends_clear(&e);
}

static void an_abort_is_passed_on_as_one(void **state)
{
	struct linger abort_it = { .l_onoff = 1 };
	struct ends e;
	char buf[16];

	ends_make(&e);
	setsockopt(e.session, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
	close(e.session);
	e.session = -1;
	run_until_readable(e.base, e.visitor);
	assert_int_equal(recv(e.visitor, buf, sizeof(buf), 0), -1);
	assert_int_equal(errno, ECONNRESET);
	ends_clear(&e);
}

/* Fills one direction with nobody reading: the relay must stop taking, not grow. */
static void a_slow_reader_slows_its_writer_and_gets_everything(void **state)
{
	enum { CHUNK = 16384 };
	static char chunk[CHUNK];
	struct ends e;
	size_t sent = 0, received = 0;
	int64_t deadline = clock_mono_ms() + LONG_MS;
	int idle = 0;

	ends_make(&e);
	fcntl(e.visitor, F_SETFL, O_NONBLOCK);
	while (idle < 100 && clock_mono_ms() < deadline) {
		ssize_t n = send(e.visitor, chunk, sizeof(chunk), MSG_NOSIGNAL);

		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(e.base, EVLOOP_NONBLOCK);
	}
	assert_true(idle >= 100); /* it stopped */
	shutdown(e.visitor, SHUT_WR);
	for (;;) {
		ssize_t n;

		run_until_readable(e.base, e.session);
		n = recv(e.session, chunk, sizeof(chunk), 0);
		assert_true(n >= 0);
		if (n == 0)
			break;
		received += (size_t)n;
	}
	assert_int_equal(received, sent);
	ends_clear(&e);
}

/* Without descriptors the connection waits in the backlog, and is taken once there are some. */
static void a_drain_that_is_out_of_descriptors_tries_again(void **state)
{
	struct rlimit limit, none;
	struct ends e = { .base = event_base_new(), .session = -1 };
	uint32_t old_address, new_address;

	assert_non_null(e.base);
	assert_int_equal(node_listener_new(PORT, &e.old_fd, &old_address), 0);
	assert_int_equal(node_listener_new(PORT, &e.new_fd, &new_address), 0);
	e.visitor = connect_to(old_address, PORT);
	e.drain = drain_new(e.base, e.old_fd);
	assert_non_null(e.drain);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	drain_set_target(e.drain, new_address, PORT);
	event_base_loop(e.base, EVLOOP_ONCE); /* accept() fails */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	event_base_loop(e.base, EVLOOP_NONBLOCK);
	assert_false(is_readable(e.new_fd)); /* not on and on */
	run_until_readable(e.base, e.new_fd);
	ends_clear(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(two_listeners_have_the_same_port_on_different_addresses),
		FACT(a_listener_does_not_block_and_is_not_inherited),
		FACT(what_is_not_that_listener_is_refused),
		FACT(an_address_is_spelled_as_haproxy_logs_it),
		FACT(a_straggler_is_relayed_both_ways_even_after_the_drain_ended),
		FACT(the_end_of_one_direction_leaves_the_other_open),
		FACT(an_abort_is_passed_on_as_one),
		FACT(a_slow_reader_slows_its_writer_and_gets_everything),
		FACT(a_drain_that_is_out_of_descriptors_tries_again),
	};

	return cmocka_run_group_tests_name("node_listener", tests, NULL, NULL);
}
