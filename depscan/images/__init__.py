"""Image references to image profiles: what a base image provides.

In: a reference as FROM writes it, the user's overrides, a platform. Out: `ImageProfile` with source, date and
confidence. An image that nothing is known of has libc family unknown, and no finding rests on it.
"""
