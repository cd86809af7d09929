// Writes the second part of the baseline anew: the copy of prisma/sql. Only until the first release, because a migration that
// was released never changes. From then on `npm run db:migration` writes a further migration, and this file can go. The backup
// in test/fixtures gets the checksum of the new baseline, and the columns and tables that are new there with their defaults, so
// that it stays a backup of this code.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
import { from, to } from 'pg-copy-streams'
import { copyIn, copyOut, readTables, triggerSwitches } from '../../dist/src/backup/catalogue.sql.js'
import { writeText } from '../../dist/src/backup/format.js'
import { partsOf } from '../../dist/src/backup/read.js'
import { inTransaction, withDatabase, withServer } from './databases.mjs'
import { applyInOrder, readSqlFiles } from './sql-files.mjs'

const prisma = fileURLToPath(new URL('../../prisma/', import.meta.url))
const [folder, ...others] = (await readdir(join(prisma, 'migrations'))).filter((name) => /^\d{14}_/.test(name)).sort()
if (others.length > 0) throw new Error(`There are migrations after the baseline (${others.join(', ')}): it is final.`)
const path = join(prisma, 'migrations', folder, 'migration.sql')
const mark = '-- ── prisma/sql '
const tables = (await readFile(path, 'utf8')).split(mark)[0]

const files = await readSqlFiles(join(prisma, 'sql'))
const fixture = fileURLToPath(new URL('../../test/fixtures/saved-lab.backup.gz', import.meta.url))
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

/** The header and the rows of a backup, as they are after they were filled into the present tables. */
async function refilled (client, file) {
  let header
  for (const { off } of [await triggerSwitches(client)]) for (const statement of off) await client.query(statement)
  const present = await readTables(client)
  // The migrations themselves put rows there.
  for (const { name } of present.toReversed()) await client.query(`DELETE FROM "${name}"`)
  const rowsOf = new Map()
  for await (const part of partsOf(file)) {
    if (part.kind === 'header') header = part.header
    if (part.kind !== 'table') continue
    const rows = await chunksOf(part.rows)
    // The list of migrations is no table of theirs.
    if (present.some(({ name }) => name === part.table.name)) await pipeline(Readable.from(rows), client.query(from(copyIn(part.table))))
    else rowsOf.set(part.table.name, { table: part.table, text: Buffer.concat(rows) })
  }
  for (const table of present) {
    rowsOf.set(table.name, { table: { name: table.name, columns: table.columns }, text: Buffer.concat(await chunksOf(client.query(to(copyOut(table))))) })
  }
  return { header: { ...header, tables: [...rowsOf.values()].map(({ table }) => table) }, rowsOf }
}

async function writeFixture (file, { header, rowsOf }, checksum) {
  const [{ checksum: old }] = header.migrations
  const stamped = (text) => text.replaceAll(old, checksum)
  const text = writeText(JSON.parse(stamped(JSON.stringify(header))), ({ name }) => Readable.from([Buffer.from(stamped(rowsOf.get(name).text.toString('utf8')))]), () => {})
  await pipeline(Readable.from(text), createGzip(), createWriteStream(file))
}

async function chunksOf (rows) {
  const chunks = []
  for await (const chunk of rows) chunks.push(chunk)
  return chunks
}
