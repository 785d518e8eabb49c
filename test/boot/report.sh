#!/bin/bash
# Runs in the booted system after everything else: writes down what the boot left, and powers off.
find /run /tmp /var /dev /etc -xdev \
  \( -path /var/log/journal -o -path /run/log -o -path /var/lib/dpkg -o -path /var/cache -o -path /run/udev \
  -o -path '/run/systemd/*' -o -path /run/credentials \) -prune -o -printf '%p %y %m %U %G %l\n' |
  sed -E 's/[0-9a-f]{32}|[0-9a-f-]{36}/ID/g; s/(service-)[A-Za-z0-9]{6}/\1X/' | sort >/report.tree
systemctl start systemd-tmpfiles-clean.service || echo "systemd-tmpfiles-clean.service failed" >/report.failed
systemctl --failed --no-legend >>/report.failed 2>&1
for unit in systemd-tmpfiles-setup-dev systemd-tmpfiles-setup systemd-tmpfiles-clean; do
  systemctl show -P ExecMainStatus "$unit.service"
done >/report.statuses
journalctl -b -o cat -t systemd-tmpfiles --no-pager >/report.journal
sync
systemctl poweroff --force --force
