/* SPDX-License-Identifier: ISC */
/* Networks as beginnings of addresses in hex. */
#include "node/edge_networks.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/socketconf.h"

#define DIGIT_BITS 4

static int key_add(struct edge_keys *keys, const char *key)
{
	size_t before = keys->count;

	edge_keys_add(keys, key);
	return keys->count == before ? -ENOMEM : 0;
}

static unsigned digit_of(const struct cidr *cidr, unsigned i)
{
	return i % 2 ? cidr->address[i / 2] & 0xf : cidr->address[i / 2] >> DIGIT_BITS;
}

/* The keys of one network: whole digits, and each value of a last one that is not whole. */
static int add_network(const struct cidr *cidr, const char *label, struct edge_keys *keys)
{
	unsigned whole = cidr->prefix / DIGIT_BITS, rest = cidr->prefix % DIGIT_BITS;
	unsigned last = rest ? 1U << (DIGIT_BITS - rest) : 1;
	char key[EDGE_KEY_SIZE];
	int r = 0, len = snprintf(key, sizeof(key), "%s/%d/", label, cidr->is_v6 ? 32 : 8);

	for (unsigned i = 0; i < whole; i++)
		len += snprintf(key + len, sizeof(key) - (size_t)len, "%X", digit_of(cidr, i));
	for (unsigned i = 0; r == 0 && i < last; i++) {
		if (rest)
			snprintf(key + len, sizeof(key) - (size_t)len, "%X",
				 digit_of(cidr, whole) + i);
		r = key_add(keys, key);
	}
	return r;
}

static bool is_denied(const struct edge_keys *denied, const char *key)
{
	for (size_t i = 0; i < denied->count; i++)
		if (strncmp(denied->items[i], key, strlen(denied->items[i])) == 0)
			return true;
	return false;
}

static int add_allowed(const struct cidr *cidr, const char *label, const struct edge_keys *denied,
		       struct edge_keys *allowed)
{
	struct edge_keys keys = { 0 };
	int r = add_network(cidr, label, &keys);

	for (size_t i = 0; r == 0 && i < keys.count; i++)
		if (!is_denied(denied, keys.items[i]))
			r = key_add(allowed, keys.items[i]);
	edge_keys_clear(&keys);
	return r;
}

int edge_networks_keys(const struct socketconf *conf, const char *label,
		       struct edge_keys *ret_denied, struct edge_keys *ret_allowed)
{
	char rest[EDGE_KEY_SIZE];
	int r = 0;

	if (conf->allowed_count == 0 && conf->denied_count == 0)
		return 0;
	snprintf(rest, sizeof(rest), "%s/", label);
	for (size_t i = 0; r == 0 && i < conf->denied_count; i++)
		r = add_network(&conf->denied[i], label, ret_denied);
	for (size_t i = 0; r == 0 && i < conf->allowed_count; i++)
		r = add_allowed(&conf->allowed[i], label, ret_denied, ret_allowed);
	if (r < 0)
		return r;
	return key_add(conf->allowed_count ? ret_denied : ret_allowed, rest);
}
