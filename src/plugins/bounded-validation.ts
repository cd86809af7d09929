import type { Ajv, ErrorObject } from 'ajv'
import { escapePointer } from '../domain/values.ts'

/** Of a value with more nodes than this, only the first fault is reported. Ajv copies its list of errors at each failing item. */
const maxNodes = 2000
/** Of a longer list, only this many items are searched for more faults, beginning with the first one that has a fault. */
const maxItemsSearched = 20

type Result = { value: unknown } | { error: ErrorObject[] }

/**
 * Validates in time linear in the value. The first pass stops at the first fault; lengths are checked before items. If there
 * is a fault, a second pass collects all faults of a bounded part of the value: the members around the first fault, and a few
 * items of each list.
 */
export function boundedValidation (failFast: Ajv, all: Ajv, schema: object): (value: unknown) => Result {
  // Compiling all schemas takes longer than the rest of the startup, and most clients use few operations.
  let stopAtFirst: ReturnType<Ajv['compile']> | undefined
  let collect: ReturnType<Ajv['compile']> | undefined
  return (value) => {
    stopAtFirst ??= failFast.compile(schema)
    if (stopAtFirst(value)) return { value }
    const first = stopAtFirst.errors!
    // The items of a list that is too long do not matter.
    if (first[0]!.keyword === 'maxItems') return { error: first }
    const part = partAround(value, first[0]!.instancePath)
    if (part === null) return { error: first }
    collect ??= all.compile(schema)
    if (collect(part.value)) return { error: first }
    return { error: collect.errors!.map((error) => ({ ...error, instancePath: part.original(error.instancePath) })) }
  }
}

type Part = { value: unknown, original: (pointer: string) => string }

/** The value with shorter lists. The list with the fault begins with the faulty item. Null if the part is still too large. */
function partAround (value: unknown, faulty: string): Part | null {
  const firstIndices = new Map<string, number>()
  let nodes = 0

  /** `path` is the rest of the path to the fault; null if the fault is not inside. */
  function copy (value: unknown, pointer: string, path: readonly string[] | null): unknown {
    if (++nodes > maxNodes || typeof value !== 'object' || value === null) return value
    const [next, ...rest] = path ?? []
    const pathInside = (name: string): string[] | null => path !== null && next === name ? rest : null
    if (Array.isArray(value)) {
      const from = next === undefined || value.length <= maxItemsSearched ? 0 : Number(next)
      if (from > 0) firstIndices.set(pointer, from)
      return value.slice(from, from + maxItemsSearched).map((item, index) => copy(item, `${pointer}/${index}`, pathInside(String(from + index))))
    }
    const members: Record<string, unknown> = {}
    for (const name in value) {
      if (nodes > maxNodes) break
      members[name] = copy((value as Record<string, unknown>)[name], `${pointer}/${escapePointer(name)}`, pathInside(escapePointer(name)))
    }
    return members
  }

  const part = copy(value, '', faulty.split('/').slice(1))
  return nodes > maxNodes ? null : { value: part, original: (pointer) => withOriginalIndices(pointer, firstIndices) }
}

function withOriginalIndices (pointer: string, firstIndices: ReadonlyMap<string, number>): string {
  if (firstIndices.size === 0) return pointer
  let place = ''
  return pointer.split('/').slice(1).map((segment) => {
    const from = firstIndices.get(place)
    place += `/${segment}`
    return `/${from === undefined ? segment : Number(segment) + from}`
  }).join('')
}
