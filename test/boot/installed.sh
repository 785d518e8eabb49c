#!/bin/bash
# Runs in the booted system instead of report.sh: the first boot installs Mayfly, the second one is cleaned by its timer,
# and uninstalls it. Each line of /report.installed is something that went wrong; the last one is "end".
exec >>/report.installed 2>&1
state() {
  find /etc /var/lib/mayfly /var/cache/mayfly/index -xdev -name .updated -prune -o -printf '%p %y %m %U %G %l %s\n' 2>/dev/null | sort
}
expect() {
  local wanted=$1 status=0
  shift
  "$@" >/output 2>&1 || status=$?
  [[ $status == "$wanted" ]] || { echo "status $status: $*"; cat /output; }
}
mayfly() { node /usr/lib/mayfly/bin/mayfly.js "$@"; }
property() { systemctl show -P "$2" "$1"; }

if [[ ! -e /state ]]; then
  mkdir -p /srv/aged
  touch /srv/aged/old /srv/kept
  state >/state
  expect 3 mayfly install
  state | diff /state - || echo "install changed something, although systemd's timer is active"
  expect 0 mayfly install --take-over
  expect 3 systemctl is-active --quiet systemd-tmpfiles-clean.timer
  sync
  systemctl poweroff --force --force
  exit
fi

expect 0 systemctl is-active --quiet mayfly-clean.timer
node -e 'require("net").createServer().listen("/srv/aged/live")' &
server=$!
for ((i = 0; i < 50; i++)); do [[ ! -S /srv/aged/live ]] || break; sleep 0.2; done
[[ -e /srv/aged/old ]] || echo "the file is gone before its time"
[[ $(property mayfly-clean.service ExecMainExitTimestampMonotonic) == 0 ]] || echo "it cleaned before its time"
date -s "+3 days" >/dev/null
for ((i = 0; i < 120; i++)); do
  [[ $(property mayfly-clean.service ExecMainExitTimestampMonotonic) == 0 ]] || break
  sleep 0.5
done
[[ $(property mayfly-clean.service Result) == success ]] || journalctl -b -o cat -u mayfly-clean.service --no-pager
[[ $(property mayfly-clean.service ExecMainStatus) == 0 ]] || echo "its status is $(property mayfly-clean.service ExecMainStatus)"
[[ $(property mayfly-clean.service ExecMainExitTimestampMonotonic) != 0 ]] || echo "the timer did not start it"
[[ ! -e /srv/aged/old ]] || { echo "the old file is still there"; journalctl -b -o cat -u mayfly-clean.service --no-pager; }
[[ -e /srv/kept ]] || echo "it removed what the configuration does not age"
[[ -S /srv/aged/live ]] || echo "it removed a live socket"
kill "$server"
systemctl --failed --no-legend
expect 0 mayfly uninstall
state | diff /state - || echo "uninstall left something else than there was"
expect 0 systemctl is-active --quiet systemd-tmpfiles-clean.timer
echo end
sync
systemctl poweroff --force --force
