import Type, { type Static } from 'typebox'
import { Barcode, ContainerName, DeviceName, nullable, optional, Place, ref, Slot, stringEnum, Warning } from './common.ts'
import { aContainer, Container } from './containers.ts'
import { Revision } from './lab.ts'
import { lidReservationId, reservationId } from './reservations.ts'
import { aStep, Step, StepCreate } from './steps.ts'

const LidAction = stringEnum('LidAction', ['off', 'on', 'keep'], '`off`: the lid was taken off. `on`: it was put on. `keep`: it was not touched.')

const TransferTarget = Type.Object({ device: ref(DeviceName, 'The device that the container is on now.'), position: optional(ref(Slot), 'The slot. The default is the lowest slot that is free after the transfer.') }, {
  $id: 'TransferTarget', additionalProperties: false, description: 'Where the container is after the transfer.',
  examples: [{ device: 'Washer', position: 0 }]
})

const TransferLid = Type.Object({
  action: ref(LidAction, 'What was done with the lid.'),
  device: optional(ref(DeviceName), 'For `off`: the device on which the lid is parked. For `on`: the device that it was on; if sent, it is checked.'),
  position: optional(ref(Slot), 'For `off`: the slot of the lid; the default is the lowest slot that is free after the transfer. For `on`: the slot that it was in; if sent, it is checked.')
}, {
  $id: 'TransferLid', additionalProperties: false,
  description: 'What happened to the lid.',
  examples: [{ action: 'off', device: 'Hotel1', position: 3 }]
})

const aTransfer = {
  source: { device: 'Hotel1', position: 0 }, target: { device: 'Washer', position: 0 }, lid: { action: 'off', device: 'Hotel1', position: 0 }, barcode: 'SCREEN_001',
  step: { device: 'RoboticArm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z', data: { fct: 'move' } }
}

export const Transfer = Type.Object({
  container: optional(ref(ContainerName), 'The barcode or id of the container. Required without `source`.'),
  source: optional(ref(Place), 'Where the container was. With `container`, it is checked. Otherwise the container is found there.'),
  target: optional(ref(TransferTarget), 'Where the container is after the transfer. Without it, the container was not moved.'),
  lid: optional(ref(TransferLid), 'What happened to the lid. The default is that it was not touched.'),
  barcode: optional(ref(Barcode), 'The barcode that was read during the transfer. It must be the barcode of the container, or a former label of it, which is a warning. If the container has none, it is set.'),
  step: optional(ref(StepCreate), 'The step to log. The container, and the places of a move, are added unless the step says otherwise.'),
  reservation_id: Type.Optional(reservationId),
  lid_reservation_id: Type.Optional(lidReservationId)
}, {
  $id: 'Transfer', additionalProperties: false,
  description: 'What a robot did with one container in one operation: a move, a lid action, a barcode that was read, and the step.',
  examples: [aTransfer]
})
export type Transfer = Static<typeof Transfer>

export const TransferBatch = Type.Object({
  transfers: Type.Array(ref(Transfer), { minItems: 1, maxItems: 1000, description: 'The transfers, recorded in this order. A transfer can use a slot that an earlier one has freed.' })
}, { $id: 'TransferBatch', additionalProperties: false, description: 'Transfers to record. Either all are recorded or none.', examples: [{ transfers: [aTransfer] }] })
export type TransferBatch = Static<typeof TransferBatch>

const aFinding = {
  code: 'position-occupied', detail: 'Slot 0 of Washer holds the container "SCREEN_002". Move it away first, or choose another slot.', pointer: '/target/position',
  device: 'Washer', position: 0, index: 2
}

export const TransferFinding = Type.Object({
  code: Type.String({ description: 'The code of the problem that would refuse the transfer.', examples: ['position-occupied'] }),
  detail: Type.String({ description: 'What prevents the transfer, and what to do.' }),
  pointer: Type.Optional(Type.String({ description: 'JSON pointer to the request member that causes the problem.' })),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'The index of the transfer in the batch, counted from 0.' }))
}, { $id: 'TransferFinding', additionalProperties: true, description: 'A problem that would refuse the transfer, with the members of that problem.', examples: [aFinding] })
export type TransferFinding = Static<typeof TransferFinding>

const TransferStatus = stringEnum('TransferStatus', ['success', 'dry-run'], '`success`: the transfer was recorded. `dry-run`: it was only checked.')

const aResult = {
  status: 'success', container: aContainer, step: { ...aStep, kind: 'move' }, revision: 43, findings: [],
  warnings: [{ code: 'labware-does-not-fit', detail: 'A "Deep 96" does not fit in slot 5 of Incubator by the rule max_height_mm.' }]
}

export const TransferResult = Type.Object({
  status: ref(TransferStatus, 'Whether the transfer was recorded or only checked.'),
  container: nullable(ref(Container), 'The container after the transfer. For a dry run: as it is now, or null when it was not found.'),
  step: nullable(ref(Step), 'The logged step. Null when there is none, and for a dry run.'),
  revision: ref(Revision, 'The revision after the transfer. For a dry run: the present one.'),
  findings: Type.Array(ref(TransferFinding), { description: 'For a dry run: every problem that would refuse the transfer. Empty when it can be recorded.' }),
  warnings: Type.Optional(Type.Array(ref(Warning), { description: 'What is unusual: a former label was read, or the container, by its labware type, does not fit where it stands or has the wrong lid. Only if there is something.' }))
}, {
  $id: 'TransferResult', description: 'The result of a transfer.', examples: [aResult]
})
export type TransferResult = Static<typeof TransferResult>

export const TransferItems = Type.Object({
  items: Type.Array(ref(TransferResult), { description: 'The results, in the order of the request. Containers are shown as they are after the last transfer.' }),
  revision: ref(Revision, 'The revision after the batch.')
}, { $id: 'TransferItems', description: 'The results of a batch of transfers.', examples: [{ items: [aResult], revision: 43 }] })

export const TransferQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Whether to only check the transfer and return its problems, without changing anything.' }))
}, { additionalProperties: false })

export const transferSchemas = [LidAction, TransferTarget, TransferLid, Transfer, TransferBatch, TransferFinding, TransferStatus, TransferResult, TransferItems]
