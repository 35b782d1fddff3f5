"""POSIX access lists of Linux: rights on a file for exactly one more user.

The list is an extended attribute: a version number, then entries of tag, permissions and id, in the order of
the tags. Its mask limits every entry but the owner's and the others', and shows as the group bits of the mode.
"""

from __future__ import annotations

import errno
import os
import struct
import sys
from dataclasses import dataclass, replace
from pathlib import Path

READ, EXECUTE = 4, 1

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_ENTRY = struct.Struct("<HHI")
_NO_ID = 0xFFFFFFFF
_OWNER, _USER, _OWNING_GROUP, _GROUP, _MASK, _OTHERS = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20


@dataclass(frozen=True, slots=True)
class Entry:
    tag: int
    permissions: int
    id: int = _NO_ID


def permissions_of(path: Path, uid: int, groups: frozenset[int]) -> int:
    """The bits (4 read, 2 write, 1 execute or traverse) that user `uid`, not root, has on `path`."""
    entries = read(path)
    status = path.stat()
    if status.st_uid == uid:
        return _permissions(entries, _OWNER)
    mask = _permissions(entries, _MASK, default=7)
    for entry in entries:
        if entry.tag == _USER and entry.id == uid:
            return entry.permissions & mask
    granted = [e for e in entries if e.tag == _GROUP and e.id in groups]
    if status.st_gid in groups:
        granted += [e for e in entries if e.tag == _OWNING_GROUP]
    if granted:
        return max(entry.permissions & mask for entry in granted)
    return _permissions(entries, _OTHERS)


def grant(path: Path, uid: int, permissions: int) -> None:
    """Give user `uid` these rights on `path`, and nobody else any.

    Raises: OSError: the file system or the system knows no access lists.
    """
    entries = merged(read(path), uid, permissions)
    packed = b"".join(_ENTRY.pack(e.tag, e.permissions, e.id) for e in entries)
    if sys.platform != "linux":
        raise OSError(errno.ENOTSUP, "no POSIX access lists on this system", str(path))
    os.setxattr(path, _ATTRIBUTE, _VERSION + packed)


def merged(entries: list[Entry], uid: int, permissions: int) -> list[Entry]:
    """`entries` with `permissions` added for `uid`, everybody else's effective rights unchanged."""
    mask = _permissions(entries, _MASK, default=7)
    limited = (_USER, _OWNING_GROUP, _GROUP)
    # A wider mask would bring rights back to life that the old one had taken away: write them off first.
    kept = [replace(e, permissions=e.permissions & mask) if e.tag in limited else e for e in entries]
    own = next((e.permissions for e in kept if e.tag == _USER and e.id == uid), 0)
    rest = [e for e in kept if e.tag != _MASK and not (e.tag == _USER and e.id == uid)]
    result = [*rest, Entry(_USER, own | permissions, uid)]
    widest = 0
    for entry in result:
        widest |= entry.permissions if entry.tag in limited else 0
    return sorted([*result, Entry(_MASK, widest)], key=lambda entry: (entry.tag, entry.id))


def read(path: Path) -> list[Entry]:
    """The access list of `path`; where it has none, the three entries that its mode means."""
    packed = _read_attribute(path)
    if packed is not None:
        return [Entry(*values) for values in _ENTRY.iter_unpack(packed[len(_VERSION) :])]
    mode = path.stat().st_mode
    return [Entry(_OWNER, mode >> 6 & 7), Entry(_OWNING_GROUP, mode >> 3 & 7), Entry(_OTHERS, mode & 7)]


def _read_attribute(path: Path) -> bytes | None:
    if sys.platform != "linux":
        return None
    try:
        return os.getxattr(path, _ATTRIBUTE)
    except OSError as error:
        if error.errno in (errno.ENODATA, errno.ENOTSUP):
            return None
        raise


def _permissions(entries: list[Entry], tag: int, default: int = 0) -> int:
    return next((entry.permissions for entry in entries if entry.tag == tag), default)
