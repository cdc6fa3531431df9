/* SPDX-License-Identifier: ISC */
/* Checks what lib/clientconf.h finds, and writes the file. Nothing secret lies in it. */
#include "helper/settings.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "lib/clientconf.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/strbuf.h"

#define CONFIG_MAX 16384
#define URL_MAX_LEN 500

static bool is_this_host(const char *host)
{
	static const char suffix[] = ".localhost";
	size_t len = strlen(host), tail = sizeof(suffix) - 1;
	struct in_addr address;

	return !strcasecmp(host, "localhost") ||
	       (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127) ||
	       !strcmp(host, "[::1]") || (len > tail && !strcasecmp(host + len - tail, suffix));
}

static char *part(CURLU *u, CURLUPart what)
{
	char *text = NULL;

	return curl_url_get(u, what, &text, 0) == CURLUE_OK ? text : NULL;
}

static void curl_text_free(char **s)
{
	curl_free(*s);
}

static void curl_url_free(CURLU **u)
{
	curl_url_cleanup(*u);
}

static const char *api_trouble(CURLU *u)
{
	static const CURLUPart unwanted[] = { CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_QUERY,
					      CURLUPART_FRAGMENT };
	auto_call(curl_text_free) char *scheme = part(u, CURLUPART_SCHEME);
	auto_call(curl_text_free) char *host = part(u, CURLUPART_HOST);
	size_t i;

	if (!scheme || !host || !*host)
		return "has no host";
	for (i = 0; i < ARRAY_SIZE(unwanted); i++) {
		auto_call(curl_text_free) char *text = part(u, unwanted[i]);

		if (text)
			return "must be a plain address: no user, '?' or '#' in it";
	}
	if (!strcmp(scheme, "https") || (!strcmp(scheme, "http") && is_this_host(host)))
		return NULL;
	return !strcmp(scheme, "http") ? "must begin with https:// (http:// would send your "
					 "password in the clear)"
				       : "must begin with https://";
}

int settings_api(const char *url, char **ret_api, char ret_why[SETTINGS_WHY_SIZE])
{
	auto_call(curl_url_free) CURLU *u = curl_url();
	size_t len = strlen(url);
	const char *trouble = NULL;
	char *api;

	if (!u)
		return -ENOMEM;
	if (len > URL_MAX_LEN)
		trouble = "is too long";
	else if (!strstr(url, "://"))
		trouble = "must begin with https://";
	else if (curl_url_set(u, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		trouble = "is not an address";
	else
		trouble = api_trouble(u);
	if (trouble) {
		snprintf(ret_why, SETTINGS_WHY_SIZE,
			 "MYSOCKET_API '%.200s' %s; it should look like "
			 "https://api.example.com or https://api.mysocket.localhost:8443",
			 url, trouble);
		return -EINVAL;
	}
	while (len && url[len - 1] == '/')
		len--;
	api = strndup(url, len);
	if (!api)
		return -ENOMEM;
	*ret_api = api;
	return 0;
}

static int find_token(struct settings *s, char *why)
{
	const char *path = clientconf_environment("MYSOCKET_TOKEN_FILE");
	int r;

	if (path) {
		s->token_file = strdup(path);
		return s->token_file ? 0 : -ENOMEM;
	}
	r = home_expand("~/.mysocketio_token", &s->token_file);
	if (r == -ENOENT)
		snprintf(why, SETTINGS_WHY_SIZE,
			 "cannot find your home folder; set HOME to its absolute path");
	return r;
}

static int check_conf(struct settings *s, const struct clientconf *c, char *why)
{
	int r = c->api ? settings_api(c->api, &s->api, why) : 0;

	if (r < 0 || !s->api || !c->ca_file)
		return r;
	s->ca_file = realpath(c->ca_file, NULL);
	if (!s->ca_file) {
		r = -errno;
		snprintf(why, SETTINGS_WHY_SIZE,
			 "cannot find the CA file '%.300s': %s; set MYSOCKET_CA_FILE to the "
			 "service's CA certificate, or unset it",
			 c->ca_file, strerror(errno));
	}
	return r;
}

int settings_load(struct settings *ret_s, char ret_why[SETTINGS_WHY_SIZE])
{
	auto_call(clientconf_clear) struct clientconf c = { 0 };
	struct settings s = { 0 };
	int r = clientconf_load(&c, ret_why);

	if (r < 0)
		return r;
	snprintf(ret_why, SETTINGS_WHY_SIZE, "out of memory");
	s.config_file = take_ptr(c.file);
	r = find_token(&s, ret_why);
	if (r == 0)
		r = check_conf(&s, &c, ret_why);
	if (r < 0)
		settings_clear(&s);
	else
		*ret_s = s;
	return r;
}

/* Makes the folders above `path` that are missing, the last two at most, private. */
static int make_folders(const char *path)
{
	auto_free char *folder = strdup(path);
	char *last, *above;
	int r;

	if (!folder)
		return -ENOMEM;
	last = strrchr(folder, '/');
	if (!last)
		return 0;
	*last = '\0';
	above = strrchr(folder, '/');
	if (above && above != folder) {
		*above = '\0';
		r = file_mkdir(folder, 0700);
		if (r < 0)
			return r;
		*above = '/';
	}
	return file_mkdir(folder, 0700);
}

int settings_save(const struct settings *s)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(CONFIG_MAX);
	int r;

	if (s->ca_file && strchr(s->ca_file, '\n'))
		return -EINVAL;
	strbuf_addf(
		&sb,
		"# written by 'mysocketctl login'; MYSOCKET_API and MYSOCKET_CA_FILE go first\napi = %s\n",
		s->api);
	if (s->ca_file)
		strbuf_addf(&sb, "ca_file = %s\n", s->ca_file);
	r = strbuf_error(&sb);
	if (r == 0)
		r = make_folders(s->config_file);
	return r < 0 ? r : file_write(s->config_file, sb.buf, sb.len, 0600);
}

void settings_clear(struct settings *s)
{
	free(s->api);
	free(s->ca_file);
	free(s->token_file);
	free(s->config_file);
	*s = (struct settings){ 0 };
}
