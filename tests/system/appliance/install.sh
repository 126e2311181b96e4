#!/bin/bash
# Lays a release out in a bare Debian root as the units expect it; runs as root in that root, in a clone of the tree.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
tree=$(cd "$here/../../.." && pwd)
cd "$tree"

# The kiosk draws without an X server.
export DEBIAN_FRONTEND=noninteractive
grep -vE '^#|^xvfb$|^xdotool$|^libfaketime$' provisioning/bootstrap/packages/run.txt |
    xargs apt-get -qq install --no-install-recommends --yes systemd systemd-sysv python3-venv udev kmod \
        pcscd polkitd vsmartcard-vpcd >/var/log/install.log

release=/opt/kiosk/releases/0.1.0
python3 -m venv "$release"
ln -s releases/0.1.0 /opt/kiosk/current
pip() {
    "$release/bin/python" -m pip --disable-pip-version-check install --no-input --progress-bar=off "$@" \
        >>/var/log/install.log 2>&1 || { tail -30 /var/log/install.log; return 1; }
}
pip --require-hashes --requirement requirements/build.txt
pip --require-hashes --no-build-isolation --use-pep517 --requirement requirements/kiosk.txt
pip --no-deps --no-index --no-build-isolation .

cp systemd/system/*.service /etc/systemd/system/
cp systemd/sysusers.d/* /usr/lib/sysusers.d/
cp systemd/tmpfiles.d/* /usr/lib/tmpfiles.d/
cp systemd/udev/rules.d/* /usr/lib/udev/rules.d/
cp systemd/modprobe.d/* /usr/lib/modprobe.d/
cp systemd/polkit-1/rules.d/* /usr/share/polkit-1/rules.d/
systemd-sysusers
systemd-tmpfiles --create --prefix=/etc/kiosk
cp "$here/kiosk.toml" /etc/kiosk/kiosk.toml
head -c 32 /dev/urandom >/etc/kiosk/secrets/journal.key
echo a-credential-that-no-store-knows >/etc/kiosk/secrets/kiosk.token
systemd-tmpfiles --create --prefix=/etc/kiosk

# A container has no screen and no terminal 1; everything else of the unit is as it is shipped.
mkdir -p /etc/systemd/system/kiosk.service.d
cp "$here/no-screen.conf" /etc/systemd/system/kiosk.service.d/
cp "$here/prove.py" /usr/local/lib/prove.py
cp "$here/prove.service" /etc/systemd/system/
systemctl --quiet enable kiosk.service prove.service
systemctl --quiet mask getty.target systemd-logind.service
