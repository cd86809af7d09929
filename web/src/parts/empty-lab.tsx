import { Link } from 'wouter'
import { Notice } from './page.tsx'

/** A lab in which nothing can stand yet. */
export function EmptyLab () {
  return <Notice>The lab has no devices yet. Apply a <Link href="/lab/file">lab file</Link> first, or add a <Link href="/lab/devices">device</Link>.</Notice>
}
