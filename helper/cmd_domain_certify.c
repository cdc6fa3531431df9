/* SPDX-License-Identifier: ISC */
/* mysocketctl domain certify: sends a certificate with its key. */
#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "helper/command.h"
#include "helper/ctl.h"
#include "helper/domain.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#define PEM_MAX 30000

struct options {
	struct ctl_common common;
	const char *certificate;
	const char *key;
};

static const struct ctl_option table[] = {
	{ "certificate", CTL_OPTION_STRING, offsetof(struct options, certificate),
	  .metavar = "FILE", .required = true,
	  .help = "The certificate and those that signed it, in order, as PEM (fullchain.pem)" },
	{ "key", CTL_OPTION_STRING, offsetof(struct options, key), .metavar = "FILE",
	  .required = true, .help = "Its private key, as PEM without a passphrase (privkey.pem)" },
};

static int read_pem(struct ctl *ctl, const char *option, const char *path, char **ret_text)
{
	int r = file_read(path, PEM_MAX, ret_text, NULL);

	return r < 0 ? ctl_fail(ctl, r, "cannot read '%s': %s; check --%s", path, strerror(-r),
				option)
		     : 0;
}

static int send_files(struct ctl *ctl, const char *path, const char *certificate, const char *key)
{
	struct json_object *answer = NULL;
	struct json_object *body = ctl_json_strings("certificate", certificate, "key", key, NULL);
	int r = body ? ctl_call(ctl, "PUT", path, body, &answer)
		     : ctl_fail(ctl, -ENOMEM, "out of memory");

	json_object_put(body);
	if (r == 0)
		r = domain_print(ctl, answer);
	json_object_put(answer);
	return r;
}

static int run(struct ctl *ctl, const void *values)
{
	const struct options *options = values;
	auto_free char *certificate = NULL, *key = NULL;
	char path[DOMAIN_PATH_SIZE];
	int r = domain_path(ctl, "/certificate", path);

	if (r == 0)
		r = read_pem(ctl, "certificate", options->certificate, &certificate);
	if (r == 0)
		r = read_pem(ctl, "key", options->key, &key);
	if (r == 0)
		r = send_files(ctl, path, certificate, key);
	if (key)
		explicit_bzero(key, strlen(key));
	return r;
}

const struct ctl_command cmd_domain_certify = {
	.name = "domain certify",
	.run = run,
	.table = { table, ARRAY_SIZE(table) },
	.options_size = sizeof(struct options),
	.args = "DOMAIN",
	.flags = CTL_NEEDS_TOKEN,
	.summary = "Give the service the certificate for a host name, for https and tls.",
};
