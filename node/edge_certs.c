/* SPDX-License-Identifier: ISC */
/* Certificates from the API into HAProxy. */
#include "node/edge_certs.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/nodeapi.h"
#include "lib/strbuf.h"
#include "node/edge_cli.h"
#include "node/edge_keys.h"
#include "node/edge_map.h"
#include "node/edge_settings.h"
#include "node/node_http.h"

#define CERTS_LIST "certificates.list"
#define MAP_DEL "del map "

/* One that is there, or comes. */
struct edge_cert {
	LIST_ENTRY(edge_cert) entry;
	TAILQ_ENTRY(edge_cert) due_entry;
	struct edge_certs *certs;
	struct edge_cli *cli;
	struct node_http_request *request;
	struct event *retry;
	bool is_due;
	bool is_new; /* HAProxy has none for the name */
	char domain[EDGE_KEY_SIZE];
	char *command; /* what is to be told once it is loaded */
	char *pem;     /* NULL: it comes */
};

static void ask(struct edge_cert *cert);

void edge_certs_init(struct edge_certs *certs, struct event_base *base, struct node_http *http)
{
	*certs = (struct edge_certs){ .base = base, .http = http };
	LIST_INIT(&certs->list);
	TAILQ_INIT(&certs->due);
}

static void not_due(struct edge_cert *cert)
{
	if (cert->is_due)
		TAILQ_REMOVE(&cert->certs->due, cert, due_entry);
	cert->is_due = false;
}

static void cert_free(struct edge_cert *cert)
{
	not_due(cert);
	LIST_REMOVE(cert, entry);
	node_http_cancel(cert->request);
	if (cert->retry)
		event_free(cert->retry);
	if (cert->pem)
		explicit_bzero(cert->pem, strlen(cert->pem));
	free(cert->pem);
	free(cert->command);
	free(cert);
}

void edge_certs_clear(struct edge_certs *certs)
{
	struct edge_cert *cert;

	while ((cert = LIST_FIRST(&certs->list)) != NULL)
		cert_free(cert);
}

/* ---- to HAProxy ---- */
/* What it says to a command that may have nothing to do. */
static void on_any_answer(void *arg, const char *line)
{
}

static void on_answer_line(void *arg, const char *line)
{
	static const char *const good[] = { "Transaction ", "Committing ", "Success", "Inserting ",
					    "New empty " };

	/* Its prompt for each line of what was sent. */
	while (line && strncmp(line, "+ ", 2) == 0)
		line += 2;
	if (!line || !*line || strcmp(line, "+") == 0)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (strncmp(line, good[i], strlen(good[i])) == 0)
			return;
	log_error("load the certificate of a host name: HAProxy says '%s'", line);
}

static void unload(struct edge_cli *cli, const char *domain)
{
	char command[2 * EDGE_KEY_SIZE];

	snprintf(command, sizeof(command), "del ssl crt-list " CERTS_LIST " mysocket/%s", domain);
	edge_cli_send(cli, command, on_any_answer, NULL);
	snprintf(command, sizeof(command), "del ssl cert mysocket/%s", domain);
	edge_cli_send(cli, command, on_any_answer, NULL);
}

static void load_next(struct edge_certs *certs);

/* To the last command of one. */
static void on_loaded(void *arg, const char *line)
{
	struct edge_certs *certs = arg;

	if (line) {
		on_answer_line(NULL, line);
		return;
	}
	certs->is_loading = false;
	load_next(certs);
}

/* A line of what is sent must not be empty: that is where it ends for HAProxy. */
static void load(struct edge_cert *cert)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(2 * EDGE_CERTS_PEM_MAX);
	char command[4 * EDGE_KEY_SIZE];

	if (cert->is_new) {
		unload(cert->cli, cert->domain);
		snprintf(command, sizeof(command), "new ssl cert mysocket/%s", cert->domain);
		edge_cli_send(cert->cli, command, on_answer_line, NULL);
	}
	strbuf_addf(&sb, "set ssl cert mysocket/%s <<\n%s", cert->domain, cert->pem);
	if (strbuf_error(&sb) < 0)
		return;
	edge_cli_send(cert->cli, sb.buf, on_answer_line, NULL);
	snprintf(command, sizeof(command), "commit ssl cert mysocket/%s", cert->domain);
	edge_cli_send(cert->cli, command, on_answer_line, NULL);
	if (cert->is_new) {
		/* MUST 1 */
		snprintf(command, sizeof(command),
			 "add ssl crt-list " CERTS_LIST " <<\nmysocket/%s %s\n", cert->domain,
			 cert->domain);
		edge_cli_send(cert->cli, command, on_answer_line, NULL);
	}
	cert->certs->is_loading = true;
	edge_cli_send(cert->cli, cert->command, on_loaded, cert->certs);
	cert->is_new = false;
	log_info("load the certificate of '%s' into HAProxy", cert->domain);
}

static void load_next(struct edge_certs *certs)
{
	struct edge_cert *cert;

	while (certs->is_open && !certs->is_loading && (cert = TAILQ_FIRST(&certs->due)) != NULL) {
		not_due(cert);
		load(cert);
	}
}

static void load_in_turn(struct edge_cert *cert)
{
	if (!cert->is_due)
		TAILQ_INSERT_TAIL(&cert->certs->due, cert, due_entry);
	cert->is_due = true;
	load_next(cert->certs);
}

void edge_certs_forget(struct edge_certs *certs)
{
	struct edge_cert *cert;

	while ((cert = TAILQ_FIRST(&certs->due)) != NULL)
		not_due(cert);
	certs->is_loading = false;
}

void edge_certs_hold(struct edge_certs *certs)
{
	certs->is_open = false;
}

void edge_certs_go(struct edge_certs *certs)
{
	certs->is_open = true;
	load_next(certs);
}

/* ---- from the API ---- */
static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	ask(arg);
}

static void ask_later(struct edge_cert *cert)
{
	const struct timeval wait = { .tv_sec = EDGE_CERTS_RETRY_MS / 1000 };

	if (!cert->retry)
		cert->retry = evtimer_new(cert->certs->base, on_retry, cert);
	if (!cert->retry || event_add(cert->retry, &wait) < 0)
		cert_free(cert); /* without memory the next comparison finds it */
}

static bool is_pem(const char *body, size_t len)
{
	return len > 0 && strlen(body) == len && body[len - 1] == '\n' && !strstr(body, "\n\n") &&
	       strncmp(body, "-----BEGIN ", 11) == 0;
}

static void on_certificate(void *arg, int status, char *body, size_t len)
{
	struct edge_cert *cert = arg;

	cert->request = NULL;
	if (status == 200 && is_pem(body, len)) {
		cert->pem = strdup(body);
		explicit_bzero(body, len);
		if (cert->pem)
			load_in_turn(cert);
		else
			cert_free(cert);
	} else if (status == 404) {
		cert_free(cert);
	} else {
		log_warn("fetch the certificate of '%s': the API answers %d, trying again in %d s",
			 cert->domain, status, EDGE_CERTS_RETRY_MS / 1000);
		ask_later(cert);
	}
}

static void ask(struct edge_cert *cert)
{
	char path[sizeof(NODEAPI_CERTIFICATE) + EDGE_KEY_SIZE];
	const struct node_http_call call = {
		.path = path,
		.timeout_ms = EDGE_CERTS_TIMEOUT_MS,
		.max = EDGE_CERTS_PEM_MAX,
		.done = on_certificate,
		.arg = cert,
	};

	snprintf(path, sizeof(path), NODEAPI_CERTIFICATE "%s", cert->domain);
	if (node_http_start(cert->certs->http, &call, &cert->request) < 0)
		ask_later(cert);
}

/* ---- what is to be done ---- */
static struct edge_cert *find(const struct edge_certs *certs, const char *domain)
{
	struct edge_cert *cert;

	LIST_FOREACH(cert, &certs->list, entry)
	if (strcmp(cert->domain, domain) == 0)
		return cert;
	return NULL;
}

/* "add map certificates.map app.example.com long-hill-8399/<version>" */
static const char *version_of(const char *command)
{
	const char *slash = strrchr(command, '/');

	return slash ? slash + 1 : command;
}

/* Its map has no line either, as long as the first one is coming. 0 or -ENOMEM. */
static int set_command(struct edge_cert *cert, const char *command, bool is_new)
{
	char *text;

	if (asprintf(&text, "%s%s", is_new ? EDGE_MAP_ADD : EDGE_MAP_SET,
		     command + strlen(EDGE_MAP_SET)) < 0)
		return -ENOMEM;
	free(cert->command);
	cert->command = text;
	cert->is_new = is_new;
	return 0;
}

static void begin(struct edge_certs *certs, struct edge_cli *cli, const char *domain, bool is_new,
		  const char *command)
{
	struct edge_cert *cert = calloc(1, sizeof(*cert));

	if (!cert)
		return;
	*cert = (struct edge_cert){ .certs = certs, .cli = cli };
	snprintf(cert->domain, sizeof(cert->domain), "%s", domain);
	LIST_INSERT_HEAD(&certs->list, cert, entry);
	if (set_command(cert, command, is_new) == 0)
		ask(cert);
	else
		cert_free(cert);
}

/* The one that is there is loaded if it is of that version, another one is asked for. */
static void want(struct edge_certs *certs, struct edge_cli *cli, const char *domain,
		 const char *command)
{
	struct edge_cert *cert = find(certs, domain);
	bool is_new =
		strncmp(command, EDGE_MAP_ADD, strlen(EDGE_MAP_ADD)) == 0 || (cert && cert->is_new);

	if (cert && cert->pem && strcmp(version_of(cert->command), version_of(command)) == 0 &&
	    set_command(cert, command, is_new) == 0) {
		load_in_turn(cert);
		return;
	}
	if (cert)
		cert_free(cert);
	begin(certs, cli, domain, is_new, command);
}

/* What stands behind `verb` and the map's name: the name's length, or 0. */
static size_t name_behind(const char *command, const char *verb, const char **ret_name)
{
	size_t verb_len = strlen(verb), map_len = strlen(EDGE_CERTIFICATES_MAP);

	if (strncmp(command, verb, verb_len) != 0 ||
	    strncmp(command + verb_len, EDGE_CERTIFICATES_MAP " ", map_len + 1) != 0)
		return 0;
	*ret_name = command + verb_len + map_len + 1;
	return strcspn(*ret_name, " ");
}

bool edge_certs_take(struct edge_certs *certs, struct edge_cli *cli, const char *command)
{
	static const char *const verbs[] = { EDGE_MAP_ADD, EDGE_MAP_SET, MAP_DEL };
	char domain[EDGE_KEY_SIZE];
	const char *name = NULL;
	struct edge_cert *cert;
	size_t i, len = 0;

	for (i = 0; i < ARRAY_SIZE(verbs) && len == 0; i++)
		len = name_behind(command, verbs[i], &name);
	if (len == 0 || len >= sizeof(domain))
		return false;
	snprintf(domain, sizeof(domain), "%.*s", (int)len, name);
	if (strncmp(command, MAP_DEL, strlen(MAP_DEL)) == 0) {
		cert = find(certs, domain);
		if (cert)
			cert_free(cert);
		unload(cli, domain);
		edge_cli_send(cli, command, on_any_answer, NULL);
	} else {
		want(certs, cli, domain, command);
	}
	return true;
}
