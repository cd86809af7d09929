import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { OperatorError } from '../domain/operator-error.ts'
import { alteredError, type Contents, cutOffError, readText } from './format.ts'

/** Reads and verifies a whole backup, and returns its contents. Throws an OperatorError if it is not a complete, undamaged backup. */
export async function readBackup (file: string | AsyncIterable<Buffer>): Promise<Contents> {
  for await (const part of partsOf(file)) {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- rows are counted as they pass
    if (part.kind === 'table') for await (const _rows of part.rows) continue
    if (part.kind === 'end') return part.contents
  }
  throw cutOffError()
}

/** Yields the parts of a compressed backup; see readText. */
export async function * partsOf (file: string | AsyncIterable<Buffer>): ReturnType<typeof readText> {
  const source = typeof file === 'string' ? createReadStream(file) : file
  const gunzip = createGunzip()
  // The reader of `gunzip` gets the error.
  pipeline(source, gunzip, () => {})
  try {
    yield * readText(chunksOf(gunzip, file))
  } finally {
    gunzip.destroy()
  }
}

async function * chunksOf (gunzip: AsyncIterable<Buffer>, file: unknown): AsyncGenerator<Buffer> {
  try {
    yield * gunzip
  } catch (error) {
    throw toOperatorError(error, file)
  }
}

function toOperatorError (error: unknown, file: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return cutOffError()
  if (code === 'Z_DATA_ERROR' && message === 'incorrect header check') return new OperatorError('This file is not a backup of platform-status.')
  if (code?.startsWith('Z_')) return alteredError()
  if (code === 'ENOENT' && typeof file === 'string') return new OperatorError(`The file ${file} does not exist.`)
  if (code === 'EISDIR' && typeof file === 'string') return new OperatorError(`${file} is a directory: give the path of a backup file.`)
  return error
}
