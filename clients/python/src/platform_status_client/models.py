"""The request and response bodies as types. At run time they are plain dictionaries."""

# Written by tools/openapi/python-client.ts from openapi/openapi.json: do not edit.
from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from typing_extensions import NotRequired

class Alarm(TypedDict):
    """A step that somebody has to look at."""
    id: str
    kind: AlarmKind
    step_id: str
    device: str
    name: str | None
    fct: str | None
    start: str
    status: StepStatus
    experiment_id: str | None
    raised_at: str
    over_at: str | None
    acknowledged_at: str | None
    acknowledged_by: str | None
    note: str | None
    earlier_acknowledgement: EarlierAcknowledgement | None


class AlarmAcknowledge(TypedDict):
    """Somebody is at an alarm."""
    note: str


AlarmKind = Literal['overdue', 'lost']


class AlarmPage(TypedDict):
    """One page of a list."""
    items: list[Alarm]
    next_cursor: str | None
    total: NotRequired[int]


AnyBoolean = Literal['true', 'false', 'any']


class Arrangement(TypedDict):
    """What a person sees of many containers at once. Containers that are not named stay where they are."""
    reason: str
    items: list[ArrangementItem]
    missing: NotRequired[list[str] | None]


class ArrangementItem(TypedDict):
    """Where one container is, as a person sees it."""
    container: NotRequired[str | None]
    barcode: NotRequired[str | None]
    device: str
    position: int
    lidded: NotRequired[bool | None]
    lid: NotRequired[Place | None]


class Calibration(TypedDict):
    """How well estimates of past steps would have matched what happened."""
    confidence: float
    since: str | None
    steps: int
    truncated: bool
    overall: CalibrationScore
    groups: list[CalibrationScore]


CalibrationGrouping = Literal['level', 'method', 'function', 'device']


class CalibrationScore(TypedDict):
    """How well the bounds of a group of steps were kept."""
    group: str | None
    steps: int
    answered: int
    coverage: float | None
    mean_excess_seconds: float | None
    pinball_loss_seconds: float | None


class Certificate(TypedDict):
    """A server certificate as JSON."""
    certificate: str


class CloudEvent(TypedDict):
    """An event of the log as CloudEvents 1.0 write it."""
    specversion: str
    id: str
    source: str
    type: str
    subject: NotRequired[str]
    time: str
    sequence: str
    data: Event


class CommandFinding(TypedDict):
    """A problem that would refuse the request, with the members of that problem."""
    code: str
    detail: str
    pointer: NotRequired[str]
    index: NotRequired[int]


class Container(TypedDict):
    """A container: its properties, its place and its lid. `starting_device` and `starting_position` are the place
    where it was added.
    """
    id: str
    name: str
    barcode: str | None
    device: str | None
    position: int | None
    starting_device: str
    starting_position: int
    lidded: bool
    lid: Place | None
    filled: bool
    content: str | None
    labware_type: str | None
    labware_uuid: str | None
    is_reagent: bool
    removed_at: str | None
    missing_since: str | None
    last_device: str | None
    last_position: int | None
    created_at: str
    updated_at: str
    version: int
    warnings: NotRequired[list[Warning]]


class ContainerBatch(TypedDict):
    """Containers to add. Either all are added or none."""
    containers: list[ContainerCreate]


# What a command changes about one container, with the state before and after.
ContainerChange = TypedDict(
    'ContainerChange',
    {
        'kind': 'ContainerChangeKind',
        'container': 'ContainerLabel',
        'from': 'ContainerSituation | None',
        'to': 'ContainerSituation',
    },
)


ContainerChangeKind = Literal['corrected', 'missing', 'found', 'added', 'barcode-set']


class ContainerChanges(TypedDict):
    """What a command changes about containers. For a dry run: what it would change."""
    changes: list[ContainerChange]
    findings: list[CommandFinding]
    warnings: list[Warning]
    revision: int


class ContainerCorrection(TypedDict):
    """What a person sees in the lab. Omitted members stay as they are. `device` and `position` must be sent
    together. They also bring back a removed container. `displace` says what to do with a container or lid that
    occupies the slot.
    """
    reason: str
    device: NotRequired[str]
    position: NotRequired[int]
    lidded: NotRequired[bool]
    lid: NotRequired[Place | None]
    barcode: NotRequired[str | None]
    displace: NotRequired[DisplaceAway | Place]


class ContainerCreate(TypedDict):
    """A container to add to the platform."""
    id: NotRequired[str | None]
    device: str
    position: NotRequired[int | None]
    name: NotRequired[str | None]
    barcode: NotRequired[str | None]
    lidded: NotRequired[bool | None]
    lid: NotRequired[LidPlace | None]
    filled: NotRequired[bool | None]
    content: NotRequired[str | None]
    labware_type: NotRequired[str | None]
    labware_uuid: NotRequired[str | None]
    is_reagent: NotRequired[bool | None]
    if_occupied: NotRequired[IfOccupied | None]
    reservation_id: NotRequired[str | None]
    lid_reservation_id: NotRequired[str | None]


# Something that happened to a container: a change with `from` and `to`, or a step, for which `at` is its start.
ContainerEvent = TypedDict(
    'ContainerEvent',
    {
        'kind': 'ContainerEventKind',
        'at': 'str',
        'revision': 'int | None',
        'from': 'ContainerSituation | None',
        'to': 'ContainerSituation | None',
        'step': 'HistoryStep | None',
    },
)


ContainerEventKind = Literal['added', 'moved', 'lidded', 'unlidded', 'barcode-set', 'updated', 'removed', 'disposed', 'corrected', 'missing', 'found', 'restored', 'step']


class ContainerHistory(TypedDict):
    """One page of a list."""
    items: list[ContainerEvent]
    next_cursor: str | None
    total: NotRequired[int]


class ContainerItems(TypedDict):
    """The containers, in the order of the request."""
    items: list[Container]


class ContainerLabel(TypedDict):
    """Which container it is."""
    id: str
    barcode: str | None
    name: str


class ContainerPage(TypedDict):
    """One page of a list."""
    items: list[Container]
    next_cursor: str | None
    total: NotRequired[int]


class ContainerPatch(TypedDict):
    """The members to change. Omitted members stay as they are. Null removes a value."""
    barcode: NotRequired[str | None]
    name: NotRequired[str]
    filled: NotRequired[bool]
    content: NotRequired[str | None]
    labware_type: NotRequired[str | None]
    labware_uuid: NotRequired[str | None]
    is_reagent: NotRequired[bool]


class ContainerResult(TypedDict):
    """The container after the change."""
    status: Literal['success']
    container: Container
    warnings: NotRequired[list[Warning]]


class ContainerSituation(TypedDict):
    """The place, lid and barcode of a container at one time, with the names of that time."""
    device: str | None
    position: int | None
    lidded: bool
    lid: PastPlace | None
    barcode: str | None
    missing_since: str | None


class Device(TypedDict):
    """A device. Its slots are numbered from 0 to `capacity` - 1."""
    id: str
    name: str
    group: str
    type: str | None
    description: str | None
    uri: str | None
    capacity: int
    process_capacity: int | None
    min_capacity: int | None
    allows_overlap: bool | None
    disposes: bool
    labware_types: list[str] | None
    max_height_mm: float | None
    extra: dict[str, Any] | None
    has_certificate: bool
    listed: bool
    retired_at: str | None
    created_at: str
    updated_at: str
    version: int


class DeviceCreate(TypedDict):
    """A device to add."""
    id: NotRequired[str | None]
    name: str
    group: NotRequired[str | None]
    type: NotRequired[str | None]
    description: NotRequired[str | None]
    uri: NotRequired[str | None]
    capacity: int
    process_capacity: NotRequired[int | None]
    min_capacity: NotRequired[int | None]
    allows_overlap: NotRequired[bool | None]
    disposes: NotRequired[bool | None]
    labware_types: NotRequired[list[str] | None]
    max_height_mm: NotRequired[float | None]
    extra: NotRequired[dict[str, Any] | None]


class DevicePage(TypedDict):
    """One page of a list."""
    items: list[Device]
    next_cursor: str | None
    total: NotRequired[int]


class DevicePatch(TypedDict):
    """The members to change. Omitted members stay as they are. Null removes a value."""
    name: NotRequired[str]
    group: NotRequired[str]
    type: NotRequired[str | None]
    description: NotRequired[str | None]
    uri: NotRequired[str | None]
    capacity: NotRequired[int]
    process_capacity: NotRequired[int | None]
    min_capacity: NotRequired[int | None]
    allows_overlap: NotRequired[bool | None]
    disposes: NotRequired[bool]
    labware_types: NotRequired[list[str] | None]
    max_height_mm: NotRequired[float | None]
    extra: NotRequired[dict[str, Any] | None]


# How busy a device was in one bucket.
DeviceUtilization = TypedDict(
    'DeviceUtilization',
    {
        'device': 'str',
        'from': 'str',
        'to': 'str',
        'busy_seconds': 'float',
        'steps': 'int',
        'failed': 'int',
        'occupied_slot_seconds': 'float',
        'slots': 'int',
    },
)


DisplaceAway = Literal['remove']


class EarlierAcknowledgement(TypedDict):
    """What somebody said at an earlier alarm of the same step."""
    alarm_id: str
    acknowledged_at: str
    acknowledged_by: str | None
    note: str


class Estimate(TypedDict):
    """How long a step will take, and what the estimate is based on."""
    duration_seconds: float | None
    confidence: float
    confidence_attained: float | None
    method: EstimateMethod
    level: MatchLevel | None
    sample_size: int
    window_from: str | None
    median_seconds: float | None
    margin_seconds: float
    warnings: list[Warning]
    samples: NotRequired[list[EstimateSample]]


class EstimateBatch(TypedDict):
    """The estimates of a batch."""
    estimates: list[Estimate]
    total: NotRequired[EstimateTotal]


class EstimateBatchRequest(TypedDict):
    """A request for the durations of up to 5,000 steps."""
    steps: list[PlannedStep]
    confidence: NotRequired[float | None]
    statistic: NotRequired[Statistic | None]
    total: NotRequired[bool | None]


class EstimateEnd(TypedDict):
    """Where a planned move starts or ends."""
    device: str
    position: NotRequired[int | None]


EstimateMethod = Literal['rank', 'substitute', 'commanded', 'overhead', 'max', 'mean', 'median', 'none']


class EstimateRequest(TypedDict):
    """A request for the duration of one step."""
    step: PlannedStep
    confidence: NotRequired[float | None]
    statistic: NotRequired[Statistic | None]


class EstimateSample(TypedDict):
    """A step that an estimate uses."""
    step_id: str
    seconds: float
    finish: str


class EstimateTotal(TypedDict):
    """The total machine time of all steps. It is far less than the sum of the bounds, because not all steps are
    slow at once. It is not the makespan.
    """
    duration_seconds: float | None
    median_seconds: float | None
    sum_of_bounds_seconds: float
    unknown_steps: int
    warnings: list[Warning]


class EstimatedKind(TypedDict):
    """What is known of a kind of step."""
    key: str
    kind: StepKind
    device: str
    fct: str | None
    protocol: str | None
    origin: StepKindEnd | None
    destination: StepKindEnd | None
    sample_size: int
    median_seconds: float
    bound_seconds: float
    method: EstimateMethod
    trend: StepKindTrend
    drift_since: str | None
    coverage: float | None
    judged: int
    last_finish: str


class EstimatedKindPage(TypedDict):
    """One page of a list."""
    items: list[EstimatedKind]
    next_cursor: str | None
    total: NotRequired[int]


class Event(TypedDict):
    """One change of one object, with its state before and after."""
    revision: int
    recorded_at: str
    kind: str
    actor: str | None
    reason: str | None
    request_id: str | None
    container_id: str | None
    device_id: str | None
    step_id: str | None
    experiment_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


EventKind = Literal['added', 'moved', 'lidded', 'unlidded', 'barcode-set', 'updated', 'removed', 'disposed', 'corrected', 'missing', 'found', 'restored', 'device-added', 'device-updated', 'device-grown', 'device-shrunk', 'device-retired', 'device-restored', 'device-named', 'certificate-set', 'certificate-removed', 'position-updated', 'labware-type-added', 'labware-type-updated', 'labware-type-deleted', 'lab-updated', 'lab-wiped', 'lab-restored', 'position-reserved', 'reservation-renewed', 'reservation-released', 'experiment-created', 'experiment-updated', 'experiment-paused', 'experiment-resumed', 'experiment-lost', 'experiment-recovered', 'steps-logged', 'step-finished', 'step-corrected', 'step-paused', 'step-resumed', 'step-lost', 'step-recovered', 'step-alarm', 'step-alarm-over', 'alarm-acknowledged', 'webhook-disabled', 'webhook-enabled']


class EventPage(TypedDict):
    """One page of a list."""
    items: list[Event]
    next_cursor: str | None
    total: NotRequired[int]


EventSort = Literal['revision', '-revision']


class Experiment(TypedDict):
    """One execution of a process. `first_start`, `last_finish`, `duration_seconds` and `active_seconds` are
    computed from its steps.
    """
    id: str
    process_id: str
    process: ExperimentProcess
    name: str | None
    status: ExperimentStatus
    metadata: dict[str, Any] | None
    warnings: list[Warning]
    steps: StepCounts
    first_start: str | None
    last_finish: str | None
    duration_seconds: float | None
    paused_at: str | None
    paused_seconds: float
    active_seconds: float | None
    session: str | None
    attention: bool
    created_at: str
    updated_at: str
    version: int


class ExperimentCreate(TypedDict):
    """An experiment to create: one execution of a process."""
    id: NotRequired[str | None]
    process_id: str
    name: NotRequired[str | None]
    session: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class ExperimentPage(TypedDict):
    """One page of a list."""
    items: list[Experiment]
    next_cursor: str | None
    total: NotRequired[int]


class ExperimentPatch(TypedDict):
    """The members to change. Omitted members stay as they are."""
    status: NotRequired[ExperimentStatus]
    name: NotRequired[str | None]
    session: NotRequired[str | None]
    metadata: NotRequired[dict[str, Any] | None]


class ExperimentProcess(TypedDict):
    """The process that an experiment executes."""
    id: str
    name: str


ExperimentStatus = Literal['created', 'running', 'paused', 'lost', 'completed', 'aborted']


class ExperimentTimeline(TypedDict):
    """The steps of an experiment against what was predicted when it began."""
    now: str
    status: ExperimentStatus
    began_at: str | None
    predicted: RunPrediction | None
    expected_finish: str | None
    bound_finish: str | None
    items: list[TimelineItem]
    truncated: bool


# One fault of a request: where it is, and the rule that it breaks.
Fault = TypedDict(
    'Fault',
    {
        'in': 'RequestPart',
        'pointer': 'NotRequired[str]',
        'parameter': 'NotRequired[str]',
        'detail': 'str',
    },
)


class Finding(TypedDict):
    """An error or a warning about the tracked state of the lab."""
    code: FindingCode
    severity: FindingSeverity
    message: str
    device: str | None
    position: int | None
    containers: list[dict[str, Any]]
    steps: NotRequired[list[str]]


FindingCode = Literal['duplicate-barcode', 'slot-shared', 'container-twice', 'lid-on-and-parked', 'container-on-retired-device', 'removed-container-in-slot', 'container-without-place', 'container-in-waste', 'unlisted-device', 'steps-running-long', 'steps-excluded', 'steps-doubtful', 'step-overdue', 'move-disagrees', 'container-missing', 'run-not-learnt', 'labware-does-not-fit', 'experiment-paused-ahead', 'backup-old']


FindingSeverity = Literal['error', 'warning']


class FormerLabel(TypedDict):
    """A container that had the barcode before."""
    id: str
    barcode: str | None
    device: str | None
    position: int | None
    missing_since: str | None
    last: LastPlace | None
    removed_at: str | None
    until: str


FoundBy = Literal['id', 'place', 'barcode', 'request-id', 'former-barcode', 'name', 'barcode-prefix', 'name-prefix']


class FoundItem(TypedDict):
    """Something that a text can mean."""
    kind: FoundKind
    id: str | None
    label: str
    where: FoundPlace | None
    missing_since: str | None
    last: FoundPlace | None
    removed_at: str | None
    why: FoundBy
    url: str


FoundKind = Literal['container', 'position', 'device', 'experiment', 'process', 'step', 'revision']


class FoundPlace(TypedDict):
    """Where something that was found is."""
    device: str
    position: int | None


class HistoryEnd(TypedDict):
    """Where a move began or ended."""
    device: str
    position: int | None


class HistoryStep(TypedDict):
    """A step that involved the container."""
    id: str
    name: str | None
    fct: str | None
    device: str
    status: StepStatus
    start: str
    finish: str | None
    duration_seconds: float | None
    active_seconds: float | None
    origin: HistoryEnd | None
    destination: HistoryEnd | None


IfOccupied = Literal['refuse', 'adopt']


class Key(TypedDict):
    """An API key without its secret. Requests with this key are logged with its name as `actor`."""
    id: str
    name: str
    scopes: list[Scope]
    created_at: str
    created_by: str | None
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None


class KeyCreate(TypedDict):
    """A key to create. Two valid keys cannot have the same name. Without `expires_at` the key is valid until it is
    revoked.
    """
    name: str
    scopes: list[Scope]
    expires_at: NotRequired[datetime | str | None]


class KeyCreated(TypedDict):
    """A new API key with its secret."""
    id: str
    name: str
    scopes: list[Scope]
    created_at: str
    created_by: str | None
    expires_at: str | None
    revoked_at: str | None
    revoked_by: str | None
    key: str


class KeyPage(TypedDict):
    """One page of a list."""
    items: list[Key]
    next_cursor: str | None
    total: NotRequired[int]


LabAction = Literal['add', 'update', 'grow', 'shrink', 'retire', 'restore', 'unchanged']


class LabChange(TypedDict):
    """What a lab file changes about one device."""
    action: LabAction
    device: str
    group: str
    capacity: dict[str, Any]
    changed: list[str]


class LabConfig(TypedDict):
    """The lab file, in YAML or as the same structure in JSON. The service keeps members that it does not know and
    returns them in the export.
    """
    sila_servers: dict[str, dict[str, LabDevice] | None]
    description: NotRequired[str | list[Any] | None]
    labware_types: NotRequired[dict[str, LabLabwareType | None] | None]
    pythonlab_translation: NotRequired[Any]


class LabConfigResult(TypedDict):
    """What the lab file changed. For a dry run: what it would change."""
    applied: bool
    changes: list[LabChange]
    labware_types: NotRequired[list[LabwareTypeChange]]
    revision: int
    warnings: list[Warning]


class LabContainer(TypedDict):
    """A container in a slot."""
    id: str
    barcode: str | None
    name: str
    position: int
    lidded: bool
    lid: Place | None
    since: str
    last_event: LabLastEvent | None


class LabDevice(TypedDict):
    """A device in the lab file. The service keeps members that it does not know and returns them in the export."""
    capacity: int
    process_capacity: NotRequired[int | None]
    min_capacity: NotRequired[int | None]
    allows_overlap: NotRequired[bool | None]
    disposes: NotRequired[bool | None]
    labware_types: NotRequired[list[str] | None]
    max_height_mm: NotRequired[float | None]
    slots: NotRequired[dict[str, LabSlot | None] | None]
    type: NotRequired[str | None]
    description: NotRequired[str | None]
    uri: NotRequired[str | None]


class LabDeviceState(TypedDict):
    """A device and the containers on it."""
    name: str
    group: str
    type: str | None
    view: Any
    positions: int
    occupied: int
    disposes: bool
    waste: list[int]
    deep_well: list[int]
    reserved: list[LabReservedSlot] | None
    containers: list[LabContainer]
    lids: list[LabLid]


class LabHealth(TypedDict):
    """The result of checking the tracked state of the lab."""
    healthy: bool
    findings: list[Finding]
    last_backup: LastBackup | None


class LabLabwareType(TypedDict):
    """A labware type in the lab file. The service keeps members that it does not know and returns them in the
    export.
    """
    description: NotRequired[str | None]
    deep_well: NotRequired[bool | None]
    height_mm: NotRequired[float | None]
    wells: NotRequired[int | None]
    lid: NotRequired[TypeLid | None]


class LabLastEvent(TypedDict):
    """What the event log says last about a container."""
    kind: str
    recorded_at: str


class LabLid(TypedDict):
    """A lid in a slot. Its container may be on another device, or missing."""
    container_id: str
    barcode: str | None
    name: str
    position: int


class LabReservedSlot(TypedDict):
    """A slot that is reserved."""
    position: int
    owner: str
    expires_at: str


class LabRestore(TypedDict):
    """An earlier state of the lab, to be put back."""
    at: Any
    reason: str
    dry_run: NotRequired[bool | None]


class LabRestoreResult(TypedDict):
    """What was restored. For a dry run: what would be restored."""
    applied: bool
    restored_to: int
    devices: list[LabChange]
    labware_types: NotRequired[list[LabwareTypeChange]]
    containers: list[Container]
    findings: list[RestoreFinding]
    warnings: list[Warning]
    revision: int


class LabSlot(TypedDict):
    """What is set for one slot of a device in the lab file."""
    deep_well_suited: NotRequired[bool | None]
    disposes: NotRequired[bool | None]
    labware_types: NotRequired[list[str] | None]
    max_height_mm: NotRequired[float | None]


class LabState(TypedDict):
    """The state of the platform as the service tracks it."""
    revision: int
    totals: LabTotals
    devices: list[LabDeviceState]


class LabTotals(TypedDict):
    """The number of devices, slots and containers of the lab."""
    devices: int
    positions: int
    occupied: int
    empty: int
    utilization: float | None
    containers: int
    containers_missing: int
    containers_removed: int


class LabWipe(TypedDict):
    """The result of wiping the lab."""
    containers_removed: int
    devices_retired: int
    revision: int


class LabwareType(TypedDict):
    """What is known of a type of labware. A container of this type is only put where it fits. A container of a type
    that nobody described can go anywhere.
    """
    name: str
    description: str | None
    deep_well: bool
    height_mm: float | None
    wells: int | None
    lid: TypeLid | None
    extra: dict[str, Any] | None
    created_at: str
    updated_at: str
    version: int


LabwareTypeAction = Literal['add', 'update', 'delete', 'unchanged']


class LabwareTypeChange(TypedDict):
    """What a lab file changes about one labware type."""
    action: LabwareTypeAction
    labware_type: str
    changed: list[str]


class LabwareTypePage(TypedDict):
    """One page of a list."""
    items: list[LabwareType]
    next_cursor: str | None
    total: NotRequired[int]


class LabwareTypePut(TypedDict):
    """What is known of a labware type. What is left out is not known."""
    description: NotRequired[str | None]
    deep_well: NotRequired[bool | None]
    height_mm: NotRequired[float | None]
    wells: NotRequired[int | None]
    lid: NotRequired[TypeLid | None]
    extra: NotRequired[dict[str, Any] | None]


class LastBackup(TypedDict):
    """The newest backup that `platform-status backup` took of this database, or from which it was restored. The
    service does not know of other kinds of backups, nor whether the file is still there.
    """
    taken_at: str
    revision: int
    rows: int
    bytes: int | None


class LastPlace(TypedDict):
    """Where a missing container was last."""
    device: str
    position: int


class Lid(TypedDict):
    """Where the lid was parked before it was put on."""
    lid_device: NotRequired[str | None]
    lid_pos: NotRequired[int | None]


LidAction = Literal['off', 'on', 'keep']


class LidPlace(TypedDict):
    """Where a lid is parked."""
    device: str
    position: NotRequired[int | None]


class Live(TypedDict):
    """The process responds to requests."""
    status: str


LoggedStatus = Literal['running', 'completed', 'failed', 'aborted']


class Lookup(TypedDict):
    """Barcodes to look up."""
    barcodes: list[str]


LookupFound = Literal['present', 'missing', 'removed', 'relabelled', 'unknown']


class LookupItem(TypedDict):
    """What was found for one barcode."""
    barcode: str
    found: LookupFound
    containers: list[Container]
    differs_in_case: str | None


class LookupItems(TypedDict):
    """What was found."""
    items: list[LookupItem]


MatchLevel = Literal['parameters', 'device_protocol', 'protocol', 'device_function', 'function', 'slots', 'pair_lid_barcode', 'pair', 'mover_destination']


class Move(TypedDict):
    """A move of a container. `target_device` is the device that it is on now."""
    source_device: NotRequired[str | None]
    source_pos: NotRequired[int | None]
    target_device: str
    target_pos: NotRequired[int | None]
    reservation_id: NotRequired[str | None]


class MoveFromPosition(TypedDict):
    """A move of the container that is in the source slot. If the slot holds only a lid, the lid is moved."""
    source_device: str
    source_pos: int
    target_device: str
    target_pos: NotRequired[int | None]
    barcode: NotRequired[str | None]
    reservation_id: NotRequired[str | None]


class NewLabel(TypedDict):
    """The new barcode of a container."""
    container: str
    barcode: str


OccupiedBy = Literal['container', 'lid']


class Orchestrator(TypedDict):
    """A program that runs experiments, and until when it is known to be alive."""
    name: str
    session: str
    state: str | None
    ttl_seconds: float
    expires_at: str
    alive: bool
    created_at: str
    updated_at: str


class OrchestratorPage(TypedDict):
    """One page of a list."""
    items: list[Orchestrator]
    next_cursor: str | None
    total: NotRequired[int]


class OrchestratorPut(TypedDict):
    """A sign of life of an orchestrator."""
    session: str
    ttl_seconds: float
    state: NotRequired[str | None]


class PastPause(TypedDict):
    """A pause of a step that is over: when it began and when the step went on."""
    paused_at: datetime | str
    resumed_at: datetime | str


class PastPlace(TypedDict):
    """Where a lid was."""
    device: str
    position: int | None


class Pause(TypedDict):
    """When something was paused or went on, and why. Both members are optional."""
    at: NotRequired[datetime | str | None]
    reason: NotRequired[str | None]


class Place(TypedDict):
    """A place: a device and the number of a slot on it."""
    device: str
    position: int


class PlannedStep(TypedDict):
    """A planned step, as it will be logged, but without times. A move needs `origin`. A scheduler can ask before
    devices are assigned.
    """
    kind: NotRequired[StepKind | None]
    name: NotRequired[str | None]
    device: NotRequired[str | None]
    data: NotRequired[dict[str, Any] | None]
    origin: NotRequired[EstimateEnd | None]
    destination: NotRequired[EstimateEnd | None]
    lidded_before: NotRequired[bool | None]
    lidded_after: NotRequired[bool | None]
    barcode_read: NotRequired[bool | None]
    containers: NotRequired[list[str] | None]
    experiment_id: NotRequired[str | None]


class Pool(TypedDict):
    """The pool of database connections."""
    max: int
    open: int
    idle: int
    waiting: int


class Position(TypedDict):
    """A slot of a device, with what occupies it."""
    position: int
    empty: bool
    container: str | None
    container_id: str | None
    occupied_by: OccupiedBy | None
    deep_well_suited: bool
    disposes: bool
    labware_types: list[str] | None
    max_height_mm: float | None
    reserved: Reserved | None


class PositionPatch(TypedDict):
    """The members of a slot to change."""
    deep_well_suited: NotRequired[bool]
    disposes: NotRequired[bool | None]
    labware_types: NotRequired[list[str] | None]
    max_height_mm: NotRequired[float | None]


class PositionWithOccupant(TypedDict):
    """A slot of a device, with all data of its occupant."""
    position: int
    empty: bool
    container: str | None
    container_id: str | None
    occupied_by: OccupiedBy | None
    deep_well_suited: bool
    disposes: bool
    labware_types: list[str] | None
    max_height_mm: float | None
    reserved: Reserved | None
    occupant: Container | None


class Problem(TypedDict):
    """An error (RFC 9457). Further members depend on the code, for example the occupant of a slot or the valid
    range.
    """
    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    error: str
    request_id: str
    errors: NotRequired[list[Fault]]
    more: NotRequired[int]
    index: NotRequired[int]
    pointer: NotRequired[str]
    parameter: NotRequired[str]


class Process(TypedDict):
    """A process: the description of an experiment."""
    id: str
    name: str
    source_sha256: str
    metadata: dict[str, Any] | None
    warnings: list[Warning]
    archived_at: str | None
    created_at: str
    updated_at: str
    version: int
    source: str


class ProcessCreate(TypedDict):
    """A process to create. Names need not be unique."""
    id: NotRequired[str | None]
    name: str
    source: str
    metadata: NotRequired[dict[str, Any] | None]
    reuse: NotRequired[bool | None]


class ProcessDuration(TypedDict):
    """How long an experiment of a process will take, from the first start to the last finish of its steps,
    estimated from past experiments.
    """
    process_id: str
    duration_seconds: float | None
    confidence: float
    confidence_attained: float | None
    method: EstimateMethod
    sample_size: int
    window_from: str | None
    median_seconds: float | None
    warnings: list[Warning]


class ProcessPage(TypedDict):
    """One page of a list."""
    items: list[ProcessSummary]
    next_cursor: str | None
    total: NotRequired[int]


class ProcessSummary(TypedDict):
    """A process without its source, as in lists."""
    id: str
    name: str
    source_sha256: str
    metadata: dict[str, Any] | None
    warnings: list[Warning]
    archived_at: str | None
    created_at: str
    updated_at: str
    version: int


class Ready(TypedDict):
    """The database responds, so the service can do its work."""
    status: str
    pool: Pool


class Relabelling(TypedDict):
    """New labels for containers."""
    reason: str
    labels: list[NewLabel]


class Remaining(TypedDict):
    """The remaining time of a running or paused step, given the time that has already elapsed. Pauses do not
    elapse: the time counts from when a paused step goes on. `estimate` is the estimate of the whole step.
    """
    step_id: str
    elapsed_seconds: float
    remaining_seconds: float | None
    overdue: bool
    share_longer: float | None
    estimate: Estimate


class RemainingEstimates(TypedDict):
    """The remaining times of running steps."""
    items: list[Remaining]


class RemainingRequest(TypedDict):
    """A request for the remaining time of running and paused steps. Send either `step_ids` or `experiment_id`."""
    step_ids: NotRequired[list[str] | None]
    experiment_id: NotRequired[str | None]
    confidence: NotRequired[float | None]


RequestPart = Literal['body', 'query', 'path', 'headers']


class Reservation(TypedDict):
    """Free slots that are reserved for one owner until a time. A slot leaves the reservation when it is used. The
    reservation ends when it has no slots left.
    """
    id: str
    purpose: ReservationPurpose
    owner: str
    positions: list[Place]
    ttl_seconds: float
    expires_at: str
    created_at: str
    updated_at: str
    version: int


class ReservationCreate(TypedDict):
    """A request for free slots, either of a `device` or of any device of a `type`. Either all slots are reserved or
    none.
    """
    id: NotRequired[str | None]
    device: NotRequired[str | None]
    type: NotRequired[str | None]
    purpose: ReservationPurpose
    deep_well: NotRequired[bool | None]
    labware_type: NotRequired[str | None]
    count: NotRequired[int | None]
    consecutive: NotRequired[bool | None]
    strategy: NotRequired[ReservationStrategy | None]
    owner: str
    ttl_seconds: float


class ReservationPage(TypedDict):
    """One page of a list."""
    items: list[Reservation]
    next_cursor: str | None
    total: NotRequired[int]


ReservationPurpose = Literal['container', 'lid']


class ReservationRenewal(TypedDict):
    """A renewal. The time to live starts again now."""
    ttl_seconds: NotRequired[float | None]


ReservationStrategy = Literal['first', 'last', 'least_used']


class Reserved(TypedDict):
    """The reservation that holds a slot."""
    id: str
    owner: str
    expires_at: str


class RestoreFinding(TypedDict):
    """Something that could not be restored, and why."""
    code: RestoreFindingCode
    detail: str
    device: str | None
    position: int | None
    container: str | None
    occupant: str | None


RestoreFindingCode = Literal['position-occupied', 'position-not-found', 'barcode-in-use', 'device-name-in-use', 'slots-occupied', 'labware-type-in-use']


class RunPrediction(TypedDict):
    """What was known of an experiment when it began."""
    median_seconds: float
    bound_seconds: float
    sample_size: int


RunningState = Literal['running', 'past-bound', 'alarm', 'paused', 'lost']


class RunningStep(TypedDict):
    """A step that has not ended, and when it should."""
    step: Step
    state: RunningState
    elapsed_seconds: float
    median_at: str | None
    bound_at: str | None
    alarm_at: str | None
    share_longer: float | None
    estimate: Estimate


class RunningSteps(TypedDict):
    """What runs now."""
    revision: int
    now: str
    items: list[RunningStep]


Scope = Literal['read', 'operate', 'admin']


class SearchResult(TypedDict):
    """What a text can mean."""
    items: list[FoundItem]


class SeenPlate(TypedDict):
    """What was seen in a slot."""
    position: int
    barcode: str | None
    lidded: bool | None


class Session(TypedDict):
    """Who the caller is."""
    actor: str | None
    scopes: list[Scope]
    key_expires_at: str | None
    auth: SessionAuth


SessionAuth = Literal['none', 'session', 'key']


class SignIn(TypedDict):
    """With which key a browser signs in."""
    key: str
    remember: NotRequired[bool | None]


Statistic = Literal['upper_bound', 'max', 'mean', 'median']


StatisticsExcluded = Literal['any']


class Step(TypedDict):
    """A step: something that a device did or is doing."""
    id: str
    kind: StepKind
    name: str | None
    fct: str | None
    device: str
    data: dict[str, Any]
    start: str
    finish: str | None
    status: StepStatus
    duration_seconds: float | None
    paused_at: str | None
    paused_seconds: float
    active_seconds: float | None
    experiment_id: str | None
    experiment_named: str | None
    containers: list[StepContainer]
    origin: StepPlace | None
    destination: StepPlace | None
    lidded_before: bool | None
    lidded_after: bool | None
    barcode_read: bool | None
    is_simulation: bool
    attempt: int | None
    expected_seconds: float | None
    error: str | None
    session: str | None
    excluded_from_estimates: StepExclusion | None
    warnings: list[Warning]
    created_at: str
    updated_at: str
    version: int


class StepBatch(TypedDict):
    """Steps to log. Either all are logged or none."""
    steps: list[StepCreate]


class StepChange(TypedDict):
    """A change of a step after it was logged."""
    revision: int
    recorded_at: str
    kind: StepChangeKind
    actor: str | None
    reason: str | None
    before: Step
    after: Step


StepChangeKind = Literal['step-finished', 'step-paused', 'step-resumed', 'step-lost', 'step-recovered', 'step-corrected']


class StepContainer(TypedDict):
    """A container that a step involved. `named` is the barcode or id that was logged."""
    id: str | None
    barcode: str | None
    named: str


class StepCounts(TypedDict):
    """The number of steps of an experiment by status."""
    total: int
    completed: int
    failed: int
    aborted: int
    running: int
    paused: int
    lost: int


class StepCreate(TypedDict):
    """A step to log. Unknown devices, containers and experiments are stored as named, with a warning. A step of
    kind `move` needs `origin` and `destination`; an operation must not have them.
    """
    id: NotRequired[str | None]
    kind: NotRequired[StepKind | None]
    name: NotRequired[str | None]
    device: str
    data: NotRequired[dict[str, Any] | None]
    start: datetime | str
    finish: NotRequired[datetime | str | None]
    pauses: NotRequired[list[PastPause] | None]
    status: NotRequired[LoggedStatus | None]
    experiment_id: NotRequired[str | None]
    containers: NotRequired[list[str] | None]
    is_simulation: NotRequired[bool | None]
    origin: NotRequired[StepEnd | None]
    destination: NotRequired[StepEnd | None]
    lidded_before: NotRequired[bool | None]
    lidded_after: NotRequired[bool | None]
    barcode_read: NotRequired[bool | None]
    attempt: NotRequired[int | None]
    expected_seconds: NotRequired[float | None]
    error: NotRequired[str | None]
    session: NotRequired[str | None]


StepDecision = Literal['exclude', 'include', 'undecided']


class StepEnd(TypedDict):
    """Where a move started or ended."""
    device: str
    position: NotRequired[int | None]


StepEnding = Literal['completed', 'failed', 'aborted']


StepExclusion = Literal['not-completed', 'simulation', 'clock', 'implausible', 'unknown-status', 'paused-throughout', 'by-hand']


class StepExclusionRequest(TypedDict):
    """A decision about up to 10000 steps as samples for estimates. The default decision is `exclude`."""
    where: StepWhere
    decision: NotRequired[StepDecision]
    reason: str


class StepExclusionResult(TypedDict):
    """What a decision changed. For a dry run: what it would change."""
    applied: bool
    matched: int
    changed: int
    items: list[Step]


class StepFinish(TypedDict):
    """The end of a step that was told as running. All members are optional. The default `finish` is now, by the
    clock of the service.
    """
    finish: NotRequired[datetime | str | None]
    status: NotRequired[StepEnding | None]
    data: NotRequired[dict[str, Any] | None]
    error: NotRequired[str | None]
    containers: NotRequired[list[str] | None]
    origin: NotRequired[StepEnd | None]
    destination: NotRequired[StepEnd | None]
    lidded_before: NotRequired[bool | None]
    lidded_after: NotRequired[bool | None]
    barcode_read: NotRequired[bool | None]
    attempt: NotRequired[int | None]
    expected_seconds: NotRequired[float | None]


class StepGroup(TypedDict):
    """The values that the steps of a group have in common: one member for each name in `group_by`. Null for steps
    without such a value.
    """
    device: NotRequired[str]
    fct: NotRequired[str | None]
    kind: NotRequired[StepKind]
    status: NotRequired[StepStatus]
    experiment_id: NotRequired[str | None]
    process_id: NotRequired[str | None]
    day: NotRequired[str]


class StepGroupStatistics(TypedDict):
    """The counts are of all steps. The durations are without pauses, and of all finished steps, whatever their
    status, but for those that estimates leave out for their times, for a status that was not understood, or by
    hand. `excluded=any` leaves nothing out. They are null when there are no such steps.
    """
    group: StepGroup
    count: int
    finished: int
    failed: int
    mean_seconds: float | None
    stddev_seconds: float | None
    min_seconds: float | None
    max_seconds: float | None
    median_seconds: float | None
    p95_seconds: float | None
    total_seconds: float


class StepHistory(TypedDict):
    """One page of a list."""
    items: list[StepChange]
    next_cursor: str | None
    total: NotRequired[int]


class StepItems(TypedDict):
    """The steps, in the order of the request."""
    items: list[Step]


StepKind = Literal['operation', 'move']


class StepKindEnd(TypedDict):
    """Where the moves of a kind start or end."""
    device: str
    position: int | None


# The steps of a kind in a time range.
StepKindHistory = TypedDict(
    'StepKindHistory',
    {
        'key': 'str',
        'kind': 'StepKind',
        'device': 'str',
        'fct': 'str | None',
        'protocol': 'str | None',
        'origin': 'StepKindEnd | None',
        'destination': 'StepKindEnd | None',
        'from': 'str',
        'to': 'str',
        'points': 'list[StepKindPoint]',
        'regimes': 'list[StepKindRegime]',
        'truncated': 'bool',
    },
)


class StepKindPoint(TypedDict):
    """A step of a kind, and the bound that it had."""
    step_id: str
    start: str
    duration_seconds: float | None
    bound_seconds: float | None
    status: StepStatus
    corrected: bool


# A time in which steps of a kind took about the same.
StepKindRegime = TypedDict(
    'StepKindRegime',
    {
        'from': 'str',
        'to': 'str',
        'sample_size': 'int',
        'median_seconds': 'float',
    },
)


StepKindTrend = Literal['steady', 'slower', 'faster']


class StepPage(TypedDict):
    """One page of a list."""
    items: list[Step]
    next_cursor: str | None
    total: NotRequired[int]


class StepPatch(TypedDict):
    """The members to correct, and the reason. Omitted members stay as they are. `data` and `containers` replace the
    old values. To remove the finish, send `finish` null and `status` `running` or `failed`.
    """
    reason: str
    start: NotRequired[datetime | str]
    finish: NotRequired[datetime | str | None]
    status: NotRequired[LoggedStatus]
    is_simulation: NotRequired[bool]
    data: NotRequired[dict[str, Any]]
    device: NotRequired[str]
    containers: NotRequired[list[str]]
    exclude_from_estimates: NotRequired[bool | None]


class StepPlace(TypedDict):
    """Where a move started or ended."""
    device: str
    position: int | None


class StepPrediction(TypedDict):
    """What was known of a step when its experiment began."""
    median_seconds: float
    bound_seconds: float
    method: EstimateMethod
    level: MatchLevel | None
    sample_size: int


StepSort = Literal['start', '-start', 'duration', '-duration']


class StepStatistics(TypedDict):
    """Statistics by group, in ascending order of the `group_by` members. Null comes last."""
    items: list[StepGroupStatistics]


StepStatus = Literal['running', 'paused', 'lost', 'completed', 'failed', 'aborted']


class StepWhere(TypedDict):
    """Which steps: those that match all of these members. They are the filters of `GET /api/steps`, and some more.
    `finished_after` is inclusive, `finished_before` exclusive. `longer_than`: steps that took more than this
    many seconds without their pauses.
    """
    device: NotRequired[str]
    container: NotRequired[str]
    fct: NotRequired[str]
    kind: NotRequired[StepKind]
    status: NotRequired[StepStatus]
    is_simulation: NotRequired[bool]
    started_after: NotRequired[datetime | str]
    started_before: NotRequired[datetime | str]
    origin_device: NotRequired[str]
    destination_device: NotRequired[str]
    excluded_from_estimates: NotRequired[StepExclusion]
    experiment_id: NotRequired[str]
    process_id: NotRequired[str]
    finished_after: NotRequired[datetime | str]
    finished_before: NotRequired[datetime | str]
    longer_than: NotRequired[float]
    impossible_times: NotRequired[bool]
    doubtful: NotRequired[bool]


class Stocktake(TypedDict):
    """What somebody saw on a device, slot by slot."""
    device: str
    seen: list[StocktakeSlot]
    reason: NotRequired[str | None]
    apply: NotRequired[bool | None]


class StocktakeCounts(TypedDict):
    """The number of findings of each kind."""
    match: int
    elsewhere: int
    unknown: int
    missing: int
    unexpected: int
    lid: int


StocktakeFinding = Literal['match', 'elsewhere', 'unknown', 'missing', 'unexpected', 'lid']


class StocktakeItem(TypedDict):
    """One finding of a stocktake. A slot has two if another plate was seen than is tracked."""
    position: int
    finding: StocktakeFinding
    container: ContainerLabel | None
    tracked: TrackedPlace | None
    seen: SeenPlate | None
    relabelled: NotRequired[list[FormerLabel]]


class StocktakePage(TypedDict):
    """One page of a list."""
    items: list[StocktakeSummary]
    next_cursor: str | None
    total: NotRequired[int]


class StocktakeRecord(TypedDict):
    """A stocktake that was applied, with its findings."""
    id: str
    device: str
    recorded_at: str
    revision: int
    actor: str | None
    reason: str
    counts: StocktakeCounts
    items: list[StocktakeItem]


class StocktakeResult(TypedDict):
    """What a stocktake found, and what it changed or would change."""
    id: str | None
    device: str
    applied: bool
    items: list[StocktakeItem]
    counts: StocktakeCounts
    changes: list[ContainerChange]
    findings: list[CommandFinding]
    warnings: list[Warning]
    revision: int


class StocktakeSlot(TypedDict):
    """A slot in which somebody saw a plate."""
    position: int
    barcode: str | None
    lidded: NotRequired[bool | None]


class StocktakeSummary(TypedDict):
    """A stocktake that was applied."""
    id: str
    device: str
    recorded_at: str
    revision: int
    actor: str | None
    reason: str
    counts: StocktakeCounts


class StreamBye(TypedDict):
    """The `data` of `bye`, the last frame. Connect again after one to three seconds."""
    reason: StreamEndReason


StreamEndReason = Literal['shutdown', 'key-ended']


class StreamHeartbeat(TypedDict):
    """The `data` of `heartbeat`, which comes every 15 seconds. Without two of them in a row, connect again. The
    `id` of the frame moves on also when a filter lets nothing through.
    """
    revision: int
    now: str


class StreamHello(TypedDict):
    """The `data` of `hello`, the first frame. The `id` of the frame is where this stream begins."""
    revision: int
    now: str
    log_id: str
    version: str


class StreamReset(TypedDict):
    """The `data` of `reset`: the log does not have the revision from which you resume, or is another log, because a
    backup was restored. Read the lab again. The stream goes on from the `id` of the frame.
    """
    revision: int
    now: str
    log_id: str


class StreamRevision(TypedDict):
    """The `data` of `revision`: all that one command changed. The `id` of the frame is this revision."""
    revision: int
    recorded_at: str
    actor: str | None
    request_id: str | None
    events: list[Event] | None
    count: NotRequired[int]


class TimelineItem(TypedDict):
    """A step of an experiment, and what was predicted of it."""
    step: TimelineStep
    predicted: StepPrediction | None
    waited_seconds: float | None


class TimelineStep(TypedDict):
    """A step of an experiment, without its data."""
    id: str
    kind: StepKind
    name: str | None
    fct: str | None
    device: str
    status: StepStatus
    start: str
    finish: str | None
    duration_seconds: float | None
    active_seconds: float | None
    origin: StepPlace | None
    destination: StepPlace | None
    containers: list[StepContainer]


class TrackedPlace(TypedDict):
    """Where something is tracked."""
    device: str
    position: int
    lidded: bool


class Transfer(TypedDict):
    """What a robot did with one container in one operation: a move, a lid action, a barcode that was read, and the
    step.
    """
    container: NotRequired[str | None]
    source: NotRequired[Place | None]
    target: NotRequired[TransferTarget | None]
    lid: NotRequired[TransferLid | None]
    barcode: NotRequired[str | None]
    step: NotRequired[StepCreate | None]
    reservation_id: NotRequired[str | None]
    lid_reservation_id: NotRequired[str | None]


class TransferBatch(TypedDict):
    """Transfers to record. Either all are recorded or none."""
    transfers: list[Transfer]


class TransferFinding(TypedDict):
    """A problem that would refuse the transfer, with the members of that problem."""
    code: str
    detail: str
    pointer: NotRequired[str]
    index: NotRequired[int]


class TransferItems(TypedDict):
    """The results of a batch of transfers."""
    items: list[TransferResult]
    revision: int


class TransferLid(TypedDict):
    """What happened to the lid."""
    action: LidAction
    device: NotRequired[str | None]
    position: NotRequired[int | None]


class TransferResult(TypedDict):
    """The result of a transfer."""
    status: TransferStatus
    container: Container | None
    step: Step | None
    revision: int
    findings: list[TransferFinding]
    warnings: NotRequired[list[Warning]]


TransferStatus = Literal['success', 'dry-run']


class TransferTarget(TypedDict):
    """Where the container is after the transfer."""
    device: str
    position: NotRequired[int | None]


TypeLid = Literal['none', 'optional', 'always']


class Unlid(TypedDict):
    """Where the lid was parked."""
    lid_device: str
    lid_pos: NotRequired[int | None]
    reservation_id: NotRequired[str | None]


class Utilization(TypedDict):
    """How busy devices were."""
    items: list[DeviceUtilization]


UtilizationBucket = Literal['hour', 'day']


class Warning(TypedDict):
    """Something unusual that did not stop the request."""
    code: str
    detail: str
    pointer: NotRequired[str]


class Webhook(TypedDict):
    """Who is told of events by HTTP."""
    id: str
    url: str
    kinds: list[EventKind] | None
    device: str | None
    description: str | None
    disabled_at: str | None
    disabled_because: WebhookEnd | None
    delivered_revision: int
    revisions_behind: int
    failures: int
    next_attempt_at: str | None
    previous_secret_ends_at: str | None
    created_at: str
    created_by: str | None
    updated_at: str
    version: int


class WebhookAttempt(TypedDict):
    """One request to a receiver, and what came of it."""
    id: str
    message_id: str
    type: str
    attempt: int
    started_at: str
    seconds: float
    delivered: bool
    status: int | None
    error: str | None
    response: str | None


class WebhookAttemptPage(TypedDict):
    """One page of a list."""
    items: list[WebhookAttempt]
    next_cursor: str | None
    total: NotRequired[int]


class WebhookCreate(TypedDict):
    """A webhook to create."""
    id: NotRequired[str | None]
    url: str
    kinds: NotRequired[list[EventKind] | None]
    device: NotRequired[str | None]
    description: NotRequired[str | None]


class WebhookCreated(TypedDict):
    """A new webhook with its secret."""
    id: str
    url: str
    kinds: list[EventKind] | None
    device: str | None
    description: str | None
    disabled_at: str | None
    disabled_because: WebhookEnd | None
    delivered_revision: int
    revisions_behind: int
    failures: int
    next_attempt_at: str | None
    previous_secret_ends_at: str | None
    created_at: str
    created_by: str | None
    updated_at: str
    version: int
    secret: str | None


WebhookEnd = Literal['requested', 'gone', 'failing', 'restored']


class WebhookPage(TypedDict):
    """One page of a list."""
    items: list[Webhook]
    next_cursor: str | None
    total: NotRequired[int]


class WebhookPatch(TypedDict):
    """The members of a webhook to change."""
    url: NotRequired[str]
    kinds: NotRequired[list[EventKind] | None]
    device: NotRequired[str | None]
    description: NotRequired[str | None]
    disabled: NotRequired[bool]


class WebhookRedelivery(TypedDict):
    """From where a webhook delivers."""
    from_revision: NotRequired[int]


class WebhookSecret(TypedDict):
    """The new secret of a webhook."""
    secret: str
    previous_secret_ends_at: str


class WebhookTest(TypedDict):
    """A test message that will be sent at once."""
    message_id: str


class PutLabConfigQuery(TypedDict):
    """Query parameters of `put_lab_config`."""
    dry_run: NotRequired[bool]
    prune: NotRequired[bool]


class GetLabConfigQuery(TypedDict):
    """Query parameters of `get_lab_config`."""
    at: NotRequired[str]
    min_revision: NotRequired[int]


class GetLabQuery(TypedDict):
    """Query parameters of `get_lab`."""
    at: NotRequired[str]
    min_revision: NotRequired[int]


class WipeLabQuery(TypedDict):
    """Query parameters of `wipe_lab`."""
    confirm: NotRequired[str]
    dry_run: NotRequired[bool]


class RestoreLabQuery(TypedDict):
    """Query parameters of `restore_lab`."""
    dry_run: NotRequired[bool]


class GetLabHealthQuery(TypedDict):
    """Query parameters of `get_lab_health`."""
    min_revision: NotRequired[int]


class ListDevicesQuery(TypedDict):
    """Query parameters of `list_devices`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    group: NotRequired[str]
    type: NotRequired[str]
    has_certificate: NotRequired[bool]
    retired: NotRequired[AnyBoolean]
    listed: NotRequired[AnyBoolean]
    min_revision: NotRequired[int]


class AddDeviceQuery(TypedDict):
    """Query parameters of `add_device`."""
    dry_run: NotRequired[bool]


# Query parameters of `get_utilization`.
GetUtilizationQuery = TypedDict(
    'GetUtilizationQuery',
    {
        'from': 'NotRequired[datetime | str]',
        'to': 'NotRequired[datetime | str]',
        'bucket': 'NotRequired[UtilizationBucket]',
        'timezone': 'NotRequired[str]',
        'device': 'NotRequired[str]',
        'min_revision': 'NotRequired[int]',
    },
)


class GetDeviceQuery(TypedDict):
    """Query parameters of `get_device`."""
    at: NotRequired[str]
    min_revision: NotRequired[int]


class UpdateDeviceQuery(TypedDict):
    """Query parameters of `update_device`."""
    dry_run: NotRequired[bool]


class RetireDeviceQuery(TypedDict):
    """Query parameters of `retire_device`."""
    dry_run: NotRequired[bool]


class ListPositionsQuery(TypedDict):
    """Query parameters of `list_positions`."""
    empty: NotRequired[bool]
    at: NotRequired[str]
    limit: NotRequired[int]
    min_revision: NotRequired[int]


class GetPositionQuery(TypedDict):
    """Query parameters of `get_position`."""
    at: NotRequired[str]
    min_revision: NotRequired[int]


class UpdatePositionQuery(TypedDict):
    """Query parameters of `update_position`."""
    dry_run: NotRequired[bool]


class GetCertificateQuery(TypedDict):
    """Query parameters of `get_certificate`."""
    min_revision: NotRequired[int]


class PutCertificateQuery(TypedDict):
    """Query parameters of `put_certificate`."""
    dry_run: NotRequired[bool]


class DeleteCertificateQuery(TypedDict):
    """Query parameters of `delete_certificate`."""
    dry_run: NotRequired[bool]


class ListLabwareTypesQuery(TypedDict):
    """Query parameters of `list_labware_types`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    min_revision: NotRequired[int]


class GetLabwareTypeQuery(TypedDict):
    """Query parameters of `get_labware_type`."""
    at: NotRequired[str]
    min_revision: NotRequired[int]


class PutLabwareTypeQuery(TypedDict):
    """Query parameters of `put_labware_type`."""
    dry_run: NotRequired[bool]


class DeleteLabwareTypeQuery(TypedDict):
    """Query parameters of `delete_labware_type`."""
    dry_run: NotRequired[bool]


class ListContainersQuery(TypedDict):
    """Query parameters of `list_containers`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    barcode: NotRequired[str]
    former_barcode: NotRequired[str]
    device: NotRequired[str]
    removed: NotRequired[AnyBoolean]
    missing: NotRequired[AnyBoolean]
    lidded: NotRequired[bool]
    labware_type: NotRequired[str]
    name: NotRequired[str]
    min_revision: NotRequired[int]


class AddContainerQuery(TypedDict):
    """Query parameters of `add_container`."""
    dry_run: NotRequired[bool]


class AddContainersQuery(TypedDict):
    """Query parameters of `add_containers`."""
    dry_run: NotRequired[bool]


class GetContainerQuery(TypedDict):
    """Query parameters of `get_container`."""
    at: NotRequired[str]
    min_revision: NotRequired[int]


class UpdateContainerQuery(TypedDict):
    """Query parameters of `update_container`."""
    dry_run: NotRequired[bool]


class RemoveContainerQuery(TypedDict):
    """Query parameters of `remove_container`."""
    reason: NotRequired[str]
    dry_run: NotRequired[bool]


class GetContainerHistoryQuery(TypedDict):
    """Query parameters of `get_container_history`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    min_revision: NotRequired[int]


class MoveContainerQuery(TypedDict):
    """Query parameters of `move_container`."""
    dry_run: NotRequired[bool]


class UnlidContainerQuery(TypedDict):
    """Query parameters of `unlid_container`."""
    dry_run: NotRequired[bool]


class LidContainerQuery(TypedDict):
    """Query parameters of `lid_container`."""
    dry_run: NotRequired[bool]


class CorrectContainerQuery(TypedDict):
    """Query parameters of `correct_container`."""
    dry_run: NotRequired[bool]


class MoveFromPositionQuery(TypedDict):
    """Query parameters of `move_from_position`."""
    dry_run: NotRequired[bool]


class TransferContainerQuery(TypedDict):
    """Query parameters of `transfer_container`."""
    dry_run: NotRequired[bool]


class TransferContainersQuery(TypedDict):
    """Query parameters of `transfer_containers`."""
    dry_run: NotRequired[bool]


class ArrangeContainersQuery(TypedDict):
    """Query parameters of `arrange_containers`."""
    dry_run: NotRequired[bool]


class TakeStockQuery(TypedDict):
    """Query parameters of `take_stock`."""
    dry_run: NotRequired[bool]


class ListStocktakesQuery(TypedDict):
    """Query parameters of `list_stocktakes`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    device: NotRequired[str]
    min_revision: NotRequired[int]


class GetStocktakeQuery(TypedDict):
    """Query parameters of `get_stocktake`."""
    min_revision: NotRequired[int]


class RelabelContainersQuery(TypedDict):
    """Query parameters of `relabel_containers`."""
    dry_run: NotRequired[bool]


class LookUpContainersQuery(TypedDict):
    """Query parameters of `look_up_containers`."""
    min_revision: NotRequired[int]


class ListReservationsQuery(TypedDict):
    """Query parameters of `list_reservations`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    owner: NotRequired[str]
    device: NotRequired[str]
    purpose: NotRequired[ReservationPurpose]
    min_revision: NotRequired[int]


class ReservePositionsQuery(TypedDict):
    """Query parameters of `reserve_positions`."""
    dry_run: NotRequired[bool]


class GetReservationQuery(TypedDict):
    """Query parameters of `get_reservation`."""
    min_revision: NotRequired[int]


class RenewReservationQuery(TypedDict):
    """Query parameters of `renew_reservation`."""
    dry_run: NotRequired[bool]


class ReleaseReservationQuery(TypedDict):
    """Query parameters of `release_reservation`."""
    dry_run: NotRequired[bool]


class ListProcessesQuery(TypedDict):
    """Query parameters of `list_processes`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    name: NotRequired[str]
    source_sha256: NotRequired[str]
    archived: NotRequired[AnyBoolean]
    min_revision: NotRequired[int]


class CreateProcessQuery(TypedDict):
    """Query parameters of `create_process`."""
    dry_run: NotRequired[bool]


class GetProcessQuery(TypedDict):
    """Query parameters of `get_process`."""
    min_revision: NotRequired[int]


class ArchiveProcessQuery(TypedDict):
    """Query parameters of `archive_process`."""
    dry_run: NotRequired[bool]


class GetProcessSourceQuery(TypedDict):
    """Query parameters of `get_process_source`."""
    min_revision: NotRequired[int]


class GetProcessDurationQuery(TypedDict):
    """Query parameters of `get_process_duration`."""
    confidence: NotRequired[float]
    min_revision: NotRequired[int]


class GetExperimentTimelineQuery(TypedDict):
    """Query parameters of `get_experiment_timeline`."""
    confidence: NotRequired[float]
    min_revision: NotRequired[int]


class SearchQuery(TypedDict):
    """Query parameters of `search`."""
    q: str
    limit: NotRequired[int]
    min_revision: NotRequired[int]


class ListExperimentsQuery(TypedDict):
    """Query parameters of `list_experiments`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    process_id: NotRequired[str]
    status: NotRequired[ExperimentStatus]
    started_after: NotRequired[datetime | str]
    started_before: NotRequired[datetime | str]
    min_revision: NotRequired[int]


class CreateExperimentQuery(TypedDict):
    """Query parameters of `create_experiment`."""
    dry_run: NotRequired[bool]


class GetExperimentQuery(TypedDict):
    """Query parameters of `get_experiment`."""
    min_revision: NotRequired[int]


class UpdateExperimentQuery(TypedDict):
    """Query parameters of `update_experiment`."""
    dry_run: NotRequired[bool]


class PauseExperimentQuery(TypedDict):
    """Query parameters of `pause_experiment`."""
    dry_run: NotRequired[bool]


class ResumeExperimentQuery(TypedDict):
    """Query parameters of `resume_experiment`."""
    dry_run: NotRequired[bool]


class ListExperimentStepsQuery(TypedDict):
    """Query parameters of `list_experiment_steps`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    device: NotRequired[str]
    container: NotRequired[str]
    fct: NotRequired[str]
    kind: NotRequired[StepKind]
    status: NotRequired[StepStatus]
    is_simulation: NotRequired[bool]
    started_after: NotRequired[datetime | str]
    started_before: NotRequired[datetime | str]
    origin_device: NotRequired[str]
    destination_device: NotRequired[str]
    excluded_from_estimates: NotRequired[StepExclusion]
    sort: NotRequired[StepSort]
    min_revision: NotRequired[int]


class ListStepsQuery(TypedDict):
    """Query parameters of `list_steps`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    device: NotRequired[str]
    container: NotRequired[str]
    fct: NotRequired[str]
    kind: NotRequired[StepKind]
    status: NotRequired[StepStatus]
    is_simulation: NotRequired[bool]
    started_after: NotRequired[datetime | str]
    started_before: NotRequired[datetime | str]
    origin_device: NotRequired[str]
    destination_device: NotRequired[str]
    excluded_from_estimates: NotRequired[StepExclusion]
    experiment_id: NotRequired[str]
    process_id: NotRequired[str]
    sort: NotRequired[StepSort]
    min_revision: NotRequired[int]


class LogStepQuery(TypedDict):
    """Query parameters of `log_step`."""
    dry_run: NotRequired[bool]


class LogStepsQuery(TypedDict):
    """Query parameters of `log_steps`."""
    dry_run: NotRequired[bool]


class GetStepStatisticsQuery(TypedDict):
    """Query parameters of `get_step_statistics`."""
    device: NotRequired[str]
    container: NotRequired[str]
    fct: NotRequired[str]
    kind: NotRequired[StepKind]
    status: NotRequired[StepStatus]
    is_simulation: NotRequired[bool]
    started_after: NotRequired[datetime | str]
    started_before: NotRequired[datetime | str]
    origin_device: NotRequired[str]
    destination_device: NotRequired[str]
    excluded_from_estimates: NotRequired[StepExclusion]
    experiment_id: NotRequired[str]
    process_id: NotRequired[str]
    excluded: NotRequired[StatisticsExcluded]
    group_by: NotRequired[str]
    timezone: NotRequired[str]
    min_revision: NotRequired[int]


class GetRunningStepsQuery(TypedDict):
    """Query parameters of `get_running_steps`."""
    confidence: NotRequired[float]
    min_revision: NotRequired[int]


class ExcludeStepsQuery(TypedDict):
    """Query parameters of `exclude_steps`."""
    dry_run: NotRequired[bool]


class GetStepQuery(TypedDict):
    """Query parameters of `get_step`."""
    min_revision: NotRequired[int]


class CorrectStepQuery(TypedDict):
    """Query parameters of `correct_step`."""
    dry_run: NotRequired[bool]


class FinishStepQuery(TypedDict):
    """Query parameters of `finish_step`."""
    dry_run: NotRequired[bool]


class PauseStepQuery(TypedDict):
    """Query parameters of `pause_step`."""
    dry_run: NotRequired[bool]


class ResumeStepQuery(TypedDict):
    """Query parameters of `resume_step`."""
    dry_run: NotRequired[bool]


class GetStepHistoryQuery(TypedDict):
    """Query parameters of `get_step_history`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    min_revision: NotRequired[int]


class ListOrchestratorsQuery(TypedDict):
    """Query parameters of `list_orchestrators`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    min_revision: NotRequired[int]


class PutOrchestratorQuery(TypedDict):
    """Query parameters of `put_orchestrator`."""
    dry_run: NotRequired[bool]


class ListAlarmsQuery(TypedDict):
    """Query parameters of `list_alarms`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    min_revision: NotRequired[int]


class AcknowledgeAlarmQuery(TypedDict):
    """Query parameters of `acknowledge_alarm`."""
    dry_run: NotRequired[bool]


class EstimateStepQuery(TypedDict):
    """Query parameters of `estimate_step`."""
    samples: NotRequired[bool]
    min_revision: NotRequired[int]


class EstimateStepsQuery(TypedDict):
    """Query parameters of `estimate_steps`."""
    min_revision: NotRequired[int]


class EstimateRemainingQuery(TypedDict):
    """Query parameters of `estimate_remaining`."""
    min_revision: NotRequired[int]


class GetCalibrationQuery(TypedDict):
    """Query parameters of `get_calibration`."""
    confidence: NotRequired[float]
    since: NotRequired[str]
    group_by: NotRequired[CalibrationGrouping]
    limit: NotRequired[int]
    min_revision: NotRequired[int]


class ListStepKindsQuery(TypedDict):
    """Query parameters of `list_step_kinds`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    since: NotRequired[datetime | str]
    device: NotRequired[str]
    confidence: NotRequired[float]
    min_revision: NotRequired[int]


# Query parameters of `get_step_kind`.
GetStepKindQuery = TypedDict(
    'GetStepKindQuery',
    {
        'from': 'NotRequired[datetime | str]',
        'to': 'NotRequired[datetime | str]',
        'confidence': 'NotRequired[float]',
        'min_revision': 'NotRequired[int]',
    },
)


class ListEventsQuery(TypedDict):
    """Query parameters of `list_events`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    after: NotRequired[int]
    container: NotRequired[str]
    device: NotRequired[str]
    kind: NotRequired[EventKind]
    actor: NotRequired[str]
    step: NotRequired[str]
    experiment: NotRequired[str]
    recorded_after: NotRequired[datetime | str]
    recorded_before: NotRequired[datetime | str]
    sort: NotRequired[EventSort]
    min_revision: NotRequired[int]


class ListWebhooksQuery(TypedDict):
    """Query parameters of `list_webhooks`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    min_revision: NotRequired[int]


class CreateWebhookQuery(TypedDict):
    """Query parameters of `create_webhook`."""
    dry_run: NotRequired[bool]


class GetWebhookQuery(TypedDict):
    """Query parameters of `get_webhook`."""
    min_revision: NotRequired[int]


class UpdateWebhookQuery(TypedDict):
    """Query parameters of `update_webhook`."""
    dry_run: NotRequired[bool]


class DeleteWebhookQuery(TypedDict):
    """Query parameters of `delete_webhook`."""
    dry_run: NotRequired[bool]


class TestWebhookQuery(TypedDict):
    """Query parameters of `test_webhook`."""
    dry_run: NotRequired[bool]


class RedeliverWebhookQuery(TypedDict):
    """Query parameters of `redeliver_webhook`."""
    dry_run: NotRequired[bool]


class ListWebhookAttemptsQuery(TypedDict):
    """Query parameters of `list_webhook_attempts`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    delivered: NotRequired[bool]
    min_revision: NotRequired[int]


class ListKeysQuery(TypedDict):
    """Query parameters of `list_keys`."""
    limit: NotRequired[int]
    cursor: NotRequired[str]
    count: NotRequired[bool]
    name: NotRequired[str]
    revoked: NotRequired[AnyBoolean]
    min_revision: NotRequired[int]


class GetKeyQuery(TypedDict):
    """Query parameters of `get_key`."""
    min_revision: NotRequired[int]


class RevokeKeyQuery(TypedDict):
    """Query parameters of `revoke_key`."""
    dry_run: NotRequired[bool]


class GetSessionQuery(TypedDict):
    """Query parameters of `get_session`."""
    min_revision: NotRequired[int]

