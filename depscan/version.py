"""The version, where every room may read it; hatchling takes it from here. And the project's one public address."""

__version__ = "0.1.0"
HOME = "https://pypi.org/project/depscan-lint/"  # by the name that README installs it under
