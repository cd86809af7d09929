import type { ReactNode } from 'react'
import { Page } from '../../parts/page.tsx'
import { Parts } from '../../parts/parts-nav.tsx'

const parts = [['/insights/use', 'Use'], ['/insights/durations', 'Durations'], ['/insights/promises', 'Promises']] as const

/** A page of what the log teaches. */
export function InsightsPage ({ title, children }: { title: string, children: ReactNode }) {
  return <Page title={title}><Parts name="Insights" parts={parts} />{children}</Page>
}
