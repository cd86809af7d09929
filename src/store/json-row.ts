/** A thing, or a list of things, as JSON text that the database wrote; and the thing's version, null of a list. */
export type JsonRow<T> = { readonly json: string, readonly version: number | null, readonly of?: T }

/** How each member of a thing is written: as it is stored, or as a time of the contract (UTC, milliseconds, `Z`). */
export type MemberKinds<T> = { readonly [M in keyof T]-?: Date extends T[M] ? 'time' : 'value' }

/**
 * The text of a query that writes each row of `from` as JSON, its members in the given order, beside its version and what
 * `also` names. The row is called `thing`: `WHERE thing.id = $1` may follow.
 *
 * Hot answers come so as one column. As a column a member each would be described by the server, read by the driver and
 * written by JSON.stringify again, for every request: a third of what the service does for the read of a container.
 */
export function selectAsJson<T> (members: MemberKinds<T>, from: string, also: readonly string[] = []): string {
  return `SELECT ${['version', ...also].map((column) => `thing.${column}`).join(', ')}, row_to_json(shown)::text AS json
    FROM ${from} AS thing CROSS JOIN LATERAL (SELECT ${columnsOf(members)}) AS shown`
}

/** As `writing`, all rows as one list in the order of a column; a row with null for json when there is none. */
export function selectListAsJson<T> (members: MemberKinds<T>, from: string, order: keyof T & string): string {
  return `SELECT NULL::integer AS version, json_agg(shown ORDER BY thing.${order})::text AS json
    FROM ${from} AS thing CROSS JOIN LATERAL (SELECT ${columnsOf(members)}) AS shown`
}

function columnsOf (members: Readonly<Record<string, string>>): string {
  return Object.entries(members).map(([name, as]) => as === 'time' ? `wire_time(thing.${name}) AS ${name}` : `thing.${name}`).join(', ')
}
