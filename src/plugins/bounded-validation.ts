import type { Ajv, ErrorObject } from 'ajv'
import { escapePointer } from '../domain/values.ts'

/** The faults of more values than this are not collected: only the first is told. Ajv copies its list of errors at each failing item. */
const mostNodes = 2000
/** Of a list longer than this only the items from the first faulty one on are looked at for further faults. */
const itemsLookedAt = 20

type Result = { value: unknown } | { error: ErrorObject[] }

/**
 * Validates in time linear in the value. The first pass stops at the first fault, and looks at lengths before items. Only
 * then the faults of a bounded part of the value are collected: all members around the first fault, and a few items of each list.
 */
export function boundedValidation (first: Ajv, all: Ajv, schema: object): (value: unknown) => Result {
  // Compiling all schemas takes longer than the rest of the start together, and most clients call few operations.
  let stopAtFirst: ReturnType<Ajv['compile']> | undefined
  let collect: ReturnType<Ajv['compile']> | undefined
  return (value) => {
    stopAtFirst ??= first.compile(schema)
    if (stopAtFirst(value)) return { value }
    const found = stopAtFirst.errors!
    // a list that is too long is told alone: its items do not matter
    if (found[0]!.keyword === 'maxItems') return { error: found }
    const part = partAround(value, found[0]!.instancePath)
    if (part === null) return { error: found }
    collect ??= all.compile(schema)
    if (collect(part.value) || collect.errors!.length === 0) return { error: found }
    return { error: collect.errors!.map((error) => ({ ...error, instancePath: part.original(error.instancePath) })) }
  }
}

type Part = { value: unknown, original: (pointer: string) => string }

/** The value with each list cut to some items, beginning with the faulty one where the fault is in it; null when that is still too much. */
function partAround (value: unknown, faulty: string): Part | null {
  const path = faulty.split('/').slice(1)
  const firstIndex = new Map<string, number>()
  let nodes = 0

  function copy (value: unknown, pointer: string, path: readonly string[] | null): unknown {
    if (++nodes > mostNodes || typeof value !== 'object' || value === null) return value
    const [next, ...rest] = path ?? []
    const onPath = (name: string): string[] | null => path !== null && next === name ? rest : null
    if (Array.isArray(value)) {
      const from = next === undefined || value.length <= itemsLookedAt ? 0 : Number(next)
      if (from > 0) firstIndex.set(pointer, from)
      return value.slice(from, from + itemsLookedAt).map((item, index) => copy(item, `${pointer}/${index}`, onPath(String(from + index))))
    }
    const members: Record<string, unknown> = {}
    for (const name of Object.keys(value)) {
      if (nodes > mostNodes) break
      members[name] = copy((value as Record<string, unknown>)[name], `${pointer}/${escapePointer(name)}`, onPath(escapePointer(name)))
    }
    return members
  }

  const part = copy(value, '', path)
  if (nodes > mostNodes) return null
  return { value: part, original: (pointer) => withOriginalIndices(pointer, firstIndex) }
}

function withOriginalIndices (pointer: string, firstIndex: ReadonlyMap<string, number>): string {
  if (firstIndex.size === 0) return pointer
  let place = ''
  return pointer.split('/').slice(1).map((segment) => {
    const from = firstIndex.get(place)
    place += `/${segment}`
    return `/${from === undefined ? segment : Number(segment) + from}`
  }).join('')
}
