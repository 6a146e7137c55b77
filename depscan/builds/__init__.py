"""The builds that a repository declares: which Dockerfile, with which context, target, arguments and platforms.

In: a directory, or the path of a compose, bake, devcontainer or workflow file. Out: `Build`s, and `Unusable` with the
reason where a declaration cannot be followed. `discovery` walks, one module reads each kind of file. Nothing is built.
"""
