"""Dockerfile text to instructions, and instructions to stages.

In: a file's text, build arguments, a platform. Out: `Dockerfile` with typed instructions and stages, every word with
its span. The grammar is BuildKit's, through e2b-dockerfile-utils; this room adds columns, scopes and stages.
"""
