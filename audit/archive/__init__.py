"""Recordings in an object store: found, looked at and fetched through fsspec, with the same words as local ones.

A recording of an archive is a path: a local `Path`, or an :class:`ObjectPath` that offers what is asked of a path before its
audio is opened. `as_local` is the one place where bytes come over the network: into a folder that goes when the call is done.
"""

from audit.archive.answering import SILENCE_S, Shares, ShareSilent, answered, answers, is_there, mount_of, silent
from audit.archive.fetch import as_local, sweep
from audit.archive.objects import ObjectPath, find_objects, is_url, place

__all__ = [
    "SILENCE_S",
    "ObjectPath",
    "ShareSilent",
    "Shares",
    "answered",
    "answers",
    "as_local",
    "find_objects",
    "is_there",
    "is_url",
    "mount_of",
    "place",
    "silent",
    "sweep",
]
