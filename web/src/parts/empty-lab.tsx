import { Link, useLocation } from 'wouter'
import { Notice } from './page.tsx'

/** A lab in which nothing can stand yet. */
export function EmptyLab () {
  const [path] = useLocation()
  return <Notice>The lab has no devices yet. Apply a <Link href="/lab/file">lab file</Link> first, or add a {path === '/lab/devices' ? 'device' : <Link href="/lab/devices">device</Link>}.</Notice>
}
