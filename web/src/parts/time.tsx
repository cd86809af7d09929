import { useNow } from '../lab/lab-context.ts'
import { agoOf, momentOf, zoneName } from './times.ts'

/** A moment, with its zone in the tooltip. */
export function Moment ({ at }: { at: string }) {
  const now = useNow()
  return <time dateTime={at} title={`${at} · shown in ${zoneName()}`}>{momentOf(Date.parse(at), now)}</time>
}

/** How long ago something was. */
export function Ago ({ at }: { at: string }) {
  const now = useNow()
  return <time dateTime={at} title={`${momentOf(Date.parse(at), now)} ${zoneName()}`}>{agoOf(now - Date.parse(at))}</time>
}
