#!/usr/bin/env bash
# Drives the binary by a real cron with crontab.example as it is, in a mount namespace of its own (needs root).
#
# cron.sh BINARY CRONTAB FOLDER. Three users have the crontab: "nobody" with a good database, FOLDER/good.sqlite; "daemon" with a
# file that is no database; "games" on a host where the systemd timers are enabled. What cron mails stands in FOLDER/mail.USER.
# Ends after two whole minutes.
set -euo pipefail
binary=$1 crontab=$2 folder=$3

if [ "${4:-}" != inside ]; then
    exec unshare --mount --fork --pid --kill-child --mount-proc bash "$0" "$binary" "$crontab" "$folder" inside
fi

# Over the machine's own folders, so that nothing of it is read or changed: its crontabs, its mailer, its programs.
layers=$(mktemp -d)
mount -t tmpfs layers "$layers"
for place in etc usr/bin usr/sbin; do
    mkdir -p "$layers/$place/up" "$layers/$place/work"
    mount -t overlay overlay -o "lowerdir=/$place,upperdir=$layers/$place/up,workdir=$layers/$place/work" "/$place"
done
mount -t tmpfs spool /var/spool/cron
mkdir -p /var/spool/cron/crontabs /etc/nikita-jobs
rm -rf /etc/cron.d /etc/crontab /etc/systemd/system/timers.target.wants
: >/etc/crontab

install -m 755 "$binary" /usr/bin/nikita-jobs
# The mailer: keeps each message for its sender.
cat >/usr/sbin/sendmail <<SENDMAIL
#!/bin/sh
{ cat; echo; } >>"$folder/mail.\$(id -un)"
SENDMAIL
chmod 755 /usr/sbin/sendmail

echo "DATABASE_URL=sqlite:$folder/good.sqlite" >/etc/nikita-jobs/env
echo "DATABASE_URL=sqlite:$folder/bad.sqlite" >/etc/nikita-jobs/bad
echo "DATABASE_URL=sqlite:$folder/timers.sqlite" >/etc/nikita-jobs/timers
mkdir /etc/timers.target.wants
touch /etc/timers.target.wants/nikita-jobs-{decay,process-conversations,recover,scan-stuck}.timer
crontab -u nobody "$crontab"
sed 's|/etc/nikita-jobs/env|/etc/nikita-jobs/bad|' "$crontab" | crontab -u daemon -
sed -e 's|/etc/nikita-jobs/env|/etc/nikita-jobs/timers|' -e 's|^TIMERS=.*|TIMERS=/etc/timers.target.wants|' "$crontab" |
    crontab -u games -

# cron wakes at every full minute.
timeout --preserve-status -s TERM 125 cron -f || [ $? = 143 ]
