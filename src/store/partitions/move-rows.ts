import type pg from 'pg'

/**
 * Moves rows to a table with the same columns; with `where: null` all of them, and the old table keeps them until it is dropped. Generated columns are computed again. Triggers
 * do not run, because nothing new happens: those of the log would link its events to devices a second time.
 */
export async function moveRows (client: pg.ClientBase, { from, to, where }: { from: string, to: string, where: string | null }): Promise<void> {
  const { rows: [row] } = await client.query<{ columns: string }>(`
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
    WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`, [from])
  const insert = (source: string): string => `INSERT INTO ${to} (${row!.columns}) SELECT ${row!.columns} FROM ${source}`
  const { rows: triggers } = await client.query<{ name: string }>(`
    SELECT quote_ident(tgname) AS name FROM pg_trigger WHERE tgrelid = $1::regclass AND NOT tgisinternal AND tgenabled = 'O'`, [to])
  const each = (change: 'DISABLE' | 'ENABLE'): string => triggers.map(({ name }) => `ALTER TABLE ${to} ${change} TRIGGER ${name}`).join(';\n')
  await client.query(each('DISABLE'))
  await client.query(where === null ? insert(from) : `WITH moved AS (DELETE FROM ${from} WHERE ${where} RETURNING *) ${insert('moved')}`)
  await client.query(each('ENABLE'))
}
