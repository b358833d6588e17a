"""What callaudit remembers, in SQLite or any database that SQLAlchemy knows. SQL lives only here."""

from audit.storage.digests import complete_digests, read_catalogues, read_digests
from audit.storage.leases import LEASE, Lease
from audit.storage.ledger import Store, sqlite_url
from audit.storage.removals import (
    OldCall,
    Removal,
    audited_before,
    forget_words,
    intend_removal,
    intended,
    removed,
    settle_removal,
    without_words,
)
from audit.storage.rows import AuditKeys, Judged, LedgerEntry, Standing, StoredCall

__all__ = [
    "LEASE",
    "AuditKeys",
    "Judged",
    "Lease",
    "LedgerEntry",
    "OldCall",
    "Removal",
    "Standing",
    "Store",
    "StoredCall",
    "audited_before",
    "complete_digests",
    "forget_words",
    "intend_removal",
    "intended",
    "read_catalogues",
    "read_digests",
    "removed",
    "settle_removal",
    "sqlite_url",
    "without_words",
]
