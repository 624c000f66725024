# SPDX-License-Identifier: BSD-3-Clause
"""The faults that mutants.py tries: name, file, the text as it is (found exactly once), the text as a mistake has it."""

from collections import namedtuple

Mutant = namedtuple("Mutant", "name file old new")

MUTANTS = [
]
