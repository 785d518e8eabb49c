# Generated from the tables of src/cli by "npm run generate". Do not edit.

# Offers those of the lines that begin with the current word. A line may contain blanks.
_mayfly_reply() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ -n $line && $line == "$cur"* ]] && COMPREPLY+=("$line")
  done <<<"$1"
  compopt -o filenames 2>/dev/null
}

# The same for words that are no names of files.
_mayfly_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_mayfly_configs() {
  local file
  for file in {/etc/tmpfiles.d,/run/tmpfiles.d,/usr/local/lib/tmpfiles.d,/usr/lib/tmpfiles.d}/*.conf; do
    [[ -e $file ]] && printf '%s\n' "${file##*/}"
  done
}

# The names of private /tmps, and the processes.
_mayfly_private() {
  local name rest
  mayfly ps 2>/dev/null | while read -r name rest; do printf '%s\n' "$name"; done | tail -n +2
  local process
  for process in /proc/[0-9]*; do printf '%s\n' "${process#/proc/}"; done
}

# Finds the operand at position $1, counted from 1, of a command whose options with a value are $2; sets $operand to its
# index, or to that of the current word if it comes later.
_mayfly_find_operand() {
  local seen=0 word
  for ((operand = 2; operand < COMP_CWORD; operand++)); do
    word=${COMP_WORDS[operand]}
    if [[ $word == -- && $ended == 0 ]]; then
      ended=1
    elif [[ $ended == 0 && $word == -* ]]; then
      if [[ ${COMP_WORDS[operand + 1]} == "=" ]]; then
        ((operand += 2))
      elif [[ " $2 " == *" $word "* ]]; then
        ((operand++))
      fi
    elif ((++seen == $1)); then
      return
    fi
  done
  operand=$COMP_CWORD
}

# Completes another command's line, which begins at the word $1.
_mayfly_command() {
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif (($1 >= COMP_CWORD)); then
    _mayfly_reply "$(compgen -c -- "$cur")"
  else
    _mayfly_reply "$(compgen -f -- "$cur")"
  fi
}

_mayfly() {
  local cur prev operand ended=0
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD - 1]}
  # bash splits --name=VALUE at the equals sign.
  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=${COMP_WORDS[COMP_CWORD - 2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _mayfly_words "clean create remove purge serve install uninstall check tmpfiles scratch mktemp with-dir run ps path enter reap explain forecast report top watch audit lsp help --help --version"
    return
  fi
  case "${COMP_WORDS[1]}" in
  help) _mayfly_words "clean create remove purge serve install uninstall check tmpfiles scratch mktemp with-dir run ps path enter reap explain forecast report top watch audit lsp" ;;
  clean)
    case "$prev" in
      -j | --jobs) :; return ;;
      --metrics-file) :; return ;;
      --prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --exclude-prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --image) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --image-policy) :; return ;;
      --replace) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --older-than) :; return ;;
      --age-by) :; return ;;
      --exclude) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-n --dry-run -v --verbose -q --quiet --json -j --jobs --no-index --metrics-file --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline --older-than --age-by --keep-first-level --exclude -h --help"; return; fi
    _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"
    ;;
  create)
    case "$prev" in
      -j | --jobs) :; return ;;
      --metrics-file) :; return ;;
      --prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --exclude-prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --image) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --image-policy) :; return ;;
      --replace) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-n --dry-run -v --verbose -q --quiet --json -j --jobs --no-index --metrics-file --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help"; return; fi
    _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"
    ;;
  remove)
    case "$prev" in
      -j | --jobs) :; return ;;
      --metrics-file) :; return ;;
      --prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --exclude-prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --image) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --image-policy) :; return ;;
      --replace) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--all -n --dry-run -v --verbose -q --quiet --json -j --jobs --no-index --metrics-file --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help"; return; fi
    _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"
    ;;
  purge)
    case "$prev" in
      -j | --jobs) :; return ;;
      --metrics-file) :; return ;;
      --prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --exclude-prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --image) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --image-policy) :; return ;;
      --replace) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-n --dry-run -v --verbose -q --quiet --json -j --jobs --no-index --metrics-file --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help"; return; fi
    _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"
    ;;
  serve)
    _mayfly_find_operand 1 "--every --calendar --jitter --settle --config --inline --root --at-start --state-dir --listen --allow-host --metrics-file --grace"
    if ((operand < COMP_CWORD)) || [[ $ended == 1 ]]; then _mayfly_command "$operand"; return; fi
    case "$prev" in
      --every) :; return ;;
      --calendar) :; return ;;
      --jitter) :; return ;;
      --settle) :; return ;;
      --config) _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"; return ;;
      --inline) :; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --at-start) _mayfly_words "boot create none"; return ;;
      --state-dir) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --listen) :; return ;;
      --allow-host) :; return ;;
      --metrics-file) :; return ;;
      --grace) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--every --calendar --jitter --settle --after-clock-sync --now --once --config --inline --user --root --at-start --state-dir --no-state --listen --allow-host --metrics-file --no-index --json -v --verbose --grace -h --help"; return; fi
    _mayfly_reply "$(compgen -c -- "$cur")"
    ;;
  install)
    case "$prev" in
      --init) _mayfly_words "systemd openrc runit s6 cron anacron"; return ;;
      --service-directory) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--init --serve --service-directory --user --root --take-over --refresh -n --dry-run --json -h --help"; return; fi
    :
    ;;
  uninstall)
    case "$prev" in
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--user --root -n --dry-run --json -h --help"; return; fi
    :
    ;;
  check)
    case "$prev" in
      --ignore) :; return ;;
      --severity) _mayfly_words "error warning info"; return ;;
      --max-warnings) :; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--json -q --quiet --ignore --severity --max-warnings --user --root --inline -h --help"; return; fi
    _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"
    ;;
  tmpfiles)
    case "$prev" in
      --prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --exclude-prefix) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --image) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --image-policy) :; return ;;
      --replace) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--create --clean --remove --purge --cat-config --tldr -h --help --version --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace -n --dry-run --inline --no-pager"; return; fi
    _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"
    ;;
  scratch)
    case "$prev" in
      --config) _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"; return ;;
      --max-remove) :; return ;;
      --max-skew) :; return ;;
      --lease) :; return ;;
      --budget) :; return ;;
      --at) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --queue) :; return ;;
      --name) :; return ;;
      --credentials) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --tls-ca) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --tls-cert) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --tls-key) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--config --max-remove --max-skew --lease --budget --at --no-wait --queue --name --credentials --tls-ca --tls-cert --tls-key -0 --null -v --verbose -h --help"; return; fi
    _mayfly_reply "$(compgen -d -- "$cur")"
    ;;
  mktemp)
    case "$prev" in
      -p | --tmpdir) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --suffix) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-d --directory -q --quiet -t -p --tmpdir --large --fallback --suffix -h --help"; return; fi
    :
    ;;
  with-dir)
    _mayfly_find_operand 1 "-p --tmpdir --suffix"
    if ((operand < COMP_CWORD)) || [[ $ended == 1 ]]; then _mayfly_command "$operand"; return; fi
    case "$prev" in
      -p | --tmpdir) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --suffix) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-p --tmpdir --large --fallback --suffix -h --help"; return; fi
    _mayfly_reply "$(compgen -c -- "$cur")"
    ;;
  run)
    _mayfly_find_operand 1 "--mode -o --options --name --join --expose -u --user -g --group --pass-fds --kill-mode"
    if ((operand < COMP_CWORD)) || [[ $ended == 1 ]]; then _mayfly_command "$operand"; return; fi
    case "$prev" in
      --mode) _mayfly_words "connected disconnected"; return ;;
      -o | --options) :; return ;;
      --name) :; return ;;
      --join) _mayfly_reply "$(_mayfly_private)"; return ;;
      --expose) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      -u | --user) _mayfly_reply "$(compgen -u -- "$cur")"; return ;;
      -g | --group) :; return ;;
      --pass-fds) :; return ;;
      --kill-mode) _mayfly_words "process mixed all"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--mode -o --options --name --join --expose --best-effort -u --user -g --group --no-new-privs --drop-caps --pass-fds --die-with-parent --kill-mode -q --quiet -v --verbose -h --help"; return; fi
    _mayfly_reply "$(compgen -c -- "$cur")"
    ;;
  ps)
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--json -h --help"; return; fi
    :
    ;;
  path)
    case "$prev" in
      --target) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--target -h --help"; return; fi
    _mayfly_reply "$(_mayfly_private)"
    ;;
  enter)
    _mayfly_find_operand 1 "-u --user -g --group --pass-fds"
    if ((operand < COMP_CWORD)); then
      ((operand++))
      [[ ${COMP_WORDS[operand]} == -- ]] && ((operand < COMP_CWORD)) && ((operand++))
      _mayfly_command "$operand"
      return
    fi
    case "$prev" in
      -u | --user) _mayfly_reply "$(compgen -u -- "$cur")"; return ;;
      -g | --group) :; return ;;
      --pass-fds) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-u --user -g --group --no-new-privs --drop-caps --pass-fds --die-with-parent -h --help"; return; fi
    _mayfly_reply "$(_mayfly_private)"
    ;;
  reap)
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "-n --dry-run -v --verbose -h --help"; return; fi
    :
    ;;
  explain)
    case "$prev" in
      --config) _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"; return ;;
      --at) :; return ;;
      --assume-version) _mayfly_words "252 262"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--config --user --at --assume-version --json -h --help"; return; fi
    _mayfly_reply "$(compgen -f -- "$cur")"
    ;;
  forecast)
    case "$prev" in
      --within) :; return ;;
      --config) _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"; return ;;
      --at) :; return ;;
      --assume-version) _mayfly_words "252 262"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--within --config --user --at --assume-version --json -h --help"; return; fi
    _mayfly_reply "$(compgen -d -- "$cur")"
    ;;
  report)
    case "$prev" in
      --within) :; return ;;
      -o | --output) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --per-user) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      --config) _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"; return ;;
      --at) :; return ;;
      --assume-version) _mayfly_words "252 262"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--within -o --output --per-user --open --config --user --at --assume-version --json -h --help"; return; fi
    _mayfly_reply "$(compgen -d -- "$cur")"
    ;;
  top)
    case "$prev" in
      --config) _mayfly_reply "$(_mayfly_configs; compgen -f -- "$cur")"; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--config --user -h --help"; return; fi
    _mayfly_reply "$(compgen -d -- "$cur")"
    ;;
  watch)
    case "$prev" in
      --exec) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--json --exec --since-start --deletions -v --verbose -h --help"; return; fi
    _mayfly_reply "$(compgen -d -- "$cur")"
    ;;
  audit)
    case "$prev" in
      --format) _mayfly_words "text json sarif github"; return ;;
      --ignore) :; return ;;
      --fail-on) _mayfly_words "error warning note none"; return ;;
      --baseline) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --write-baseline) _mayfly_reply "$(compgen -f -- "$cur")"; return ;;
      --root) _mayfly_reply "$(compgen -d -- "$cur")"; return ;;
      -j | --jobs) :; return ;;
    esac
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--json --format -q --quiet -v --verbose --ignore --fail-on --baseline --write-baseline --units --host --root --fix --tests -j --jobs -h --help"; return; fi
    _mayfly_reply "$(compgen -f -- "$cur")"
    ;;
  lsp)
    if [[ $cur == -* && $ended == 0 ]]; then _mayfly_words "--stdio -h --help"; return; fi
    :
    ;;
  esac
}

complete -F _mayfly mayfly
