/* SPDX-License-Identifier: ISC */
/* helper/offered.c: an ssh-agent's answer becomes lines of base64 and nothing else; each key in it is found again. */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "helper/offered.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct offered o;
	size_t before;
	int r;

	offered_init(&o);
	r = offered_add_agent(&o, data, size);
	MUST(r == 0 || r == -EINVAL);
	MUST(strspn(o.keys.buf,
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=\n") ==
	     o.keys.len);
	MUST(!strstr(o.keys.buf, "\n\n"));
	/* Nothing comes twice. */
	before = o.keys.len;
	MUST(offered_add_agent(&o, data, size) == r && o.keys.len == before);
	offered_clear(&o);
	return 0;
}
