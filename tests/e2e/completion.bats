# SPDX-License-Identifier: ISC
# Completion of mysocketctl and mysocket-proxycommand, in a bash, a zsh and a fish that complete. A shell that is missing fails: scripts/packages test.

bats_require_minimum_version 1.5.0
# shellcheck source=scripts/functions.sh
. "$BATS_TEST_DIRNAME/../../scripts/functions.sh"

teardown() {
	[ -z "${TERMINAL-}" ] || tmux -S "$TERMINAL" kill-server 2>/dev/null || true
}

setup() {
	export HOME="$BATS_TEST_TMPDIR"
	# What readline would ask for, in a bash of its own: names that complete the last word.
	cat >"$BATS_TEST_TMPDIR/complete" <<-'END'
		compopt() { echo "compopt $*"; }
		source <(mysocketctl completion bash)
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		"$(complete -p "$1" | sed 's/.*-F \([^ ]*\) .*/\1/')"
		[ ${#COMPREPLY[@]} = 0 ] || printf '%s\n' "${COMPREPLY[@]}"
	END
}

completes() { # expected words in one string, command line
	local expected=$1
	shift
	run bash --norc "$BATS_TEST_TMPDIR/complete" "${PROGRAM-mysocketctl}" "$@"
	[ "$status" = 0 ]
	[ "$(tr '\n' ' ' <<<"$output")" = "$expected " ] || { echo "$*: $output"; return 1; }
}

@test "bash completes commands, of one word to three" {
	completes 'completion connect' co
	completes 'create delete ls set show' socket ''
	completes 'key' account k
	completes 'add ls rm' account key ''
	completes 'ssh-config' --json ssh
	completes '--json --help --version' -
	completes 'bash zsh fish' completion ''
	completes 'add ls rm' help account key ''
	completes 'connect' help conn
}

@test "bash completes options, and what they may be" {
	completes '--key_id' account key rm --k
	completes '--port --protected --password --password_file --proxy-protocol' connect --port 8000 --p
	completes 'http https' connect --type h
	completes 'tcp tls' socket create --name x --type t
	completes 'https' connect --type = https
	completes 'http https tcp tls' connect --type =
	completes '--socket_id --json --help' tunnel ls ''
}

@test "bash completes files where an option wants one, and nothing where it cannot know" {
	completes 'compopt -o default' connect --identity ''
	completes 'compopt -o default' login --password-file /etc
	completes 'compopt -o default' up ''
	completes '--check --json --help' up --
	completes '' connect --name ''
	completes '' connect --name = x
	completes '' nonsense x
}

@test "bash completes mysocket-proxycommand too, by the same line" {
	PROGRAM=mysocket-proxycommand
	completes '--api --ca-file --fdpass --proxy --timeout --type --completion --help --version' --
	completes '--type' --fdpass --ty
	completes 'tcp tls' --type t
	completes 'tls' --type = tl
	completes 'bash zsh fish' --completion ''
	completes 'compopt -o default' --ca-file ''
	completes '' --api ''
	echo '192.0.2.1 known-host.example' >>/etc/hosts
	completes 'known-host.example' --type tcp known-
}

# ---- fish --------------------------------------------------------------------------------------------------
# What begins as the last word does: fish 4 goes on with what has the same letters in it.
fishes() { # expected words in one string, command line
	run -0 fish --no-config -c "mysocketctl completion fish | source; complete -C '$2'"
	[ "$(awk -F '\t' -v word="${2##* }" '$1 != "" && substr($1, 1, length(word)) == word { printf "%s ", $1 }' <<<"$output")" = "${1:+$1 }" ] || { echo "$2: $output"; return 1; }
}

@test "fish completes commands, options and what they may be" {
	fishes 'completion connect' 'mysocketctl co'
	fishes 'create delete ls set show' 'mysocketctl socket '
	fishes 'key' 'mysocketctl account k'
	fishes 'add ls rm' 'mysocketctl account key '
	fishes 'ssh-config' 'mysocketctl --json ssh'
	fishes '--help --json --version' 'mysocketctl --'
	fishes 'bash fish zsh' 'mysocketctl completion '
	fishes 'add ls rm' 'mysocketctl help account key '
	fishes 'connect' 'mysocketctl help conn'
	fishes '--key_id' 'mysocketctl account key rm --k'
	fishes '--password --password_file --port --protected --proxy-protocol' 'mysocketctl connect --port 8000 --p'
	fishes 'http https' 'mysocketctl connect --type h'
	fishes '--type=http --type=https' 'mysocketctl connect --type=h'
	fishes '--help --json --socket_id' 'mysocketctl tunnel ls --'
	touch "$HOME/a-file"
	fishes "$HOME/a-file" "mysocketctl login --password_file $HOME/a-f"
	fishes "$HOME/a-file" "mysocketctl up $HOME/a-f"
	fishes '' 'mysocketctl connect --name '
	# Descriptions are the options' own.
	run -0 fish --no-config -c "mysocketctl completion fish | source; complete -C 'mysocketctl login --em'"
	[ "$output" = $'--email\tE-mail address of your account' ]
	fishes 'tcp tls' 'mysocket-proxycommand --type t'
	fishes '--timeout --type' 'mysocket-proxycommand --fdpass --t'
	fishes "$HOME/a-file" "mysocket-proxycommand --ca-file $HOME/a-f"
}

# ---- zsh ---------------------------------------------------------------------------------------------------
term() {
	tmux -S "$TERMINAL" "$@" 3>&-
}

zsh_up() { # a zsh in a terminal, in which the completion is loaded as the manual says
	TERMINAL="$BATS_TEST_TMPDIR/tmux"
	command -v zsh >/dev/null
	term -u -f /dev/null new-session -d -x 100 -y 30 "env PS1='> ' zsh -f"
	term send-keys "autoload -Uz compinit && compinit -u -D && source <(mysocketctl completion zsh); setopt no_beep; echo loaded" Enter
	wait_for 60 zsh_shows '^loaded$' && wait_for 60 zsh_shows '^>$' || { term capture-pane -p; return 1; }
}

zsh_shows() { # regular expression
	term capture-pane -p | sed 's/ *$//' | grep -q -e "$1"
}

# What stands on the line after Tab, and what is listed below it, if it is not clear yet. C-u, not C-c: the terminal drops
# what is typed while a signal is on its way.
zshes() { # expected line, expected words below, typed
	term send-keys C-u C-l
	wait_for 60 zsh_is '' '' || { echo "no empty line:"; term capture-pane -p; return 1; }
	term send-keys -l "$3"
	term send-keys Tab
	wait_for 60 zsh_is "$1" "$2" || { echo "$3:"; term capture-pane -p; return 1; }
}

zsh_is() { # line, words
	local screen
	screen=$(term capture-pane -p | sed 's/ *$//')
	[ "$(sed -n 1p <<<"$screen")" = ">${1:+ $1}" ] || return 1
	[ "$(sed 1d <<<"$screen" | tr -s ' \n' '\n\n' | sort | xargs)" = "$2" ]
}

@test "zsh completes commands, options and what they may be" {
	zsh_up
	zshes 'mysocketctl connect' '' 'mysocketctl conn'
	zshes 'mysocketctl co' 'completion connect' 'mysocketctl co'
	zshes 'mysocketctl socket create' '' 'mysocketctl socket cr'
	zshes 'mysocketctl account key' '' 'mysocketctl account k'
	zshes 'mysocketctl --json ssh-config' '' 'mysocketctl --json ssh'
	zshes 'mysocketctl account key rm --key_id' '' 'mysocketctl account key rm --k'
	zshes 'mysocketctl socket create --name x --type tcp' '' 'mysocketctl socket create --name x --type tc'
	zshes 'mysocketctl connect --type=tls' '' 'mysocketctl connect --type=tl'
	zshes 'mysocketctl completion fish' '' 'mysocketctl completion f'
	zshes 'mysocketctl help account key' '' 'mysocketctl help account k'
	touch "$HOME/a-file"
	zshes "mysocketctl login --password-file $HOME/a-file" '' "mysocketctl login --password-file $HOME/a-f"
	zshes "mysocketctl up $HOME/a-file" '' "mysocketctl up $HOME/a-f"
	zshes 'mysocketctl up --check' '' 'mysocketctl up --ch'
	zshes 'mysocket-proxycommand --timeout=' '' 'mysocket-proxycommand --ti'
	zshes 'mysocket-proxycommand --type=tls' '' 'mysocket-proxycommand --type=tl'
	zshes 'mysocket-proxycommand --completion zsh' '' 'mysocket-proxycommand --completion z'
}

@test "the scripts are what the shells take; another shell is refused" {
	mysocketctl completion bash | bash -n
	mysocketctl completion zsh | zsh -n
	mysocketctl completion fish | fish -n
	for shell in bash zsh fish; do mysocket-proxycommand --completion "$shell" | "$shell" -n; done
	run mysocket-proxycommand --completion csh
	[ "$status" = 2 ]
	[[ "$output" == *"must be bash, zsh or fish, not 'csh'"* ]]
	[ "$(mysocketctl completion fish --json | jq -r .shell)" = fish ]
	run mysocketctl completion csh
	[ "$status" = 2 ]
	[[ "$output" == *"bash|zsh|fish"* ]]
	run mysocketctl completion
	[ "$status" = 2 ]
}
