/* SPDX-License-Identifier: ISC */
/* One thread per survey, which only touches its own struct; whoever is last frees it. */
#include "node/survey.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <event2/event.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "lib/cleanup.h"

#define ADDRESSES 16
#define SAN "X509v3 Subject Alternative Name:"
#define EXPIRE "Expire date:"

struct survey {
	char host[SURVEY_HOST_SIZE], edge_host[SURVEY_HOST_SIZE];
	char pin[2 *
		 SURVEY_HOST_SIZE]; /* CURLOPT_RESOLVE: the host is the edge, wherever it leads when it is asked again */
	uint16_t port;
	size_t slot;
	int fd; /* the thread writes to it when it is done */
	struct event *event;
	atomic_int holders;
	survey_done *done;
	void *arg;
	struct survey_result result;
};

/* Threads that run, also of surveys that were cancelled. The node's own thread takes a slot, the survey's leaves it. */
static struct {
	atomic_bool is_used;
	char owner[SURVEY_OWNER_SIZE];
} slots[SURVEY_MAX];

static int take_slot(const char *owner, size_t *ret_slot)
{
	size_t own = 0, at = SURVEY_MAX;

	for (size_t i = 0; i < SURVEY_MAX; i++) {
		if (!atomic_load(&slots[i].is_used))
			at = i;
		else if (strcmp(slots[i].owner, owner) == 0)
			own++;
	}
	if (at == SURVEY_MAX || own >= SURVEY_OWNER_MAX)
		return -EAGAIN;
	snprintf(slots[at].owner, sizeof(slots[at].owner), "%s", owner);
	atomic_store(&slots[at].is_used, true);
	*ret_slot = at;
	return 0;
}

static void release(struct survey *survey)
{
	if (atomic_fetch_sub(&survey->holders, 1) > 1)
		return;
	close(survey->fd);
	free(survey);
}

/* ---- names ---- */
struct addresses {
	char text[ADDRESSES][INET6_ADDRSTRLEN];
	size_t count;
};

/* Names below it are this machine's (RFC 6761 6.3), which not every resolver knows. */
static bool is_below_localhost(const char *host)
{
	const char *last = strrchr(host, '.');

	return last && strcasecmp(last, ".localhost") == 0;
}

static int look_up(const char *host, struct addresses *ret)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL, *a;
	int r = getaddrinfo(host, NULL, &hints, &list);

	if (r != 0 && is_below_localhost(host))
		r = getaddrinfo("localhost", NULL, &hints, &list);
	ret->count = 0;
	for (a = list; r == 0 && a && ret->count < ADDRESSES; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, ret->text[ret->count], INET6_ADDRSTRLEN,
				NULL, 0, NI_NUMERICHOST) == 0)
			ret->count++;
	if (list)
		freeaddrinfo(list);
	return r;
}

static void print(const struct addresses *a, char *text, size_t size)
{
	size_t at = 0;

	for (size_t i = 0; i < a->count && at < size; i++) {
		int n = snprintf(text + at, size - at, "%s%s", i ? " " : "", a->text[i]);

		at += n > 0 ? (size_t)n : 0;
	}
}

/* An address that is in both; NULL. */
static const char *find_common(const struct addresses *a, const struct addresses *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (strcmp(a->text[i], b->text[j]) == 0)
				return a->text[i];
	return NULL;
}

static void survey_dns(struct survey *survey)
{
	struct survey_result *result = &survey->result;
	struct addresses found, wanted;
	const char *common;
	int r = look_up(survey->host, &found);

	if (r != 0)
		snprintf(result->lookup, sizeof(result->lookup), "%s", gai_strerror(r));
	look_up(survey->edge_host, &wanted);
	print(&found, result->addresses, sizeof(result->addresses));
	print(&wanted, result->wanted, sizeof(result->wanted));
	common = find_common(&found, &wanted);
	result->is_here = common != NULL;
	if (common)
		snprintf(survey->pin, sizeof(survey->pin), "%s:%u:%s", survey->host, survey->port,
			 common);
}

/* ---- certificate ---- */
bool survey_name_covers(const char *name, size_t len, const char *host)
{
	const char *dot = strchr(host, '.');

	if (len > 2 && name[0] == '*' && name[1] == '.') {
		if (!dot)
			return false;
		host = dot;
		name++;
		len--;
	}
	return strlen(host) == len && strncasecmp(name, host, len) == 0;
}

int64_t survey_parse_date(const char *text)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%b %d %H:%M:%S %Y", &tm);

	return end && strcmp(end, " GMT") == 0 ? (int64_t)timegm(&tm) : 0;
}

/* "DNS:*.example.net, DNS:example.net, IP Address:..." */
static bool names_cover(const char *names, const char *host)
{
	while (*names) {
		size_t len;

		names += strspn(names, ", ");
		len = strcspn(names, ",");
		if (strncmp(names, "DNS:", 4) == 0 && survey_name_covers(names + 4, len - 4, host))
			return true;
		names += len;
	}
	return false;
}

static void read_certificate(struct survey *survey, CURL *curl)
{
	struct curl_certinfo *info = NULL;
	const struct curl_slist *line;

	if (curl_easy_getinfo(curl, CURLINFO_CERTINFO, &info) != CURLE_OK || !info ||
	    info->num_of_certs < 1)
		return;
	for (line = info->certinfo[0]; line; line = line->next) {
		if (strncmp(line->data, SAN, strlen(SAN)) == 0)
			survey->result.is_covered =
				names_cover(line->data + strlen(SAN), survey->host);
		else if (strncmp(line->data, EXPIRE, strlen(EXPIRE)) == 0)
			survey->result.expires_s = survey_parse_date(line->data + strlen(EXPIRE));
	}
}

/* The handshake alone: what is behind is asked through the tunnel. Whom the certificate is from does not matter here.
 * MUST 1: to an address of the edge. */
static void survey_tls(struct survey *survey)
{
	struct survey_result *result = &survey->result;
	char url[SURVEY_HOST_SIZE + 32];
	struct curl_slist *pin = curl_slist_append(NULL, survey->pin);
	CURL *curl = pin ? curl_easy_init() : NULL;
	CURLcode r = CURLE_FAILED_INIT;

	snprintf(url, sizeof(url), "https://%s:%u/", survey->host, survey->port);
	if (curl) {
		curl_easy_setopt(curl, CURLOPT_URL, url);
		curl_easy_setopt(curl, CURLOPT_RESOLVE, pin);
		curl_easy_setopt(curl, CURLOPT_PROXY, "");
		curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
		curl_easy_setopt(curl, CURLOPT_CERTINFO, 1L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SURVEY_TIMEOUT_S);
		r = curl_easy_perform(curl);
	}
	if (r == CURLE_OK)
		read_certificate(survey, curl);
	else
		snprintf(result->connect, sizeof(result->connect), "%s", curl_easy_strerror(r));
	if (curl)
		curl_easy_cleanup(curl);
	curl_slist_free_all(pin);
}

static void *run(void *arg)
{
	const uint64_t one = 1;
	struct survey *survey = arg;
	ssize_t n;

	survey_dns(survey);
	if (survey->result.is_here) /* MUST 1 */
		survey_tls(survey);
	atomic_store(&slots[survey->slot].is_used, false);
	n = write(survey->fd, &one, sizeof(one));
	(void)n; /* an eventfd that was never written to takes it */
	release(survey);
	return NULL;
}

/* ---- the node's side ---- */
void survey_cancel(struct survey *survey)
{
	if (!survey)
		return;
	event_free(survey->event);
	release(survey);
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
	struct survey *survey = arg;
	struct survey_result result = survey->result;
	survey_done *done = survey->done;
	void *done_arg = survey->arg;

	survey_cancel(survey);
	done(done_arg, &result);
}

static int start_thread(struct survey *survey)
{
	pthread_attr_t attr;
	pthread_t thread;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attr, run, survey);
	pthread_attr_destroy(&attr);
	return -r;
}

static void copy_question(struct survey *survey, const struct survey_question *question)
{
	snprintf(survey->host, sizeof(survey->host), "%s", question->host);
	snprintf(survey->edge_host, sizeof(survey->edge_host), "%s", question->edge_host);
	survey->port = question->tls_port;
}

int survey_start(struct event_base *base, const struct survey_question *question, survey_done *done,
		 void *arg, struct survey **ret_survey)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	int r;

	if (!survey)
		return -ENOMEM;
	copy_question(survey, question);
	survey->done = done;
	survey->arg = arg;
	atomic_init(&survey->holders, 2);
	survey->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	survey->event =
		survey->fd < 0 ? NULL : event_new(base, survey->fd, EV_READ, on_done, survey);
	r = survey->event && event_add(survey->event, NULL) == 0 ? 0 : -ENOMEM;
	if (r == 0)
		r = take_slot(question->owner, &survey->slot);
	if (r == 0) {
		r = start_thread(survey);
		if (r < 0)
			atomic_store(&slots[survey->slot].is_used, false);
	}
	if (r == 0) {
		*ret_survey = survey;
		return 0;
	}
	if (survey->event)
		event_free(survey->event);
	if (survey->fd >= 0)
		close(survey->fd);
	free(survey);
	return r;
}
