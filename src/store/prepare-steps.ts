import { v7 as uuidv7 } from 'uuid'
import { type Fault, invalid, maxFaults } from '../contract/problems.ts'
import type { StepCreate } from '../contract/steps.ts'
import { shortDigestOf } from '../domain/canonical.ts'
import { maxDataBytes, maxNameLength } from '../domain/limits.ts'
import { matchInputs } from '../domain/match.ts'
import { composed, invisibleFault, invisibleIn, isLine } from '../domain/plain-text.ts'
import { slices } from '../domain/slices.ts'
import { pausesFault } from '../domain/step-pauses.ts'
import { defaultStatus, type StepWarning, timesFault, toUtc, completedIfFinished } from '../domain/step-times.ts'
import { isUuid } from '../domain/values.ts'
import { numberWarnings } from '../domain/whole-numbers.ts'
import { writtenBytes } from '../domain/written-size.ts'
import { parseContainerRef } from './container-ref.ts'

/** A step to log, or null for none. With `placesFollow`, the transfer supplies the places of a move. */
type StepInput = { input: StepCreate | null, pointer: string, placesFollow: boolean }

/** The name and the data of steps that end and were told before, by id. The end adds to the data, and may be without the name. */
export type StoredParts = ReadonlyMap<string, { name: string | null, data: Readonly<Record<string, unknown>> }>

/** The input of the function log_steps: the steps and the devices that they name. Other requests are answered meanwhile. Throws a 400 with all contradictions. */
export async function prepareSteps (inputs: readonly StepCreate[], batch: boolean, stored?: StoredParts) {
  const { steps, devices } = await prepareTransferSteps(inputs.map((input, index) => ({ input, pointer: batch ? `/steps/${index}` : '', placesFollow: false })), stored)
  return { steps: steps.filter((step) => step !== null), devices }
}

/** The same for the steps of transfers, which can be anywhere in a request. The result has the same order, with null for no step. */
export async function prepareTransferSteps (inputs: readonly StepInput[], stored?: StoredParts) {
  const faults: Fault[] = []
  const ids = new Set<string>()
  const devices = new Map<string, string>()

  const steps: (ReturnType<typeof prepareStep> | null)[] = []
  const yieldToRequests = slices()

  for (const { input, pointer, placesFollow } of inputs) {
    await yieldToRequests()
    if (input === null) {
      steps.push(null)
      continue
    }
    const step = prepareStep(input, stored)
    for (const { member, detail } of faultsOf(input, step, placesFollow)) faults.push({ in: 'body', pointer: `${pointer}/${member}`, detail })
    if (ids.has(step.id)) faults.push({ in: 'body', pointer: `${pointer}/id`, detail: 'is the id of an earlier step of the batch' })
    ids.add(step.id)
    for (const name of [step.device, step.origin?.device, step.destination?.device]) {
      if (name !== undefined && !devices.has(name)) devices.set(name, uuidv7())
    }
    steps.push(step)
  }
  if (faults.length > 0) throw invalid(...faults.slice(0, maxFaults))
  return { steps, devices: [...devices].map(([name, id]) => ({ id, name })) }
}

/** The containers of a step as log_steps resolves them: the text, and the id if the text is one. */
export function containerRefsOf (names: readonly string[]) {
  return names.map((name) => {
    const { id } = parseContainerRef(name)
    return { named: id === null ? name : name.toLowerCase(), id }
  })
}

/** The fault of `data.fct`. Null when there is none. */
export function functionFault (data: Readonly<Record<string, unknown>>): string | null {
  const { fct } = data
  if (fct === undefined || fct === null) return null
  if (typeof fct !== 'string' || fct === '' || Array.from(fct).length > maxNameLength) return `must be a text of 1 to ${maxNameLength} characters`
  if (!isLine(fct)) return 'must not contain control characters'
  const hidden = invisibleIn(fct)
  return hidden === null ? null : invisibleFault(hidden)
}

/** The data with `fct` as names are stored. */
export function withComposedFunction<D extends Readonly<Record<string, unknown>>> (data: D): D {
  return typeof data.fct === 'string' ? { ...data, fct: composed(data.fct) } : data
}

/** A step as log_steps takes it. */
export function prepareStep (input: StepCreate, stored?: StoredParts) {
  const id = (input.id ?? uuidv7()).toLowerCase()
  const kind = input.kind ?? 'operation'
  const told = input.data ?? {}
  const before = stored?.get(id)
  const data = withComposedFunction({ ...before?.data, ...told })
  const name = input.name ?? before?.name ?? null
  const is_simulation = input.is_simulation ?? false
  const origin = input.origin ?? null
  const destination = input.destination ?? null
  const lidded_before = input.lidded_before ?? null
  const lidded_after = input.lidded_after ?? null
  const barcode_read = input.barcode_read ?? null
  const attempt = input.attempt ?? null
  const expected_seconds = input.expected_seconds ?? null
  const error = input.error ?? null
  const session = input.session ?? null
  const givenFinish = input.finish ? toUtc(input.finish) : null
  const { start, finish, status, warnings } = completedIfFinished({
    start: toUtc(input.start), finish: givenFinish, status: input.status ?? defaultStatus(givenFinish)
  })
  const pauses = pausesOf(input)
  const experiment_uuid = input.experiment_id && isUuid(input.experiment_id) ? input.experiment_id.toLowerCase() : null
  const experiment_named = experiment_uuid ?? input.experiment_id ?? null
  const { match_version, match_function, match_parameters, match_protocol, commanded_seconds } = matchInputs({ kind, name, data })
  return {
    id, kind, name, fct: data.fct ?? null, device: input.device, data, start, finish, status, is_simulation, pauses,
    experiment_uuid, experiment_named, containers: containerRefsOf(input.containers ?? []),
    origin, destination, lidded_before, lidded_after, barcode_read, attempt, expected_seconds, error, session,
    match_version, match_function, match_parameters, match_protocol, commanded_seconds,
    warnings: [...warnings, ...statusWarnings(data), ...numberWarnings(told, '/data')],
    // Version 0.2.0 counted the name to what a step is. Its steps have this digest.
    identity_with_name: shortDigestOf([kind, input.name ?? null, input.device, start]),
    // The first digest says what the step is, the second identifies a retry. It does not include the containers, because they can be
    // reported one by one.
    created_as: `${shortDigestOf([kind, input.device, start])}:${shortDigestOf([
      told, finish, status, is_simulation, experiment_named, origin, destination, lidded_before, lidded_after, barcode_read,
      attempt, expected_seconds, error, session,
      // Digests of steps of which neither pauses nor a name were told stay what they were before these were part of them.
      ...pauses === null ? [] : [pauses],
      ...input.name ? [{ name: input.name }] : []
    ])}`
  }
}

/** All pauses of a step, in UTC; null if nothing was told of them, which is not the same as none. */
function pausesOf ({ pauses }: StepCreate) {
  if (pauses === undefined || pauses === null) return null
  return pauses.map(({ paused_at, resumed_at }) => ({ paused_at: toUtc(paused_at), resumed_at: toUtc(resumed_at) }))
}

/** The warning about a status that the client did not understand. A step with it is no sample for estimates. */
export function statusWarnings (data: Readonly<Record<string, unknown>>): StepWarning[] {
  const word = data.reported_status
  if (word === undefined || word === null) return []
  return [{
    code: 'unknown-status', pointer: '/data/reported_status',
    detail: `The status ${JSON.stringify(word)} is not known. The step is stored with its status, but estimates leave it out.`
  }]
}

function faultsOf (input: StepCreate, step: ReturnType<typeof prepareStep>, placesFollow: boolean) {
  const faults: { member: string, detail: string }[] = []
  const fct = functionFault(step.data)
  if (fct !== null) faults.push({ member: 'data/fct', detail: fct })
  const times = timesFault(step)
  if (times !== null) faults.push(times)
  const paused = pausesFault(step.pauses ?? [], step.finish)
  if (paused !== null) faults.push(paused)
  if (input.data && writtenBytes(step.data) > maxDataBytes) faults.push({ member: 'data', detail: `must not make the step's data larger than ${maxDataBytes} bytes as JSON, in which numbers are written without an exponent` })
  for (const member of ['origin', 'destination'] as const) {
    if (step.kind === 'move' && !input[member] && !placesFollow) faults.push({ member, detail: 'is required for a move; send at least its device' })
    if (step.kind === 'operation' && input[member]) faults.push({ member, detail: 'is only allowed for a move; set `kind` to move, or omit it' })
  }
  return faults
}
