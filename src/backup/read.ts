import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { OperatorError } from '../domain/operator-error.ts'
import { alteredError, type Contents, cutOffError, readText } from './format.ts'

/** Reads a backup to its end, and answers what it holds. Throws a OperatorError when it is none, cut off or altered. */
export async function readBackup (file: string | AsyncIterable<Buffer>): Promise<Contents> {
  for await (const part of partsOf(file)) {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars -- rows are counted as they pass
    if (part.kind === 'table') for await (const _rows of part.rows) continue
    if (part.kind === 'end') return part.contents
  }
  throw cutOffError()
}

/** The parts of a backup file; see readText. */
export async function * partsOf (file: string | AsyncIterable<Buffer>): ReturnType<typeof readText> {
  const source = typeof file === 'string' ? createReadStream(file) : file
  const gunzip = createGunzip()
  // the error comes out of the reading of `gunzip`
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
    throw explained(error, file)
  }
}

function explained (error: unknown, file: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return cutOffError()
  if (code === 'Z_DATA_ERROR' && message === 'incorrect header check') return new OperatorError('This file is no backup of platform-status.')
  if (code?.startsWith('Z_')) return alteredError()
  if (code === 'ENOENT' && typeof file === 'string') return new OperatorError(`There is no file ${file}.`)
  if (code === 'EISDIR' && typeof file === 'string') return new OperatorError(`${file} is a directory: name the backup file in it.`)
  return error
}
