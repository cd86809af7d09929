import { wordsOf } from '../../api/client.ts'
import type { Step } from '../../api/generated/schema.d.ts'
import { useEstimateOf } from '../../api/steps.ts'
import { Notice } from '../../parts/page.tsx'
import { Moment } from '../../parts/time.tsx'
import { clockOf } from '../../parts/times.ts'
import { Link } from 'wouter'
import { estimateSentence, levelWords, methodWords } from './estimate-words.ts'

/** How long such a step is estimated to take today, and why. */
export function EstimateOf ({ step }: { step: Step }) {
  const { data: estimate, error } = useEstimateOf(step)
  if (error !== null) return <Notice>{wordsOf(error)}</Notice>
  if (estimate === undefined) return <Notice>Reading ...</Notice>
  const { level, method, window_from, margin_seconds, confidence_attained, warnings, samples } = estimate
  return (
    <>
      <p>{estimateSentence(estimate, clockOf)}</p>
      <dl className="facts">
        {level === null ? null : <><dt>Such steps</dt><dd>{levelWords[level]}</dd></>}
        <dt>Computed by</dt><dd>{methodWords[method]}</dd>
        {confidence_attained === null ? null : <><dt>Guaranteed</dt><dd>{Math.floor(confidence_attained * 1000) / 10} % by these steps</dd></>}
        {window_from === null ? null : <><dt>Oldest step used</dt><dd><Moment at={window_from} /></dd></>}
        {margin_seconds > 0 ? <><dt>Margin</dt><dd>{clockOf(margin_seconds)}, because of earlier misses</dd></> : null}
        {warnings.length === 0 ? null : <><dt>Unusual</dt><dd>{warnings.map(({ detail }) => detail).join(' ')}</dd></>}
      </dl>
      {samples === undefined || samples.length === 0 ? null : (
        <details>
          <summary>the {samples.length} steps that it uses</summary>
          <table className="list">
            <thead><tr><th scope="col">Ended</th><th scope="col">Took</th></tr></thead>
            <tbody>{samples.map(({ step_id, seconds, finish }) => <tr key={step_id}><th scope="row"><Link href={`/steps/${step_id}`}><Moment at={finish} /></Link></th><td data-label="Took">{clockOf(seconds)}</td></tr>)}</tbody>
          </table>
        </details>
      )}
    </>
  )
}
