#!/bin/bash
# PID 1 of a user-mode Linux: an NFS server with two clients. One holds locks, Mayfly cleans as the other. Prints what is left.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export LD_LIBRARY_PATH=${TOOLS_LIBRARIES:-}
PATH=${TOOLS:+$TOOLS/usr/sbin:$TOOLS/sbin:$TOOLS/bin:}$PATH
# The host's own root directory is below: all that is written goes to file systems of the guest's own.
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /tmp
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /mnt
mkdir -p /var/lib/nfs/{sm,sm.bak,v4recovery,rpc_pipefs} /run/modules/lib/modules
touch /var/lib/nfs/{etab,rmtab}
ip link set lo up
kernel=$(uname -r)
cp -r "/usr/lib/uml/modules/$kernel" "/run/modules/lib/modules/$kernel"
depmod -b /run/modules "$kernel"
for module in sunrpc lockd nfsd nfs nfsv4; do modprobe -d /run/modules "$module"; done
mount -t nfsd nfsd /proc/fs/nfsd
mkdir -m 1777 /mnt/{server,a,b}
mount -t tmpfs -o mode=1777 tmpfs /mnt/server
rpc.mountd --no-nfs-version 2 --no-nfs-version 3
exportfs -o rw,fsid=0,no_root_squash,no_subtree_check,insecure '*:/mnt/server'
rpc.nfsd --no-nfs-version 3 4
echo Y >/proc/fs/nfsd/v4_end_grace # else no lock is granted for 90 seconds
# The server tells clients apart by their host names; one version each, or the kernel makes one client of both.
mount_as() { unshare --uts sh -c 'hostname "$1" && mount.nfs4 127.0.0.1:/ "/mnt/$1" -o "vers=$2"' sh "$@"; }
mount_as a 4.2
mount_as b 4.1

old() { for path; do touch -d 2001-01-01 "$path"; done; }
cd /mnt/server || exit
mkdir -p d/{inside,free,locked-directory}
echo x | tee d/{free-file,exclusive,shared,opened} d/inside/{lock,other} d/free/file d/locked-directory/file >/dev/null
mkdir d/inside/below
echo x >d/inside/below/file
old d/*/*/* d/*/* d/*
touch d/inside/lock # it is new
cd /
hold() { flock "$@" sleep 60 & }
hold --exclusive /mnt/b/d/exclusive
hold --shared /mnt/b/d/shared
hold --shared /mnt/b/d/inside/lock
sleep 60 <>/mnt/b/d/opened &
sleep 1
clean() { "$NODE" "$MAYFLY" clean --verbose "$@" --inline 'd /mnt/a/d - - - mM:1d' 2>&1; }
clean --dry-run | sed 's/^/dry: /'
clean | sed 's/^/run: /'
(cd /mnt/server && find d | sort | sed 's/^/left: /')
echo finished
echo o >/proc/sysrq-trigger
sleep 60
