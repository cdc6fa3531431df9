/* SPDX-License-Identifier: ISC */
/* The user's own ssh public key: found, read and checked here, before it is sent anywhere. */
#ifndef HELPER_OWNKEY_H
#define HELPER_OWNKEY_H

#include <limits.h>
#include <stddef.h>

#define OWNKEY_WHY_SIZE 600
#define OWNKEY_MAX 5

/* `given`: a path, a key's text, or NULL for the first that exists of ~/.ssh/id_ed25519.pub, id_ecdsa.pub,
 * id_ed25519_sk.pub, id_ecdsa_sk.pub, id_rsa.pub. 0 with *ret_key ("type base64", and the comment if there is one: by it its owner knows it; heap) and *ret_from (the path,
 * heap; NULL if it was text). Else a negative errno with a sentence. */
int ownkey_get(const char *given, char **ret_key, char **ret_from, char ret_why[OWNKEY_WHY_SIZE]);

/* The private keys that belong to these names, or would if they were not in an agent alone: those of which either file
 * is there. ssh itself looks in the password database's home, whatever $HOME says. Returns their number. */
size_t ownkey_identities(char ret_paths[OWNKEY_MAX][PATH_MAX]);

#endif
