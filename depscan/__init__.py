"""depscan: tells from a Dockerfile and its build context that a container will not start, before any build."""

__version__ = "0.1.0"
