#!/usr/bin/env bash
# Boots Debian with its own systemd in user-mode Linux, once with its systemd-tmpfiles and once with Mayfly in that
# place, and compares what the boots leave below /run, /tmp, /var, /dev and /etc. Then boots it twice with `mayfly install`: the
# timer, the story of a lost directory, and a program that uses the library before /tmp is mounted.
#
#   test/boot/boot.sh [--node 24] [bookworm] [trixie]
#
# The project must be built. Needs root, debootstrap, user-mode-linux, e2fsprogs and about 3 GB; no KVM. Ends with 77
# if the host lacks something, or even the unchanged Debian does not boot on it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/boot
node=24 debians=()
while (($# > 0)); do
  case $1 in
    --node) node=$2; shift ;;
    [a-z]*) debians+=("$1") ;;
    *) echo "boot.sh: unknown argument: $1" >&2; exit 64 ;;
  esac
  shift
done
[[ ${#debians[@]} != 0 ]] || debians=(bookworm trixie)

[[ $(id -u) == 0 ]] || { echo "boot.sh: making a system needs root" >&2; exit 77; }
PATH=$PATH:/usr/sbin:/sbin
for tool in debootstrap linux.uml mkfs.ext4 debugfs; do
  command -v "$tool" >/dev/null || { echo "boot.sh: this needs $tool" >&2; exit 77; }
done
work=$(mktemp -d /var/tmp/mayfly-boot-XXXXXX)
kernel=""
trap 'rm -rf --one-file-system "$work"' EXIT
trap '[[ -z $kernel ]] || kill "$kernel"; wait; exit 130' INT TERM HUP
# A kernel's memory is a file below $TMPDIR.
export TMPDIR=$work

# The system as debootstrap leaves it, made once for each release.
base() {
  local debian=$1 at=$cache/$1
  if [[ ! -e $at/usr/bin/systemctl ]]; then
    mkdir -p "$cache"
    rm -rf "$at" "$at.new"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,udev,procps,libatomic1 "$debian" "$at.new" "$("$project/test/hosts/mirror.sh")" >"$work/debootstrap.log" 2>&1 || {
      tail -5 "$work/debootstrap.log" >&2
      echo "boot.sh: debootstrap cannot make $debian on this host" >&2
      return 77
    }
    mv "$at.new" "$at"
  fi
  echo "$at"
}

# Two copies of the system that differ in nothing but who is systemd-tmpfiles, and one in which Mayfly gets installed.
prepare() {
  local debian=$1 root=$work/systemd with=$work/mayfly installed=$work/installed made
  made=$(base "$debian")
  cp -a "$made" "$root"
  echo "/dev/ubda / ext4 defaults 0 1" >"$root/etc/fstab"
  echo booted >"$root/etc/hostname"
  install -m 755 "$here/report.sh" "$root/usr/local/sbin/report"
  install -D -m 644 -t "$root/etc/systemd/system" "$here/report.service"
  mkdir -p "$root/etc/systemd/system/multi-user.target.wants"
  ln -s ../report.service "$root/etc/systemd/system/multi-user.target.wants/"
  # Something to warn of: the message must arrive in the journal as it is.
  echo "d /var/run/warned 0755 root root" >"$root/etc/tmpfiles.d/warned.conf"
  install -m 755 "$("$project/scripts/node.sh" "$node")" "$root/usr/bin/node"
  mkdir -p "$root/usr/lib/mayfly/node_modules"
  cp -a "$project"/{bin,dist,package.json} "$root/usr/lib/mayfly/"
  cp -a "$project"/node_modules/{koffi,@koromix} "$root/usr/lib/mayfly/node_modules/"
  cp -a "$root" "$with"
  cp -a "$root" "$installed"
  ln -sf ../lib/mayfly/bin/mayfly.js "$with/usr/bin/systemd-tmpfiles"
  install -m 755 "$here/installed.sh" "$installed/usr/local/sbin/report"
  printf '%s\n' "e /srv/aged - - - 1d" "q /var/tmp 1777 root root 30d" >"$installed/etc/tmpfiles.d/aged.conf"
  # A program that runs before /tmp is mounted.
  cp "$here/early.mjs" "$installed/usr/lib/mayfly/"
  ln -s .. "$installed/usr/lib/mayfly/node_modules/mayfly"
  install -m 644 -t "$installed/etc/systemd/system" "$here/early.service"
  printf '[Mount]\nWhat=tmpfs\nWhere=/tmp\nType=tmpfs\nOptions=mode=1777\n' >"$installed/etc/systemd/system/tmp.mount"
  mkdir -p "$installed/etc/systemd/system/local-fs.target.wants" "$installed/etc/systemd/system/sysinit.target.wants"
  ln -s ../tmp.mount "$installed/etc/systemd/system/local-fs.target.wants/"
  ln -s ../early.service "$installed/etc/systemd/system/sysinit.target.wants/"
}

make_disk() {
  rm -f "$work/disk"
  truncate -s 2G "$work/disk"
  mkfs.ext4 -q -d "$work/$1" "$work/disk"
}

# Boots the disk, until the system in it powers off.
run_kernel() {
  timeout --kill-after=10 200 linux.uml mem=1024M "ubd0=$work/disk" root=/dev/ubda rw \
    con=null con0=fd:0,fd:1 console=tty0 </dev/null >"$work/$1.console" 2>&1 &
  kernel=$!
  wait "$kernel" || true
  kernel=""
}

take_report() {
  debugfs -R "cat /report.$2" "$work/disk" >"$work/$1.$2" 2>/dev/null
}

# Boots a copy, and takes its reports out of the image.
boot() {
  local name=$1 report
  make_disk "$name"
  run_kernel "$name"
  for report in tree failed statuses journal; do
    take_report "$name" "$report"
  done
  if [[ ! -s $work/$name.tree ]]; then
    echo "$name: the boot came to no end; its last words:"
    tail -20 "$work/$name.console"
    return 1
  fi
}

# Installs in one boot, and is cleaned by the timer in the next one.
boot_installed() {
  make_disk installed
  run_kernel installed
  run_kernel installed
  take_report installed installed
  [[ $(cat "$work/installed.installed") != end ]] || return 0
  echo "mayfly install:"
  cat "$work/installed.installed"
  tail -5 "$work/installed.console"
  return 1
}

# What is wrong with the boot by Mayfly, if anything is.
compare() {
  local a=$work/systemd b=$work/mayfly wrong=0
  complain() { wrong=1; echo "$1"; head -20; }
  diff "$a.tree" "$b.tree" >"$work/difference" || complain "the trees differ:" <"$work/difference"
  [[ ! -s $b.failed ]] || complain "units failed:" <"$b.failed"
  cmp -s "$a.statuses" "$b.statuses" || complain "other exit statuses:" < <(paste "$a.statuses" "$b.statuses")
  grep -q "warned.conf" "$b.journal" || complain "the warning did not reach the journal:" <"$b.journal"
  ! grep '^<' "$b.journal" >"$work/prefixed" || complain "prefixes in the journal:" <"$work/prefixed"
  return $wrong
}

failed=0
for debian in "${debians[@]}"; do
  prepare "$debian"
  boot systemd || exit $((failed ? 1 : 77))
  if boot mayfly && compare && boot_installed; then
    echo "$debian, Node $node: $(wc -l <"$work/mayfly.tree") entries are equal, no failed unit, $(wc -l <"$work/mayfly.journal") clean lines in the journal; installed, cleaned by its timer, and uninstalled"
  else
    failed=1
    echo "$debian, Node $node: FAILED"
  fi
  rm -rf --one-file-system "${work:?}"/*
done
exit $failed
