/* SPDX-License-Identifier: ISC */
/* What mysocket-node and the programs around sshd say to each other, as messages of lib/wire.h over
 * PATHS_NODE_SOCKET. The node believes SO_PEERCRED (user id and pid), never a message's own claim.
 *
 * authkeys -> node (peer: root or PATHS_KEYS_USER), one request per connection:
 *	keys user=<ssh user> type=<key type> blob=<base64>
 * node ->
 *	ok [ports=<relay ports, comma-separated>]	the key is one of the account's; without ports it has no
 *						tunnel, and may only ask
 *	no					it is not, or there is no such user: print nothing
 *	error message=<text>			cannot be asked now (API away and nothing cached)
 *
 * pam -> node (peer: root), one request per connection:
 *	account user=<ssh user> client=<address>
 *	open user=<ssh user> client=<address> [key=<key type> <base64>]
 *						with the seccomp notification descriptor; the peer's
 *						pid is the session. key: what logged in, as sshd tells PAM
 *						("publickey <key>" in SSH_AUTH_INFO_0, pam_getenv(3)); so that
 *						removing a key ends just the sessions that it opened
 * node ->
 *	ok token=<64 hex digits>		(token only for `open`)
 *	denied code=<lib/denial.h> message=<text for the user>
 *
 * session -> node (peer: PATHS_TUNNEL_USER; its pid descends from the session that got the token):
 *	attach token=<64 hex digits> tty=<0|1>
 * node -> an answer, then a stream until the session's end:
 *	ok service=<domain>			or denied, as above
 *	tunnel state=<current|standby> name=<socket's name> url=<public URL> port=<relay port> type=<http|https|tcp|tls>
 *	    [waited=<visitors that were held and are served now>]
 *						at each change; the first one is what the welcome shows
 *	origin state=<refuses|closes|silent|answers> name=<socket's name> port=<relay port>
 *						what the tunnel leads to: it refuses connections, it closes
 *						them without an answer, it takes them and says nothing, or it
 *						answers again
 *	log at=<ms since the epoch> client=<address> method= path= status= bytes=<to the client; of a connection: both ways>
 *	    total_ms= origin_ms=<-1: none> port=<relay port> [end=<why it ended>]
 *						a request; with `end` a connection to a tcp or tls socket: method is
 *						TCP or TLS, path is empty, status 0, origin_ms -1
 *	dropped count=<log lines>		so many older lines were dropped here, to keep up
 *	notice text=<for the user>
 *	end code=<lib/denial.h> message=<text>	the node is about to end this session
 * session -> node (as for attach), one command per login:
 *	command token=<64 hex digits> name=<who|log|kick|doctor> [argument=<session>]
 * node -> denied or `ok`, as above, then
 *	holder session=<number> state=<current|standby> client=<address> since=<ms since the epoch>
 *	    [name= url= type= port= requests=<answered> origin=<answers|refuses|closes|silent>]
 *						who: a session of the account, once for each of its tunnels
 *	log ... name=<socket's name> url=	log: as above, of all the account's tunnels; and `dropped`
 *	check name= url= what=<dns|certificate|tunnel|origin> ok=<0|1> text=<found, and the remedy>
 *						doctor
 *	done ok=<0|1> [text=<for the user>]	the end; also `end`, as above
 * Text values have been through escape_add().
 */
#ifndef LIB_NODEWIRE_H
#define LIB_NODEWIRE_H

#define NODEWIRE_KEYS "keys"
#define NODEWIRE_ACCOUNT "account"
#define NODEWIRE_OPEN "open"
#define NODEWIRE_ATTACH "attach"
#define NODEWIRE_COMMAND "command"

#define NODEWIRE_OK "ok"
#define NODEWIRE_NO "no"
#define NODEWIRE_ERROR "error"
#define NODEWIRE_DENIED "denied"
#define NODEWIRE_TUNNEL "tunnel"
#define NODEWIRE_ORIGIN "origin"
#define NODEWIRE_LOG "log"
#define NODEWIRE_DROPPED "dropped"
#define NODEWIRE_NOTICE "notice"
#define NODEWIRE_END "end"
#define NODEWIRE_HOLDER "holder"
#define NODEWIRE_CHECK "check"
#define NODEWIRE_DONE "done"

/* The names of commands. */
#define NODEWIRE_WHO "who"
#define NODEWIRE_FOLLOW "log"
#define NODEWIRE_KICK "kick"
#define NODEWIRE_DOCTOR "doctor"

#define NODEWIRE_TOKEN_LEN 64
/* The environment variable in which pam_mysocket leaves the token for mysocket-session. */
#define NODEWIRE_TOKEN_ENV "MYSOCKET_SESSION_TOKEN"

/* Deadlines of the askers, in milliseconds: above the node's own towards the API, below sshd's patience. */
#define NODEWIRE_TIMEOUT_MS 5000

#endif
