type Option = string | readonly [value: string, name: string]

type Props = { label: string, value: string, options: readonly Option[], all?: string, onChange: (value: string) => void }

/** A list of which one is chosen; with `all`, none is chosen at first. */
export function SelectFilter ({ label, value, options, all, onChange }: Props) {
  return (
    <label>{label}{' '}
      <select value={value} onChange={({ target }) => onChange(target.value)}>
        {all === undefined ? null : <option value="">{all}</option>}
        {options.map((option) => {
          const [key, name] = typeof option === 'string' ? [option, option] : option
          return <option key={key} value={key}>{name}</option>
        })}
      </select>
    </label>
  )
}
