# SPDX-License-Identifier: ISC
# The only makefile. `make help` lists the targets; objects go to $(O)/<flavour>/, so that SAN=1 (address and
# undefined behaviour sanitizers) never mixes with plain.

VERSION  := 0.1.0
O        ?= build
PREFIX   ?= /usr
BINDIR   ?= $(PREFIX)/bin
LIBEXEC  ?= $(PREFIX)/lib/mysocket
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
LIBDIR   ?= $(PREFIX)/lib/$(MULTIARCH)
PAMDIR   ?= $(LIBDIR)/security
MANDIR   ?= $(PREFIX)/share/man
DATADIR  ?= $(PREFIX)/share/mysocket
SYSCONF  ?= /etc

FLAVOUR  := $(if $(SAN),san,plain)
B        := $(O)/$(FLAVOUR)

CC       ?= cc
WARN     := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
            -Wwrite-strings -Wformat=2 -Wvla -Wno-unused-parameter -Wno-missing-field-initializers
HARDEN   := -fstack-protector-strong -fPIC $(if $(SAN),,-D_FORTIFY_SOURCE=2)
comma    := ,
SANFLAGS := $(if $(SAN),-fsanitize=address$(comma)undefined -fno-omit-frame-pointer -fno-sanitize-recover=all) \
            $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer-no-link)
CPPFLAGS += -D_GNU_SOURCE -I. -DMYSOCKET_VERSION='"$(VERSION)"' -DPATHS_LIBEXEC='"$(LIBEXEC)"' \
            -DPATHS_PAM_MODULES='"$(PAMDIR)"'
CFLAGS   ?= -O2 -g
CFLAGS   += -std=gnu17 $(WARN) $(if $(WERROR),-Werror) $(HARDEN) $(SANFLAGS)
LDFLAGS  += -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS)
pkg       = $(shell pkg-config --$(1) $(2) 2>/dev/null)

# ---- what is built: program <- folder's sources, libraries ---------------------------------------------
LIB_SRC     := $(wildcard lib/*.c)
HELPER_SRC  := $(wildcard helper/*.c)
PROXY_SRC   := $(wildcard proxycommand/*.c)
NODE_SRC    := $(wildcard node/*.c)
API_SRC     := $(wildcard api/*.c)
KEYS_SRC    := $(wildcard authkeys/authkeys*.c)
SESSION_SRC := $(wildcard authkeys/session*.c)
SSHD_SRC    := $(wildcard authkeys/sshd*.c)
NSS_SRC     := $(wildcard authkeys/nss*.c)
PAM_SRC     := $(wildcard authkeys/pam*.c)

HELPER_LIBS := libcurl json-c
PROXY_LIBS  := libcurl json-c
NODE_LIBS   := libevent libcurl json-c
API_LIBS    := libmicrohttpd json-c sqlite3 libsodium libjwt libcrypto
ALL_LIBS    := $(HELPER_LIBS) $(NODE_LIBS) $(API_LIBS) libseccomp

obj = $(patsubst %.c,$(B)/%.o,$(1))
# A folder's objects without its main(), so that unit tests can link them.
MAINS := helper/mysocketctl.c proxycommand/mysocket-proxycommand.c node/mysocket-node.c \
         api/mysocket-api.c authkeys/authkeys.c authkeys/session.c authkeys/sshd.c
part  = $(filter-out $(call obj,$(MAINS)),$(call obj,$(1)))

PROGRAMS := $(if $(HELPER_SRC),$(B)/mysocketctl) $(if $(PROXY_SRC),$(B)/mysocket-proxycommand) \
            $(if $(NODE_SRC),$(B)/mysocket-node) $(if $(API_SRC),$(B)/mysocket-api) \
            $(if $(KEYS_SRC),$(B)/mysocket-authkeys) $(if $(SESSION_SRC),$(B)/mysocket-session) \
            $(if $(SSHD_SRC),$(B)/mysocket-sshd)
MODULES  := $(if $(NSS_SRC),$(B)/libnss_mysocket.so.2) $(if $(PAM_SRC),$(B)/pam_mysocket.so)

.PHONY: all check check-unit check-e2e bench fuzz fuzz-run lint format install uninstall stage clean help
.SECONDARY:
.DELETE_ON_ERROR:
all: $(PROGRAMS) $(MODULES) ## build every program and module

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<

PKG_CFLAGS := $(call pkg,cflags,$(ALL_LIBS))

$(B)/libmysocket.a: $(call obj,$(LIB_SRC))
	rm -f $@ && $(AR) rcs $@ $^
$(B)/parts.a: $(call part,$(HELPER_SRC) $(PROXY_SRC) $(NODE_SRC) $(API_SRC) $(KEYS_SRC) $(SESSION_SRC) $(PAM_SRC))
	rm -f $@ && $(AR) rcs $@ $^

$(B)/mysocketctl: $(call obj,$(HELPER_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(HELPER_LIBS))
$(B)/mysocket-proxycommand: $(call obj,$(PROXY_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(PROXY_LIBS))
$(B)/mysocket-node: $(call obj,$(NODE_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(NODE_LIBS))
$(B)/mysocket-api: $(call obj,$(API_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^ $(call pkg,libs,$(API_LIBS)) -lresolv
$(B)/mysocket-authkeys: $(call obj,$(KEYS_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^
$(B)/mysocket-session: $(call obj,$(SESSION_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^
$(B)/mysocket-sshd: $(call obj,$(SSHD_SRC)) $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $^
$(B)/libnss_mysocket.so.2: $(call obj,$(NSS_SRC)) $(B)/libmysocket.a authkeys/nss.map
	$(CC) -shared $(LDFLAGS) -Wl,-soname,libnss_mysocket.so.2 -Wl,--version-script=authkeys/nss.map \
		-o $@ $(filter-out %.map,$^)
$(B)/pam_mysocket.so: $(call obj,$(PAM_SRC)) $(B)/libmysocket.a authkeys/pam.map
	$(CC) -shared $(LDFLAGS) -Wl,--version-script=authkeys/pam.map \
		-o $@ $(filter-out %.map,$^) -lpam $(call pkg,libs,libseccomp)

# ---- tests ---------------------------------------------------------------------------------------------
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/unit/%,$(wildcard tests/unit/test_*.c))
$(B)/tests/%: $(B)/tests/%.o $(B)/parts.a $(B)/libmysocket.a
	$(CC) -pie $(LDFLAGS) -o $@ $< -Wl,--start-group $(B)/parts.a $(B)/libmysocket.a -Wl,--end-group \
		$(call pkg,libs,$(ALL_LIBS) cmocka) -lpam -ldl -lresolv
check-unit: $(UNIT) $(MODULES) ## unit tests (SAN=1: with sanitizers)
	CMOCKA_MESSAGE_OUTPUT=TAP BUILD_DIR=$(B) \
		prove $(PROVEFLAGS) --exec 'env --default-signal timeout -k 10 600' $(UNIT) </dev/null
FUZZ_SECONDS ?= 10
FUZZ := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz/*.c))
$(B)/fuzz/%: $(B)/tests/fuzz/%.o $(B)/parts.a $(B)/libmysocket.a
	@mkdir -p $@.corpus
	$(CC) -pie -fsanitize=fuzzer $(LDFLAGS) -o $@ $< -Wl,--start-group $(B)/parts.a $(B)/libmysocket.a \
		-Wl,--end-group $(call pkg,libs,$(ALL_LIBS)) -lpam -lresolv
fuzz-run: $(FUZZ)
	@for f in $(FUZZ); do echo "$$f for $(FUZZ_SECONDS) s"; \
		$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=1024 -artifact_prefix=$$f. $$f.corpus \
			>$$f.log 2>&1 || { tail -n 60 $$f.log; exit 1; }; tail -n 1 $$f.log; done
fuzz: ## each parser of foreign bytes under libFuzzer for FUZZ_SECONDS (default 10)
	@command -v clang >/dev/null || { echo "fuzz: clang is missing: apt-get install clang" >&2; exit 1; }
	$(MAKE) CC=clang FLAVOUR=fuzz SAN=1 fuzz-run
E2E ?= $(wildcard tests/e2e/*.bats)
check-e2e: stage ## end-to-end tests: real sshd, HAProxy and ssh in private namespaces (root; E2E=files)
	STAGED=1 BUILD_DIR=$(abspath $(B)) prove $(PROVEFLAGS) --exec tests/isolated $(E2E)
bench: all ## figures and ratios beside a bare sshd and HAProxy, within four minutes (root)
	BUILD_DIR=$(abspath $(B)) tests/bench/run
check: ## lint, unit tests with sanitizers, end-to-end tests
	$(MAKE) lint
	$(MAKE) SAN=1 check-unit
	$(MAKE) check-e2e

# ---- style ---------------------------------------------------------------------------------------------
lint: export LINT_CFLAGS := $(subst ',,$(CPPFLAGS)) -std=gnu17 $(PKG_CFLAGS)
lint: ## the house's rules over every file (scripts/lint --help)
	LINT_CACHE=$(O)/lint scripts/lint
format: ## let clang-format write every source file
	clang-format -i $(wildcard $(foreach d,api authkeys helper lib node proxycommand tests/*,$(d)/*.[ch]))

# ---- install -------------------------------------------------------------------------------------------
# Everything goes below DESTDIR; nothing is started. Files of /etc that exist are the operator's: they stay.
D        := $(DESTDIR)
STAGE    := $(B)/stage
USERBIN  := $(filter %/mysocketctl %/mysocket-proxycommand,$(PROGRAMS))
DATA     := $(wildcard haproxy.d/*.cfg haproxy.d/*.map haproxy.d/*.lua haproxy.d/errors/* sshd_config.d/*.conf)
MANPAGES := $(wildcard man/*.[1-8])
UNITS    := $(wildcard scripts/systemd/*.service scripts/systemd/*.path)
manpath   = $(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))
SAMPLES  := $(SYSCONF)/mysocket/mysocket.conf:scripts/conf/mysocket.conf \
            $(SYSCONF)/mysocket/edge.env:haproxy.d/edge.env \
            $(SYSCONF)/pam.d/mysocket:sshd_config.d/mysocket.pam \
            $(SYSCONF)/pam.d/mysocket-sshd:sshd_config.d/mysocket-sshd.pam
install: all ## install below DESTDIR (files of /etc that exist are kept)
	install -d -m 0755 $(addprefix $(D),$(LIBEXEC) $(BINDIR) $(LIBDIR) $(PAMDIR) $(SYSCONF) $(SYSCONF)/pam.d)
	install -m 0755 $(filter-out $(USERBIN),$(PROGRAMS)) $(D)$(LIBEXEC)
	install -m 0755 $(USERBIN) $(D)$(BINDIR)
	install -m 0644 $(filter %.so.2,$(MODULES)) $(D)$(LIBDIR)
	install -m 0644 $(filter %/pam_mysocket.so,$(MODULES)) $(D)$(PAMDIR)
	$(foreach f,$(DATA),install -D -m 0644 $(f) $(D)$(DATADIR)/$(f) &&) :
	$(foreach f,$(MANPAGES),install -D -m 0644 $(f) $(D)$(call manpath,$(f)) &&) :
	install -D -m 0755 scripts/mysocket.sh $(D)$(DATADIR)/scripts/mysocket.sh
	install -D -m 0644 scripts/sysusers.d/mysocket.conf $(D)$(PREFIX)/lib/sysusers.d/mysocket.conf
	install -D -m 0644 scripts/tmpfiles.d/mysocket.conf $(D)$(PREFIX)/lib/tmpfiles.d/mysocket.conf
	install -d -m 0755 $(addprefix $(D)$(PREFIX)/lib/systemd/,system user) $(D)$(SYSCONF)/mysocket
	install -m 0644 $(UNITS) $(D)$(PREFIX)/lib/systemd/system
	install -m 0644 scripts/systemd/user/*.service $(D)$(PREFIX)/lib/systemd/user
	$(foreach s,$(SAMPLES),[ -e $(D)$(word 1,$(subst :, ,$(s))) ] || \
		install -m 0644 $(word 2,$(subst :, ,$(s))) $(D)$(word 1,$(subst :, ,$(s))); )
uninstall: ## remove what install put there, but for the files of /etc
	rm -f $(addprefix $(D)$(LIBEXEC)/,$(notdir $(filter-out $(USERBIN),$(PROGRAMS)))) \
		$(addprefix $(D)$(BINDIR)/,$(notdir $(USERBIN))) $(foreach f,$(MANPAGES),$(D)$(call manpath,$(f))) \
		$(D)$(LIBDIR)/libnss_mysocket.so.2 $(D)$(PAMDIR)/pam_mysocket.so \
		$(D)$(PREFIX)/lib/sysusers.d/mysocket.conf $(D)$(PREFIX)/lib/tmpfiles.d/mysocket.conf \
		$(addprefix $(D)$(PREFIX)/lib/systemd/system/,$(notdir $(UNITS))) \
		$(addprefix $(D)$(PREFIX)/lib/systemd/user/,$(notdir $(wildcard scripts/systemd/user/*.service)))
	rm -rf $(D)$(DATADIR)
	-rmdir $(D)$(LIBEXEC)
stage: ## install into the build folder, for the quickstart and the end-to-end tests
	rm -rf $(STAGE)
	$(MAKE) install DESTDIR=$(abspath $(STAGE)) >/dev/null
clean: ## remove everything built
	rm -rf $(O)
help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

-include $(shell find $(B) -name stage -prune -o -type f -name '*.d' -print 2>/dev/null)
