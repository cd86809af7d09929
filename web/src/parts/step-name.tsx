import { Link } from 'wouter'
import { Name } from './name.tsx'

type Named = { id: string, name: string | null, fct: string | null, kind: string }

/** What a step does: its name, its function, or only that it is a move. */
export function stepLabel ({ name, fct, kind }: Omit<Named, 'id'>): string {
  return name ?? fct ?? kind
}

export function StepLink ({ step }: { step: Named }) {
  return <Link href={`/steps/${step.id}`}><Name>{stepLabel(step)}</Name></Link>
}
