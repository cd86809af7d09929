import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { invalid } from '../contract/problems.ts'

/** Query parameters that are no percent-encoded UTF-8 are refused; the framework would take them as they stand. */
export const queryEncoding = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', ({ url }, _reply, done) => {
    const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
    const wrong = query.includes('%') ? query.split('&').find((pair) => !isEncoded(pair)) : undefined
    done(wrong === undefined ? undefined : invalid({
      in: 'query', parameter: wrong.split('=')[0]!, detail: 'must be percent-encoded UTF-8: write a percent sign as %25'
    }))
  })
}, { name: 'parameters' })

function isEncoded (text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
