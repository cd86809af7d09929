import type { ReactNode } from 'react'
import { Link, useLocation } from 'wouter'
import { useMayWrite } from '../../lab/lab-context.ts'
import { Page } from '../../parts/page.tsx'

const parts = [
  ['/lab/devices', 'Devices'], ['/lab/file', 'Lab file'], ['/lab/labware-types', 'Labware types'], ['/lab/keys', 'Keys'], ['/lab/webhooks', 'Webhooks'], ['/lab/health', 'Health']
] as const

/** A page of the part in which the lab is set up. */
export function LabPage ({ title, tools, children }: { title: string, tools?: ReactNode, children: ReactNode }) {
  const [path] = useLocation()
  const mayAdminister = useMayWrite('admin')
  return (
    <Page title={title} tools={tools}>
      <nav className="parts" aria-label="Lab">{parts.map(([to, name]) => <Link key={to} href={to} aria-current={path === to ? 'page' : undefined}>{name}</Link>)}</nav>
      {mayAdminister ? null : <p className="quiet">To change something here, sign in with a key that has the scope admin.</p>}
      {children}
    </Page>
  )
}
