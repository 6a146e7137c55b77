"""Dockerfiles really performed: built layer by layer in real roots, started, and compared with what depscan says."""
