# Generated from the tables of src/cli by "npm run generate". Do not edit.

_mayfly_configs() {
  local file
  for file in {/etc/tmpfiles.d,/run/tmpfiles.d,/usr/local/lib/tmpfiles.d,/usr/lib/tmpfiles.d}/*.conf; do
    [[ -e $file ]] && printf '%s\n' "${file##*/}"
  done
}

_mayfly() {
  local cur prev
  cur=${COMP_WORDS[COMP_CWORD]}
  prev=${COMP_WORDS[COMP_CWORD-1]}
  # bash splits --name=VALUE at the equals sign.
  if [[ $cur == "=" ]]; then cur=; elif [[ $prev == "=" ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "clean create remove purge check tmpfiles mktemp with-dir run ps path enter reap explain forecast watch help --help --version" -- "$cur"))
    return
  fi
  case "${COMP_WORDS[1]}" in
  help) COMPREPLY=($(compgen -W "clean create remove purge check tmpfiles mktemp with-dir run ps path enter reap explain forecast watch" -- "$cur")) ;;
  clean)
    case "$prev" in
      -j|--jobs) COMPREPLY=(); return ;;
      --prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --exclude-prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --image) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      --image-policy) COMPREPLY=(); return ;;
      --replace) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-n --dry-run -v --verbose --json -j --jobs --no-index --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  create)
    case "$prev" in
      -j|--jobs) COMPREPLY=(); return ;;
      --prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --exclude-prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --image) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      --image-policy) COMPREPLY=(); return ;;
      --replace) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-n --dry-run -v --verbose --json -j --jobs --no-index --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  remove)
    case "$prev" in
      -j|--jobs) COMPREPLY=(); return ;;
      --prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --exclude-prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --image) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      --image-policy) COMPREPLY=(); return ;;
      --replace) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-n --dry-run -v --verbose --json -j --jobs --no-index --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  purge)
    case "$prev" in
      -j|--jobs) COMPREPLY=(); return ;;
      --prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --exclude-prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --image) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      --image-policy) COMPREPLY=(); return ;;
      --replace) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-n --dry-run -v --verbose --json -j --jobs --no-index --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace --inline -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  check)
    case "$prev" in
      --ignore) COMPREPLY=(); return ;;
      --root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--json -q --quiet --ignore --user --root --inline -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  tmpfiles)
    case "$prev" in
      --prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --exclude-prefix) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --root) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --image) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      --image-policy) COMPREPLY=(); return ;;
      --replace) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--create --clean --remove --purge --cat-config --tldr -h --help --version --user --boot --graceful --prefix --exclude-prefix -E --root --image --image-policy --replace -n --dry-run --inline --no-pager" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  mktemp)
    case "$prev" in
      -p|--tmpdir) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --suffix) COMPREPLY=(); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-d --directory -q --quiet -p --tmpdir --large --fallback --suffix -h --help" -- "$cur")); return; fi
    COMPREPLY=()
    ;;
  with-dir)
    case "$prev" in
      -p|--tmpdir) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --suffix) COMPREPLY=(); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-p --tmpdir --large --fallback --suffix -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -c -- "$cur"))
    ;;
  run)
    case "$prev" in
      --mode) COMPREPLY=($(compgen -W "connected disconnected" -- "$cur")); return ;;
      -o|--options) COMPREPLY=(); return ;;
      --name) COMPREPLY=(); return ;;
      --join) COMPREPLY=($(compgen -W "$(ps -eo pid=)" -- "$cur")); return ;;
      --expose) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      -u|--user) COMPREPLY=($(compgen -u -- "$cur")); return ;;
      -g|--group) COMPREPLY=(); return ;;
      --pass-fds) COMPREPLY=(); return ;;
      --kill-mode) COMPREPLY=($(compgen -W "process mixed all" -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--mode -o --options --name --join --expose --best-effort -u --user -g --group --no-new-privs --drop-caps --pass-fds --die-with-parent --kill-mode -q --quiet -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -c -- "$cur"))
    ;;
  ps)
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--json -h --help" -- "$cur")); return; fi
    COMPREPLY=()
    ;;
  path)
    case "$prev" in
      --target) COMPREPLY=($(compgen -d -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--target -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(ps -eo pid=)" -- "$cur"))
    ;;
  enter)
    case "$prev" in
      -u|--user) COMPREPLY=($(compgen -u -- "$cur")); return ;;
      -g|--group) COMPREPLY=(); return ;;
      --pass-fds) COMPREPLY=(); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-u --user -g --group --no-new-privs --drop-caps --pass-fds --die-with-parent -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(ps -eo pid=)" -- "$cur"))
    ;;
  reap)
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "-n --dry-run -v --verbose -h --help" -- "$cur")); return; fi
    COMPREPLY=()
    ;;
  explain)
    case "$prev" in
      --config) COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur")); return ;;
      --at) COMPREPLY=(); return ;;
      --assume-version) COMPREPLY=($(compgen -W "252 262" -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--config --at --assume-version --json -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -f -- "$cur"))
    ;;
  forecast)
    case "$prev" in
      --within) COMPREPLY=(); return ;;
      --config) COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur")); return ;;
      --at) COMPREPLY=(); return ;;
      --assume-version) COMPREPLY=($(compgen -W "252 262" -- "$cur")); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--within --config --at --assume-version --json -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -d -- "$cur"))
    ;;
  watch)
    case "$prev" in
      --exec) COMPREPLY=(); return ;;
    esac
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--json --exec --since-start --deletions -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -d -- "$cur"))
    ;;
  esac
}

complete -o filenames -F _mayfly mayfly
