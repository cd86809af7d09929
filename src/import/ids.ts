import { createHash } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'

// A row of the old database gets the same id in every import, so that a repeated import recognises it.
const namespace = '5b0c9a3e-8f0d-5c0e-9d59-5c7b1f6c2a11'

/** The id of a row without a UUID, derived from the identity of the old database, the table and the row number. */
export function idOfRow (identity: string, table: string, row: number): string {
  return uuidv5(JSON.stringify([identity, table, row]), namespace)
}

/** The id of a step, derived from its contents, because several rows may report one step. */
export function idOfStep (identity: string, facts: readonly unknown[]): string {
  return uuidv5(createHash('sha256').update(JSON.stringify([identity, facts])).digest('hex'), namespace)
}
