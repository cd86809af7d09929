import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Refusal, wordsOf } from '../../api/client.ts'
import type { LabChange, LabConfigResult } from '../../api/generated/schema.d.ts'
import { applyLabFile, tryLabFile, useLabFile } from '../../api/lab-admin.ts'
import { queries } from '../../api/queries.ts'
import { AnswerHeading } from '../../parts/answer-heading.tsx'
import { DryRun } from '../../parts/dry-run.tsx'
import { Key } from '../../parts/key.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice } from '../../parts/page.tsx'
import { SignedForm } from '../../parts/signed-form.tsx'
import { Table, type TableColumn } from '../../parts/table.tsx'
import { useSigning, type Signing } from '../../parts/use-signing.ts'
import { LabPage } from './lab-page.tsx'

/** The lab file: what it would change is shown before it is applied. */
export function FilePage () {
  const { data, error } = useLabFile()
  return (
    <LabPage title="Lab file">
      {error !== null ? <Notice>{wordsOf(error)}</Notice> : data === undefined ? <Notice>Reading ...</Notice>
        : <Editor key={data.etag} text={data.text} etag={data.etag} />}
    </LabPage>
  )
}

function Editor ({ text: present, etag }: { text: string, etag: string }) {
  const [text, setText] = useState(present)
  const [prune, setPrune] = useState(true)
  const [result, setResult] = useState<LabConfigResult | null>(null)
  const signing = useSigning('admin')
  const trying = useMutation({
    mutationFn: async (badge: string | undefined) => await tryLabFile({ text, prune }, { badge })
  })

  function edit (next: string): void {
    setText(next)
    forgetResult()
  }

  /** What was tried, and is perhaps still on its way, was another file. Whoever signed it has not signed this one. */
  function forgetResult (): void {
    if (result !== null || trying.isPending) signing.forget()
    setResult(null)
    trying.reset()
  }

  const isSame = result === null || changesOf(result).count === 0
  return (
    <>
      <label className="field wide">The lab file, as YAML <textarea className="file" value={text} rows={24} spellCheck={false} onChange={({ target }) => edit(target.value)} /></label>
      <label className="radio"><input type="checkbox" checked={prune} onChange={({ target }) => { setPrune(target.checked); forgetResult() }} /> retire devices that the file does not name</label>
      <DryRun
        verb={trying.isPending ? 'trying ...' : 'Try'} isMain={isSame} isPending={trying.isPending} signing={signing} isFormShown={!isSame}
        run={(badge) => trying.mutate(badge, { onSuccess: setResult, onError: () => setResult(null) })}
      >
        <Key isOff={text === present} onClick={() => edit(present)}>As it is now</Key>
        <label className="key">From a file <input type="file" className="for-readers" accept=".yaml,.yml,.json" onChange={({ target }) => { void target.files?.[0]?.text().then(edit) }} /></label>
      </DryRun>
      {trying.error === null ? null : <Refused error={trying.error} />}
      {result === null ? null : <Difference result={result} file={{ text, prune }} etag={etag} signing={signing} />}
    </>
  )
}

/** What is wrong with the file: each fault with its place. */
function Refused ({ error }: { error: Error }) {
  const faults = error instanceof Refusal ? error.problem.errors ?? [] : []
  return (
    <div role="alert" className="refusal">
      {wordsOf(error)}
      {faults.length === 0 ? null : <ul>{faults.map(({ pointer, detail }) => <li key={`${pointer} ${detail}`}>{pointer ?? ''} {detail}</li>)}</ul>}
    </div>
  )
}

const columns: readonly TableColumn<LabChange>[] = [
  { name: 'Device', cell: ({ device }) => <Name>{device}</Name>, text: ({ device }) => device },
  { name: 'What', cell: ({ action }) => action, text: ({ action }) => action },
  { name: 'Slots', cell: ({ capacity: { from, to } }) => from === to ? from ?? '–' : `${from ?? 'none'} → ${to ?? 'none'}`, text: ({ capacity }) => capacity.to },
  { name: 'Also', cell: ({ changed }) => changed.length === 0 ? '–' : changed.join(', '), text: ({ changed }) => changed.join(' ') }
]

/** What a file changes, without what stays as it is. */
function changesOf ({ changes, labware_types = [] }: LabConfigResult) {
  const real = changes.filter(({ action }) => action !== 'unchanged')
  const types = labware_types.filter(({ action }) => action !== 'unchanged')
  return { real, types, count: real.length + types.length }
}

type DifferenceProps = { result: LabConfigResult, file: { text: string, prune: boolean }, etag: string, signing: Signing }

function Difference ({ result, file, etag, signing }: DifferenceProps) {
  const { real, types, count } = changesOf(result)
  const { warnings } = result
  return (
    <section aria-labelledby="difference">
      <AnswerHeading id="difference">{count === 0 ? 'It changes nothing' : `It changes ${count} ${count === 1 ? 'thing' : 'things'}`}</AnswerHeading>
      {real.length === 0 ? null : <Table columns={columns} rows={real} keyOf={({ device }) => device} />}
      {types.length === 0 ? null : <ul>
        {types.map(({ action, labware_type }) => <li key={labware_type}>labware type <Name>{labware_type}</Name>: {action}</li>)}
      </ul>}
      {warnings.length === 0 ? null : <ul>{warnings.map(({ detail }) => <li key={detail}>{detail}</li>)}</ul>}
      {count === 0 ? null : <SignedForm
        signing={signing} request={[file, etag]} missing={null} verb="Apply" send={async (signed) => await applyLabFile(file, { ...signed, etag })}
        onDone={() => { void queries.invalidateQueries({ queryKey: ['lab-file'] }) }}
      >
        <p>Nothing has changed yet.</p>
      </SignedForm>}
    </section>
  )
}
