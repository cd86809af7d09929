"""One method for each operation of the service. It has the name of the operation in snake case."""

# Written by tools/openapi/python-client.ts from openapi/openapi.json: do not edit.
from __future__ import annotations

from typing import TYPE_CHECKING

from .caller import Caller

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .models import (
        AcknowledgeAlarmQuery,
        AddContainerQuery,
        AddContainersQuery,
        AddDeviceQuery,
        Alarm,
        AlarmAcknowledge,
        AlarmPage,
        ArchiveProcessQuery,
        ArrangeContainersQuery,
        Arrangement,
        Calibration,
        Certificate,
        Container,
        ContainerBatch,
        ContainerChanges,
        ContainerCorrection,
        ContainerCreate,
        ContainerHistory,
        ContainerItems,
        ContainerPage,
        ContainerPatch,
        ContainerResult,
        CorrectContainerQuery,
        CorrectStepQuery,
        CreateExperimentQuery,
        CreateProcessQuery,
        CreateWebhookQuery,
        DeleteCertificateQuery,
        DeleteLabwareTypeQuery,
        DeleteWebhookQuery,
        Device,
        DeviceCreate,
        DevicePage,
        DevicePatch,
        Estimate,
        EstimateBatch,
        EstimateBatchRequest,
        EstimateRemainingQuery,
        EstimateRequest,
        EstimateStepQuery,
        EstimateStepsQuery,
        EstimatedKindPage,
        EventPage,
        ExcludeStepsQuery,
        Experiment,
        ExperimentCreate,
        ExperimentPage,
        ExperimentPatch,
        ExperimentTimeline,
        FinishStepQuery,
        GetCalibrationQuery,
        GetCertificateQuery,
        GetContainerHistoryQuery,
        GetContainerQuery,
        GetDeviceQuery,
        GetExperimentQuery,
        GetExperimentTimelineQuery,
        GetKeyQuery,
        GetLabConfigQuery,
        GetLabHealthQuery,
        GetLabQuery,
        GetLabwareTypeQuery,
        GetPositionQuery,
        GetProcessDurationQuery,
        GetProcessQuery,
        GetProcessSourceQuery,
        GetReservationQuery,
        GetRunningStepsQuery,
        GetSessionQuery,
        GetStepHistoryQuery,
        GetStepKindQuery,
        GetStepQuery,
        GetStepStatisticsQuery,
        GetStocktakeQuery,
        GetUtilizationQuery,
        GetWebhookQuery,
        Key,
        KeyCreate,
        KeyCreated,
        KeyPage,
        LabConfig,
        LabConfigResult,
        LabHealth,
        LabRestore,
        LabRestoreResult,
        LabState,
        LabWipe,
        LabwareType,
        LabwareTypePage,
        LabwareTypePut,
        Lid,
        LidContainerQuery,
        ListAlarmsQuery,
        ListContainersQuery,
        ListDevicesQuery,
        ListEventsQuery,
        ListExperimentStepsQuery,
        ListExperimentsQuery,
        ListKeysQuery,
        ListLabwareTypesQuery,
        ListOrchestratorsQuery,
        ListPositionsQuery,
        ListProcessesQuery,
        ListReservationsQuery,
        ListStepKindsQuery,
        ListStepsQuery,
        ListStocktakesQuery,
        ListWebhookAttemptsQuery,
        ListWebhooksQuery,
        Live,
        LogStepQuery,
        LogStepsQuery,
        LookUpContainersQuery,
        Lookup,
        LookupItems,
        Move,
        MoveContainerQuery,
        MoveFromPosition,
        MoveFromPositionQuery,
        Orchestrator,
        OrchestratorPage,
        OrchestratorPut,
        Pause,
        PauseExperimentQuery,
        PauseStepQuery,
        Position,
        PositionPatch,
        PositionWithOccupant,
        Process,
        ProcessCreate,
        ProcessDuration,
        ProcessPage,
        PutCertificateQuery,
        PutLabConfigQuery,
        PutLabwareTypeQuery,
        PutOrchestratorQuery,
        Ready,
        RedeliverWebhookQuery,
        RelabelContainersQuery,
        Relabelling,
        ReleaseReservationQuery,
        RemainingEstimates,
        RemainingRequest,
        RemoveContainerQuery,
        RenewReservationQuery,
        Reservation,
        ReservationCreate,
        ReservationPage,
        ReservationRenewal,
        ReservePositionsQuery,
        RestoreLabQuery,
        ResumeExperimentQuery,
        ResumeStepQuery,
        RetireDeviceQuery,
        RevokeKeyQuery,
        RunningSteps,
        SearchQuery,
        SearchResult,
        Session,
        SignIn,
        Step,
        StepBatch,
        StepCreate,
        StepExclusionRequest,
        StepExclusionResult,
        StepFinish,
        StepHistory,
        StepItems,
        StepKindHistory,
        StepPage,
        StepPatch,
        StepStatistics,
        Stocktake,
        StocktakePage,
        StocktakeRecord,
        StocktakeResult,
        TakeStockQuery,
        TestWebhookQuery,
        Transfer,
        TransferBatch,
        TransferContainerQuery,
        TransferContainersQuery,
        TransferItems,
        TransferResult,
        Unlid,
        UnlidContainerQuery,
        UpdateContainerQuery,
        UpdateDeviceQuery,
        UpdateExperimentQuery,
        UpdatePositionQuery,
        UpdateWebhookQuery,
        Utilization,
        Webhook,
        WebhookAttemptPage,
        WebhookCreate,
        WebhookCreated,
        WebhookPage,
        WebhookPatch,
        WebhookRedelivery,
        WebhookSecret,
        WebhookTest,
        WipeLabQuery,
    )


class Operations(Caller):
    def get_metrics(self) -> str:
        """Read metrics for Prometheus. Text format 0.0.4. Counters are those of this instance since its start;
        figures of the lab are the same at every instance. Requests from this machine need no key. Scope: `read`.
        """
        answer: str = self.call('GET', ('metrics',), answers='text/plain')
        return answer

    def get_live(self) -> Live:
        """Check that the process is alive. Responds as long as the process can handle requests. It does not query
        the database.
        """
        answer: Live = self.call('GET', ('health', 'live'))
        return answer

    def get_ready(self) -> Ready:
        """Check that the service is ready. Queries the database and tries to write, and responds with 503 when the
        database does not respond or writes fail, for example on a full disk. Also returns the state of the
        connection pool.
        """
        answer: Ready = self.call('GET', ('health', 'ready'))
        return answer

    def put_lab_config(self, body: LabConfig | str, /, **query: Unpack[PutLabConfigQuery]) -> LabConfigResult:
        """Apply a lab file. Makes the lab match the file: adds, resizes and updates devices, and retires devices
        that the file does not name. Applying the same file again changes nothing. The request is refused if it
        would remove a slot or device that holds a container or a lid, or turn it into waste. `labware_types` of
        the file become the labware types of the lab; a file without them changes none. Scope: `admin`.
        """
        answer: LabConfigResult = self.call('PUT', ('api', 'lab', 'config'), query=query, body=body, text='application/yaml')
        return answer

    def get_lab_config(self, **query: Unpack[GetLabConfigQuery]) -> LabConfig:
        """Export the lab file. Returned as JSON, or as YAML if `Accept` asks for it. Groups, devices and their
        order are as in the applied file. Applying the export changes nothing. With `at`, returns the file as it
        was; the order of keys inside free members may differ. Scope: `read`.
        """
        answer: LabConfig = self.call('GET', ('api', 'lab', 'config'), query=query)
        return answer

    def get_lab(self, **query: Unpack[GetLabQuery]) -> LabState:
        """Read the state of the platform. Returns the totals and every device with its containers, in the order of
        the lab file. Everything is of one revision. With `at`, returns an earlier state. Scope: `read`.
        """
        answer: LabState = self.call('GET', ('api', 'lab'), query=query)
        return answer

    def wipe_lab(self, **query: Unpack[WipeLabQuery]) -> LabWipe:
        """Wipe the lab. Removes every container and retires every device. The history stays, and applying the lab
        file restores the devices. Requires `confirm=wipe`. Scope: `admin`.
        """
        answer: LabWipe = self.call('DELETE', ('api', 'lab'), query=query)
        return answer

    def restore_lab(self, query: RestoreLabQuery | None = None, /, **body: Unpack[LabRestore]) -> LabRestoreResult:
        """Restore an earlier state of the lab. Puts devices, slots, containers and lids back as they were, for
        example after a wipe or a wrong lab file. Everything is one change of the lab. Containers that came since
        stay where they are. What they stand in the way of stays as it is now, and `findings` says so. With
        `dry_run`, returns the same and changes nothing. Scope: `admin`.
        """
        answer: LabRestoreResult = self.call('POST', ('api', 'lab', 'restore'), query=query, body=body)
        return answer

    def get_lab_health(self, **query: Unpack[GetLabHealthQuery]) -> LabHealth:
        """Check the tracked state of the lab. Searches for states that are impossible in a real lab. Database
        constraints prevent most of them; this check verifies it. A lab with warnings is still healthy. Scope:
        `read`.
        """
        answer: LabHealth = self.call('GET', ('api', 'lab', 'health'), query=query)
        return answer

    def list_devices(self, **query: Unpack[ListDevicesQuery]) -> DevicePage:
        """List devices. Lists the devices of the lab by name. Use `retired` to list retired devices, and `listed`
        to list devices that only logged steps name. Filters match exactly. Scope: `read`.
        """
        answer: DevicePage = self.call('GET', ('api', 'devices'), query=query)
        return answer

    def add_device(self, query: AddDeviceQuery | None = None, /, **body: Unpack[DeviceCreate]) -> Device:
        """Add a device. Adds a device. If a retired device had this name, it is restored with its history, unless
        the request has an `id`. A retry with the same `id` and body returns 200 and changes nothing. Scope:
        `admin`.
        """
        answer: Device = self.call('POST', ('api', 'devices'), query=query, body=body)
        return answer

    def get_utilization(self, **query: Unpack[GetUtilizationQuery]) -> Utilization:
        """Read how busy devices were. Returns the busy seconds, the number of steps and the occupied slots of each
        device, by day (the default) or by hour. The range is from `from` to `to`, at most 92 days. Without
        `from`, it is the seven days before `to`; without `to`, the seven days after `from`; without both, the
        last seven days. `timezone` says where a day begins; the default is UTC. Scope: `read`.
        """
        answer: Utilization = self.call('GET', ('api', 'devices', 'utilization'), query=query)
        return answer

    def get_device(self, device: str, /, **query: Unpack[GetDeviceQuery]) -> Device:
        """Read a device. Finds a device by its name, also one that only logged steps name. A retired device is not
        found. With `at`, returns an earlier state, by the name of that time. Scope: `read`.
        """
        answer: Device = self.call('GET', ('api', 'devices', device), query=query)
        return answer

    def update_device(self, device: str, query: UpdateDeviceQuery | None = None, /, **body: Unpack[DevicePatch]) -> Device:
        """Change a device. Changes the settings of a device. A renamed device keeps its containers and history.
        `capacity` changes the number of slots; occupied slots cannot be removed. An unlisted device becomes a
        listed one. Scope: `admin`.
        """
        answer: Device = self.call('PATCH', ('api', 'devices', device), query=query, body=body)
        return answer

    def retire_device(self, device: str, /, **query: Unpack[RetireDeviceQuery]) -> Device:
        """Retire a device. Removes a device from the lab. Its history stays. The request is refused while a slot of
        the device is occupied. A retry returns the same response. Scope: `admin`.
        """
        answer: Device = self.call('DELETE', ('api', 'devices', device), query=query)
        return answer

    def list_positions(self, device: str, /, **query: Unpack[ListPositionsQuery]) -> list[Position]:
        """List the slots of a device. Returns an array in ascending order, without pages. `empty=true&limit=1`
        returns the first free slot. With `at`, returns an earlier state, without reservations. Scope: `read`.
        """
        answer: list[Position] = self.call('GET', ('api', 'devices', device, 'positions'), query=query)
        return answer

    def get_position(self, device: str, position: int, /, **query: Unpack[GetPositionQuery]) -> PositionWithOccupant:
        """Read a slot. Returns a slot with all data of the container in it. If the slot holds a lid, returns the
        container that it belongs to. Scope: `read`.
        """
        answer: PositionWithOccupant = self.call('GET', ('api', 'devices', device, 'positions', position), query=query)
        return answer

    def update_position(self, device: str, position: int, query: UpdatePositionQuery | None = None, /, **body: Unpack[PositionPatch]) -> PositionWithOccupant:
        """Change the properties of a slot. Sets what may stand in the slot, and whether the slot disposes of what
        is put there. To change what a slot holds, record a move. Scope: `admin`.
        """
        answer: PositionWithOccupant = self.call('PATCH', ('api', 'devices', device, 'positions', position), query=query, body=body)
        return answer

    def get_certificate(self, device: str, /, **query: Unpack[GetCertificateQuery]) -> Certificate:
        """Read the server certificate of a device. Returned as PEM text, or as JSON if `Accept` asks for it. Scope:
        `read`.
        """
        answer: Certificate = self.call('GET', ('api', 'devices', device, 'certificate'), query=query)
        return answer

    def put_certificate(self, device: str, body: Certificate | str, /, **query: Unpack[PutCertificateQuery]) -> None:
        """Store the server certificate of a device. Send PEM text, or JSON with the PEM text as `certificate`.
        Certificate chains are accepted. Private keys are refused. Scope: `admin`.
        """
        self.call('PUT', ('api', 'devices', device, 'certificate'), query=query, body=body, text='application/x-pem-file')

    def delete_certificate(self, device: str, /, **query: Unpack[DeleteCertificateQuery]) -> None:
        """Delete the server certificate of a device. The event log records the deletion, but does not keep the
        certificate. Scope: `admin`.
        """
        self.call('DELETE', ('api', 'devices', device, 'certificate'), query=query)

    def list_labware_types(self, **query: Unpack[ListLabwareTypesQuery]) -> LabwareTypePage:
        """List labware types. Lists the labware types of the lab by name. Containers can have types that are not in
        this list; they can go anywhere. Scope: `read`.
        """
        answer: LabwareTypePage = self.call('GET', ('api', 'labware-types'), query=query)
        return answer

    def get_labware_type(self, name: str, /, **query: Unpack[GetLabwareTypeQuery]) -> LabwareType:
        """Read a labware type. Returns what is known of a labware type. With `at`, returns an earlier state. Scope:
        `read`.
        """
        answer: LabwareType = self.call('GET', ('api', 'labware-types', name), query=query)
        return answer

    def put_labware_type(self, name: str, query: PutLabwareTypeQuery | None = None, /, **body: Unpack[LabwareTypePut]) -> LabwareType:
        """Add or change a labware type. Says what is known of a labware type; what is left out is not known.
        Containers of this type are then only put where they fit. The same request again changes nothing. Scope:
        `admin`.
        """
        answer: LabwareType = self.call('PUT', ('api', 'labware-types', name), query=query, body=body)
        return answer

    def delete_labware_type(self, name: str, /, **query: Unpack[DeleteLabwareTypeQuery]) -> LabwareType:
        """Delete a labware type. Returns the type as it was last. Containers keep its name, and can then go
        anywhere. The lists of devices and slots no longer name it. Scope: `admin`.
        """
        answer: LabwareType = self.call('DELETE', ('api', 'labware-types', name), query=query)
        return answer

    def list_containers(self, **query: Unpack[ListContainersQuery]) -> ContainerPage:
        """List containers. Lists the containers on the platform. Use `removed` to list removed ones. Filters match
        exactly. With `Accept: application/vnd.apache.parquet` the answer is a Parquet file of all rows that the
        filters leave; with `limit`, of one page, and `Link` has the next. Scope: `read`.
        """
        answer: ContainerPage = self.call('GET', ('api', 'containers'), query=query)
        return answer

    def add_container(self, query: AddContainerQuery | None = None, /, **body: Unpack[ContainerCreate]) -> Container:
        """Add a container. Adds a container to the platform. A retry with the same `id` and body returns 200 and
        changes nothing. Scope: `operate`.
        """
        answer: Container = self.call('POST', ('api', 'containers'), query=query, body=body)
        return answer

    def add_containers(self, query: AddContainersQuery | None = None, /, **body: Unpack[ContainerBatch]) -> ContainerItems:
        """Add up to 1,000 containers. Adds the containers in the order of the request, either all or none. A
        refusal has the `index` of the first container that failed. Scope: `operate`.
        """
        answer: ContainerItems = self.call('POST', ('api', 'containers', 'batch'), query=query, body=body)
        return answer

    def get_container(self, container: str, /, **query: Unpack[GetContainerQuery]) -> Container:
        """Read a container. Returns where a container is and what is known about it. Use the barcode of a container
        on the platform, or the id of any container. With `at`, returns an earlier state. Scope: `read`.
        """
        answer: Container = self.call('GET', ('api', 'containers', container), query=query)
        return answer

    def update_container(self, container: str, query: UpdateContainerQuery | None = None, /, **body: Unpack[ContainerPatch]) -> Container:
        """Change the properties of a container. Changes properties such as barcode, name and content. To change the
        place of a container, record a move. Scope: `operate`.
        """
        answer: Container = self.call('PATCH', ('api', 'containers', container), query=query, body=body)
        return answer

    def remove_container(self, container: str, /, **query: Unpack[RemoveContainerQuery]) -> Container:
        """Remove a container from the platform. Frees its slot, the slot of its parked lid and its barcode. The
        container and its history stay readable by id. A retry by id returns the same response. The event log
        keeps the `reason`. Scope: `operate`.
        """
        answer: Container = self.call('DELETE', ('api', 'containers', container), query=query)
        return answer

    def get_container_history(self, container: str, /, **query: Unpack[GetContainerHistoryQuery]) -> ContainerHistory:
        """Read the history of a container. Lists the changes of a container and the steps that involved it, oldest
        first. Use the id for a removed container. Scope: `read`.
        """
        answer: ContainerHistory = self.call('GET', ('api', 'containers', container, 'history'), query=query)
        return answer

    def move_container(self, container: str, query: MoveContainerQuery | None = None, /, **body: Unpack[Move]) -> ContainerResult:
        """Record that a container was moved. Sets the place of a container. With `source_device` and `source_pos`,
        the container must be there. If the target disposes (waste), the container is off the platform
        afterwards, and `target_pos` need not be one of its slots. The target can be the place where the
        container already is, for example when a robot only read the barcode and put the container back. Scope:
        `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'move'), query=query, body=body)
        return answer

    def unlid_container(self, container: str, query: UnlidContainerQuery | None = None, /, **body: Unpack[Unlid]) -> ContainerResult:
        """Record that the lid was taken off. The lid is parked in the given slot and occupies it. If the lid was
        already off, its place is changed. If the device or the slot disposes (waste), the container has no lid
        any longer. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'unlid'), query=query, body=body)
        return answer

    def lid_container(self, container: str, query: LidContainerQuery | None = None, /, **body: Unpack[Lid]) -> ContainerResult:
        """Record that the lid was put on. If the request says where the lid was parked, this is checked. If the lid
        is already on, nothing is checked or changed. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'lid'), query=query, body=body)
        return answer

    def correct_container(self, container: str, query: CorrectContainerQuery | None = None, /, **body: Unpack[ContainerCorrection]) -> ContainerResult:
        """Correct the state of a container. Sets place, lid or barcode to what a person sees in the lab. A
        correction may bring back a removed container and may use a reserved slot, or a slot in which the labware
        type does not fit, which is a warning. What was seen in waste is off the platform. Database constraints
        still hold. If the slot is occupied, the service responds with 409, unless `displace` says what to do
        with the occupant. The event log keeps the reason. Scope: `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'containers', container, 'correct'), query=query, body=body)
        return answer

    def move_from_position(self, query: MoveFromPositionQuery | None = None, /, **body: Unpack[MoveFromPosition]) -> ContainerResult:
        """Record that the container at a place was moved. Finds the container by its place. This is for containers
        without a barcode. If `barcode` is sent, it must match the container; a former label of that container is
        a warning, unless another container has it now. If the slot holds only a lid, the lid is moved. Scope:
        `operate`.
        """
        answer: ContainerResult = self.call('POST', ('api', 'moves'), query=query, body=body)
        return answer

    def transfer_container(self, query: TransferContainerQuery | None = None, /, **body: Unpack[Transfer]) -> TransferResult:
        """Record a transfer. Records place, lid, barcode and step of one physical operation, either all or nothing.
        Only the state after the transfer is checked: a container may go to the slot that its lid leaves, and the
        lid to the slot that the container leaves. A retry with the `id` of its step returns the first response
        and changes nothing, whatever happened since. If the target disposes (waste), the container is off the
        platform afterwards. With `dry_run`, returns every problem of the transfer and changes nothing. Scope:
        `operate`.
        """
        answer: TransferResult = self.call('POST', ('api', 'transfers'), query=query, body=body)
        return answer

    def transfer_containers(self, query: TransferContainersQuery | None = None, /, **body: Unpack[TransferBatch]) -> TransferItems:
        """Record up to 1,000 transfers. Records the transfers in the order of the request, either all or none. A
        transfer can use a slot that an earlier one has freed. A refusal has the `index` of the first transfer
        that failed. Scope: `operate`.
        """
        answer: TransferItems = self.call('POST', ('api', 'transfers', 'batch'), query=query, body=body)
        return answer

    def arrange_containers(self, query: ArrangeContainersQuery | None = None, /, **body: Unpack[Arrangement]) -> ContainerChanges:
        """Record where many containers are. Records what a person sees of up to 1,000 containers, either all or
        nothing. Only the state after it is checked, so containers can change places in any way. Each container
        that changes has one event: `corrected`, `missing` or `found`, all with the same revision. Reserved slots
        can be taken, as by a correction. A slot that would hold two things is refused, and the response names
        both. With `dry_run`, returns every problem and every change, and changes nothing. Scope: `operate`.
        """
        answer: ContainerChanges = self.call('POST', ('api', 'arrangements'), query=query, body=body)
        return answer

    def take_stock(self, query: TakeStockQuery | None = None, /, **body: Unpack[Stocktake]) -> StocktakeResult:
        """Compare what was seen on a device with what is tracked. Compares the plates that somebody saw on a device
        with what the service tracks, slot by slot. Without `apply` nothing is changed. With `apply` the lab
        becomes as it was seen, as by an arrangement and in one revision: what was seen here and is tracked
        elsewhere, or is missing, is here; what is tracked here and was not seen is missing; what is unknown is
        added. A container that is tracked in the slot without a barcode gets the barcode that was read. Parked
        lids stay, unless a plate was seen in their slot: then nobody knows where the lid is. A barcode that a
        container on the platform had before is refused with `apply`: relabel that container first. It is not
        refused when that container was seen with its own barcode. A plate in a slot that does not exist, or that
        disposes, is refused with `apply`. It was seen, so it is not missing. Scope: `operate`.
        """
        answer: StocktakeResult = self.call('POST', ('api', 'stocktakes'), query=query, body=body)
        return answer

    def list_stocktakes(self, **query: Unpack[ListStocktakesQuery]) -> StocktakePage:
        """List the stocktakes that were applied. Lists the stocktakes that were applied, oldest first, also those
        that changed nothing. Scope: `read`.
        """
        answer: StocktakePage = self.call('GET', ('api', 'stocktakes'), query=query)
        return answer

    def get_stocktake(self, id: str, /, **query: Unpack[GetStocktakeQuery]) -> StocktakeRecord:
        """Read a stocktake with its findings. Returns a stocktake that was applied, with what was seen and what was
        tracked at that time. Scope: `read`.
        """
        answer: StocktakeRecord = self.call('GET', ('api', 'stocktakes', id), query=query)
        return answer

    def relabel_containers(self, query: RelabelContainersQuery | None = None, /, **body: Unpack[Relabelling]) -> ContainerChanges:
        """Record new labels of up to 1,000 containers. Gives containers new barcodes, all at once and all or none,
        so that two labels can be swapped. A name that was made from the former label follows it. The service
        remembers former labels: whoever asks for one is told which container has had it, and where that is. With
        `dry_run`, returns every problem and every change, and changes nothing. Scope: `operate`.
        """
        answer: ContainerChanges = self.call('POST', ('api', 'containers', 'relabel'), query=query, body=body)
        return answer

    def look_up_containers(self, query: LookUpContainersQuery | None = None, /, **body: Unpack[Lookup]) -> LookupItems:
        """Find the containers of up to 1,000 barcodes. Returns for each barcode, in order, the container that has
        it, or the containers that had it: removed ones, and those that have another label now. Scope: `read`.
        """
        answer: LookupItems = self.call('POST', ('api', 'containers', 'lookup'), query=query, body=body)
        return answer

    def list_reservations(self, **query: Unpack[ListReservationsQuery]) -> ReservationPage:
        """List reservations. Lists the active reservations. Filters match exactly. `device` finds reservations with
        a slot of that device. Scope: `read`.
        """
        answer: ReservationPage = self.call('GET', ('api', 'reservations'), query=query)
        return answer

    def reserve_positions(self, query: ReservePositionsQuery | None = None, /, **body: Unpack[ReservationCreate]) -> Reservation:
        """Reserve free slots. Reserves free slots for `owner`, either all requested slots or none. A request that
        places something in a reserved slot must send its `reservation_id`, which uses the slot up. Other
        requests for that slot are refused with `position-reserved`, and automatic slot selection skips it. The
        reservation expires after `ttl_seconds`. A retry with the same `id` and body returns 200 and reserves
        nothing, also after the reservation has ended. Scope: `operate`.
        """
        answer: Reservation = self.call('POST', ('api', 'reservations'), query=query, body=body)
        return answer

    def get_reservation(self, id: str, /, **query: Unpack[GetReservationQuery]) -> Reservation:
        """Read a reservation. Returns an active reservation. One that is used up, released or expired is not found.
        Scope: `read`.
        """
        answer: Reservation = self.call('GET', ('api', 'reservations', id), query=query)
        return answer

    def renew_reservation(self, id: str, query: RenewReservationQuery | None = None, /, **body: Unpack[ReservationRenewal]) -> Reservation:
        """Renew a reservation. Starts the time to live again from now. Scope: `operate`."""
        answer: Reservation = self.call('PATCH', ('api', 'reservations', id), query=query, body=body)
        return answer

    def release_reservation(self, id: str, /, **query: Unpack[ReleaseReservationQuery]) -> None:
        """Release a reservation. Ends the reservation and frees its slots. Scope: `operate`."""
        self.call('DELETE', ('api', 'reservations', id), query=query)

    def list_processes(self, **query: Unpack[ListProcessesQuery]) -> ProcessPage:
        """List processes. Lists processes without their sources, oldest first. Filters match exactly. Use
        `archived` to list archived processes. Scope: `read`.
        """
        answer: ProcessPage = self.call('GET', ('api', 'processes'), query=query)
        return answer

    def create_process(self, query: CreateProcessQuery | None = None, /, **body: Unpack[ProcessCreate]) -> Process:
        """Create a process. With `reuse`, returns 200 and the existing process with the same name and source, if
        there is one. In this case `id` and `metadata` of the request are ignored. Scope: `operate`.
        """
        answer: Process = self.call('POST', ('api', 'processes'), query=query, body=body)
        return answer

    def get_process(self, id: str, /, **query: Unpack[GetProcessQuery]) -> Process:
        """Read a process. Returns a process with its source. Archived processes can be read, too. Scope: `read`."""
        answer: Process = self.call('GET', ('api', 'processes', id), query=query)
        return answer

    def archive_process(self, id: str, /, **query: Unpack[ArchiveProcessQuery]) -> Process:
        """Archive a process. Removes the process from lists. The process and its experiments stay readable. A retry
        returns the same response. Scope: `operate`.
        """
        answer: Process = self.call('DELETE', ('api', 'processes', id), query=query)
        return answer

    def get_process_source(self, id: str, /, **query: Unpack[GetProcessSourceQuery]) -> str:
        """Read the source of a process. Returns only the source, exactly as it was sent. Scope: `read`."""
        answer: str = self.call('GET', ('api', 'processes', id, 'source'), query=query, answers='text/plain')
        return answer

    def get_process_duration(self, id: str, /, **query: Unpack[GetProcessDurationQuery]) -> ProcessDuration:
        """Estimate the duration of an experiment. Estimates the duration from past experiments of the process:
        completed ones, and those without a running step and without any step in the last hour. Aborted
        experiments are ignored. Scope: `read`.
        """
        answer: ProcessDuration = self.call('GET', ('api', 'processes', id, 'duration'), query=query)
        return answer

    def get_experiment_timeline(self, id: str, /, **query: Unpack[GetExperimentTimelineQuery]) -> ExperimentTimeline:
        """Compare an experiment with its predictions. Returns the steps of an experiment, each with what was
        predicted of it when the experiment began (with the history of that time), and how long its containers
        had waited. Says when the experiment should end. Of more than 5000 steps, the newest are returned. Scope:
        `read`.
        """
        answer: ExperimentTimeline = self.call('GET', ('api', 'experiments', id, 'timeline'), query=query)
        return answer

    def search(self, **query: Unpack[SearchQuery]) -> SearchResult:
        """Find what a text means. Finds containers by barcode, former barcode and name; devices, experiments,
        processes and steps by name; slots by device and slot (`Hotel1 5`, `Hotel1:5`); all of them by id; and
        what a request changed by its id. A name or barcode may be only its beginning. Upper and lower case
        differ, except in names of devices and in barcodes on the platform. What is on the platform comes before
        what was removed. Scope: `read`.
        """
        answer: SearchResult = self.call('GET', ('api', 'search'), query=query)
        return answer

    def list_experiments(self, **query: Unpack[ListExperimentsQuery]) -> ExperimentPage:
        """List experiments. Lists experiments, oldest first. `started_after` (inclusive) and `started_before`
        (exclusive) refer to the start of the first step. With `Accept: application/vnd.apache.parquet` the
        answer is a Parquet file of all rows that the filters leave; with `limit`, of one page, and `Link` has
        the next. Scope: `read`.
        """
        answer: ExperimentPage = self.call('GET', ('api', 'experiments'), query=query)
        return answer

    def create_experiment(self, query: CreateExperimentQuery | None = None, /, **body: Unpack[ExperimentCreate]) -> Experiment:
        """Create an experiment. Steps that were already logged with its `id` become its steps. In this case the
        experiment is running immediately. Scope: `operate`.
        """
        answer: Experiment = self.call('POST', ('api', 'experiments'), query=query, body=body)
        return answer

    def get_experiment(self, id: str, /, **query: Unpack[GetExperimentQuery]) -> Experiment:
        """Read an experiment. Returns an experiment with the number of its steps by status and their total time
        span. Scope: `read`.
        """
        answer: Experiment = self.call('GET', ('api', 'experiments', id), query=query)
        return answer

    def update_experiment(self, id: str, query: UpdateExperimentQuery | None = None, /, **body: Unpack[ExperimentPatch]) -> Experiment:
        """Update an experiment. Changes status, name, session or metadata. The status goes from `created` to
        `running` (by this operation, or by the first step) and then to `completed` or `aborted`. A `created`
        experiment can be aborted, too. `running` and `paused` change into each other. Both become `lost` when
        the session of the orchestrator is over; a `lost` one can go on (`running`), or be completed or aborted.
        Sending the present status changes nothing. Scope: `operate`.
        """
        answer: Experiment = self.call('PATCH', ('api', 'experiments', id), query=query, body=body)
        return answer

    def pause_experiment(self, id: str, query: PauseExperimentQuery | None = None, /, **body: Unpack[Pause]) -> Experiment:
        """Pause a running experiment. Says that a running experiment stands still. Its steps go on, as an incubator
        does: pause those that stand still as well. An experiment that is paused already is returned unchanged.
        `at` before the first start counts from the first start. Scope: `operate`.
        """
        answer: Experiment = self.call('POST', ('api', 'experiments', id, 'pause'), query=query, body=body)
        return answer

    def resume_experiment(self, id: str, query: ResumeExperimentQuery | None = None, /, **body: Unpack[Pause]) -> Experiment:
        """Resume a paused experiment. Says that a paused experiment goes on. An experiment that runs already is
        returned unchanged. The end of an experiment ends its pause, too. Scope: `operate`.
        """
        answer: Experiment = self.call('POST', ('api', 'experiments', id, 'resume'), query=query, body=body)
        return answer

    def list_experiment_steps(self, id: str, /, **query: Unpack[ListExperimentStepsQuery]) -> StepPage:
        """List the steps of an experiment. The same as `GET /api/steps?experiment_id=`, but responds with 404 if
        the experiment does not exist. Scope: `read`.
        """
        answer: StepPage = self.call('GET', ('api', 'experiments', id, 'steps'), query=query)
        return answer

    def list_steps(self, **query: Unpack[ListStepsQuery]) -> StepPage:
        """List steps. Filters match exactly. A device is found by its present name, or by its last name if it is
        retired. An unknown device or container matches no steps. `container` is the barcode of a container on
        the platform, or the id of any container. `experiment_id` also finds steps that were logged with an
        unknown experiment. `started_after` is inclusive, `started_before` exclusive. The default order is by
        start. With `Accept: application/vnd.apache.parquet` the answer is a Parquet file of all rows that the
        filters leave; with `limit`, of one page, and `Link` has the next. Scope: `read`.
        """
        answer: StepPage = self.call('GET', ('api', 'steps'), query=query)
        return answer

    def log_step(self, query: LogStepQuery | None = None, /, **body: Unpack[StepCreate]) -> Step:
        """Log a step. Logs a step. A step is never refused because a device, container or experiment is unknown;
        the response has `warnings` instead. A step can be told twice: when it starts (`status: running`) and,
        with the same `id`, `kind`, `device` and `start`, when it has ended. It is one step, and the second
        answer is 200. At its end it takes the finish, the status, the name, the data (added to those of the
        start), the error, the places, the lid, whether the barcode was read, and further containers. What is
        told again changes nothing and is answered with 200 and the stored step. If it differs, the answer has
        the warning `differs-from-stored`. A start that is told after the end changes nothing. Further containers
        are added, so a step can be reported once for each container. The first step of an experiment sets its
        status to `running`. Scope: `operate`.
        """
        answer: Step = self.call('POST', ('api', 'steps'), query=query, body=body)
        return answer

    def log_steps(self, query: LogStepsQuery | None = None, /, **body: Unpack[StepBatch]) -> StepItems:
        """Log up to 5,000 steps. Logs the steps, either all or none, by the same rules as a single step. A fault
        has the index of the step. Scope: `operate`.
        """
        answer: StepItems = self.call('POST', ('api', 'steps', 'batch'), query=query, body=body)
        return answer

    def get_step_statistics(self, **query: Unpack[GetStepStatisticsQuery]) -> StepStatistics:
        """Read statistics of step durations. Computes the statistics of the steps that match the filters, by group.
        The filters are those of `GET /api/steps`. `timezone` is the zone of `day`: a day in it can have 23 or 25
        hours. The default is UTC. At most 10,000 groups are returned. Scope: `read`.
        """
        answer: StepStatistics = self.call('GET', ('api', 'steps', 'statistics'), query=query)
        return answer

    def get_running_steps(self, **query: Unpack[GetRunningStepsQuery]) -> RunningSteps:
        """List what runs now, and when it should end. Returns all steps that have not ended, alarms first, with the
        times at which they should end. All of it is of one moment. A step past its bound is nothing unusual. A
        step is an alarm when it takes more than 1.5 times as long as the longest comparable step, and at least
        30 seconds longer. Scope: `read`.
        """
        answer: RunningSteps = self.call('GET', ('api', 'steps', 'running'), query=query)
        return answer

    def exclude_steps(self, query: ExcludeStepsQuery | None = None, /, **body: Unpack[StepExclusionRequest]) -> StepExclusionResult:
        """Decide which steps estimates use. Decides about all steps that match: whether estimates leave them out,
        or use them although their times look wrong. Send `dry_run=true` first to see them. The history of each
        step keeps the decision and the reason. To decide about one step, use PATCH with
        `exclude_from_estimates`. Scope: `operate`.
        """
        answer: StepExclusionResult = self.call('POST', ('api', 'steps', 'exclusions'), query=query, body=body)
        return answer

    def get_step(self, id: str, /, **query: Unpack[GetStepQuery]) -> Step:
        """Read a step. Returns the present state of a step, including corrections. Scope: `read`."""
        answer: Step = self.call('GET', ('api', 'steps', id), query=query)
        return answer

    def correct_step(self, id: str, query: CorrectStepQuery | None = None, /, **body: Unpack[StepPatch]) -> Step:
        """Correct a step. Changes a logged step. The history of the step keeps the old values and the reason. The
        corrected step must follow the rules of a logged step. A `finish` for a running step also completes it,
        unless `status` says otherwise. A correction that changes nothing is not recorded. Scope: `operate`.
        """
        answer: Step = self.call('PATCH', ('api', 'steps', id), query=query, body=body)
        return answer

    def finish_step(self, id: str, query: FinishStepQuery | None = None, /, **body: Unpack[StepFinish]) -> Step:
        """Finish a running step. Ends a running, paused or lost step. A pause ends with it. If the finish is before
        the start, because clocks differ, the start is stored as the finish, with a warning. Told again with the
        same `finish` and the same facts, a step that has ended is returned; containers that were not named yet
        are added. Scope: `operate`.
        """
        answer: Step = self.call('POST', ('api', 'steps', id, 'finish'), query=query, body=body)
        return answer

    def pause_step(self, id: str, query: PauseStepQuery | None = None, /, **body: Unpack[Pause]) -> Step:
        """Pause a running step. Stops the clock of a running step. A step that is paused already is returned
        unchanged. `at` before the start counts from the start. Estimates, remaining times and statistics leave
        pauses out. Scope: `operate`.
        """
        answer: Step = self.call('POST', ('api', 'steps', id, 'pause'), query=query, body=body)
        return answer

    def resume_step(self, id: str, query: ResumeStepQuery | None = None, /, **body: Unpack[Pause]) -> Step:
        """Resume a paused step. Lets the clock of a paused step go on. A step that runs already is returned
        unchanged. The end of a step ends its pause, too. Scope: `operate`.
        """
        answer: Step = self.call('POST', ('api', 'steps', id, 'resume'), query=query, body=body)
        return answer

    def get_step_history(self, id: str, /, **query: Unpack[GetStepHistoryQuery]) -> StepHistory:
        """Read the history of a step. Lists the changes of a step after it was logged (its pauses, its finish and
        its corrections), oldest first, with the step before and after each change. Scope: `read`.
        """
        answer: StepHistory = self.call('GET', ('api', 'steps', id, 'history'), query=query)
        return answer

    def list_orchestrators(self, **query: Unpack[ListOrchestratorsQuery]) -> OrchestratorPage:
        """List orchestrators. Lists the orchestrators that ever gave a sign of life, by name, and whether each is
        alive. Scope: `read`.
        """
        answer: OrchestratorPage = self.call('GET', ('api', 'orchestrators'), query=query)
        return answer

    def put_orchestrator(self, name: str, query: PutOrchestratorQuery | None = None, /, **body: Unpack[OrchestratorPut]) -> Orchestrator:
        """Give a sign of life of an orchestrator. Renews the lease of an orchestrator: send it every few seconds.
        Steps and experiments name its `session`. When the lease is over, or another session of the name begins,
        the steps and experiments of the session that run become `lost`: they have an alarm, no finish, and no
        part in estimates. What is told later about them still ends them. When the session renews its lease
        later, what was lost and has not ended is what it was before, running or paused, and its alarms are over.
        Steps and experiments without a session are never lost. Scope: `operate`.
        """
        answer: Orchestrator = self.call('PUT', ('api', 'orchestrators', name), query=query, body=body)
        return answer

    def list_alarms(self, **query: Unpack[ListAlarmsQuery]) -> AlarmPage:
        """List the alarms that are on. An alarm is a step that takes more than 1.5 times as long as the longest
        comparable step, and at least 30 seconds longer; or a step that is lost. The service looks every five
        seconds at up to 5,000 steps, the newest first, and goes on with older ones at the next look. An alarm is
        over when its step ends or is paused; a lost step has one until it ends. A step that is resumed and still
        takes too long has a new alarm, which nobody has acknowledged: `earlier_acknowledgement` has what was
        said at the one before. Scope: `read`.
        """
        answer: AlarmPage = self.call('GET', ('api', 'alarms'), query=query)
        return answer

    def acknowledge_alarm(self, id: str, query: AcknowledgeAlarmQuery | None = None, /, **body: Unpack[AlarmAcknowledge]) -> Alarm:
        """Say who is at an alarm. Stores a note about an alarm, and who wrote it. The alarm stays on until its step
        ends. A later note replaces it. An alarm that is over takes a note, too: what was done about it is known
        then. Scope: `operate`.
        """
        answer: Alarm = self.call('POST', ('api', 'alarms', id, 'acknowledge'), query=query, body=body)
        return answer

    def estimate_step(self, query: EstimateStepQuery | None = None, /, **body: Unpack[EstimateRequest]) -> Estimate:
        """Estimate the duration of a step. Estimates the duration from the recent steps that are most similar. The
        response says what the estimate is based on. Nothing is changed. Scope: `read`.
        """
        answer: Estimate = self.call('POST', ('api', 'estimates'), query=query, body=body)
        return answer

    def estimate_steps(self, query: EstimateStepsQuery | None = None, /, **body: Unpack[EstimateBatchRequest]) -> EstimateBatch:
        """Estimate the durations of many steps. Estimates up to 5,000 steps. The response has the same order as the
        request. With `total`, it also has the total duration. The samples of an estimate come only with single
        estimates (`?samples=true`), because those of 5,000 steps could be millions. Scope: `read`.
        """
        answer: EstimateBatch = self.call('POST', ('api', 'estimates', 'batch'), query=query, body=body)
        return answer

    def estimate_remaining(self, query: EstimateRemainingQuery | None = None, /, **body: Unpack[RemainingRequest]) -> RemainingEstimates:
        """Estimate the remaining time of running steps. Uses only comparable steps that took longer than the time
        that has already elapsed. A step that has been running for longer than all of them is overdue. Scope:
        `read`.
        """
        answer: RemainingEstimates = self.call('POST', ('api', 'estimates', 'remaining'), query=query, body=body)
        return answer

    def get_calibration(self, **query: Unpack[GetCalibrationQuery]) -> Calibration:
        """Check how well estimates match. Estimates the newest steps again with the history of that time, and
        compares the estimates with what happened. Steps of an experiment are estimated as of its start. Scope:
        `read`.
        """
        answer: Calibration = self.call('GET', ('api', 'estimates', 'calibration'), query=query)
        return answer

    def list_step_kinds(self, **query: Unpack[ListStepKindsQuery]) -> EstimatedKindPage:
        """List what is known of each kind of step. Lists the kinds of steps of which one finished since a time
        (`since`, without it in the last 92 days): the bound of the next such step, the trend, since when it is
        different, and how many of the newest kept their bounds. Scope: `read`.
        """
        answer: EstimatedKindPage = self.call('GET', ('api', 'estimates', 'kinds'), query=query)
        return answer

    def get_step_kind(self, key: str, /, **query: Unpack[GetStepKindQuery]) -> StepKindHistory:
        """Read the steps of a kind. Returns the steps of a kind that finished in a time range, each with the bound
        that the steps before it gave, and the times between which such steps clearly changed. Without `from`,
        the range has 92 days; it has 366 at most. Of more than 5000 steps, the newest are returned. Scope:
        `read`.
        """
        answer: StepKindHistory = self.call('GET', ('api', 'estimates', 'kinds', key, 'history'), query=query)
        return answer

    def list_events(self, **query: Unpack[ListEventsQuery]) -> EventPage:
        """List events. Lists every change of the lab and who made it. Filters find each event in which what they
        name takes part. `container` finds the events of all containers that have or had this barcode, or of the
        container with this id, and of the steps in which they took part. `experiment` finds those of its steps,
        too. `device` finds the events of the device, of its steps, and of containers and lids that arrived on it
        or left it. Steps that were logged in one batch are one event, which `step` does not find. To continue
        from the last revision that you read, use `after`. `actor` is the name of an API key. `recorded_after` is
        inclusive, `recorded_before` exclusive. With `Accept: application/cloudevents-batch+json` the events are
        CloudEvents, and `Link` has the next page. With `Accept: application/vnd.apache.parquet` the answer is a
        Parquet file of all rows that the filters leave; with `limit`, of one page, and `Link` has the next.
        Scope: `read`.
        """
        answer: EventPage = self.call('GET', ('api', 'events'), query=query)
        return answer

    def list_webhooks(self, **query: Unpack[ListWebhooksQuery]) -> WebhookPage:
        """List webhooks. Lists webhooks without their secrets, oldest first, and how far each has been told the
        log. Scope: `admin`.
        """
        answer: WebhookPage = self.call('GET', ('api', 'webhooks'), query=query)
        return answer

    def create_webhook(self, query: CreateWebhookQuery | None = None, /, **body: Unpack[WebhookCreate]) -> WebhookCreated:
        """Create a webhook. Sends every event from now on to a URL, or those of some kinds and of one device: one
        message an event, in the order of the log, signed as Standard Webhooks are. The secret is returned once.
        A receiver takes a message by answering 200 to 299 within 15 seconds. Otherwise it is sent again after 5
        s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h, later if `Retry-After` says so; then the webhook is switched
        off. 410 switches it off at once. Redirects are not followed, and link-local addresses are never called.
        Because the secret is not stored for retries, `Idempotency-Key` is ignored: choose an `id`, and a retry
        is refused with `id-in-use`. Scope: `admin`.
        """
        answer: WebhookCreated = self.call('POST', ('api', 'webhooks'), query=query, body=body)
        return answer

    def get_webhook(self, id: str, /, **query: Unpack[GetWebhookQuery]) -> Webhook:
        """Read a webhook. Returns a webhook without its secret, and how far it has been told the log. Scope:
        `admin`.
        """
        answer: Webhook = self.call('GET', ('api', 'webhooks', id), query=query)
        return answer

    def update_webhook(self, id: str, query: UpdateWebhookQuery | None = None, /, **body: Unpack[WebhookPatch]) -> Webhook:
        """Change a webhook. Changes where messages are sent and which, and switches the webhook off or on. Switched
        on again, it delivers what has happened since; `POST /api/webhooks/{id}/redeliver` can leave that out.
        Scope: `admin`.
        """
        answer: Webhook = self.call('PATCH', ('api', 'webhooks', id), query=query, body=body)
        return answer

    def delete_webhook(self, id: str, /, **query: Unpack[DeleteWebhookQuery]) -> None:
        """Delete a webhook. Deletes a webhook and its attempts. A message that is being sent still arrives. Scope:
        `admin`.
        """
        self.call('DELETE', ('api', 'webhooks', id), query=query)

    def rotate_webhook_secret(self, id: str, /) -> WebhookSecret:
        """Rotate the secret of a webhook. Gives a webhook a new secret, which is returned once. For 24 hours
        messages have two signatures, with the new and with the previous secret, so the receiver can change over
        in between. A secret before the previous one ends at once. `Idempotency-Key` is ignored. Scope: `admin`.
        """
        answer: WebhookSecret = self.call('POST', ('api', 'webhooks', id, 'rotate'))
        return answer

    def test_webhook(self, id: str, /, **query: Unpack[TestWebhookQuery]) -> WebhookTest:
        """Send a test message. Sends a message of the type `webhook-test` within a second, also when the webhook is
        off. `GET /api/webhooks/{id}/attempts` says what came of it. It is sent once, and its failure has no
        consequences. Scope: `admin`.
        """
        answer: WebhookTest = self.call('POST', ('api', 'webhooks', id, 'test'), query=query)
        return answer

    def redeliver_webhook(self, id: str, query: RedeliverWebhookQuery | None = None, /, **body: Unpack[WebhookRedelivery]) -> Webhook:
        """Deliver again from a revision. Lets a webhook deliver its events again, from a revision on, with the ids
        that their messages had before. Without `from_revision` it tries again at once with the next message.
        Scope: `admin`.
        """
        answer: Webhook = self.call('POST', ('api', 'webhooks', id, 'redeliver'), query=query, body=body)
        return answer

    def list_webhook_attempts(self, id: str, /, **query: Unpack[ListWebhookAttemptsQuery]) -> WebhookAttemptPage:
        """List the attempts of a webhook. Lists the requests to the receiver and what came of each, newest first.
        They are kept for 30 days, the newest 10,000 of each webhook. Scope: `admin`.
        """
        answer: WebhookAttemptPage = self.call('GET', ('api', 'webhooks', id, 'attempts'), query=query)
        return answer

    def list_keys(self, **query: Unpack[ListKeysQuery]) -> KeyPage:
        """List keys. Lists keys without their secrets, oldest first. Expired keys are included. Use `revoked` to
        list revoked keys. Scope: `admin`.
        """
        answer: KeyPage = self.call('GET', ('api', 'keys'), query=query)
        return answer

    def create_key(self, **body: Unpack[KeyCreate]) -> KeyCreated:
        """Create a key. Returns the secret of the key, which cannot be read again. As soon as the first key exists,
        every operation needs a key, so create one with the scope `admin` first. A name can be used again when
        its key is revoked or has expired. Because the secret is not stored, `Idempotency-Key` is ignored, and a
        retry is refused with `key-name-in-use`. Scope: `admin`.
        """
        answer: KeyCreated = self.call('POST', ('api', 'keys'), body=body)
        return answer

    def get_key(self, id: str, /, **query: Unpack[GetKeyQuery]) -> Key:
        """Read a key. Returns a key without its secret. Revoked keys can be read, too. Scope: `admin`."""
        answer: Key = self.call('GET', ('api', 'keys', id), query=query)
        return answer

    def revoke_key(self, id: str, /, **query: Unpack[RevokeKeyQuery]) -> None:
        """Revoke a key. Ends a key. No instance of the service accepts it any more, from the next request on.
        Events keep its name as `actor`. A retry returns the same response. Scope: `admin`.
        """
        self.call('DELETE', ('api', 'keys', id), query=query)

    def create_session(self, **body: Unpack[SignIn]) -> None:
        """Sign in with a key. For pages in a browser. Sets a cookie that stands for the key, for 12 hours or, with
        `remember`, for 90 days; it ends with the key, too. The page need not keep the key. Only pages of this
        service can use the cookie for writes. An address can fail 10 times in one minute.
        """
        self.call('POST', ('api', 'session'), body=body)

    def get_session(self, **query: Unpack[GetSessionQuery]) -> Session:
        """Read who you are. Says with which key the request was sent, or which key the browser signed in with, and
        what it may do. Scope: `read`.
        """
        answer: Session = self.call('GET', ('api', 'session'), query=query)
        return answer

    def delete_session(self) -> None:
        """Sign out. Ends the session of this browser, for all instances, and removes its cookie. Does nothing for a
        browser that is not signed in.
        """
        self.call('DELETE', ('api', 'session'))
