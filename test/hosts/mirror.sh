#!/usr/bin/env bash
# Prints the Debian mirror that this host uses, or Debian's own.
set -euo pipefail
uri=""
for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  [[ -z $uri && -r $file ]] || continue
  uri=$(sed -nE 's#^(URIs:|deb( \[[^]]*\])?) *(https?://[^ ]*/debian/?)( .*)?$#\3#p' "$file" | head -1)
done
echo "${uri:-http://deb.debian.org/debian}"
