#!/bin/bash
# A newcomer's machine: a bare Debian root with git, python3, make and ca-certificates, a fresh clone of HEAD in it,
# and the commands that the README promises. By hand, as root:
#
#   tests/system/newcomer.sh bookworm root demo test     # Debian 12, as root: `make demo` to Ctrl-C, then `make test`
#   tests/system/newcomer.sh trixie user demo            # Debian 13, as a user with sudo
#
# `demo` is watched by watch_demo.py; `appliance` installs a release and its units, boots the root under its own systemd
# and has prove.py judge it there (last word only); `shell` opens one; any other word is a make target. Processes live in
# a PID and a mount namespace of their own, so that nothing outlives this script. How this machine reaches its package sources
# (apt, pip, certificates) is found out and handed in. Exit code 77: not possible here; the last line says why.
set -euo pipefail

impossible() { echo "newcomer: $*" >&2; exit 77; }
say() { echo "newcomer: $*"; }

here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
cache=${KIOSK_TEST_CACHE:-/var/cache/library-kiosk-tests}
home=/srv/newcomer

make_base() { # SUITE TAR: a bare root as a tar file, renewed after a week
    local suite=$1 tar=$2 mirror tree
    [ -z "$(find "$tar" -mtime -7 2>/dev/null)" ] || return 0
    # Whatever source this machine's own apt uses for Debian's main component; none found: debootstrap's default.
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN) $(COMPONENT)' 'Created-By: Packages' 2>/dev/null |
        awk '$2 == "Debian" && $3 == "main" { print $1; exit }')
    tree=$(mktemp -d "$cache/base-$suite.XXXXXX")
    say "making a bare $suite"
    if ! debootstrap --variant=minbase "$suite" "$tree" ${mirror:+"$mirror"} >"$cache/debootstrap-$suite.log" 2>&1; then
        rm -rf --one-file-system "$tree"
        tail -3 "$cache/debootstrap-$suite.log" >&2
        impossible "debootstrap could not make $suite here"
    fi
    tar -C "$tree" --exclude='./var/cache/apt/archives/*.deb' -cf "$tar.part" .
    mv "$tar.part" "$tar"
    rm -rf --one-file-system "$tree"
}

machine_settings() { # how this machine's clients are told where packages are, as `declare` lines
    local name value
    for name in $(compgen -e | grep -E '^(PIP_|SSL_CERT|CURL_CA|REQUESTS_CA|GIT_SSL)|_(proxy|PROXY)$' || true); do
        declare -p "$name"
    done
    # Settings in pip's own files, said as the environment variables that mean the same.
    python3 -m pip config list 2>/dev/null | sed -n "s/^global\.\([a-z-]*\)='\(.*\)'$/\1 \2/p" |
        while read -r name value; do
            name=PIP_$(tr 'a-z-' 'A-Z_' <<<"$name")
            [ -n "${!name:-}" ] || declare -p value | sed "s/^declare -- value=/declare -x $name=/"
        done
}

hand_in_files() { # ROOT SETTINGS: the files and folders that the settings name, at the same paths
    local root=$1 word folder
    grep -oE '"[^"]*"' "$2" | tr -d '"' | tr ' ' '\n' | sed 's,^file://,,' | sort -u | while read -r word; do
        if [ -f "$word" ]; then
            install -D "$(realpath "$word")" "$root$word"
        elif [ -d "$word" ] && [ "$word" != /etc/ssl/certs ]; then
            # An index of files points into the folder beside it.
            folder=$(dirname "$word")
            [ "$folder" != / ] && [ "$(dirname "$folder")" != / ] || folder=$word
            mkdir -p "$root$folder"
            mountpoint -q "$root$folder" || mount --bind -o ro "$folder" "$root$folder"
        fi
    done
}

devices() { # ROOT: the device files, terminals and shared memory that any machine has
    local root=$1 name
    mount -t proc proc "$root/proc"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    for name in null zero full random urandom tty; do
        touch "$root/dev/$name"
        mount --bind "/dev/$name" "$root/dev/$name"
    done
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
}

inside() { # ROOT SUITE AS COMMANDS…: runs as process 1 of the namespaces
    local root=$1 suite=$2 as=$3 command
    shift 3
    mount --make-rprivate /
    devices "$root"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    mkdir -p "$cache/apt-$suite/partial"
    mount --bind "$cache/apt-$suite" "$root/var/cache/apt/archives"
    apt-config dump | grep -E '^Acquire::(http|https|Check|Retries)' >"$root/etc/apt/apt.conf.d/90this-machine" || true
    echo 'APT::Keep-Downloaded-Packages "true";' >>"$root/etc/apt/apt.conf.d/90this-machine"
    # A root without an init system starts no services.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"

    say "installing git python3 make ca-certificates"
    local first=(git python3 make ca-certificates)
    [ "$as" = root ] || first+=(sudo)
    chroot "$root" env DEBIAN_FRONTEND=noninteractive sh -c \
        'apt-get -qq update && apt-get -qq install --no-install-recommends --yes "$@"' - "${first[@]}" \
        >"$root/first.log" 2>&1 || { tail -20 "$root/first.log"; return 1; }

    # A third party's source that does not answer, as many machines have: it must stop nothing.
    echo 'deb http://127.0.0.1:9/ nowhere main' >"$root/etc/apt/sources.list.d/third-party.list"

    machine_settings >"$root/machine.sh"
    hand_in_files "$root" "$root/machine.sh"
    chroot "$root" useradd --create-home --home-dir "$home" --shell /bin/bash newcomer
    git clone --quiet "$repository" "$root$home/kiosk"
    if [ "$as" = root ]; then
        chown -R 0:0 "$root$home/kiosk"
    else
        chroot "$root" chown -R newcomer: "$home"
        echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/newcomer"
    fi
    cp "$here/watch_demo.py" "$root/watch_demo.py"

    local user=newcomer
    [ "$as" != root ] || user=root
    for command in "$@"; do
        say "$suite as $as: $command"
        case $command in
            appliance)
                chroot "$root" bash -c ". /machine.sh; $home/kiosk/tests/system/appliance/install.sh"
                boot "$root"
                continue
                ;;
            demo) command="python3 /watch_demo.py" ;;
            shell) command="bash" ;;
            *) command="make $command" ;;
        esac
        chroot --userspec="$user:$user" "$root" env -i HOME="$(home_of "$user")" USER="$user" LANG=C.UTF-8 TERM=dumb \
            PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CI="${CI:-}" \
            DEMO_PORT="${DEMO_PORT:-8700}" bash -c ". /machine.sh; cd $home/kiosk && $command"
    done
    say "$suite as $as: all done"
}

boot() { # ROOT: until it switches itself off; fails unless prove.py was content
    local root=$1
    say "booting"
    umount --recursive "$root/dev" "$root/proc" "$root/sys" "$root/run" "$root/tmp"
    # nspawn wants /run in memory and the unified cgroup tree; both are of this namespace only.
    mount -t proc proc /proc
    mount -t tmpfs tmpfs /run
    umount --lazy /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup || impossible "no unified cgroup tree here"
    mkdir -p "/sys/fs/cgroup/newcomer-$$"
    echo $$ >"/sys/fs/cgroup/newcomer-$$/cgroup.procs"
    rm -f "$root/usr/sbin/policy-rc.d" "$root/etc/machine-id"
    timeout 900 systemd-nspawn --quiet --directory="$root" --register=no --keep-unit --link-journal=no --boot \
        --console=pipe </dev/null >"$root/console.log" 2>&1 || true
    cat "$root/prove.log" || tail -20 "$root/console.log"
    [ -e "$root/proved" ] || { say "the machine was not content"; return 1; }
}

home_of() { if [ "$1" = root ]; then echo /root; else echo "$home"; fi; }

if [ "${1:-}" = --inside ]; then
    shift
    inside "$@"
    exit
fi
[ $# -ge 3 ] || { sed -n '2,13s/^# \{0,1\}//p' "$0"; exit 2; }
suite=$1
[ "$(id -u)" = 0 ] || impossible "needs root"
command -v debootstrap >/dev/null || impossible "needs debootstrap"
unshare --mount --pid --fork true 2>/dev/null || impossible "this kernel gives no namespaces"
mkdir -p "$cache"
root=
trap '[ -z "$root" ] || rm -rf --one-file-system "$root"' EXIT
trap 'exit 130' INT TERM
make_base "$suite" "$cache/base-$suite.tar"
root=$(mktemp -d "$cache/newcomer-$suite.XXXXXX")
tar -C "$root" -xf "$cache/base-$suite.tar"
chmod 755 "$root"
unshare --mount --pid --fork --kill-child bash "$0" --inside "$root" "$@"
