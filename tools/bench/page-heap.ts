// A page that gets very many frames of the stream. A proxy before the service passes everything on, but sends the stream itself: the frames of two real moves,
// there and back, again and again with later revisions.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, CDPSession } from 'playwright-core'
import { callerOf, openPage, until } from '../checks/browser/page.ts'
import type { RunningService } from '../support/service.ts'

type Template = (revision: number) => string
type Heap = { growth: number, after_mib: number }

const framesAtOnce = 50
const longestMs = 3_600_000

/** How much the heap of the page grew, in percent, from a tenth of the frames to all of them. */
export async function heapAfterFrames (browser: Browser, service: RunningService, frames: number): Promise<Heap> {
  const first = Number((await callerOf(service)('GET', '/api/lab')).revision)
  const templates = await twoMoves(service)
  const stream = { sent: 0, limit: 0, wake: () => {} }
  const server = http.createServer((request, response) => {
    if (request.url?.startsWith('/api/events/stream') === true) void sendFrames(response, Number(new URL(request.url, service.url).searchParams.get('after')))
    else passOn(request, response, service.url)
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  async function sendFrames (response: http.ServerResponse, after: number): Promise<void> {
    const now = new Date().toISOString()
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(`event: hello\ndata: ${JSON.stringify({ revision: after, now, log_id: '00000000-0000-4000-8000-000000000000', version: 'bench' })}\n\n`)
    const left = new AbortController()
    response.on('close', () => {
      left.abort()
      stream.wake()
    })
    while (!response.destroyed) {
      if (stream.sent >= stream.limit) {
        await new Promise<void>((resolve) => { stream.wake = resolve })
        continue
      }
      let chunk = ''
      for (let n = 0; n < framesAtOnce && stream.sent < stream.limit; n++) chunk += templates[stream.sent % 2]!(after + ++stream.sent)
      if (!response.write(chunk)) await once(response, 'drain', { signal: left.signal }).catch(() => {})
    }
  }

  try {
    const { page, settled, close } = await openPage(browser, { url }, '/', { viewport: { width: 1440, height: 900 } })
    await settled()
    const session = await page.context().newCDPSession(page)
    const heapAfter = async (count: number): Promise<number> => {
      stream.limit = count
      stream.wake()
      // The link to the past has the revision that the page shows.
      const shown = "Number(new URL(document.querySelector('.travel-key').href).searchParams.get('at'))"
      await until(page, `${shown} >= ${first + 2 + count}`, longestMs)
      return await heapOf(session)
    }
    const early = await heapAfter(Math.ceil(frames / 20) * 2)
    const late = await heapAfter(frames)
    await close()
    return { growth: (late / early - 1) * 100, after_mib: late / 1_048_576 }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function heapOf (session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  return usedSize
}

/** The frames of a move and of the move back, as the service sends them. */
async function twoMoves (service: RunningService): Promise<Template[]> {
  const call = callerOf(service)
  const after = Number((await call('GET', '/api/lab')).revision)
  const { device, position } = await call('GET', '/api/containers/Hotel0_0')
  for (const slot of [2, Number(position)]) await call('POST', '/api/containers/Hotel0_0/move', { target_device: String(device), target_pos: slot })
  const leave = new AbortController()
  const answer = await fetch(`${service.url}/api/events/stream?after=${after}`, { signal: leave.signal })
  let text = ''
  for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    if ((text.match(/event: revision/g) ?? []).length === 2 && text.endsWith('\n\n')) break
  }
  leave.abort()
  return text.split('\n\n').filter((frame) => frame.startsWith('event: revision')).map((frame) => {
    const data = JSON.parse(/^data: (.*)$/m.exec(frame)![1]!) as { events: { revision: number }[] }
    return (revision) => `event: revision\nid: ${revision}\ndata: ${JSON.stringify({ ...data, revision, events: data.events.map((event) => ({ ...event, revision })) })}\n\n`
  })
}

function passOn (request: http.IncomingMessage, response: http.ServerResponse, to: string): void {
  const onward = http.request(to + (request.url ?? '/'), { method: request.method ?? 'GET', headers: request.headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(response)
  })
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}
