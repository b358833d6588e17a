"""What callaudit remembers, in SQLite or any database that SQLAlchemy knows. SQL lives only here."""

from audit.storage.leases import LEASE, Lease
from audit.storage.ledger import AuditKeys, LedgerEntry, Store, StoredCall, sqlite_url

__all__ = ["LEASE", "AuditKeys", "Lease", "LedgerEntry", "Store", "StoredCall", "sqlite_url"]
