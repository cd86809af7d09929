import Type, { type Static } from 'typebox'
import { Barcode, ContainerName, DeviceName, nullable, optional, Place, ref, Slot, stringEnum } from './common.ts'
import { aContainer, Container } from './containers.ts'
import { Revision } from './lab.ts'
import { reservationId } from './reservations.ts'
import { aStep, Step, StepCreate } from './steps.ts'

const LidAction = stringEnum('LidAction', ['off', 'on', 'keep'], 'The lid was taken off, put on, or left as it was.')

const TransferTarget = Type.Object({ device: ref(DeviceName), position: optional(ref(Slot)) }, {
  $id: 'TransferTarget', additionalProperties: false, description: 'Where the container ends; without `position` in the lowest slot that is free in the end.',
  examples: [{ device: 'Washer', position: 0 }]
})

const TransferLid = Type.Object({ action: ref(LidAction), device: optional(ref(DeviceName)), position: optional(ref(Slot)) }, {
  $id: 'TransferLid', additionalProperties: false,
  description: 'What became of the lid. Taken off it lies on `device`, without `position` in the lowest slot that is free in the end; put on, where it lay is verified when told.',
  examples: [{ action: 'off', device: 'Hotel1', position: 3 }]
})

const aTransfer = {
  source: { device: 'Hotel1', position: 0 }, target: { device: 'Washer', position: 0 }, lid: { action: 'off', device: 'Hotel1', position: 0 }, barcode: 'SCREEN_001',
  step: { device: 'RoboticArm', start: '2026-03-02T09:15:00Z', finish: '2026-03-02T09:15:31Z', data: { fct: 'move' } }
}

export const Transfer = Type.Object({
  container: optional(ref(ContainerName)),
  source: optional(ref(Place)),
  target: optional(ref(TransferTarget)),
  lid: optional(ref(TransferLid)),
  barcode: optional(ref(Barcode)),
  step: optional(ref(StepCreate)),
  reservation_id: Type.Optional(reservationId),
  lid_reservation_id: Type.Optional(reservationId)
}, {
  $id: 'Transfer', additionalProperties: false,
  description: [
    'What a robot did in one go. The container is named, or found at `source`; with both it must be there. `barcode` is the one that was read on the way:',
    'it must be the container\'s, or becomes it. `step` is logged with the container, and as a move from where it stood to where it stands unless it says otherwise.'
  ].join(' '),
  examples: [aTransfer]
})
export type Transfer = Static<typeof Transfer>

export const TransferBatch = Type.Object({
  transfers: Type.Array(ref(Transfer), { minItems: 1, maxItems: 1000, description: 'In order: each may use the slots that those before it freed.' })
}, { $id: 'TransferBatch', additionalProperties: false, description: 'Transfers to book, all or none.', examples: [{ transfers: [aTransfer] }] })
export type TransferBatch = Static<typeof TransferBatch>

const aFinding = {
  code: 'position-occupied', detail: 'Slot 0 of Washer holds the container "SCREEN_002". Move that away first, or choose another slot.', pointer: '/target/position',
  device: 'Washer', position: 0, index: 2
}

export const TransferFinding = Type.Object({
  code: Type.String({ description: 'The code of the problem that would refuse it.', examples: ['position-occupied'] }),
  detail: Type.String({ description: 'What is in the way, and the way out.' }),
  pointer: Type.Optional(Type.String({ description: 'The member of the request concerned.' })),
  index: Type.Optional(Type.Integer({ minimum: 0, description: 'The transfer of the batch.' }))
}, { $id: 'TransferFinding', additionalProperties: true, description: 'Something that stands against a transfer, with the members of the problem.', examples: [aFinding] })
export type TransferFinding = Static<typeof TransferFinding>

const TransferStatus = stringEnum('TransferStatus', ['success', 'dry-run'], 'Booked; or only looked at, because the request said `dry_run`.')

const aResult = {
  status: 'success', container: aContainer, step: { ...aStep, kind: 'move' }, revision: 43, findings: []
}

export const TransferResult = Type.Object({
  status: ref(TransferStatus),
  container: nullable(ref(Container)),
  step: nullable(ref(Step)),
  revision: ref(Revision),
  findings: Type.Array(ref(TransferFinding), { description: 'Of a dry run, all that stands against it; none: it can be done.' })
}, {
  $id: 'TransferResult', description: 'The container and the step as they are now. Of a dry run the container is as it stands, null when it was not found.', examples: [aResult]
})
export type TransferResult = Static<typeof TransferResult>

export const TransferItems = Type.Object({
  items: Type.Array(ref(TransferResult), { description: 'In the order given; containers as they are after all.' }),
  revision: ref(Revision)
}, { $id: 'TransferItems', description: 'What the transfers made.', examples: [{ items: [aResult], revision: 43 }] })

export const TransferQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Only tell what stands against it, and change nothing.' }))
}, { additionalProperties: false })

export const transferSchemas = [LidAction, TransferTarget, TransferLid, Transfer, TransferBatch, TransferFinding, TransferStatus, TransferResult, TransferItems]
