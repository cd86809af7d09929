import Type, { type Static } from 'typebox'
import { ContainerName, DeviceName, Name, nullable, page, pageQuery, ref, stringEnum, Timestamp, TimestampIn, Uuid } from './common.ts'
import { containerEventKinds } from './containers.ts'

const Snapshot = Type.Unsafe<Record<string, unknown>>({
  $id: 'EventSnapshot', type: 'object', additionalProperties: true, description: 'An object as the API returned it at that time, with the names of that time.',
  examples: [{ id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', device: 'Hotel1', position: 3, lidded: true }]
})

const anEvent = {
  revision: 42, recorded_at: '2026-03-02T09:18:00.000Z', kind: 'moved', actor: 'orchestrator-1', reason: null, request_id: '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21',
  container_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', device_id: null, step_id: null, experiment_id: null,
  before: { barcode: 'SCREEN_001', device: 'Hotel1', position: 3 }, after: { barcode: 'SCREEN_001', device: 'PlateReader', position: 0 }
}

/** Every kind of event. docs/where-a-change-goes.md says where each is written. */
export const eventKinds = [
  ...containerEventKinds,
  'device-added', 'device-updated', 'device-grown', 'device-shrunk', 'device-retired', 'device-restored', 'device-named',
  'certificate-set', 'certificate-removed', 'position-updated',
  'labware-type-added', 'labware-type-updated', 'labware-type-deleted',
  'lab-updated', 'lab-wiped', 'lab-restored',
  'position-reserved', 'reservation-renewed', 'reservation-released',
  'experiment-created', 'experiment-updated', 'experiment-paused', 'experiment-resumed', 'experiment-lost', 'experiment-recovered',
  'steps-logged', 'step-finished', 'step-corrected', 'step-paused', 'step-resumed', 'step-lost', 'step-recovered',
  'step-alarm', 'step-alarm-over', 'alarm-acknowledged',
  'webhook-disabled', 'webhook-enabled'
] as const

export const EventKind = stringEnum('EventKind', eventKinds, 'What an event says. Later versions can add kinds.')

export const Event = Type.Object({
  revision: Type.Integer({ minimum: 1, description: 'The revision of the change. One command can write several events with the same revision.' }),
  recorded_at: ref(Timestamp, 'When the change was recorded, by the clock of the database.'),
  kind: Type.String({ description: 'What changed.', examples: ['moved'] }),
  actor: nullable(Type.String({ description: 'Who sent the request: the name of the API key. Null when the request had no key.' })),
  reason: nullable(Type.String({ description: 'The reason that was given, for example for a correction, a removal or a pause. Null when none was given.' })),
  request_id: nullable(Type.String({ description: 'The id of the request that caused the change. The service writes the same id to its log.' })),
  container_id: nullable(ref(Uuid), 'The container that changed. Null when it was something else.'),
  device_id: nullable(ref(Uuid), 'The device that changed. Null when it was something else.'),
  step_id: nullable(ref(Uuid), 'The step that changed. Null when it was something else.'),
  experiment_id: nullable(ref(Uuid), 'The experiment that changed. Null when it was something else.'),
  before: nullable(ref(Snapshot), 'The object before the change. Null when it was created.'),
  after: nullable(ref(Snapshot), 'The object after the change.')
}, { $id: 'Event', description: 'One change of one object, with its state before and after.', examples: [anEvent] })
export type Event = Static<typeof Event>

export const EventPage = page('EventPage', Event)

export const EventSort = stringEnum('EventSort', ['revision', '-revision'], '`revision`: oldest first. `-revision`: newest first.')

export const EventQuery = Type.Object({
  ...pageQuery,
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991, description: 'Only events after this revision.', examples: [41] })),
  container: Type.Optional(ref(ContainerName)),
  device: Type.Optional(ref(DeviceName)),
  kind: Type.Optional(ref(EventKind)),
  actor: Type.Optional(ref(Name)),
  step: Type.Optional(ref(Uuid)),
  experiment: Type.Optional(ref(Uuid)),
  recorded_after: Type.Optional(TimestampIn),
  recorded_before: Type.Optional(TimestampIn),
  sort: Type.Optional(ref(EventSort))
}, { additionalProperties: false })
export type EventQuery = Static<typeof EventQuery>

export const eventSchemas = [EventKind, Snapshot, Event, EventPage, EventSort]
