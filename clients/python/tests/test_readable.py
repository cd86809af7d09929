from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Any

import pytest

pytest.importorskip('laborchestrator')

from platform_status_client.orchestrator.readable import barcode_name_of, name_of, readable, readable_data


class Kind(IntEnum):
    FAST = 3


class Opaque:
    pass


class Resource:
    def __init__(self, name: str) -> None:
        self.name = name


@dataclass
class Point:
    x: int
    y: Any


class Number:
    """Behaves as a value of numpy."""

    def tolist(self) -> list[float]:
        return [1.5, math.nan]


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (Opaque, 'Opaque'),
        (Opaque(), 'Opaque'),
        (Resource('Hotel1'), 'Resource Hotel1'),
        ([Resource('Arm')], ['Resource Arm']),
        (Kind.FAST, 'FAST'),
        ({3, 1, 2}, [1, 2, 3]),
        ((1, 'a'), [1, 'a']),
        (math.inf, 'inf'),
        (2**70, str(2**70)),
        (datetime(2026, 3, 1, 12), '2026-03-01T12:00:00'),
        (timedelta(minutes=2), 120.0),
        (PurePosixPath('a/b'), 'a/b'),
        (b'abc', 'abc'),
        (Point(1, Opaque()), {'x': 1, 'y': 'Opaque'}),
        (Number(), [1.5, 'nan']),
        ({1: {None: 2}}, {'1': {'None': 2}}),
        ('a\0b\ud800', 'a\ufffdb\ufffd'),
        (len, '<built-in function len>'),
    ],
)
def test_anything_becomes_what_a_reader_takes_it_for(value: Any, text: Any) -> None:
    assert readable(value) == text


def test_no_memory_address_is_left() -> None:
    # mypy does not allow access to __init__ of an instance, but an unusual value may be one
    assert '0x' not in json.dumps(readable([lambda: None, Opaque(), Opaque().__init__]))  # type: ignore[misc]


def test_what_contains_itself_ends() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert json.dumps(readable(loop)).count('[') < 32


def test_what_is_too_large_is_left_out_and_said_so() -> None:
    made = readable_data({'fct': 'read', 'image': 'x' * 100_000, 'wells': 96})
    assert made == {'fct': 'read', 'image': '(100002 bytes left out)', 'wells': 96}
    many = readable_data({'fct': 'read', **{f'well {number}': number for number in range(10_000)}})
    assert many['fct'] == 'read'
    assert len(json.dumps(many)) < 65_000


def test_a_function_is_a_text() -> None:
    assert readable_data({'fct': ['wash', 'dry']})['fct'] == "['wash', 'dry']"
    assert readable_data(None) == {'data': None}


def test_names_keep_the_rules_of_names() -> None:
    assert name_of(' a\tb\n') == 'a b'
    assert name_of('UAM\u200b1\x1d2') == 'UAM1 2'
    assert barcode_name_of('0104\u200b\x1d10LOT\x1d') == '0104\x1d10LOT'
    assert name_of('') == '-'
    assert len(name_of('x' * 500)) == 200
