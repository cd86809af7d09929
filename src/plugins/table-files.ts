import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import plugin from 'fastify-plugin'
import { Readable } from 'node:stream'
import { invalid, problem } from '../contract/problems.ts'
import type { TableKind } from '../tables/columns.ts'
import { parquetByThread } from '../tables/parquet-thread.ts'
import { jsonArray, type JsonItem } from '../store/json-row.ts'
import type { Page } from '../store/pages.ts'
import { LargeRead } from '../store/read-size.ts'
import { nextPageOf } from './next-page.ts'

type PageQuery = { limit?: number, cursor?: string, count?: boolean }
type ReadPage<Q> = (query: Q) => Promise<Page<JsonItem<unknown>>>
type SendTable = <Q extends PageQuery> (request: FastifyRequest, reply: FastifyReply, kind: TableKind, query: Q, read: ReadPage<Q>) => Promise<Readable>

declare module 'fastify' {
  interface FastifyInstance {
    /** Answers a list as a Parquet file. */
    sendTable: SendTable
  }
  interface FastifyRequest {
    /** The answer is a file, which takes as long as its reader wants: how many rows it has by now. */
    file?: { rows: number }
  }
}

/** Each has a thread. */
const filesAtOnce = 2
/** As many rows as the longest page of a list has, so that a read for a file costs no more than one of those. */
const rowsOfRead = 500
/** A read for a file that has begun waits so long for its turn: it cannot be refused any more. */
const longestWaitMs = 60_000
/** The reader takes a piece in this time, or it has gone. Its place is for others. */
const longestStallMs = 60_000
const pieceBytes = 256 * 1024

/**
 * Writes lists as files. A file is made of many reads, and each takes its turn among the large ones; between them, the file holds neither a place nor a
 * connection, however slowly it is taken. If a read fails after the file has begun, the connection is cut, and the file lacks its end.
 */
export const tableFiles = plugin(async (app: FastifyInstance, { stallMs = longestStallMs }: { stallMs?: number }) => {
  let open = 0

  app.decorate('sendTable', async (request, reply, kind, query, read) => {
    // It has read nothing yet.
    if (request.readSize === 'small') throw new LargeRead()
    if (query.count === true) throw invalid({ in: 'query', parameter: 'count', detail: 'a file has no total; omit `count`, or ask for application/json' })
    if (open >= filesAtOnce) throw problem('too-busy', `${filesAtOnce} files are being written already. Retry when one of them is done.`)
    open += 1
    let close = (): void => {
      open -= 1
      close = () => {}
    }
    try {
      const first = await read({ ...query, limit: request.method === 'HEAD' ? 1 : query.limit ?? rowsOfRead })
      if (query.limit !== undefined && first.next_cursor !== null) reply.header('link', nextPageOf(request.url, first.next_cursor))
      if (request.method === 'HEAD') {
        close()
        return Readable.from([])
      }
      const counted = request.file = { rows: 0 }

      async function * pages (): AsyncGenerator<string> {
        for (let page = first; ;) {
          counted.rows += page.items.length
          yield jsonArray(page.items)
          const cursor = page.next_cursor
          if (cursor === null || query.limit !== undefined) return
          page = await app.largeReadOf(request, async () => await read({ ...query, cursor, limit: rowsOfRead }), longestWaitMs)
        }
      }

      const onStall = (): void => { file.destroy(new Error('The reader of the file has taken nothing for too long.')) }
      const file: Readable = Readable.from(inPieces(parquetByThread(kind, pages()), stallMs, onStall), { objectMode: false })
      return file.once('close', () => close())
    } catch (error) {
      close()
      throw error
    }
  })
}, { name: 'table-files' })

async function * inPieces (source: AsyncIterable<Uint8Array>, stallMs: number, onStall: () => void): AsyncGenerator<Uint8Array> {
  for await (const bytes of source) {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const timer = setTimeout(onStall, stallMs).unref()
      try {
        yield bytes.subarray(at, at + pieceBytes)
      } finally {
        clearTimeout(timer)
      }
    }
  }
}
