#!/usr/bin/env bash
# Runs a shell command in a root file system as a small container does: its own mounts, processes, /proc and a bare
# /dev. Called by hosts.sh through unshare(1), so all of that ends with the command: enter.sh ROOT ACCOUNT COMMAND
set -euo pipefail
root=$1 account=$2 command=$3

mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc -o nosuid,nodev,noexec proc proc
mount -t sysfs -o ro,nosuid,nodev,noexec sysfs sys
mount -t tmpfs -o mode=755,size=1M tmpfs dev
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
mount -t tmpfs -o mode=1777,size=256M tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for stream in stdin:0 stdout:1 stderr:2; do ln -s "/proc/self/fd/${stream#*:}" "dev/${stream%:*}"; done
mknod -m 666 dev/null c 1 3
mknod -m 666 dev/zero c 1 5
mknod -m 666 dev/full c 1 7
mknod -m 666 dev/random c 1 8
mknod -m 666 dev/urandom c 1 9
mknod -m 666 dev/tty c 5 0

mkdir .host
pivot_root . .host
umount -l /.host
rmdir /.host

# A login's environment, and the host's certificates for npm.
home=$(getent passwd "$account" | cut -d: -f6)
environment=(HOME="$home" USER="$account" SHELL=/bin/sh TERM=dumb npm_config_update_notifier=false
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
[[ -z ${NODE_EXTRA_CA_CERTS:-} ]] || environment+=(NODE_EXTRA_CA_CERTS="$NODE_EXTRA_CA_CERTS")
cd "$home"
# Not exec: this shell is process 1, and reaps what loses its parent.
setpriv --reuid "$account" --regid "$account" --init-groups env -i "${environment[@]}" sh -c "$command" </dev/null
