/* SPDX-License-Identifier: ISC */
/* The seccomp filter of a session. libseccomp also sets no_new_privs, which suits us: nothing that a tunnel's
 * login starts has a reason to gain rights. */
#include "authkeys/pam_broker.h"

#include <errno.h>
#include <linux/netlink.h>
#include <seccomp.h>

static int add_rules(scmp_filter_ctx ctx)
{
	int r;

	/* x32 is a foreign architecture for libseccomp, as is i386 through int 0x80. */
	r = seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (r < 0)
		return r;
	/* getaddrinfo(3) binds a netlink socket with each call, known by its address's length, which no
	 * internet address has: refused here, so that a login does not wait for the node three times more. */
	r = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(bind), 1,
			     SCMP_A2(SCMP_CMP_EQ, sizeof(struct sockaddr_nl)));
	if (r < 0)
		return r;
	r = seccomp_rule_add(ctx, SCMP_ACT_NOTIFY, SCMP_SYS(bind), 1,
			     SCMP_A2(SCMP_CMP_NE, sizeof(struct sockaddr_nl)));
	if (r < 0)
		return r;
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(io_uring_setup), 0);
}

int pam_broker_load(int *ret_notify_fd)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r, fd = -1;

	if (!ctx)
		return -ENOMEM;
	r = add_rules(ctx);
	if (!r)
		r = seccomp_load(ctx);
	if (!r) {
		fd = seccomp_notify_fd(ctx);
		r = fd < 0 ? fd : 0;
	}
	seccomp_release(ctx);
	if (r < 0)
		return r;
	*ret_notify_fd = fd;
	return 0;
}
