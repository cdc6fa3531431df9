/* SPDX-License-Identifier: ISC */
/* helper/kept_tunnel.h: how long an ssh may take to come up, and the next one may wait. */
#include "tests/unit/unit.h"

#include <fcntl.h>

#include "helper/kept_tunnel.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

struct trial {
	bool asks, behind;
	size_t count; /* of tunnels */
};

static int null_fd = -1;

static int open_null(void **state)
{
	null_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return null_fd < 0 ? -1 : 0;
}

static int close_null(void **state)
{
	return close(null_fd);
}

/* Its supervisor, after its ssh has come up in `took_ms`; -1: before any has. */
static struct supervisor after(const struct trial *trial, int64_t took_ms)
{
	const struct supervise_tunnel tunnel = {
		.server = "ssh.example.net",
		.asks = trial->asks,
		.probe_host = trial->behind ? NULL : "127.0.0.1",
	};
	struct supervise_params params = {
		.tunnels = &tunnel, .count = trial->count, .json = true, .asking = true
	};
	struct kept_group group = { .params = &params };
	struct kept_tunnel *t;
	struct supervisor s;

	report_init(&group.report, true);
	group.report.out.fd = null_fd;
	t = kept_tunnel_new(&group, &tunnel);
	assert_non_null(t);
	if (took_ms >= 0) {
		t->supervisor.state = SUPERVISOR_CONNECTING;
		t->started_ms = clock_mono_ms() - took_ms;
		kept_tunnel_give(t, SUPERVISOR_CONNECTED);
	}
	kept_tunnel_give(t, SUPERVISOR_UNSURE); /* changes nothing in this state */
	s = t->supervisor;
	kept_tunnel_free(t);
	report_clear(&group.report);
	return s;
}

static void a_dead_peer_is_noticed_within_45_seconds_if_nobody_is_asked(void **state)
{
	const struct trial open = { .count = 1 }, locked = { .count = 1, .asks = true };

	assert_in_range(after(&open, -1).start_timeout_ms, 1, 44000);
	assert_in_range(after(&open, 10000).start_timeout_ms, 1, 44000);
	assert_int_equal(after(&locked, -1).start_timeout_ms, 180000);
	/* An agent has it. */
	assert_in_range(after(&locked, 500).start_timeout_ms, 1, 44000);
	/* It was typed. */
	assert_int_equal(after(&locked, 10000).start_timeout_ms, 180000);
}

static void behind_a_proxy_no_wait_is_long(void **state)
{
	const struct trial direct = { .count = 1 }, behind = { .count = 1, .behind = true },
			   some = { .count = 16, .behind = true },
			   many = { .count = 128, .behind = true };

	assert_int_equal(after(&direct, 0).lost_max_ms, SUPERVISOR_BACKOFF_MAX_MS);
	assert_in_range(after(&behind, -1).lost_max_ms, 1, 4000);
	assert_in_range(after(&some, 0).lost_max_ms, 1, 4000);
	assert_in_range(after(&many, 0).lost_max_ms, 30000, 32000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_peer_is_noticed_within_45_seconds_if_nobody_is_asked),
		cmocka_unit_test(behind_a_proxy_no_wait_is_long),
	};

	return cmocka_run_group_tests(tests, open_null, close_null);
}
