// `npm run db:migration -- NAME` writes a migration that brings a database from the present migrations to prisma/sql, or says
// that there is nothing to do. `--check` writes nothing: it tells the difference and what is wrong with the files, and ends
// with 1 if there is any.
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { withServer } from './databases.mjs'
import { readDifference } from './difference.mjs'
import { faultsOf, readSqlFiles } from './sql-files.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const { values, positionals } = parseArgs({ allowPositionals: true, options: {
  check: { type: 'boolean', default: false },
  migrations: { type: 'string', default: join(root, 'prisma', 'migrations') },
  sql: { type: 'string', default: join(root, 'prisma', 'sql') },
  // a server on which databases may be made, in place of one that is brought up and thrown away
  server: { type: 'string' }
} })

try {
  process.exitCode = await (values.check ? check() : write(positionals))
} catch (error) {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

async function check () {
  const faults = await readFaults()
  const lines = faults.length > 0 ? faults : told(await read())
  process.stdout.write(lines.length === 0 ? 'nothing to do\n' : `${lines.join('\n')}\n`)
  return lines.length === 0 ? 0 : 1
}

async function write ([name, ...more]) {
  if (name === undefined || more.length > 0 || !/^[a-z0-9_]+$/.test(name)) {
    process.stderr.write('Give the migration one name of lower-case letters, digits and underscores: npm run db:migration -- add_centrifuges\n')
    return 2
  }
  const faults = await readFaults()
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const difference = await read()
  if (difference.migration === '') {
    process.stdout.write('nothing to do\n')
    return 0
  }
  const folder = join(values.migrations, `${await nextTimestamp()}_${name}`)
  await mkdir(folder)
  await writeFile(join(folder, 'migration.sql'), difference.migration)
  process.stdout.write(`${told(difference).join('\n')}\n\nWrote ${join(folder, 'migration.sql')}. Read it before you commit it.\n`)
  return 0
}

async function read () {
  return await withServer(values.server, (server) => readDifference({ server, migrations: values.migrations, sql: values.sql }))
}

/** What is wrong with the form of the files; until that is right, nothing is compared. */
async function readFaults () {
  for (const directory of [values.migrations, values.sql]) if (!existsSync(directory)) throw new Error(`There is no directory ${directory}.`)
  const files = await readSqlFiles(values.sql)
  const names = files.map(({ name }) => name)
  const twice = files.filter(({ name }) => names.filter((other) => other === name).length > 1)
  return [
    ...files.flatMap((file) => faultsOf(file).map((fault) => `prisma/sql/${file.path}: ${fault}`)),
    ...twice.map(({ path, name }) => `prisma/sql/${path}: another file defines ${name} too`)
  ]
}

function told ({ added, changed, removed }) {
  return [
    ...added.map((key) => `new: ${key} is in prisma/sql, and no migration makes it`),
    ...changed.map((key) => `changed: ${key} is not what the migrations make`),
    ...removed.map((key) => `orphan: ${key} is made by the migrations, and no file of prisma/sql defines it`)
  ]
}

/** The time in UTC, as Prisma names its folders; after the last one, whatever the clock says. */
async function nextTimestamp () {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const last = (await readdir(values.migrations)).map((name) => /^\d{14}/.exec(name)?.[0] ?? '').sort().at(-1) ?? ''
  return now > last ? now : String(BigInt(last) + 1n)
}
