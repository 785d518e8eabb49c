#!/usr/bin/env bash
# Installs the Debian packages in fresh systems, runs them, makes Mayfly their systemd-tmpfiles and undoes that, and purges
# them: nothing may be left. `mayfly` on Debian 13, `mayfly-standalone`, which needs no Node, on Debian 12. Needs root,
# debootstrap, network and about 2 GB. Ends with 77 if the host lacks something.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/hosts
[[ $(id -u) == 0 ]] || { echo "debian.sh: making a system needs root" >&2; exit 77; }
for tool in debootstrap dpkg-deb unshare pivot_root; do
  command -v "$tool" >/dev/null || { echo "debian.sh: this needs $tool" >&2; exit 77; }
done
mirror=$("$project/test/hosts/mirror.sh")
work=$(mktemp -d /var/tmp/mayfly-packages-XXXXXX)
trap 'rm -rf --one-file-system "$work"' EXIT

# The systems of hosts.sh, as debootstrap leaves them.
base() {
  local debian=$1
  if [[ ! -e $cache/$debian/etc/debian_version ]]; then
    rm -rf "$cache/$debian" "$cache/$debian.new"
    mkdir -p "$cache"
    debootstrap --variant=minbase --include=libatomic1 "$debian" "$cache/$debian.new" "$mirror" >&2 || exit 77
    mv "$cache/$debian.new" "$cache/$debian"
  fi
  cp -a "$cache/$debian" "$work/$debian"
  cp -L /etc/resolv.conf /etc/hosts "$work/$debian/etc/"
  cp -a /etc/apt/apt.conf.d/. "$work/$debian/etc/apt/apt.conf.d/"
}

check() {
  local debian=$1 package=$2 file=$3
  base "$debian"
  cp "$file" "$work/$debian/root/package.deb"
  cp "$here/in-debian.sh" "$work/$debian/root/"
  timeout --kill-after=30 20m unshare --mount --uts --ipc --pid --fork --kill-child=KILL \
    "$project/test/hosts/enter.sh" "$work/$debian" root "bash /root/in-debian.sh $mirror $debian $package"
  rm -rf --one-file-system "${work:?}/$debian"
  echo "$package on $debian: installed, run, diverted and purged without a trace"
}

cd "$project"
check trixie mayfly "$(node build/scripts/package/deb.js "$work")"
check bookworm mayfly-standalone "$(node build/scripts/package/deb.js --standalone "$work")"
