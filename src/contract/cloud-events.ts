import Type, { type Static } from 'typebox'
import { ref, Timestamp } from './common.ts'
import { Event, EventPage } from './events.ts'
import { asParquet, nextPageHeader } from './table-files.ts'

/** A list of CloudEvents 1.0 in their JSON format. */
export const cloudEventsType = 'application/cloudevents-batch+json'

/** What events are about: the first noun with which the kind begins, else a container. Each has its path in the API, and the member that identifies the thing there. */
const nouns = {
  device: ['devices', 'device_id'],
  certificate: ['devices', 'device_id'],
  position: ['devices', 'device_id'],
  'labware-type': ['labware-types', 'name'],
  lab: null,
  reservation: ['reservations', 'id'],
  experiment: ['experiments', 'experiment_id'],
  steps: ['steps', 'step_id'],
  step: ['steps', 'step_id'],
  alarm: ['alarms', 'id'],
  webhook: ['webhooks', 'id']
} as const satisfies Record<string, readonly [path: string, id: 'device_id' | 'experiment_id' | 'step_id' | 'id' | 'name'] | null>
const container = ['containers', 'container_id'] as const

const anEvent = (Event as unknown as { examples: Event[] }).examples[0]!

const CloudEvent = Type.Object({
  specversion: Type.String({ description: 'The version of CloudEvents: 1.0.', examples: ['1.0'] }),
  id: Type.String({ description: 'The revision of the event, and which event of the revision it is, counted from 0. Together with `source` it names the event for ever.' }),
  source: Type.String({ description: 'The log that has the event: `/labs/` and its `log_id`. After a restored backup it is another log.' }),
  type: Type.String({ description: 'What changed: `platform-status`, the kind of thing, what happened to it, and the version of this format.', examples: ['platform-status.container.moved.v1'] }),
  subject: Type.Optional(Type.String({ description: 'What changed: its kind and its id, as in `containers/0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11`. Absent when it was the lab, or several steps. A device keeps its id when it is renamed; its name is in `data`.' })),
  time: ref(Timestamp, 'When the change was recorded, by the clock of the database.'),
  sequence: Type.String({ pattern: '^\\d{16}\\.\\d{10}$', description: 'The order of the log: of two events, the later one has the larger text.' }),
  data: ref(Event, 'The event as the list has it.')
}, { $id: 'CloudEvent', description: 'An event of the log as CloudEvents 1.0 write it.', examples: [cloudEvent({ event: anEvent, revision: anEvent.revision, ordinal: 0, log_id: '0199f2f0-2f6b-7c1d-9e3a-4b5c6d7e8f90' })] })

const CloudEventBatch = Type.Array(ref(CloudEvent), { description: 'One page of events, in the batch format of CloudEvents. The header `Link` has the next page.' })

/** An event of a log as CloudEvents write it. `ordinal` is its place among the events of its revision. */
export function cloudEvent ({ event, revision, ordinal, log_id }: { event: Event, revision: number, ordinal: number, log_id: string }) {
  const subject = subjectOf(event)
  return {
    specversion: '1.0', id: `${revision}.${ordinal}`, source: `/labs/${log_id}`, type: cloudEventType(event.kind), ...subject === null ? {} : { subject }, time: event.recorded_at,
    sequence: `${String(revision).padStart(16, '0')}.${String(ordinal).padStart(10, '0')}`, data: event
  }
}

/** The type of events of this kind. */
export function cloudEventType (kind: string): string {
  const noun = nounOf(kind)
  return `platform-status.${noun ?? 'container'}.${noun === null ? kind : kind.slice(noun.length + 1)}.v1`
}

function nounOf (kind: string): keyof typeof nouns | null {
  return (Object.keys(nouns) as (keyof typeof nouns)[]).find((noun) => kind.startsWith(`${noun}-`)) ?? null
}

function subjectOf (event: Event): string | null {
  const noun = nounOf(event.kind)
  const place = noun === null ? container : nouns[noun]
  if (place === null) return null
  const [path, member] = place
  const id = member === 'id' || member === 'name' ? (event.after ?? event.before)?.[member] : event[member]
  return typeof id === 'string' ? `${path}/${encodeURIComponent(id)}` : null
}

/** A page of events as JSON, or as CloudEvents if the client asks for them. */
export const eventsResponse = Type.Unsafe<Static<typeof EventPage> | Static<typeof CloudEventBatch>>({
  description: 'One page of events. As CloudEvents, or as a Parquet file, if `Accept` asks for it.',
  headers: nextPageHeader,
  content: { 'application/json': { schema: ref(EventPage) }, [cloudEventsType]: { schema: CloudEventBatch }, ...asParquet }
})

export const cloudEventSchemas = [CloudEvent]
