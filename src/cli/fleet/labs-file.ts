import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { databaseUrlFault } from '../../domain/database-url.ts'
import { keyCharactersFault } from '../../domain/keys.ts'
import { addressOf } from '../client.ts'
import { usageError } from '../exit-codes.ts'

/** A lab of a fleet. The key and the URL of the database are in files of their own, because they are secrets. */
export type FleetLab = { name: string, url: string, key: string | null, database_url: string | null }

const members = ['name', 'url', 'key_file', 'database_url_file']
const example = 'labs:\n  - name: north\n    url: http://north:8000\n    key_file: north.key\n'

/** Reads a file of labs. Paths in it begin at its folder. Throws a CommandError that says what is wrong with which lab. */
export async function readLabs (file: string): Promise<FleetLab[]> {
  const text = await readText(file, `the file of labs ${file}`)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  const [fault] = document.errors
  if (fault !== undefined) throw usageError(`${file}, line ${lines.linePos(fault.pos[0]).line}: ${fault.message.split('\n')[0]!}`)
  const content = plain(document, file)
  const labs = isObject(content) ? content.labs : undefined
  if (!Array.isArray(labs) || labs.length === 0) throw usageError(`${file} must have a list of labs, such as:\n${example}`)
  const others = Object.keys(content as object).filter((name) => name !== 'labs')
  if (others.length > 0) throw usageError(`${file} has the unknown member "${others[0]!}". It has only "labs".`)
  const read = await Promise.all(labs.map(async (lab: unknown, index) => await readLab(lab, `${file}, lab ${index + 1}`, dirname(file))))
  const twice = read.find(({ name }, index) => read.findIndex((other) => other.name === name) < index)
  if (twice !== undefined) throw usageError(`${file} has two labs named "${twice.name}": give each its own name.`)
  return read
}

async function readLab (lab: unknown, where: string, folder: string): Promise<FleetLab> {
  if (!isObject(lab)) throw usageError(`${where} must have a name and a url.`)
  const unknown = Object.keys(lab).find((name) => !members.includes(name))
  if (unknown !== undefined) throw usageError(`${where} has the unknown member "${unknown}". A lab has ${members.join(', ')}.`)
  for (const name of members) {
    const value = lab[name]
    if (value === undefined && name.endsWith('_file')) continue
    if (typeof value !== 'string' || value.trim() === '') throw usageError(`${where}: "${name}" must be a text.`)
  }
  const { name, url, key_file, database_url_file } = lab as Record<string, string | undefined>
  // It is the name of a file of `fleet backup`, and a label of `fleet metrics`.
  if (!/^[\w][\w.-]{0,62}$/.test(name!)) throw usageError(`${where}: the name "${name!}" must be letters, digits, "-", "_" and ".", 63 at most.`)
  return {
    name: name!, url: addressOf({}, url),
    key: await readSecret(key_file, folder, `${where}: the key_file`, keyCharactersFault),
    database_url: await readSecret(database_url_file, folder, `${where}: the database_url_file`, databaseUrlFault)
  }
}

/** The values of the file. An alias can stand for any amount of data, so there are none. */
function plain (document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch {
    throw usageError(`${file} has an alias (*name). Write the value again instead.`)
  }
}

/** The one line of a file with a secret. It is checked here, because an error of who uses it could show it. */
async function readSecret (file: string | undefined, folder: string, what: string, faultOf: (secret: string) => string | null): Promise<string | null> {
  if (file === undefined) return null
  const secret = (await readText(resolve(folder, file), `${what} ${file}`)).trim()
  if (!/^[!-~]+$/.test(secret)) throw usageError(`${what} ${file} must have one line, without spaces.`)
  const fault = faultOf(secret)
  if (fault !== null) throw usageError(`${what} ${file}: its text ${fault}.`)
  return secret
}

async function readText (file: string, what: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: unknown) => { throw usageError(`${what} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}).`) })
}

function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
