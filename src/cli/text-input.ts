import { readFile } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { encodingFault } from '../domain/text-encoding.ts'
import { usageError } from './exit-codes.ts'
import type { CommandIo } from './io.ts'

/** The lines of a file, or of standard input if its name is -, without the empty ones at the end. Throws a CommandError. */
export async function inputLines (io: CommandIo, file: string): Promise<string[]> {
  const bytes = file === '-' ? await buffer(io.in) : await contentOf(file)
  const fault = encodingFault(bytes)
  if (fault !== null) throw usageError(file === '-' ? `Standard input ${fault}. Convert it to UTF-8.` : `The file ${file} ${fault}. Save it as UTF-8.`)
  const lines = bytes.toString('utf8').replace(/^\uFEFF/, '').trimEnd()
  return lines === '' ? [] : lines.split(/\r?\n/)
}

async function contentOf (file: string): Promise<Buffer> {
  return await readFile(file).catch((error: unknown) => {
    throw usageError(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`)
  })
}
