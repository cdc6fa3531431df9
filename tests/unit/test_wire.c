/* SPDX-License-Identifier: ISC */
/* lib/wire.h: the grammar both ways, descriptors, deadlines. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/wire.h"

#define LONG_MS 10000 /* a deadline that only a broken program meets */

static char buf[WIRE_MAX + 1];

/* ---- grammar ---- */
static int parse(const char *text, size_t len, struct wire_msg *ret_msg)
{
	memcpy(buf, text, len);
	buf[len] = 'x';
	return wire_parse(buf, len, ret_msg);
}

static int parse_text(const char *text)
{
	struct wire_msg msg;

	return parse(text, strlen(text), &msg);
}

static void what_is_built_is_parsed(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	struct wire_msg msg;

	wire_begin(&sb, "open");
	wire_add(&sb, "user", "0123");
	wire_add(&sb, "empty", "");
	wire_add(&sb, "text", "a=b c\\ \u20ac");
	wire_add_int(&sb, "n", INT64_MIN);
	assert_int_equal(strbuf_error(&sb), 0);
	assert_string_equal(sb.buf, "open\nuser=0123\nempty=\ntext=a=b c\\ \u20ac\n"
				    "n=-9223372036854775808\n");
	assert_int_equal(parse(sb.buf, sb.len, &msg), 0);
	assert_string_equal(msg.verb, "open");
	assert_int_equal(msg.count, 4);
	assert_string_equal(wire_get(&msg, "user"), "0123");
	assert_string_equal(wire_get(&msg, "empty"), "");
	assert_string_equal(wire_get(&msg, "text"), "a=b c\\ \u20ac");
	assert_null(wire_get(&msg, "absent"));
}

static void begin_forgets_what_was_built_before(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, "BAD");
	assert_int_equal(strbuf_error(&sb), -EINVAL);
	wire_begin(&sb, "ok");
	assert_int_equal(strbuf_error(&sb), 0);
	assert_string_equal(sb.buf, "ok\n");
}

static void a_value_with_control_bytes_cannot_be_built(void **state)
{
	static const char *const bad[] = { "a\nverb", "\t", "\x01", "\x1f", "\x7f", "a\r" };
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		wire_begin(&sb, "ok");
		wire_add(&sb, "name", bad[i]);
		assert_int_equal(strbuf_error(&sb), -EINVAL);
	}
}

static void a_bad_name_cannot_be_built(void **state)
{
	static const char *const bad[] = {
		"", "Upper", "a=b", "a b", "a-b", "\u00e9", "a23456789012345678901234567890123"
	};
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		wire_begin(&sb, "ok");
		wire_add(&sb, bad[i], "x");
		assert_int_equal(strbuf_error(&sb), -EINVAL);
		wire_begin(&sb, "ok");
		wire_add_int(&sb, bad[i], 1);
		assert_int_equal(strbuf_error(&sb), -EINVAL);
	}
}

static void a_verb_alone_is_a_message(void **state)
{
	struct wire_msg msg;

	assert_int_equal(parse("no\n", 3, &msg), 0);
	assert_string_equal(msg.verb, "no");
	assert_int_equal(msg.count, 0);
}

static void what_the_grammar_does_not_know_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"ok",
		"Ok\n",
		"o k\n",
		"ok\n\n",
		"ok\na\n",
		"ok\n=b\n",
		"ok\na=b",
		"ok\nA=b\n",
		"ok\na b=c\n",
		"ok\na=\tb\n",
		"ok\na=b\x7f\n",
		"ok\r\n",
		"ok\na=1\nb=2\na=3\n",
		"ok=\n",
		"\nok\n",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse_text(bad[i]), -EPROTO);
}

static void a_nul_byte_is_refused_anywhere(void **state)
{
	struct wire_msg msg;

	assert_int_equal(parse("o\0k\n", 4, &msg), -EPROTO);
	assert_int_equal(parse("ok\na\0=b\n", 8, &msg), -EPROTO);
	assert_int_equal(parse("ok\na=b\0c\n", 9, &msg), -EPROTO);
	assert_int_equal(parse("ok\n\0", 4, &msg), -EPROTO);
}

static void a_name_has_at_most_32_characters(void **state)
{
	assert_int_equal(parse_text("ok\na2345678901234567890123456789012=x\n"), 0);
	assert_int_equal(parse_text("ok\na23456789012345678901234567890123=x\n"), -EPROTO);
	assert_int_equal(parse_text("a2345678901234567890123456789012\n"), 0);
	assert_int_equal(parse_text("a23456789012345678901234567890123\n"), -EPROTO);
}

static void a_message_has_at_most_so_many_fields(void **state)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
	struct wire_msg msg;
	size_t i;

	wire_begin(&sb, "ok");
	for (i = 0; i < WIRE_FIELDS; i++) {
		char name[8];

		snprintf(name, sizeof(name), "f%zu", i);
		wire_add(&sb, name, "x");
	}
	assert_int_equal(parse(sb.buf, sb.len, &msg), 0);
	assert_int_equal(msg.count, WIRE_FIELDS);
	assert_string_equal(wire_get(&msg, "f0"), "x");
	wire_add(&sb, "more", "x");
	assert_int_equal(parse(sb.buf, sb.len, &msg), -EPROTO);
}

static void a_failed_parse_leaves_the_result_untouched(void **state)
{
	struct wire_msg msg = { .verb = "before", .count = 3 };

	assert_int_equal(parse("ok\na=b\nbad\n", 11, &msg), -EPROTO);
	assert_string_equal(msg.verb, "before");
	assert_int_equal(msg.count, 3);
}

static void integers_are_decimal_and_in_bounds(void **state)
{
	static const char *const bad[] = {
		"", "-", "+1", " 1", "1 ", "0x1", "1.0", "--1", "6", "-6", "99999999999999999999"
	};
	struct wire_msg msg = { .verb = "ok", .count = 1 };
	int64_t v = 77;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		msg.fields[0] = (struct wire_field){ "n", bad[i] };
		assert_int_equal(wire_get_int(&msg, "n", -5, 5, &v), -EINVAL);
	}
	assert_int_equal(wire_get_int(&msg, "m", -5, 5, &v), -ENOENT);
	assert_int_equal(v, 77);
	msg.fields[0].value = "-5";
	assert_int_equal(wire_get_int(&msg, "n", -5, 5, &v), 0);
	assert_int_equal(v, -5);
	msg.fields[0].value = "5";
	assert_int_equal(wire_get_int(&msg, "n", -5, 5, &v), 0);
	assert_int_equal(v, 5);
}

/* ---- transport ---- */
static int ends[2] = { -1, -1 };
static char folder[64], path[100];
static struct strbuf hello;

static int begin(void **state)
{
	unit_folder_make(folder, sizeof(folder));
	snprintf(path, sizeof(path), "%s/sock", folder);
	strbuf_init(&hello, WIRE_MAX);
	wire_begin(&hello, "hello");
	wire_add(&hello, "n", "1");
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

static int end(void **state)
{
	close(ends[0]);
	close(ends[1]);
	strbuf_clear(&hello);
	unit_folder_remove(folder);
	return 0;
}

static int listen_at_path(int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static int count_fds(void)
{
	return unit_folder_count("/proc/self/fd");
}

static void a_record_arrives_whole(void **state)
{
	struct wire_msg msg;
	int fd = 77;

	assert_int_equal(wire_send(ends[0], &hello, -1, LONG_MS), 0);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, &fd, LONG_MS), 0);
	assert_string_equal(msg.verb, "hello");
	assert_string_equal(wire_get(&msg, "n"), "1");
	assert_int_equal(fd, -1);
}

static void the_largest_message_arrives(void **state)
{
	struct wire_msg msg;

	while (hello.len < WIRE_MAX - 1)
		strbuf_addch(&hello, 'x');
	hello.buf[strlen("hello\nn=1")] = 'x';
	strbuf_addch(&hello, '\n');
	assert_int_equal(strbuf_error(&hello), 0);
	assert_int_equal(hello.len, WIRE_MAX);
	assert_int_equal(wire_send(ends[0], &hello, -1, LONG_MS), 0);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, NULL, LONG_MS), 0);
	assert_int_equal(strlen(wire_get(&msg, "n")), WIRE_MAX - strlen("hello\nn=\n"));
}

static void a_record_longer_than_the_buffer_is_refused(void **state)
{
	struct wire_msg msg;

	assert_int_equal(wire_send(ends[0], &hello, -1, LONG_MS), 0);
	assert_int_equal(wire_recv(ends[1], buf, hello.len, &msg, NULL, LONG_MS), -EMSGSIZE);
	/* with room for the NUL it fits */
	assert_int_equal(wire_send(ends[0], &hello, -1, LONG_MS), 0);
	assert_int_equal(wire_recv(ends[1], buf, hello.len + 1, &msg, NULL, LONG_MS), 0);
}

static void a_descriptor_travels_and_is_close_on_exec(void **state)
{
	auto_close int null = open("/dev/null", O_RDONLY), got = -1;
	struct wire_msg msg;
	struct stat a, b;

	assert_int_equal(wire_send(ends[0], &hello, null, LONG_MS), 0);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, &got, LONG_MS), 0);
	assert_true(got >= 0 && got != null);
	assert_int_equal(fcntl(got, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fstat(null, &a), 0);
	assert_int_equal(fstat(got, &b), 0);
	assert_int_equal(a.st_rdev, b.st_rdev);
}

static void a_descriptor_that_nobody_wants_is_closed(void **state)
{
	struct wire_msg msg;
	int before = count_fds();

	assert_int_equal(wire_send(ends[0], &hello, ends[0], LONG_MS), 0);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, NULL, LONG_MS), 0);
	assert_int_equal(count_fds(), before);
}

/* Sends `text` with `count` descriptors, past wire_send's checks. */
static void send_raw(const char *text, size_t len, int count)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(8 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (char *)text, len };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	int fds[8], i;

	for (i = 0; i < count; i++)
		fds[i] = ends[0];
	if (count) {
		struct cmsghdr *c = &control.align;

		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE((size_t)count * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN((size_t)count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, (size_t)count * sizeof(int));
	}
	assert_int_equal(sendmsg(ends[0], &m, 0), len);
}

static void a_bad_message_closes_its_descriptor(void **state)
{
	struct wire_msg msg;
	int before = count_fds(), fd = 77;

	send_raw("BAD\n", 4, 1);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, &fd, LONG_MS), -EPROTO);
	assert_int_equal(fd, 77);
	assert_int_equal(count_fds(), before);
}

static void more_than_one_descriptor_is_refused_and_closed(void **state)
{
	struct wire_msg msg;
	int before = count_fds(), fd = 77, n;

	for (n = 2; n <= 8; n++) {
		send_raw("ok\n", 3, n);
		assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, &fd, LONG_MS), -EPROTO);
		assert_int_equal(fd, 77);
		assert_int_equal(count_fds(), before);
	}
}

static void an_empty_record_with_a_descriptor_leaks_nothing(void **state)
{
	struct wire_msg msg;
	int before = count_fds(), fd = 77;

	send_raw("", 0, 1);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, &fd, LONG_MS), -ECONNRESET);
	assert_int_equal(fd, 77);
	assert_int_equal(count_fds(), before);
}

static void a_closed_peer_is_a_reset(void **state)
{
	struct wire_msg msg;

	close(ends[0]);
	ends[0] = -1;
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, NULL, LONG_MS), -ECONNRESET);
	/* and no SIGPIPE */
	assert_int_equal(wire_send(ends[1], &hello, -1, LONG_MS), -EPIPE);
}

static void a_latched_error_or_an_empty_record_is_not_sent(void **state)
{
	struct wire_msg msg;

	strbuf_fail(&hello, -EINVAL);
	assert_int_equal(wire_send(ends[0], &hello, -1, LONG_MS), -EINVAL);
	strbuf_reset(&hello);
	assert_int_equal(wire_send(ends[0], &hello, -1, LONG_MS), -EINVAL);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, NULL, 0), -EAGAIN);
}

static void receiving_ends_at_the_deadline(void **state)
{
	struct wire_msg msg;
	int64_t start = clock_mono_ms();

	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, NULL, 0), -EAGAIN);
	assert_int_equal(wire_recv(ends[1], buf, sizeof(buf), &msg, NULL, 50), -ETIMEDOUT);
	assert_true(clock_mono_ms() - start >= 50);
	assert_true(clock_mono_ms() - start < LONG_MS);
}

static void sending_ends_at_the_deadline_when_the_peer_does_not_read(void **state)
{
	int r;

	do
		r = wire_send(ends[0], &hello, -1, 0);
	while (r == 0);
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(wire_send(ends[0], &hello, -1, 20), -ETIMEDOUT);
}

static void connect_tells_who_is_not_there(void **state)
{
	char far[200];
	int fd = 77;

	assert_int_equal(wire_connect(path, LONG_MS, &fd), -ENOENT);
	close(listen_at_path(1));
	assert_int_equal(wire_connect(path, LONG_MS, &fd), -ECONNREFUSED);
	/* sun_path has 108 bytes, one of them for the NUL */
	snprintf(far, sizeof(far), "/%0107d", 0);
	assert_int_equal(wire_connect(far, LONG_MS, &fd), -ENAMETOOLONG);
	snprintf(far, sizeof(far), "/%0106d", 0);
	assert_int_equal(wire_connect(far, LONG_MS, &fd), -ENOENT);
	assert_int_equal(fd, 77);
}

static void a_connection_is_non_blocking_and_close_on_exec(void **state)
{
	auto_close int listener = listen_at_path(2), waiting = -1, polled = -1;

	assert_int_equal(wire_connect(path, LONG_MS, &waiting), 0);
	assert_int_equal(wire_connect(path, 0, &polled), 0);
	assert_int_equal(fcntl(waiting, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_int_equal(fcntl(waiting, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(polled, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	assert_true(listener >= 0);
}

static void a_full_queue_is_again_or_a_timeout(void **state)
{
	auto_close int listener = listen_at_path(0), first = -1, fd = -1;
	int64_t start;

	assert_int_equal(wire_connect(path, 0, &first), 0);
	assert_int_equal(wire_connect(path, 0, &fd), -EAGAIN);
	start = clock_mono_ms();
	assert_int_equal(wire_connect(path, 50, &fd), -ETIMEDOUT);
	assert_true(clock_mono_ms() - start >= 40);
	assert_true(clock_mono_ms() - start < LONG_MS);
	/* room again */
	close(accept(listener, NULL, NULL));
	assert_int_equal(wire_connect(path, LONG_MS, &fd), 0);
}

/* Answers one request at `listener` in another process. */
static pid_t serve(int listener, const char *answer)
{
	pid_t pid = fork();

	if (pid == 0) {
		auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);
		struct wire_msg msg;
		int fd = accept(listener, NULL, NULL);

		wire_begin(&sb, answer);
		if (wire_recv(fd, buf, sizeof(buf), &msg, NULL, LONG_MS) < 0)
			_exit(1);
		wire_add(&sb, "to", msg.verb);
		_exit(wire_send(fd, &sb, -1, LONG_MS) < 0);
	}
	assert_true(pid > 0);
	return pid;
}

static void a_call_is_answered(void **state)
{
	auto_close int listener = listen_at_path(1);
	struct wire_msg msg;
	int before = count_fds(), status;
	pid_t pid = serve(listener, "welcome");

	assert_int_equal(wire_call(path, &hello, ends[0], buf, sizeof(buf), &msg, LONG_MS), 0);
	assert_string_equal(msg.verb, "welcome");
	assert_string_equal(wire_get(&msg, "to"), "hello");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(count_fds(), before);
}

static void a_call_that_nobody_answers_ends_at_the_deadline(void **state)
{
	auto_close int listener = listen_at_path(1);
	struct wire_msg msg;
	int before = count_fds();

	assert_int_equal(wire_call(path, &hello, -1, buf, sizeof(buf), &msg, 50), -ETIMEDOUT);
	assert_int_equal(count_fds(), before);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_parsed),
		cmocka_unit_test(begin_forgets_what_was_built_before),
		cmocka_unit_test(a_value_with_control_bytes_cannot_be_built),
		cmocka_unit_test(a_bad_name_cannot_be_built),
		cmocka_unit_test(a_verb_alone_is_a_message),
		cmocka_unit_test(what_the_grammar_does_not_know_is_refused),
		cmocka_unit_test(a_nul_byte_is_refused_anywhere),
		cmocka_unit_test(a_name_has_at_most_32_characters),
		cmocka_unit_test(a_message_has_at_most_so_many_fields),
		cmocka_unit_test(a_failed_parse_leaves_the_result_untouched),
		cmocka_unit_test(integers_are_decimal_and_in_bounds),
		FACT(a_record_arrives_whole),
		FACT(the_largest_message_arrives),
		FACT(a_record_longer_than_the_buffer_is_refused),
		FACT(a_descriptor_travels_and_is_close_on_exec),
		FACT(a_descriptor_that_nobody_wants_is_closed),
		FACT(a_bad_message_closes_its_descriptor),
		FACT(more_than_one_descriptor_is_refused_and_closed),
		FACT(an_empty_record_with_a_descriptor_leaks_nothing),
		FACT(a_closed_peer_is_a_reset),
		FACT(a_latched_error_or_an_empty_record_is_not_sent),
		FACT(receiving_ends_at_the_deadline),
		FACT(sending_ends_at_the_deadline_when_the_peer_does_not_read),
		FACT(connect_tells_who_is_not_there),
		FACT(a_connection_is_non_blocking_and_close_on_exec),
		FACT(a_full_queue_is_again_or_a_timeout),
		FACT(a_call_is_answered),
		FACT(a_call_that_nobody_answers_ends_at_the_deadline),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
