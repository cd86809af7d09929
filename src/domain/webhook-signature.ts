import { createHmac, randomBytes } from 'node:crypto'

// Standard Webhooks (https://www.standardwebhooks.com): symmetric signatures, version v1.

const prefix = 'whsec_'

/** A new secret: 256 random bits. */
export function newWebhookSecret (): string {
  return prefix + randomBytes(32).toString('base64')
}

/** The headers that a receiver verifies. There is a signature for each secret, so that a receiver that knows one of them accepts the message. */
export function signedHeaders ({ id, at, body, secrets }: { id: string, at: Date, body: string, secrets: readonly string[] }): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000)
  const signatures = secrets.map((secret) =>
    `v1,${createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64')).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}
