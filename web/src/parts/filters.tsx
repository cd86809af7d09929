import type { ReactNode } from 'react'
import { useIsPhone } from './screen.ts'

type Props = {
  /** Each filter that is on, in words. */
  on: readonly string[]
  children: ReactNode
}

/** The filters of a list. On a phone one line that says which are on, so that the list itself is seen first. */
export function Filters ({ on, children }: Props) {
  const isPhone = useIsPhone()
  const filters = <div className="filters">{children}</div>
  if (!isPhone) return filters
  return (
    <details className="folded-filters">
      <summary><span>Filters: {on.length === 0 ? 'none' : <strong>{on.join(', ')}</strong>}</span></summary>
      {filters}
    </details>
  )
}
