"""Converts the data of a step to JSON that people can read.

The data contain whatever the planning language put there: classes, resources, sets, numpy numbers. Each becomes text
without memory addresses, so that the same step has the same data each time it is reported.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

# the limits of the service: levels of nesting, and bytes of JSON with room for the rest of the step
DEEPEST, LARGEST = 30, 60_000
LONGEST_FUNCTION = 200
# larger whole numbers lose digits in JSON
EXACT = 2**53

ADDRESS = re.compile(r' at 0x[0-9a-fA-F]+')
CONTROL = re.compile('[\x00-\x1f\x7f-\x9f]')
# a barcode may have the group separator of GS1 between its fields
CONTROL_IN_BARCODE = re.compile('[\x00-\x1c\x1e\x1f\x7f-\x9f]')
SURROGATE = re.compile('[\ud800-\udfff]')


def readable_data(data: Any) -> dict[str, Any]:
    """Converts the data of a step for the service: JSON within its limits, with a text as `fct`."""
    made = readable(data) if isinstance(data, Mapping) else {'data': readable(data)}
    if made.get('fct') is not None:
        made['fct'] = name_of(made['fct'], LONGEST_FUNCTION)
    while (excess := _size(made) - LARGEST) > 0:
        largest = max((key for key in made if key != 'fct'), key=lambda key: _size(made[key]), default=None)
        if largest is None or _size(made[largest]) < excess // max(1, len(made)):
            return {'fct': made.get('fct'), 'left_out': f'{len(made)} members, too large to be stored'}
        made[largest] = f'({_size(made[largest])} bytes left out)'
    return made


def readable(value: Any, depth: int = 1) -> Any:
    """Converts any value to JSON. Values that JSON does not have become text."""
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
        # sorted, because the order of a set differs from one process to the next
        return sorted((readable(inner, depth) for inner in value), key=lambda inner: json.dumps(inner, sort_keys=True))
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: readable(getattr(value, field.name, None), depth) for field in fields(value)}
    if callable(plain := getattr(value, 'tolist', None)) and not isinstance(value, type):
        # numpy: arrays and numbers
        return readable(plain(), depth)
    return described(value)


def described(value: Any) -> str:
    """Describes an object as text: a class by its name, an instance by its class and its name."""
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


def name_of(value: Any, longest: int = 200, *, control: re.Pattern[str] = CONTROL) -> str:
    """Converts a value to a name.

    It has no control or invisible characters and no outer spaces, is not empty, and has at most `longest` characters.
    """
    text = value if isinstance(value, str) else described(value)
    visible = ''.join(letter for letter in readable(text) if unicodedata.category(letter) not in ('Cf', 'Zl', 'Zp'))
    printable = control.sub(' ', visible)
    return printable.strip()[:longest].strip() or '-'


def barcode_name_of(value: Any) -> str:
    """Converts a barcode, or the name of a container, to a name. A barcode may have group separators."""
    return name_of(value, control=CONTROL_IN_BARCODE)


def _key(key: Any) -> str:
    text = readable(key) if isinstance(key, str) else described(key)
    # the service refuses the member `__proto__`
    return '_proto_' if text == '__proto__' else str(text)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(',', ':')).encode())
