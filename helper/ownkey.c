/* SPDX-License-Identifier: ISC */
/* Finds the key; lib/sshkey.h judges it. */
#include "helper/ownkey.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/home.h"
#include "lib/sshkey.h"
#include "lib/strbuf.h"

/* In the order in which ssh would be wise to prefer them. */
static const char *const own_keys[] = {
	"~/.ssh/id_ed25519.pub",  "~/.ssh/id_ecdsa.pub", "~/.ssh/id_ed25519_sk.pub",
	"~/.ssh/id_ecdsa_sk.pub", "~/.ssh/id_rsa.pub",
};

/* A path has none of these beginnings together with a space. */
static bool is_key_text(const char *given)
{
	static const char *const beginnings[] = { "ssh-", "ecdsa-", "sk-", "-----BEGIN" };
	size_t i;

	if (strchr(given, '\n'))
		return true;
	for (i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (!strncmp(given, beginnings[i], strlen(beginnings[i])) && strchr(given, ' '))
			return true;
	return false;
}

static int check(const char *text, size_t len, const char *name, char **ret_key, char *why)
{
	auto_call(strbuf_clear) struct strbuf sb = STRBUF_INIT(SSHKEY_TEXT_MAX);
	const char *trouble = "out of memory";
	struct sshkey key;
	int r;

	r = sshkey_parse(text, len, &key, &trouble);
	if (r < 0) {
		snprintf(why, OWNKEY_WHY_SIZE, "%.300s: %s", name, trouble);
		return r;
	}
	sshkey_print(&key, &sb);
	if (key.comment[0])
		strbuf_addf(&sb, " %s", key.comment);
	sshkey_clear(&key);
	r = strbuf_take(&sb, ret_key);
	if (r < 0)
		snprintf(why, OWNKEY_WHY_SIZE, "out of memory");
	return r;
}

static int from_file(const char *path, char **ret_key, char *why)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read(path, SSHKEY_TEXT_MAX, &text, &len);

	if (r < 0) {
		snprintf(why, OWNKEY_WHY_SIZE,
			 "cannot read the ssh public key '%.300s': %s; name a .pub file, or make "
			 "one with 'ssh-keygen -t ed25519'",
			 path, r == -EFBIG ? "it is too large to be one" : strerror(-r));
		return r;
	}
	return check(text, len, path, ret_key, why);
}

static int find_own(char **ret_path)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(own_keys); i++) {
		auto_free char *path = NULL;
		int r = home_expand(own_keys[i], &path);

		if (r < 0)
			return r;
		if (!access(path, R_OK)) {
			*ret_path = take_ptr(path);
			return 0;
		}
	}
	return -ENOENT;
}

int ownkey_get(const char *given, char **ret_key, char **ret_from, char ret_why[OWNKEY_WHY_SIZE])
{
	auto_free char *path = NULL;
	int r;

	*ret_from = NULL;
	if (given && is_key_text(given))
		return check(given, strlen(given), "the key given with --sshkey", ret_key, ret_why);
	r = given ? home_expand(given, &path) : find_own(&path);
	if (r < 0) {
		snprintf(ret_why, OWNKEY_WHY_SIZE,
			 "no ssh public key was found in ~/.ssh; make one with 'ssh-keygen -t "
			 "ed25519', or name one with --sshkey");
		return r;
	}
	r = from_file(path, ret_key, ret_why);
	if (r == 0)
		*ret_from = take_ptr(path);
	return r;
}

/* "<path>.pub" or "<path>": is either there? */
static bool either_exists(char *path)
{
	size_t len = strlen(path) - strlen(".pub");
	bool public_exists = !access(path, R_OK);

	path[len] = '\0';
	return public_exists || !access(path, R_OK);
}

size_t ownkey_identities(char ret_paths[OWNKEY_MAX][PATH_MAX])
{
	size_t i, count = 0;

	for (i = 0; i < ARRAY_SIZE(own_keys) && count < OWNKEY_MAX; i++) {
		auto_free char *path = NULL;

		if (home_expand(own_keys[i], &path) < 0 || strlen(path) >= PATH_MAX)
			continue;
		if (either_exists(path))
			memcpy(ret_paths[count++], path, strlen(path) + 1);
	}
	return count;
}
