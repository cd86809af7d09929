import { isUtf8 } from 'node:buffer'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import { unstorable } from '../domain/values.ts'
import { invalid, problem } from '../problems.ts'

/** JSON bodies: UTF-8, well-formed text, finite numbers, no deeper than anything here is; what cannot be stored is told with its place. */
export const bodies = plugin(async (app: FastifyInstance) => {
  const parseJson = app.getDefaultJsonParser('error', 'error')

  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    let text: string
    try {
      text = textOf(body)
    } catch (error) {
      done(error as Error)
      return
    }
    void parseJson(request, text, (error, value) => {
      if (error) {
        done(text === '' ? error : problem('malformed-body', `The body is not valid JSON: ${error.message}.`))
        return
      }
      const fault = unstorable(value)
      if (fault) done(invalid({ in: 'body', ...fault }))
      else done(null, value)
    })
  })
}, { name: 'bodies' })

/** The text of a body; bytes that are not UTF-8 are refused rather than replaced. */
export function textOf (body: Buffer): string {
  if (!isUtf8(body)) throw problem('malformed-body', 'The body is not valid UTF-8.')
  return body.toString('utf8')
}
