/* SPDX-License-Identifier: ISC */
/* Certificates from the API into HAProxy. */
#include "node/edge_certs.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/log.h"
#include "lib/nodeapi.h"
#include "lib/strbuf.h"
#include "node/edge_cli.h"
#include "node/edge_map.h"
#include "node/edge_settings.h"
#include "node/node_http.h"

#define MAP_DEL "del map "

/* One that is there, or comes. */
struct edge_cert {
	LIST_ENTRY(edge_cert) entry;
	TAILQ_ENTRY(edge_cert) due_entry;
	struct edge_certs *certs;
	struct node_http_request *request;
	struct event *retry;
	bool is_due;
	bool is_new; /* HAProxy has none for the name */
	char domain[EDGE_KEY_SIZE];
	char *command; /* what is to be told once it is loaded */
	char *pem;     /* NULL: it comes */
};

static void ask(struct edge_cert *cert);

int edge_certs_init(struct edge_certs *certs, struct event_base *base, struct node_http *http,
		    const char *folder)
{
	*certs = (struct edge_certs){ .base = base, .http = http };
	LIST_INIT(&certs->list);
	TAILQ_INIT(&certs->due);
	return edge_cert_files_init(&certs->files, base, folder);
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
	if (cert->certs->load.cert == cert)
		cert->certs->load.cert = NULL;
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
	edge_cert_files_clear(&certs->files);
}

static struct edge_cert *find(const struct edge_certs *certs, const char *domain)
{
	struct edge_cert *cert;

	LIST_FOREACH(cert, &certs->list, entry)
	if (strcmp(cert->domain, domain) == 0)
		return cert;
	return NULL;
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

/* ---- to HAProxy ---- */
/* What it says to a command that may have nothing to do. */
static void on_any_answer(void *arg, const char *line)
{
}

static void on_answer_line(void *arg, const char *line)
{
	static const char *const good[] = { "Transaction ", "Committing ", "Inserting ",
					    "New empty " };
	struct edge_certs *certs = arg;

	/* Its prompt for each line of what was sent. */
	while (line && strncmp(line, "+ ", 2) == 0)
		line += 2;
	if (!line || !*line || strcmp(line, "+") == 0)
		return;
	if (strncmp(line, "Success", strlen("Success")) == 0) {
		certs->load.successes++;
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (strncmp(line, good[i], strlen(good[i])) == 0)
			return;
	log_error("load the certificate of '%s': HAProxy says '%s'", certs->load.domain, line);
}

static void say(struct edge_certs *certs, edge_cli_line *line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void say(struct edge_certs *certs, edge_cli_line *line, const char *fmt, ...)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(2 * EDGE_CERTS_PEM_MAX);
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	if (strbuf_error(&sb) == 0)
		edge_cli_send(certs->cli, sb.buf, line, certs);
}

static void unload(struct edge_certs *certs, const char *domain)
{
	char path[EDGE_CERT_PATH_SIZE];

	edge_cert_files_path(&certs->files, domain, path);
	say(certs, on_any_answer, "del ssl crt-list %s/list %s", certs->files.folder, path);
	say(certs, on_any_answer, "del ssl cert %s", path);
}

/* It is shown: so does the next process after a reload. */
static void keep(struct edge_certs *certs, const struct edge_cert *cert)
{
	/* "add map <map> <host name> <value>" */
	const char *value = strrchr(cert->command, ' ') + 1;
	int r = edge_cert_files_put(&certs->files, cert->domain, value, cert->pem);

	log_info("load the certificate of '%s' into HAProxy", cert->domain);
	if (r < 0)
		log_error_r(r,
			    "write the certificate of '%s' into '%s', a reload of HAProxy does "
			    "not show it at once",
			    cert->domain, certs->files.folder);
}

/* Of what is not there the map has no line. */
static void tell_none(struct edge_certs *certs, const char *domain)
{
	say(certs, on_any_answer, MAP_DEL EDGE_CERTIFICATES_MAP " %s", domain);
}

static void undo_new(struct edge_certs *certs)
{
	const char *domain = certs->load.domain;
	struct edge_cert *cert = find(certs, domain);

	tell_none(certs, domain);
	edge_cert_files_remove(&certs->files, domain);
	if (cert)
		set_command(cert, cert->command, true);
}

static void load_next(struct edge_certs *certs);

/* To the last command of one. */
static void on_loaded(void *arg, const char *line)
{
	struct edge_certs *certs = arg;
	/* Of the commit, and of the entry in the list. */
	size_t wanted = certs->load.is_new ? 2 : 1;

	if (line) {
		on_answer_line(certs, line);
		return;
	}
	certs->is_loading = false;
	if (certs->load.successes < wanted && certs->load.is_new)
		undo_new(certs);
	else if (certs->load.successes >= wanted && certs->load.cert)
		keep(certs, certs->load.cert);
	load_next(certs);
}

/* A line of what is sent must not be empty: that is where it ends for HAProxy. */
static void load(struct edge_certs *certs, struct edge_cert *cert)
{
	char path[EDGE_CERT_PATH_SIZE];

	certs->load = (struct edge_certs_load){ .cert = cert, .is_new = cert->is_new };
	snprintf(certs->load.domain, sizeof(certs->load.domain), "%s", cert->domain);
	certs->is_loading = true;
	edge_cert_files_path(&certs->files, cert->domain, path);
	if (cert->is_new) {
		unload(certs, cert->domain);
		say(certs, on_answer_line, "new ssl cert %s", path);
	}
	say(certs, on_answer_line, "set ssl cert %s <<\n%s", path, cert->pem);
	say(certs, on_answer_line, "commit ssl cert %s", path);
	if (cert->is_new) /* MUST 1 */
		say(certs, on_answer_line, "add ssl crt-list %s/list <<\n%s %s\n",
		    certs->files.folder, path, cert->domain);
	edge_cli_send(certs->cli, cert->command, on_loaded, certs);
	cert->is_new = false;
}

static void load_next(struct edge_certs *certs)
{
	struct edge_cert *cert;

	while (certs->is_open && !certs->is_loading && (cert = TAILQ_FIRST(&certs->due)) != NULL) {
		not_due(cert);
		load(certs, cert);
	}
}

static void load_in_turn(struct edge_cert *cert)
{
	if (!cert->is_due)
		TAILQ_INSERT_TAIL(&cert->certs->due, cert, due_entry);
	cert->is_due = true;
	load_next(cert->certs);
}

/* ---- one process of HAProxy after the other ---- */
void edge_certs_forget(struct edge_certs *certs)
{
	struct edge_cert *cert;

	LIST_FOREACH(cert, &certs->list, entry)
	{
		not_due(cert);
		cert->is_new = false; /* the next comparison knows */
	}
	certs->is_loading = false;
	certs->load.cert = NULL;
	edge_certs_hold(certs);
}

void edge_certs_hold(struct edge_certs *certs)
{
	certs->is_open = false;
	edge_cert_files_hold(&certs->files);
}

/* "/run/mysocket/certificates/app.example.com.pem app.example.com" */
void edge_certs_sync_listed(struct edge_certs *certs, const struct edge_map *map, const char *line)
{
	const char *domain = strrchr(line, ' ');

	if (line[0] != '/' || !domain || strlen(++domain) >= EDGE_KEY_SIZE)
		return;
	if (edge_map_get(map, domain))
		edge_cert_files_listed(&certs->files, domain);
	else
		unload(certs, domain);
}

/* "0x55d4 app.example.com long-hill-8399/<version>" */
void edge_certs_sync_line(struct edge_certs *certs, struct edge_map *map, const char *line)
{
	char domain[EDGE_KEY_SIZE], copy[EDGE_KEY_SIZE + sizeof("0x0  -")];
	const char *key = strchr(line, ' '), *value = key ? strchr(key + 1, ' ') : NULL;

	if (strncmp(line, "0x", 2) == 0 && value && (size_t)(value - key) <= sizeof(domain)) {
		snprintf(domain, sizeof(domain), "%.*s", (int)(value - key - 1), key + 1);
		if (edge_cert_files_lacks(&certs->files, domain)) {
			tell_none(certs, domain);
			return;
		}
		if (!edge_cert_files_saw(&certs->files, domain, value + 1)) {
			snprintf(copy, sizeof(copy), "0x0 %s -", domain);
			line = copy;
		}
	}
	edge_map_sync_line(map, line);
}

void edge_certs_go(struct edge_certs *certs)
{
	certs->is_open = true;
	edge_cert_files_go(&certs->files);
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
/* "add map <map> app.example.com long-hill-8399/<version>" */
static const char *version_of(const char *command)
{
	const char *slash = strrchr(command, '/');

	return slash ? slash + 1 : command;
}

static void begin(struct edge_certs *certs, const char *domain, bool is_new, const char *command)
{
	struct edge_cert *cert = calloc(1, sizeof(*cert));

	if (!cert)
		return;
	*cert = (struct edge_cert){ .certs = certs };
	snprintf(cert->domain, sizeof(cert->domain), "%s", domain);
	LIST_INSERT_HEAD(&certs->list, cert, entry);
	if (set_command(cert, command, is_new) == 0)
		ask(cert);
	else
		cert_free(cert);
}

/* The one that is there is loaded if it is of that version, another one is asked for. */
static void want(struct edge_certs *certs, const char *domain, const char *command)
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
	begin(certs, domain, is_new, command);
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

bool edge_certs_take(struct edge_certs *certs, const char *command)
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
		edge_cert_files_remove(&certs->files, domain);
		unload(certs, domain);
		edge_cli_send(certs->cli, command, on_any_answer, NULL);
	} else {
		want(certs, domain, command);
	}
	return true;
}
