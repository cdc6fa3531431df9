/* SPDX-License-Identifier: ISC */
/* lib/conf.c: whatever the text, every setting is there and within bounds, or an error says why. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/escape.h"

static void check(const struct conf *conf)
{
	MUST(conf->domain && conf->domain[0] &&
	     escape_is_clean(conf->domain, strlen(conf->domain)));
	MUST(!strpbrk(conf->domain, " /\\\"'$;"));
	MUST(escape_is_clean(conf->service_name, strlen(conf->service_name)));
	MUST(conf->ssh_host && conf->node_name && conf->node_address && conf->api_ca_file);
	MUST(conf->database[0] == '/' && conf->state_dir[0] == '/');
	MUST(conf->ssh_port >= 1 && conf->ssh_port <= 65535);
	MUST(conf->relay_port_min >= 1024 && conf->relay_port_min <= conf->relay_port_max);
	MUST(conf->hold_seconds >= 0 && conf->hold_seconds <= 300);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *text = malloc(size + 1);
	char why[CONF_ERROR_SIZE] = "";
	struct conf conf;
	int r;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	r = conf_parse("fuzz.conf", text, &conf, why);
	if (r == 0) {
		check(&conf);
		conf_clear(&conf);
	} else {
		MUST(r == -EINVAL && strlen(why) > 0 && strlen(why) < CONF_ERROR_SIZE);
		MUST(!strncmp(why, "fuzz.conf:", 10));
	}
	return 0;
}
