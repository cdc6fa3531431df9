/* SPDX-License-Identifier: ISC */
/* The dispatch table, and finding a row in it. */
#include "helper/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "helper/suggest.h"
#include "lib/cleanup.h"

const struct ctl_command *const ctl_commands[] = {
	&cmd_account_create,
	&cmd_account_key_add,
	&cmd_account_key_ls,
	&cmd_account_key_rm,
	&cmd_account_show,
	&cmd_completion,
	&cmd_connect,
	&cmd_domain_add,
	&cmd_domain_certify,
	&cmd_domain_check,
	&cmd_domain_ls,
	&cmd_domain_rm,
	&cmd_help,
	&cmd_login,
	&cmd_logout,
	&cmd_service_install,
	&cmd_service_remove,
	&cmd_socket_create,
	&cmd_socket_delete,
	&cmd_socket_ls,
	&cmd_socket_set,
	&cmd_socket_show,
	&cmd_ssh_config,
	&cmd_status,
	&cmd_tunnel_connect,
	&cmd_tunnel_create,
	&cmd_tunnel_delete,
	&cmd_tunnel_ls,
	&cmd_up,
	&cmd_version,
};
const size_t ctl_command_count = ARRAY_SIZE(ctl_commands);

const struct ctl_group ctl_groups[] = {
	{ "account", "Create a new account, see account information, manage its ssh keys." },
	{ "domain", "Lead host names of your own to your sockets." },
	{ "service", "Let systemd keep your tunnels connected." },
	{ "socket", "Manage your global sockets." },
	{ "tunnel", "Manage your tunnels." },
};
const size_t ctl_group_count = ARRAY_SIZE(ctl_groups);

#define WORDS_MAX 3

/* How many words of argv, at its begin, are those of `name`. */
static int matching_words(const char *name, int argc, char *const *argv, bool *ret_whole)
{
	int words = 0;

	*ret_whole = false;
	while (words < argc && !*ret_whole) {
		size_t len = strcspn(name, " ");

		if (strlen(argv[words]) != len || strncmp(argv[words], name, len) != 0)
			break;
		words++;
		*ret_whole = !name[len];
		name += len + 1;
	}
	return words;
}

const struct ctl_command *ctl_command_find(int argc, char *const *argv, int *ret_words)
{
	bool whole;
	size_t i;

	for (i = 0; i < ctl_command_count; i++) {
		*ret_words = matching_words(ctl_commands[i]->name, argc, argv, &whole);
		if (whole)
			return ctl_commands[i];
	}
	return NULL;
}

int ctl_command_words(int argc, char *const *argv)
{
	int best = 0;
	size_t i;

	for (i = 0; i < ctl_command_count; i++) {
		bool whole;
		int words = matching_words(ctl_commands[i]->name, argc, argv, &whole);

		best = words > best ? words : best;
	}
	return best;
}

const struct ctl_group *ctl_group_find(const char *name)
{
	size_t i;

	for (i = 0; i < ctl_group_count; i++)
		if (!strcmp(ctl_groups[i].name, name))
			return &ctl_groups[i];
	return NULL;
}

const char *ctl_command_suggest(int argc, char *const *argv)
{
	const char *best = NULL, *unknown = argv[0];
	char both[128] = "";
	size_t distance, i, len = 0;
	int word, known = ctl_command_words(argc, argv);

	for (word = 0; word < WORDS_MAX && word < argc && argv[word][0] != '-'; word++) {
		len += (size_t)snprintf(both + len, sizeof(both) - len, "%s%.30s", word ? " " : "",
					argv[word]);
		if (word == known)
			unknown = argv[word];
	}
	/* As near as the wrong word is long: those before it are right. */
	distance = suggest_limit(known ? unknown : both);
	for (i = 0; i < ctl_command_count; i++)
		suggest_consider(both, ctl_commands[i]->name, &best, &distance);
	if (best)
		return best;
	distance = suggest_limit(argv[0]);
	for (i = 0; i < ctl_command_count; i++)
		suggest_consider(argv[0], ctl_commands[i]->name, &best, &distance);
	for (i = 0; i < ctl_group_count; i++)
		suggest_consider(argv[0], ctl_groups[i].name, &best, &distance);
	return best;
}
