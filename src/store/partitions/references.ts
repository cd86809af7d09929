import type pg from 'pg'
import { readReferences } from './definitions.sql.ts'

/** Runs `work` without the foreign keys of other tables to this one. They are made again afterwards, which checks every row. */
export async function withoutReferences (client: pg.ClientBase, table: string, work: () => Promise<void>): Promise<void> {
  const references = await readReferences(client, table)
  const run = async (statementOf: (reference: typeof references[number]) => string): Promise<void> => {
    if (references.length > 0) await client.query(references.map(statementOf).join(';\n'))
  }
  await run(({ table: other, name }) => `ALTER TABLE ${other} DROP CONSTRAINT ${name}`)
  await work()
  await run(({ table: other, name, definition }) => `ALTER TABLE ${other} ADD CONSTRAINT ${name} ${definition}`)
}
