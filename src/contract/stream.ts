import Type, { type Static } from 'typebox'
import { ContainerName, DeviceName, nullable, ref, stringEnum, Timestamp, Uuid } from './common.ts'
import { Event, EventKind } from './events.ts'

/** What a stream is about: only revisions with an event that fits all of it. */
const filters = {
  device: Type.Optional(ref(DeviceName)),
  container: Type.Optional(ref(ContainerName)),
  experiment: Type.Optional(ref(Uuid)),
  kind: Type.Optional(ref(EventKind))
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
const aTime = '2026-03-02T09:18:00.000Z'
const aLog = '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f90'
const now = ref(Timestamp, 'The time by the clock of the database.')
const logId = ref(Uuid, 'Identifies the log. It changes when a backup is restored: then read the lab again.')

// Each schema is the `data` of one kind of frame. The `id` of a frame is the revision from which a reader resumes.

const StreamHello = Type.Object({
  revision: revision('The newest revision.'), now, log_id: logId, version: Type.String({ description: 'The version of the service.', examples: ['0.2.0'] })
}, {
  $id: 'StreamHello', description: 'The `data` of `hello`, the first frame. The `id` of the frame is where this stream begins.',
  examples: [{ revision: 4712, now: aTime, log_id: aLog, version: '0.2.0' }]
})

const anEvent = (Event as { examples?: object[] }).examples![0]!

const StreamRevision = Type.Object({
  revision: revision('The revision of the command.'),
  recorded_at: ref(Timestamp, 'When the change was recorded, by the clock of the database.'),
  actor: nullable(Type.String({ description: 'Who sent the request: the name of the API key. Null when the request had no key.' })),
  request_id: nullable(Type.String({ description: 'The id of the request that caused the change.' })),
  events: nullable(Type.Array(ref(Event)), 'All events of the revision, as `GET /api/events` returns them. Null when they are more than 200 or more than 256 KiB: read them with `GET /api/events?after=`.'),
  count: Type.Optional(Type.Integer({ minimum: 1, description: 'The number of events. Present only when `events` is null.' }))
}, {
  $id: 'StreamRevision', description: 'The `data` of `revision`: all that one command changed. The `id` of the frame is this revision.',
  examples: [{ revision: 42, recorded_at: aTime, actor: 'orchestrator-1', request_id: '0199f2f6-1b4d-7e52-a3c1-7d6f5e4c3b21', events: [anEvent] }, { revision: 43, recorded_at: aTime, actor: null, request_id: null, events: null, count: 201 }]
})

const StreamHeartbeat = Type.Object({ revision: revision('The newest revision.'), now }, {
  $id: 'StreamHeartbeat', description: 'The `data` of `heartbeat`, which comes every 15 seconds. Without two of them in a row, connect again. The `id` of the frame moves on also when a filter lets nothing through.',
  examples: [{ revision: 4712, now: aTime }]
})

const StreamReset = Type.Object({ revision: revision('The newest revision.'), now, log_id: logId }, {
  $id: 'StreamReset', description: 'The `data` of `reset`: the log does not have the revision from which you resume, or is another log, because a backup was restored. Read the lab again. The stream goes on from the `id` of the frame.',
  examples: [{ revision: 4100, now: aTime, log_id: aLog }]
})

const StreamEndReason = stringEnum('StreamEndReason', ['shutdown', 'key-ended'], '`shutdown`: the instance stops. `key-ended`: the key was revoked or expired, the session of the browser has ended, or a key is needed now.')

const StreamBye = Type.Object({ reason: ref(StreamEndReason, 'Why the stream ends.') }, {
  $id: 'StreamBye', description: 'The `data` of `bye`, the last frame. Connect again after one to three seconds.', examples: [{ reason: 'shutdown' }]
})

/** The schema of the `data` of each kind of frame. */
export const streamFrames = { hello: StreamHello, revision: StreamRevision, heartbeat: StreamHeartbeat, reset: StreamReset, bye: StreamBye }

const EventStream = Type.Unsafe<string>({
  $id: 'EventStream', type: 'string', contentMediaType: 'text/event-stream',
  'x-frames': Object.fromEntries(Object.entries(streamFrames).map(([event, schema]) => [event, ref(schema)])),
  description: 'Server-Sent Events. `x-frames` has the schema of the `data` of each kind of frame. Ignore frames of other kinds: later versions can add some.',
  examples: [`event: heartbeat\nid: 4712\ndata: {"revision":4712,"now":"${aTime}"}\n\n`]
})

/** The response of the stream. */
export const streamResponse = { description: 'The stream. It stays open until one side closes it.', content: { 'text/event-stream': { schema: ref(EventStream) } } }

export const streamSchemas = [StreamEndReason, ...Object.values(streamFrames), EventStream]
