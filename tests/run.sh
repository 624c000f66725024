#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Everything that can be tested, in one command: installs what is missing (as root), builds, tests, and ends with
# one line that adds up: "N passed, N failed, N skipped".
#
#     sh tests/run.sh                 under fifteen minutes on two cores
#     sh tests/run.sh --full          more seeds, everything under the sanitizers, mutants, bridge, fresh fuzzing
#     sh tests/run.sh --only kernel   one part: tidy unit sim lwip kernel asan clang mutants bridge fuzz
#     sh tests/run.sh --only fuzz --minutes 60
#     sh tests/run.sh --cookies always    sim, lwip and kernel, with that mode of SYN cookies throughout
#
# Builds in build/, build-asan/, build-clang/ and build-fuzz/.  tests/kernel needs root and is skipped without.
set -u
cd "$(dirname "$0")/.." || exit 1

# The ordinary run.
seeds=2000
lwip_seeds=500
asan_seeds=200
cookie_seeds=200
starve_seeds=20
starve_every=10
fuzz_minutes=12
full=false
only=
cookies=
while [ $# -gt 0 ]; do
	case $1 in
	--full)
		full=true seeds=20000 lwip_seeds=10000 asan_seeds=20000 cookie_seeds=5000
		starve_seeds=100 starve_every=1
		;;
	--only) only=${2:-} && shift ;;
	--cookies) cookies=${2:-} && shift ;;
	--minutes) fuzz_minutes=${2:-} && shift ;;
	*) sed -n '3,14s/^# \{0,1\}//p' "$0" && exit 2 ;;
	esac
	shift
done
case $only in
'' | tidy | unit | sim | lwip | kernel | asan | clang | mutants | bridge | fuzz) ;;
*) echo "run.sh: no part named $only; there are tidy unit sim lwip kernel asan clang mutants bridge fuzz" && exit 2 ;;
esac

case $cookies in
'') ;;
auto | always | never) export SLUICE_COOKIES="$cookies" ;;
*) echo "run.sh: no mode of cookies named $cookies; there are auto always never" && exit 2 ;;
esac

export PYTHONDONTWRITEBYTECODE=1
$full && export SLUICE_FULL=1 # tests/kernel: every combination of the kernel's settings
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
export ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1
# DPDK keeps what it allocated at start until the process ends.
export LSAN_OPTIONS="suppressions=$PWD/tests/lsan.supp:print_suppressions=0"
python=/usr/bin/python3
began=$(date +%s)
work=$(mktemp -d)
tally=$work/tally
: >"$tally"
children=

finish() {
	for child in $children; do
		kill "$child" 2>/dev/null
	done
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' HUP INT TERM

# With --cookies, only what is told of the mode.
wants() {
	case $cookies:$1 in
	:* | *:sim | *:lwip | *:kernel) [ -z "$only" ] || [ "$only" = "$1" ] ;;
	*) false ;;
	esac
}
say() { echo "[$(($(date +%s) - began)) s] $*"; }
passed() { echo "pass $*" >>"$tally"; }
failed() { echo "fail $*" >>"$tally" && say "FAILED: $*"; }
skipped() { echo "skip $*" >>"$tally" && say "skipped: $*"; }

# NAME COMMAND…: one test; what it says is shown only if it fails.
check() {
	name=$1 && shift
	if "$@" >"$work/said" 2>&1; then
		passed "$name"
	else
		tail -n 60 "$work/said"
		failed "$name"
	fi
}

# DIR OPTIONS…: configures and builds; fails with the compiler's words.
build() {
	directory=$1 && shift
	say "building $directory"
	if [ -f "$directory/build.ninja" ]; then
		meson configure "$directory" -Dtests=true "$@" >"$work/built" 2>&1
	else
		meson setup "$directory" -Dtests=true "$@" >"$work/built" 2>&1
	fi && ninja -C "$directory" all tests/sim tests/starve >"$work/built" 2>&1 && return 0
	grep -E 'error|warning|FAILED' "$work/built" | head -n 20
	tail -n 20 "$work/built"
	failed "build $directory: if the directory is of an older time, remove it"
	return 1
}

# DIR SCALE: meson's tests, each counted.
unit_tests() {
	rm -f "$1/meson-logs/testlog.json"
	meson test -C "$1" --no-rebuild -t "$2" --print-errorlogs
	if [ -f "$1/meson-logs/testlog.json" ]; then
		$python tests/tally.py meson "$1" "$1/meson-logs/testlog.json" >>"$tally"
	else
		failed "$1: meson test wrote no log"
	fi
}

# DIR COUNT: seeds 1 to COUNT, in one process per core, each one test.
simulate() {
	cores=$(nproc)
	share=$((($2 + cores - 1) / cores))
	first=1
	running=
	while [ "$first" -le "$2" ]; do
		last=$((first + share - 1))
		[ "$last" -le "$2" ] || last=$2
		timeout 1800 "$1/tests/sim" --seeds "$first..$last" >"$work/sim-$first" 2>&1 &
		children="$children $!"
		running="$running $!:$first:$last"
		first=$((last + 1))
	done
	for job in $running; do
		range=${job#*:}
		if wait "${job%%:*}"; then
			passed "$1 sim seeds ${range%:*} to ${range#*:}"
		else
			tail -n 40 "$work/sim-${range%:*}"
			failed "$1 sim seeds ${range%:*} to ${range#*:}"
		fi
	done
	children=
}

# PREFIX FILES…: by pytest, each test counted.
python_tests() {
	prefix=$1 && shift
	$python -m pytest -p no:cacheprovider -q --tb=short -o junit_family=xunit2 --junitxml="$work/junit.xml" "$@"
	if [ -f "$work/junit.xml" ]; then
		$python tests/tally.py pytest "$prefix" "$work/junit.xml" >>"$tally"
		rm -f "$work/junit.xml"
	else
		failed "$prefix: pytest wrote no report"
	fi
}

sh app/install.sh app/packages tests/packages || exit 1

export CC="${CC:-gcc}"
built=true
if [ "$only" != clang ] && [ "$only" != asan ] && [ "$only" != fuzz ]; then
	build build || built=false
fi

if wants tidy; then
	say "tidy: style, layers, purity"
	if $built; then
		check tidy tests/tidy --build build
	else
		check tidy tests/tidy
	fi
	check "mutants: every row fits the tree" $python tests/sim/mutants.py --check
	check "claims: what is said of the RFCs" $python tests/claims/claims.py
	python_tests tidy tests/test_tidy.py tests/test_tally.py tests/claims tests/hostile/test_index.py
fi

if wants unit && $built; then
	say "unit tests"
	unit_tests build 3
fi

if wants sim && $built; then
	if [ -x build/tests/sim ]; then
		say "simulation: seeds 1 to $seeds"
		simulate build "$seeds"
	else
		failed "sim: build/tests/sim was not built"
	fi
	say "memory that runs out: seeds 1 to $starve_seeds"
	check "starve seeds 1 to $starve_seeds" \
		timeout 3600 build/tests/starve --seeds "1..$starve_seeds" --every "$starve_every"
fi

if wants sim && $built && [ -z "$cookies" ]; then
	say "the same with cookies for every SYN: seeds 1 to $cookie_seeds"
	check "sim with cookies always, seeds 1 to $cookie_seeds" \
		build/tests/sim --seeds "1..$cookie_seeds" --cookies always --jobs "$(nproc)"
fi

if wants lwip && $built; then
	say "against lwIP: seeds 1 to $lwip_seeds"
	check "lwip seeds 1 to $lwip_seeds" build/tests/lwip --seeds "1..$lwip_seeds" --jobs "$(nproc)"
fi

if wants kernel && $built; then
	if [ "$(id -u)" -ne 0 ]; then
		skipped "kernel: needs root, for network namespaces"
	else
		say "the kernel as the peer: curl, wrk, nginx, a browser"
		SLUICE_BUILD=$PWD/build
		export SLUICE_BUILD
		python_tests kernel tests/kernel
	fi
fi

if $built && $full && [ -z "$cookies" ]; then
	say "lwIP and the kernel as peers, with cookies for every SYN"
	check "lwip with cookies always" env SLUICE_COOKIES=always \
		build/tests/lwip --seeds "1..$lwip_seeds" --jobs "$(nproc)"
	if [ "$(id -u)" -eq 0 ]; then
		SLUICE_BUILD=$PWD/build SLUICE_COOKIES=always
		export SLUICE_BUILD SLUICE_COOKIES
		python_tests kernel-cookies tests/kernel
		unset SLUICE_COOKIES
	fi
fi

if wants asan; then
	if build build-asan -Dbuildtype=debug -Doptimization=1 -Db_sanitize=address,undefined -Db_lundef=false \
		-Dc_args=-DSLUICE_ASSERTS -Dwerror=false; then
		say "unit tests under the sanitizers"
		unit_tests build-asan 10
		if [ -x build-asan/tests/sim ]; then
			say "simulation under the sanitizers: seeds 1 to $asan_seeds"
			simulate build-asan "$asan_seeds"
		fi
		check "lwip under the sanitizers" build-asan/tests/lwip --seeds "1..$asan_seeds" --jobs "$(nproc)"
		if $full && [ "$(id -u)" -eq 0 ]; then
			say "the kernel as the peer, under the sanitizers"
			SLUICE_BUILD=$PWD/build-asan
			export SLUICE_BUILD
			python_tests kernel-asan tests/kernel
		fi
	fi
fi

if wants clang; then
	if command -v clang-14 >/dev/null; then
		if CC=clang-14 build build-clang; then
			passed "clang-14: builds without a warning"
		fi
	else
		skipped "clang: clang-14 is not installed"
	fi
fi

if $built && [ -z "$cookies" ] && { $full || [ "$only" = mutants ]; }; then
	say "mutants: each fault must be caught"
	check mutants $python tests/sim/mutants.py
fi

if $built && [ -z "$cookies" ] && { $full || [ "$only" = bridge ]; }; then
	if [ "$(id -u)" -ne 0 ]; then
		skipped "bridge: needs root, for network namespaces"
	else
		say "the bridge: goodput over a long, lossy path"
		SLUICE_BUILD=$PWD/build
		export SLUICE_BUILD
		if $python tests/kernel/bridge --json build/bridge.json; then
			passed bridge
		else
			failed "bridge: a ratio below its floor, see build/bridge.json"
		fi
	fi
fi

if [ -z "$cookies" ] && { $full || [ "$only" = fuzz ]; }; then
	say "fuzzing: $fuzz_minutes minutes over all targets"
	check "fuzz: $fuzz_minutes minutes" $python tests/fuzz/fuzz.py --minutes "$fuzz_minutes"
fi

if $built && $full && [ -z "$cookies" ]; then
	say "claims: each test must fail without its function"
	check "claims: stubs" $python tests/claims/stub.py
fi

say "done"
$python tests/tally.py sum "$tally"
