import { hash } from 'node:crypto'
import { composed } from './plain-text.ts'

// Computes what makes two steps comparable from their own data; the database adds devices and slots (step_key). A stored step
// has these values with `match_version`. After a change of the rules, increment it and compute old steps again.
export const matchVersion = 1

/** The data of a step that its match inputs depend on. */
export type MatchSubject = { kind: 'operation' | 'move', name: string | null, data: Readonly<Record<string, unknown>> }

export type MatchInputs = {
  match_version: number
  /** The key of the function; null if the step has no function and no name. */
  match_function: string | null
  /** Digest of the parameters, in the form of a UUID. */
  match_parameters: string | null
  /** Digest of the method or protocol, in the form of a UUID; null if there is none. */
  match_protocol: string | null
  /** The commanded time in seconds; null if the function has none. */
  commanded_seconds: number | null
}

// Functions whose `data.duration` is a commanded time, in lower case. If a function is missing here, an incubation of an hour is
// pooled with one of a minute. If a function is here by mistake, estimates stay the same: its
// duration is subtracted from the samples and added to the estimate.
const functionsWithCommandedTime: ReadonlySet<string> = new Set([
  // kept under a condition for a time
  'incubate', 'incubation', 'heat', 'cool', 'hold', 'soak', 'dry', 'cure', 'expose', 'irradiate', 'illuminate',
  // moved for a time; spinning up and down is the overhead
  'centrifuge', 'centrifugate', 'centrifugation', 'spin', 'shake', 'shaking', 'vortex', 'stir', 'sonicate',
  // pressed for a time; heating the plate up is the overhead
  'seal',
  // nothing but time
  'wait', 'delay', 'pause', 'sleep', 'settle'
])

// A year. A larger value is not in seconds, and would spoil the samples of its function.
const maxCommandedSeconds = 31_536_000

// Members of `data` that do not change the duration of a step.
const ignoredMembers: ReadonlySet<string> = new Set([
  // the function, which is compared on its own
  'fct',
  // a commanded time is handled separately; otherwise it is a guess of the planner
  'duration',
  // the kind of step, of device and of resource, as classes of the planning language
  'type', 'device_type', 'executor',
  // where a move goes: known as `destination`
  'target', 'target_name',
  // the state of the lid: known as `lidded_before` and `lidded_after`
  'lidded',
  // names of the step and of its labware, which do not change the duration
  'name', 'label', 'cont_names', 'containers', 'container', 'plate', 'plate_name', 'barcode', 'barcodes',
  // data of the planner: order, waiting times, costs, priorities
  'relations', 'wait_cost', 'wait_to_start_costs', 'min_wait', 'max_wait', 'priority',
  // how the client said that it ended
  'reported_status',
  // text for people
  'comment', 'description', 'note'
])

/**
 * The inputs of the match keys of a step. They are null for a move, because moves are compared by devices and slots. A function
 * never matches a name. A function with a commanded time never matches the same function without one, because its samples
 * are overheads.
 */
export function matchInputs ({ kind, name, data }: MatchSubject): MatchInputs {
  if (kind === 'move') return { match_version: matchVersion, match_function: null, match_parameters: null, match_protocol: null, commanded_seconds: null }
  const fct = typeof data.fct === 'string' ? composed(data.fct) : null
  const commands = fct !== null && functionsWithCommandedTime.has(fct.toLowerCase())
  const commanded_seconds = commands ? secondsOf(data.duration) : null
  // A commanded time that is not a number ("PT10M") cannot be subtracted, so it is kept as a parameter.
  const unreadable = commands && commanded_seconds === null
  return {
    match_version: matchVersion,
    match_function: functionKey(fct, name, commanded_seconds !== null),
    match_parameters: uuidDigest(normalizedObject(data, (key) => !ignoredMembers.has(key) || (unreadable && key === 'duration'))),
    match_protocol: protocolDigest(data.method ?? data.protocol),
    commanded_seconds
  }
}

function functionKey (fct: string | null, name: string | null, commanded: boolean): string | null {
  if (fct !== null) return `${commanded ? 'c' : 'f'}:${fct}`
  return name === null ? null : `n:${name}`
}

function secondsOf (duration: unknown): number | null {
  const seconds = typeof duration === 'string' ? numberIn(duration) : duration
  return typeof seconds === 'number' && seconds >= 0 && seconds <= maxCommandedSeconds ? seconds : null
}

// A protocol is identified by its file name, because labs keep copies in folders for versions and projects. The whole path is
// one of the parameters, which are compared first. File names are compared without case.
function protocolDigest (protocol: unknown): string | null {
  if (typeof protocol === 'number') return uuidDigest(normalized(protocol))
  if (typeof protocol !== 'string') return null
  const name = protocol.split(/[\\/]/).findLast((part) => part !== '') ?? protocol
  // Windows, on which most of these devices run, does not tell `3x_pbs.lhc` from `3X_PBS.LHC`.
  return uuidDigest(normalized(/\.[a-z0-9]{1,5}$/i.test(name) ? name.toLowerCase() : name))
}

// Equal texts for equivalent values: keys are sorted, null members are left out, and 300 = 300.0 = "300".
function normalized (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(numberIn(value) ?? value)
  if (Array.isArray(value)) return `[${value.map(normalized).join(',')}]`
  if (typeof value === 'object' && value !== null) return normalizedObject(value as Record<string, unknown>)
  // Larger whole numbers can also come as text, with the same digits.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) return `"${BigInt(value)}"`
  return JSON.stringify(value)
}

function normalizedObject (members: Readonly<Record<string, unknown>>, isKept: (key: string) => boolean = () => true): string {
  const kept = Object.keys(members).filter((key) => isKept(key) && members[key] !== null).sort()
  return `{${kept.map((key) => `${JSON.stringify(key)}:${normalized(members[key])}`).join(',')}}`
}

// Orchestrators pass numbers as text. Longer digit strings are names, which would lose digits in a double.
const numeral = /^-?\d+(\.\d+)?(e[+-]?\d{1,2})?$/i
const maxNumeralLength = 15

function numberIn (text: string): number | null {
  return text.length <= maxNumeralLength && numeral.test(text) ? Number(text) : null
}

function uuidDigest (text: string): string {
  const hex = hash('sha256', text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
