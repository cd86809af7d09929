import { Link } from 'wouter'
import type { StepContainer } from '../api/generated/schema.d.ts'
import { containerPath, Name } from './name.tsx'

/** The plates of a step. One that the service does not know leads to the search. */
export function Plates ({ of }: { of: readonly StepContainer[] }) {
  return of.map(({ id, barcode, named }, n) => (
    <span key={id ?? named}>{n === 0 ? '' : ', '}<Link href={id === null ? `/find?q=${encodeURIComponent(named)}` : containerPath({ id, barcode })}><Name>{barcode ?? named}</Name></Link></span>
  ))
}
