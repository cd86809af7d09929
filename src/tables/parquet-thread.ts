import { once } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { TableKind } from './columns.ts'

/** Enough for a group of rows with large cells. */
const memoryMiB = 768

const program = new URL(`./parquet-worker${extname(import.meta.url)}`, import.meta.url)

/** What the thread is told: a list of rows as JSON, or null at the end. It answers with what can be written to the file. */
export type ToThread = string | null

/**
 * Pages of rows, each a list as JSON, as a Parquet file. A group of rows takes a good part of a second to write, so a thread does it, and the event loop is
 * free. The pages are read as fast as the file is taken. All memory of the thread is free after it ends.
 */
export async function * parquetByThread (kind: TableKind, pages: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  const thread = new Worker(program, { workerData: kind, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: memoryMiB } })
  const failed = new Promise<never>((_resolve, reject) => {
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('The thread that writes the file ended early.')))
  })
  // it is looked at with the next page
  failed.catch(() => {})
  async function answered (message: ToThread): Promise<Uint8Array> {
    thread.postMessage(message)
    const [bytes] = await Promise.race([once(thread, 'message'), failed]) as [Uint8Array]
    return bytes
  }
  try {
    for await (const page of pages) {
      const bytes = await answered(page)
      if (bytes.length > 0) yield bytes
    }
    yield await answered(null)
  } finally {
    await thread.terminate()
  }
}
