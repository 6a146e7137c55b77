"""What depscan costs, measured."""
