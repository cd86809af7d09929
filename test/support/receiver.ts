import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { Test } from 'tap'

export type Message = { id: string, type: string, timestamp: string, data: any, headers: Record<string, string>, body: string }
type Answer = (response: ServerResponse, message: Message) => unknown

/** A receiver of webhooks. It keeps what it gets and answers with `answer`, 204 at first. */
export type Receiver = {
  url: string
  messages: Message[]
  answer: Answer
  /** The messages that the library of Standard Webhooks verifies with a secret. It throws for the first one that it does not. */
  verified (secret: string): Message[]
  /** Waits until it has so many messages. Throws after a minute, because a test that waits for ever says nothing. */
  until (count: number): Promise<Message[]>
}

export async function aReceiver (t: Test): Promise<Receiver> {
  const messages: Message[] = []
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      const headers = request.headers as Record<string, string>
      const message = { id: headers['webhook-id']!, headers, body, ...JSON.parse(body) as Pick<Message, 'type' | 'timestamp' | 'data'> }
      messages.push(message)
      receiver.answer(response, message)
    })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    messages,
    answer: (response) => response.writeHead(204).end(),
    verified (secret) {
      for (const { body, headers } of messages) new Webhook(secret).verify(body, headers)
      return messages
    },
    async until (count) {
      for (const end = Date.now() + 60_000; messages.length < count;) {
        if (Date.now() > end) throw new Error(`the receiver has ${messages.length} of ${count} messages after a minute: ${messages.map(({ type }) => type).join(', ')}`)
        await sleep(10)
      }
      return messages
    }
  }
  return receiver
}

async function textOf (request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk)
  return text
}
