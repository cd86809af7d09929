import { useState } from 'react'
import { wordsOf } from '../../api/client.ts'
import type { EventKind, Webhook, WebhookCreated } from '../../api/generated/schema.d.ts'
import { makeWebhook, useWebhooks } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { useMayWrite, useWorld } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { More } from '../../parts/more.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { useSearch } from '../../parts/search.ts'
import { Sheet } from '../../parts/sheet.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { kindWords, wordsOfKind } from '../log/kinds.ts'
import { LabPage } from './lab-page.tsx'
import { SecretSheet } from './secret-sheet.tsx'
import { WebhookDetail } from './webhook-detail.tsx'

/** Where the service tells what happens, and whether it arrives. */
export function WebhooksPage () {
  const list = useWebhooks()
  const mayAdminister = useMayWrite('admin')
  const [search, change] = useSearch()
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<WebhookCreated | null>(null)
  const chosen = list.items?.find(({ id }) => id === search.get('webhook'))
  const columns: readonly TableColumn<Webhook>[] = [
    { name: 'Address', cell: ({ id, url }) => <button className="link" aria-pressed={chosen?.id === id} onClick={() => change('webhook', id)}><Name>{url}</Name></button>, text: ({ url }) => url },
    { name: 'For', cell: ({ description }) => description === null ? '–' : <Name>{description}</Name>, text: ({ description }) => description },
    { name: 'Tells', cell: ({ kinds, device }) => `${kinds === null ? 'everything' : kinds.map(wordsOfKind).join(', ')}${device === null ? '' : ` of ${device}`}`, text: ({ kinds }) => kinds?.join(' ') ?? null },
    { name: 'State', cell: (webhook) => stateOf(webhook), text: stateOf }
  ]
  return (
    <LabPage title="Webhooks" tools={<Key isOff={!mayAdminister} onClick={() => setMaking(true)}>Add a webhook</Key>}>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined ? null : list.items.length === 0
        ? <Notice>The service tells nobody what happens. Add the address of a program that wants to know.</Notice>
        : <Table columns={columns} rows={list.items} keyOf={({ id }) => id} />}
      <More list={list} />
      {chosen === undefined ? null : <WebhookDetail key={chosen.id} webhook={chosen} />}
      {isMaking ? <MakeSheet onMade={(webhook) => { setMaking(false); setMade(webhook) }} onClose={() => setMaking(false)} /> : null}
      {made?.secret == null ? null : (
        <SecretSheet title="The secret of the webhook" secret={made.secret} onClose={() => setMade(null)}><p>The receiver checks with it that a message is from this service.</p></SecretSheet>
      )}
    </LabPage>
  )
}

function stateOf ({ disabled_at, disabled_because, failures, revisions_behind }: Webhook): string {
  if (disabled_at !== null) return `off: ${disabled_because === 'failing' ? 'all attempts failed' : disabled_because === 'gone' ? 'the receiver does not want it any more' : disabled_because === 'restored' ? 'a backup was restored' : 'somebody switched it off'}`
  if (failures > 0) return `◆ failed ${failures === 1 ? 'once' : `${failures} times`}, ${revisionsText(revisions_behind)} behind`
  return revisions_behind === 0 ? 'all delivered' : `${revisionsText(revisions_behind)} to deliver`
}

function revisionsText (count: number): string {
  return `${count} ${count === 1 ? 'revision' : 'revisions'}`
}

const eventKinds = Object.keys(kindWords) as EventKind[]

function MakeSheet ({ onMade, onClose }: { onMade: (webhook: WebhookCreated) => void, onClose: () => void }) {
  const [url, setUrl] = useState('')
  const [description, setDescription] = useState('')
  const [kinds, setKinds] = useState<readonly EventKind[]>([])
  const [device, setDevice] = useState('')
  const world = useWorld()
  const body = { url: url.trim(), ...kinds.length === 0 ? {} : { kinds: [...kinds] }, ...device === '' ? {} : { device }, ...description.trim() === '' ? {} : { description: description.trim() } }
  return (
    <Sheet title="Add a webhook" onClose={onClose}>
      <RecordForm
        scope="admin" request={body} missing={body.url === '' ? 'Say the address.' : null} verb="Add" onCancel={onClose}
        send={async (signed) => {
          onMade(await makeWebhook(body, signed))
          return 0
        }}
        onSettled={() => { void queries.invalidateQueries({ queryKey: ['webhooks'] }) }}
      >
        <label className="field">Address <input type="url" value={url} placeholder="https://" maxLength={2000} onChange={({ target }) => setUrl(target.value)} /></label>
        <label className="field">What it is for <input value={description} maxLength={1000} onChange={({ target }) => setDescription(target.value)} /></label>
        <label className="field">Only of the device <select value={device} onChange={({ target }) => setDevice(target.value)}>
          <option value="">all devices</option>{[...world?.devices.keys() ?? []].map((name) => <option key={name}>{name}</option>)}
        </select></label>
        <details>
          <summary>Tells {kinds.length === 0 ? 'everything' : kinds.map((kind) => kindWords[kind]).join(', ')}: choose</summary>
          <fieldset>
            <legend>Only these</legend>
            {eventKinds.map((kind) => (
              <label key={kind} className="radio">
                <input type="checkbox" checked={kinds.includes(kind)} onChange={({ target }) => setKinds(target.checked ? [...kinds, kind] : kinds.filter((one) => one !== kind))} /> {kindWords[kind]}
              </label>
            ))}
          </fieldset>
        </details>
      </RecordForm>
    </Sheet>
  )
}
