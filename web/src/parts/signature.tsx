import { useSession } from '../api/queries.ts'
import { ScanKey } from '../scan/scan-key.tsx'
import { Name } from './name.tsx'
import type { useBadge } from './use-badge.ts'

type Props = ReturnType<typeof useBadge> & {
  /** Whether this screen may not record this itself. */
  isNeeded: boolean
  /** What it may not do then. */
  does?: string
}

/** Who signs what is recorded: the key of this screen, or for this once somebody's badge. */
export function Signature ({ badge, fault, take, forget, isNeeded, does = 'record this' }: Props) {
  const { data: session } = useSession()
  if (session === undefined || session.auth === 'none') return null
  return (
    <div className="signature">
      <p role="status">
        {badge !== null ? <>Signed by <strong><Name>{badge.name}</Name></strong>, with the badge, this once.</>
          : isNeeded ? <strong>This screen may not {does}. Scan your badge.</strong>
            : <>Signed by <Name>{session.actor ?? ''}</Name>. Scan a badge to sign as yourself.</>}
      </p>
      {fault === '' ? null : <p role="alert" className="refusal">{fault}</p>}
      {badge === null
        ? <ScanKey what="badge" onScan={(key) => { take(key); return null }} />
        : <button type="button" className="key" onClick={forget}>Without the badge</button>}
    </div>
  )
}
