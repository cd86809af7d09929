import Type, { type Static } from 'typebox'
import { ContainerName, DeviceName, nullable, ref, stringEnum, Timestamp, Uuid } from './common.ts'
import { Event, EventKind } from './events.ts'

/** What a stream is about: only revisions with an event that fits all of it. */
const filters = {
  device: Type.Optional(ref(DeviceName, 'Only revisions with an event about this device, or about a container or lid that arrived on it or left it.')),
  container: Type.Optional(ref(ContainerName, 'Only revisions with an event about this container: an id, or a barcode that it has or had.')),
  experiment: Type.Optional(ref(Uuid, 'Only revisions with an event about this experiment or a step of it.')),
  kind: Type.Optional(ref(EventKind, 'Only revisions with an event of this kind.'))
}

export const largestRevisionNumber = 9_007_199_254_740_991

export const StreamQuery = Type.Object({
  after: Type.Optional(Type.Integer({
    minimum: 0, maximum: largestRevisionNumber,
    description: 'The last revision that you know: the stream begins after it. The `Last-Event-ID` of a browser means the same; the larger one counts. Without both, the stream begins with what happens next.',
    examples: [4711]
  })),
  ...filters
}, { additionalProperties: false })
export type StreamFilter = Omit<Static<typeof StreamQuery>, 'after'>

const revision = (description: string) => Type.Integer({ minimum: 0, description, examples: [4712] })
const now = ref(Timestamp, 'The time by the clock of the database.')
const logId = ref(Uuid, 'Identifies the log. It changes when a backup is restored: then read the lab again.')
const resumePoint = Type.String({ pattern: '^\\d+$', description: 'The revision from which a reader resumes. Browsers send it as `Last-Event-ID`.', examples: ['4712'] })

/** One frame of the stream: an event in the sense of Server-Sent Events. `data` is JSON text on the wire. */
function frame<D extends Type.TObject> (id: string, event: string, description: string, data: D, example: object) {
  return Type.Object({
    event: stringConst(event), id: resumePoint, data
  }, { $id: id, description, examples: [{ event, id: '4712', data: example }] })
}

function stringConst (value: string) {
  return Type.Unsafe<string>({ type: 'string', enum: [value], description: 'The kind of frame.' })
}

const aTime = '2026-03-02T09:18:00.000Z'
const aLog = '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f90'

const StreamHello = frame('StreamHello', 'hello', 'The first frame. `id` is where this stream begins.', Type.Object({
  revision: revision('The newest revision.'), now, log_id: logId, version: Type.String({ description: 'The version of the service.', examples: ['0.2.0'] })
}, { description: 'The state of the log.' }), { revision: 4712, now: aTime, log_id: aLog, version: '0.2.0' })

const anEvent = (Event as { examples?: object[] }).examples![0]!

const StreamRevision = frame('StreamRevision', 'revision', 'All that one command changed. `id` is its revision.', Type.Object({
  revision: revision('The revision of the command.'),
  recorded_at: ref(Timestamp, 'When the change was recorded, by the clock of the database.'),
  actor: nullable(Type.String({ description: 'Who sent the request: the name of the API key. Null when the request had no key.' })),
  request_id: nullable(Type.String({ description: 'The id of the request that caused the change.' })),
  events: nullable(Type.Array(ref(Event)), 'All events of the revision, as `GET /api/events` returns them. Null when they are more than 200 or more than 256 KiB: read them with `GET /api/events?after=`.'),
  count: Type.Optional(Type.Integer({ minimum: 1, description: 'The number of events. Present only when `events` is null.' }))
}, { description: 'One revision.' }), { revision: 42, recorded_at: aTime, actor: 'orchestrator-1', request_id: '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21', events: [anEvent] })

const StreamHeartbeat = frame('StreamHeartbeat', 'heartbeat', 'Sent every 15 seconds. Without two of them in a row, connect again. `id` moves on also when a filter lets nothing through.', Type.Object({
  revision: revision('The newest revision.'), now
}, { description: 'The state of the log.' }), { revision: 4712, now: aTime })

const StreamReset = frame('StreamReset', 'reset', 'The log does not have the revision from which you resume, or is another log: a backup was restored. Read the lab again. The stream goes on from `id`.', Type.Object({
  revision: revision('The newest revision.'), now, log_id: logId
}, { description: 'The state of the log.' }), { revision: 4100, now: aTime, log_id: aLog })

const StreamEndReason = stringEnum('StreamEndReason', ['shutdown', 'key-ended'], '`shutdown`: the instance stops. `key-ended`: the key was revoked or expired, or a key is needed now.')

const StreamBye = frame('StreamBye', 'bye', 'The last frame. Connect again after one to three seconds.', Type.Object({
  reason: ref(StreamEndReason, 'Why the stream ends.')
}, { description: 'Why the stream ends.' }), { reason: 'shutdown' })

export const StreamFrame = Type.Union([StreamHello, StreamRevision, StreamHeartbeat, StreamReset, StreamBye].map((one) => ref(one)), {
  $id: 'StreamFrame', description: 'One frame of `GET /api/events/stream`. `event` says which. Ignore frames of other kinds: later versions can add some.',
  examples: [{ event: 'heartbeat', id: '4712', data: { revision: 4712, now: aTime } }]
})

/** The response of the stream: text, whose content is frames. */
export const streamResponse = {
  description: 'The stream. It stays open until one side closes it.',
  content: {
    'text/event-stream': {
      schema: {
        type: 'string', description: 'Server-Sent Events. Each one is a `StreamFrame`.', contentMediaType: 'text/event-stream', contentSchema: Type.Ref('StreamFrame'),
        examples: [`event: heartbeat\nid: 4712\ndata: {"revision":4712,"now":"${aTime}"}\n\n`]
      }
    }
  }
}

export const streamSchemas = [StreamEndReason, StreamHello, StreamRevision, StreamHeartbeat, StreamReset, StreamBye, StreamFrame]
