import type { Command } from 'commander'
import type { Container, ContainerEvent } from '../../contract/containers.ts'
import type { LookupItem } from '../../contract/labels.ts'
import type { LabState } from '../../contract/lab.ts'
import type { PositionWithOccupant } from '../../contract/positions.ts'
import { localZone, type TimeColumn, timesIn } from '../../terminal/local-time.ts'
import { addressOf, type Client, segment, serviceClient } from '../client.ts'
import { didYouMean } from '../device-hint.ts'
import { CommandError, exitCodes, usageError } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { nearNames } from '../near-names.ts'
import type { Outcome } from '../outcome.ts'
import { parsePlace, type PlaceOption } from '../places.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'
import { inputLines } from '../text-input.ts'
import { lidOf } from './lab.ts'

type Relabelled = { id: string, barcode: string | null, device: string | null, position: number | null, missing_since: Container['missing_since'], removed_at: Container['removed_at'], until?: string }
type Found =
  { query: string, kind: 'present' | 'missing', container: Container } |
  { query: string, kind: 'removed', container: Container, last: { device: string, position: number } | null } |
  { query: string, kind: 'place', slot: PositionWithOccupant } |
  { query: string, kind: 'unknown', relabelled: Relabelled[], near: string[], said?: string | undefined }

export function whereCommand (program: Command, io: CommandIo, outcome: Outcome): void {
  withServiceOptions(program.command('where')).argument('[barcode...]', 'barcodes or ids of containers, or places such as Hotel1:5 or "Hotel1 5"; -: read barcodes from standard input')
    .description('Show where containers and their lids are, or what is in a place; exit code 1 if a container is missing, or not on the platform')
    .option('--from <file>', 'read barcodes from a file, one a line; -: from standard input')
    .action(async (arguments_: string[], options: ServiceOptions & { from?: string }) => {
      const client = serviceClient(io, addressOf(io.env, options.url))
      const [queries, from] = arguments_.includes('-') ? [arguments_.filter((one) => one !== '-'), '-'] : [arguments_, options.from]
      if (queries.length === 0 && from === undefined) throw usageError('Say what to look for: barcodes, ids, places such as Hotel1:5, or --from with a file.')
      const listed = from === undefined ? [] : (await inputLines(io, from)).map((line) => line.trim()).filter((line) => line !== '')
      const all = [...await Promise.all(queries.map((query) => find(client, query))), ...await findAll(client, listed)]
      if (all.some(({ kind }) => kind === 'missing' || kind === 'removed' || kind === 'unknown')) outcome.exitCode = exitCodes.finding
      const times = timesIn(localZone(io.env))
      printResult(io, options, all.map(asJson), () =>
        tableOr('', ['container', 'name', 'device', 'slot', 'lid', times.head('since')], all.map((found) => rowOf(found, times))))
      // Hints are for people: a script that reads the table gets only the table.
      if (options.json !== true) for (const hint of all.flatMap((found) => hintsOf(found, times))) io.err.write(`${hint}\n`)
    })
}

/** Finds many barcodes, a thousand in one call. */
async function findAll ({ request }: Client, barcodes: readonly string[]): Promise<Found[]> {
  const found: Found[] = []
  for (let from = 0; from < barcodes.length; from += 1000) {
    const { items } = await request<{ items: LookupItem[] }>('POST', '/api/containers/lookup', { barcodes: barcodes.slice(from, from + 1000) })
    found.push(...items.map(foundOf))
  }
  return found
}

function foundOf ({ barcode: query, found, containers, differs_in_case }: LookupItem): Found {
  const [container] = containers
  const near = differs_in_case === null ? [] : [differs_in_case]
  if (container === undefined) return { query, kind: 'unknown', relabelled: [], near }
  switch (found) {
    case 'present':
    case 'missing': return { query, kind: found, container }
    case 'removed': return { query, kind: 'removed', container, last: null }
    default: return { query, kind: 'unknown', relabelled: containers, near }
  }
}

/** Finds the container on the platform, the slot, or the container with this barcode that was removed last. */
async function find (client: Client, query: string): Promise<Found> {
  const { request } = client
  const { container, problem } = await request<Container>('GET', `/api/containers/${segment(query)}`)
    .then((container) => ({ container, problem: {} }), (error: unknown) => ({ container: null, problem: asNotFound(error, 'container-not-found') }))
  if (container !== null) {
    return container.removed_at === null ? { query, kind: container.missing_since === null ? 'present' : 'missing', container } : await asRemoved(client, query, container)
  }
  const { device, position } = placeOf(query)
  let said: string | undefined
  if (position !== undefined) {
    const slot = await request<PositionWithOccupant>('GET', `/api/devices/${segment(device)}/positions/${position}`)
      .catch((error: unknown) => {
        const { code, detail } = asNotFound(error, 'device-not-found', 'position-not-found')
        if (code === 'position-not-found') said = detail as string
      })
    if (slot !== undefined) return { query, kind: 'place', slot }
  }
  const { relabelled = [], removed = [] } = problem as { relabelled?: Relabelled[], removed?: { id: string, removed_at: string }[] }
  // A plate that has another label now, and is on the platform, is more likely to be looked for than one that was removed.
  const wasRelabelled = relabelled.some(({ removed_at }) => removed_at === null)
  if (removed[0] !== undefined && !wasRelabelled) return await asRemoved(client, query, await request<Container>('GET', `/api/containers/${removed[0].id}`))
  const { devices } = await request<LabState>('GET', '/api/lab')
  const named = devices.find(({ name }) => name === query)
  if (named !== undefined) said = deviceSentence(named)
  const names = devices.flatMap(({ name, positions, containers }) => position === undefined
    ? [name, ...containers.flatMap((one) => [one.barcode, one.name]).filter((one) => one !== null)]
    : position < positions ? [`${name}:${position}`] : [])
  const near = said === undefined ? nearNames(query, [...new Set(names)]) : []
  const gone = removed.map(({ id, removed_at }) => ({ id, barcode: query, device: null, position: null, missing_since: null, removed_at }))
  return { query, kind: 'unknown', relabelled: [...relabelled, ...gone], near, said }
}

/** A place as `Hotel1:5`, or as `find` and the tables write it: `Hotel1 5`. */
function placeOf (query: string): PlaceOption {
  const [, device, position] = /^(.*\S)\s+(\d+)$/s.exec(query) ?? []
  return device === undefined ? parsePlace(query) : { device, position: Number(position) }
}

function deviceSentence ({ name, positions, occupied }: LabState['devices'][number]): string {
  const slots = positions === 0 ? 'no slots' : positions === 1 ? `one slot, ${name}:0` : `the slots ${name}:0 to ${name}:${positions - 1}`
  return `${name} is a device with ${slots}; ${occupied} occupied. "lab show ${name}" shows what is in it.`
}

async function asRemoved ({ list }: Client, query: string, container: Container): Promise<Found> {
  let last: { device: string, position: number } | null = null
  for await (const { to } of list<ContainerEvent>(`/api/containers/${segment(container.id)}/history`)) {
    if (to != null && to.device !== null && to.position !== null) last = { device: to.device, position: to.position }
  }
  return { query, kind: 'removed', container, last }
}

/** The problem, if it has one of these codes; throws any other error. */
function asNotFound (error: unknown, ...codes: string[]): Record<string, unknown> {
  const json = error instanceof CommandError ? error.json as Record<string, unknown> : {}
  if (!codes.includes(json.code as string)) throw error
  return json
}

function asJson (found: Found): object {
  switch (found.kind) {
    case 'present':
    case 'missing': return found.container
    case 'removed': return { ...found.container, last: found.last }
    case 'place': return found.slot
    case 'unknown': return { barcode: found.query, code: 'container-not-found', relabelled: found.relabelled, near: found.near, ...found.said !== undefined && { detail: found.said } }
  }
}

function rowOf (found: Found, times: TimeColumn): (string | number | null)[] {
  switch (found.kind) {
    case 'present': {
      const { name, device, position, updated_at } = found.container
      return [found.query, name, device, position, lidOf(found.container), times.cell(updated_at)]
    }
    case 'missing': return [found.query, found.container.name, 'missing', null, lidOf(found.container), times.cell(found.container.missing_since)]
    case 'removed': return [found.query, found.container.name, 'removed', null, null, times.cell(found.container.removed_at)]
    case 'place': {
      const { occupant, occupied_by, device, position } = { ...found.slot, ...placeOf(found.query) }
      if (occupant === null) return ['empty', null, device, position, null, null]
      const name = occupant.barcode ?? occupant.name
      return [occupied_by === 'lid' ? `lid of ${name}` : name, occupant.name, device, position, lidOf(occupant), times.cell(occupant.updated_at)]
    }
    case 'unknown': return [found.query, null, 'unknown', null, null, null]
  }
}

function hintsOf (found: Found, times: TimeColumn): string[] {
  if (found.kind === 'missing') return [`${found.query} was last in slot ${found.container.last_position} of ${found.container.last_device}.`]
  if (found.kind === 'removed' && found.last !== null) return [`${found.query} was last in slot ${found.last.position} of ${found.last.device}.`]
  if (found.kind !== 'unknown') return []
  const relabelled = found.relabelled.map(({ barcode, id, device, position, missing_since, removed_at, until }) => barcode === found.query
    ? `${found.query} is also the barcode of a container that was removed ${times.cell(removed_at)}; its id is ${id}.`
    : `${found.query} was the barcode of ${barcode ?? id}${until === undefined ? '' : ` until ${times.cell(until)}`}, which is ${missing_since !== null ? 'missing' : device === null ? 'off the platform' : `in slot ${position} of ${device}`}.`)
  return [...relabelled, ...found.said === undefined ? [] : [found.said], ...found.near.length === 0 ? [] : [didYouMean(found.near)]]
}
