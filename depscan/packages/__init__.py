"""One module per package manager: command words to packages, packages to libraries and dynamic linkers.

In: a simple command of RUN. Out: `Installation` (what it names, what that brings as far as known). Modules do not know
their siblings; the table in this file is complete (a test holds it).
"""
