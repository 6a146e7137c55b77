"""The version, where every room may read it; hatchling takes it from here."""

__version__ = "0.1.0"
