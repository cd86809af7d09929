import Type, { type Static } from 'typebox'
import { DeviceName, type Place, ref } from './common.ts'

/** The query of the page of present labware. */
export const PresentQuery = Type.Object({
  device: Type.Optional(ref(DeviceName, 'Only what stands on this device, or has its lid there.')),
  reload: Type.Optional(Type.Literal('off', { description: 'Keeps the page as it is, for screen readers and for printing.' }))
}, { additionalProperties: false })
export type PresentQuery = Static<typeof PresentQuery>

/** What the event log says last about a container. */
type LastEvent = { kind: string, recorded_at: string }

type Named = { name: string, barcode: string | null, labware_type: string | null }

export type ShownContainer = Named & Place & { lidded: boolean, lid: Place | null, since: string, last_event: LastEvent | null }
export type ShownMissing = Named & { last_device: string, last_position: number, missing_since: string }
export type ShownAlarm = {
  kind: string
  device: string
  name: string | null
  fct: string | null
  start: string
  raised_at: string
  acknowledged_at: string | null
  acknowledged_by: string | null
  note: string | null
  earlier_acknowledgement: { acknowledged_at: string, acknowledged_by: string | null, note: string } | null
  containers: readonly { label: string, device: string | null, position: number | null }[]
}

/** The labware that is present, as the page for people shows it. `now` is the time of the database. A long list ends early; `all_…` counts all. */
export type PresentLabware = {
  revision: number
  now: string
  devices: readonly string[]
  all_devices: number
  alarms: readonly ShownAlarm[]
  containers: readonly ShownContainer[]
  all_containers: number
  missing: readonly ShownMissing[]
  all_missing: number
}
