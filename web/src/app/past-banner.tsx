import { Suspense } from 'react'
import { Link, useLocation } from 'wouter'
import { wordsOf } from '../api/client.ts'
import { usePast } from '../lab/lab-context.ts'
import { lazyPart } from './lazy-part.ts'

const TimeTravel = lazyPart(async () => (await import('./time-travel.tsx')).TimeTravel)

/** Says that the page shows a past moment, and leads back. */
export function PastBanner () {
  const { at, past, error } = usePast()
  const [path] = useLocation()
  if (at === null) return null
  return (
    <section className="past" aria-label="The lab as it was">
      <p role="status">
        {error !== null ? wordsOf(error) : past === null ? `Reading the lab as of ${at} ...` : <strong>AS OF {at} · r{past.revision}</strong>}
        {' '}Nothing can be recorded here. <Link href={path}>Back to now</Link>
      </p>
      <Suspense fallback={null}><TimeTravel at={at} /></Suspense>
    </section>
  )
}
