#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What is measured, in one command: builds, runs the figures one at a time, prints them with their limits.
#
#     sh bench/run.sh                       everything: some minutes on two quiet cores
#     sh bench/run.sh --only wire,cps       some figures
#     sh bench/run.sh --quick               one short run of each: to see that it works, not to quote
#     sh bench/run.sh --json FILE           the results as JSON, too
#
# Builds in build/.  See bench/README.md for what the figures mean.
exec /usr/bin/env python3 "$(dirname "$0")/run.py" "$@"
