import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { invalid } from '../contract/problems.ts'

/** Refuses query parameters that are not percent-encoded UTF-8. Fastify would use them undecoded. */
export const queryEncoding = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', ({ url }, _reply, done) => {
    const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
    const invalidPair = query.includes('%') ? query.split('&').find((pair) => !isEncoded(pair)) : undefined
    done(invalidPair === undefined ? undefined : invalid({
      in: 'query', parameter: invalidPair.split('=')[0]!, detail: 'must be percent-encoded UTF-8: write a percent sign as %25'
    }))
  })
}, { name: 'query-encoding' })

function isEncoded (text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
