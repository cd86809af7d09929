/** An object or a list as JSON text that PostgreSQL wrote, and the version of the object. The version of a list is null. */
export type JsonRow<T> = { readonly json: string, readonly version: number | null, readonly of?: T }

/** An item of a list as JSON text that PostgreSQL wrote. */
export type JsonItem<T> = { readonly json: string, readonly of?: T }

/** A JSON text that can be long, in pieces. */
export type JsonPieces<T> = { readonly pieces: readonly string[], readonly of?: T }

/** An item, or only the key of one that has no room on the page: its `json` is null. */
export type PageRow<Item> = Item extends unknown ? Omit<Item, 'json'> & { readonly json: string | null } : never

/** Items that PostgreSQL wrote, as one JSON array. */
export function jsonArray (items: readonly JsonItem<unknown>[]): string {
  return `[${items.map(({ json }) => json).join()}]`
}

/** The same in pieces, between what comes before and after it. */
export function jsonArrayPieces (before: string, items: readonly JsonItem<unknown>[], after: string): string[] {
  return [`${before}[`, ...items.map(({ json }, n) => n === 0 ? json : `,${json}`), `]${after}`]
}

/** How to write each member: `value` as it is stored, `time` in the format of the contract (UTC, milliseconds, `Z`). */
export type MemberKinds<T> = { readonly [M in keyof T]-?: Date extends T[M] ? 'time' : 'value' }

/**
 * A query that returns each row of `from` as JSON with its members in the given order, its version, and the columns of
 * `also`. The alias of the row is `object`, so a clause like `WHERE object.id = $1` can follow.
 *
 * PostgreSQL serialises the most frequent and the longest responses; Node forwards them unparsed. With one column for each member, the
 * driver would parse each one and JSON.stringify would write it again: a third of the work of the service for reading a container, and nearly
 * all of it for a page of 500 steps, during which the event loop serves nobody else.
 */
export function selectAsJson<T> (members: MemberKinds<T>, from: string, also: readonly string[] = []): string {
  return selectItemsAsJson(members, from, ['version', ...also])
}

/** The same for the items of a list, with the columns of its key. `withinPageBytes` takes it. */
export function selectItemsAsJson<T> (members: MemberKinds<T>, from: string, keys: readonly string[]): string {
  return `SELECT ${keys.map((column) => `object.${column}`).join(', ')}, row_to_json(shown)::text AS json
    FROM ${from} AS object CROSS JOIN LATERAL (SELECT ${jsonColumns(members)}) AS shown`
}

/**
 * The same for a function that returns a snapshot, as an event stores it: its times are in the format of the contract already. The function is
 * called once, because PostgreSQL does not merge a query that has a VOLATILE function with the one around it.
 */
export function selectSnapshotAsJson<T> (members: Readonly<Record<keyof T & string, unknown>>, call: string, also: readonly string[] = []): string {
  const pairs = Object.keys(members).map((name) => `'${name}', snapshot->'${name}'`)
  return `SELECT ${["(snapshot->>'version')::integer AS version", ...also].join(', ')}, json_build_object(${pairs.join(', ')})::text AS json
    FROM (SELECT ${call} AS snapshot) AS command`
}

/** The same for a list: returns one row with all rows as a JSON array, ordered by a column. `json` is null when there are none. */
export function selectListAsJson<T> (members: MemberKinds<T>, from: string, order: keyof T & string): string {
  return `SELECT NULL::integer AS version, json_agg(shown ORDER BY object.${order})::text AS json
    FROM ${from} AS object CROSS JOIN LATERAL (SELECT ${jsonColumns(members)}) AS shown`
}

/** The members of a row as columns, in the format of the contract. `of` is the alias of the row. */
export function jsonColumns<T> (members: MemberKinds<T>, of = 'object'): string {
  return Object.entries(members).map(([name, as]) => as === 'time' ? `wire_time(${of}.${name}) AS ${name}` : `${of}.${name}`).join(', ')
}
