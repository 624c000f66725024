#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Installs the Debian packages that the given lists name, where they are missing:
#
#     sh app/install.sh app/packages …
#
# Without root it prints the one line to run and fails.  Services that come with a package are not started.
set -u

if ! command -v dpkg-query >/dev/null; then
	echo "This is not Debian: install what stands in $*, by whatever name it has here."
	exit 0
fi

missing=
# shellcheck disable=SC2013
for package in $(sed 's/#.*//' "$@"); do
	case $(dpkg-query -W -f '${Status}' "$package" 2>/dev/null) in
	*' installed') ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
	echo "Packages are missing. Run this line, then start again:"
	echo "    sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing"
	exit 1
fi

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
	trap 'rm -f $policy' EXIT
	trap 'exit 1' HUP INT TERM
	printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
fi

echo "Installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# shellcheck disable=SC2086
if { apt-get -qq update && apt-get -qq install -y --no-install-recommends $missing; } >"$log" 2>&1 </dev/null; then
	rm -f "$log"
	exit 0
fi
tail -n 20 "$log"
rm -f "$log"
echo "apt-get could not install$missing; see its words above. Sluice needs Debian 12 or newer, or a release with DPDK 22.11."
exit 1
