import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Alarm, RunningStep } from '../../api/generated/schema.d.ts'
import { acknowledge } from '../../api/commands.ts'
import { newKey, wordsOf } from '../../api/client.ts'
import { useMaySign, useMayWrite, useNow, useWorld } from '../../lab/lab-context.ts'
import { Key } from '../../parts/key.tsx'
import { containerPath, labelOf, mapPath, Name, PlaceName, placeText } from '../../parts/name.tsx'
import { RecordForm } from '../../parts/record-form.tsx'
import { Sheet } from '../../parts/sheet.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { Link } from 'wouter'

/** One alarm: what it is, since when, which plates are in it and where they are, and what to do. On a wall nothing can be opened. */
export function AlarmCard ({ alarm, running, isPlain }: { alarm: Alarm, running: RunningStep | undefined, isPlain: boolean }) {
  const { kind, device, name, fct, start, raised_at, acknowledged_at, acknowledged_by, note, earlier_acknowledgement: before } = alarm
  const now = useNow()
  const world = useWorld()
  const mayWrite = useMayWrite()
  const maySign = useMaySign()
  const [isSigning, setSigning] = useState(false)
  const coming = useMutation({ mutationFn: async () => await acknowledge(alarm.id, 'On my way.', { key: newKey() }) })
  const median = running?.estimate.median_seconds ?? null
  return (
    <article className="alarm" aria-label={`${kind === 'lost' ? 'Lost' : 'Hangs'}: ${device}`}>
      <h3><span aria-hidden="true">▲</span> {kind === 'lost' ? 'LOST' : 'HANGS'} <Name>{device}</Name>{name ?? fct ? <> · <Name>{name ?? fct ?? ''}</Name></> : null}</h3>
      <p>
        {kind === 'lost'
          ? 'The program that ran this step is gone. Look at the device, then say in the step how it ended.'
          : `It runs for ${clockOf((now - Date.parse(start)) / 1000)}. ${median === null ? 'That is far longer than such a step ever took.' : `Half of ${running!.estimate.sample_size} such steps take at most ${clockOf(median)}.`} Look at the device.`}
        {' '}Alarm since <Moment at={raised_at} />.
      </p>
      <ul className="plates">
        {(running?.step.containers ?? []).map(({ id, barcode, named }) => {
          const placed = id === null ? undefined : world?.placed.get(id)
          return (
            <li key={id ?? named}>
              <Name>{barcode ?? named}</Name>: {placed === undefined ? 'nobody knows where it is' : isPlain ? <Name>{placeText(placed)}</Name> : <PlaceName {...placed} />}
              {placed === undefined || isPlain ? null : <> <Link className="key" href={mapPath(placed)} state={{}}>Where is it</Link> <Link className="key" href={containerPath(placed)} aria-label={`${labelOf(placed)}: open, to fix its place`}>Fix its place</Link></>}
            </li>
          )
        })}
      </ul>
      {acknowledged_at !== null || before === null
        ? null
        : <p>Before, {before.acknowledged_by === null ? 'somebody' : <Name>{before.acknowledged_by}</Name>} said at <Moment at={before.acknowledged_at} />: <Name>{before.note}</Name></p>}
      {isPlain ? null : <div className="keys">
        {acknowledged_at !== null ? null : <Key isOff={!mayWrite || coming.isPending} onClick={() => maySign ? coming.mutate() : setSigning(true)}>{coming.isPending ? 'recording ...' : 'I am on my way'}</Key>}
        <Link className="key" href={`/steps/${alarm.step_id}`}>The step</Link>
      </div>}
      {acknowledged_at === null ? null : <p>{acknowledged_by === null ? 'Somebody' : <Name>{acknowledged_by}</Name>} is at it since <Moment at={acknowledged_at} />: <Name>{note ?? ''}</Name></p>}
      {isSigning ? (
        <Sheet title="I am on my way" onClose={() => setSigning(false)}>
          <RecordForm
            request={alarm.id} missing={null} onDone={() => setSigning(false)} onCancel={() => setSigning(false)}
            send={async (signed) => {
              await acknowledge(alarm.id, 'On my way.', signed)
              return 0
            }}
          ><p>The alarm then says that you are coming.</p></RecordForm>
        </Sheet>
      ) : null}
      {coming.error === null ? null : <p role="alert" className="refusal">{wordsOf(coming.error)}</p>}
    </article>
  )
}
