"""Proof of the linker on paper against real dynamic linkers in real root file systems."""
