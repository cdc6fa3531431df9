/* SPDX-License-Identifier: ISC */
/* The commands of mysocketctl: one row each. --help, "did you mean" and the man page's test read this table. */
#ifndef HELPER_COMMAND_H
#define HELPER_COMMAND_H

#include <stddef.h>

#include "helper/options.h"

struct ctl;
struct strbuf;

enum ctl_command_flags {
	CTL_NEEDS_API = 1,   /* ctl->settings and ctl->rest are ready */
	CTL_NEEDS_TOKEN = 3, /* and so is ctl->token */
};

struct ctl_command {
	const char *name; /* one to three words: "account create" */
	/* 0; or a negative errno, said. `options` is the command's filled options struct. */
	int (*run)(struct ctl *ctl, const void *options);
	struct ctl_option_table table;
	size_t options_size; /* of the options struct, which begins with a struct ctl_common */
	const char *args;    /* "[COMMAND]..." in the usage line; NULL: takes none */
	unsigned flags;
	const char *summary;
	const char *description; /* more for --help; may be NULL */
};

struct ctl_group {
	const char *name;
	const char *summary;
};

extern const struct ctl_command *const ctl_commands[];
extern const size_t ctl_command_count;
extern const struct ctl_group ctl_groups[];
extern const size_t ctl_group_count;

/* The command that argv begins with, and how many words it took; NULL if there is none. */
const struct ctl_command *ctl_command_find(int argc, char *const *argv, int *ret_words);
const struct ctl_group *ctl_group_find(const char *name);
/* How many words of argv, at its begin, are the beginning of some command's name. */
int ctl_command_words(int argc, char *const *argv);
/* The nearest command to the words typed: a command's or a group's name, or NULL. */
const char *ctl_command_suggest(int argc, char *const *argv);

/* Append what --help prints: all commands; those of a group; one command. */
void ctl_help_all(struct strbuf *sb);
void ctl_help_group(const struct ctl_group *group, struct strbuf *sb);
void ctl_help_command(const struct ctl_command *command, struct strbuf *sb);

/* One file per command, which holds its row. */
extern const struct ctl_command cmd_account_create, cmd_account_key_add, cmd_account_key_ls,
	cmd_account_key_rm, cmd_account_show, cmd_completion, cmd_connect, cmd_domain_add,
	cmd_domain_certify, cmd_domain_check, cmd_domain_ls, cmd_domain_rm, cmd_help, cmd_login,
	cmd_logout, cmd_service_install, cmd_service_remove, cmd_socket_create, cmd_socket_delete,
	cmd_socket_ls, cmd_socket_set, cmd_socket_show, cmd_ssh_config, cmd_status,
	cmd_tunnel_connect, cmd_tunnel_create, cmd_tunnel_delete, cmd_tunnel_ls, cmd_up,
	cmd_version;

#endif
