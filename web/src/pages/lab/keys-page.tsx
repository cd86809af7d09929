import { useState } from 'react'
import { wordsOf } from '../../api/client.ts'
import type { Key as ApiKey, KeyCreated, Scope } from '../../api/generated/schema.d.ts'
import { makeKey, revokeKey, useApiKeys } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { useMayWrite } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { More } from '../../parts/more.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { QrCode } from '../../parts/qr-code.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { Moment } from '../../parts/time.tsx'
import { ConfirmSheet } from './confirm-sheet.tsx'
import { LabPage } from './lab-page.tsx'
import { SecretSheet } from './secret-sheet.tsx'

const again = (): void => { void queries.invalidateQueries({ queryKey: ['keys'] }) }

/** The keys of people and programs. */
export function KeysPage () {
  const list = useApiKeys()
  const mayAdminister = useMayWrite('admin')
  const [isMaking, setMaking] = useState(false)
  const [made, setMade] = useState<KeyCreated | null>(null)
  const [revoked, setRevoked] = useState<ApiKey | null>(null)
  const columns: readonly TableColumn<ApiKey>[] = [
    { name: 'Name', cell: ({ name }) => <Name>{name}</Name>, text: ({ name }) => name },
    { name: 'Scopes', cell: ({ scopes }) => scopes.join(', '), text: ({ scopes }) => scopes.join(' ') },
    { name: 'Made', cell: ({ created_at, created_by }) => <><Moment at={created_at} />{created_by === null ? null : <> by <Name>{created_by}</Name></>}</>, text: ({ created_at }) => created_at },
    { name: 'Ends', cell: ({ expires_at }) => expires_at === null ? 'never' : <Moment at={expires_at} />, text: ({ expires_at }) => expires_at },
    {
      name: 'Valid', text: ({ revoked_at }) => revoked_at === null,
      cell: (key) => key.revoked_at !== null ? <>revoked <Moment at={key.revoked_at} /></>
        : <Key isOff={!mayAdminister} aria-label={`Revoke ${key.name}`} onClick={() => setRevoked(key)}>Revoke</Key>
    }
  ]
  return (
    <LabPage title="Keys" tools={<Key isOff={!mayAdminister} onClick={() => setMaking(true)}>Make a key</Key>}>
      {list.error !== null ? <Notice>{wordsOf(list.error)}</Notice> : null}
      {list.items === undefined ? null : list.items.length === 0
        ? (
          <Notice>
            No key exists: on this machine everybody may do everything. As soon as one exists, everybody needs one. Make the first with the scope admin.
          </Notice>
        )
        : <Table columns={columns} rows={list.items} keyOf={({ id }) => id} />}
      <More list={list} />
      {isMaking ? <MakeSheet isFirst={list.items?.length === 0} onMade={(key) => { setMaking(false); setMade(key) }} onClose={() => setMaking(false)} /> : null}
      {made === null ? null : (
        <SecretSheet title={`The key of ${made.name}`} secret={made.key} onClose={() => setMade(null)}>
          <QrCode text={made.key} label={`The key of ${made.name} as QR code, for a badge`} />
          <p>Print it as a badge: the sign-in page takes a scan of it.</p>
          <p><button className="key" onClick={() => print()}>Print the badge</button></p>
        </SecretSheet>
      )}
      {revoked === null ? null : (
        <ConfirmSheet
          title={`Revoke ${revoked.name}`} verb="Revoke" says="Whoever uses it, also signed in, can do nothing any more. It cannot be taken back; make a new key instead."
          send={async (signed) => await revokeKey(revoked.id, signed)} onClose={() => setRevoked(null)} onSettled={again}
        />
      )}
    </LabPage>
  )
}

const scopes: readonly (readonly [Scope, string])[] = [['read', 'sees everything, records nothing'], ['operate', 'records what happens in the lab'], ['admin', 'also sets up the lab, keys and webhooks']]

function MakeSheet ({ isFirst, onMade, onClose }: { isFirst: boolean, onMade: (key: KeyCreated) => void, onClose: () => void }) {
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Scope>(isFirst ? 'admin' : 'operate')
  const [ends, setEnds] = useState('')
  const body = { name: name.trim(), scopes: [scope], ...ends === '' ? {} : { expires_at: new Date(`${ends}T23:59:59`).toISOString() } }
  return (
    <Sheet title="Make a key" onClose={onClose}>
      <RecordForm
        scope="admin" request={body} missing={body.name === '' ? 'Say whose key it is.' : null} verb="Make" onCancel={onClose} onSettled={again}
        send={async (signed) => {
          onMade(await makeKey(body, signed))
          return 0
        }}
      >
        <label className="field">Name of the person or program <input value={name} maxLength={200} autoComplete="off" onChange={({ target }) => setName(target.value)} /></label>
        <fieldset>
          <legend>Scope</legend>
          {scopes.map(([one, means]) => <label key={one} className="radio"><input type="radio" name="scope" checked={scope === one} onChange={() => setScope(one)} /> {one}: {means}</label>)}
        </fieldset>
        <label className="field">Ends after this day (leave empty: never) <input type="date" value={ends} onChange={({ target }) => setEnds(target.value)} /></label>
        {isFirst ? <p>This is the first key. From now on everybody needs one, also on this machine: keep it well.</p> : null}
      </RecordForm>
    </Sheet>
  )
}
