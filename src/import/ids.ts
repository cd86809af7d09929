import { createHash } from 'node:crypto'
import { v5 as uuidv5 } from 'uuid'

// The same thing of the same source has the same id in every import, so that a second one knows the first one's rows.
const namespace = '5b0c9a3e-8f0d-5c0e-9d59-5c7b1f6c2a11'

/** The id of a row that has none of its own: by its database, its table and its number there. */
export function idOfRow (identity: string, table: string, row: number): string {
  return uuidv5(JSON.stringify([identity, table, row]), namespace)
}

/** The id of a step: by what its rows say, since several rows may report one step. */
export function idOfStep (identity: string, facts: readonly unknown[]): string {
  return uuidv5(createHash('sha256').update(JSON.stringify([identity, facts])).digest('hex'), namespace)
}
