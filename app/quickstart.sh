#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# From a fresh Debian 12 to figures in one command, with no NIC and no hugepages:
#
#     sh app/quickstart.sh [--json FILE]
#
# Installs what is missing (as root; otherwise it says what to run), builds, lets the two programs' stacks talk over a
# wire inside one process, and, where it may, serves a page to this system's curl through a TAP device in a network
# namespace of its own.  It leaves no process and no namespace behind.
set -u
here=$PWD
cd "$(dirname "$0")/.." || exit 1

json=
while [ $# -gt 0 ]; do
	case $1 in
	--json)
		[ $# -ge 2 ] || { echo "quickstart: --json needs a file" && exit 2; }
		case $2 in
		/*) json=$2 ;;
		*) json=$here/$2 ;;
		esac
		shift
		;;
	*) sed -n '4,10s/^# \{0,1\}//p' "$0" && exit 2 ;;
	esac
	shift
done

seconds=4
httpd=build/app/sluice-httpd
load=build/app/sluice-load
space=sluice-quickstart-$$
device=slu0
server=
work=$(mktemp -d)

cleanup() {
	[ -n "$server" ] && kill -KILL "$server" 2>/dev/null && wait "$server" 2>/dev/null
	[ -e "/run/netns/$space" ] && ip netns del "$space"
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

stop() {
	echo "quickstart: $*" >&2
	exit 1
}

build() {
	if [ ! -f build/build.ninja ]; then
		meson setup build >"$work/setup" 2>&1 || { tail -n 20 "$work/setup" && stop "meson setup failed, see above"; }
	fi
	ninja -C build app/sluice-httpd app/sluice-load >"$work/ninja" 2>&1 ||
		{ tail -n 30 "$work/ninja" && stop "the build failed, see above; if build/ is of an older time, remove it"; }
}

# MODE KEY CONCURRENCY: one loopback run; its figure is printed.
loopback() {
	timeout 60 "$load" --loopback --mode "$1" --concurrency "$3" --duration "${seconds}s" --json "$work/$1.json" >"$work/$1.log" 2>&1
	status=$?
	[ $status -eq 0 ] || { tail -n 20 "$work/$1.log" && stop "$load --loopback --mode $1 ended with $status, see above"; }
	figure "$work/$1.json" "$2"
}

# FILE KEY: the number behind a key, wherever in the file it is.
figure() {
	/usr/bin/python3 - "$1" "$2" <<'PYTHON' || stop "no $2 in the output of $load"
import json, sys

def find(value):
    if isinstance(value, dict):
        if isinstance(value.get(sys.argv[2]), (int, float)):
            return value[sys.argv[2]]
        value = list(value.values())
    if isinstance(value, list):
        return next((found for found in map(find, value) if found is not None), None)

found = find(json.load(open(sys.argv[1])))
if found is None:
    sys.exit(1)
print(round(found))
PYTHON
}

# Why there can be no TAP device here; nothing if there can.
why_no_tap() {
	if [ "$(id -u)" -ne 0 ]; then
		echo "needs root"
	elif [ ! -c /dev/net/tun ]; then
		echo "no /dev/net/tun; modprobe tun"
	elif ! ip netns add "$space" 2>/dev/null; then
		echo "may not make a network namespace"
	fi
}

inside() {
	ip netns exec "$space" "$@"
}

# The server on a TAP device, the kernel on its other side, and a page fetched with curl.
tap() {
	ip netns exec "$space" "$httpd" --port "net_tap0,iface=$device" --address 198.18.0.1/15 --idle sleep \
		>"$work/httpd.log" 2>&1 & # the program's own id: ip replaces itself by it
	server=$!
	tries=0
	until inside ip link show "$device" >/dev/null 2>&1 && inside ip addr replace 198.18.0.2/15 dev "$device" &&
		inside ip link set "$device" up && inside curl -sS --max-time 2 -o "$work/page" http://198.18.0.1/ 2>"$work/curl"; do
		tries=$((tries + 1))
		if ! kill -0 "$server" 2>/dev/null || [ $tries -gt 100 ]; then
			tail -n 20 "$work/httpd.log"
			cat "$work/curl" 2>/dev/null
			stop "curl got no page from $httpd on a TAP device, see above"
		fi
		sleep 0.1
	done
	page_bytes=$(wc -c <"$work/page")
	kill -TERM "$server"
	wait "$server" || { tail -n 20 "$work/httpd.log" && stop "$httpd did not end in order, see above"; }
	server=
	ip netns del "$space"
}

if [ -n "$json" ]; then
	true >>"$json" || stop "cannot write $json"
fi
sh app/install.sh app/packages || exit 1
echo "Building in build/ ..."
build
echo "Measuring, $seconds seconds each, two stacks on a wire inside one process ..."
cps=$(loopback cps connections_per_second 64) || exit 1
rps=$(loopback rps requests_per_second 1000) || exit 1
reason=$(why_no_tap)
if [ -z "$reason" ]; then
	echo "Serving a page to curl through a TAP device ..."
	tap
	curl=ok
	heard="curl fetched a page of $page_bytes bytes from sluice-httpd through a TAP device: the kernel's TCP spoke with ours."
else
	curl="skipped: $reason"
	heard="The page over a TAP device was skipped: $reason."
fi

figures=$(printf '  %9s connections per second   64 at a time; each opens, asks once, is answered, and closes on both sides
  %9s requests per second      on 1,000 connections that stay open' "$cps" "$rps")
cat <<SUMMARY

Sluice on this machine, one core for the server and one for its clients:

$figures

  Both ends are whole TCP stacks on a wire inside one process: timestamps on, every checksum computed and verified in
  software, no NIC, no hugepages, no root.

  $heard

Next: build/app/sluice-httpd --help, build/app/sluice-load --help, README.md.
SUMMARY

if [ -n "$json" ]; then
	printf '{"loopback":{"cps":{"connections_per_second":%s},"rps":{"requests_per_second":%s}},"tap":{"curl":"%s"}}\n' \
		"$cps" "$rps" "$curl" >"$json" || stop "cannot write $json"
fi
