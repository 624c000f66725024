#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# PROGRAM FILE: an example file is what the program itself prints of it, so that it holds every option, each with the
# program's own explanation and default.  To make it anew: PROGRAM --config FILE --print-config
"$1" --config "$2" --print-config | diff -u "$2" -
