import type { FastifyReply } from 'fastify'
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { slices } from '../domain/slices.ts'
import { etagOf } from './etag.ts'

/** A text that can be long, in pieces, and its ETag. */
export type LongText = { readonly pieces: readonly string[], readonly tag: string }

/** Shorter pieces are joined, in characters. */
const leastPiece = 16_384

/** Makes a text of pieces that take some milliseconds each. The requests of others come between them. `version` is that of the object. */
export async function longText (made: Iterable<string>, version: number | null = null): Promise<LongText> {
  const yieldToRequests = slices()
  const digest = createHash('sha1')
  const pieces: string[] = []
  let short = ''
  const take = (piece: string): void => {
    digest.update(piece)
    pieces.push(piece)
  }
  for (const piece of made) {
    short += piece
    if (short.length >= leastPiece) {
      take(short)
      short = ''
    }
    await yieldToRequests()
  }
  if (short !== '' || pieces.length === 0) take(short)
  return { pieces, tag: etagOf(digest, version) }
}

/** What a route returns to send the text. The `Content-Type` must have been set. A long text is sent piece by piece, as fast as the client takes it. */
export function sendLongText (reply: FastifyReply, { pieces, tag }: LongText): string | Readable {
  reply.tagOfPieces = tag
  if (pieces.length === 1) return pieces[0]!
  reply.header('content-length', pieces.reduce((bytes, piece) => bytes + Buffer.byteLength(piece), 0))
  return Readable.from(pieces, { objectMode: false })
}
