import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { link, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Writable } from 'node:stream'
import { OperatorError } from '../domain/operator-error.ts'

/**
 * Lets `work` write a file (to the stream, which lies at the path given), and gives it its name when all of it is on disk:
 * there is never half a file under that name, also after a power failure. Throws a OperatorError when the name is taken.
 */
export async function writeAtomically<T> (file: string, { overwrite }: { overwrite: boolean }, work: (sink: Writable, path: string) => Promise<T>): Promise<T> {
  if (!overwrite) await refuseTaken(file)
  const directory = path.dirname(path.resolve(file))
  const partial = path.join(directory, `.${path.basename(file)}.partial-${randomBytes(4).toString('hex')}`)
  await explained(file, async () => { await (await open(partial, 'wx', 0o600)).close() })
  const sink = createWriteStream(partial, { flags: 'r+' })
  // whoever writes is told of it; when nobody does any more, nobody needs to know
  sink.on('error', () => {})
  try {
    const result = await explained(file, async () => {
      const done = await work(sink, partial)
      await sync(partial, 'r+')
      return done
    })
    await giveName(partial, file, overwrite)
    // the name itself must survive a power failure; Windows cannot, and needs not, do this
    if (process.platform !== 'win32') await sync(directory, 'r')
    return result
  } catch (error) {
    sink.destroy()
    await rm(partial, { force: true })
    throw error
  }
}

async function refuseTaken (file: string): Promise<void> {
  if (await stat(file).catch(() => undefined) !== undefined) throw taken(file)
}

async function giveName (partial: string, file: string, overwrite: boolean): Promise<void> {
  if (overwrite) {
    await rename(partial, file)
    return
  }
  try {
    // a link, unlike a rename, fails when somebody took the name meanwhile
    await link(partial, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw taken(file)
    // file systems of memory sticks and some of networks have no links
    await refuseTaken(file)
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

function taken (file: string): OperatorError {
  return new OperatorError(`There is a file ${file} already: choose another name, or say --force to overwrite it.`)
}

async function explained<T> (file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const why: Record<string, string> = {
      ENOSPC: 'the disk is full', EDQUOT: 'the disk quota is used up', EFBIG: 'the file system takes no file of this size',
      ENOENT: 'there is no such directory', ENOTDIR: 'it is no directory that it shall go to', EACCES: 'this user may not write there',
      EPERM: 'this user may not write there', EROFS: 'the file system is read-only'
    }
    const reason = why[(error as NodeJS.ErrnoException).code ?? '']
    throw reason === undefined ? error : new OperatorError(`${file} cannot be written: ${reason}. No file was made.`, { cause: error })
  }
}
