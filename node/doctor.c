/* SPDX-License-Identifier: ISC */
/* One tunnel at a time: survey, tunnel, probe. */
#include "node/doctor.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/cleanup.h"
#include "lib/json.h"
#include "lib/nodewire.h"
#include "lib/socketconf.h"
#include "lib/wire.h"
#include "node/attach.h"
#include "node/node.h"
#include "node/probe.h"
#include "node/question.h"
#include "node/survey.h"

#define TEXT_SIZE 512
#define DAY_S 86400

#define HOSTS (1 + SOCKETCONF_DOMAINS_MAX)

struct patient {
	struct node_tunnel info;
	char hosts[HOSTS][SURVEY_HOST_SIZE]; /* the socket's own name, then those of its owner */
	size_t host_count;		     /* 0: another tunnel of a socket that was looked at */
};

struct doctor {
	struct session *session;
	struct survey *survey;
	struct probe *probe;
	bool is_asked; /* the origin: an answer is due */
	size_t count, at, host_at;
	bool found; /* something that is not as it should be */
	struct patient patients[DOCTOR_TUNNELS];
};

static void look_at(struct doctor *doctor);

static void check(struct doctor *doctor, const char *what, bool ok, const char *text)
{
	const struct node_tunnel *info = &doctor->patients[doctor->at].info;
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(WIRE_MAX);

	wire_begin(&sb, NODEWIRE_CHECK);
	attach_add_escaped(&sb, "name", info->socket_name);
	attach_add_escaped(&sb, "url", info->url);
	wire_add(&sb, "what", what);
	wire_add_int(&sb, "ok", ok);
	attach_add_escaped(&sb, "text", text);
	doctor->found |= !ok;
	attach_send(doctor->session->attach, &sb);
}

static void free_doctor(struct doctor *doctor)
{
	survey_cancel(doctor->survey);
	probe_cancel(doctor->probe);
	for (size_t i = 0; i < doctor->count; i++)
		node_tunnel_clear(&doctor->patients[i].info);
	doctor->session->doctor = NULL;
	free(doctor);
}

static void next(struct doctor *doctor)
{
	struct session *session = doctor->session;
	bool found = doctor->found;

	doctor->host_at = 0;
	if (++doctor->at < doctor->count) {
		look_at(doctor);
		return;
	}
	free_doctor(doctor);
	attach_done(session->attach, !found, found ? "" : "all is well");
}

/* ---- the origin ---- */
static void on_probed(void *arg, enum probe_result result)
{
	struct doctor *doctor = arg;

	doctor->probe = NULL;
	if (result == PROBE_REFUSED || (result == PROBE_CLOSED && !doctor->is_asked))
		check(doctor, "origin", false,
		      "refuses connections: is anything listening on the port that -R leads to?");
	else if (result == PROBE_CLOSED)
		check(doctor, "origin", false,
		      "closes connections without an answer: look at its log");
	else if (result == PROBE_OPEN && doctor->is_asked)
		check(doctor, "origin", false,
		      "takes connections, but said nothing within 2 s: look at its log, or "
		      "start it again");
	else
		check(doctor, "origin", true, doctor->is_asked ? "answers" : "takes connections");
	next(doctor);
}

static void probe_origin(struct doctor *doctor, const struct relay_listener *listener)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(QUESTION_MAX);
	struct probe_plan plan = { 0 };

	doctor->is_asked = question_write(&sb, &doctor->patients[doctor->at].info, "HEAD",
					  QUESTION_DOCTOR_AGENT);
	plan.user_id = doctor->session->user_id;
	plan.socket_id = listener->tunnel->socket->socket_id;
	plan.request = sb.buf;
	plan.len = sb.len;
	plan.wait_ms = doctor->is_asked ? DOCTOR_PROBE_MS : RELAYS_PROBE_MS;
	if (strbuf_error(&sb) == 0)
		doctor->probe = probe_start(doctor->session->owner->base, listener->address,
					    listener->port, &plan, on_probed, doctor);
	if (doctor->probe)
		return;
	check(doctor, "origin", false, "cannot be asked now: try again in a moment");
	next(doctor);
}

/* ---- the tunnel ---- */
static const struct relay_listener *find_current(const struct doctor *doctor)
{
	const char *id = doctor->patients[doctor->at].info.tunnel_id;
	const struct relay_tunnel *tunnel =
		strmap_entry(strmap_get(&doctor->session->owner->relays.tunnels, id),
			     struct relay_tunnel, node);
	const struct relay_listener *listener;

	if (!tunnel)
		return NULL;
	TAILQ_FOREACH(listener, &tunnel->listeners, tunnel_entry)
	if (listener->role == TAKEOVER_CURRENT && listener->session)
		return listener;
	return NULL;
}

static void check_tunnel(struct doctor *doctor)
{
	const struct relay_listener *listener = find_current(doctor);
	char text[TEXT_SIZE];

	if (!listener) {
		snprintf(text, sizeof(text),
			 "no login holds relay port %u here: connect it with mysocketctl, or with "
			 "ssh -R %u:127.0.0.1:<your port>",
			 doctor->patients[doctor->at].info.port,
			 doctor->patients[doctor->at].info.port);
		check(doctor, "tunnel", false, text);
		next(doctor);
		return;
	}
	snprintf(text, sizeof(text), "held by session %d from %s", listener->session->process.pid,
		 listener->session->client);
	check(doctor, "tunnel", true, text);
	probe_origin(doctor, listener);
}

/* ---- names and certificates ---- */
static void check_certificate(struct doctor *doctor, const char *host,
			      const struct survey_result *result)
{
	const char *remedy = doctor->host_at ? "put a new one there with mysocketctl domain certify"
					     : "the operator has to get one for *.<domain>";
	int64_t left_s = result->expires_s - (int64_t)time(NULL);
	time_t at = (time_t)result->expires_s;
	char text[TEXT_SIZE], date[32] = "";
	struct tm tm;
	bool ok = false;

	if (result->expires_s && gmtime_r(&at, &tm))
		strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	if (result->connect[0])
		snprintf(text, sizeof(text),
			 "no TLS with %s from here (%s): the operator should look at HAProxy and "
			 "its ports",
			 host, result->connect);
	else if (!result->is_covered)
		snprintf(text, sizeof(text), "does not name %s: %s", host, remedy);
	else if (left_s < (int64_t)DOCTOR_EXPIRES_DAYS * DAY_S)
		snprintf(text, sizeof(text), "%s on %s: %s", left_s < 0 ? "expired" : "expires",
			 date, remedy);
	else
		ok = snprintf(text, sizeof(text), "covers %s until %s", host, date) > 0;
	check(doctor, "certificate", ok, text);
}

static void check_address(struct doctor *doctor, const char *host,
			  const struct survey_result *result)
{
	char text[2 * TEXT_SIZE],
		remedy[SURVEY_HOST_SIZE + 64] = "the operator has to correct its record";

	if (doctor->host_at)
		snprintf(remedy, sizeof(remedy), "make it a CNAME of %s",
			 doctor->patients[doctor->at].hosts[0]);
	if (result->lookup[0])
		snprintf(text, sizeof(text), "%s has no address (%s): %s", host, result->lookup,
			 remedy);
	else if (!result->is_here)
		snprintf(text, sizeof(text), "%s is at %s, but this server at %s: %s", host,
			 result->addresses, result->wanted, remedy);
	else
		snprintf(text, sizeof(text), "%s leads to this server (%s)", host,
			 result->addresses);
	check(doctor, "dns", result->is_here, text);
}

static void on_surveyed(void *arg, const struct survey_result *result)
{
	struct doctor *doctor = arg;
	const struct patient *patient = &doctor->patients[doctor->at];
	const char *host = patient->hosts[doctor->host_at];

	doctor->survey = NULL;
	check_address(doctor, host, result);
	if (result->is_here && strcmp(patient->info.type, "tcp") != 0)
		check_certificate(doctor, host, result);
	doctor->host_at++;
	look_at(doctor);
}

static void look_at(struct doctor *doctor)
{
	const struct patient *patient = &doctor->patients[doctor->at];
	const struct conf *conf = doctor->session->owner->conf;
	bool is_tls = strcmp(patient->info.type, "tls") == 0;
	int64_t port = is_tls ? patient->info.public_port : conf->https_port;
	char edge_host[SURVEY_HOST_SIZE];
	const struct survey_question question = {
		.owner = doctor->session->user_id,
		.host = patient->hosts[doctor->host_at],
		.edge_host = edge_host,
		.tls_port = (uint16_t)port,
	};

	snprintf(edge_host, sizeof(edge_host), "api.%s", conf->domain);
	if (doctor->host_at >= patient->host_count) {
		check_tunnel(doctor);
		return;
	}
	if (survey_start(doctor->session->owner->base, &question, on_surveyed, doctor,
			 &doctor->survey) < 0) {
		check(doctor, "dns", false, "cannot be asked now: try again in a moment");
		check_tunnel(doctor);
	}
}

/* ---- start and end ---- */
/* "https://name.example.net:8443/" -> "name.example.net" */
static void host_of(const char *url, char ret_host[SURVEY_HOST_SIZE])
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	snprintf(ret_host, SURVEY_HOST_SIZE, "%.*s", (int)strcspn(host, ":/"), host);
}

static bool is_known_socket(const struct doctor *doctor, const char *socket_id)
{
	for (size_t i = 0; i < doctor->count; i++)
		if (strcmp(doctor->patients[i].info.socket_id, socket_id) == 0)
			return true;
	return false;
}

static void take_settings(struct patient *patient, const struct socketconf *conf)
{
	for (size_t i = 0;
	     i < conf->domains.count && patient->host_count && patient->host_count < HOSTS; i++)
		snprintf(patient->hosts[patient->host_count++], SURVEY_HOST_SIZE, "%s",
			 conf->domains.items[i]);
}

static void read_settings(struct patient *patient)
{
	const char *text = patient->info.settings;
	char why[SOCKETCONF_ERROR_SIZE];
	struct json_object *o = NULL;
	struct socketconf conf;

	if (!text || !*text || json_parse(text, strlen(text), NODE_LOGIN_MAX, &o) < 0)
		return;
	if (socketconf_read(o, patient->info.type, &conf, why) == 0) {
		take_settings(patient, &conf);
		socketconf_clear(&conf);
	}
	json_object_put(o);
}

static int add_patient(struct doctor *doctor, const struct node_tunnel *info)
{
	struct patient *patient = &doctor->patients[doctor->count];

	if (node_tunnel_copy(&patient->info, info) < 0)
		return -ENOMEM;
	host_of(info->url, patient->hosts[0]);
	patient->host_count = is_known_socket(doctor, info->socket_id) ? 0 : 1;
	read_settings(patient);
	doctor->count++;
	return 0;
}

int doctor_start(struct session *session)
{
	const struct node_login *login = session->login->login;
	struct doctor *doctor = calloc(1, sizeof(*doctor));
	int r = doctor ? 0 : -ENOMEM;

	if (r < 0)
		return r;
	doctor->session = session;
	session->doctor = doctor;
	for (size_t i = 0; r == 0 && i < login->tunnel_count && i < DOCTOR_TUNNELS; i++)
		r = add_patient(doctor, &login->tunnels[i]);
	if (r == 0 && doctor->count == 0) {
		free_doctor(doctor);
		attach_done(session->attach, false,
			    "there is no tunnel yet: make one with mysocketctl connect");
		return 0;
	}
	if (r < 0) {
		free_doctor(doctor);
		return r;
	}
	look_at(doctor);
	return 0;
}

void doctor_cancel(struct session *session)
{
	if (session->doctor)
		free_doctor(session->doctor);
}
