import type { Scope } from '../api/generated/schema.d.ts'
import { hasScope, useMaySign } from '../lab/lab-context.ts'
import { useBadge } from './use-badge.ts'

export type Signing = ReturnType<typeof useSigning>

/** Whether this screen, or the badge that was scanned, may do something; `lacking` says what is missing for it. */
export function useSigning (scope: Extract<Scope, 'operate' | 'admin'> = 'operate') {
  const maySign = useMaySign(scope)
  const signing = useBadge()
  const { badge } = signing
  const isEnough = maySign || hasScope(badge?.scopes, scope)
  return { ...signing, maySign, lacking: isEnough ? null : badge === null ? 'Scan your badge.' : `The badge of ${badge.name} has not the scope ${scope}.` }
}
