import type { ReactNode } from 'react'
import { useMaySign } from '../../lab/lab-context.ts'
import { Page } from '../../parts/page.tsx'
import { Parts } from '../../parts/parts-nav.tsx'

const parts = [
  ['/lab/devices', 'Devices'], ['/lab/file', 'Lab file'], ['/lab/labware-types', 'Labware types'], ['/lab/keys', 'Keys'], ['/lab/webhooks', 'Webhooks'], ['/lab/health', 'Health']
] as const

/** A page of the part in which the lab is set up. */
export function LabPage ({ title, tools, children }: { title: string, tools?: ReactNode, children: ReactNode }) {
  const mayAdminister = useMaySign('admin')
  return (
    <Page title={title} tools={tools}>
      <Parts name="Lab" parts={parts} />
      {mayAdminister ? null : <p className="quiet">To change something here, sign in with a key that has the scope admin, or sign it with such a badge.</p>}
      {children}
    </Page>
  )
}
