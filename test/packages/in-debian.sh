#!/usr/bin/env bash
# Runs in a fresh Debian, as root: in-debian.sh MIRROR RELEASE PACKAGE. The package is /root/package.deb.
set -euo pipefail
mirror=$1 release=$2 package=$3
export DEBIAN_FRONTEND=noninteractive
unset NODE_EXTRA_CA_CERTS
echo "deb $mirror $release main" >/etc/apt/sources.list
apt-get -qq update
apt() { apt-get -qq -y --no-install-recommends "$@" >/var/log/step.log 2>&1 || { cat /var/log/step.log >&2; exit 1; }; }
apt install systemd
# What package managers note does not count.
files() { find / -xdev | grep -vE '^/var/(lib/(apt|dpkg)|cache/(apt|debconf|ldconfig)|log)/|^/var/cache/ldconfig$' | sort; }
tmpfiles=$(readlink -f "$(command -v systemd-tmpfiles)")
files >/root/before; touch /root/after; files >/root/before

apt install /root/package.deb
dpkg --verify "$package"
[[ $package == mayfly ]] || ! type -P node
mayfly --version >/dev/null
touch -d '30 days ago' /tmp/old
mayfly clean --quiet --inline 'e /tmp - - - m:10d' --metrics-file /tmp/mayfly.prom
[[ ! -e /tmp/old && -s /tmp/mayfly.prom ]]
mayfly serve --once --now --settle 0 --inline 'e /tmp - - - 10d' 2>/dev/null

divert=/usr/lib/mayfly/divert-systemd-tmpfiles
[[ $($divert status) == disabled && $(systemd-tmpfiles --version) != *mayfly* ]]
$divert enable >/dev/null
[[ $($divert status) == enabled && $(systemd-tmpfiles --version) == *mayfly* ]]
systemd-tmpfiles --create - <<<'d /tmp/made 0700'
[[ $(stat -c %a /tmp/made) == 700 ]]
apt install --reinstall systemd
[[ $(systemd-tmpfiles --version) == *mayfly* ]]
rm -r /tmp/made /tmp/mayfly.prom

# Removing the package uninstalls its jobs.
mayfly install --init cron >/dev/null
[[ -x /etc/cron.daily/mayfly ]]

apt purge "$package"
hash -r
[[ -x $tmpfiles && ! -L $tmpfiles && $(systemd-tmpfiles --version) != *mayfly* ]]
! dpkg-divert --list | grep mayfly
apt purge --autoremove
rm -f /root/after
files >/root/after
diff /root/before /root/after
