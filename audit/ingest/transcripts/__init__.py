"""Transcripts that were made elsewhere, so that a centre that has them need not recognise its calls again.

:mod:`audit.ingest` offers the names, each imported from its own module.
"""
