/** Why something is done. The log keeps it. */
export function ReasonField ({ reason, onChange, label = 'Why' }: { reason: string, onChange: (reason: string) => void, label?: string }) {
  return <label className="field">{label} <input value={reason} maxLength={1000} onChange={({ target }) => onChange(target.value)} /></label>
}
