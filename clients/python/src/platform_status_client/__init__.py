"""Client of platform-status, the status service of a robotic laboratory.

`Client` has a method for each operation of the service. `StatusDB` is a status database for laborchestrator. It is
imported only when it is used, because it needs laborchestrator.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .client import Client
from .errors import Problem, StatusServiceError, Unreachable
from .watch import Change

if TYPE_CHECKING:
    from .orchestrator import StatusDB

__all__ = ['Change', 'Client', 'Problem', 'StatusDB', 'StatusServiceError', 'Unreachable']


def __getattr__(name: str) -> Any:
    if name == 'StatusDB':
        try:
            from .orchestrator import StatusDB
        except ModuleNotFoundError as missing:
            if (missing.name or '').split('.')[0] not in ('laborchestrator', 'labscheduler', 'pythonlab'):
                raise
            raise ImportError(
                f'StatusDB needs laborchestrator, of which {missing.name} is missing: '
                "pip install 'platform-status-client[laborchestrator]'"
            ) from missing
        return StatusDB
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
