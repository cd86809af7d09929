import { type Fault, faultSentence, problemCatalogue, type ProblemCode } from '../contract/problems.ts'

type Range = { minimum: number, maximum: number }
type KnownPlace = { device: string | null, position: number | null } | null
type FormerBearer = {
  id: string, barcode: string | null, device: string | null, position: number | null
  missing_since?: string | null, last?: KnownPlace, removed_at?: string | null, until: string
}
type RemovedBearer = { id: string, removed_at: string }
type Missing = { missing_since?: string, last?: KnownPlace }
type Thing = { id: string, barcode: string | null, name?: string, part?: string, device?: string, position?: number }

// The detail of each refusal by a database function: the real state, and what to do.
const details: Partial<Record<ProblemCode, (members: never) => string>> = {
  'invalid-request': ({ errors }: { errors: readonly Fault[] }) => faultSentence(errors),
  'container-not-found': containerNotFound,
  'device-not-found': ({ device, type }: { device?: string, type?: string }) => type === undefined
    ? `The lab has no device "${device}". GET /api/devices lists all devices.`
    : `The lab has no device of the type "${type}". GET /api/devices lists all devices with their types.`,
  'alarm-not-found': () => 'No alarm has this id. GET /api/alarms lists those that are on.',
  'webhook-not-found': () => 'No webhook has this id. GET /api/webhooks lists all webhooks.',
  'too-many-webhooks': ({ limit }: { limit: number }) => `There are ${limit} webhooks, which is the limit. Delete one first: GET /api/webhooks lists all.`,
  'labware-type-not-found': ({ labware_type }: { labware_type: string }) =>
    `The lab has no labware type "${labware_type}". GET /api/labware-types lists all types; PUT /api/labware-types/{name} adds one.`,
  'position-not-found': ({ device, position, valid_range }: { device: string, position: number, valid_range: Range | null }) =>
    `${device} has no slot ${position}. ${valid_range === null ? 'It has no slots' : `Its slots are ${valid_range.minimum} to ${valid_range.maximum}`}.`,
  'position-occupied': ({ device, position, occupant }: { device: string, position: number, occupant: Thing }) =>
    `Slot ${position} of ${device} holds ${describeThing(occupant)}. Move it away first, or choose another slot.`,
  'no-free-position': noFreePosition,
  'position-disposes': ({ device, position, lid, pointer }: { device: string, position: number | null, lid?: KnownPlace, pointer?: string }) => lid !== undefined
    ? `${device} disposes of the container. A lid cannot stay on the platform without its container, so it cannot be parked ${describePlace(lid)}. ` +
    'If the lid is disposed of too, omit `lid`, or send in it a `device` that disposes. If not, first record where the container is now, and later that it was disposed of.'
    : `${position === null ? device : `Slot ${position} of ${device}`} disposes of what is put there, so nothing can stand in it. ` +
      (pointer?.includes('/lid/') === true ? 'A lid that went there is nowhere: send `lid` null.' : `To dispose of a container, record a move to ${device}.`),
  'labware-does-not-fit': labwareDoesNotFit,
  'labware-type-in-use': ({ labware_types, in_use }: { labware_types: readonly string[], in_use: readonly NonNullable<KnownPlace>[] }) =>
    `${labware_types.map((name) => `"${name}"`).join(', ')} ${labware_types.length === 1 ? 'is the only labware type that is' : 'are the only labware types that are'} listed ` +
    `${in_use.slice(0, 5).map(describePlace).join(', ')}${in_use.length > 5 ? `, and ${in_use.length - 5} more` : ''}. Change \`labware_types\` there first: null allows every type, a list only these. Nothing was changed.`,
  'position-reserved': ({ device, position, reserved }: { device: string, position: number, reserved: { owner: string, expires_at: string } }) =>
    `Slot ${position} of ${device} is reserved for ${reserved.owner} until ${reserved.expires_at}. Send its \`reservation_id\`, or choose another slot.`,
  'reservation-mismatch': ({ device, position, reservation }: { device: string, position?: number, reservation: { purpose: string, positions: NonNullable<KnownPlace>[] } }) =>
    `The reservation is for a ${reservation.purpose} ${reservation.positions.slice(0, 5).map(describePlace).join(', ')}, not for ${describePlace({ device, position: position ?? null }).replace(/^(in|on) /, '')}.`,
  'reservation-not-found': () => 'No active reservation has this id. It may have been used up, released, or expired. Create a new one.',
  'barcode-in-use': ({ barcode, holder }: { barcode: string, holder: NonNullable<KnownPlace> & Missing }) => holder.missing_since !== undefined
    ? `The barcode "${barcode}" belongs to a container that is ${describeMissing(holder)}. If you found it, record its place with POST /api/containers/{container}/move, without a source.`
    : `The barcode "${barcode}" belongs to a container ${describePlace(holder)}. Remove that container first if it is no longer in the lab.`,
  'barcode-replaced': ({ barcode, relabelled }: { barcode: string, relabelled: [FormerBearer, ...FormerBearer[]] }) =>
    `${describeFormer(barcode, relabelled[0])} If the plate is that container, give it this barcode with POST /api/containers/relabel. ` +
    'If it is another one, add it with POST /api/containers. Then repeat the stocktake.',
  'source-mismatch': sourceMismatch,
  'source-empty': ({ device, position, occupant }: { device: string, position: number, occupant?: Thing }) => occupant === undefined
    ? `Slot ${position} of ${device} is empty.`
    : `Slot ${position} of ${device} holds no container, only ${describeThing(occupant)}.`,
  'container-removed': ({ removed_at }: { removed_at: string }) => `The container was removed from the platform at ${removed_at}. Add it again to use it.`,
  'lid-mismatch': ({ actual, expected }: { actual: KnownPlace, expected: KnownPlace }) => `The lid is ${describePlace(actual)}, not ${describePlace(expected)}.`,
  'no-certificate': ({ device }: { device: string }) => `${device} has no server certificate.`,
  'slots-occupied': slotsOccupied,
  'illegal-transition': illegalTransition,
  'key-name-in-use': ({ name }: { name: string }) => `A valid key already has the name "${name}". Revoke that key first, or choose another name.`,
  'id-in-use': ({ id }: { id: string }) => `The id ${id} was already used for something else. For a retry, send the same body. Otherwise use another id.`
}

function containerNotFound ({ container, relabelled = [], removed = [], differs_in_case }: {
  container: string, relabelled?: FormerBearer[], removed?: RemovedBearer[], differs_in_case?: string
}): string {
  const hints = [
    ...differs_in_case === undefined ? [] : [`The barcode "${differs_in_case}" on the platform differs from it in case only.`],
    ...relabelled.slice(0, 3).map((one) => describeFormer(container, one)),
    ...removed.slice(0, 1).map((one) => describeRemoved(container, one))
  ]
  if (hints.length === 0) hints.push('To find a removed container, use its id or GET /api/containers?barcode=...&removed=any.')
  return `No container on the platform has the barcode or id "${container}". ${hints.join(' ')}`
}

function conflictInBatch (code: ProblemCode, { index, barcode, device, position }: Record<string, unknown>, other: number): string {
  const what = code === 'barcode-in-use' ? `the barcode "${String(barcode)}"` : `slot ${String(position)} of ${String(device)}`
  return `Entries ${other} and ${String(index)} of the request both want ${what}. Nothing was changed.`
}

function describeRemoved (barcode: string, { id, removed_at }: RemovedBearer): string {
  return `A container with the barcode "${barcode}" was removed from the platform at ${removed_at}; its id is ${id}.`
}

function describeFormer (barcode: string, { id, barcode: present, device, position, missing_since, last = null, removed_at, until }: FormerBearer): string {
  const name = present === null ? `the container ${id}, which has none now` : `the container "${present}"`
  const place = removed_at ? 'off the platform' : missing_since ? describeMissing({ missing_since, last }) : describePlace({ device, position })
  return `Until ${until}, "${barcode}" was the barcode of ${name}; it is ${place}.`
}

/** The detail of a refusal, made from its members. */
export function refusalDetail (code: ProblemCode, members: Record<string, unknown>): string {
  if (members.occupants !== undefined) return sharedSlot(members as Parameters<typeof sharedSlot>[0])
  const other = members.conflicts_with as { index: number } | undefined
  if (other !== undefined) return conflictInBatch(code, members, other.index)
  const detail = details[code] as ((members: Record<string, unknown>) => string) | undefined
  return detail?.(members) ?? problemCatalogue[code][2]
}

function labwareDoesNotFit ({ labware_type, rule, device, type, position, free, wanted, height_mm, max_height_mm, labware_types }: {
  labware_type: string, rule?: string, device?: string, type?: string, position?: number, free?: number, wanted?: number
  height_mm?: number, max_height_mm?: number, labware_types?: readonly string[]
}): string {
  const where = device ?? `devices of the type "${type}"`
  const why = rule === 'deep_well'
    ? 'it is a deep-well plate, and the slot is not suited for those (deep_well_suited)'
    : rule === 'max_height_mm'
      ? `it is ${height_mm} mm high, and ${max_height_mm} mm is the limit there`
      : labware_types?.length === 0 ? 'no labware type is listed there' : `only these types are listed there: ${(labware_types ?? []).slice(0, 5).join(', ')}`
  const reason = rule === undefined ? '' : `: ${why}`
  if (wanted !== undefined) return `${wanted === 1 ? 'A slot' : `${wanted} slots`} of ${where} for a "${labware_type}" ${wanted === 1 ? 'was' : 'were'} requested, but it fits in ${free === 0 ? 'none' : `only ${free}`} of the free ones${reason}.`
  if (position === undefined) return `A "${labware_type}" ${free === 1 ? 'does not fit in the only free slot' : `fits in none of the ${free} free slots`} of ${where}${reason}. Choose another device, or correct what the service knows of the slots or of the type.`
  return `A "${labware_type}" does not fit in slot ${position} of ${where}${reason}. Choose another slot, or correct what the service knows of the slot or of the type.`
}

function illegalTransition ({ from, to, allowed }: { from: string, to: string, allowed: string[] }): string {
  const next = from === 'created'
    ? 'It has not started: it starts with its first step, or when PATCH sets the status running'
    : allowed.length === 0 ? 'It has ended' : `It can become ${allowed.join(' or ')}`
  return `Its status is ${from}, so it cannot be ${to === 'paused' ? 'paused' : 'resumed'}. ${next}.`
}

function noFreePosition ({ device, type, positions, reserved, disposing, wanted, free }: {
  device?: string, type?: string, positions?: number, reserved?: number, disposing?: number, wanted?: number, free?: number
}): string {
  const where = device ?? `devices of the type "${type}"`
  if (disposing !== undefined && disposing === positions) return `Every slot of ${where} disposes of what is put there, so nothing can stand on it. To dispose of a container, record a move to ${where}.`
  if (wanted !== undefined) {
    return `${wanted === 1 ? 'A free slot' : `${wanted} free slots`} of ${where} ${wanted === 1 ? 'was' : 'were'} requested, but ${free === 0 ? 'none is' : `only ${free} ${free === 1 ? 'is' : 'are'}`} available.`
  }
  if (positions === 0) return `${where} has no slots.`
  const orReserved = reserved === undefined || reserved === 0 ? '' : `, or is reserved (${reserved})`
  const orWaste = disposing === undefined || disposing === 0 ? '' : `, or disposes (${disposing})`
  return `None of the ${positions} slots of ${where} is free. Each holds a container or a lid${orReserved}${orWaste}.`
}

function describeThing (thing: Thing): string {
  const name = thing.barcode ?? thing.name ?? thing.id
  return thing.part === 'lid' ? `the lid of "${name}"` : `the container "${name}"`
}

/** "missing since 2026-03-02T09:15:00.000Z; it was last in slot 5 of Hotel1". */
function describeMissing ({ missing_since, last }: Missing): string {
  return `missing since ${missing_since}; it was last ${describePlace(last ?? null)}`
}

function describePlace (place: KnownPlace): string {
  if (place === null || (place.device === null && place.position === null)) return 'at an unknown place'
  if (place.device === null) return `in slot ${place.position}`
  return place.position === null ? `on ${place.device}` : `in slot ${place.position} of ${place.device}`
}

function slotsOccupied ({ disposes, occupied }: { disposes?: boolean, occupied: { device: string, position: number, occupant: Thing }[] }): string {
  const listed = occupied.slice(0, 5).map(({ device, position, occupant }) => `slot ${position} of ${device} holds ${describeThing(occupant)}`)
  const more = occupied.length > listed.length ? `, and ${occupied.length - listed.length} more` : ''
  if (disposes) return `The change would turn slots into waste that are not empty: ${listed.join(', ')}${more}. Move their contents away first, or dispose of them. Nothing was changed.`
  return `The change would remove slots that are not empty: ${listed.join(', ')}${more}. Move their contents away first. Nothing was changed.`
}

// Two that would be in one slot at the end of the request.
function sharedSlot ({ device, position, occupants, conflicts_with, index }: {
  device: string, position: number, occupants: [Thing, Thing], conflicts_with?: { index: number }, index: number
}): string {
  const [one, other] = occupants.map(describeThing)
  const entries = conflicts_with === undefined || conflicts_with.index === index ? '' : ` Entries ${conflicts_with.index} and ${index} of the request say so.`
  const way = conflicts_with === undefined ? ' Say in the same request where the first one is, or that it is missing.' : ' Send another place for one of them.'
  return `Slot ${position} of ${device} would hold ${one} and ${other}.${entries}${way} Nothing was changed.`
}

function sourceMismatch ({ expected, actual, container, relabelled = [], removed = [], ...missing }: {
  expected: Partial<NonNullable<KnownPlace>> & { barcode?: string } | null, actual: (NonNullable<KnownPlace> & Missing) | null, container: Thing
  relabelled?: FormerBearer[], removed?: RemovedBearer[], pointer?: string
} & Missing): string {
  if (expected === null) {
    const end = missing.pointer!.endsWith('origin') ? ['origin', 'began'] : ['destination', 'ended']
    return `The container is ${describeMissing(missing)}. Say in the \`${end[0]}\` of the step where the move ${end[1]}.`
  }
  if (missing.missing_since !== undefined && expected.barcode === undefined) {
    return `The container is ${describeMissing(missing)}, so it cannot be moved from a known place. Send the move without its source if you found it.`
  }
  const place = { device: expected.device ?? null, position: expected.position ?? null }
  if (expected.barcode === undefined) return `The container is ${describePlace(actual)}, not ${describePlace(place)}.`
  const name = container.barcode ?? container.id
  const found = missing.missing_since === undefined
    ? `The container ${describePlace(place)} is "${name}", not "${expected.barcode}"`
    : `The container "${name}" is ${describeMissing(missing)}. It is not "${expected.barcode}"`
  if (actual !== null) return `${found}, which is ${actual.missing_since === undefined ? describePlace(actual) : describeMissing(actual)}.`
  const { barcode } = expected
  const hints = [...relabelled.slice(0, 1).map((one) => describeFormer(barcode, one)), ...removed.slice(0, 1).map((one) => describeRemoved(barcode, one))]
  return `${found}. ${hints.length === 0 ? `The service does not know where "${expected.barcode}" is.` : hints.join(' ')}`
}
