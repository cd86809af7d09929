import Type, { type Static } from 'typebox'
import { ContainerName, DeviceName, nullable, page, pageQuery, ref, stringEnum, Timestamp, Uuid } from './common.ts'

const Image = Type.Unsafe<Record<string, unknown>>({
  $id: 'EventImage', type: 'object', additionalProperties: true, description: 'A thing as the API showed it, with the names of that time.',
  examples: [{ id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', barcode: 'SCREEN_001', device: 'Hotel1', position: 3, lidded: true }]
})

const anEvent = {
  revision: 42, recorded_at: '2026-03-02T09:18:00.000Z', kind: 'moved', actor: 'orchestrator-1', reason: null, request_id: '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21',
  container_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', device_id: null, step_id: null, experiment_id: null,
  before: { barcode: 'SCREEN_001', device: 'Hotel1', position: 3 }, after: { barcode: 'SCREEN_001', device: 'PlateReader', position: 0 }
}

export const Event = Type.Object({
  revision: Type.Integer({ minimum: 1, description: 'Of the change; one command may have several events.' }),
  recorded_at: ref(Timestamp),
  kind: Type.String({ description: 'What happened.', examples: ['moved'] }),
  actor: nullable(Type.String({ description: 'Who asked for it: the name of the key; null without keys.' })),
  reason: nullable(Type.String({ description: 'Why; of a correction.' })),
  request_id: nullable(Type.String({ description: 'Of the request that caused it; also in the service\'s log.' })),
  container_id: nullable(ref(Uuid)),
  device_id: nullable(ref(Uuid)),
  step_id: nullable(ref(Uuid)),
  experiment_id: nullable(ref(Uuid)),
  before: nullable(ref(Image)),
  after: nullable(ref(Image))
}, { $id: 'Event', description: 'A change of one thing, with the thing before and after.', examples: [anEvent] })
export type Event = Static<typeof Event>

export const EventPage = page('EventPage', Event)

export const EventSort = stringEnum('EventSort', ['revision', '-revision'], 'Oldest first, or newest first.')

export const EventQuery = Type.Object({
  ...pageQuery,
  after: Type.Optional(Type.Integer({ minimum: 0, maximum: 9_007_199_254_740_991, description: 'Only what came after this revision.', examples: [41] })),
  container: Type.Optional(ref(ContainerName)),
  device: Type.Optional(ref(DeviceName)),
  kind: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Only events of this kind.', examples: ['moved'] })),
  step: Type.Optional(ref(Uuid)),
  experiment: Type.Optional(ref(Uuid)),
  sort: Type.Optional(ref(EventSort))
}, { additionalProperties: false })
export type EventQuery = Static<typeof EventQuery>

export const eventSchemas = [Image, Event, EventPage, EventSort]
