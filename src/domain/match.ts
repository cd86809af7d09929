import { hash } from 'node:crypto'

// What makes two steps comparable, as far as their own words go; devices and slots are added by the database (step_key).
// A stored step keeps these with `match_version`; whoever changes a rule here counts it up and lets old steps be computed again.
export const matchVersion = 1

/** What a step says of itself. */
export type MatchSubject = { kind: 'operation' | 'move', name: string | null, data: Readonly<Record<string, unknown>> }

export type MatchInputs = {
  match_version: number
  /** the function's key; null when the step names none */
  match_function: string | null
  /** digest of the parameters, shaped like a UUID */
  match_parameters: string | null
  /** digest of the method or protocol, shaped like a UUID; null without one */
  match_protocol: string | null
  /** seconds that the step was told to take; null where its function commands none */
  commanded_seconds: number | null
}

// Functions whose `data.duration` is an order that the machine obeys; compared in lower case. A function that is missing
// here pools an hour's incubation with a minute's; one too many only moves a constant from the samples to the answer.
const commandsItsTime: ReadonlySet<string> = new Set([
  // kept under a condition for a time
  'incubate', 'incubation', 'heat', 'cool', 'hold', 'soak', 'dry', 'cure', 'expose', 'irradiate', 'illuminate',
  // moved for a time; spinning up and down is the overhead
  'centrifuge', 'centrifugate', 'centrifugation', 'spin', 'shake', 'shaking', 'vortex', 'stir', 'sonicate',
  // pressed for a time; heating the plate up is the overhead
  'seal',
  // nothing but time
  'wait', 'delay', 'pause', 'sleep', 'settle'
])

// A year; what commands more is no number of seconds, and as one would spoil the samples of its function.
const longestCommand = 31_536_000

// Members of `data` that orchestrators keep for themselves and that do not change how long a step takes.
const bookkeeping: ReadonlySet<string> = new Set([
  // the function, which is compared on its own
  'fct',
  // a commanded time is compared on its own; anywhere else it is what a planner guessed
  'duration',
  // the kind of step, of device and of resource, as classes of the planning language
  'type', 'device_type', 'executor',
  // where a move goes: known as `destination`
  'target', 'target_name',
  // the lid's state, wished or seen: known as `lidded_before` and `lidded_after`
  'lidded',
  // names: of the step, and of the labware it is done to; another plate takes no longer
  'name', 'label', 'cont_names', 'containers', 'container', 'plate', 'plate_name', 'barcode', 'barcodes',
  // what the planner must keep between steps: order, waiting, costs, ranks
  'relations', 'wait_cost', 'wait_to_start_costs', 'min_wait', 'max_wait', 'priority',
  // words for people
  'comment', 'description', 'note'
])

/**
 * The inputs of the match keys of a step. Of a move they are empty: moves are compared by devices and slots. A function
 * and a name never collide, nor does a function that commands its time with the same without one, since of the first
 * only the time beyond the commanded one is a sample.
 */
export function matchInputs ({ kind, name, data }: MatchSubject): MatchInputs {
  if (kind === 'move') return { match_version: matchVersion, match_function: null, match_parameters: null, match_protocol: null, commanded_seconds: null }
  const fct = typeof data.fct === 'string' ? data.fct : null
  const commands = fct !== null && commandsItsTime.has(fct.toLowerCase())
  const commanded_seconds = commands ? secondsOf(data.duration) : null
  // a time that is commanded in words ("PT10M") cannot be taken out, and tells such steps apart
  const unreadable = commands && commanded_seconds === null
  return {
    match_version: matchVersion,
    match_function: functionKey(fct, name, commanded_seconds !== null),
    match_parameters: uuidDigest(object(data, (key) => !bookkeeping.has(key) || (unreadable && key === 'duration'))),
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
  return typeof seconds === 'number' && seconds >= 0 && seconds <= longestCommand ? seconds : null
}

// A protocol is known by its file's name: labs keep copies of a protocol in folders that bear versions and projects. The
// whole path is among the parameters, so it is compared first.
function protocolDigest (protocol: unknown): string | null {
  if (typeof protocol === 'number') return uuidDigest(normal(protocol))
  if (typeof protocol !== 'string') return null
  return uuidDigest(normal(protocol.split(/[\\/]/).findLast((part) => part !== '') ?? protocol))
}

// A value as text that is the same for all that say the same: keys sorted, null like absent, 300 = 300.0 = "300".
function normal (value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(numberIn(value) ?? value)
  if (Array.isArray(value)) return `[${value.map(normal).join(',')}]`
  if (typeof value === 'object' && value !== null) return object(value as Record<string, unknown>)
  return JSON.stringify(value)
}

function object (members: Readonly<Record<string, unknown>>, counts: (key: string) => boolean = () => true): string {
  const kept = Object.keys(members).filter((key) => counts(key) && members[key] !== null).sort()
  return `{${kept.map((key) => `${JSON.stringify(key)}:${normal(members[key])}`).join(',')}}`
}

// Orchestrators pass parameters through text. Longer digits are names, which a double would run together.
const numeral = /^-?\d+(\.\d+)?(e[+-]?\d{1,2})?$/i
const longestNumeral = 15

function numberIn (text: string): number | null {
  return text.length <= longestNumeral && numeral.test(text) ? Number(text) : null
}

function uuidDigest (text: string): string {
  const hex = hash('sha256', text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
