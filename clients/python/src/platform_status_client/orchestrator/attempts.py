"""Attempts at the steps of an orchestrator, as the service is told about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from laborchestrator.structures import ContainerInfo, ProcessStep

from .readable import CONTROL, readable

if TYPE_CHECKING:
    from ..models import StepCreate, StepEnding

LONGEST_ERROR = 2000


@dataclass
class Attempt:
    """One attempt at a step. laborchestrator tries a step again with the same object, and then its start is another."""

    # the object, not its name: it outlives the removal of its process
    step: ProcessStep
    start: datetime
    number: int
    id: str
    experiment: str
    # the step as its start is told
    begun: StepCreate | None = None
    # when the orchestrator said first that it failed
    failed_at: datetime | None = None
    # how it ended, as it was told; None while it goes on
    ending: StepEnding | None = None


@dataclass(frozen=True)
class StepReport:
    """A step that begins, or that ends without the orchestrator logging it."""

    attempt: Attempt
    body: StepCreate
    # its containers, as they were when it was seen
    plates: list[ContainerInfo]


@dataclass(frozen=True)
class Resolution:
    """A failed step that a person resolved."""

    step_id: str


@dataclass(frozen=True)
class StateReport:
    """An experiment whose state changed."""

    experiment: str
    state: str
    at: datetime


Report = StepReport | Resolution | StateReport


def error_of(result: Any) -> str | None:
    """What the orchestrator keeps as the result of a failed step, as text. Handlers often return a tuple."""
    parts = result if isinstance(result, list | tuple) else [result]
    texts = [text for part in parts if part is not None and (text := _lines(part))]
    return '\n'.join(texts)[:LONGEST_ERROR].strip() or None


def _lines(part: Any) -> str:
    try:
        text = part if isinstance(part, str) else str(part)
    except Exception:
        return type(part).__name__
    return '\n'.join(line for shown in text.splitlines() if (line := CONTROL.sub(' ', readable(shown)).strip()))
