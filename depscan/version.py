"""The version, where every room may read it; hatchling takes it from here. And the address of the documentation."""

__version__ = "0.1.0"
HOME = "https://depscan.example/"  # RFC 2606 reserves the name: nobody else's page until the project has an address
