"""Bytes to facts: what a file is, and what a program needs.

In: files of the build context and archive members, as bytes on disk. Out: `Artifact` with `ElfFacts`, or `Skipped`
with the reason. `elf.py` is the only module that imports LIEF, and only inside the function that parses.
"""
