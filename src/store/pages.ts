import { createHash } from 'node:crypto'
import { problem } from '../contract/problems.ts'
import { isUuid, storageFault } from '../domain/values.ts'
import { withRetries } from './commands.ts'
import type { PageRow, JsonItem } from './json-row.ts'
import { maxPageBytes } from './page-bytes.sql.ts'

/** The query parameters of a list that select the page. */
export type PageQuery = { limit?: number, cursor?: string, count?: boolean }
export type Page<T> = { items: T[], next_cursor: string | null, total?: number }

type CursorValue = string | number | null

/** How to read a list. `read` gets the key of the last item of the previous page (null for the first page) and the number of rows. */
type List<T, K> = {
  name: string
  filters: object
  keys: (item: T) => K
  isKey: (values: readonly unknown[]) => boolean
  read: (after: K | null, take: number) => Promise<T[]>
  count: () => Promise<number>
  /** Whether a row is only the key of an item that has no room on the page. */
  isBeyond?: (item: T) => boolean
}

/** The same for a list in the order of its ids. */
type ListById<T> = Omit<List<T, readonly [string]>, 'keys' | 'isKey' | 'read'> & { read: (after: string | null, take: number) => Promise<T[]> }

/**
 * Reads one page of a list with keyset pagination: one row more than its limit. A cursor contains a digest of list name and filters: with
 * other filters it would silently skip items, so it is refused. Clients can forge cursors, so `isKey` checks the values
 * before they reach the database. Throws `invalid-cursor`.
 */
export async function readPage<T, K extends readonly CursorValue[]> (query: PageQuery, list: List<T, K>): Promise<Page<T>> {
  const limit = query.limit ?? 50
  const listDigest = digestOfList(list.name, list.filters)
  const after = query.cursor === undefined ? null : readCursor(query.cursor, listDigest, list.isKey) as unknown as K
  const [found, total] = await Promise.all([
    withRetries(async () => await list.read(after, limit + 1)), query.count ? withRetries(list.count) : undefined
  ])
  const beyond = list.isBeyond === undefined ? -1 : found.findIndex(list.isBeyond)
  const items = found.slice(0, beyond === -1 ? limit : Math.min(limit, beyond))
  const last = items.at(-1)
  const next_cursor = found.length > items.length && last !== undefined ? writeCursor(list.keys(last), listDigest) : null
  return total === undefined ? { items, next_cursor } : { items, next_cursor, total }
}

/** One page of a list in the order of its ids. */
export async function readPageById<T extends { id: string }> (query: PageQuery, list: ListById<T>): Promise<Page<T>> {
  return await readPage(query, orderedById(list))
}

/** One page of a list that PostgreSQL wrote as JSON. It can end before its limit: after the item with which it has `maxPageBytes`. */
export async function readJsonPage<Item extends JsonItem<unknown>, K extends readonly CursorValue[]> (
  query: PageQuery, list: List<PageRow<Item>, K>
): Promise<Page<Item>> {
  const isBeyond = byteLimit()
  return await readPage(query, { ...list, isBeyond: ({ json }) => isBeyond(json) }) as Page<Item>
}

/** Tells of each item, in their order, whether it has no room on the page. PostgreSQL limits the bytes of one statement, and some lists need two. */
function byteLimit (): (json: string | null) => boolean {
  let before = 0
  return (json) => {
    const isBeyond = json === null || before >= maxPageBytes
    before += json?.length ?? 0
    return isBeyond
  }
}

/** The same for a list in the order of its ids. */
export async function readJsonPageById<Item extends JsonItem<unknown> & { id: string }> (
  query: PageQuery, list: ListById<PageRow<Item>>
): Promise<Page<Item>> {
  return await readJsonPage<Item, readonly [string]>(query, orderedById(list))
}

function orderedById<T extends { id: string }> (list: ListById<T>): List<T, readonly [string]> {
  return { ...list, keys: ({ id }) => [id], isKey: isIdKey, read: async (after, take) => await list.read(after?.[0] ?? null, take) }
}

/** The `isKey` of lists that are sorted by id. */
export function isIdKey ([id, ...others]: readonly unknown[]): boolean {
  return typeof id === 'string' && isUuid(id) && others.length === 0
}

/** The filters of a list query: all parameters except those of the page. */
export function filtersOf<Q extends PageQuery> ({ limit, cursor, count, ...filters }: Q): Omit<Q, keyof PageQuery> {
  return filters
}

function digestOfList (name: string, filters: object): string {
  const sorted = Object.entries(filters).filter(([, value]) => value !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
  return createHash('sha1').update(JSON.stringify([name, sorted])).digest('base64url').slice(0, 8)
}

function writeCursor (values: readonly CursorValue[], listDigest: string): string {
  return Buffer.from(JSON.stringify([listDigest, ...values])).toString('base64url')
}

function readCursor (cursor: string, listDigest: string, isKey: (values: readonly unknown[]) => boolean): unknown[] {
  let values: unknown
  try {
    values = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch {
    values = null
  }
  if (!Array.isArray(values) || values[0] !== listDigest || storageFault(values) !== null || !isKey(values.slice(1))) {
    throw problem('invalid-cursor', 'The cursor does not belong to this list with these filters. Start again without `cursor`.', { parameter: 'cursor' })
  }
  return values.slice(1)
}
