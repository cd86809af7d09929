import { catalogue, type ProblemCode } from '../problems.ts'

type Members = Record<string, unknown>
type Spot = { device: string | null, position: number | null } | null
type Thing = { id: string, barcode: string | null, name?: string, part?: string, device?: string, position?: number }

// What each refusal of the world's commands says: what is really there, and the way out.
const details: Partial<Record<ProblemCode, (members: Members) => string>> = {
  'container-not-found': (m) => `No container on the platform has the barcode or id "${m.container}". Removed ones are found by id, or with GET /api/containers?barcode=...&removed=any.`,
  'device-not-found': (m) => `The lab has no device "${m.device}"; GET /api/devices lists those it has.`,
  'position-not-found': (m) => `${m.device} has no slot ${m.position}; ${range(m.valid_range as { minimum: number, maximum: number } | null)}.`,
  'position-occupied': (m) => `Slot ${m.position} of ${m.device} holds ${what(m.occupant as Thing)}. Move that away first, or choose another slot.`,
  'no-free-position': (m) => `${m.device} has ${m.positions} slots, and each holds a container or a lid.`,
  'barcode-in-use': (m) => `The barcode "${m.barcode}" belongs to a container ${at(m.holder as Spot)}. Remove that one first, if it is gone.`,
  'source-mismatch': (m) => sourceMismatch(m),
  'source-empty': (m) => `Nothing is at slot ${m.position} of ${m.device}.`,
  'container-removed': (m) => `The container was removed from the platform at ${m.removed_at}; add it again to use it.`,
  'lid-mismatch': (m) => `The lid lies ${at(m.actual as Spot)}, not ${at(m.expected as Spot)}.`,
  'id-in-use': (m) => `The id ${m.id} was used before, for something else; send the same body to repeat, or another id.`
}

/** The sentence of a refusal, from its members. */
export function refusalDetail (code: ProblemCode, members: Members): string {
  return details[code]?.(members) ?? catalogue[code][2]
}

function what (thing: Thing): string {
  const name = thing.barcode ?? thing.name ?? thing.id
  return thing.part === 'lid' ? `the lid of "${name}"` : `the container "${name}"`
}

function at (spot: Spot): string {
  if (spot === null) return 'at no known place'
  if (spot.device === null) return `in slot ${spot.position}`
  return spot.position === null ? `in ${spot.device}` : `in slot ${spot.position} of ${spot.device}`
}

function range (valid: { minimum: number, maximum: number } | null): string {
  return valid === null ? 'it has none' : `it has ${valid.minimum} to ${valid.maximum}`
}

function sourceMismatch (members: Members): string {
  const expected = members.expected as Spot & { barcode?: string }
  const container = members.container as Thing
  if (expected.barcode !== undefined) {
    return `What stands ${at(expected)} is "${container.barcode ?? container.id}", not "${expected.barcode}", which is ${at(members.actual as Spot)}.`
  }
  return `The container is ${at(members.actual as Spot)}, not ${at(expected)}.`
}
