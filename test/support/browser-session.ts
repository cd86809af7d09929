import type { Answer, Service } from './service.ts'

/** What a browser sends with the requests of a page of the service, over plain http. */
export const ownPage = { host: 'localhost:8000', origin: 'http://localhost:8000' }

/** Signs in as a page does. `headers` are those of its further requests; `answer` is that of the sign-in. */
export async function signIn (service: Service, key: string, body: object = {}): Promise<{ answer: Answer, cookie: string, headers: Record<string, string> }> {
  const answer = await service.post('/api/session', { key, ...body }, ownPage)
  const cookie = String(answer.headers['set-cookie']).split(';')[0]!
  return { answer, cookie, headers: { ...ownPage, cookie } }
}
