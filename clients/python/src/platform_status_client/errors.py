"""What goes wrong with a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class StatusServiceError(Exception):
    """Any failure of a call; see the two kinds below."""


class Unreachable(StatusServiceError):
    """The service did not answer within the time for tries; whether it acted is not known."""


class Problem(StatusServiceError):
    """The service answered that it did not do it, and why (application/problem+json).

    `code` is stable and made for programs, `detail` is for people, `members` is the whole answer: what it holds beside
    depends on the code (the occupant of a slot, the real place of a container).
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members: dict[str, Any] = dict(members)
        self.code: str = str(members.get('code', ''))
        self.detail: str = str(members.get('detail', ''))
        super().__init__(f'{status} {self.code}: {self.detail}')
