/* SPDX-License-Identifier: ISC */
/* api/ports.h: free ports first, rested ones next, others never. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "api/ports.h"
#include "api/store.h"

static unsigned char map[PORTS_COUNT];

static int setup(void **state)
{
	memset(map, STORE_PORT_FREE, sizeof(map));
	return 0;
}

static void a_port_is_within_its_range_and_free(void **state)
{
	int64_t port = 0;

	map[6000] = STORE_PORT_USED;
	map[6002] = STORE_PORT_RESTING;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(ports_pick(map, 6000, 6002, &port), 0);
		assert_int_equal(port, 6001);
	}
}

static void a_resting_port_is_better_than_none(void **state)
{
	int64_t port = 0;

	map[6000] = STORE_PORT_USED;
	map[6001] = STORE_PORT_RESTING;
	assert_int_equal(ports_pick(map, 6000, 6001, &port), 0);
	assert_int_equal(port, 6001);
	map[6001] = STORE_PORT_USED;
	assert_int_equal(ports_pick(map, 6000, 6001, &port), -ENOSPC);
	assert_int_equal(port, 6001);
}

static void nobody_gets_a_reserved_port(void **state)
{
	int64_t port = 0;

	ports_reserve(map, 20000, 29999);
	assert_int_equal(ports_pick(map, 20000, 29999, &port), -ENOSPC);
	assert_int_equal(ports_pick(map, 19999, 29999, &port), 0);
	assert_int_equal(port, 19999);
	assert_int_equal(ports_pick(map, 20000, 30000, &port), 0);
	assert_int_equal(port, 30000);
	ports_reserve(map, 65535, 65535);
	assert_int_equal(ports_pick(map, 65535, 65535, &port), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_port_is_within_its_range_and_free, setup),
		cmocka_unit_test_setup(a_resting_port_is_better_than_none, setup),
		cmocka_unit_test_setup(nobody_gets_a_reserved_port, setup),
	};

	return cmocka_run_group_tests_name("api/ports", tests, NULL, NULL);
}
