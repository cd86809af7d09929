// `npm run db:baseline` writes the second part of the baseline again: the copy of prisma/sql. Only until the first release, because a released
// migration never changes. From then on `npm run db:migration` writes a new migration, and this file can be deleted. The backup in test/fixtures gets
// the checksum of the new baseline, and new columns and tables with their defaults, so that it remains a backup of this code.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type pg from 'pg'
import { from, to } from 'pg-copy-streams'
import { copyIn, copyOut, quoted, readTables, triggerStatements } from '../../src/backup/catalogue.sql.ts'
import { type Header, type SavedTable, writeText } from '../../src/backup/format.ts'
import { partsOf } from '../../src/backup/read.ts'
import { projectRoot } from '../../src/project-root.ts'
import { inTransaction, withDatabase, withServer } from './databases.ts'
import { applyInOrder, readSqlFiles } from './sql-files.ts'

type Backup = { header: Header, rows: ReadonlyMap<string, Buffer> }

const migrations = join(projectRoot, 'prisma', 'migrations')
const [folder, ...others] = (await readdir(migrations)).filter((name) => /^\d{14}_/.test(name)).sort()
if (others.length > 0) throw new Error(`There are migrations after the baseline (${others.join(', ')}): it is final.`)
const path = join(migrations, folder!, 'migration.sql')
const mark = '-- ── prisma/sql '
const tables = (await readFile(path, 'utf8')).split(mark)[0]!

const files = await readSqlFiles(join(projectRoot, 'prisma', 'sql'))
const fixture = join(projectRoot, 'test', 'fixtures', 'saved-lab.backup.gz')
const { order, saved } = await withServer(process.env.TEST_DATABASE_URL, (server) => withDatabase(server, undefined, (url) =>
  inTransaction(url, async (client) => {
    await client.query(tables)
    const order = await applyInOrder(client, files)
    return { order, saved: await refilled(client, fixture) }
  })))
const copies = order.map((file) => `-- prisma/sql/${file.path}\n${file.text.trimEnd()}\n`)
await writeFile(path, `${tables}${mark.padEnd(119, '─')}\n\n${copies.join('\n')}`)
process.stdout.write(`Wrote ${path}: ${order.length} files of prisma/sql.\n`)
await writeFixture(fixture, saved, createHash('sha256').update(await readFile(path)).digest('hex'))

/** The header and the rows of a backup after they were filled into the present tables. */
async function refilled (client: pg.ClientBase, file: string): Promise<Backup> {
  for (const statement of (await triggerStatements(client)).off) await client.query(statement)
  const present = await readTables(client)
  // The migrations themselves insert rows.
  for (const { name } of present.toReversed()) await client.query(`DELETE FROM ${quoted(name)}`)
  let header: Header | undefined
  const rows = new Map<string, Buffer>()
  const kept: SavedTable[] = []
  for await (const part of partsOf(file)) {
    if (part.kind === 'header') header = part.header
    if (part.kind !== 'table') continue
    const { table } = part
    const chunks = await chunksOf(part.rows)
    // The list of applied migrations is a table that the migrations do not create.
    if (present.some(({ name }) => name === table.name)) await pipeline(Readable.from(chunks), client.query(from(copyIn(table))))
    else {
      kept.push(table)
      rows.set(table.name, Buffer.concat(chunks))
    }
  }
  for (const table of present) rows.set(table.name, Buffer.concat(await chunksOf(client.query(to(copyOut(table))))))
  return { header: { ...header!, tables: [...kept, ...present.map(({ name, columns }) => ({ name, columns }))] }, rows }
}

async function writeFixture (file: string, { header, rows }: Backup, checksum: string): Promise<void> {
  const old = header.migrations[0]!.checksum
  const stamped = (text: string): string => text.replaceAll(old, checksum)
  const rowsOf = ({ name }: SavedTable): Readable => Readable.from([Buffer.from(stamped(rows.get(name)!.toString('utf8')))])
  await pipeline(Readable.from(writeText(JSON.parse(stamped(JSON.stringify(header))) as Header, rowsOf, () => {})), createGzip(), createWriteStream(file))
}

async function chunksOf (rows: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of rows) chunks.push(chunk)
  return chunks
}
