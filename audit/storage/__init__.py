"""What callaudit remembers, in SQLite or any database that SQLAlchemy knows. SQL lives only here."""

from audit.storage.digests import complete_digests, digest_agents, digest_span, read_calls, read_catalogues, read_digests
from audit.storage.known import (
    KnownCall,
    anything_touched,
    find_complaint,
    judged_again,
    known_calls,
    load_followups,
    save_events,
    stale_calls,
    team_counts,
    touched_languages,
)
from audit.storage.leases import LEASE, Lease
from audit.storage.ledger import Store, sqlite_url
from audit.storage.planning import KnownFile, entries, failed_files, known_files, note_checked, runs_of_scope
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
    "KnownCall",
    "KnownFile",
    "Lease",
    "LedgerEntry",
    "OldCall",
    "Removal",
    "Standing",
    "Store",
    "StoredCall",
    "anything_touched",
    "audited_before",
    "complete_digests",
    "digest_agents",
    "digest_span",
    "entries",
    "failed_files",
    "find_complaint",
    "forget_words",
    "intend_removal",
    "intended",
    "judged_again",
    "known_calls",
    "known_files",
    "load_followups",
    "note_checked",
    "read_calls",
    "read_catalogues",
    "read_digests",
    "removed",
    "runs_of_scope",
    "save_events",
    "settle_removal",
    "sqlite_url",
    "stale_calls",
    "team_counts",
    "touched_languages",
    "without_words",
]
