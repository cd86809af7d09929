import type { RunningStep } from '../../api/generated/schema.d.ts'
import { useNow } from '../../lab/lab-context.ts'
import { containerPath, Name } from '../../parts/name.tsx'
import { StepLink, stepLabel } from '../../parts/step-name.tsx'
import { clockOf } from '../../parts/times.ts'
import { Link } from 'wouter'

/** What runs, and until when it should. */
export function RunningList ({ items, isPlain }: { items: readonly RunningStep[], isPlain: boolean }) {
  return <ul className="running">{items.map((item) => <Running key={item.step.id} item={item} isPlain={isPlain} />)}</ul>
}

function Running ({ item: { step, state, bound_at, elapsed_seconds, estimate }, isPlain }: { item: RunningStep, isPlain: boolean }) {
  const now = useNow()
  const bound = bound_at === null ? null : (Date.parse(bound_at) - now) / 1000
  // A paused step stands still; the others go on since the service was asked.
  const elapsed = state === 'paused' || state === 'lost' ? elapsed_seconds : (now - Date.parse(step.start)) / 1000 - step.paused_seconds
  return (
    <li className={`is-${state}`}>
      <span className="what"><Name>{step.device}</Name> · {isPlain ? <Name>{stepLabel(step)}</Name> : <StepLink step={step} />}</span>
      <span className="until">{untilText(state, bound, elapsed)}</span>
      {step.containers.length === 0 ? null : (
        <span className="plates">
          {step.containers.map(({ id, barcode, named }) => isPlain
            ? <Name key={id ?? named}>{barcode ?? named}</Name>
            : <Link key={id ?? named} href={id === null ? `/find?q=${encodeURIComponent(named)}` : containerPath({ id, barcode })}><Name>{barcode ?? named}</Name></Link>)}
        </span>
      )}
      {estimate.duration_seconds === null ? null : <progress max={estimate.duration_seconds} value={Math.min(elapsed, estimate.duration_seconds)} aria-label={`${clockOf(elapsed)} of ${clockOf(estimate.duration_seconds)}`} />}
    </li>
  )
}

function untilText (state: RunningStep['state'], bound: number | null, elapsed: number): string {
  if (state === 'paused') return `paused at ${clockOf(elapsed)}`
  if (state === 'lost') return 'lost'
  if (bound === null) return `for ${clockOf(elapsed)}; no step like it has ended before`
  return bound >= 0 ? `over in ${clockOf(bound)} (95 %)` : `past its bound by ${clockOf(-bound)}`
}
