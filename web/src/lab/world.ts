import { viewOf, type View } from './view.ts'
import type { Event, LabContainer, LabState, Place, StreamRevision } from '../api/generated/schema.d.ts'

/** A container with a place: what events tell of it, too. */
export type Placed = Pick<LabContainer, 'id' | 'barcode' | 'name' | 'position' | 'lidded' | 'lid'> & { device: string }

/** A container that has a place, or is missing while its lid has one. */
type Known = Omit<Placed, 'device' | 'position'> & { device: string | null, position: number | null }

/** What is in a slot: a container, or the lid of one. */
export type Occupant = { part: 'container', container: Placed } | { part: 'lid', container: Known }

export type Device = {
  name: string
  group: string
  /** The number of its slots. */
  positions: number
  disposes: boolean
  /** The slots that are waste: what is put there leaves the platform, so nothing ever stands there. */
  waste: ReadonlySet<number>
  view: View
  /** What is in its slots, by number. Slots that are empty are not in it. */
  slots: ReadonlyMap<number, Occupant>
}

/** The lab as the page has it. It never changes: each frame makes a new one, which shares with the old one what stayed. */
export type World = {
  revision: number
  /** In the order of the lab file. */
  devices: ReadonlyMap<string, Device>
  /** Containers that have a place, by id. */
  placed: ReadonlyMap<string, Placed>
  totals: LabState['totals']
}

/** What a snapshot of a container in an event says, as far as the world needs it. */
type Snapshot = Omit<Placed, 'device' | 'position'> & { device: string | null, position: number | null, removed_at: string | null, missing_since: string | null }

/** Kinds of events that change nothing of what the world knows. After a kind that is not here the lab is read again: later versions can add some. */
const kindsOfOthers = /^(steps?-|experiment-|alarm-|webhook-|certificate-|labware-type-|position-reserved$|reservation-)/
const kindsOfContainers = new Set(['added', 'moved', 'lidded', 'unlidded', 'barcode-set', 'updated', 'removed', 'disposed', 'corrected', 'missing', 'found', 'restored'])

/** The devices in the order of their views; those without a place in it stay where the lab file has them, after the others. */
function inOrder (devices: LabState['devices']) {
  const rank = ({ view }: { view: View }): number => view.order ?? Number.MAX_VALUE
  return devices.map((device) => ({ ...device, view: viewOf(device.view, device.positions) })).sort((a, b) => rank(a) - rank(b))
}

/** The world of a response of `GET /api/lab`. */
export function worldOf ({ revision, totals, devices }: LabState): World {
  const placed = new Map(devices.flatMap(({ name: device, containers }) =>
    containers.map(({ id, barcode, name, position, lidded, lid }): [string, Placed] => [id, { id, barcode, name, device, position, lidded, lid }])))
  const slots = new Map(devices.map(({ name }) => [name, new Map<number, Occupant>()]))
  for (const container of placed.values()) {
    slots.get(container.device)?.set(container.position, { part: 'container', container })
    if (container.lid !== null) slots.get(container.lid.device)?.set(container.lid.position, { part: 'lid', container })
  }
  // Of a missing container the lid can still have a place.
  for (const { name: device, lids } of devices) {
    for (const { container_id: id, barcode, name, position } of lids) {
      if (!placed.has(id)) slots.get(device)!.set(position, { part: 'lid', container: { id, barcode, name, device: null, position: null, lidded: false, lid: { device, position } } })
    }
  }
  return {
    revision, totals, placed,
    devices: new Map(inOrder(devices).map(({ name, group, positions, disposes, waste, view }) =>
      [name, { name, group, positions, disposes, waste: new Set(waste), view, slots: slots.get(name)! }]))
  }
}

/**
 * The world after a command. A frame that the world has already changes nothing. Null if the frame does not say all that the world needs:
 * then the lab has to be read again.
 */
export function applyFrame (world: World, { revision, events }: StreamRevision): World | null {
  if (revision <= world.revision) return world
  if (events === null) return null
  const changed: Event[] = []
  for (const event of events) {
    if (kindsOfContainers.has(event.kind)) changed.push(event)
    else if (!kindsOfOthers.test(event.kind)) return null
  }
  return changed.length === 0 ? { ...world, revision } : withChanges({ ...world, revision }, changed)
}

function withChanges (world: World, events: readonly Event[]): World {
  const devices = new Map(world.devices)
  const placed = new Map(world.placed)
  const totals = { ...world.totals }
  const copied = new Map<string, Map<number, Occupant>>()

  /** The slots of a device, which can be changed; null for a device that the lab does not list. */
  function slotsOf (name: string): Map<number, Occupant> | null {
    const device = devices.get(name)
    if (device === undefined) return null
    const known = copied.get(name)
    if (known !== undefined) return known
    const slots = new Map(device.slots)
    copied.set(name, slots)
    devices.set(name, { ...device, slots })
    return slots
  }

  function takeAway (id: string, { device, position }: Place, part: Occupant['part']): void {
    const slots = slotsOf(device)
    const there = slots?.get(position)
    // One command can exchange two containers: the second may have taken the slot already.
    if (there?.container.id === id && there.part === part) slots!.delete(position)
  }

  for (const event of events) {
    const [before, after] = [event.before as Snapshot | null, event.after as Snapshot | null]
    const id = (after ?? before)!.id
    const old = placed.get(id)
    if (old !== undefined) takeAway(id, old, 'container')
    const oldLid = old?.lid ?? before?.lid ?? null
    if (oldLid !== null) takeAway(id, oldLid, 'lid')
    placed.delete(id)
    count(totals, before, -1)
    count(totals, after, 1)
    if (after === null || after.removed_at !== null) continue
    const { barcode, name, device, position, lidded } = after
    // The snapshot after a disposal names the place, although nothing stays there.
    const lid = event.kind === 'disposed' ? null : after.lid
    if (device !== null && position !== null) {
      const container = { id, barcode, name, device, position, lidded, lid }
      placed.set(id, container)
      slotsOf(device)?.set(position, { part: 'container', container })
    }
    if (lid !== null) slotsOf(lid.device)?.set(lid.position, { part: 'lid', container: { id, barcode, name, device, position, lidded, lid } })
  }
  const occupied = [...devices.values()].reduce((sum, { slots }) => sum + slots.size, 0)
  const empty = totals.positions - occupied
  return { ...world, devices, placed, totals: { ...totals, occupied, empty, utilization: totals.positions === 0 ? null : occupied / totals.positions } }
}

function count (totals: World['totals'], snapshot: Snapshot | null, by: 1 | -1): void {
  if (snapshot === null) return
  if (snapshot.removed_at !== null) totals.containers_removed += by
  else totals.containers += by
  if (snapshot.removed_at === null && snapshot.missing_since !== null) totals.containers_missing += by
}

/** What the world knows, as `GET /api/lab` shows it. */
export function labStateOf ({ revision, totals, devices }: World) {
  return {
    revision, totals,
    devices: [...devices.values()].map(({ name, group, positions, disposes, waste, slots }) => ({
      name, group, positions, occupied: slots.size, disposes, waste: [...waste],
      containers: [...slots.values()].flatMap((occupant) => occupant.part === 'container' ? [occupant.container] : []).map(({ device: _, ...container }) => container)
        .sort((a, b) => a.position - b.position),
      lids: [...slots].filter(([, { part }]) => part === 'lid').sort(([a], [b]) => a - b)
        .map(([position, { container: { id, barcode, name } }]) => ({ container_id: id, barcode, name, position }))
    }))
  }
}
