"""A method for each operation of the service, named as the operation."""

# Written by tools/openapi/python-client.ts from openapi/openapi.json: do not edit.
from __future__ import annotations

from typing import TYPE_CHECKING

from .caller import Caller

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .models import (
        Calibration,
        Certificate,
        Container,
        ContainerBatch,
        ContainerCorrection,
        ContainerCreate,
        ContainerHistory,
        ContainerItems,
        ContainerPage,
        ContainerPatch,
        ContainerResult,
        Device,
        DeviceCreate,
        DevicePage,
        DevicePatch,
        Estimate,
        EstimateBatch,
        EstimateBatchRequest,
        EstimateRequest,
        EventPage,
        Experiment,
        ExperimentCreate,
        ExperimentPage,
        ExperimentPatch,
        GetCalibrationQuery,
        GetContainerHistoryQuery,
        GetContainerQuery,
        GetDeviceQuery,
        GetLabQuery,
        GetPositionQuery,
        GetProcessDurationQuery,
        GetStepHistoryQuery,
        GetStepStatisticsQuery,
        Key,
        KeyCreate,
        KeyCreated,
        KeyPage,
        LabConfig,
        LabConfigResult,
        LabHealth,
        LabState,
        LabWipe,
        Lid,
        ListContainersQuery,
        ListDevicesQuery,
        ListEventsQuery,
        ListExperimentStepsQuery,
        ListExperimentsQuery,
        ListKeysQuery,
        ListPositionsQuery,
        ListProcessesQuery,
        ListReservationsQuery,
        ListStepsQuery,
        Live,
        Move,
        MoveFromPosition,
        Position,
        PositionPatch,
        PositionWithOccupant,
        Process,
        ProcessCreate,
        ProcessDuration,
        ProcessPage,
        PutLabConfigQuery,
        Ready,
        RemainingEstimates,
        RemainingRequest,
        Reservation,
        ReservationCreate,
        ReservationPage,
        ReservationRenewal,
        Step,
        StepBatch,
        StepCreate,
        StepFinish,
        StepHistory,
        StepItems,
        StepPage,
        StepPatch,
        StepStatistics,
        Transfer,
        TransferBatch,
        TransferContainerQuery,
        TransferContainersQuery,
        TransferItems,
        TransferResult,
        Unlid,
        WipeLabQuery,
    )


class Operations(Caller):
    def get_live(self) -> Live:
        """Is the process alive. Answers as long as the process can answer at all; asks nothing of the database."""
        answer: Live = self.call('GET', ('health', 'live'))
        return answer

    def get_ready(self) -> Ready:
        """Can the service do its work. Asks the database; 503 when it does not answer. Also shows the connection
        pool.
        """
        answer: Ready = self.call('GET', ('health', 'ready'))
        return answer

    def put_lab_config(self, body: LabConfig | str, /, **query: Unpack[PutLabConfigQuery]) -> LabConfigResult:
        """Make the lab the one of this file. Declarative: adds, grows and updates devices, and retires those that
        the file does not name any more. The same file again changes nothing. Refused when a slot or device would
        go where a container or lid is. Scope: `admin`.
        """
        answer: LabConfigResult = self.call('PUT', ('api', 'lab', 'config'), query=query, body=body, text='application/yaml')
        return answer

    def get_lab_config(self) -> LabConfig:
        """The lab as a lab file. As JSON, or as YAML when `Accept` asks for it. Groups, devices and their order as
        put; putting it again changes nothing. Scope: `read`.
        """
        answer: LabConfig = self.call('GET', ('api', 'lab', 'config'))
        return answer

    def get_lab(self, **query: Unpack[GetLabQuery]) -> LabState:
        """The state of the platform. Every device with what stands on it, in the order of the lab file, and the
        totals, all of one revision; with `at` of an earlier one. Scope: `read`.
        """
        answer: LabState = self.call('GET', ('api', 'lab'), query=query)
        return answer

    def wipe_lab(self, **query: Unpack[WipeLabQuery]) -> LabWipe:
        """Wipe the lab. Every container is marked removed and every device retired. All history stays, and the lab
        file brings the devices back. Wants `confirm=wipe`. Scope: `admin`.
        """
        answer: LabWipe = self.call('DELETE', ('api', 'lab'), query=query)
        return answer

    def get_lab_health(self) -> LabHealth:
        """Is the tracked lab sound. Looks for what cannot be in a real lab. Most of it the database forbids too;
        this is the proof. Warnings leave the lab healthy. Scope: `read`.
        """
        answer: LabHealth = self.call('GET', ('api', 'lab', 'health'))
        return answer

    def list_devices(self, **query: Unpack[ListDevicesQuery]) -> DevicePage:
        """List devices. Those of the lab, by name; with `retired` also those it had, with `listed` also those that
        only logs name. Filters match exactly. Scope: `read`.
        """
        answer: DevicePage = self.call('GET', ('api', 'devices'), query=query)
        return answer

    def add_device(self, **body: Unpack[DeviceCreate]) -> Device:
        """Add a device. A name that the lab had before is the same device again, with its history, unless an `id`
        says otherwise. Repeated with the same `id` and body it answers 200 and changes nothing. Scope: `admin`.
        """
        answer: Device = self.call('POST', ('api', 'devices'), body=body)
        return answer

    def get_device(self, device: str, /, **query: Unpack[GetDeviceQuery]) -> Device:
        """One device. By its name, also one that only logs name. A retired device is not found. With `at` as it was
        then, by the name it had then. Scope: `read`.
        """
        answer: Device = self.call('GET', ('api', 'devices', device), query=query)
        return answer

    def update_device(self, device: str, /, **body: Unpack[DevicePatch]) -> Device:
        """Change a device. A rename keeps containers and history. `capacity` grows or shrinks it; slots that hold
        something cannot go. A device that only logs named becomes one of the lab. Scope: `admin`.
        """
        answer: Device = self.call('PATCH', ('api', 'devices', device), body=body)
        return answer

    def retire_device(self, device: str, /) -> Device:
        """Retire a device. The lab has it no more; its history stays. Refused while something is in its slots.
        Repeated: the same answer. Scope: `admin`.
        """
        answer: Device = self.call('DELETE', ('api', 'devices', device))
        return answer

    def list_positions(self, device: str, /, **query: Unpack[ListPositionsQuery]) -> list[Position]:
        """The slots of a device. A plain array, ascending by slot; a device's slots are bounded.
        `empty=true&limit=1` gives the first free one. With `at` as they were then, without the reservations of
        that time. Scope: `read`.
        """
        answer: list[Position] = self.call('GET', ('api', 'devices', device, 'positions'), query=query)
        return answer

    def get_position(self, device: str, position: int, /, **query: Unpack[GetPositionQuery]) -> PositionWithOccupant:
        """One slot and what is in it. With the whole container; of a lid, the container it belongs to. Scope:
        `read`.
        """
        answer: PositionWithOccupant = self.call('GET', ('api', 'devices', device, 'positions', position), query=query)
        return answer

    def update_position(self, device: str, position: int, /, **body: Unpack[PositionPatch]) -> PositionWithOccupant:
        """Change what is known of a slot. Whether deep-well plates fit in. What stands in a slot is changed by
        moves. Scope: `admin`.
        """
        answer: PositionWithOccupant = self.call('PATCH', ('api', 'devices', device, 'positions', position), body=body)
        return answer

    def get_certificate(self, device: str, /) -> Certificate:
        """The server certificate of a device. As PEM, or as JSON when `Accept` asks for it. Scope: `read`."""
        answer: Certificate = self.call('GET', ('api', 'devices', device, 'certificate'))
        return answer

    def put_certificate(self, device: str, body: Certificate | str, /) -> None:
        """Store the server certificate of a device. PEM text, or JSON with it as `certificate`. A chain of several
        is fine; private keys are refused. Scope: `admin`.
        """
        self.call('PUT', ('api', 'devices', device, 'certificate'), body=body, text='application/x-pem-file')

    def delete_certificate(self, device: str, /) -> None:
        """Forget the server certificate of a device. The certificate itself is not kept in the history. Scope:
        `admin`.
        """
        self.call('DELETE', ('api', 'devices', device, 'certificate'))

    def list_containers(self, **query: Unpack[ListContainersQuery]) -> ContainerPage:
        """List containers. Those on the platform, or with `removed` those that were. Filters match exactly. Scope:
        `read`.
        """
        answer: ContainerPage = self.call('GET', ('api', 'containers'), query=query)
        return answer

    def add_container(self, **body: Unpack[ContainerCreate]) -> Container:
        """Add a container. A container appears on the platform. Repeated with the same `id` and body it answers 200
        and changes nothing. Scope: `operate`.
        """
        answer: Container = self.call('POST', ('api', 'containers'), body=body)
        return answer

    def add_containers(self, **body: Unpack[ContainerBatch]) -> ContainerItems:
        """Add up to 1,000 containers. In order, all or none: a refusal names the `index` of the first that fails.
        Scope: `operate`.
        """
        answer: ContainerItems = self.call('POST', ('api', 'containers', 'batch'), body=body)
        return answer

    def get_container(self, container: str, /, **query: Unpack[GetContainerQuery]) -> Container:
        """Where is this container. By the barcode of a container on the platform, or by the id of any container.
        With `at` as it was then. Scope: `read`.
        """
        answer: Container = self.call('GET', ('api', 'containers', container), query=query)
        return answer

    def update_container(self, container: str, /, **body: Unpack[ContainerPatch]) -> Container:
        """Change what is known of a container. Its barcode once it was read, its name and content. Where it stands
        is changed by moves. Scope: `operate`.
        """
        answer: Container = self.call('PATCH', ('api', 'containers', container), body=body)
        return answer

    def remove_container(self, container: str, /) -> Container:
        """Take a container off the platform. Its slot, its parked lid's slot and its barcode are free again; what
        is known of it stays. Repeated by id: the same answer. Scope: `operate`.
        """
        answer: Container = self.call('DELETE', ('api', 'containers', container))
        return answer

    def get_container_history(self, container: str, /, **query: Unpack[GetContainerHistoryQuery]) -> ContainerHistory:
        """What happened to a container. From its starting place on, oldest first: changes of the world and the
        steps that involved it. By id also after it was removed. Scope: `read`.
        """
        answer: ContainerHistory = self.call('GET', ('api', 'containers', container, 'history'), query=query)
        return answer

    def move_container(self, container: str, /, **body: Unpack[Move]) -> ContainerResult:
        """Record that a container was moved. With `source_device` and `source_pos` the container must be there. Its
        own place is a legal target: a plate whose barcode is read and put back. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'move'), body=body)
        return answer

    def unlid_container(self, container: str, /, **body: Unpack[Unlid]) -> ContainerResult:
        """Record that the lid was taken off. The lid now lies in that slot and occupies it. Of a container whose
        lid is off already: the lid is now there. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'unlid'), body=body)
        return answer

    def lid_container(self, container: str, /, **body: Unpack[Lid]) -> ContainerResult:
        """Record that the lid was put on. Where the lid was is verified when given. Of a container with its lid on:
        nothing changes, and there is nothing to verify. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'lid'), body=body)
        return answer

    def correct_container(self, container: str, /, **body: Unpack[ContainerCorrection]) -> ContainerResult:
        """Set what a person sees. Place, lid or barcode as they really are, past the normal rules (a removed
        container is back, a reserved slot is taken) but never past the constraints. Something in the way is a
        409 unless `displace` says what to do with it. The log keeps the reason. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'correct'), body=body)
        return answer

    def move_from_position(self, **body: Unpack[MoveFromPosition]) -> ContainerResult:
        """Record that whatever stood at a place was moved. Finds the container by its place, for plates without
        barcode. A given `barcode` must be the one that stands there. Of a slot with only a lid, the lid moves.
        Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'moves'), body=body)
        return answer

    def transfer_container(self, query: TransferContainerQuery | None = None, /, **body: Unpack[Transfer]) -> TransferResult:
        """Book what a robot did, in one go. Place, lid, barcode and step of one physical operation, all or nothing.
        It is judged by the state in which it ends: a container may go to the slot that its lid leaves, and its
        lid to the slot that it leaves; anything else that is there is in the way. With `dry_run` it tells
        everything that stands against it, and changes nothing. Scope: `operate`.
        """
        answer: TransferResult = self.call('POST', ('api', 'transfers'), query=query, body=body)
        return answer

    def transfer_containers(self, query: TransferContainersQuery | None = None, /, **body: Unpack[TransferBatch]) -> TransferItems:
        """Book up to 1,000 transfers, in order. All or none: a later one may use a slot that an earlier one freed,
        and a refusal names the `index` of the first that fails. Scope: `operate`.
        """
        answer: TransferItems = self.call('POST', ('api', 'transfers', 'batch'), query=query, body=body)
        return answer

    def list_reservations(self, **query: Unpack[ListReservationsQuery]) -> ReservationPage:
        """List reservations. Those that hold now. Filters match exactly; `device` finds those with a slot on it.
        Scope: `read`.
        """
        answer: ReservationPage = self.call('GET', ('api', 'reservations'), query=query)
        return answer

    def reserve_positions(self, **body: Unpack[ReservationCreate]) -> Reservation:
        """Ask for free slots, and get them. Free slots are promised to `owner`, all that are wanted or none.
        Whoever puts something there names the reservation (`reservation_id`), which uses the slot up; everybody
        else is refused with `position-reserved`, and searches for a free slot pass it over. It ends by itself
        after `ttl_seconds`. Repeated with the same `id` and body it answers 200. Scope: `operate`.
        """
        answer: Reservation = self.call('POST', ('api', 'reservations'), body=body)
        return answer

    def get_reservation(self, id: str, /) -> Reservation:
        """Read a reservation. As long as it holds: one that is used up, released or expired is not found. Scope:
        `read`.
        """
        answer: Reservation = self.call('GET', ('api', 'reservations', id))
        return answer

    def renew_reservation(self, id: str, /, **body: Unpack[ReservationRenewal]) -> Reservation:
        """Renew a reservation. Its time to live begins anew, now. Scope: `operate`."""
        answer: Reservation = self.call('PATCH', ('api', 'reservations', id), body=body)
        return answer

    def release_reservation(self, id: str, /) -> None:
        """Release a reservation. Its slots are free for everybody again. Scope: `operate`."""
        self.call('DELETE', ('api', 'reservations', id))

    def list_processes(self, **query: Unpack[ListProcessesQuery]) -> ProcessPage:
        """List processes. Without their sources, oldest first. Filters match exactly; archived ones only with
        `archived`. Scope: `read`.
        """
        answer: ProcessPage = self.call('GET', ('api', 'processes'), query=query)
        return answer

    def create_process(self, **body: Unpack[ProcessCreate]) -> Process:
        """Keep a workflow definition. With `reuse` it answers 200 and the process of the same name and source, if
        there is one; then `id` and `metadata` of the request are not used. Scope: `operate`.
        """
        answer: Process = self.call('POST', ('api', 'processes'), body=body)
        return answer

    def get_process(self, id: str, /) -> Process:
        """Read a process. With its source; archived ones too. Scope: `read`."""
        answer: Process = self.call('GET', ('api', 'processes', id))
        return answer

    def archive_process(self, id: str, /) -> Process:
        """Archive a process. It leaves the lists; it and its experiments stay. Repeated: the same answer. Scope:
        `operate`.
        """
        answer: Process = self.call('DELETE', ('api', 'processes', id))
        return answer

    def get_process_source(self, id: str, /) -> str:
        """Read the source of a process. The text alone, byte for byte as it was sent. Scope: `read`."""
        answer: str = self.call('GET', ('api', 'processes', id, 'source'), answers='text/plain')
        return answer

    def get_process_duration(self, id: str, /, **query: Unpack[GetProcessDurationQuery]) -> ProcessDuration:
        """How long will a run of this process take. By the spans of its past runs: completed ones, and those where
        nothing runs and nothing was done for an hour. Aborted ones do not count. Scope: `read`.
        """
        answer: ProcessDuration = self.call('GET', ('api', 'processes', id, 'duration'), query=query)
        return answer

    def list_experiments(self, **query: Unpack[ListExperimentsQuery]) -> ExperimentPage:
        """List experiments. Oldest first. `started_after` and `started_before` look at the start of the first step;
        the first is inclusive, the second exclusive. Scope: `read`.
        """
        answer: ExperimentPage = self.call('GET', ('api', 'experiments'), query=query)
        return answer

    def create_experiment(self, **body: Unpack[ExperimentCreate]) -> Experiment:
        """Begin a run of a process. Steps that were logged before and name its `id` become its steps; then it is
        running at once. Scope: `operate`.
        """
        answer: Experiment = self.call('POST', ('api', 'experiments'), body=body)
        return answer

    def get_experiment(self, id: str, /) -> Experiment:
        """Read an experiment. With the number of its steps by status, and the time they span. Scope: `read`."""
        answer: Experiment = self.call('GET', ('api', 'experiments', id))
        return answer

    def update_experiment(self, id: str, /, **body: Unpack[ExperimentPatch]) -> Experiment:
        """Move an experiment along, or edit it. created, then running (by hand or by its first step), then
        completed or aborted; what is only created can be aborted too. The status it has is no change. Scope:
        `operate`.
        """
        answer: Experiment = self.call('PATCH', ('api', 'experiments', id), body=body)
        return answer

    def list_experiment_steps(self, id: str, /, **query: Unpack[ListExperimentStepsQuery]) -> StepPage:
        """List the steps of an experiment. As `GET /api/steps?experiment_id=`, with the same filters, for an
        experiment that there is. Scope: `read`.
        """
        answer: StepPage = self.call('GET', ('api', 'experiments', id, 'steps'), query=query)
        return answer

    def list_steps(self, **query: Unpack[ListStepsQuery]) -> StepPage:
        """List steps. Filters match exactly. A device is named as it is or was last called; a name that nobody
        bears, and a container that is not known, match nothing. `container` is the barcode of a container on the
        platform, or the id of any. `experiment_id` also finds steps that name an experiment which is not known.
        `started_after` is inclusive, `started_before` exclusive. By start unless `sort` says otherwise. Scope:
        `read`.
        """
        answer: StepPage = self.call('GET', ('api', 'steps'), query=query)
        return answer

    def log_step(self, **body: Unpack[StepCreate]) -> Step:
        """Log a step. What happened is never refused for naming a device, container or experiment that is not
        known; the answer's `warnings` tell. Repeated with the same `id` and the same facts it answers 200, and
        containers not named before are added: a step may be reported once per container. The first step of an
        experiment sets it running. Scope: `operate`.
        """
        answer: Step = self.call('POST', ('api', 'steps'), body=body)
        return answer

    def log_steps(self, **body: Unpack[StepBatch]) -> StepItems:
        """Log up to 5,000 steps. All or none. Each as by itself; a fault is told with the index of the step. Scope:
        `operate`.
        """
        answer: StepItems = self.call('POST', ('api', 'steps', 'batch'), body=body)
        return answer

    def get_step_statistics(self, **query: Unpack[GetStepStatisticsQuery]) -> StepStatistics:
        """How long steps took. Over the steps that the filters leave; they are those of the list. A row a group, at
        most 10,000. Scope: `read`.
        """
        answer: StepStatistics = self.call('GET', ('api', 'steps', 'statistics'), query=query)
        return answer

    def get_step(self, id: str, /) -> Step:
        """Read a step. As it is now, after corrections. Scope: `read`."""
        answer: Step = self.call('GET', ('api', 'steps', id))
        return answer

    def correct_step(self, id: str, /, **body: Unpack[StepPatch]) -> Step:
        """Correct a step. The values before stay readable in its history, with the reason. The corrected step must
        be one that could be logged: a `finish` given to a running step completes it unless `status` says
        otherwise. A correction that changes nothing writes nothing. Scope: `operate`.
        """
        answer: Step = self.call('PATCH', ('api', 'steps', id), body=body)
        return answer

    def finish_step(self, id: str, /, **body: Unpack[StepFinish]) -> Step:
        """Finish a running step. Now, by the service's clock, unless `finish` says when. A finish before the start,
        as clocks that differ make it, is stored as the start, with a warning. Scope: `operate`.
        """
        answer: Step = self.call('POST', ('api', 'steps', id, 'finish'), body=body)
        return answer

    def get_step_history(self, id: str, /, **query: Unpack[GetStepHistoryQuery]) -> StepHistory:
        """What became of a step after it was logged. When it was finished, and its corrections, oldest first, each
        with the step before and after. Scope: `read`.
        """
        answer: StepHistory = self.call('GET', ('api', 'steps', id, 'history'), query=query)
        return answer

    def estimate_step(self, **body: Unpack[EstimateRequest]) -> Estimate:
        """How long will this step take. By the recent steps that are most like it. The answer explains itself;
        nothing is changed. Scope: `read`.
        """
        answer: Estimate = self.call('POST', ('api', 'estimates'), body=body)
        return answer

    def estimate_steps(self, **body: Unpack[EstimateBatchRequest]) -> EstimateBatch:
        """How long will these steps take. Up to 5,000 steps in one look at the history, answered in the same order.
        With `total`, also the time of all together. Scope: `read`.
        """
        answer: EstimateBatch = self.call('POST', ('api', 'estimates', 'batch'), body=body)
        return answer

    def estimate_remaining(self, **body: Unpack[RemainingRequest]) -> RemainingEstimates:
        """How much longer will these running steps take. Given the time already elapsed: only comparable steps that
        took longer than that are looked at. Beyond all of them the step is overdue. Scope: `read`.
        """
        answer: RemainingEstimates = self.call('POST', ('api', 'estimates', 'remaining'), body=body)
        return answer

    def get_calibration(self, **query: Unpack[GetCalibrationQuery]) -> Calibration:
        """Were the promises kept. Replays the newest steps as they would have been estimated (those of an
        experiment when it began), with the history of that time, and compares with what happened. Scope: `read`.
        """
        answer: Calibration = self.call('GET', ('api', 'estimates', 'calibration'), query=query)
        return answer

    def list_events(self, **query: Unpack[ListEventsQuery]) -> EventPage:
        """Read the log. Every change of the tracked world, and who asked for it. `container` finds those of all
        containers that have or had the barcode, or of the one with the id; `device` those of the device, and of
        the containers and lids that came to it or left it. Whoever remembers the last revision reads on with
        `after`. Scope: `read`.
        """
        answer: EventPage = self.call('GET', ('api', 'events'), query=query)
        return answer

    def list_keys(self, **query: Unpack[ListKeysQuery]) -> KeyPage:
        """List keys. Without the keys themselves, oldest first; expired ones too, revoked ones only with `revoked`.
        Scope: `admin`.
        """
        answer: KeyPage = self.call('GET', ('api', 'keys'), query=query)
        return answer

    def create_key(self, **body: Unpack[KeyCreate]) -> KeyCreated:
        """Make a key. The answer shows the key, this once. From the first key on every call needs one: make an
        `admin` first. A name is free again when its key is revoked or has expired; a repeated request finds it
        in use. Since nothing keeps the key, `Idempotency-Key` is not heard here. Scope: `admin`.
        """
        answer: KeyCreated = self.call('POST', ('api', 'keys'), body=body)
        return answer

    def get_key(self, id: str, /) -> Key:
        """Read a key. All that is known of it, which is not the key itself; also when it is revoked. Scope:
        `admin`.
        """
        answer: Key = self.call('GET', ('api', 'keys', id))
        return answer

    def revoke_key(self, id: str, /) -> None:
        """Revoke a key. From the next request on it is not valid, at no instance. What was done with it stays under
        its name. Repeated: the same answer. Scope: `admin`.
        """
        self.call('DELETE', ('api', 'keys', id))
