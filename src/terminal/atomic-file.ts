import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { OperatorError } from '../domain/operator-error.ts'

/**
 * Writes a file completely or not at all, even if the power fails. `work` writes to a temporary file, through the stream; it
 * also gets its path. The file gets its final name when all of it is on disk. Throws an OperatorError if a file with this name
 * exists (unless `overwrite`), and if the file cannot be written.
 */
export async function writeAtomically<T> (file: string, { overwrite }: { overwrite: boolean }, work: (sink: Writable, path: string) => Promise<T>): Promise<T> {
  if (!overwrite) await refuseExisting(file)
  const directory = path.dirname(path.resolve(file))
  const partial = path.join(directory, `.${path.basename(file)}.partial-${randomBytes(4).toString('hex')}`)
  await withWriteErrors(file, async () => { await (await open(partial, 'wx', 0o600)).close() })
  const sink = createWriteStream(partial, { flags: 'r+' })
  // The writer gets this error. Without a listener, an error after the last write would end the process.
  sink.on('error', () => {})
  try {
    const result = await withWriteErrors(file, async () => {
      const done = await work(sink, partial)
      await sync(partial, 'r+')
      return done
    })
    await renameToFinal(partial, file, overwrite)
    // The new name must survive a power failure. Windows cannot sync a directory, and does not need to.
    if (process.platform !== 'win32') await sync(directory, 'r')
    return result
  } catch (error) {
    sink.destroy()
    await rm(partial, { force: true })
    throw error
  }
}

async function refuseExisting (file: string): Promise<void> {
  if (await stat(file).catch(() => undefined) !== undefined) throw fileExistsError(file)
}

async function renameToFinal (partial: string, file: string, overwrite: boolean): Promise<void> {
  if (overwrite) {
    await rename(partial, file)
    return
  }
  try {
    // Unlike a rename, a link fails if another process has created the file in the meantime.
    await link(partial, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw fileExistsError(file)
    // Some file systems, for example on USB sticks and network drives, have no hard links.
    await refuseExisting(file)
    await rename(partial, file)
    return
  }
  await rm(partial)
}

async function sync (file: string, flags: string): Promise<void> {
  const handle = await open(file, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function fileExistsError (file: string): OperatorError {
  return new OperatorError(`The file ${file} already exists: choose another name, or use --force to overwrite it.`)
}

async function withWriteErrors<T> (file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const reasons: Record<string, string> = {
      ENOSPC: 'the disk is full', EDQUOT: 'the disk quota is used up', EFBIG: 'the file is too large for the file system',
      ENOENT: 'the directory does not exist', ENOTDIR: 'part of the path is not a directory', EACCES: 'this user has no write permission there',
      EPERM: 'this user has no write permission there', EROFS: 'the file system is read-only'
    }
    const reason = reasons[(error as NodeJS.ErrnoException).code ?? '']
    throw reason === undefined ? error : new OperatorError(`${file} cannot be written: ${reason}. No file was created.`, { cause: error })
  }
}
