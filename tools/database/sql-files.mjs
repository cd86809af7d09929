// The files of prisma/sql: each defines one function, view or set of triggers, as it is now.
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, sep } from 'node:path'
import { keyOf, readCatalogue } from './catalogue.mjs'

/**
 * @typedef {object} SqlFile
 * @property {string} path below prisma/sql: `container/move_container.sql`
 * @property {string} name what it defines: `move_container`
 * @property {string} text
 * @property {string[]} things the keys of what it made in the catalogue, once it was applied
 */

/** @returns {Promise<SqlFile[]>} the files in the order of their paths */
export async function readSqlFiles (directory) {
  const entries = await readdir(directory, { recursive: true })
  const paths = entries.filter((path) => path.endsWith('.sql')).map((path) => path.split(sep).join('/')).sort()
  return await Promise.all(paths.map(async (path) => (
    { path, name: basename(path, '.sql'), text: await readFile(join(directory, path), 'utf8'), things: [] })))
}

/**
 * Applies files in an order in which each finds what it refers to: a file that fails is tried again after the others. Must
 * be called in a transaction. Throws the error of the first file that fails for good, with the file as `file`; `onError`
 * may throw earlier.
 * @returns {Promise<SqlFile[]>} the files in that order
 */
export async function applyInOrder (client, files, onError = () => {}) {
  const order = []
  let left = [...files]
  while (left.length > 0) {
    const failed = []
    for (const file of left) {
      const error = await applyOne(client, file)
      if (error === undefined) order.push(file)
      else {
        onError(error, file)
        failed.push({ file, error })
      }
    }
    if (failed.length === left.length) throw Object.assign(failed[0].error, { file: failed[0].file, message: `${failed[0].file.path}: ${failed[0].error.message}` })
    left = failed.map(({ file }) => file)
  }
  return order
}

async function applyOne (client, { text }) {
  await client.query('SAVEPOINT file')
  try {
    await client.query(text)
    await client.query('RELEASE SAVEPOINT file')
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT file')
    return error
  }
}

/** Applies files to a database that has nothing of them, and notes for each what it made. Must be called in a transaction. */
export async function applyAndNote (client, files) {
  const order = await applyInOrder(client, files)
  const things = await readCatalogue(client)
  for (const file of order) file.things = namedIn(file, things)
  return order
}

// a file defines the function or view of its name, and the triggers that its statements name
function namedIn ({ name, text }, things) {
  return things.filter((thing) => thing.fromFile && (thing.kind === 'trigger'
    ? new RegExp(`^CREATE OR REPLACE TRIGGER ${thing.name}\\b`, 'm').test(text)
    : thing.name === name)).map(keyOf)
}

/** What is wrong with the form of a file, as sentences. */
export function faultsOf (file) {
  const faults = []
  if (file.path.split('/').length !== 2) faults.push('it must be in the folder of its noun: prisma/sql/<noun>/<thing>.sql')
  if (!/^--\s+\S/.test(file.text)) faults.push('it must begin with a comment that says what it promises')
  const statements = statementsOf(file.text)
  for (const statement of statements) {
    if (!/^(CREATE OR REPLACE (FUNCTION|PROCEDURE|VIEW|TRIGGER)|COMMENT ON) /.test(statement)) {
      faults.push(`it may only have CREATE OR REPLACE of functions, views and triggers, and COMMENT ON, not "${statement.slice(0, 40)}"; settings belong into the definition`)
    }
  }
  const names = new Set(statements.map((statement) => /^CREATE OR REPLACE (?:FUNCTION|PROCEDURE|VIEW) (\w+)/.exec(statement)?.[1]).filter(Boolean))
  if (names.size !== 1 || !names.has(file.name)) faults.push(`it must define ${file.name} and nothing else, not ${[...names].join(', ') || 'nothing'}`)
  return faults
}

/** The statements of a text, without comments and without the bodies of functions. */
function statementsOf (text) {
  return text.replaceAll(/(\$\w*\$)[\s\S]*?\1/g, '$$$$').replaceAll(/--.*$/gm, '').split(';').map((statement) => statement.trim()).filter((statement) => statement !== '')
}
