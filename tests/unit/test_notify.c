/* SPDX-License-Identifier: ISC */
/* lib/notify.h: the service manager's datagram, if it asked for one. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/notify.h"

static char folder[64];

static int begin(void **state)
{
	unit_folder_make(folder, sizeof(folder));
	return 0;
}

static int end(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	unit_folder_remove(folder);
	return 0;
}

/* A datagram socket at `name`, whose first '@' stands for a NUL byte (the abstract namespace). */
static int bind_at(const char *name)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	size_t len = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(len < sizeof(addr.sun_path));
	memcpy(addr.sun_path, name, len);
	if (name[0] == '@')
		addr.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&addr,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
			 0);
	return fd;
}

/* A datagram on a Unix socket is there when sendto() has returned. */
static void assert_told(int fd, const char *expected)
{
	char text[100];
	ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

	assert_true(n >= 0);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void nobody_asked_is_no_error(void **state)
{
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_send("READY=1"), 0);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_int_equal(notify_send("READY=1"), 0);
}

static void a_socket_by_path_is_told(void **state)
{
	auto_close int fd = -1;
	char path[100];

	snprintf(path, sizeof(path), "%s/notify", folder);
	fd = bind_at(path);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(notify_send("READY=1"), 0);
	assert_told(fd, "READY=1");
}

static void a_socket_in_the_abstract_namespace_is_told(void **state)
{
	auto_close int fd = -1;
	char name[100];

	snprintf(name, sizeof(name), "@mysocket-unit-%d", (int)getpid());
	fd = bind_at(name);
	setenv("NOTIFY_SOCKET", name, 1);
	assert_int_equal(notify_send("STOPPING=1"), 0);
	assert_told(fd, "STOPPING=1");
}

static void a_manager_that_is_not_there_is_an_error(void **state)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/nobody", folder);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(notify_send("READY=1"), -ENOENT);
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_int_equal(notify_send("READY=1"), -EINVAL);
	snprintf(path, sizeof(path), "/%0110d", 0);
	setenv("NOTIFY_SOCKET", path, 1);
	assert_int_equal(notify_send("READY=1"), -EINVAL);
}

#define FACT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FACT(nobody_asked_is_no_error),
		FACT(a_socket_by_path_is_told),
		FACT(a_socket_in_the_abstract_namespace_is_told),
		FACT(a_manager_that_is_not_there_is_an_error),
	};

	return cmocka_run_group_tests_name("notify", tests, NULL, NULL);
}
