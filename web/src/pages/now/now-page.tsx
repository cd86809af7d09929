import { useAlarms } from '../../api/queries.ts'
import { Page } from '../../parts/page.tsx'
import { Overview } from './overview.tsx'

export function NowPage () {
  const { data } = useAlarms()
  const alarms = data?.items.length ?? 0
  return <Page title={alarms === 0 ? 'Now' : `${alarms} ${alarms === 1 ? 'ALARM' : 'ALARMS'} · Now`} heading="Now"><Overview /></Page>
}
