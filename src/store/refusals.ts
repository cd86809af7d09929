import { catalogue, type ProblemCode } from '../contract/problems.ts'

type Range = { minimum: number, maximum: number }
type KnownPlace = { device: string | null, position: number | null } | null
type Thing = { id: string, barcode: string | null, name?: string, part?: string, device?: string, position?: number }

// What each refusal of the world's commands says: what is really there, and the way out.
const details: Partial<Record<ProblemCode, (members: never) => string>> = {
  'container-not-found': ({ container }: { container: string }) =>
    `No container on the platform has the barcode or id "${container}". Removed ones are found by id, or with GET /api/containers?barcode=...&removed=any.`,
  'device-not-found': ({ device, type }: { device?: string, type?: string }) => type === undefined
    ? `The lab has no device "${device}"; GET /api/devices lists those it has.`
    : `The lab has no device of the type "${type}"; GET /api/devices tells the types of those it has.`,
  'position-not-found': ({ device, position, valid_range }: { device: string, position: number, valid_range: Range | null }) =>
    `${device} has no slot ${position}; ${valid_range === null ? 'it has none' : `it has ${valid_range.minimum} to ${valid_range.maximum}`}.`,
  'position-occupied': ({ device, position, occupant }: { device: string, position: number, occupant: Thing }) =>
    `Slot ${position} of ${device} holds ${nameOfThing(occupant)}. Move that away first, or choose another slot.`,
  'no-free-position': noFreePosition,
  'position-reserved': ({ device, position, reserved }: { device: string, position: number, reserved: { owner: string, expires_at: string } }) =>
    `Slot ${position} of ${device} is reserved for ${reserved.owner} until ${reserved.expires_at}. Name its reservation, or choose another slot.`,
  'reservation-mismatch': ({ device, position, reservation }: { device: string, position?: number, reservation: { purpose: string, positions: NonNullable<KnownPlace>[] } }) =>
    `The reservation is for a ${reservation.purpose} ${reservation.positions.slice(0, 5).map(inWords).join(', ')}, not for this ${position === undefined ? `device (${device})` : 'one'}.`,
  'reservation-not-found': () => 'No reservation has this id now: it was used up or released, or its time is over. Ask for a place anew.',
  'barcode-in-use': ({ barcode, holder }: { barcode: string, holder: KnownPlace }) =>
    `The barcode "${barcode}" belongs to a container ${inWords(holder)}. Remove that one first, if it is gone.`,
  'source-mismatch': sourceMismatch,
  'source-empty': ({ device, position, occupant }: { device: string, position: number, occupant?: Thing }) => occupant === undefined
    ? `Nothing is at slot ${position} of ${device}.`
    : `No container is at slot ${position} of ${device}, only ${nameOfThing(occupant)}.`,
  'container-removed': ({ removed_at }: { removed_at: string }) => `The container was removed from the platform at ${removed_at}; add it again to use it.`,
  'lid-mismatch': ({ actual, expected }: { actual: KnownPlace, expected: KnownPlace }) => `The lid lies ${inWords(actual)}, not ${inWords(expected)}.`,
  'no-certificate': ({ device }: { device: string }) => `${device} has no server certificate.`,
  'slots-occupied': slotsOccupied,
  'key-name-in-use': ({ name }: { name: string }) => `A valid key is called "${name}". Revoke that one first, or choose another name.`,
  'id-in-use': ({ id }: { id: string }) => `The id ${id} was used before, for something else; send the same body to repeat, or another id.`
}

/** The sentence of a refusal, from its members. */
export function refusalDetail (code: ProblemCode, members: Record<string, unknown>): string {
  const detail = details[code] as ((members: Record<string, unknown>) => string) | undefined
  return detail?.(members) ?? catalogue[code][2]
}

function noFreePosition ({ device, type, positions, reserved, wanted, free }: {
  device?: string, type?: string, positions?: number, reserved?: number, wanted?: number, free?: number
}): string {
  const where = device ?? `devices of the type "${type}"`
  if (wanted !== undefined) return `Wanted ${wanted === 1 ? 'is a free slot' : `are ${wanted} free slots`} of ${where}, and ${free === 0 ? 'none' : `only ${free}`} can be had.`
  if (positions === 0) return `${where} has no slots.`
  const promised = reserved === undefined || reserved === 0 ? '' : `, or is reserved (${reserved})`
  return `None of the ${positions} slots of ${where} is free; each holds a container or a lid${promised}.`
}

function nameOfThing (thing: Thing): string {
  const name = thing.barcode ?? thing.name ?? thing.id
  return thing.part === 'lid' ? `the lid of "${name}"` : `the container "${name}"`
}

function inWords (spot: KnownPlace): string {
  if (spot === null) return 'at no known place'
  if (spot.device === null) return `in slot ${spot.position}`
  return spot.position === null ? `in ${spot.device}` : `in slot ${spot.position} of ${spot.device}`
}

function slotsOccupied ({ occupied }: { occupied: { device: string, position: number, occupant: Thing }[] }): string {
  const told = occupied.slice(0, 5).map(({ device, position, occupant }) => `slot ${position} of ${device} holds ${nameOfThing(occupant)}`)
  const more = occupied.length > told.length ? `, and ${occupied.length - told.length} more` : ''
  return `The change would drop slots that are not empty: ${told.join(', ')}${more}. Move these away first; nothing was changed.`
}

function sourceMismatch ({ expected, actual, container }: {
  expected: NonNullable<KnownPlace> & { barcode?: string }, actual: KnownPlace, container: Thing
}): string {
  if (expected.barcode === undefined) return `The container is ${inWords(actual)}, not ${inWords(expected)}.`
  return `What stands ${inWords(expected)} is "${container.barcode ?? container.id}", not "${expected.barcode}", which is ${inWords(actual)}.`
}
