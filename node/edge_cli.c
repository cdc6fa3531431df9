/* SPDX-License-Identifier: ISC */
/* The kept connection to HAProxy's command line. */
#include "node/edge_cli.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "node/metrics.h"

/* While it is away, and all routes with it. To try costs some microseconds. */
#define RETRY_MS 50
#define RETRY_STOPPING_MS 10
#define LINE_MAX_BYTES 65536

struct pending {
	STAILQ_ENTRY(pending) entry;
	edge_cli_line *line;
	void *arg;
	bool complained;
	char command[];
};

struct edge_cli {
	struct event_base *base;
	char *path;
	struct edge_cli_handler handler;
	struct bufferevent *conn;
	struct event *timer; /* when down: connect again; when connected: check */
	bool connected;
	bool up;	 /* connected to a process that is not being replaced */
	bool complained; /* that HAProxy is away */
	bool give_up;	 /* asked for from inside a callback */
	bool looking, look_again;
	int64_t progress_ms; /* of the last answer, or when something was first waited for */
	size_t count;
	STAILQ_HEAD(, pending) pending;
};

static void set_timer(struct edge_cli *cli, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(cli->timer, &tv);
}

static void drop(struct edge_cli *cli)
{
	bool was_up = cli->up;
	struct pending *p;

	if (cli->conn)
		bufferevent_free(cli->conn);
	cli->conn = NULL;
	cli->connected = cli->up = false;
	cli->give_up = false;
	cli->looking = cli->look_again = false;
	while ((p = STAILQ_FIRST(&cli->pending)) != NULL) {
		STAILQ_REMOVE_HEAD(&cli->pending, entry);
		free(p);
	}
	cli->count = 0;
	if (was_up)
		cli->handler.down(cli->handler.arg);
}

static void lose(struct edge_cli *cli, const char *why)
{
	if (!cli->complained)
		log_warn("reach HAProxy at '%s': %s, connecting again until it is there", cli->path,
			 why);
	cli->complained = true;
	drop(cli);
	set_timer(cli, RETRY_MS);
}

static void send_command(struct edge_cli *cli, const char *command, edge_cli_line *line, void *arg)
{
	size_t len = strlen(command);
	struct pending *p;

	p = cli->count < EDGE_CLI_PENDING ? malloc(sizeof(*p) + len + 1) : NULL;
	if (!p) {
		cli->give_up = true; /* the next check notices */
		return;
	}
	*p = (struct pending){ .line = line, .arg = arg };
	memcpy(p->command, command, len + 1);
	if (STAILQ_EMPTY(&cli->pending))
		cli->progress_ms = clock_mono_ms();
	STAILQ_INSERT_TAIL(&cli->pending, p, entry);
	cli->count++;
	evbuffer_add(bufferevent_get_output(cli->conn), command, len);
	evbuffer_add(bufferevent_get_output(cli->conn), "\n", 1);
}

void edge_cli_send(struct edge_cli *cli, const char *command, edge_cli_line *line, void *arg)
{
	if (cli->up && !cli->give_up)
		send_command(cli, command, line, arg);
}

/* ---- the check: is this still the process that serves? ---- */
static void look(struct edge_cli *cli);

static void on_info(void *arg, const char *line)
{
	struct edge_cli *cli = arg;

	if (line) {
		if (strcmp(line, "Stopping: 1") == 0)
			cli->give_up = true;
		return;
	}
	cli->looking = false;
	if (cli->give_up)
		return;
	if (!cli->up) {
		cli->up = true;
		cli->handler.up(cli->handler.arg);
	}
	if (cli->look_again)
		look(cli);
}

static void look(struct edge_cli *cli)
{
	cli->look_again = cli->looking;
	if (cli->looking)
		return;
	cli->looking = true;
	send_command(cli, "show info", on_info, cli);
}

void edge_cli_look(struct edge_cli *cli)
{
	if (cli->connected && !cli->give_up)
		look(cli);
}

/* A reload, or a queue that ran over: both are mended by a new connection, at once. For a moment a process that is being
 * replaced still accepts connections. */
static void leave(struct edge_cli *cli)
{
	bool was_up = cli->up;

	if (was_up)
		log_info("leave HAProxy's old process, connecting to the new one");
	drop(cli);
	set_timer(cli, was_up ? 0 : RETRY_STOPPING_MS);
}

static void check(struct edge_cli *cli)
{
	if (cli->give_up) {
		leave(cli);
		return;
	}
	if (!STAILQ_EMPTY(&cli->pending) &&
	    clock_mono_ms() - cli->progress_ms > EDGE_CLI_ANSWER_MS) {
		lose(cli, "it does not answer");
		return;
	}
	edge_cli_look(cli);
	set_timer(cli, EDGE_CLI_CHECK_MS);
}

/* ---- answers ---- */
static void answer_line(struct edge_cli *cli, const char *line)
{
	struct pending *p = STAILQ_FIRST(&cli->pending);

	if (!p)
		return;
	if (p->line) {
		p->line(p->arg, line);
	} else if (line && *line && !p->complained) {
		log_error("tell HAProxy '%s': it says '%s'", p->command, line);
		p->complained = true;
	}
}

static void answer_end(struct edge_cli *cli)
{
	struct pending *p = STAILQ_FIRST(&cli->pending);

	if (!p)
		return;
	cli->progress_ms = clock_mono_ms();
	answer_line(cli, NULL);
	STAILQ_REMOVE_HEAD(&cli->pending, entry);
	cli->count--;
	free(p);
}

static void on_read(struct bufferevent *conn, void *arg)
{
	struct edge_cli *cli = arg;
	struct evbuffer *in = bufferevent_get_input(conn);
	char prompt[2];
	char *line;

	for (;;) {
		if (evbuffer_copyout(in, prompt, 2) == 2 && memcmp(prompt, "> ", 2) == 0) {
			evbuffer_drain(in, 2);
			answer_end(cli);
			continue;
		}
		line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);
		if (!line)
			break;
		answer_line(cli, line);
		free(line);
	}
	if (evbuffer_get_length(in) > LINE_MAX_BYTES)
		lose(cli, "its answer is no text");
	else if (cli->give_up)
		set_timer(cli, 0);
}

/* ---- the connection ---- */
static void on_event(struct bufferevent *conn, short what, void *arg)
{
	struct edge_cli *cli = arg;

	if (what & BEV_EVENT_CONNECTED) {
		if (cli->complained)
			log_info("reach HAProxy at '%s'", cli->path);
		cli->connected = true;
		node_count(COUNT_EDGE_CONNECTIONS);
		cli->complained = false;
		send_command(cli, "prompt", NULL, NULL);
		look(cli);
		set_timer(cli, EDGE_CLI_CHECK_MS);
		return;
	}
	lose(cli, what & BEV_EVENT_EOF ? "it closed the connection"
				       : evutil_socket_error_to_string(errno));
}

static void start(struct edge_cli *cli)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	memcpy(un.sun_path, cli->path, strlen(cli->path) + 1); /* its length was checked */
	cli->conn = bufferevent_socket_new(cli->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!cli->conn) {
		lose(cli, "no memory");
		return;
	}
	bufferevent_setcb(cli->conn, on_read, NULL, on_event, cli);
	bufferevent_enable(cli->conn, EV_READ | EV_WRITE);
	/* Failing at once, it calls on_event() or returns -1 with the connection still ours. */
	if (bufferevent_socket_connect(cli->conn, (struct sockaddr *)&un, sizeof(un)) < 0 &&
	    cli->conn)
		lose(cli, evutil_socket_error_to_string(errno));
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct edge_cli *cli = arg;

	if (cli->connected)
		check(cli);
	else if (!cli->conn)
		start(cli);
}

int edge_cli_new(struct event_base *base, const char *path, const struct edge_cli_handler *handler,
		 struct edge_cli **ret_cli)
{
	struct edge_cli *cli = calloc(1, sizeof(*cli));

	if (!cli)
		return -ENOMEM;
	cli->base = base;
	cli->handler = *handler;
	STAILQ_INIT(&cli->pending);
	cli->path = strdup(path);
	cli->timer = evtimer_new(base, on_timer, cli);
	if (!cli->path || !cli->timer ||
	    strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path)) {
		edge_cli_free(cli);
		return -ENOMEM;
	}
	set_timer(cli, 0);
	*ret_cli = cli;
	return 0;
}

void edge_cli_free(struct edge_cli *cli)
{
	if (!cli)
		return;
	cli->up = false; /* nobody is to be told */
	drop(cli);
	if (cli->timer)
		event_free(cli->timer);
	free(cli->path);
	free(cli);
}

bool edge_cli_is_up(const struct edge_cli *cli)
{
	return cli->up;
}
