import { useState } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Signed } from '../../api/commands.ts'
import type { Step, StepEnding } from '../../api/generated/schema.d.ts'
import { queries } from '../../api/queries.ts'
import { correctStep, finishStep, useStep, useStepHistory } from '../../api/steps.ts'
import { useMayWrite } from '../../lab/lab-context.ts'
import { Diff } from '../../parts/diff.tsx'
import { Key } from '../../parts/key.tsx'
import { More } from '../../parts/more.tsx'
import { Name, PlaceName } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { Plates } from '../../parts/plates.tsx'
import { ReasonField } from '../../parts/reason-field.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { stepLabel } from '../../parts/step-name.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { EstimateOf } from './estimate.tsx'

type Action = 'Exclude from estimates' | 'Use for estimates again' | 'Say how it ended'

/** One step: what it did, how long such steps take and why the service thinks so, and what was corrected. */
export function StepPage ({ id }: { id: string }) {
  const { data, error } = useStep(id)
  const mayWrite = useMayWrite()
  const [action, setAction] = useState<Action | null>(null)
  if (error !== null) return <Page title="Step"><Notice>{wordsOf(error)}</Notice><p><Link href="/steps">All steps</Link></p></Page>
  if (data === undefined) return <Page title="Step"><Notice>Reading ...</Notice></Page>
  const { step, etag } = data
  const title = `${step.device} · ${stepLabel(step)}`
  return (
    <Page
      title={title} heading={<Name>{title}</Name>}
      tools={actionsFor(step).map((one) => <Key key={one} isOff={!mayWrite} onClick={() => setAction(one)}>{one}</Key>)}
    >
      <Facts step={step} />
      <h2>Estimate</h2>
      <EstimateOf step={step} />
      <h2>Corrections</h2>
      <History id={id} />
      {action === null ? null : <ActionSheet action={action} step={step} etag={etag} onClose={() => setAction(null)} />}
    </Page>
  )
}

function actionsFor ({ status, excluded_from_estimates }: Step): Action[] {
  if (status === 'running' || status === 'paused' || status === 'lost') return ['Say how it ended']
  if (excluded_from_estimates === null) return ['Exclude from estimates']
  return excluded_from_estimates === 'by-hand' ? ['Use for estimates again'] : []
}

const exclusionWords = {
  'not-completed': 'no: it is not completed', simulation: 'no: it was simulated', clock: 'no: its times cannot be true', implausible: 'no: it took longer than all reason',
  'unknown-status': 'no: its status was not understood', 'by-hand': 'no: somebody decided so',
  'paused-throughout': 'no: it was paused all the time'
} as const

function Facts ({ step }: { step: Step }) {
  const { status, start, finish, active_seconds, paused_seconds, expected_seconds, containers, origin, destination, experiment_id } = step
  const { error, excluded_from_estimates, warnings, attempt, is_simulation } = step
  return (
    <dl className="facts">
      <dt>Status</dt><dd>{status}{is_simulation ? ', simulated' : ''}{error === null ? '' : <>: <Name>{error}</Name></>}</dd>
      <dt>Start</dt><dd><Moment at={start} /></dd>
      <dt>Finish</dt><dd>{finish === null ? 'not yet' : <Moment at={finish} />}</dd>
      {active_seconds === null ? null : <><dt>Took</dt><dd>{clockOf(active_seconds)}{paused_seconds > 0 ? `, without ${clockOf(paused_seconds)} in which it was paused` : ''}</dd></>}
      {expected_seconds === null ? null : <><dt>Planned</dt><dd>{clockOf(expected_seconds)}, by the orchestrator</dd></>}
      <dt>Plates</dt><dd>{containers.length === 0 ? 'none' : <Plates of={containers} />}</dd>
      {origin === null ? null : <><dt>From</dt><dd><PlaceName {...origin} /></dd></>}
      {destination === null ? null : <><dt>To</dt><dd><PlaceName {...destination} /></dd></>}
      {attempt === null ? null : <><dt>Attempt</dt><dd>{attempt}</dd></>}
      {experiment_id === null ? null : <><dt>Run</dt><dd><Link href={`/runs/${experiment_id}`}>the run of this step</Link></dd></>}
      <dt>Used for estimates</dt><dd>{excluded_from_estimates === null ? 'yes' : exclusionWords[excluded_from_estimates]}</dd>
      {warnings.length === 0 ? null : <><dt>Unusual</dt><dd>{warnings.map(({ detail }) => detail).join(' ')}</dd></>}
      <dt>Log</dt><dd><Link href={`/log?step=${step.id}`}>What was recorded of this step</Link></dd>
    </dl>
  )
}

function History ({ id }: { id: string }) {
  const list = useStepHistory(id)
  if (list.error !== null) return <Notice>{wordsOf(list.error)}</Notice>
  if (list.items === undefined) return <Notice>Reading ...</Notice>
  if (list.items.length === 0) return <p className="quiet">Nobody changed it after it was logged.</p>
  return (
    <>
      <table className="list">
        <thead><tr><th scope="col">When</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">Why</th><th scope="col" className="changes">Before and after</th></tr></thead>
        <tbody>
          {list.items.map(({ revision, recorded_at, kind, actor, reason, before, after }) => (
            <tr key={`${revision} ${kind}`}>
              <th scope="row" data-label="When"><Moment at={recorded_at} /></th>
              <td data-label="What">{kind.replaceAll('-', ' ')}</td>
              <td data-label="Who">{actor === null ? '–' : <Name>{actor}</Name>}</td>
              <td data-label="Why">{reason === null ? '–' : <Name>{reason}</Name>}</td>
              <td data-label="Before and after"><Diff before={before} after={after} /></td>
            </tr>
          ))}
        </tbody>
      </table>
      <More list={list} />
    </>
  )
}

const endings: readonly StepEnding[] = ['completed', 'failed', 'aborted']

function ActionSheet ({ action, step, etag, onClose }: { action: Action, step: Step, etag: string, onClose: () => void }) {
  const [reason, setReason] = useState('')
  const [ending, setEnding] = useState<StepEnding | null>(null)
  const isEnding = action === 'Say how it ended'

  async function send (signed: Signed): Promise<number> {
    if (isEnding) return await finishStep(step.id, { status: ending!, ...reason.trim() === '' ? {} : { error: reason.trim() } }, signed)
    return await correctStep(step.id, { reason: reason.trim(), exclude_from_estimates: action === 'Exclude from estimates' ? true : null }, { ...signed, etag })
  }

  return (
    <Sheet title={action} onClose={onClose}>
      <RecordForm
        request={[action, step.id, etag, reason, ending]} missing={isEnding ? ending === null ? 'Choose how it ended.' : null : reason.trim() === '' ? 'Say why.' : null}
        send={send} onDone={onClose} onCancel={onClose} onSettled={() => { void queries.invalidateQueries({ queryKey: ['steps'] }) }}
      >
        {isEnding ? (
          <>
            <p>It ended just now, as far as the log knows. Correct the time later if it matters.</p>
            <div className="keys">{endings.map((one) => <button key={one} type="button" className="key" aria-pressed={ending === one} onClick={() => setEnding(one)}>{one}</button>)}</div>
            {ending === 'failed' || ending === 'aborted' ? <ReasonField label="What went wrong" reason={reason} onChange={setReason} /> : null}
          </>
        ) : (
          <>
            <p>{action === 'Exclude from estimates' ? 'Estimates no longer learn from this step. It stays in the log.' : 'The service decides again whether estimates learn from this step.'}</p>
            <ReasonField reason={reason} onChange={setReason} />
          </>
        )}
      </RecordForm>
    </Sheet>
  )
}
