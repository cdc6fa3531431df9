/* SPDX-License-Identifier: ISC */
/* helper/upconf.c: whatever the text, each socket that comes out can be connected and written to an ssh_config, or an error
 * names the line. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "helper/sshconf.h"
#include "helper/upconf.h"
#include "lib/cleanup.h"
#include "lib/escape.h"

static void check(const struct upconf_socket *s)
{
	MUST(s->name[0] && escape_is_clean(s->name, strlen(s->name)));
	MUST(s->line > 0);
	MUST(s->port >= 1 && s->port <= 65535);
	MUST(s->tunnels >= 1 && s->tunnels <= UPCONF_TUNNELS_MAX);
	MUST(sshconf_is_host(s->host));
	MUST(!s->is_protected || (s->username && s->password_file));
	MUST(s->is_protected || (!s->username && !s->password_file));
	MUST(!s->is_protected || !strncmp(s->type, "http", 4));
	MUST(!s->identity || s->identity[0] == '/');
	MUST(s->ssh_options.count <= CTL_LIST_MAX);
	MUST(!s->settings.sticky || !s->settings.no_sticky);
	MUST(upconf_socket_equal(s, s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	char why[UPCONF_WHY_SIZE] = "";
	struct upconf conf;
	size_t i;
	int r;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	r = upconf_parse("fuzz.conf", text, &conf, why);
	if (r < 0) {
		MUST(r == -EINVAL && strlen(why) < UPCONF_WHY_SIZE);
		MUST(!strncmp(why, "fuzz.conf:", 10));
		return 0;
	}
	MUST(conf.count >= 1 && conf.count <= UPCONF_SOCKETS_MAX);
	for (i = 0; i < conf.count; i++)
		check(&conf.sockets[i]);
	upconf_clear(&conf);
	return 0;
}
