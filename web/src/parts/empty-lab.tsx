import { Notice } from './page.tsx'

/** A lab in which nothing can stand yet. */
export function EmptyLab () {
  return <Notice>The lab has no devices yet. Apply a lab file first: <a href="/docs">PUT /api/lab/config</a>.</Notice>
}
