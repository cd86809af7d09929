import { useState } from 'react'
import { Link } from 'wouter'
import { wordsOf } from '../../api/client.ts'
import type { Experiment, ExperimentTimeline } from '../../api/generated/schema.d.ts'
import { queries } from '../../api/queries.ts'
import { pauseRun, resumeRun, useRun, useTimeline } from '../../api/runs.ts'
import { useMayWrite, useNow } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { Name } from '../../parts/name.tsx'
import { Notice, Page } from '../../parts/page.tsx'
import { ReasonField } from '../../parts/reason-field.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { runLabel } from '../../parts/run-name.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { countsText } from './counts.ts'
import { RunChart } from './run-chart.tsx'

type Action = 'Pause' | 'Resume'

/** One run: when it will be over, and what it did against what was promised. */
export function RunPage ({ id }: { id: string }) {
  const { data: run, error } = useRun(id)
  const { data: timeline, error: timelineError } = useTimeline(id)
  const mayWrite = useMayWrite()
  const [action, setAction] = useState<Action | null>(null)
  if (error !== null) return <Page title="Run"><Notice>{wordsOf(error)}</Notice><p><Link href="/runs">All runs</Link></p></Page>
  if (run === undefined) return <Page title="Run"><Notice>Reading ...</Notice></Page>
  const label = runLabel(run)
  const possible = actionFor(run)
  return (
    <Page
      title={`${label}: ${run.status}`} heading={<Name>{label}</Name>}
      tools={possible === null ? null : <Key isOff={!mayWrite} onClick={() => setAction(possible)}>{possible}</Key>}
    >
      <Facts run={run} timeline={timeline} />
      {timelineError !== null ? <Notice>{wordsOf(timelineError)}</Notice> : timeline === undefined ? <Notice>Reading ...</Notice>
        : timeline.items.length === 0 ? <Notice>The run has no steps yet.</Notice> : <RunChart id={id} timeline={timeline} />}
      {timeline?.truncated === true ? <p className="quiet">The run has older steps, which are not shown.</p> : null}
      {action === null ? null : <ActionSheet action={action} run={run} onClose={() => setAction(null)} />}
    </Page>
  )
}

function actionFor ({ status }: Experiment): Action | null {
  if (status === 'running') return 'Pause'
  return status === 'paused' ? 'Resume' : null
}

function Facts ({ run, timeline }: { run: Experiment, timeline: ExperimentTimeline | undefined }) {
  const { process, status, steps, first_start, last_finish, active_seconds, paused_at, paused_seconds } = run
  const now = useNow()
  const isOver = status === 'completed' || status === 'aborted'
  const predicted = timeline?.predicted ?? null
  const until = paused_at === null ? now : Date.parse(paused_at)
  const seconds = isOver || first_start === null ? active_seconds : (until - Date.parse(first_start)) / 1000 - paused_seconds
  return (
    <dl className="facts">
      <dt>Status</dt><dd>{status}{paused_at === null ? '' : <> since <Moment at={paused_at} /></>}</dd>
      {timeline === undefined || isOver ? null : <><dt>Over by</dt><dd><OverBy timeline={timeline} /></dd></>}
      <dt>Steps</dt><dd>{countsText(steps)}</dd>
      <dt>Began</dt><dd>{first_start === null ? 'not yet' : <Moment at={first_start} />}</dd>
      {isOver && last_finish !== null ? <><dt>Ended</dt><dd><Moment at={last_finish} /></dd></> : null}
      {seconds === null ? null : (
        <><dt>{isOver ? 'Took' : 'Runs for'}</dt><dd>{clockOf(seconds)}{paused_seconds > 0 ? `, without ${clockOf(paused_seconds)} in which it was paused` : ''}</dd></>
      )}
      {predicted === null ? null : (
        <>
          <dt>Promised</dt>
          <dd>{clockOf(predicted.median_seconds)}, at most {clockOf(predicted.bound_seconds)}, from {predicted.sample_size} earlier runs</dd>
        </>
      )}
      <dt>Process</dt><dd><Name>{process.name}</Name></dd>
      <dt>Log</dt><dd><Link href={`/log?experiment=${run.id}`}>What was recorded of this run</Link></dd>
    </dl>
  )
}

function OverBy ({ timeline: { expected_finish, bound_finish, status, predicted } }: { timeline: ExperimentTimeline }) {
  if (status === 'paused') return <>not known while it is paused</>
  if (bound_finish === null && expected_finish === null) return <>not known: {predicted === null ? 'no run of this process has ended yet' : 'it takes longer than every earlier run'}</>
  return (
    <>
      {bound_finish === null ? 'no known time' : <><strong><Moment at={bound_finish} /></strong> (95 %)</>}
      {expected_finish === null ? '' : <>, likely <Moment at={expected_finish} /></>}
    </>
  )
}

function ActionSheet ({ action, run, onClose }: { action: Action, run: Experiment, onClose: () => void }) {
  const [reason, setReason] = useState('')
  return (
    <Sheet title={`${action}: ${runLabel(run)}`} onClose={onClose}>
      <RecordForm
        request={[action, run.id, reason]} missing={reason.trim() === '' ? 'Say why.' : null} onCancel={onClose}
        send={async (signed) => await (action === 'Pause' ? pauseRun : resumeRun)(run.id, reason.trim(), signed)}
        onDone={onClose} onSettled={() => { void queries.invalidateQueries({ queryKey: ['runs'] }) }}
      >
        <p>{action === 'Pause' ? 'The orchestrator reads that the run stands still. Time does not count until somebody resumes it.' : 'The run goes on, and its time counts again.'}</p>
        <ReasonField reason={reason} onChange={setReason} />
      </RecordForm>
    </Sheet>
  )
}
