import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Webhook, WebhookAttempt, WebhookCreated, WebhookTest } from '../../contract/webhooks.ts'
import { localZone, timesIn } from '../../terminal/local-time.ts'
import { safeText } from '../../terminal/safe-text.ts'
import { addressOf, segment, serviceClient, type Client } from '../client.ts'
import { refusedError } from '../exit-codes.ts'
import { type CommandIo, printResult, tableOr } from '../io.ts'
import { type ServiceOptions, withServiceOptions } from '../service-options.ts'

/** How long `webhooks test` waits: a receiver has 15 seconds, and may be busy with a message before. */
const testWaitMs = 35_000
const lookEveryMs = 500
const shownAttempts = 50

type AddOptions = ServiceOptions & { kind: string[], device?: string, description?: string }

export function webhooksCommand (program: Command, io: CommandIo): void {
  const clientOf = (options: ServiceOptions): Client => serviceClient(io, addressOf(io.env, options.url))
  const times = timesIn(localZone(io.env))
  // commander gives options that `webhooks` has as well, such as --json, to `webhooks`
  const all = (command: Command): AddOptions => command.optsWithGlobals<AddOptions>()

  const webhooks = withServiceOptions(program.command('webhooks'))
    .description('List who is told of events by HTTP, and how far each has been told')
    .action(async (options: ServiceOptions) => {
      const items: Webhook[] = []
      for await (const webhook of clientOf(options).list<Webhook>('/api/webhooks')) items.push(webhook)
      printResult(io, options, items, () => tableOr('no webhooks', ['url', 'kinds', 'device', 'state', 'behind', 'description', 'id'], items.map((webhook) =>
        [webhook.url, webhook.kinds?.join(',') ?? 'all', webhook.device, stateOf(webhook), webhook.revisions_behind, webhook.description, webhook.id])))
    })

  withServiceOptions(webhooks.command('add')).argument('<url>', 'where to send the messages')
    .description('Tell a receiver of events from now on, and print the secret that signs the messages; it is shown only once')
    .option('--kind <kind>', 'only events of this kind; can be repeated (default: all)', (kind: string, kinds: string[]) => [...kinds, kind], [])
    .option('--device <name>', 'only events that concern this device')
    .option('--description <text>', 'what the webhook is for')
    .action(async (url: string, _own: ServiceOptions, command: Command) => {
      const options = all(command)
      const { kind, device, description } = options
      const made = await clientOf(options).request<WebhookCreated>('POST', '/api/webhooks', { url, kinds: kind.length === 0 ? null : kind, device: device ?? null, description: description ?? null })
      io.err.write(`Webhook ${made.id} to ${safeText(made.url)}. Its secret is not shown again:\n`)
      printResult(io, options, made, () => [made.secret ?? ''])
    })

  withServiceOptions(webhooks.command('remove')).argument('<id>', 'id of the webhook')
    .description('Delete a webhook and its attempts')
    .action(async (id: string, _own: ServiceOptions, command: Command) => {
      const options = all(command)
      await clientOf(options).request<undefined>('DELETE', `/api/webhooks/${segment(id)}`)
      printResult(io, options, { id }, () => [`webhook ${id} is deleted`])
    })

  withServiceOptions(webhooks.command('test')).argument('<id>', 'id of the webhook')
    .description('Send a test message, and say what came of it; exit code 1 if it was not delivered')
    .action(async (id: string, _own: ServiceOptions, command: Command) => {
      const options = all(command)
      const client = clientOf(options)
      const { message_id: message } = await client.request<WebhookTest>('POST', `/api/webhooks/${segment(id)}/test`)
      const attempt = await attemptOf(client, id, message, io.signal)
      if (!attempt.delivered) throw refusedError(`The test message was not delivered: ${attempt.error ?? ''}`, attempt)
      printResult(io, options, attempt, () => [`delivered: the receiver answered ${attempt.status} in ${attempt.seconds} s`])
    })

  withServiceOptions(webhooks.command('attempts')).argument('<id>', 'id of the webhook')
    .description('List the last requests to the receiver, newest first')
    .action(async (id: string, _own: ServiceOptions, command: Command) => {
      const options = all(command)
      const { items } = await clientOf(options).request<{ items: WebhookAttempt[] }>('GET', `/api/webhooks/${segment(id)}/attempts?limit=${shownAttempts}`)
      printResult(io, options, items, () => tableOr('no attempts', [times.head('started'), 'type', 'attempt', 'status', 'seconds', 'result', 'message'], items.map((one) =>
        [times.cell(one.started_at), one.type, one.attempt, one.status, one.seconds, one.error ?? 'delivered', one.message_id])))
    })
}

function stateOf ({ disabled_because, failures }: Webhook): string {
  return disabled_because !== null ? `off (${disabled_because})` : failures > 0 ? `failing (${failures})` : 'on'
}

async function attemptOf (client: Client, id: string, message: string, signal: AbortSignal): Promise<WebhookAttempt> {
  for (const end = Date.now() + testWaitMs; Date.now() < end;) {
    const { items } = await client.request<{ items: WebhookAttempt[] }>('GET', `/api/webhooks/${segment(id)}/attempts?limit=${shownAttempts}`)
    const found = items.find(({ message_id }) => message_id === message)
    if (found !== undefined) return found
    await sleep(lookEveryMs, undefined, { signal })
  }
  throw refusedError('The test message was not sent yet. `webhooks attempts` will show what came of it.')
}
