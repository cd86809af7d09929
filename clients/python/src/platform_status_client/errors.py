"""The errors of a call."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

# Control characters, zero width characters, direction marks and other line ends: a terminal obeys or hides them.
UNSAFE = re.compile(
    '[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]'
)


def printable(text: str) -> str:
    """Escapes a text that comes from others. An unsafe character becomes, for example, `\\u{1b}`."""
    return UNSAFE.sub(lambda found: f'\\u{{{ord(found[0]):x}}}', text)


class _Printable(logging.Filter):
    """Escapes log messages, because they contain texts of others: names, and responses of any server."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = printable(record.getMessage()), None
        return True


logging.getLogger('platform_status_client').addFilter(_Printable())


class StatusServiceError(Exception):
    """Any failure of a call. There are two kinds, `Unreachable` and `Problem`."""


class Unreachable(StatusServiceError):
    """The service did not respond in time, or another server responded.

    It is not known whether the request was executed.
    """


class Problem(StatusServiceError):
    """The service refused the request (application/problem+json).

    `code` is stable and for programs. `detail` is for people. `members` is the whole response. Further members depend
    on the code, for example the occupant of a slot, or the real place of a container.
    """

    def __init__(self, status: int, members: Mapping[str, Any]) -> None:
        self.status = status
        self.members: dict[str, Any] = dict(members)
        self.code: str = str(members.get('code', ''))
        self.detail: str = str(members.get('detail', ''))
        super().__init__(printable(f'{status} {self.code}: {self.detail}'))

    @property
    def says_absent(self) -> bool:
        """Whether the service itself, not a proxy, responded that the object does not or cannot exist."""
        return self.status in (400, 404) and self.code != ''
