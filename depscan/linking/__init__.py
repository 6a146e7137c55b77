"""What the dynamic linker would find, on paper: interpreter, search order, libraries, version needs.

In: an artifact at a path in a `StageFilesystem`. Out: `Placement` with its `LinkResult`, verdict and cause. The laws
are those of glibc's and musl's dynamic linkers and of the kernel; each function names the law it follows.
"""
