#!/usr/bin/env bash
# Runs the README's two commands on fresh minimal Debian systems, and prints a table of what came of them.
#
#   test/hosts/hosts.sh [--quick] [--debian "bookworm trixie"] [--node "20 22 24 26"] [--as "root opt user"] [--keep-logs DIR]
#
# Each system is made by debootstrap (minbase: no python3, no compiler, no machine-id) and entered in namespaces of its
# own. It gets Node, npm with this host's settings, and a clone of HEAD: in /root, in /opt, or in an ordinary user's
# home. --quick runs the quick tests instead of all. Needs root, debootstrap, git, npm and about 2 GB. Ends with 77 if
# the host lacks something or allows no system to be made or entered.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/mayfly/hosts
debians="bookworm trixie" nodes="20 22 24 26" subjects="root opt user" quick="" logs=""
while (($# > 0)); do
  case $1 in
    --quick) quick=yes ;;
    --debian) debians=$2; shift ;;
    --node) nodes=$2; shift ;;
    --as) subjects=$2; shift ;;
    --keep-logs) logs=$2; shift ;;
    *) echo "hosts.sh: unknown argument: $1" >&2; exit 64 ;;
  esac
  shift
done

[[ $(id -u) == 0 ]] || { echo "hosts.sh: making a system needs root" >&2; exit 77; }
for tool in debootstrap git npm unshare setpriv pivot_root; do
  command -v "$tool" >/dev/null || { echo "hosts.sh: this needs $tool" >&2; exit 77; }
done

# A run may use this much; the whole run of one command is ended after its time.
memory=$((6 << 30)) processes=2000 limit=90m
work=$(mktemp -d /var/tmp/mayfly-hosts-XXXXXX)
group=mayfly-hosts-$$
: "${logs:=$work/logs}"
mkdir -p "$cache" "$logs"
controllers=()
clean_up() {
  # Mounts lie in namespaces that have ended. --one-file-system holds even if one should not have.
  rm -rf --one-file-system "$work"
  for each in "${controllers[@]}"; do rmdir "$each" 2>/dev/null || true; done
}
trap clean_up EXIT
running=""
trap '[[ -z $running ]] || kill "$running"; wait; exit 130' INT TERM HUP

# Control groups, of version 2 or 1, as far as this host has them.
limit_resources() {
  local each
  if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then controllers=("/sys/fs/cgroup/$group")
  else controllers=("/sys/fs/cgroup/memory/$group" "/sys/fs/cgroup/pids/$group"); fi
  for each in "${controllers[@]}"; do
    mkdir "$each" 2>/dev/null || continue
    for setting in memory.max:$memory memory.limit_in_bytes:$memory pids.max:$processes; do
      [[ ! -e $each/${setting%:*} ]] || echo "${setting#*:}" >"$each/${setting%:*}" || true
    done
  done
}

# The system as debootstrap leaves it, made once for each release; each run works on a copy. Node 26 needs libatomic1.
base() {
  local debian=$1 at=$cache/$1
  if [[ ! -e $at/etc/debian_version ]]; then
    rm -rf "$at" "$at.new"
    debootstrap --variant=minbase --include=libatomic1 "$debian" "$at.new" "$("$here/mirror.sh")" >"$logs/debootstrap-$debian.log" 2>&1 || {
      tail -5 "$logs/debootstrap-$debian.log" >&2
      echo "hosts.sh: debootstrap cannot make $debian on this host" >&2
      return 77
    }
    mv "$at.new" "$at"
  fi
  echo "$at"
}

# Node, npm, this host's settings for both, an ordinary user.
furnish() {
  local root=$1 node=$2 file
  install -D "$("$project/scripts/node.sh" "$node")" "$root/usr/local/bin/node"
  mkdir -p "$root/usr/local/lib/node_modules" "$root/usr/local/etc"
  cp -a "$(npm root -g)/npm" "$root/usr/local/lib/node_modules/"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
  chroot "$root" useradd --create-home --shell /bin/sh tester
  [[ ! -f $(npm config get globalconfig) ]] || cp "$(npm config get globalconfig)" "$root/usr/local/etc/npmrc"
  for file in root home/tester; do
    [[ ! -f $(npm config get userconfig) ]] || install -m 600 "$(npm config get userconfig)" "$root/$file/.npmrc"
  done
  for file in "${NODE_EXTRA_CA_CERTS:-}" "$(npm config get cafile)"; do
    [[ ! -f $file ]] || install -D -m 644 "$file" "$root$file"
  done
}

# The README's commands, as it has them: the two indented lines that begin with npm ci.
mapfile -t commands < <(sed -n 's/^    \(npm ci && .*\)/\1/p' "$project/README.md")
[[ ${#commands[@]} == 2 ]] || { echo "hosts.sh: the README has ${#commands[@]} commands" >&2; exit 1; }
[[ -z $quick ]] || commands[1]="npm ci && npm run test:quick"

# Runs a command in a system, and leaves its exit status in $status. It runs beside this shell, which can so be ended.
run_in() {
  local root=$1 account=$2 command=$3 log=$4 each
  (
    for each in "${controllers[@]}"; do [[ ! -e $each/cgroup.procs ]] || echo $BASHPID >"$each/cgroup.procs" || true; done
    exec timeout --kill-after=30 "$limit" nice -n 10 \
      unshare --mount --uts --ipc --pid --fork --kill-child=KILL "$here/enter.sh" "$root" "$account" "$command"
  ) >"$log" 2>&1 &
  running=$! status=0
  wait "$running" || status=$?
  running=""
}

# One row: a fresh system, a clone in its place, both commands.
row() {
  local debian=$1 node=$2 subject=$3 root=$work/root account=root at=/root/mayfly name=$1-$2-$3 made first second
  rm -rf --one-file-system "$root"
  made=$(base "$debian")
  cp -a "$made" "$root"
  furnish "$root" "$node"
  case $subject in
    opt) at=/opt/mayfly ;;
    user) account=tester at=/home/tester/mayfly ;;
  esac
  git clone --quiet --no-hardlinks --depth 1 "file://$project" "$root$at"
  [[ $subject != user ]] || chroot "$root" chown -R tester: "$at"
  run_in "$root" "$account" true "$logs/$name-0.log"
  if [[ $status != 0 ]]; then
    tail -5 "$logs/$name-0.log" >&2
    echo "hosts.sh: this host does not let a system be entered" >&2
    exit $((failed ? 1 : 77))
  fi
  run_in "$root" "$account" "cd $at && ${commands[0]}" "$logs/$name-1.log"
  first=$status
  run_in "$root" "$account" "cd $at && ${commands[1]}" "$logs/$name-2.log"
  second=$status
  [[ $first == 0 && $second == 0 ]] || failed=1
  number() { sed -n "s/^# $1 //p" "$logs/$name-2.log" | tail -1; }
  printf '%-9s %-5s %-5s %6s %6s %6s %5s %8s  %s\n' "$debian" "$node" "$subject" "$first" "$second" \
    "$(number pass)" "$(number fail)" "$(number skipped)" "$(number 'comparisons with systemd-tmpfiles skipped:')"
  if [[ $second != 0 ]]; then grep '^ *not ok ' "$logs/$name-2.log" | sed 's/^/          /' || tail -5 "$logs/$name-2.log"; fi
}

limit_resources
failed=0
printf '%-9s %-5s %-5s %6s %6s %6s %5s %8s  %s\n' debian node as clean tests pass fail skipped "comparisons skipped"
for debian in $debians; do
  for node in $nodes; do
    for subject in $subjects; do row "$debian" "$node" "$subject"; done
  done
done
exit $failed
