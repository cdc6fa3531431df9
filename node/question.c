/* SPDX-License-Identifier: ISC */
/* PROXY header, request line, Host. */
#include "node/question.h"

#include <json-c/json.h>
#include <string.h>

#include "lib/json.h"
#include "lib/socketconf.h"
#include "lib/strbuf.h"
#include "node/node_login.h"

/* proxy-protocol.txt 2.2: the signature, version 2 LOCAL, no addresses, no length. */
static const char local_header[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";

/* Settings that can't be read were never in force either. */
static bool read_settings(const struct node_tunnel *tunnel, struct socketconf *ret_conf)
{
	const char *text = tunnel->settings;
	char why[SOCKETCONF_ERROR_SIZE];
	struct json_object *o = NULL;
	int r;

	if (!text || !*text || json_parse(text, strlen(text), NODE_LOGIN_MAX, &o) < 0)
		return false;
	r = socketconf_read(o, tunnel->type, ret_conf, why);
	json_object_put(o);
	return r == 0;
}

/* "https://name.example.net:8443/" -> "name.example.net:8443" */
static void add_host(struct strbuf *sb, const char *url)
{
	const char *host = strstr(url, "://");

	host = host ? host + 3 : url;
	strbuf_add(sb, host, strcspn(host, "/"));
}

bool question_write(struct strbuf *sb, const struct node_tunnel *tunnel, const char *method,
		    const char *agent)
{
	bool is_http = strncmp(tunnel->type, "http", 4) == 0;
	struct socketconf conf = { 0 };
	bool is_set = read_settings(tunnel, &conf);

	if (is_set && conf.proxy_protocol)
		strbuf_add(sb, local_header, sizeof(local_header) - 1);
	if (is_http) {
		strbuf_addf(sb, "%s / HTTP/1.1\r\nHost: ", method);
		if (is_set && conf.host_header)
			strbuf_adds(sb, conf.host_header);
		else
			add_host(sb, tunnel->url);
		strbuf_addf(sb, "\r\nUser-Agent: %s\r\nAccept: */*\r\nConnection: close\r\n\r\n",
			    agent);
	}
	if (is_set)
		socketconf_clear(&conf);
	return is_http;
}
