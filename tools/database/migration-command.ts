// What `npm run db:migration` does. The tests call it in their own process.
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { projectRoot } from '../../src/project-root.ts'
import { withServer } from './databases.ts'
import { type Difference, readDifference } from './difference.ts'
import { faultsOf, readSqlFiles } from './sql-files.ts'

type Directories = { migrations: string, sql: string }
type Options = Directories & { server: string | undefined, template: string | undefined }
export type Output = { out: (text: string) => void, err: (text: string) => void }

/**
 * Writes a migration that makes the migrated schema equal to prisma/sql, or prints that there is nothing to do. With `--check` it writes nothing: it
 * prints the difference and the faults of the files. Returns the exit code: 0 success, 1 a difference or an error, 2 wrong arguments.
 */
export async function dbMigration (args: readonly string[], { out, err }: Output): Promise<number> {
  try {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: {
      check: { type: 'boolean', default: false },
      migrations: { type: 'string', default: join(projectRoot, 'prisma', 'migrations') },
      sql: { type: 'string', default: join(projectRoot, 'prisma', 'sql') },
      // A server on which databases may be created. Without it, a temporary server is started.
      server: { type: 'string' },
      // A database of that server in which the first migrations are applied. A copy of it is faster than an empty database.
      template: { type: 'string' }
    } })
    const options = { migrations: values.migrations, sql: values.sql, server: values.server, template: values.template }
    if (values.check) return await check(options, out)
    const [name, ...more] = positionals
    if (name === undefined || more.length > 0 || !/^[a-z0-9_]+$/.test(name)) {
      err('Give the migration one name of lower-case letters, digits and underscores: npm run db:migration -- add_centrifuges\n')
      return 2
    }
    return await write(name, options, out)
  } catch (error) {
    err(`${(error as Error).message}\n`)
    return 1
  }
}

async function check (options: Options, out: Output['out']): Promise<number> {
  const faults = await readFaults(options)
  const lines = faults.length > 0 ? faults : linesOf(await read(options))
  out(lines.length === 0 ? 'nothing to do\n' : `${lines.join('\n')}\n`)
  return lines.length === 0 ? 0 : 1
}

async function write (name: string, options: Options, out: Output['out']): Promise<number> {
  const faults = await readFaults(options)
  if (faults.length > 0) throw new Error(faults.join('\n'))
  const difference = await read(options)
  if (difference.migration === '') {
    out('nothing to do\n')
    return 0
  }
  const folder = join(options.migrations, `${await nextTimestamp(options)}_${name}`)
  await mkdir(folder)
  await writeFile(join(folder, 'migration.sql'), difference.migration)
  out(`${linesOf(difference).join('\n')}\n\nWrote ${join(folder, 'migration.sql')}. Read it before you commit it.\n`)
  return 0
}

async function read ({ server, ...directories }: Options): Promise<Difference> {
  return await withServer(server, (url) => readDifference({ server: url, ...directories }))
}

/** What is wrong with the form of the files. Until it is right, nothing is compared. */
async function readFaults ({ migrations, sql }: Directories): Promise<string[]> {
  for (const directory of [migrations, sql]) if (!existsSync(directory)) throw new Error(`There is no directory ${directory}.`)
  const files = await readSqlFiles(sql)
  const names = files.map(({ name }) => name)
  const twice = files.filter(({ name }) => names.filter((other) => other === name).length > 1)
  return [
    ...files.flatMap((file) => faultsOf(file).map((fault) => `prisma/sql/${file.path}: ${fault}`)),
    ...twice.map(({ path, name }) => `prisma/sql/${path}: another file defines ${name} too`)
  ]
}

function linesOf ({ added, changed, removed }: Difference): string[] {
  return [
    ...added.map((key) => `new: ${key} is in prisma/sql, and no migration makes it`),
    ...changed.map((key) => `changed: ${key} is not what the migrations make`),
    ...removed.map((key) => `orphan: ${key} is made by the migrations, and no file of prisma/sql defines it`)
  ]
}

/** The time in UTC, as Prisma names its folders. It is after the last migration, even if the clock is behind. */
async function nextTimestamp ({ migrations }: Directories): Promise<string> {
  const now = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14)
  const last = (await readdir(migrations)).map((name) => /^\d{14}/.exec(name)?.[0] ?? '').sort().at(-1) ?? ''
  return now > last ? now : String(BigInt(last) + 1n)
}
