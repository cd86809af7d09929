"""What a process says about a step, as JSON that people can read.

A step's data hold whatever the planning language put there: classes, resources, sets, numpy numbers. Each becomes
text without memory addresses, so that the same step says the same every time it is reported.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

# what the service takes: levels of nesting and bytes of JSON, with room for what the envelope adds
DEEPEST, LARGEST = 30, 60_000
LONGEST_FUNCTION = 200
# whole numbers beyond this lose digits on their way through JSON
EXACT = 2**53

ADDRESS = re.compile(r' at 0x[0-9a-fA-F]+')
CONTROL = re.compile('[\x00-\x1f\x7f-\x9f]')
SURROGATE = re.compile('[\ud800-\udfff]')


def readable_data(data: Any) -> dict[str, Any]:
    """A step's data as the service takes them: JSON, not too deep, not too large, with a text as `fct`."""
    made = readable(data) if isinstance(data, Mapping) else {'data': readable(data)}
    if made.get('fct') is not None:
        made['fct'] = name_of(made['fct'], LONGEST_FUNCTION)
    while (excess := _size(made) - LARGEST) > 0:
        largest = max((key for key in made if key != 'fct'), key=lambda key: _size(made[key]), default=None)
        if largest is None or _size(made[largest]) < excess // max(1, len(made)):
            return {'fct': made.get('fct'), 'left_out': f'{len(made)} members, too large to be kept'}
        made[largest] = f'({_size(made[largest])} bytes left out)'
    return made


def readable(value: Any, depth: int = 1) -> Any:
    """Any value as JSON: what JSON has stays as it is, the rest becomes what a reader takes it for."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, str):
        return SURROGATE.sub('\ufffd', value).replace('\0', '\ufffd')
    if isinstance(value, int):
        return int(value) if abs(value) <= EXACT else str(value)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else str(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, PurePath):
        return readable(str(value))
    if isinstance(value, bytes | bytearray):
        return readable(bytes(value).decode(errors='replace'))
    if depth >= DEEPEST:
        return described(value)
    return _structure(value, depth + 1)


def _structure(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {_key(key): readable(inner, depth) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [readable(inner, depth) for inner in value]
    if isinstance(value, set | frozenset):
        # sorted, since a set has no order that it keeps from one run to the next
        return sorted((readable(inner, depth) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: readable(getattr(value, field.name, None), depth) for field in fields(value)}
    if callable(plain := getattr(value, 'tolist', None)) and not isinstance(value, type):
        # numpy: arrays and numbers
        return readable(plain(), depth)
    return described(value)


def described(value: Any) -> str:
    """A value that is no data in words: a class by its name, a thing with a name by class and name."""
    if isinstance(value, type):
        return value.__name__
    kind = type(value).__name__
    try:
        name = getattr(value, 'name', None)
        if isinstance(name, str):
            return str(readable(f'{kind} {name}'))
        text = str(value)
        return kind if text == object.__repr__(value) else str(readable(ADDRESS.sub('', text)))
    except Exception:
        return kind


def name_of(value: Any, longest: int = 200) -> str:
    """A value as a name: no control characters, no space at either end, not empty, at most `longest` characters."""
    text = value if isinstance(value, str) else described(value)
    printable = CONTROL.sub(' ', readable(text))
    return printable.strip()[:longest].strip() or '-'


def _key(key: Any) -> str:
    text = readable(key) if isinstance(key, str) else described(key)
    # the service refuses this one, since it is never meant
    return '_proto_' if text == '__proto__' else str(text)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode())
