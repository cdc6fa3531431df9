/* SPDX-License-Identifier: ISC */
/* node/state_file.h: a session's record, there and back. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "node/state_file.h"

#define FACT(name) cmocka_unit_test(name)
#define TOKEN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define USER "b2f1b59fbcba428698189f0b6e685e93"
#define UUID "b2f1b59f-bcba-4286-9818-9f0b6e685e93"

static struct saved_listener listeners[] = {
	{
		.tunnel = { .tunnel_id = "11111111-bcba-4286-9818-9f0b6e685e93",
			    .socket_id = "22222222-bcba-4286-9818-9f0b6e685e93",
			    .label = "long-hill-8399",
			    .type = "http",
			    .socket_name = (char[]){ "my \"test\" service \xe2\x82\xac" },
			    .settings = (char[]){ "{\"sticky\":true}" },
			    .url = (char[]){ "https://long-hill-8399.example.net" },
			    .port = 6054,
			    .route = "long-hill-8399",
			    .secret =
				    "0123456789abcdef:"
				    "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF" },
		.address = 0x7f400001,
		.serial = 17,
		.holder = { .pid = 4243, .start = 123456789013 },
		.fd = 9,
	},
	{
		.tunnel = { .tunnel_id = "33333333-bcba-4286-9818-9f0b6e685e93",
			    .socket_id = "22222222-bcba-4286-9818-9f0b6e685e93",
			    .label = "long-hill-8399",
			    .type = "tls",
			    .socket_name = (char[]){ "x" },
			    .settings = (char[]){ "" },
			    .url = (char[]){ "tls://long-hill-8399.example.net:30000" },
			    .port = 6055,
			    .public_port = 30000,
			    .route = ":30000" },
		.address = 0x7f400002,
		.serial = 18,
		.holder = { .pid = 4243, .start = 123456789013 },
		.fd = 10,
	},
};

static const struct saved_session example = {
	.token = TOKEN,
	.user = USER,
	.user_id = UUID,
	.client = (char[]){ "2001:db8::7" },
	.key = (char[]){ "ssh-ed25519 AAAAC3Nz" },
	.since_ms = 1795394532123,
	.process = { .pid = 4242, .start = 123456789012 },
	.child = { .pid = 4243, .start = 123456789013 },
	.listeners = listeners,
	.listener_count = ARRAY_SIZE(listeners),
};

static void assert_same_listener(const struct saved_listener *a, const struct saved_listener *b)
{
	assert_string_equal(a->tunnel.tunnel_id, b->tunnel.tunnel_id);
	assert_string_equal(a->tunnel.socket_id, b->tunnel.socket_id);
	assert_string_equal(a->tunnel.label, b->tunnel.label);
	assert_string_equal(a->tunnel.type, b->tunnel.type);
	assert_string_equal(a->tunnel.socket_name, b->tunnel.socket_name);
	assert_string_equal(a->tunnel.url, b->tunnel.url);
	assert_string_equal(a->tunnel.settings, b->tunnel.settings);
	assert_int_equal(a->tunnel.port, b->tunnel.port);
	assert_int_equal(a->tunnel.public_port, b->tunnel.public_port);
	assert_string_equal(a->tunnel.route, b->tunnel.route);
	assert_string_equal(a->tunnel.secret, b->tunnel.secret);
	assert_int_equal(a->address, b->address);
	assert_int_equal(a->serial, b->serial);
	assert_int_equal(a->holder.pid, b->holder.pid);
	assert_int_equal(a->holder.start, b->holder.start);
	assert_int_equal(a->fd, b->fd);
}

static void what_is_written_is_read_again(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(STATE_FILE_MAX);
	struct saved_session s;

	state_file_print(&example, &sb);
	assert_int_equal(strbuf_error(&sb), 0);
	assert_int_equal(state_file_parse(sb.buf, sb.len, &s), 0);
	assert_string_equal(s.token, example.token);
	assert_string_equal(s.user, example.user);
	assert_string_equal(s.user_id, example.user_id);
	assert_string_equal(s.client, example.client);
	assert_string_equal(s.key, example.key);
	assert_int_equal(s.since_ms, example.since_ms);
	assert_int_equal(s.process.pid, example.process.pid);
	assert_int_equal(s.process.start, example.process.start);
	assert_int_equal(s.child.pid, example.child.pid);
	assert_int_equal(s.child.start, example.child.start);
	assert_int_equal(s.listener_count, ARRAY_SIZE(listeners));
	for (size_t i = 0; i < s.listener_count; i++)
		assert_same_listener(&s.listeners[i], &listeners[i]);
	state_file_clear(&s);
}

static void a_session_without_key_child_and_listeners_comes_back_so(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(STATE_FILE_MAX);
	struct saved_session s = example;

	s.key = NULL;
	s.child = (struct process){ 0 };
	s.listeners = NULL;
	s.listener_count = 0;
	state_file_print(&s, &sb);
	assert_int_equal(state_file_parse(sb.buf, sb.len, &s), 0);
	assert_null(s.key);
	assert_int_equal(s.child.pid, 0);
	assert_int_equal(s.listener_count, 0);
	state_file_clear(&s);
}

static void a_record_that_was_cut_short_is_refused(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(STATE_FILE_MAX);
	struct saved_session s;

	state_file_print(&example, &sb);
	for (size_t len = 0; len < sb.len - 1; len++)
		assert_int_equal(state_file_parse(sb.buf, len, &s), -EINVAL);
}

static void a_record_with_foreign_values_is_refused(void **state)
{
	static const struct {
		const char *from, *to;
	} changes[] = {
		{ TOKEN, "0123" },
		{ "\"" USER "\"", "\"root\"" },
		{ "\"" UUID "\"", "\"../../etc/passwd\"" },
		{ "\"long-hill-8399\"", "\"x;clear table routes\"" },
		{ "\"http\"", "\"gopher\"" },
		{ "\"pid\":4242", "\"pid\":0" },
		{ "\"pid\":4242", "\"pid\":-1" },
		{ "\"local_port\":6054", "\"local_port\":0" },
		{ "\"fd\":9", "\"fd\":-1" },
	};
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(STATE_FILE_MAX);
	struct saved_session s;

	state_file_print(&example, &sb);
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		auto_call(strbuf_clear) struct strbuf changed = STRBUF_INIT(STATE_FILE_MAX);
		const char *at = strstr(sb.buf, changes[i].from);

		assert_non_null(at);
		strbuf_add(&changed, sb.buf, (size_t)(at - sb.buf));
		strbuf_adds(&changed, changes[i].to);
		strbuf_adds(&changed, at + strlen(changes[i].from));
		assert_int_equal(state_file_parse(changed.buf, changed.len, &s), -EINVAL);
	}
}

static void a_file_is_named_after_its_process(void **state)
{
	char name[STATE_FILE_NAME];

	state_file_name(&example.process, name);
	assert_string_equal(name, "4242-123456789012.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(what_is_written_is_read_again),
		FACT(a_session_without_key_child_and_listeners_comes_back_so),
		FACT(a_record_that_was_cut_short_is_refused),
		FACT(a_record_with_foreign_values_is_refused),
		FACT(a_file_is_named_after_its_process),
	};

	return cmocka_run_group_tests_name("state_file", tests, NULL, NULL);
}
