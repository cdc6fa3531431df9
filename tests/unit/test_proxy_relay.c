/* SPDX-License-Identifier: ISC */
/* proxycommand/relay.h, proxycommand/handover.h: what arrives, what ends, and what ends with it. The relay runs in a
 * child, between two pipes (as ssh has them) or one socket (as libssh has it) and a loopback connection. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "proxycommand/handover.h"
#include "proxycommand/relay.h"

#define DEADLINE_MS 20000
#define PATIENCE_MS 100
#define LARGE ((size_t)8 << 20)

/* The outside of a relay: what ssh has, and what the server has. */
struct fixture {
	pid_t pid;
	int to, from; /* ssh's ends; the same socket in socket mode */
	int peer;     /* the server's end */
};

static void loopback_pair(int ret_fds[2])
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(listener, (struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	ret_fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(ret_fds[0], (struct sockaddr *)&a, len), 0);
	ret_fds[1] = accept(listener, NULL, NULL);
	assert_true(ret_fds[1] >= 0);
	assert_int_equal(fcntl(ret_fds[0], F_SETFL, O_NONBLOCK), 0);
	close(listener);
}

static void ignore(const void *context, int error, uint64_t received)
{
}

/* `out` is still open, and can be told: "end 0 after 3". */
static void say_end(const void *context, int error, uint64_t received)
{
	dprintf(*(const int *)context, "end %d after %d", error, (int)received);
}

/* As main() ends: 0, or 1 for a broken connection. */
static void run_relay(int in, int out, int fd, bool says_end)
{
	struct dial dial = { .fd = fd };
	struct relay relay = { in, out, &dial, says_end ? say_end : ignore, &out };

	signal(SIGPIPE, SIG_IGN);
	_exit(relay_run(&relay) == 0 ? 0 : 1);
}

static struct fixture start(bool with_socket, bool says_end)
{
	int in[2], out[2], tcp[2];
	struct fixture f;

	loopback_pair(tcp);
	if (with_socket) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, in), 0);
		out[0] = dup(in[1]);
		out[1] = dup(in[0]);
	} else {
		assert_int_equal(pipe(in), 0);
		assert_int_equal(pipe(out), 0);
	}
	f = (struct fixture){ .to = in[1], .from = out[0], .peer = tcp[1], .pid = fork() };
	assert_true(f.pid >= 0);
	if (!f.pid) {
		close(in[1]);
		close(out[0]);
		close(tcp[1]);
		run_relay(in[0], out[1], tcp[0], says_end);
	}
	close(in[0]);
	close(out[1]);
	close(tcp[0]);
	return f;
}

static int start_pipes(void **state)
{
	static struct fixture f;

	f = start(false, false);
	*state = &f;
	return 0;
}

static int start_socket(void **state)
{
	static struct fixture f;

	f = start(true, false);
	*state = &f;
	return 0;
}

static int stop(void **state)
{
	struct fixture *f = *state;

	if (f->pid > 0) {
		kill(f->pid, SIGKILL);
		waitpid(f->pid, NULL, 0);
	}
	if (f->to >= 0)
		close(f->to);
	if (f->from >= 0)
		close(f->from);
	if (f->peer >= 0)
		close(f->peer);
	return 0;
}

static void expect_bytes(int fd, const char *text)
{
	char buf[64] = "";
	struct pollfd p = { .fd = fd, .events = POLLIN };

	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(read(fd, buf, sizeof(buf) - 1), strlen(text));
	assert_string_equal(buf, text);
}

static void expect_end(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;

	assert_int_equal(poll(&p, 1, DEADLINE_MS), 1);
	assert_int_equal(read(fd, &c, 1), 0);
}

static void expect_exit(struct fixture *f, int wanted)
{
	int status = -1, waited = 0;

	while (waitpid(f->pid, &status, WNOHANG) == 0 && waited++ < DEADLINE_MS / 10)
		poll(NULL, 0, 10);
	assert_true(WIFEXITED(status));
	f->pid = -1;
	assert_int_equal(WEXITSTATUS(status), wanted);
}

/* It is there after a while, in which it had nothing to do. */
static void expect_running(const struct fixture *f)
{
	poll(NULL, 0, PATIENCE_MS);
	assert_int_equal(waitpid(f->pid, NULL, WNOHANG), 0);
}

static void end_local_input(struct fixture *f, bool with_socket)
{
	if (with_socket)
		assert_int_equal(shutdown(f->to, SHUT_WR), 0);
	else
		assert_int_equal(close(take_fd(&f->to)), 0);
}

static void check_words_pass(struct fixture *f)
{
	assert_int_equal(write(f->to, "one", 3), 3);
	expect_bytes(f->peer, "one");
	assert_int_equal(write(f->peer, "two", 3), 3);
	expect_bytes(f->from, "two");
	assert_int_equal(write(f->to, "three", 5), 5);
	expect_bytes(f->peer, "three");
}

static void words_pass_both_ways(void **state)
{
	check_words_pass(*state);
}

static void check_local_half_close(struct fixture *f, bool with_socket)
{
	assert_int_equal(write(f->to, "last", 4), 4);
	end_local_input(f, with_socket);
	expect_bytes(f->peer, "last");
	expect_end(f->peer);
	expect_running(f);
	assert_int_equal(write(f->peer, "answer", 6), 6);
	expect_bytes(f->from, "answer");
	assert_int_equal(close(take_fd(&f->peer)), 0);
	expect_end(f->from);
	expect_exit(f, 0);
}

static void our_end_is_passed_on_and_the_answer_still_arrives(void **state)
{
	check_local_half_close(*state, false);
}

static void our_end_is_passed_on_from_a_socket(void **state)
{
	check_local_half_close(*state, true);
}

static void check_remote_half_close(struct fixture *f, bool with_socket)
{
	assert_int_equal(write(f->peer, "bye", 3), 3);
	assert_int_equal(shutdown(f->peer, SHUT_WR), 0);
	expect_bytes(f->from, "bye");
	expect_end(f->from);
	expect_running(f);
	assert_int_equal(write(f->to, "still here", 10), 10);
	expect_bytes(f->peer, "still here");
	end_local_input(f, with_socket);
	expect_end(f->peer);
	expect_exit(f, 0);
}

static void the_servers_end_is_passed_on_and_we_may_go_on_sending(void **state)
{
	check_remote_half_close(*state, false);
}

static void the_servers_end_is_passed_on_to_a_socket(void **state)
{
	check_remote_half_close(*state, true);
}

/* ssh killed: its descriptors close without a word, and the server is silent. */
static void nothing_stays_when_ssh_is_gone(void **state)
{
	struct fixture *f = *state;

	check_words_pass(f);
	close(take_fd(&f->to));
	close(take_fd(&f->from));
	expect_exit(f, 0);
	expect_end(f->peer);
}

static void nothing_stays_when_ssh_is_gone_with_unread_bytes(void **state)
{
	struct fixture *f = *state;
	char buf[65536] = { 0 };
	struct pollfd p = { .fd = f->peer, .events = POLLOUT };

	/* Until the way to ssh is full. */
	assert_int_equal(fcntl(f->peer, F_SETFL, O_NONBLOCK), 0);
	while (poll(&p, 1, PATIENCE_MS) == 1)
		assert_true(write(f->peer, buf, sizeof(buf)) > 0);
	expect_running(f);
	close(take_fd(&f->to));
	close(take_fd(&f->from));
	expect_exit(f, 0);
}

static void a_reader_that_leaves_does_not_stop_the_writer(void **state)
{
	struct fixture *f = *state;

	close(take_fd(&f->from));
	assert_int_equal(write(f->to, "one", 3), 3);
	expect_bytes(f->peer, "one");
	expect_running(f);
	assert_int_equal(write(f->to, "two", 3), 3);
	expect_bytes(f->peer, "two");
	close(take_fd(&f->to));
	expect_end(f->peer);
	expect_exit(f, 0);
}

static void a_reset_ends_both_ways_and_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct linger hard = { .l_onoff = 1 };

	check_words_pass(f);
	assert_int_equal(setsockopt(f->peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(take_fd(&f->peer));
	expect_exit(f, 1);
	expect_end(f->from);
}

static void the_end_is_told_before_whoever_reads_learns_of_it(void **state)
{
	struct linger hard = { .l_onoff = 1 };
	struct fixture f = start(false, true);
	void *fixture = &f;

	assert_int_equal(write(f.peer, "abc", 3), 3);
	expect_bytes(f.from, "abc");
	close(take_fd(&f.peer));
	expect_bytes(f.from, "end 0 after 3");
	expect_end(f.from);
	stop(&fixture);

	f = start(false, true);
	assert_int_equal(setsockopt(f.peer, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(take_fd(&f.peer));
	expect_bytes(f.from, "end -104 after 0"); /* ECONNRESET */
	expect_end(f.from);
	expect_exit(&f, 1);
	stop(&fixture);
}

static unsigned char pattern(size_t i)
{
	return (unsigned char)(i * 131 + i / 251);
}

/* Sends LARGE bytes into `to` and checks that they come out of `from`, while the other way is idle. */
static void check_large(int to, int from)
{
	unsigned char buf[70001];
	size_t sent = 0, got = 0, i;
	ssize_t n;

	assert_int_equal(fcntl(to, F_SETFL, O_NONBLOCK), 0);
	while (got < LARGE) {
		struct pollfd p[] = { { .fd = sent < LARGE ? to : -1, .events = POLLOUT },
				      { .fd = from, .events = POLLIN } };

		assert_true(poll(p, 2, DEADLINE_MS) > 0);
		if (p[0].revents) {
			size_t len = LARGE - sent < sizeof(buf) ? LARGE - sent : sizeof(buf);

			for (i = 0; i < len; i++)
				buf[i] = pattern(sent + i);
			n = write(to, buf, len);
			assert_true(n > 0 || errno == EAGAIN);
			sent += n > 0 ? (size_t)n : 0;
		}
		if (!p[1].revents)
			continue;
		n = read(from, buf, sizeof(buf));
		assert_true(n > 0);
		for (i = 0; i < (size_t)n; i++)
			if (buf[i] != pattern(got + i))
				fail_msg("byte %zu is another one", got + i);
		got += (size_t)n;
	}
}

static void megabytes_arrive_as_they_were(void **state)
{
	struct fixture *f = *state;

	check_large(f->to, f->peer);
	check_large(f->peer, f->from);
}

/* Both ways are full: neither must wait for the other. */
static void both_ways_flow_while_neither_is_read(void **state)
{
	struct fixture *f = *state;
	char buf[65536] = { 0 };
	int ways[2][2] = { { f->to, f->peer }, { f->peer, f->from } };
	int i;

	for (i = 0; i < 2; i++) {
		struct pollfd p = { .fd = ways[i][0], .events = POLLOUT };

		assert_int_equal(fcntl(ways[i][0], F_SETFL, O_NONBLOCK), 0);
		while (poll(&p, 1, PATIENCE_MS) == 1)
			assert_true(write(ways[i][0], buf, sizeof(buf)) > 0 || errno == EAGAIN);
	}
	for (i = 0; i < 2; i++)
		assert_true(read(ways[i][1], buf, sizeof(buf)) > 0);
	expect_running(f);
}

static void a_file_may_be_input_and_output(void **state)
{
	char folder[64], in_path[100], out_path[100];
	auto_free char *got = NULL;
	size_t len, i;
	auto_free char *text = malloc(LARGE);
	int tcp[2], status, in, out;
	pid_t pid;

	unit_folder_make(folder, sizeof(folder));
	snprintf(in_path, sizeof(in_path), "%s/in", folder);
	snprintf(out_path, sizeof(out_path), "%s/out", folder);
	for (i = 0; i < LARGE; i++)
		text[i] = (char)pattern(i);
	assert_int_equal(file_write(in_path, text, LARGE, 0600), 0);
	in = open(in_path, O_RDONLY);
	out = open(out_path, O_WRONLY | O_CREAT, 0600);
	loopback_pair(tcp);
	pid = fork();
	if (!pid) {
		close(tcp[1]);
		run_relay(in, out, tcp[0], false);
	}
	close(in);
	close(out);
	close(tcp[0]);
	/* An echo. */
	for (;;) {
		char buf[50000];
		ssize_t n = read(tcp[1], buf, sizeof(buf));

		if (n <= 0)
			break;
		assert_int_equal(file_write_all(tcp[1], buf, (size_t)n), 0);
	}
	close(tcp[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(file_read(out_path, 2 * LARGE, &got, &len), 0);
	assert_int_equal(len, LARGE);
	assert_memory_equal(got, text, LARGE);
	unit_folder_remove(folder);
}

/* ---- handover ------------------------------------------------------------------------------------------ */

/* As ssh does it: one byte, and one descriptor with it. */
static int receive(int channel)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 'x';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control.space,
			      .msg_controllen = sizeof(control.space) };
	int fd = -1;

	assert_int_equal(recvmsg(channel, &msg, 0), 1);
	assert_non_null(CMSG_FIRSTHDR(&msg));
	assert_int_equal(CMSG_FIRSTHDR(&msg)->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void ssh_gets_the_connection_as_it_would_have_made_it(void **state)
{
	int channel[2], tcp[2], fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, channel), 0);
	loopback_pair(tcp);
	assert_int_equal(handover_connection(channel[0], tcp[0]), 0);
	close(tcp[0]);
	fd = receive(channel[1]);
	assert_int_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(write(tcp[1], "hello", 5), 5);
	expect_bytes(fd, "hello");
	close(fd);
	expect_end(tcp[1]);
	close(tcp[1]);
	close(channel[0]);
	close(channel[1]);
}

static void what_is_no_unix_socket_takes_no_descriptor(void **state)
{
	int ends[2], tcp[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(handover_send(ends[1], ends[0]), -ENOTSOCK);
	loopback_pair(tcp);
	assert_int_equal(handover_send(tcp[0], ends[0]), -ENOTSOCK);
	close(ends[0]);
	close(ends[1]);
	close(tcp[0]);
	close(tcp[1]);
}

#define PIPES(test) cmocka_unit_test_setup_teardown(test, start_pipes, stop)
#define SOCKET(test) cmocka_unit_test_setup_teardown(test, start_socket, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		PIPES(words_pass_both_ways),
		SOCKET(words_pass_both_ways),
		PIPES(our_end_is_passed_on_and_the_answer_still_arrives),
		SOCKET(our_end_is_passed_on_from_a_socket),
		PIPES(the_servers_end_is_passed_on_and_we_may_go_on_sending),
		SOCKET(the_servers_end_is_passed_on_to_a_socket),
		PIPES(nothing_stays_when_ssh_is_gone),
		SOCKET(nothing_stays_when_ssh_is_gone),
		PIPES(nothing_stays_when_ssh_is_gone_with_unread_bytes),
		SOCKET(nothing_stays_when_ssh_is_gone_with_unread_bytes),
		PIPES(a_reader_that_leaves_does_not_stop_the_writer),
		PIPES(a_reset_ends_both_ways_and_is_an_error),
		SOCKET(a_reset_ends_both_ways_and_is_an_error),
		cmocka_unit_test(the_end_is_told_before_whoever_reads_learns_of_it),
		PIPES(megabytes_arrive_as_they_were),
		SOCKET(megabytes_arrive_as_they_were),
		PIPES(both_ways_flow_while_neither_is_read),
		SOCKET(both_ways_flow_while_neither_is_read),
		cmocka_unit_test(a_file_may_be_input_and_output),
		cmocka_unit_test(ssh_gets_the_connection_as_it_would_have_made_it),
		cmocka_unit_test(what_is_no_unix_socket_takes_no_descriptor),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests_name("proxycommand/relay", tests, NULL, NULL);
}
