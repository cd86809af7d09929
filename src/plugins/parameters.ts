import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { invalid } from '../problems.ts'

/** Query parameters that are no percent-encoded UTF-8 are refused; the framework would take them as they stand. */
export const parameters = plugin(async (app: FastifyInstance) => {
  app.addHook('onRequest', async ({ url }) => {
    const query = url.slice(url.indexOf('?') + 1)
    if (query === url || !query.includes('%')) return
    for (const pair of query.split('&')) {
      if (isEncoded(pair)) continue
      throw invalid({ in: 'query', parameter: pair.split('=')[0]!, detail: 'must be percent-encoded UTF-8: write a percent sign as %25' })
    }
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
