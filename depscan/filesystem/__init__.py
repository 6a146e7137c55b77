"""The files of each stage: build context, .dockerignore, and the replay of FROM, COPY, ADD, WORKDIR and RUN.

In: `Dockerfile`, a context directory, an image profile for each base. Out: one `StageFilesystem` per stage. What RUN
may have changed is marked, so that "missing" becomes "unknown" there and never a false alarm.
"""
