/* SPDX-License-Identifier: ISC */
/* helper/netwatch.h, helper/wakeclock.h, helper/reach.h, helper/stall.h: what ends a wait early. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/guard.h"
#include "helper/kept_tunnel.h"
#include "helper/netwatch.h"
#include "helper/outside.h"
#include "helper/reach.h"
#include "helper/report.h"
#include "helper/sshsession.h"
#include "helper/stall.h"
#include "helper/wakeclock.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#define DEADLINE_MS 10000
#define LOWER_UP 0x10000

/* ---- network ---- */
struct message {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct ifaddrmsg address;
		struct rtmsg route;
	};
};

static unsigned told(struct message m)
{
	m.head.nlmsg_len = sizeof(m);
	return netwatch_parse(&m, sizeof(m));
}

static struct message link_of(unsigned flags, unsigned changed)
{
	return (struct message){ .head.nlmsg_type = RTM_NEWLINK,
				 .link = { .ifi_flags = flags, .ifi_change = changed } };
}

static struct message address_of(unsigned short type, unsigned char scope)
{
	return (struct message){ .head.nlmsg_type = type, .address.ifa_scope = scope };
}

static struct message route_of(unsigned short type, unsigned char table, unsigned char dst_len)
{
	return (struct message){
		.head.nlmsg_type = type,
		.route = { .rtm_table = table, .rtm_type = RTN_UNICAST, .rtm_dst_len = dst_len }
	};
}

static void links_addresses_and_routes_that_come_are_a_change(void **state)
{
	struct message cloned = route_of(RTM_NEWROUTE, RT_TABLE_MAIN, 24);

	assert_int_equal(told(link_of(IFF_UP | IFF_RUNNING, IFF_RUNNING)), NETWATCH_CHANGED);
	assert_int_equal(told(link_of(IFF_UP | IFF_RUNNING | LOWER_UP, LOWER_UP)),
			 NETWATCH_CHANGED);
	assert_int_equal(told(address_of(RTM_NEWADDR, RT_SCOPE_UNIVERSE)), NETWATCH_CHANGED);
	assert_int_equal(told(route_of(RTM_NEWROUTE, RT_TABLE_MAIN, 0)), NETWATCH_CHANGED);
	assert_int_equal(told(route_of(RTM_NEWROUTE, RT_TABLE_MAIN, 24)), NETWATCH_CHANGED);
	cloned.route.rtm_flags = RTM_F_CLONED;
	assert_int_equal(told(cloned), 0);
}

static void an_address_or_the_default_route_that_goes_may_take_connections_along(void **state)
{
	assert_int_equal(told(address_of(RTM_DELADDR, RT_SCOPE_UNIVERSE)),
			 NETWATCH_CHANGED | NETWATCH_GONE);
	assert_int_equal(told(route_of(RTM_DELROUTE, RT_TABLE_MAIN, 0)), NETWATCH_GONE);
	assert_int_equal(told(route_of(RTM_DELROUTE, RT_TABLE_MAIN, 24)), 0);
}

static void what_matters_to_no_connection_is_not_told(void **state)
{
	assert_int_equal(told(link_of(IFF_UP | IFF_RUNNING, 0)), 0); /* wireless statistics */
	assert_int_equal(told(link_of(0, IFF_UP)), 0);
	assert_int_equal(told(link_of(IFF_UP | IFF_RUNNING | IFF_LOOPBACK, ~0U)), 0);
	assert_int_equal(told(address_of(RTM_NEWADDR, RT_SCOPE_LINK)), 0);
	assert_int_equal(told(address_of(RTM_DELADDR, RT_SCOPE_HOST)), 0);
	assert_int_equal(told(route_of(RTM_NEWROUTE, RT_TABLE_LOCAL, 32)), 0);
	assert_int_equal(told((struct message){ .head.nlmsg_type = NLMSG_DONE }), 0);
}

static void several_messages_are_told_together_and_short_ones_are_harmless(void **state)
{
	struct message m[2] = { address_of(RTM_NEWADDR, RT_SCOPE_LINK),
				address_of(RTM_DELADDR, RT_SCOPE_UNIVERSE) };
	size_t len;

	m[0].head.nlmsg_len = m[1].head.nlmsg_len = sizeof(m[0]);
	assert_int_equal(netwatch_parse(m, sizeof(m)), NETWATCH_CHANGED | NETWATCH_GONE);
	for (len = 0; len < sizeof(m); len++)
		assert_int_equal(netwatch_parse(m, len), 0);
	m[0].head.nlmsg_len = sizeof(m[0].head);
	assert_int_equal(netwatch_parse(m, sizeof(m[0])), 0);
	m[0].head.nlmsg_len = 0;
	assert_int_equal(netwatch_parse(m, sizeof(m)), 0);
	m[0].head.nlmsg_len = UINT32_MAX;
	assert_int_equal(netwatch_parse(m, sizeof(m)), 0);
}

static void a_quiet_network_tells_nothing(void **state)
{
	int fd = netwatch_open();

	if (fd < 0)
		skip();
	(void)netwatch_read(fd);
	close(fd);
}

/* ---- sleep ---- */
static void sleep_is_what_one_clock_counts_and_the_other_does_not(void **state)
{
	struct wakeclock w = { .fd = -1, .slept_ms = 5000 };

	assert_false(wakeclock_compare(&w, 105000, 100000));
	assert_false(wakeclock_compare(&w, 205300, 200000)); /* the clocks are read one by one */
	assert_true(wakeclock_compare(&w, 806300, 201000));
	assert_false(wakeclock_compare(&w, 807300, 202000));
	assert_true(wakeclock_compare(&w, 808300, 202000));
}

static void a_machine_that_is_awake_has_not_slept(void **state)
{
	struct wakeclock w;

	wakeclock_open(&w);
	assert_false(wakeclock_has_slept(&w));
	wakeclock_close(&w);
}

/* What outside_look() brings a tunnel when the clocks tell that it slept. Its ssh is a sleep(1). */
struct kept {
	struct supervise_tunnel tunnel;
	struct supervise_params params;
	struct kept_group group;
	struct guard guard;
	struct kept_tunnel *tunnels[1];
	struct outside outside;
};

static void kept_init(struct kept *k)
{
	static const char *const argv[] = { "sleep", "1000", NULL };

	*k = (struct kept){
		.tunnel = { .argv = argv, .server = "server" },
		.params = { .tunnels = &k->tunnel, .count = 1, .guard = &k->guard },
		.group.params = &k->params,
		.guard.fd = open("/dev/null", O_WRONLY | O_CLOEXEC),
	};
	report_init(&k->group.report, false);
	k->tunnels[0] = kept_tunnel_new(&k->group, &k->tunnel);
	assert_non_null(k->tunnels[0]);
	assert_int_equal(outside_init(&k->outside), 0);
	if (k->outside.network_fd >=
	    0) /* what happens to this machine's network is not looked at */
		close(take_fd(&k->outside.network_fd));
	outside_set(&k->outside, k->tunnels, 1);
	kept_tunnel_give(k->tunnels[0], SUPERVISOR_BEGIN);
	assert_non_null(k->tunnels[0]->ssh);
}

static void kept_clear(struct kept *k)
{
	outside_clear(&k->outside);
	kept_tunnel_clear(k->tunnels[0]);
	kept_tunnel_free(k->tunnels[0]);
	report_clear(&k->group.report);
	close(k->guard.fd);
}

static void sleep_passes(struct kept *k, int64_t slept_ms)
{
	k->outside.clock.slept_ms -= slept_ms;
	outside_look(&k->outside, clock_mono_ms());
}

static void one_that_waits_is_connected_at_once_when_the_machine_wakes(void **state)
{
	int64_t give_up_ms = clock_mono_ms() + DEADLINE_MS;
	struct kept_tunnel *t;
	struct kept k;

	kept_init(&k);
	t = k.tunnels[0];
	sshproc_signal(&t->ssh->proc, SIGKILL);
	while (t->ssh && clock_mono_ms() < give_up_ms) {
		(void)poll(NULL, 0, 1);
		kept_tunnel_reap(t);
		kept_tunnel_tell(t);
	}
	assert_int_equal(t->supervisor.state, SUPERVISOR_WAITING);
	sleep_passes(&k, 0);
	assert_int_equal(t->supervisor.state, SUPERVISOR_WAITING);
	assert_null(t->ssh);
	sleep_passes(&k, 600000);
	assert_int_equal(t->supervisor.state, SUPERVISOR_CONNECTING);
	assert_non_null(t->ssh);
	assert_int_equal(kill(t->ssh->proc.pid, 0), 0);
	kept_clear(&k);
}

static void one_that_is_up_is_connected_anew_when_the_machine_wakes(void **state)
{
	struct kept_tunnel *t;
	struct kept k;

	kept_init(&k);
	t = k.tunnels[0];
	kept_tunnel_give(t, SUPERVISOR_CONNECTED);
	sleep_passes(&k, 0);
	assert_false(kept_tunnel_is_due(t));
	sleep_passes(&k, 600000);
	assert_true(kept_tunnel_is_due(t));
	kept_clear(&k);
}

/* ---- the server ---- */
static void only_an_answer_after_silence_is_news(void **state)
{
	struct reach r;

	reach_init(&r, "h", 1);
	assert_int_equal(reach_answer(&r, true), REACH_ANSWERS);
	assert_int_equal(reach_deadline(&r), -1); /* nothing more to ask */
	reach_restart(&r);
	assert_int_equal(reach_deadline(&r), 0);
	/* connections fail for another reason: no hurry */
	assert_int_equal(reach_answer(&r, true), REACH_ANSWERS);
	reach_restart(&r);
	assert_int_equal(reach_answer(&r, false), REACH_NONE);
	assert_int_equal(reach_answer(&r, false), REACH_NONE);
	assert_int_equal(reach_answer(&r, true), REACH_IS_BACK);
	reach_restart(&r);
	assert_int_equal(reach_answer(&r, true), REACH_ANSWERS);
}

static void behind_a_proxy_nobody_is_asked(void **state)
{
	struct reach r;

	reach_init(&r, NULL, 22);
	assert_int_equal(reach_deadline(&r), -1);
	reach_ask(&r, 1000);
	assert_int_equal(r.fd, -1);
	reach_clear(&r);
}

/* Asks, and waits for the answer. */
static enum reach_news asked(struct reach *r, int64_t now_ms)
{
	struct pollfd p;

	reach_ask(r, now_ms);
	assert_true(r->asking);
	p = (struct pollfd){ .fd = r->fd, .events = POLLIN };
	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	return reach_take(r);
}

static void a_server_that_comes_back_is_noticed(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	auto_close int server = socket(AF_INET, SOCK_STREAM, 0);
	struct reach r;

	assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
	reach_init(&r, "127.0.0.1", ntohs(address.sin_port));
	assert_int_equal(asked(&r, 1000), REACH_NONE);
	assert_int_equal(reach_deadline(&r), 1000 + REACH_EVERY_MS);
	assert_int_equal(listen(server, 5), 0);
	assert_int_equal(asked(&r, 2000), REACH_IS_BACK);
	assert_int_equal(reach_deadline(&r), -1);
	reach_clear(&r);
}

/* ---- progress ---- */
static void a_connection_that_is_answered_does_not_stall(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	auto_close int server = socket(AF_INET, SOCK_STREAM, 0);
	auto_close int client = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(server, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server, 5), 0);
	assert_false(stall_of_connection(server));
	assert_int_equal(getsockname(server, (struct sockaddr *)&address, &size), 0);
	assert_int_equal(connect(client, (struct sockaddr *)&address, size), 0);
	assert_int_equal(write(client, "x", 1), 1);
	assert_false(stall_of_connection(client));
	assert_false(stall_of_process(getpid()));
	assert_false(stall_of_connection(STDERR_FILENO));
	assert_false(stall_of_process(-1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_addresses_and_routes_that_come_are_a_change),
		cmocka_unit_test(
			an_address_or_the_default_route_that_goes_may_take_connections_along),
		cmocka_unit_test(what_matters_to_no_connection_is_not_told),
		cmocka_unit_test(several_messages_are_told_together_and_short_ones_are_harmless),
		cmocka_unit_test(a_quiet_network_tells_nothing),
		cmocka_unit_test(sleep_is_what_one_clock_counts_and_the_other_does_not),
		cmocka_unit_test(a_machine_that_is_awake_has_not_slept),
		cmocka_unit_test(one_that_waits_is_connected_at_once_when_the_machine_wakes),
		cmocka_unit_test(one_that_is_up_is_connected_anew_when_the_machine_wakes),
		cmocka_unit_test(only_an_answer_after_silence_is_news),
		cmocka_unit_test(behind_a_proxy_nobody_is_asked),
		cmocka_unit_test(a_server_that_comes_back_is_noticed),
		cmocka_unit_test(a_connection_that_is_answered_does_not_stall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
