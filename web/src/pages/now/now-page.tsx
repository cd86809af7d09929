import { useSearchParams } from 'wouter'
import { useAlarms } from '../../api/queries.ts'
import { Page } from '../../parts/page.tsx'
import { Overview } from './overview.tsx'
import { selectionOf } from './selection.ts'

/** Now. `?device=` leads to a device on the map, `?sel=Hotel1:5` to a slot. */
export function NowPage () {
  const { data } = useAlarms()
  const [search] = useSearchParams()
  const alarms = data?.items.length ?? 0
  return <Page title={alarms === 0 ? 'Now' : `${alarms} ${alarms === 1 ? 'ALARM' : 'ALARMS'} · Now`} heading="Now"><Overview selection={selectionOf(search)} /></Page>
}
