/* SPDX-License-Identifier: ISC */
/* helper/runstatus.h, helper/announce.h: what a run publishes, who believes it, and what is left when it is killed. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <json-c/json.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "helper/announce.h"
#include "helper/runstatus.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/strbuf.h"

static char home[64];
static char folder[200];

static int set_up(void **state)
{
	unit_folder_make(home, sizeof(home));
	setenv("HOME", home, 1);
	setenv("XDG_RUNTIME_DIR", home, 1);
	snprintf(folder, sizeof(folder), "%s/mysocket", home);
	return 0;
}

static int tear_down(void **state)
{
	if (!access(folder, F_OK))
		unit_folder_remove(folder);
	unit_folder_remove(home);
	return 0;
}

static struct runstatus_tunnel tunnel(enum supervise_state state, const char *error)
{
	return (struct runstatus_tunnel){
		.name = "web",
		.type = "http",
		.url = "https://x.example",
		.socket_id = "s",
		.tunnel_id = "t",
		.host = "fd00::1",
		.port = 80,
		.status = { .state = state, .since = 5, .reconnects = 3, .error = error },
	};
}

/* The runs of this folder: others of this user may be there too. */
static int count_runs(const char *command, struct json_object **ret_run)
{
	struct json_object *list;
	int count = 0;
	size_t i;

	assert_int_equal(runstatus_list(&list), 0);
	for (i = 0; i < json_object_array_length(list); i++) {
		struct json_object *run = json_object_array_get_idx(list, i);

		if (strcmp(json_object_get_string(json_object_object_get(run, "command")),
			   command) != 0)
			continue;
		count++;
		if (ret_run)
			*ret_run = json_object_get(run);
	}
	json_object_put(list);
	return count;
}

static void a_run_is_listed_until_it_ends(void **state)
{
	struct runstatus_tunnel tunnels[] = { tunnel(SUPERVISE_CONNECTED, "it was lost") };
	struct json_object *run = NULL, *t;
	struct runstatus s;
	struct stat st;

	assert_int_equal(runstatus_begin(&s, "unit-1", "/f"), 0);
	assert_int_equal(stat(folder, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	s.tunnels = tunnels;
	s.count = 1;
	runstatus_write(&s);
	assert_int_equal(count_runs("unit-1", &run), 1);
	assert_int_equal(json_object_get_int(json_object_object_get(run, "pid")), getpid());
	assert_string_equal(json_object_get_string(json_object_object_get(run, "file")), "/f");
	t = json_object_array_get_idx(json_object_object_get(run, "tunnels"), 0);
	assert_string_equal(json_object_get_string(json_object_object_get(t, "state")),
			    "connected");
	assert_string_equal(json_object_get_string(json_object_object_get(t, "error")),
			    "it was lost");
	assert_string_equal(json_object_get_string(json_object_object_get(t, "origin")),
			    "[fd00::1]:80");
	assert_int_equal(json_object_get_int(json_object_object_get(t, "reconnects")), 3);
	json_object_put(run);
	runstatus_end(&s);
	assert_int_equal(count_runs("unit-1", NULL), 0);
	assert_int_not_equal(access(folder, F_OK), 0);
}

static void the_origin_is_where_it_leads_now(void **state)
{
	struct runstatus_tunnel tunnels[] = { tunnel(SUPERVISE_CONNECTED, NULL) };
	struct runstatus s = {
		.tunnels = tunnels, .count = 1, .command = "", .file = "", .message = ""
	};
	struct json_object *run, *t;

	snprintf(tunnels[0].status.origin, SUPERVISE_ORIGIN_SIZE, "before:81");
	run = runstatus_json(&s);
	t = json_object_array_get_idx(json_object_object_get(run, "tunnels"), 0);
	assert_string_equal(json_object_get_string(json_object_object_get(t, "origin")),
			    "before:81");
	json_object_put(run);
}

static void what_a_killed_run_leaves_is_swept(void **state)
{
	struct runstatus s;
	int status, ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		runstatus_begin(&s, "unit-2", "");
		(void)!write(ready[1], "", 1);
		pause();
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(count_runs("unit-2", NULL), 1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_int_equal(unit_folder_count(folder), 2);
	assert_int_equal(count_runs("unit-2", NULL), 0);
	assert_int_equal(unit_folder_count(folder), 0);
	close(ready[0]);
	close(ready[1]);
}

static void a_document_that_nobody_holds_counts_for_nothing(void **state)
{
	static const char text[] = "{\"pid\":1,\"command\":\"unit-3\"}";
	char path[300];

	assert_int_equal(mkdir(folder, 0700), 0);
	snprintf(path, sizeof(path), "%s/1.json", folder);
	assert_int_equal(file_write(path, text, strlen(text), 0600), 0);
	assert_int_equal(count_runs("unit-3", NULL), 0);
	snprintf(path, sizeof(path), "%s/1.lock", folder);
	assert_int_equal(file_write(path, "", 0, 0600), 0);
	assert_int_equal(count_runs("unit-3", NULL), 0);
	assert_int_equal(unit_folder_count(folder), 0);
}

static void a_folder_that_others_may_write_to_is_not_used(void **state)
{
	struct runstatus s;

	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0777), 0);
	assert_int_equal(runstatus_begin(&s, "unit-4", ""), 0);
	assert_null(strstr(s.path, folder));
	runstatus_end(&s);
	assert_int_equal(unit_folder_count(folder), 0);
}

static void damaged_documents_are_left_out(void **state)
{
	struct runstatus s;
	char path[PATH_MAX + 10];

	assert_int_equal(runstatus_begin(&s, "unit-5", ""), 0);
	snprintf(path, sizeof(path), "%s.json", s.path);
	assert_int_equal(file_write(path, "{\"pid\":", 7, 0600), 0);
	assert_int_equal(count_runs("unit-5", NULL), 0);
	assert_int_equal(file_write(path, "[]", 2, 0600), 0);
	assert_int_equal(count_runs("unit-5", NULL), 0);
	runstatus_end(&s);
}

/* ---- the service manager ---- */
static int listen_to_notices(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/notify", home);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	setenv("NOTIFY_SOCKET", addr.sun_path, 1);
	return fd;
}

static void expect_notice(int fd, const char *expected)
{
	char text[1000] = "";

	assert_true(recv(fd, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text, expected);
}

static void it_is_ready_when_traffic_can_flow(void **state)
{
	struct runstatus_tunnel t[] = { tunnel(SUPERVISE_CONNECTING, NULL),
					tunnel(SUPERVISE_CONNECTING, NULL) };

	assert_false(announce_is_ready(t, 0));
	assert_false(announce_is_ready(t, 2));
	t[0].status.state = SUPERVISE_CONNECTED;
	assert_false(announce_is_ready(t, 2));
	t[1].status.state = SUPERVISE_WAITING;
	assert_false(announce_is_ready(t, 2));
	t[1].status.state = SUPERVISE_CONNECTED;
	assert_true(announce_is_ready(t, 2));
	/* What fails for good is not waited for; but something must flow. */
	t[1].status.state = SUPERVISE_FAILED;
	assert_true(announce_is_ready(t, 2));
	t[0].status.state = SUPERVISE_FAILED;
	assert_false(announce_is_ready(t, 2));
}

static void ready_is_said_once_and_the_status_each_time(void **state)
{
	struct runstatus_tunnel t[] = { tunnel(SUPERVISE_CONNECTED, NULL),
					tunnel(SUPERVISE_WAITING, "no answer") };
	struct announce a;
	int fd = listen_to_notices();

	announce_init(&a);
	announce_change(&a, t, 2);
	expect_notice(fd, "STATUS=1 of 2 connected; 'web': no answer");
	t[1].status.state = SUPERVISE_CONNECTED;
	announce_change(&a, t, 2);
	expect_notice(fd, "READY=1\nSTATUS=2 of 2 connected");
	t[0].status.state = SUPERVISE_FAILED;
	t[0].status.error = "the socket was deleted";
	t[0].name = "a\nREADY=1";
	announce_change(&a, t, 2);
	expect_notice(fd,
		      "STATUS=1 of 2 connected; 'a\\x0aREADY=1' failed: the socket was deleted");
	announce_stopping();
	expect_notice(fd, "STOPPING=1\nSTATUS=ending");
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

static void the_watchdog_hears_twice_in_its_time(void **state)
{
	struct announce a;
	char pid[24];
	int fd = listen_to_notices();

	setenv("WATCHDOG_USEC", "2000000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	announce_init(&a);
	assert_true(announce_tick(&a, 5000) >= 1000);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	setenv("WATCHDOG_PID", pid, 1);
	announce_init(&a);
	assert_int_equal(announce_tick(&a, 5000), 1000);
	expect_notice(fd, "WATCHDOG=1");
	assert_int_equal(announce_tick(&a, 5400), 600);
	assert_int_equal(announce_tick(&a, 6000), 1000);
	expect_notice(fd, "WATCHDOG=1");
	close(fd);
	unsetenv("NOTIFY_SOCKET");
}

#define AT_HOME(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		AT_HOME(a_run_is_listed_until_it_ends),
		AT_HOME(the_origin_is_where_it_leads_now),
		AT_HOME(what_a_killed_run_leaves_is_swept),
		AT_HOME(a_document_that_nobody_holds_counts_for_nothing),
		AT_HOME(a_folder_that_others_may_write_to_is_not_used),
		AT_HOME(damaged_documents_are_left_out),
		AT_HOME(it_is_ready_when_traffic_can_flow),
		AT_HOME(ready_is_said_once_and_the_status_each_time),
		AT_HOME(the_watchdog_hears_twice_in_its_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
