import Fastify from 'fastify'
import t from 'tap'
import { errors } from '../../src/plugins/errors.ts'

/** An app whose only route throws the given error. */
async function failingWith (error: unknown) {
  const app = Fastify()
  await app.register(errors)
  app.post('/', () => { throw error })
  return await app.inject({ method: 'POST', url: '/', payload: {} })
}

t.test('a fault of the service says nothing of its inside', async (t) => {
  const answer = await failingWith(Object.assign(new Error('password=secret at /srv/app.js'), { code: 'EWHATEVER' }))
  t.equal(answer.statusCode, 500)
  t.match(answer.json(), { code: 'internal-error', request_id: String, instance: '/' })
  t.notMatch(answer.payload, /secret|app\.js|stack/)
})

t.test('a refusal of the framework that nobody foresaw keeps being the caller\'s', async (t) => {
  const answer = await failingWith(Object.assign(new Error('Odd request'), { statusCode: 417, code: 'FST_ERR_OF_TOMORROW' }))
  t.match([answer.statusCode, answer.json()], [400, { code: 'invalid-request', detail: 'Odd request' }])
})

t.test('a body shorter than it says is told so', async (t) => {
  const answer = await failingWith(Object.assign(new Error('size'), { statusCode: 400, code: 'FST_ERR_CTP_INVALID_CONTENT_LENGTH' }))
  t.match([answer.statusCode, answer.json()], [400, { code: 'malformed-body', detail: /Content-Length/ }])
})
