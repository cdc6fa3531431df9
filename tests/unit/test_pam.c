/* SPDX-License-Identifier: ISC */
/* pam_mysocket.so as libpam loads it: its MUST rules and those of the bind broker's filter, against a node
 * that gives one fixed answer. */
#include "tests/unit/unit.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/tcp.h>
#include <security/pam_appl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>

#include "authkeys/pam_conn.h"
#include "authkeys/pam_node.h"
#include "lib/cleanup.h"
#include "lib/strbuf.h"
#include "lib/wire.h"
#include "tests/unit/in_child.h"
#include "tests/unit/module_exports.h"
#include "tests/unit/own_run.h"

#define USER "0123456789abcdef0123456789abcdef"
#define TOKEN "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"

static char path[PATH_MAX];
static char said[1024]; /* what the module showed to the user */

static int locate(void **state)
{
	module_path("pam_mysocket.so", path, sizeof(path));
	return 0;
}

/* ---- a PAM application ---- */
static int converse(int count, const struct pam_message **messages, struct pam_response **responses,
		    void *data)
{
	check(count == 1 && messages[0]->msg_style == PAM_ERROR_MSG, 100);
	snprintf(said, sizeof(said), "%s", messages[0]->msg);
	*responses = calloc(1, sizeof(**responses));
	return PAM_SUCCESS;
}

/* A transaction for `user` whose stacks are our module, then one that permits. */
static pam_handle_t *start(const char *user)
{
	static const struct pam_conv conv = { .conv = converse };
	static const char *const kinds[] = { "auth", "account", "session" };
	char folder[] = "/tmp/mysocket-pam.XXXXXX", file[sizeof(folder) + 8];
	pam_handle_t *pamh = NULL;
	size_t i;
	FILE *f;

	check(mkdtemp(folder) != NULL, 101);
	snprintf(file, sizeof(file), "%s/test", folder);
	f = fopen(file, "w");
	check(f != NULL, 102);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		fprintf(f,
			"%s [success=done ignore=ignore default=die] %s\n%s required pam_permit.so\n",
			kinds[i], path, kinds[i]);
	check(fclose(f) == 0, 103);
	check(pam_start_confdir("test", user, &conv, folder, &pamh) == PAM_SUCCESS, 104);
	unlink(file);
	rmdir(folder);
	return pamh;
}

/* ---- a node that gives one answer ---- */
static const char *answer;
static bool holds_fds;

static void serve(int listener)
{
	static char buf[WIRE_MAX + 1];
	struct wire_msg msg;
	int fd, passed = -1;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		check(wire_recv(fd, buf, sizeof(buf), &msg, &passed, 5000) == 0, 1);
		if (passed >= 0 && !holds_fds)
			close(passed);
		check(send(fd, answer, strlen(answer), MSG_NOSIGNAL) > 0, 2);
		close(fd);
	}
}

/* In a /run of our own; ends with its parent. */
static void node_up(const char *text, bool hold)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = PATHS_NODE_SOCKET };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	skip_unless(own_run_make() == 0);
	answer = text;
	holds_fds = hold;
	check(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 10) == 0, 110);
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(fd);
		_exit(0);
	}
	close(fd);
}

/* ---- the module ---- */
static void exactly_five_functions_are_exported(void **state)
{
	static const char *const names[] = { "pam_sm_acct_mgmt",     "pam_sm_authenticate",
					     "pam_sm_close_session", "pam_sm_open_session",
					     "pam_sm_setcred",	     NULL };

	assert_exports(path, names);
}

static void ignore_others(void)
{
	static const char *const users[] = { "root", "mysocket-tunnel", USER "0" };
	pam_handle_t *pamh;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(users); i++) {
		pamh = start(users[i]);
		check(pam_authenticate(pamh, 0) == PAM_SUCCESS, 1);
		check(pam_acct_mgmt(pamh, 0) == PAM_SUCCESS, 2);
		check(pam_setcred(pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS, 3);
		check(pam_open_session(pamh, 0) == PAM_SUCCESS, 4);
		check(pam_close_session(pamh, 0) == PAM_SUCCESS, 5);
		check(!pam_getenv(pamh, NODEWIRE_TOKEN_ENV) && !*said, 6);
		check(prctl(PR_GET_SECCOMP) == 0, 7);
		pam_end(pamh, 0);
	}
}

static void must_1_users_that_are_not_ours_are_ignored(void **state)
{
	in_a_child(ignore_others);
}

static void refuse_passwords(void)
{
	pam_handle_t *pamh = start(USER);

	check(pam_authenticate(pamh, 0) == PAM_AUTH_ERR, 1);
	pam_end(pamh, 0);
	/* As sshd does after a key login. */
	pamh = start(USER);
	check(pam_setcred(pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS, 2);
	pam_end(pamh, 0);
}

static void a_tunnel_has_no_password(void **state)
{
	in_a_child(refuse_passwords);
}

static void node_away(void)
{
	pam_handle_t *pamh = start(USER);

	skip_unless(own_run_make() == 0);
	check(pam_acct_mgmt(pamh, 0) == PAM_AUTHINFO_UNAVAIL, 1);
	check(denial_from_line(said) == DENIAL_UNAVAILABLE, 2);
	pam_end(pamh, 0);
}

static void must_2_a_node_that_is_away_denies(void **state)
{
	in_a_child(node_away);
}

static const char *const odd_answers[] = {
	"",
	"no\n",
	"ok",
	"OK\n",
	"denied\n",
	"denied\ncode=none\n",
	"denied\ncode=newer\nmessage=x\n",
	"ok\ntoken=00\n",
	"garbage\001\n",
};
static size_t odd;

static void answer_oddly(void)
{
	pam_handle_t *pamh = start(USER);
	bool open_only = !strncmp(odd_answers[odd], "ok\n", 3);

	node_up(odd_answers[odd], false);
	if (!open_only) {
		check(pam_acct_mgmt(pamh, 0) == PAM_AUTHINFO_UNAVAIL, 1);
		check(denial_from_line(said) == DENIAL_UNAVAILABLE, 2);
	}
	check(pam_open_session(pamh, 0) == PAM_SESSION_ERR, 3);
	check(denial_from_line(said) == DENIAL_UNAVAILABLE, 4);
	pam_end(pamh, 0);
}

static void must_2_an_answer_that_is_not_understood_denies(void **state)
{
	/* From 1: an empty record cannot be sent. */
	for (odd = 1; odd < ARRAY_SIZE(odd_answers); odd++)
		in_a_child(answer_oddly);
}

static void accept_account(void)
{
	pam_handle_t *pamh = start(USER);

	node_up("ok\n", false);
	check(pam_acct_mgmt(pamh, 0) == PAM_SUCCESS && !*said, 1);
	pam_end(pamh, 0);
}

static void deny_account(void)
{
	pam_handle_t *pamh = start(USER);

	node_up("denied\ncode=suspended\nmessage=ask the operator\n", false);
	check(pam_acct_mgmt(pamh, 0) == PAM_ACCT_EXPIRED, 1);
	check(!strcmp(said, "mysocket: ask the operator [suspended]"), 2);
	pam_end(pamh, 0);
}

static void deny_with_control_codes(void)
{
	pam_handle_t *pamh = start(USER);

	node_up("denied\ncode=limit\nmessage=\xc2\x9bJ\n", false);
	check(pam_acct_mgmt(pamh, 0) == PAM_PERM_DENIED, 1);
	check(!strstr(said, "\xc2\x9b") && denial_from_line(said) == DENIAL_LIMIT, 2);
	pam_end(pamh, 0);
}

static void the_node_decides_about_accounts_and_its_message_is_shown(void **state)
{
	in_a_child(accept_account);
	in_a_child(deny_account);
	in_a_child(deny_with_control_codes);
}

/* ---- sessions ---- */
static int try_bind(int family, socklen_t len)
{
	const struct sockaddr_storage addr = { .ss_family = (sa_family_t)family };
	auto_close int fd = socket(family, family == AF_NETLINK ? SOCK_RAW : SOCK_STREAM, 0);

	check(fd >= 0, 120);
	return bind(fd, (const struct sockaddr *)&addr, len) < 0 ? errno : 0;
}

static void open_session(void)
{
	pam_handle_t *pamh = start(USER);

	node_up("ok\ntoken=" TOKEN "\n", true);
	check(pam_open_session(pamh, 0) == PAM_SUCCESS && !*said, 1);
	check(!strcmp(pam_getenv(pamh, NODEWIRE_TOKEN_ENV), TOKEN), 2);
	check(pam_close_session(pamh, 0) == PAM_SUCCESS, 3);
	check(prctl(PR_GET_SECCOMP) == 2, 4);
	pam_end(pamh, 0);
}

static void an_opened_session_has_its_token(void **state)
{
	in_a_child(open_session);
}

static void open_without_node(void)
{
	pam_handle_t *pamh = start(USER);

	skip_unless(own_run_make() == 0);
	check(pam_open_session(pamh, 0) == PAM_SESSION_ERR, 1);
	check(denial_from_line(said) == DENIAL_UNAVAILABLE, 2);
	check(try_bind(AF_INET, sizeof(struct sockaddr_in)) == ENOSYS, 3);
	pam_end(pamh, 0);
}

static void open_denied(void)
{
	pam_handle_t *pamh = start(USER);

	node_up("denied\ncode=limit\nmessage=too many\n", false);
	check(pam_open_session(pamh, 0) == PAM_SESSION_ERR, 1);
	check(!strcmp(said, "mysocket: too many [limit]"), 2);
	check(!pam_getenv(pamh, NODEWIRE_TOKEN_ENV), 3);
	check(try_bind(AF_INET, sizeof(struct sockaddr_in)) == ENOSYS, 4);
	pam_end(pamh, 0);
}

static void must_3_a_session_that_failed_to_open_cannot_listen(void **state)
{
	in_a_child(open_without_node);
	in_a_child(open_denied);
}

static void bind_without_holder(void)
{
	pam_handle_t *pamh = start(USER);

	node_up("ok\ntoken=" TOKEN "\n", false);
	check(pam_open_session(pamh, 0) == PAM_SUCCESS, 1);
	check(try_bind(AF_INET, sizeof(struct sockaddr_in)) == ENOSYS, 2);
	check(try_bind(AF_INET6, sizeof(struct sockaddr_in6)) == ENOSYS, 3);
	check(try_bind(AF_UNIX, sizeof(sa_family_t)) == ENOSYS, 4);
	check(try_bind(AF_NETLINK, sizeof(struct sockaddr_nl)) == EACCES, 5);
	check(try_bind(AF_INET, sizeof(struct sockaddr_nl)) == EACCES, 6);
	pam_end(pamh, 0);
}

static void broker_must_3_without_a_holder_no_bind_succeeds(void **state)
{
	in_a_child(bind_without_holder);
}

static void no_io_uring(void)
{
	pam_handle_t *pamh = start(USER);
	char params[256] = { 0 };

	node_up("ok\ntoken=" TOKEN "\n", true);
	check(pam_open_session(pamh, 0) == PAM_SUCCESS, 1);
	check(syscall(SYS_io_uring_setup, 4, params) < 0 && errno == ENOSYS, 2);
	pam_end(pamh, 0);
}

#ifdef __x86_64__
/* getpid(2) by the numbers of i386, and of x32: harmless, were it let through. A kernel without i386's calls
 * answers the instruction with a fault. */
static void foreign_i386(void)
{
	long nr = 20;

	__asm__ volatile("int $0x80" : "+a"(nr) : : "memory", "r8", "r9", "r10", "r11");
}

static void foreign_x32(void)
{
	syscall(0x40000000 | SYS_getpid);
}

static void foreign_calls_kill(void)
{
	static void (*const calls[])(void) = { foreign_i386, foreign_x32 };
	pam_handle_t *pamh = start(USER);
	size_t i;

	node_up("ok\ntoken=" TOKEN "\n", true);
	check(pam_open_session(pamh, 0) == PAM_SUCCESS, 1);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		pid_t pid = fork();
		int status = 0;

		if (!pid) {
			calls[i]();
			_exit(0);
		}
		check(waitpid(pid, &status, 0) == pid, 2);
		check(WIFSIGNALED(status), 3);
		check(WTERMSIG(status) == SIGSYS || (i == 0 && WTERMSIG(status) == SIGSEGV), 4);
	}
	pam_end(pamh, 0);
}
#endif

static void broker_must_2_no_other_way_to_bind_stays_open(void **state)
{
	in_a_child(no_io_uring);
#ifdef __x86_64__
	in_a_child(foreign_calls_kill);
#endif
}

/* ---- parts ---- */
static void the_key_that_logged_in_is_read_from_sshds_list(void **state)
{
	auto_call(strbuf_clear) struct strbuf key = STRBUF_INIT(4096);

	assert_int_equal(pam_node_key("publickey " KEY, &key), 0);
	assert_string_equal(key.buf, KEY);
	strbuf_reset(&key);
	assert_int_equal(pam_node_key("hostbased x\npublickey " KEY " c\npassword\n", &key), 0);
	assert_string_equal(key.buf, KEY);
	strbuf_reset(&key);
	assert_int_equal(pam_node_key("", &key), -ENOENT);
	assert_int_equal(pam_node_key("password\n", &key), -ENOENT);
	assert_int_equal(pam_node_key("publickey ssh-ed25519 AAAA\n", &key), -ENOENT);
	assert_int_equal(key.len, 0);
}

static void connected(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr), int_len = sizeof(int);
	char client[PAM_CONN_ADDRESS_SIZE];
	int listener = socket(AF_INET, SOCK_STREAM, 0), a = socket(AF_INET, SOCK_STREAM, 0), b;
	int nodelay = 0;

	addr.sin_addr.s_addr = htonl(0x7f010203);
	pam_conn_address(client);
	check(!strcmp(client, "unknown"), 1);
	check(bind(a, (struct sockaddr *)&addr, len) == 0, 2);
	check(bind(listener, (struct sockaddr *)&addr, len) == 0 && listen(listener, 1) == 0, 3);
	check(getsockname(listener, (struct sockaddr *)&addr, &len) == 0, 4);
	check(connect(a, (struct sockaddr *)&addr, len) == 0, 5);
	b = accept(listener, NULL, NULL);
	check(b >= 0 && close(a) == 0, 6);
	pam_conn_address(client);
	check(!strcmp(client, "127.1.2.3"), 7);
	pam_conn_set_nodelay();
	check(getsockopt(b, IPPROTO_TCP, TCP_NODELAY, &nodelay, &int_len) == 0 && nodelay, 8);
}

static void sshds_connection_is_found_and_told_not_to_wait(void **state)
{
	in_a_child(connected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_five_functions_are_exported),
		cmocka_unit_test(must_1_users_that_are_not_ours_are_ignored),
		cmocka_unit_test(a_tunnel_has_no_password),
		cmocka_unit_test(must_2_a_node_that_is_away_denies),
		cmocka_unit_test(must_2_an_answer_that_is_not_understood_denies),
		cmocka_unit_test(the_node_decides_about_accounts_and_its_message_is_shown),
		cmocka_unit_test(an_opened_session_has_its_token),
		cmocka_unit_test(must_3_a_session_that_failed_to_open_cannot_listen),
		cmocka_unit_test(broker_must_3_without_a_holder_no_bind_succeeds),
		cmocka_unit_test(broker_must_2_no_other_way_to_bind_stays_open),
		cmocka_unit_test(the_key_that_logged_in_is_read_from_sshds_list),
		cmocka_unit_test(sshds_connection_is_found_and_told_not_to_wait),
	};

	return cmocka_run_group_tests_name("pam", tests, locate, NULL);
}
