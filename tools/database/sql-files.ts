// The files of prisma/sql. Each defines one function, view or set of triggers, as it is now.
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import type pg from 'pg'
import { keyOf, readCatalogue, type Thing } from './catalogue.ts'

/**
 * `path` is below prisma/sql, as `container/move_container.sql`. `name` is what the file defines. `things` are the keys of what it created, once it
 * was applied.
 */
export type SqlFile = { path: string, name: string, text: string, things: string[] }

/** The files in the order of their paths. */
export async function readSqlFiles (directory: string): Promise<SqlFile[]> {
  const entries = await readdir(directory, { recursive: true })
  const paths = entries.filter((path) => path.endsWith('.sql')).map((path) => path.split(sep).join('/')).sort()
  return await Promise.all(paths.map(async (path) => (
    { path, name: basename(path, '.sql'), text: await readFile(join(directory, path), 'utf8'), things: [] })))
}

/**
 * Applies files in an order in which each finds what it refers to, and returns them in this order. A file that fails is tried again after
 * the others. Call it in a transaction. Throws the error of the first file that fails for good, with the path of the file. `onError` may
 * throw earlier.
 */
export async function applyInOrder (
  client: pg.ClientBase, files: readonly SqlFile[], onError: (error: Error, file: SqlFile) => void = () => {}
): Promise<SqlFile[]> {
  const order: SqlFile[] = []
  let left = [...files]
  while (left.length > 0) {
    const failed: { file: SqlFile, error: Error }[] = []
    for (const file of left) {
      const error = await applyOne(client, file)
      if (error === undefined) order.push(file)
      else {
        onError(error, file)
        failed.push({ file, error })
      }
    }
    const [first] = failed
    if (first !== undefined && failed.length === left.length) throw Object.assign(first.error, { message: `${first.file.path}: ${first.error.message}` })
    left = failed.map(({ file }) => file)
  }
  return order
}

async function applyOne (client: pg.ClientBase, { text }: SqlFile): Promise<Error | undefined> {
  await client.query('SAVEPOINT file')
  try {
    await client.query(text)
    await client.query('RELEASE SAVEPOINT file')
    return undefined
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT file')
    return error as Error
  }
}

/**
 * Applies files to a database that has nothing of them. Returns them in an order in which they can be applied, each with what it created, and
 * everything that is in the schema then. Call it in a transaction.
 */
export async function applyAndNote (client: pg.ClientBase, files: readonly SqlFile[]): Promise<{ files: SqlFile[], things: Thing[] }> {
  const order = await applyInOrder(client, files)
  const things = await readCatalogue(client)
  for (const file of order) file.things = namedIn(file, things)
  return { files: order, things }
}

// A file defines the function or view of its name, and the triggers that its statements name.
function namedIn ({ name, text }: SqlFile, things: readonly Thing[]): string[] {
  return things.filter((thing) => thing.fromFile && (thing.kind === 'trigger'
    ? new RegExp(`^CREATE OR REPLACE TRIGGER ${thing.name}\\b`, 'm').test(text)
    : thing.name === name)).map(keyOf)
}

/** What is wrong with the form of a file, as sentences. */
export function faultsOf (file: SqlFile): string[] {
  const faults: string[] = []
  if (file.path.split('/').length !== 2) faults.push('it must be in the folder of its noun: prisma/sql/<noun>/<thing>.sql')
  if (!/^--\s+\S/.test(file.text)) faults.push('it must begin with a comment that says what it promises')
  const statements = statementsOf(file.text)
  for (const statement of statements) {
    if (!/^(CREATE OR REPLACE (FUNCTION|PROCEDURE|VIEW|TRIGGER)|COMMENT ON) /.test(statement)) {
      faults.push(`it may only have CREATE OR REPLACE of functions, views and triggers, and COMMENT ON, not "${statement.slice(0, 40)}"; settings belong into the definition`)
    }
  }
  const names = new Set(statements.map((statement) => /^CREATE OR REPLACE (?:FUNCTION|PROCEDURE|VIEW) (\w+)/.exec(statement)?.[1]).filter((name) => name !== undefined))
  if (names.size !== 1 || !names.has(file.name)) faults.push(`it must define ${file.name} and nothing else, not ${[...names].join(', ') || 'nothing'}`)
  return faults
}

/** The statements of a text, without comments and without the bodies of functions. */
function statementsOf (text: string): string[] {
  return text.replaceAll(/(\$\w*\$)[\s\S]*?\1/g, '$$$$').replaceAll(/--.*$/gm, '').split(';').map((statement) => statement.trim()).filter((statement) => statement !== '')
}
