"""Changes after which the same engine finds nothing.

In: findings, what was found before, and `trials`, which examine a changed input. Out: the findings with `Suggestion`s.
A rule names its repairs; `table` has them all, one module or function each; `advice` tries what they offer. This room
has no opinion: a change is offered only when the same engine finds nothing after it, and when the image keeps what the
rest of the Dockerfile uses of the old one (`keeping`).
"""
