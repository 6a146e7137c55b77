"""Tests of reading Dockerfiles."""
