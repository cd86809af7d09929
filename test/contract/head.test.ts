import t from 'tap'
import { documentReads } from '../support/document-reads.ts'
import { aLabAtWork } from '../support/lab-at-work.ts'
import { theDocument } from '../support/openapi.ts'

t.test('HEAD answers as GET does, without a body: also when the client has it already', async (t) => {
  const lab = await aLabAtWork(t, {}, () => {})
  const faults: string[] = []
  let unchanged = 0
  for (const { at, url, query } of documentReads(await theDocument(), lab)) {
    const { status, headers: { etag } } = await lab.get(`${url}?${query}`)
    for (const headers of [{}, { 'if-none-match': '*' }, { 'if-none-match': String(etag) }] as Record<string, string>[]) {
      const get = await lab.get(`${url}?${query}`, headers)
      const head = await lab.call('HEAD', `${url}?${query}`, undefined, headers)
      if (head.status !== get.status || head.text !== '' || (status === 200 && head.headers.etag !== get.headers.etag)) faults.push(`${at}: ${get.status}, ${head.status} ${JSON.stringify(headers)}`)
      if (head.status === 304) unchanged += 1
    }
  }
  t.strictSame(faults, [])
  t.ok(unchanged > 20, `${unchanged} times the client had it`)
})
