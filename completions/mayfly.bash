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
    COMPREPLY=($(compgen -W "tmpfiles help --help --version" -- "$cur"))
    return
  fi
  case "${COMP_WORDS[1]}" in
  help) COMPREPLY=($(compgen -W "tmpfiles" -- "$cur")) ;;
  tmpfiles)
    if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "--create --clean -h --help" -- "$cur")); return; fi
    COMPREPLY=($(compgen -W "$(_mayfly_configs)" -- "$cur") $(compgen -f -- "$cur"))
    ;;
  esac
}

complete -o filenames -F _mayfly mayfly
