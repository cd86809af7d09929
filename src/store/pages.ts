import { createHash } from 'node:crypto'
import { problem } from '../contract/problems.ts'
import { isUuid, unstorable } from '../domain/values.ts'

/** The part of a list's query that says which page. */
export type PageQuery = { limit?: number, cursor?: string, count?: boolean }
export type Page<T> = { items: T[], next_cursor: string | null, total?: number }

type CursorValue = string | number | null

/**
 * One page of a keyset list. `read` is given the values of the last item of the page before (null at the start) and one
 * more than the limit to take; `keys` tells an item's values. A cursor belongs to its list and filters: another's is
 * refused, since it would silently skip things. And it comes back from outside: what `isKey` does not know never reaches
 * the database.
 */
export async function readPage<T, K extends readonly CursorValue[]> (query: PageQuery, list: {
  name: string
  filters: object
  keys: (item: T) => K
  isKey: (values: readonly unknown[]) => boolean
  read: (after: K | null, take: number) => Promise<T[]>
  count: () => Promise<number>
}): Promise<Page<T>> {
  const limit = query.limit ?? 50
  const mark = markOf(list.name, list.filters)
  const after = query.cursor === undefined ? null : readCursor(query.cursor, mark, list.isKey) as unknown as K
  const [found, total] = await Promise.all([list.read(after, limit + 1), query.count ? list.count() : undefined])
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const next_cursor = found.length > limit && last !== undefined ? writeCursor(list.keys(last), mark) : null
  return total === undefined ? { items, next_cursor } : { items, next_cursor, total }
}

/** One page of a list in the order of its ids. `read` is given the last id of the page before. */
export async function readPageById<T extends { id: string }> (query: PageQuery, list: {
  name: string
  filters: object
  read: (after: string | null, take: number) => Promise<T[]>
  count: () => Promise<number>
}): Promise<Page<T>> {
  return await readPage<T, readonly [string]>(query, {
    ...list, keys: ({ id }) => [id], isKey: isIdKey, read: async (after, take) => await list.read(after?.[0] ?? null, take)
  })
}

/** Whether the values of a cursor are those of a list in the order of its ids. */
export function isIdKey ([id, ...others]: readonly unknown[]): boolean {
  return typeof id === 'string' && isUuid(id) && others.length === 0
}

/** The filters of a list's query: all of it but the page. */
export function filtersOf<Q extends PageQuery> ({ limit, cursor, count, ...filters }: Q): Omit<Q, keyof PageQuery> {
  return filters
}

function markOf (name: string, filters: object): string {
  const sorted = Object.entries(filters).filter(([, value]) => value !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
  return createHash('sha1').update(JSON.stringify([name, sorted])).digest('base64url').slice(0, 8)
}

function writeCursor (values: readonly CursorValue[], mark: string): string {
  return Buffer.from(JSON.stringify([mark, ...values])).toString('base64url')
}

function readCursor (cursor: string, mark: string, isKey: (values: readonly unknown[]) => boolean): unknown[] {
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    read = null
  }
  if (!Array.isArray(read) || read[0] !== mark || unstorable(read) !== null || !isKey(read.slice(1))) {
    throw problem('invalid-cursor', 'The cursor is not one of this list with these filters; start again without `cursor`.', { parameter: 'cursor' })
  }
  return read.slice(1)
}
