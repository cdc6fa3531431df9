/* SPDX-License-Identifier: ISC */
/* node/probe.h: how many there may be at a time, and whose. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/id.h"
#include "node/probe.h"

struct origin {
	struct event_base *base;
	int fd;
	uint16_t port;
	unsigned done;
};

/* It takes connections, and says nothing. */
static int origin_up(void **state)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	static struct origin origin;
	socklen_t len = sizeof(in);

	origin = (struct origin){ .base = event_base_new(),
				  .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) };
	assert_non_null(origin.base);
	assert_return_code(bind(origin.fd, (struct sockaddr *)&in, len), 0);
	assert_return_code(listen(origin.fd, 2 * PROBE_MAX), 0);
	assert_return_code(getsockname(origin.fd, (struct sockaddr *)&in, &len), 0);
	origin.port = ntohs(in.sin_port);
	*state = &origin;
	return 0;
}

static int origin_down(void **state)
{
	struct origin *origin = *state;

	event_base_free(origin->base);
	close(origin->fd);
	return 0;
}

static void on_done(void *arg, enum probe_result result)
{
	struct origin *origin = arg;

	assert_int_equal(result, PROBE_OPEN);
	origin->done++;
}

static struct probe *start(struct origin *origin, unsigned account, unsigned of_its_sockets,
			   int64_t wait_ms)
{
	char user_id[ID_UUID_SIZE], socket_id[ID_UUID_SIZE];
	const struct probe_plan plan = { .user_id = user_id,
					 .socket_id = socket_id,
					 .wait_ms = wait_ms };

	snprintf(user_id, sizeof(user_id), "account %u", account);
	snprintf(socket_id, sizeof(socket_id), "socket %u of %u", of_its_sockets, account);
	return probe_start(origin->base, INADDR_LOOPBACK, origin->port, &plan, on_done, origin);
}

static void neither_a_socket_nor_an_account_has_all(void **state)
{
	struct probe *probes[PROBE_MAX_OF_ACCOUNT], *other;
	struct origin *origin = *state;

	for (unsigned i = 0; i < PROBE_MAX_OF_ACCOUNT; i++) {
		probes[i] = start(origin, 1, i / PROBE_MAX_OF_SOCKET, 60000);
		assert_non_null(probes[i]);
		if (i == PROBE_MAX_OF_SOCKET - 1)
			assert_null(start(origin, 1, 0, 60000));
	}
	assert_null(start(origin, 1, PROBE_MAX_OF_ACCOUNT, 60000));
	other = start(origin, 2, 0, 60000);
	assert_non_null(other);
	probe_cancel(probes[0]);
	probes[0] = start(origin, 1, 0, 60000);
	assert_non_null(probes[0]);
	for (unsigned i = 0; i < PROBE_MAX_OF_ACCOUNT; i++)
		probe_cancel(probes[i]);
	probe_cancel(other);
}

static void there_is_a_bound_for_all_and_what_ends_makes_room(void **state)
{
	struct origin *origin = *state;
	struct probe *last;

	for (unsigned i = 0; i < PROBE_MAX; i++)
		assert_non_null(start(origin, i, 0, 1));
	assert_null(start(origin, PROBE_MAX, 0, 1));
	event_base_dispatch(origin->base);
	assert_int_equal(origin->done, PROBE_MAX);
	last = start(origin, PROBE_MAX, 0, 1);
	assert_non_null(last);
	probe_cancel(last);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(neither_a_socket_nor_an_account_has_all, origin_up,
						origin_down),
		cmocka_unit_test_setup_teardown(there_is_a_bound_for_all_and_what_ends_makes_room,
						origin_up, origin_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
