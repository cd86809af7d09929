import type { ReactNode } from 'react'
import { Sheet } from '../../parts/sheet.tsx'

/** A secret, which the service shows once. */
export function SecretSheet ({ title, secret, onClose, children }: { title: string, secret: string, onClose: () => void, children?: ReactNode }) {
  return (
    <Sheet title={title} onClose={onClose}>
      <p><strong>It is shown once.</strong> Nobody can read it again, also not in the database.</p>
      <p><code className="secret">{secret}</code></p>
      {children}
      <div className="keys"><button className="key is-main" onClick={onClose}>I have it</button></div>
    </Sheet>
  )
}
