import { useState } from 'react'
import { wordsOf } from '../../api/client.ts'
import type { Signed } from '../../api/commands.ts'
import type { Webhook, WebhookAttempt } from '../../api/generated/schema.d.ts'
import { deleteWebhook, redeliver, switchWebhook, testWebhook, useAttempts } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { useMayWrite } from '../../lab/lab-context.ts'
import { AnswerHeading } from '../../parts/answer-heading.tsx'
import { Key } from '../../parts/key.tsx'
import { More } from '../../parts/more.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { ConfirmSheet } from './confirm-sheet.tsx'

type Action = 'Deliver again' | 'Send a test' | 'Switch off' | 'Switch on' | 'Delete'

const columns: readonly TableColumn<WebhookAttempt>[] = [
  { name: 'When', cell: ({ started_at }) => <Moment at={started_at} />, text: ({ started_at }) => started_at },
  { name: 'Message', cell: ({ type, message_id, attempt }) => <>{type}, attempt {attempt} <span className="count small">{message_id}</span></>, text: ({ message_id }) => message_id },
  { name: 'Delivered', cell: ({ delivered, seconds }) => delivered ? `yes, in ${Math.round(seconds * 1000)} ms` : <strong className="late">◆ no</strong>, text: ({ delivered }) => delivered },
  { name: 'Answer', cell: ({ status, error, response }) => <Name>{[error ?? status, response].filter((one) => one !== null && one !== '').join(' · ') || '–'}</Name>, text: ({ status, error }) => status ?? error }
]

const again = (): void => { void queries.invalidateQueries({ queryKey: ['webhooks'] }) }
/** After it was deleted its attempts are gone, too. */
const withoutIt = (): void => { void queries.invalidateQueries({ queryKey: ['webhooks', 'list'] }) }

/** One webhook: its attempts, and what can be done about those that failed. */
export function WebhookDetail ({ webhook }: { webhook: Webhook }) {
  const list = useAttempts(webhook.id)
  const mayAdminister = useMayWrite('admin')
  const [action, setAction] = useState<Action | null>(null)
  const actions: readonly Action[] = ['Deliver again', 'Send a test', webhook.disabled_at === null ? 'Switch off' : 'Switch on', 'Delete']
  const close = (): void => setAction(null)
  return (
    <section aria-labelledby="webhook">
      <AnswerHeading id="webhook"><Name>{webhook.url}</Name></AnswerHeading>
      <div className="keys">
        {actions.map((one) => <Key key={one} isOff={!mayAdminister} onClick={() => setAction(one)}>{one}</Key>)}
        <button className="key" onClick={again}>Read again</button>
      </div>
      <p>Delivered up to revision {webhook.delivered_revision}.{webhook.next_attempt_at === null ? '' : <> The next attempt is at <Moment at={webhook.next_attempt_at} />.</>}</p>
      <h3>Attempts</h3>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined ? null : list.items.length === 0 ? <p className="quiet">Nothing was sent yet.</p> : <Table columns={columns} rows={list.items} keyOf={({ id }) => id} />}
      <More list={list} />
      {action === 'Deliver again' ? <RedeliverSheet webhook={webhook} onClose={close} /> : null}
      {action === null || action === 'Deliver again' ? null : (
        <ConfirmSheet title={`${action}: ${webhook.url}`} verb={action} says={saysOf[action]} send={async (signed) => await send(action, webhook.id, signed)} onClose={close} onSettled={action === 'Delete' ? withoutIt : again} />
      )}
    </section>
  )
}

const saysOf: Readonly<Record<Exclude<Action, 'Deliver again'>, string>> = {
  'Send a test': 'The receiver gets a message of its own kind, which says that it is a test.', 'Switch off': 'Nothing is sent until somebody switches it on. What happens meanwhile waits.',
  'Switch on': 'What waited is sent, in order.', Delete: 'What was not delivered is never sent.'
}

async function send (action: Exclude<Action, 'Deliver again'>, id: string, signed: Signed): Promise<number> {
  switch (action) {
    case 'Send a test': return await testWebhook(id, signed)
    case 'Switch off': return await switchWebhook(id, true, signed)
    case 'Switch on': return await switchWebhook(id, false, signed)
    case 'Delete': return await deleteWebhook(id, signed)
  }
}

function RedeliverSheet ({ webhook, onClose }: { webhook: Webhook, onClose: () => void }) {
  const [from, setFrom] = useState('')
  const revision = from.trim() === '' ? null : Number(from)
  return (
    <Sheet title={`Deliver again: ${webhook.url}`} onClose={onClose}>
      <RecordForm
        scope="admin" request={[webhook.id, revision]} missing={Number.isNaN(revision) ? 'The revision is a number.' : null} verb="Deliver" onDone={onClose} onCancel={onClose}
        onSettled={again} send={async (signed) => await redeliver(webhook.id, revision, signed)}
      >
        <label className="field">From revision (leave empty: try what waits at once) <input value={from} inputMode="numeric" onChange={({ target }) => setFrom(target.value)} /></label>
        <p className="quiet">The receiver gets everything since then once more, with the same message ids.</p>
      </RecordForm>
    </Sheet>
  )
}
