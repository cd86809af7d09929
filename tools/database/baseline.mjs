// Writes the second part of the baseline anew: the copy of prisma/sql. Only until the first release, because a migration that
// was released never changes. From then on `npm run db:migration` writes a further migration, and this file can go. The backup
// in test/fixtures gets the checksum of the new baseline, so that it stays a backup of this code.
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { createGzip } from 'node:zlib'
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
const order = await withServer(process.env.TEST_DATABASE_URL, (server) => withDatabase(server, undefined, (url) => inTransaction(url, async (client) => {
  await client.query(tables)
  return await applyInOrder(client, files)
})))
const copies = order.map((file) => `-- prisma/sql/${file.path}\n${file.text.trimEnd()}\n`)
await writeFile(path, `${tables}${mark.padEnd(119, '─')}\n\n${copies.join('\n')}`)
process.stdout.write(`Wrote ${path}: ${order.length} files of prisma/sql.\n`)
await stampFixture(fileURLToPath(new URL('../../test/fixtures/saved-lab.backup.gz', import.meta.url)), createHash('sha256').update(await readFile(path)).digest('hex'))

async function stampFixture (file, checksum) {
  let header
  const tables = new Map()
  for await (const part of partsOf(file)) {
    if (part.kind === 'header') header = part.header
    if (part.kind === 'table') tables.set(part.table.name, Buffer.concat(await chunksOf(part.rows)))
  }
  const [{ checksum: old }] = header.migrations
  const stamped = (text) => text.replaceAll(old, checksum)
  const text = writeText(JSON.parse(stamped(JSON.stringify(header))), ({ name }) => Readable.from([Buffer.from(stamped(tables.get(name).toString('utf8')))]), () => {})
  await pipeline(Readable.from(text), createGzip(), createWriteStream(file))
}

async function chunksOf (rows) {
  const chunks = []
  for await (const chunk of rows) chunks.push(chunk)
  return chunks
}
