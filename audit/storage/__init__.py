"""What callaudit remembers, in SQLite or any database that SQLAlchemy knows. SQL lives only here."""

from audit.storage.leases import LEASE, Lease
from audit.storage.ledger import Store, sqlite_url
from audit.storage.rows import AuditKeys, Judged, LedgerEntry, Standing, StoredCall

__all__ = ["LEASE", "AuditKeys", "Judged", "Lease", "LedgerEntry", "Standing", "Store", "StoredCall", "sqlite_url"]
