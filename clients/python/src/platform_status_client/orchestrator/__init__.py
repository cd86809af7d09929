"""A status database for laborchestrator, kept by platform-status."""

from .status_db import StatusDB

__all__ = ['StatusDB']
